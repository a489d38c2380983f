#!/bin/bash
# SPDX-License-Identifier: MIT
# Holds ohm-device against the real broker over mutual TLS: what it says, what it obeys, how it comes back.
# Usage: test_device.sh OHM-DEVICE
set -u
device_program=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
broker=''
device=''
listener=''
PATH=$PATH:/usr/sbin

stop_all() {
    for pid in $device $listener $broker; do
        kill -9 "$pid" 2>/dev/null
    done
    wait 2>/dev/null
    rm -rf "$work"
}
trap stop_all EXIT

# shellcheck source=tests/device/promises.sh
. "$root/tests/device/promises.sh"

configure_broker() {
    "$root/tools/broker_config.sh" --pki "$work/pki" --dir "$work/broker" --port "$port" \
        --lab-port $((port + 1)) --lab-device meter-1
}

start_broker() {
    mosquitto -c "$work/broker/mosquitto.conf" 2>>"$work/broker.log" &
    broker=$!
    local tries=0
    until kill -0 $broker 2>/dev/null && mosquitto_pub -h localhost -p "$port" --cafile "$work/pki/ca.pem" \
        --cert "$work/pki/ohmd/cert.pem" --key "$work/pki/ohmd/key.pem" -i ohmd -t 'energy_meter/none/ack' -m x 2>/dev/null; do
        tries=$((tries + 1))
        [ $tries -le 40 ] || return 1
        sleep 0.1
    done
}

find_broker_port() {
    local tries=0
    while [ $tries -lt 20 ]; do
        port=$((20000 + RANDOM % 12000))
        configure_broker
        start_broker && return
        kill $broker 2>/dev/null
        tries=$((tries + 1))
    done
    cat "$work/broker.log"
    echo 'the broker does not start'
    exit 1
}

write_config() { # FILE PORT DATA_DIR
    cat >"$1" <<END
device_id = meter-1
broker_port = $2
ca = $work/pki/ca.pem
cert = $work/pki/devices/meter-1/cert.pem
key = $work/pki/devices/meter-1/key.pem
data_dir = $3
journal_kb = 256
reading_ms = 500
reconnect_ms = 200
reconnect_limit_ms = 1000
END
}

start_device() { # ARGUMENTS...
    "$device_program" "$@" 2>>"$work/device.log" &
    device=$!
}

stop_device() { # SIGNAL
    kill "-$1" $device 2>/dev/null
    wait $device 2>/dev/null
    local code=$?
    device=''
    return $code
}

listen() { # IDENTITY PORT TOPIC...; what arrives goes to $work/heard
    local identity=$1 at=$2
    shift 2
    : >"$work/heard"
    local topics=()
    for topic; do
        topics+=(-t "$topic")
    done
    stdbuf -oL mosquitto_sub -d -h localhost -p "$at" --cafile "$work/pki/ca.pem" --cert "$work/pki/$identity/cert.pem" \
        --key "$work/pki/$identity/key.pem" -q 1 -F 'GOT %t %r %l %p' "${topics[@]}" >"$work/heard" 2>&1 &
    listener=$!
    wait_for '^Subscribed' "$work/heard" || { cat "$work/heard"; echo 'cannot listen'; exit 1; }
}

stop_listening() {
    kill $listener 2>/dev/null
    wait $listener 2>/dev/null
    listener=''
}

publish() { # IDENTITY PORT TOPIC MESSAGE
    timeout 10 mosquitto_pub -h localhost -p "$2" --cafile "$work/pki/ca.pem" --cert "$work/pki/$1/cert.pem" \
        --key "$work/pki/$1/key.pem" -q 1 -t "$3" -m "$4"
}

for command in mosquitto mosquitto_pub mosquitto_sub openssl; do
    command -v $command >/dev/null || { echo "$command is missing (Debian: mosquitto, mosquitto-clients, openssl)"; exit 1; }
done
"$root/tools/pki.sh" init "$work/pki" && "$root/tools/pki.sh" device "$work/pki" meter-1 &&
    "$root/tools/pki.sh" operator "$work/pki" bench || exit 1
find_broker_port
write_config "$work/device.conf" "$port" "$work/data"

