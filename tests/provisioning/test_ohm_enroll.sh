#!/bin/bash
# SPDX-License-Identifier: MIT
# `ohm qr` and the pairing half of `ohm enroll`, against a device that takes sealed credentials alone.
# Usage: test_ohm_enroll.sh OHM PORTAL-DEVICE
ohm=$1
program=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/provisioning/portal_helpers.sh
. "$root/tests/provisioning/portal_helpers.sh"
code=EM1:meter-1:AAAQEAYEAUDAOCAJBIFQYDIOB4
patience=20
export HOME=$work XDG_CONFIG_HOME=$work

expect() { # PROMISE EXPECTED ACTUAL
    # shellcheck disable=SC2053 # The expected text is a pattern.
    [[ $3 == $2 ]]
    judge $? "$@"
}

enroll() { # CODE PASSWORD [OPTIONS...]: standard output, error and exit code in one line
    local result
    result=$(printf '%s\n%s\n' "$1" "$2" | "$ohm" enroll --address "$url" --ssid 'My café' --no-wait \
        --code-file - --wifi-password-file - --token-file "$work/token" --wait "$patience" "${@:3}" 2>&1)
    echo "$result $?" | tr '\n' ' '
}

echo planted-token >"$work/token"

expect 'qr: knows what follows from the code' \
    '{"device_id":"meter-1","pairing":"'$code'","join":"WIFI:T:WPA;S:Ohmstead-e677e7;P:AZN2DWITZT657Z22;;","hotspot":"Ohmstead-e677e7","password":"AZN2DWITZT657Z22"}' \
    "$(echo "$code" | "$ohm" qr --json --code-file -)"
expect 'qr: draws both codes' 2 "$(echo "$code" | "$ohm" qr --code-file - | grep -c '^    █▀▀▀▀▀█ .* █▀▀▀▀▀█    $')"
expect 'qr: refuses what is no code' '2 *no pairing code*' \
    "$(echo EM1:x:y | "$ohm" qr --code-file - >"$work/qr" 2>&1; echo "$? $(cat "$work/qr")")"

start --sealed
expect 'enroll: says what a wrong code means, and sends nothing' '*does not hold this code*Nothing secret was sent* 1 ' \
    "$(enroll EM1:meter-1:AAAQEAYEAUDAOCAJBIFQYDIOBY 12345678)"
expect 'enroll: notices another device' '*another device than the code*1 ' \
    "$(enroll EM1:meter-2:AAAQEAYEAUDAOCAJBIFQYDIOB4 12345678)"
expect 'enroll: passes on what the device says' '*the device says: A password has 8 to 63*1 ' "$(enroll $code short)"
expect 'enroll: says why the network refused' '*the network refused the password*1 ' "$(enroll $code wrong-password)"
read -r -t 5 taken <&8
expect 'enroll: brings a device into the network' '*meter-1 is in the network, address 192.168.1.100. 0 ' \
    "$(enroll $code '12345678 "<&\x')"
expect 'and has sent nothing but what was meant before' \
    'ssid=My café password=wrong-password device_id=meter-1 token=planted-token bearer=' "$taken"
stop

start --sealed
expect 'enroll: prints JSON' '*{"device_id":"meter-1","ip":"192.168.1.100","online":false} 0 ' \
    "$(enroll $code 12345678 --json)"
read -r -t 5 taken <&8
expect 'enroll: sends every field' 'ssid=My café password=12345678 device_id=meter-1 token=planted-token bearer=' "$taken"
stop

start --sealed
echo wrong-token >"$work/token"
expect 'enroll: says why the server refused' '*its token is too old*1 ' "$(enroll $code 12345678)"
stop

start --closed
expect 'enroll: says that the window is closed' '*set-up window is closed*1 ' "$(enroll $code 12345678)"
stop
patience=4
expect 'enroll: says how to reach a device that is out of reach' \
    '*Join the device*Ohmstead-e677e7*AZN2DWITZT657Z22*no answer from*4 ' "$(enroll $code 12345678)"
exit "$((failed > 0))"
