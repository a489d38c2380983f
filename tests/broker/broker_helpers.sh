# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What the tests of the real broker share; sourced by them. They set `root`, and `port` when the broker runs.
# "Refused" is shown by what the other side received up to a marker that was sent afterwards, since the
# broker refuses in silence.
work=$(mktemp -d)
broker=''
listeners=()
failed=0
passed=0

stop_all() {
    for pid in "${listeners[@]}" $broker; do
        kill "$pid" 2>/dev/null
    done
    wait
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
        tail -5 "$work/broker.log" | sed 's/^/        /'
    fi
}

promise() { # WORDS COMMAND...
    local words=$1
    shift
    "$@" >"$work/out" 2>&1
    report $? "$words"
}

promise_not() {
    local words=$1
    shift
    ! "$@" >"$work/out" 2>&1
    report $? "$words"
}

wait_for() { # PATTERN FILE
    local tries=0
    until grep -q -- "$1" "$2" 2>/dev/null; do
        tries=$((tries + 1))
        [ $tries -le 200 ] || return 1
        sleep 0.05
    done
}

# Tries ports until the broker runs; sets broker and port. The function writes $work/broker/mosquitto.conf.
start_on_free_port() { # FUNCTION
    local tries=0
    while [ $tries -lt 20 ]; do
        port=$((20000 + RANDOM % 12000))
        "$1" || exit 1
        : >"$work/broker.log"
        mosquitto -c "$work/broker/mosquitto.conf" 2>>"$work/broker.log" &
        broker=$!
        wait_for ' running$' "$work/broker.log" && kill -0 $broker 2>/dev/null && return
        kill $broker 2>/dev/null
        wait $broker
        tries=$((tries + 1))
    done
    cat "$work/broker.log"
    echo 'the broker does not start'
    exit 1
}

stop_broker() {
    kill "$broker"
    wait "$broker"
    broker=''
}

as() { # PROGRAM IDENTITY PORT ARGUMENTS...
    local program=$1 identity=$2 at=$3
    shift 3
    timeout 10 "$program" -h localhost -p "$at" --cafile "$work/pki/ca.pem" \
        --cert "$work/pki/$identity/cert.pem" --key "$work/pki/$identity/key.pem" "$@"
}

publish() { # IDENTITY TOPIC MESSAGE [ARGUMENTS...]
    local identity=$1 topic=$2 message=$3
    shift 3
    as mosquitto_pub "$identity" "$port" -q 1 -t "$topic" -m "$message" "$@"
}

listen() { # NAME IDENTITY PORT ARGUMENTS...; what arrives goes to $work/NAME
    local name=$1 identity=$2 at=$3
    shift 3
    rm -f "$work/$name"
    timeout 60 stdbuf -oL mosquitto_sub -d -h localhost -p "$at" --cafile "$work/pki/ca.pem" \
        --cert "$work/pki/$identity/cert.pem" --key "$work/pki/$identity/key.pem" -i "${identity##*/}" -q 1 -F 'GOT %t %p' "$@" >"$work/$name" 2>&1 &
    listeners+=($!)
    wait_for '^Subscribed' "$work/$name" || { cat "$work/$name"; echo "$name cannot subscribe"; exit 1; }
}

stop_listening() {
    for pid in "${listeners[@]}"; do
        kill "$pid" 2>/dev/null
    done
    wait "${listeners[@]}" 2>/dev/null
    listeners=()
}

got() { # NAME MESSAGE
    grep -q "^GOT .*$2\$" "$work/$1"
}

# The marker travels after the message in question; when it has arrived, so would the message have.
arrived_before_marker() { # NAME MESSAGE MARKER
    wait_for "^GOT .*$3\$" "$work/$1" || return 2
    got "$1" "$2"
}

refused() { # WORDS LISTENER MESSAGE MARKER
    arrived_before_marker "$2" "$3" "$4"
    [ $? -eq 1 ]
    report $? "$1"
}

for command in mosquitto mosquitto_pub mosquitto_sub openssl; do
    PATH=$PATH:/usr/sbin command -v $command >/dev/null || { echo "$command is missing (Debian: mosquitto, mosquitto-clients, openssl)"; exit 1; }
done
PATH=$PATH:/usr/sbin
