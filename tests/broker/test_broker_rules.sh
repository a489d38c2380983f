#!/bin/bash
# SPDX-License-Identifier: MIT
# Holds the real broker, with the real configuration, against its promises.
# shellcheck disable=SC2016 # '$SYS' is the name of a topic
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/broker/broker_helpers.sh
. "$root/tests/broker/broker_helpers.sh"

configure() {
    local lab=()
    lab_port=$((port + 1))
    [ "$kind" = plain ] || lab=(--lab-port "$lab_port" --lab-device meter-1)
    "$root/tools/broker_config.sh" --pki "$work/pki" --dir "$work/broker" --port "$port" "${lab[@]}"
}

start_broker() { # plain|lab; sets broker, port and lab_port
    kind=$1
    start_on_free_port configure
}

handshake() { # s_client ARGUMENTS...
    openssl s_client -connect localhost:$port -CAfile "$work/pki/ca.pem" -verify_return_error \
        -cert "$work/pki/devices/meter-1/cert.pem" -key "$work/pki/devices/meter-1/key.pem" "$@" </dev/null
}

pki=$root/tools/pki.sh
for device in meter-1 meter-2 meter-3; do
    "$pki" init "$work/pki" && "$pki" device "$work/pki" $device || exit 1
done
"$pki" operator "$work/pki" bench && "$pki" init "$work/foreign" && "$pki" device "$work/foreign" meter-1 || exit 1

echo '# names and certificates'
promise_not 'a device cannot be called ohmd' "$pki" device "$work/pki" ohmd
promise_not 'a device name has no slash' "$pki" device "$work/pki" a/b
promise_not 'a device name has no wildcard' "$pki" device "$work/pki" 'a+'
promise_not 'a device name has at most 32 characters' "$pki" device "$work/pki" 123456789012345678901234567890123
promise_not 'an operator cannot take the name of a device' "$pki" operator "$work/pki" meter-1
before=$(cat "$work/pki/devices/meter-1/"*.pem | sha256sum)
promise 'making a device again changes nothing' "$pki" device "$work/pki" meter-1
[ "$before" = "$(cat "$work/pki/devices/meter-1/"*.pem | sha256sum)" ]
report $? 'its key and certificate are the same bytes'
[ "$(stat -c %a "$work/pki/devices/meter-1/key.pem")" = 600 ]
report $? 'only the owner can read a key'
promise_not 'keys of two devices differ' cmp "$work/pki/devices/meter-1/key.pem" "$work/pki/devices/meter-2/key.pem"

start_broker plain

# One certificate is one session, so whoever publishes in a part of this test does not listen in it.
echo '# up: what the server receives'
listen server ohmd $port -t '#' -t '$SYS/#'
for topic in batch data realtime relay_status command_result; do
    publish devices/meter-1 energy_meter/meter-1/$topic "own-$topic" -i seed-client
done
publish devices/meter-1 energy_meter/meter-1/system_status own-system_status -r
publish devices/meter-2 energy_meter/meter-1/batch forged-by-id -i meter-1 -u meter-1
publish devices/meter-2 energy_meter/ohmd/ack as-server -i ohmd -u ohmd
publish devices/meter-3 energy_meter/meter-1/batch foreign-batch
publish devices/meter-3 energy_meter/meter-1/command foreign-command -r
publish devices/meter-3 energy_meter/meter-3/command own-command -r
publish devices/meter-3 energy_meter/meter-3/ack own-ack -r
publish devices/meter-3 energy_meter/batch flat-batch
publish devices/meter-3 energy_meter/meter-3/batch/deeper deeper-batch
publish devices/meter-3 energy_meter/meter-3/unknown unknown-topic
publish devices/meter-3 '$SYS/broker/version' sys-topic
head -c 300000 /dev/zero | tr '\0' x >"$work/oversized"
as mosquitto_pub devices/meter-3 $port -q 1 -t energy_meter/meter-3/batch -f "$work/oversized" >/dev/null 2>&1
publish devices/meter-3 energy_meter/meter-3/batch marker-up
for topic in batch data realtime relay_status system_status command_result; do
    promise "a device publishes its own $topic" arrived_before_marker server "own-$topic" marker-up
done
refused 'not under another device'"'"'s name' server foreign-batch marker-up
refused 'not with a claimed client id and user name' server forged-by-id marker-up
refused 'not as the server' server as-server marker-up
refused 'not on the flat topics of the lab' server flat-batch marker-up
refused 'not below an own topic' server deeper-batch marker-up
refused 'not on a topic that the contract does not name' server unknown-topic marker-up
refused 'not on the broker'"'"'s own topics' server sys-topic marker-up
refused 'not a message above the size limit' server xxxxxxxx marker-up
[ "$(grep -c 'received CONNACK' "$work/server")" -eq 1 ]
report $? 'and nobody ends the server'"'"'s session by claiming its id'
stop_listening

echo '# down: what devices receive'
listen meter_1 devices/meter-1 $port -t '#'
listen meter_2 devices/meter-2 $port -t 'energy_meter/meter-1/ack' -t 'energy_meter/meter-1/system_status' \
    -t '#' -t 'energy_meter/+/command' -t '+/+/batch' -t '$SYS/#'
