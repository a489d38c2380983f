#!/bin/bash
# SPDX-License-Identifier: MIT
# Takes ohm-device from the factory to the broker as a person does: hotspot, portal, network, certificate.
# Usage: test_provisioning.sh OHM-DEVICE
set -u
device_program=$1
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
broker=''
server=''
device=''
listener=''
failed=0
passed=0
token='tok-3f7ad1c0ffee'
password='correct-horse-9'
PATH=$PATH:/usr/sbin

stop_all() {
    for pid in $device $listener $broker $server; do
        kill -9 "$pid" 2>/dev/null
    done
    wait 2>/dev/null
    rm -rf "$work"
}
trap stop_all EXIT

report() { # RESULT PROMISE
    if [ "$1" -eq 0 ]; then
        passed=$((passed + 1))
        echo "ok      $2"
    else
        failed=$((failed + 1))
        echo "FAILED  $2"
        tail -5 "$work/device.log" "$work/enrolment.log" 2>/dev/null | sed 's/^/        /'
    fi
}

wait_for() { # PATTERN FILE [SECONDS]
    local tries=0
    until grep -qE -- "$1" "$2" 2>/dev/null; do
        tries=$((tries + 1))
        [ $tries -le $((${3:-10} * 20)) ] || return 1
        sleep 0.05
    done
}

promise() { # WORDS PATTERN FILE [SECONDS]
    wait_for "$2" "$3" "${4:-10}"
    report $? "$1"
}

wait_for_status() { # PATTERN
    local tries=0
    until curl -s "http://127.0.0.1:$portal/status" | grep -qE -- "$1"; do
        tries=$((tries + 1))
        [ $tries -le 200 ] || return 1
        sleep 0.05
    done
}

provision() { # PASSWORD; prints the answer and its status
    curl -s -w ' %{http_code}' -X POST "http://127.0.0.1:$portal/provision" \
        -H 'Content-Type: application/json' -H 'Authorization: Bearer of-the-user' \
        -d "{\"ssid\":\"home\",\"password\":\"$1\",\"device_id\":\"meter-1\",\"provisioning_token\":\"$token\"}"
}

start_device() {
    "$device_program" --config "$work/device.conf" 2>>"$work/device.log" &
    device=$!
}

for command in mosquitto mosquitto_sub openssl node curl; do
    command -v $command >/dev/null || { echo "$command is missing"; exit 1; }
done
"$root/tools/pki.sh" init "$work/pki" >/dev/null || exit 1
tries=0
while :; do
    port=$((20000 + RANDOM % 12000))
    portal=$((port + 1))
    enrolment=$((port + 2))
    "$root/tools/broker_config.sh" --pki "$work/pki" --dir "$work/broker" --port "$port" || exit 1
    : >"$work/enrolment.log"
    mosquitto -c "$work/broker/mosquitto.conf" 2>>"$work/broker.log" &
    broker=$!
    node "$root/tests/device/enrolment_server.mjs" "$work/pki" $enrolment $token "$work/enrolment.log" &
    server=$!
    wait_for listening "$work/enrolment.log" 5 && kill -0 $broker 2>/dev/null && break
    kill $broker $server 2>/dev/null
    tries=$((tries + 1))
    [ $tries -lt 10 ] || { cat "$work/broker.log" "$work/enrolment.log"; exit 1; }
done

cat >"$work/radio" <<END
scan_ms 500
network "home" channel 6 rssi -48 password "$password" join_ms 400 dhcp_ms 300
network "next door" channel 11 rssi -80
END
cat >"$work/device.conf" <<END
device_id = meter-1
broker_port = $port
ca = $work/pki/ca.pem
provisioning = yes
server_url = https://localhost:$enrolment
label_file = $work/label
radio_script = $work/radio
portal_port = $portal
captive_dns = 0
data_dir = $work/data
journal_kb = 256
reading_ms = 500
reconnect_ms = 200
reconnect_limit_ms = 1000
END

