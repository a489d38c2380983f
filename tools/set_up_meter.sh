#!/bin/bash
# SPDX-License-Identifier: MIT
# Sets the demonstration's meter up, as a person with a phone would: its simulated radio hears one network whose
# password is made up here.
#
#   set_up_meter.sh radio >RADIO                        writes the radio's script
#   set_up_meter.sh provision RADIO LOG NAME <TOKEN     finds the portal in the meter's log, gives it network and token
set -euo pipefail

radio() {
    echo 'scan_ms 500'
    echo "network \"Demonstration\" channel 6 rssi -48 password \"$(openssl rand -hex 12)\" join_ms 400 dhcp_ms 300"
}

# Until the meter wants to be set up, or is on line because an earlier start, which was interrupted, had set it up.
wait_for_portal() { # LOG; sets $port and $state
    local tries
    for ((tries = 0; tries < 300; tries++)); do
        port=$(sed -n 's|.* set-up: http://127\.0\.0\.1:\([0-9]*\)/$|\1|p' "$1" | tail -1)
        state=$(sed -n 's|.* set-up: \([A-Z_]*\)$|\1|p' "$1" | tail -1)
        case $port:$state in
        [0-9]*:AP_MODE | [0-9]*:MQTT_CONNECTED) return 0 ;;
        esac
        sleep 0.1
    done
    echo "set_up_meter.sh: the meter does not open its portal (${state:-it says nothing})" >&2
    return 1
}

provision() { # RADIO LOG NAME
    local token port state password body answer
    IFS= read -r token
    wait_for_portal "$2"
    [ "$state" = AP_MODE ] || return 0
    password=$(sed -n 's/.*password "\([^"]*\)".*/\1/p' "$1")
    body="{\"ssid\":\"Demonstration\",\"password\":\"$password\",\"device_id\":\"$3\",\"provisioning_token\":\"$token\"}"
    exec 8<>"/dev/tcp/127.0.0.1/$port"
    printf 'POST /provision HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nContent-Type: application/json\r\nContent-Length: %s\r\n\r\n%s' \
        "$port" ${#body} "$body" >&8
    answer=$(timeout 10 cat <&8 || true)
    exec 8>&-
    case $answer in
    *'"status":"ok"'*) return 0 ;;
    esac
    echo "set_up_meter.sh: the meter says $answer" >&2
    return 1
}

case ${1:-} in
radio) radio ;;
provision) provision "$2" "$3" "$4" ;;
*)
    sed -n '6,7p' "$0" | sed 's/^# *//' >&2
    exit 2
    ;;
esac
