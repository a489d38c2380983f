#!/bin/bash
# SPDX-License-Identifier: MIT
# Takes ohm-device to the broker with its keys in a PKCS#11 token, and in a simulated ATECC608A, and kills it on the way.
# Usage: test_keystores.sh OHM-DEVICE SIMULATED-ATECC
device_program=$1
chip_program=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/device/set_up_helpers.sh
. "$root/tests/device/set_up_helpers.sh"
pin='pin-7391-planted'
export SOFTHSM2_CONF=$work/softhsm2.conf

refuses() { # WORDS PATTERN: a start that is to fail at once, saying this
    timeout 10 "$device_program" --config "$work/device.conf" >"$work/refused" 2>&1
    [ $? -eq 1 ] && grep -qE -- "$2" "$work/refused"
    report $? "$1"
    grep -qE -- "$2" "$work/refused" || sed 's/^/        /' "$work/refused"
}

refuses_options() { # WORDS PATTERN OPTION...
    "$device_program" --config "$work/device.conf" "${@:3}" --check >"$work/refused" 2>&1
    [ $? -eq 2 ] && grep -qE -- "$2" "$work/refused"
    report $? "$1"
}

goes_the_whole_way() { # KEYSTORE, and its kind as a report calls it
    rm -rf "$work/data" "$work/label"
    : >"$work/device.log"
    start_device
    wait_for_status '"state":"AP_MODE"' && provision "$password" | grep -q '"status":"ok".* 200$' &&
        wait_for 'connected to' "$work/device.log" 15
    report $? "$1: from the factory to the broker over mutual TLS"
    grep -qa "$2" "$work/enrolment.log.report"
    report $? "$1: the report that it sends with its request names it"
    tr '\0' ' ' <"/proc/$device/cmdline" >"$work/cmdline"
    kill -9 $device
    wait $device 2>/dev/null
    mv "$work/device.log" "$work/first.log"
    : >"$work/device.log"
    start_device
    wait_for 'connected to' "$work/device.log" 15 && [ "$(grep -c POST "$work/enrolment.log")" = 1 ]
    report $? "$1: after a power cut it is back with the same key and certificate"
    kill -TERM $device
    wait $device
    device=''
    ! grep -rqaE -- 'BEGIN [A-Z ]*PRIVATE KEY' "$work/data"
    report $? "$1: the data folder has no private key in clear"
}

public_key_of() { # CERTIFICATE: the uncompressed point in hexadecimal
    openssl x509 -in "$1" -pubkey -noout | openssl pkey -pubin -outform DER | tail -c 65 | od -An -v -tx1 | tr -d ' \n'
}

command -v softhsm2-util >/dev/null || { echo 'softhsm2-util is missing'; exit 1; }
start_services

# A token

library=/usr/lib/softhsm/libsofthsm2.so
mkdir "$work/tokens"
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$work/tokens" >"$SOFTHSM2_CONF"
configure_device <<END
keystore = pkcs11
pkcs11_module = $library
pkcs11_token = ohmstead
pkcs11_pin_file = $work/pin
END
refuses_options 'a kind of keystore that does not exist is refused' 'none of file, pkcs11 and atecc608a' --keystore tpm
refuses_options 'a token without a label is refused' 'needs pkcs11_module, pkcs11_token' --pkcs11-token ''
refuses 'without its PIN it says where that belongs' "$work/pin: there is no such file; write the PIN"
(umask 022 && echo "$pin" >"$work/pin")
refuses 'a PIN that others can read is refused' 'others than its owner may read the PIN; chmod 600'
chmod 600 "$work/pin"
refuses 'a token that is missing is said' 'there is no token with the label ohmstead'
softhsm2-util --init-token --free --label ohmstead --so-pin 87654321 --pin "$pin" >/dev/null || exit 1
echo 999999 >"$work/pin"
refuses 'a wrong PIN is said' 'refuses the PIN, which is not its user'
echo "$pin" >"$work/pin"
sed "s|^pkcs11_module.*|pkcs11_module = $work/nothing.so|" "$work/device.conf" >"$work/module.conf"
timeout 10 "$device_program" --config "$work/module.conf" 2>&1 | grep -q "cannot be loaded; install it: $work/nothing.so"
report $? 'a library that is missing is said'
goes_the_whole_way 'token' pkcs11
! grep -q "$pin" "$work/cmdline" "$work/first.log" "$work/device.log" && ! grep -rq "$pin" "$work/data"
report $? 'token: its PIN is on no command line, in no log and not in the data folder'
[ ! -e "$work/data/keystore" ] && [ ! -e "$work/data/seal.key" ]
report $? 'token: there are no keys outside it'
mv "$work/tokens" "$work/elsewhere" && mkdir "$work/tokens"
refuses 'token: without it the device is nobody' 'there is no token with the label ohmstead'

# A chip

kill $server
wait $server 2>/dev/null
start_server || exit 1
configure_device <<END
keystore = atecc608a
i2c_bus = $work/i2c
END
refuses 'without its bus it says what to do' "$work/i2c: there is no such I2C bus; set i2c_bus, switch the bus on"
"$chip_program" "$work/i2c" "$work/chip.keys" &
helper=$!
wait_for public "$work/chip.keys" 5 || exit 1
sed 's/^i2c_bus/i2c_address = 54\n&/' "$work/device.conf" >"$work/address.conf"
timeout 10 "$device_program" --config "$work/address.conf" 2>&1 |
    grep -q 'ATECC608A at address 0x36: no chip answers; see to its power and wires'
report $? 'a chip that does not answer is said'
goes_the_whole_way 'chip' simulated_atecc608a
grep -q "^public $(public_key_of "$work/enrolment.log.pem")\$" "$work/chip.keys"
report $? 'chip: the certified key was made in it'
[ "$(node "$root/tests/device/find_keys.mjs" "$work/chip.keys" "$work/chip.keys")" = "$work/chip.keys" ] &&
    [ -z "$(node "$root/tests/device/find_keys.mjs" "$work/chip.keys" "$work/data" "$work/device.log" "$work/label" "$work/broker.log")" ]
report $? 'chip: no file holds one of its private keys'
kill "$helper"
wait "$helper" 2>/dev/null
rm "$work/i2c"
"$chip_program" "$work/i2c" "$work/other.keys" &
helper=$!
wait_for public "$work/other.keys" 5
refuses 'chip: another one in its place is noticed' 'its keys are not those that this device made; bring back'

echo "$passed promises kept, $failed broken"
[ $failed -eq 0 ]
