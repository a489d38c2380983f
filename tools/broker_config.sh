#!/bin/sh
# SPDX-License-Identifier: MIT
# Writes the broker's configuration: DIR/mosquitto.conf and one file of topic rights per listener.
#
#   broker_config.sh --pki PKI --dir DIR [--port 8883] [--bind 127.0.0.1]
#                    [--ca FILE] [--guard ohm_guard.so --identities FILE [--reports SOCKET]]
#                    [--lab-port PORT --lab-device NAME]
#
# The device listener takes TLS with a certificate of the private authority (or of those in --ca) and
# nothing else. Rights follow contracts/mqtt.md: one line per topic and direction.
#
# With --guard the plugin decides who speaks and where: by the list of certificates that ohmd writes to
# --identities, and it reports to ohmd's socket. Client id and user name must be the name in the
# certificate. Without it that name is taken for both, whatever a client claims, no certificate is ever
# revoked, and the rights are in a file.
#
# The lab listener (off unless asked for) speaks the flat topics of the older meters. There one device,
# NAME, and the operators that pki.sh knows meet; client ids are free, so an operator's client can take
# over any session of the broker by its id. It is for a bench, not for a fleet, and not with --guard:
# mosquitto 2.0 gives a plugin no time of its own when listeners have settings of their own.
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

door() { # PORT AUTHORITIES
    cat <<END

listener $1 $bind
protocol mqtt
cafile $2
certfile $pki/broker/cert.pem
keyfile $pki/broker/key.pem
require_certificate true
tls_version tlsv1.2
ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305
ciphers_tls1.3 TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384
max_qos 1
END
}

listener() { # PORT AUTHORITIES RIGHTS FORCED_CLIENT_ID
    door "$1" "$2"
    cat <<END
use_identity_as_username true
use_username_as_clientid $4
allow_anonymous false
acl_file $3
END
}

# The plugin is asked only about what a client claims, so nothing is taken from the certificate for it.
guarded_listener() { # PORT AUTHORITIES
    cat <<END

plugin $guard
plugin_opt_list $identities
END
    [ -z "$reports" ] || echo "plugin_opt_reports $reports"
    echo 'allow_anonymous false'
    door "$1" "$2"
    cat <<END
use_identity_as_username false
use_username_as_clientid false
END
}

configuration() {
    cat <<END
# Written by tools/broker_config.sh; changes are lost at the next start.
per_listener_settings $([ -z "$guard" ] && echo true || echo false)
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
    if [ -n "$guard" ]; then
        guarded_listener "$port" "$ca"
    else
        listener "$port" "$ca" "$dir/device.acl" true
    fi
    if [ -n "$lab_port" ]; then
        listener "$lab_port" "$dir/lab_authorities.pem" "$dir/lab.acl" false
    fi
}

pki='' dir='' port=8883 bind=127.0.0.1 ca='' guard='' identities='' reports='' lab_port='' lab_device=''
while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || fail "$1 needs a value"
    case $1 in
    --pki) pki=$2 ;;
    --dir) dir=$2 ;;
    --port) port=$2 ;;
    --bind) bind=$2 ;;
    --ca) ca=$2 ;;
    --guard) guard=$2 ;;
    --identities) identities=$2 ;;
    --reports) reports=$2 ;;
    --lab-port) lab_port=$2 ;;
    --lab-device) lab_device=$2 ;;
    *) fail "there is no $1" ;;
    esac
    shift 2
done
if [ -z "$pki" ] || [ -z "$dir" ]; then
    fail 'usage: broker_config.sh --pki PKI --dir DIR [--port N] [--bind ADDRESS] [--ca FILE]
        [--guard PLUGIN --identities FILE [--reports SOCKET]] [--lab-port N --lab-device NAME]'
fi
[ -s "${ca:-$pki/ca.pem}" ] || fail "$pki has no authority; 'pki.sh init $pki' makes it"
[ -z "$lab_port" ] || [ -n "$lab_device" ] || fail '--lab-port needs --lab-device'
if [ -n "$guard" ]; then
    [ -f "$guard" ] || fail "there is no plugin $guard"
    [ -n "$identities" ] || fail '--guard needs --identities'
    [ -z "$lab_port" ] || fail '--guard and --lab-port exclude each other'
    guard=$(realpath "$guard") identities=$(realpath -m "$identities")
    [ -z "$reports" ] || reports=$(realpath -m "$reports")
fi
mkdir -p "$dir"
pki=$(cd "$pki" && pwd)
dir=$(cd "$dir" && pwd)
ca=$(realpath "${ca:-$pki/ca.pem}")
[ -s "$ca" ] || fail "there is no authority in $ca"

rm -f "$dir/device.acl" "$dir/lab.acl" "$dir/lab_authorities.pem"
[ -n "$guard" ] || device_rights >"$dir/device.acl"
if [ -n "$lab_port" ]; then
    lab_rights >"$dir/lab.acl"
    cat "$pki/ca.pem" "$pki/operators/ca.pem" >"$dir/lab_authorities.pem"
fi
configuration >"$dir/mosquitto.conf"