echo '# what it says'
listen ohmd "$port" 'energy_meter/+/batch' 'energy_meter/+/system_status' 'energy_meter/+/relay_status' 'energy_meter/+/command_result'
start_device --config "$work/device.conf" --trace-file "$work/trace"
promise 'a device says that it is online' 'meter-1/system_status .*"status":"online","device_id":"meter-1"' "$work/heard"
promise 'and how its relays are' 'meter-1/relay_status .*"relay_mask":0,' "$work/heard"
promise 'and delivers batches of readings' 'meter-1/batch 0 [0-9]+ ' "$work/heard"
promise 'of which a trace is written beside the journal' '^kept ' "$work/trace"

echo '# what it obeys'
now=$(date +%s)
# Publishing under ohmd's name ends the session that listens under it, so the two take turns.
stop_listening
command() { # CMD_ID REST
    publish ohmd "$port" energy_meter/meter-1/command \
        "{\"cmd_id\":\"$1\",\"v\":1,\"target\":\"meter-1\",\"iat\":$now,\"exp\":$((now + 60)),$2}"
}
# A command is refused while the device does not know the time, which it learns with its first anchor, and a relay
# state is stored by the task that also writes the journal: so ask again until it is there.
values=$(cksum <"$work/data/values.flash")
for attempt in one two three four five six seven eight nine ten; do
    command "$attempt" '"action":"set_relays","mask":170'
    tries=0
    until [ "$(cksum <"$work/data/values.flash")" != "$values" ] || [ $tries -ge 30 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
    [ $tries -ge 30 ] || break
done
listen ohmd "$port" 'energy_meter/+/relay_status' 'energy_meter/+/system_status'
promise 'the retained status is there for whoever comes later' 'system_status 1 .*"status":"online"' "$work/heard"
stop_listening

echo '# how it ends and begins'
listen ohmd "$port" 'energy_meter/+/system_status' 'energy_meter/+/relay_status'
stop_device KILL
promise 'the will tells of a device that was killed' 'system_status 0 34 {"status":"offline"' "$work/heard"
stop_listening
listen ohmd "$port" 'energy_meter/+/system_status'
promise 'and it is retained' 'system_status 1 34 {"status":"offline"' "$work/heard"
stop_listening
listen ohmd "$port" 'energy_meter/+/relay_status' 'energy_meter/+/system_status'
start_device --config "$work/device.conf" --trace-file "$work/trace"
promise 'relays are restored after a kill' 'relay_status 0 .*"relay_mask":170,' "$work/heard"
promise 'the next boot has the next number' 'system_status 0 .*"boot_id":2}' "$work/heard"
promise 'and the same journal' "^open $(awk 'NR==1{print $2}' "$work/trace") [0-9]+ 2\$" "$work/trace"
stop_listening

echo '# when the broker goes away'
kill -9 $broker
wait $broker 2>/dev/null
promise 'the device says once that it has no session' 'warning: no session with localhost' "$work/device.log"
sleep 1
start_broker || exit 1
listen ohmd "$port" 'energy_meter/+/batch' 'energy_meter/+/system_status'
promise 'it comes back by itself' 'system_status . .*"status":"online"' "$work/heard" 15
promise 'and goes on delivering' 'meter-1/batch' "$work/heard"
stop_device TERM
report $? 'SIGTERM ends it in order'
promise 'and it says that it leaves' 'system_status 0 34 {"status":"offline"' "$work/heard"
stop_listening

echo '# the older meters, on the lab listener'
write_config "$work/lab.conf" $((port + 1)) "$work/lab-data"
listen operators/bench $((port + 1)) energy_meter/data energy_meter/realtime energy_meter/relay_status energy_meter/system_status
start_device --config "$work/lab.conf" --root-topic energy_meter --seed-profile yes --data-ms 2000
promise 'a device speaks the flat topics' '^GOT energy_meter/system_status .*"status":"online"' "$work/heard"
promise 'realtime every second' '^GOT energy_meter/realtime .*"voltage_rms":2[0-9]' "$work/heard"
promise 'and the complete packet' '^GOT energy_meter/data .*"packet_id":1,.*"channel":7,.*"transmission_mode":"SECURE_SSL"' "$work/heard"
publish operators/bench $((port + 1)) energy_meter/relay_control '{"action":"set_relay","relay":0,"state":true}'
promise "the older meters' own line switches relay 0" '^GOT energy_meter/relay_status .*"relay_mask":1,' "$work/heard"
publish operators/bench $((port + 1)) energy_meter/relay_control '{"action":"set_relay","relay":0'
publish operators/bench $((port + 1)) energy_meter/relay_control "$(head -c 5000 /dev/zero | tr '\0' x)"
promise 'what is no JSON is told once and ignored' 'ignored: relay_control: not as agreed' "$work/device.log"
: >"$work/heard"
publish operators/bench $((port + 1)) energy_meter/relay_control '{"action":"all_off"}'
promise 'and the device works on' '^GOT energy_meter/relay_status .*"relay_mask":0,' "$work/heard"
[ "$(grep -c 'ignored:' "$work/device.log")" -eq 1 ]
report $? 'a flood of nonsense is one line in the log'

stop_device TERM

echo '# a recording, delivered once'
awk 'BEGIN { for (n = 0; n < 6000; n++) { w = 6.2831853 * 50 * n / 2000; print 325 * sin(w) "," 14.142 * sin(w) } }' >"$work/mains.csv"
start_device --config "$work/device.conf" --data-dir "$work/once" --trace-file "$work/once.trace" --once yes --paced no \
    --adc-source recording --recording "$work/mains.csv" --recording-format csv --recording-units yes --rate-hz 2000 \
    --codes-per-volt 20 --codes-per-ampere 400 --reading-ms 1000
wait_for '^kept' "$work/once.trace"
# Records of other kinds may follow the last reading; an acknowledgement of what is not there is ignored.
acknowledge() {
    local tries=0
    while kill -0 $device 2>/dev/null && [ $tries -lt 40 ]; do
        publish ohmd "$port" energy_meter/meter-1/ack "$(awk -v more=$((tries % 8)) '$1 == "kept" { journal = $2; seq = $3 }
            END { printf "{\"journal_id\":\"%s\",\"watermark\":%d}", journal, seq + more }' "$work/once.trace")"
        tries=$((tries + 1))
        sleep 0.2
    done
    ! kill -0 $device 2>/dev/null
}
kill -0 $device
report $? 'a device does not leave before its readings are acknowledged'
acknowledge
report $? 'and leaves by itself when they are'
stop_device TERM
report $? 'with success'
# 3 s at 230 V and 10 A are 6.9 kJ; the last try line has the register of channel 0 in its sixth field. The
# ragged ends of so short a recording cost up to half a per cent.
awk '$1 == "try" { energy = $6 } END { print energy " mJ"; exit !(energy > 6865000 && energy < 6910000) }' "$work/once.trace"
report $? 'and 3 s at 230 V and 10 A are 6.9 kJ in its register'

echo '# errors that name the cause'
start_device --config "$work/lab.conf"
until [ -S "$work/lab-data/control.sock" ]; do sleep 0.05; done
refuses() { # WORDS PATTERN ARGUMENTS...
    local words=$1 pattern=$2
    shift 2
    timeout 10 "$device_program" --config "$work/device.conf" "$@" >"$work/out" 2>&1
    local code=$?
    [ $code -ne 0 ] && [ $code -ne 124 ] && grep -qE "$pattern" "$work/out"
    local result=$?
    [ $result -eq 0 ] || cat "$work/out"
    report $result "$words"
}
refuses 'a second instance' 'another ohm-device uses this folder' --data-dir "$work/lab-data"
stop_device TERM
refuses 'a certificate that is not there' 'certificate /nowhere.pem: No such file' --cert /nowhere.pem
refuses 'a certificate that is none' 'is no PEM certificate' --cert "$work/device.conf"
refuses 'a key of somebody else' 'not that of certificate' --key "$work/pki/ohmd/key.pem"
refuses 'an option that does not exist' 'there is no such option' --no-such-thing 1
refuses 'a value out of range' 'reading_ms: out of its range' --reading-ms 5
refuses 'a folder that cannot be made' 'cannot be made' --data-dir /proc/nowhere
refuses 'a recording that is not there' 'there is no such file' --adc-source recording --recording /nowhere.i16
start_device --config "$work/device.conf" --broker-port 1
promise 'a port where nobody listens' 'no session with localhost:1: nobody listens there' "$work/device.log"
stop_device TERM

echo "$passed promises kept, $failed broken"
[ $failed -eq 0 ]
