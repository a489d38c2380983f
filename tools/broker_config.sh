#!/bin/sh
# SPDX-License-Identifier: MIT
# Writes the broker's configuration: DIR/mosquitto.conf and one file of topic rights per listener.
#
#   broker_config.sh --pki PKI --dir DIR [--port 8883] [--bind 127.0.0.1]
#                    [--lab-port PORT --lab-device NAME]
#
# The device listener takes TLS with a certificate of the private authority and nothing else; the name
# in the certificate is the user name and the client id, whatever a client claims. Rights follow
# contracts/mqtt.md: one line per topic and direction.
#
# The lab listener (off unless asked for) speaks the flat topics of the older meters. There one device,
# NAME, and the operators that pki.sh knows meet; client ids are free, so an operator's client can take
# over any session of the broker by its id. It is for a bench, not for a fleet.
set -eu
umask 077

up='batch data realtime relay_status system_status command_result'
down='ack command relay_control commands lease'
operator_up='data realtime relay_status system_status'
operator_down='relay_control commands'

fail() {
    echo "broker_config.sh: $*" >&2
    exit 2
}

lines() { # KIND DIRECTION ROOT TOPIC...
    kind=$1 direction=$2 root=$3
    shift 3
    for topic; do
        echo "$kind $direction $root/$topic"
    done
}

# Word splitting of the topic lists is wanted throughout.
# shellcheck disable=SC2086
device_rights() {
    echo '# A device owns the topics under its own name. The server reads what goes up and writes what goes down.'
    lines pattern write energy_meter/%u $up
    lines pattern read energy_meter/%u $down
    echo
    echo 'user ohmd'
    lines topic read energy_meter/+ $up
    lines topic write energy_meter/+ $down
    if [ -n "$lab_port" ]; then
        lines topic read energy_meter $up
        lines topic write energy_meter $down
    fi
}

# shellcheck disable=SC2086
lab_rights() {
    echo "user $lab_device"
    lines topic write energy_meter $up
    lines topic read energy_meter $down
    for folder in "$pki"/operators/*/; do
        [ -s "$folder/cert.pem" ] || continue
        echo
        echo "user $(basename "$folder")"
        lines topic write energy_meter $operator_down
        lines topic read energy_meter $operator_up
    done
}

listener() { # PORT AUTHORITIES RIGHTS FORCED_CLIENT_ID
    cat <<END

listener $1 $bind
protocol mqtt
cafile $2
certfile $pki/broker/cert.pem
keyfile $pki/broker/key.pem
require_certificate true
use_identity_as_username true
use_username_as_clientid $4
allow_anonymous false
acl_file $3
tls_version tlsv1.2
ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305
ciphers_tls1.3 TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384
max_qos 1
END
}

configuration() {
    cat <<END
# Written by tools/broker_config.sh; changes are lost at the next start.
per_listener_settings true
user $(id -un)

# Readings wait in the devices' journals, commands in ohmd: the broker keeps nothing over a restart.
persistence false
persistent_client_expiration 1h
queue_qos0_messages false
sys_interval 0

# ohmd acknowledges a batch when it has stored it, so messages in flight are bounded by bytes, not by number.
# Batches reach ohmd with QoS 0, which only the number of queued messages bounds; one that is dropped is sent again.
max_inflight_messages 0
max_inflight_bytes 67108864
max_queued_messages 65536
max_queued_bytes 4194304
max_packet_size 262144
max_keepalive 120
set_tcp_nodelay true

log_dest stderr
log_timestamp_format %Y-%m-%dT%H:%M:%S
log_type error
log_type warning
log_type notice
log_type information
END
    listener "$port" "$pki/ca.pem" "$dir/device.acl" true
    if [ -n "$lab_port" ]; then
        listener "$lab_port" "$dir/lab_authorities.pem" "$dir/lab.acl" false
    fi
}

pki='' dir='' port=8883 bind=127.0.0.1 lab_port='' lab_device=''
while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || fail "$1 needs a value"
    case $1 in
    --pki) pki=$2 ;;
    --dir) dir=$2 ;;
    --port) port=$2 ;;
    --bind) bind=$2 ;;
    --lab-port) lab_port=$2 ;;
    --lab-device) lab_device=$2 ;;
    *) fail "there is no $1" ;;
    esac
    shift 2
done
if [ -z "$pki" ] || [ -z "$dir" ]; then
    fail 'usage: broker_config.sh --pki PKI --dir DIR [--port N] [--bind ADDRESS] [--lab-port N --lab-device NAME]'
fi
[ -s "$pki/ca.pem" ] || fail "$pki has no authority; 'pki.sh init $pki' makes it"
[ -z "$lab_port" ] || [ -n "$lab_device" ] || fail '--lab-port needs --lab-device'
mkdir -p "$dir"
pki=$(cd "$pki" && pwd)
dir=$(cd "$dir" && pwd)

device_rights >"$dir/device.acl"
rm -f "$dir/lab.acl" "$dir/lab_authorities.pem"
if [ -n "$lab_port" ]; then
    lab_rights >"$dir/lab.acl"
    cat "$pki/ca.pem" "$pki/operators/ca.pem" >"$dir/lab_authorities.pem"
fi
configuration >"$dir/mosquitto.conf"