publish devices/meter-3 energy_meter/meter-3/data takeover -i meter-1 -u meter-1
listen meter_3 devices/meter-3 $port -t '#'
for topic in ack command relay_control commands lease; do
    publish ohmd energy_meter/meter-1/$topic "down-$topic"
done
publish ohmd energy_meter/meter-1/batch server-batch
for device in meter-1 meter-2 meter-3; do
    publish ohmd energy_meter/$device/ack marker-down
done
for topic in ack command relay_control commands lease; do
    promise "a device reads its own $topic" arrived_before_marker meter_1 "down-$topic" marker-down
done
[ "$(grep -c 'received CONNACK' "$work/meter_1")" -eq 1 ]
report $? 'and no other certificate ends its session by claiming its id'
refused 'not another device'"'"'s acknowledgements, by name or by #' meter_2 down-ack marker-down
refused 'not another device'"'"'s commands by wildcard' meter_2 down-command marker-down
refused 'not another device'"'"'s retained status' meter_2 own-system_status marker-down
refused 'not another device'"'"'s data' meter_2 takeover marker-down
refused 'not a retained command left by another device' meter_1 foreign-command marker-down
refused 'not a retained command left by the device itself' meter_3 own-command marker-down
refused 'not an acknowledgement that the device wrote itself' meter_3 own-ack marker-down
refused 'not a batch that the server made up' meter_1 server-batch marker-down
! grep -q 'GOT \$SYS' "$work/meter_2"
report $? 'nothing about the broker itself'
stop_listening

echo '# the door'
promise 'TLS 1.3 with a certificate opens' handshake -tls1_3
promise 'TLS 1.2 with a suite of the profile opens' handshake -tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256
promise_not 'TLS 1.2 with another suite does not' handshake -tls1_2 -cipher ECDHE-ECDSA-AES256-SHA384
promise_not 'without a certificate' timeout 10 mosquitto_pub -h localhost -p $port --cafile "$work/pki/ca.pem" -q 1 -t energy_meter/meter-1/batch -m none
promise_not 'without TLS' timeout 10 mosquitto_pub -h localhost -p $port -q 1 -t energy_meter/meter-1/batch -m none
promise_not 'a certificate of another authority with the right name' timeout 10 mosquitto_pub -h localhost -p $port --cafile "$work/pki/ca.pem" \
    --cert "$work/foreign/devices/meter-1/cert.pem" --key "$work/foreign/devices/meter-1/key.pem" -q 1 -t energy_meter/meter-1/batch -m none
promise_not 'a server certificate as a client' publish broker energy_meter/broker/batch none
promise_not 'an operator'"'"'s certificate at the device listener' publish operators/bench energy_meter/bench/batch none
promise_not 'a broker of an authority that the device does not know' timeout 10 mosquitto_pub -h localhost -p $port \
    --cafile "$work/foreign/ca.pem" --cert "$work/pki/devices/meter-1/cert.pem" --key "$work/pki/devices/meter-1/key.pem" -q 1 -t energy_meter/meter-1/batch -m none

echo '# the lab'
seed_line() { # PORT: the line of the older meters, with files under the names that it uses
    mkdir -p "$work/bench/certs"
    cp "$work/pki/ca.pem" "$work/bench/certs/ca_cert.crt"
    cp "$work/pki/operators/bench/cert.pem" "$work/bench/certs/esp32_cert.crt"
    cp "$work/pki/operators/bench/key.pem" "$work/bench/certs/esp32_key.key"
    (cd "$work/bench" && timeout 10 mosquitto_pub -h localhost -p "$1" --cafile certs/ca_cert.crt --cert certs/esp32_cert.crt \
        --key certs/esp32_key.key -t energy_meter/relay_control -m '{"action":"set_relay","relay":0,"state":true}')
}
promise_not 'the seed'"'"'s line finds nobody at the device listener' seed_line $port
promise_not 'the lab listener is off unless asked for' seed_line "$lab_port"
stop_broker
start_broker lab
listen lab_meter devices/meter-1 "$lab_port" -t energy_meter/relay_control -t energy_meter/commands -t energy_meter/ack
listen lab_operator operators/bench "$lab_port" -t '#'
promise 'the seed'"'"'s line works at the lab listener' seed_line "$lab_port"
as mosquitto_pub operators/bench "$lab_port" -q 1 -t energy_meter/ack -m operator-ack
publish ohmd energy_meter/ack server-ack
as mosquitto_pub operators/bench "$lab_port" -q 1 -t energy_meter/commands -m marker-lab
promise 'and reaches the meter' arrived_before_marker lab_meter '{"action":"set_relay","relay":0,"state":true}' marker-lab
promise 'the server reaches the meter on its flat topics' arrived_before_marker lab_meter server-ack marker-lab
refused 'an operator acknowledges nothing' lab_meter operator-ack marker-lab
listen server ohmd $port -t '#'
as mosquitto_pub operators/bench "$lab_port" -q 1 -t energy_meter/data -m operator-data
as mosquitto_pub devices/meter-2 "$lab_port" -q 1 -t energy_meter/data -m second-device
as mosquitto_pub devices/meter-1 "$lab_port" -q 1 -t energy_meter/data -m marker-flat
refused 'an operator is not the meter' server operator-data marker-flat
refused 'a second device has no rights in the lab' server second-device marker-flat
promise 'an operator sees the meter'"'"'s data' arrived_before_marker lab_operator marker-flat marker-flat

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
