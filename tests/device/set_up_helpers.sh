# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What the tests that set ohm-device up share: broker, server, radio, and a person at the portal. To be sourced after
# device_program and root are set; everything started here ends with the shell.
set -u
device_program=${device_program:?}
root=${root:?}
work=$(mktemp -d)
broker=''
server=''
device=''
listener=''
helper=''
token='tok-3f7ad1c0ffee'
password='correct-horse-9'
PATH=$PATH:/usr/sbin

stop_all() {
    for pid in $device $listener $helper $broker $server; do
        kill -9 "$pid" 2>/dev/null
    done
    wait 2>/dev/null
    rm -rf "$work"
}
trap stop_all EXIT

# shellcheck source=tests/device/promises.sh
. "$root/tests/device/promises.sh"

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

start_services() { # The broker and the server at $port and $enrolment; $portal is free, too.
    local tries=0
    "$root/tools/pki.sh" init "$work/pki" >/dev/null || exit 1
    while :; do
        port=$((20000 + RANDOM % 12000))
        portal=$((port + 1))
        enrolment=$((port + 2))
        "$root/tools/broker_config.sh" --pki "$work/pki" --dir "$work/broker" --port "$port" || exit 1
        mosquitto -c "$work/broker/mosquitto.conf" 2>>"$work/broker.log" &
        broker=$!
        start_server && kill -0 $broker 2>/dev/null && return
        kill $broker $server 2>/dev/null
        tries=$((tries + 1))
        [ $tries -lt 10 ] || { cat "$work/broker.log" "$work/enrolment.log"; exit 1; }
    done
}

start_server() { # Anew: it has never seen the token.
    : >"$work/enrolment.log"
    node "$root/tests/device/enrolment_server.mjs" "$work/pki" "$enrolment" $token "$work/enrolment.log" &
    server=$!
    wait_for listening "$work/enrolment.log" 5
}

configure_device() { # Lines of more options from standard input.
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
data_dir = $work/data
journal_kb = 256
reading_ms = 500
reconnect_ms = 200
reconnect_limit_ms = 1000
END
    cat >>"$work/device.conf"
}