sed '/label_file/d' "$work/device.conf" >"$work/no_label.conf"
"$device_program" --config "$work/no_label.conf" 2>"$work/no_label.log"
grep -q 'label_file' "$work/no_label.log"
report $? 'says that the first start needs a place for its label'

start_device
wait_for_status '"state":"AP_MODE"'
report $? 'a device without credentials waits at its portal'
grep -qE '^EM1:meter-1:[A-Z2-7]{26}$' "$work/label" && [ "$(stat -c %a "$work/label")" = 600 ]
report $? 'its label holds the code for pairing, for its owner alone'

wait_for 'names are answered at 127.0.0.1:' "$work/device.log"
names=$(sed -n 's/.*names are answered at 127.0.0.1:\([0-9]*\).*/\1/p' "$work/device.log")
[ "$(node "$here/ask_name.mjs" "$names" example.org --mangled)" = 127.0.0.1 ]
report $? 'its name server gives its own address, whatever was sent before'
while read -r system name path; do
    address=$(node "$here/ask_name.mjs" "$names" "$name")
    page=$(curl -sL --connect-to "$name:80:$address:$portal" -w ' %{http_code} %{num_redirects} %{url_effective}' "http://$name/$path")
    [[ $page == *'<form'*" 200 1 http://127.0.0.1:$portal/" ]]
    report $? "the check of $system ends at the page"
done <<END
Android connectivitycheck.gstatic.com generate_204
iOS captive.apple.com hotspot-detect.html
Windows www.msftconnecttest.com connecttest.txt
Firefox detectportal.firefox.com canonical.html
END

provision wrong-password | grep -q '"status":"ok".* 200$' && wait_for_status '"state":"AP_MODE","reason":"auth_failed"'
report $? 'a wrong password leads back to the portal, with the reason'

begun=$(date +%s%N)
provision "$password" | grep -q '"status":"ok".* 200$'
report $? 'the right one is taken'
wait_for 'connected to' "$work/device.log" 10
report $? "the device is at the broker $((($(date +%s%N) - begun) / 1000000)) ms later"
grep -q 'POST /api/v1/sign-csr meter-1 200' "$work/enrolment.log"
report $? 'with a certificate that the server signed'
promise 'the set-up window closes at once' 'the window is closed' "$work/device.log"
promise 'and its name server with it' 'names are no longer answered' "$work/device.log"
[ "$(node "$here/ask_name.mjs" "$names" captive.apple.com)" = closed ]
report $? 'which lets go of its port'
provision "$password" | grep -qE ' (403|404|409|503)$'
report $? 'and takes no more credentials'

mosquitto_sub -h localhost -p "$port" --cafile "$work/pki/ca.pem" --cert "$work/pki/ohmd/cert.pem" \
    --key "$work/pki/ohmd/key.pem" -t 'energy_meter/meter-1/batch' -F '%t %l' >"$work/heard" 2>&1 &
listener=$!
promise 'readings arrive under the name in the certificate' '^energy_meter/meter-1/batch [0-9]+$' "$work/heard"

kill -9 $device
wait $device 2>/dev/null
: >"$work/device.log"
start_device
wait_for 'connected to' "$work/device.log" 10
report $? 'after a power cut it comes back by itself'
[ "$(grep -c POST "$work/enrolment.log")" = 1 ] && ! grep -q 'AP_MODE' "$work/device.log"
report $? 'without another certificate and without its hotspot'
kill -TERM $device
wait $device
device=''

! grep -qE -- "$token|$password|of-the-user|$(sed -n 's/^EM1:meter-1://p' "$work/label")" "$work/device.log"
report $? 'the log holds no password, no token and no code'
! grep -rqaE -- 'BEGIN [A-Z ]*PRIVATE KEY' "$work/data"
report $? 'the data folder holds no private key in clear'

echo "$passed promises kept, $failed broken"
[ $failed -eq 0 ]
