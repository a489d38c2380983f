#!/bin/bash
# SPDX-License-Identifier: MIT
# Takes ohm-device from the factory to the broker as a person does: hotspot, portal, network, certificate.
# Usage: test_provisioning.sh OHM-DEVICE
device_program=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/device/set_up_helpers.sh
. "$root/tests/device/set_up_helpers.sh"
start_services
configure_device <<<'captive_dns = 0'

sed '/label_file/d' "$work/device.conf" >"$work/no_label.conf"
"$device_program" --config "$work/no_label.conf" 2>"$work/no_label.log"
grep -q 'label_file' "$work/no_label.log"
report $? 'says that the first start needs a place for its label'

for port_of_names in 70000 -1 53x on ''; do
    "$device_program" --config "$work/device.conf" --captive-dns "$port_of_names" --check 2>&1 | grep -q 'captive_dns is neither auto nor off nor a port'
    report $? "captive_dns refuses '$port_of_names'"
done

# A gateway's hotspot, at an address of its own, as far as it can be had without a radio: an nmcli that does nothing.
mkdir "$work/bin"
printf '#!/bin/sh\nexit 0\n' >"$work/bin/nmcli"
chmod +x "$work/bin/nmcli"
sed '/radio_script/d; /captive_dns/d; s|data_dir = .*|data_dir = '"$work/gateway_data"'|' "$work/device.conf" >"$work/gateway.conf"
PATH=$work/bin:$PATH "$device_program" --config "$work/gateway.conf" --wifi-interface wlan0 --hotspot-interface ap0 \
    --portal-address 127.9.8.7 --label-file "$work/gateway_label" 2>"$work/gateway.log" &
helper=$!
wait_for 'names (are answered|cannot be answered) at 127.9.8.7:53|another name server has 127.9.8.7:53' "$work/gateway.log"
report $? 'beside a hotspot of NetworkManager names are answered at port 53, or it is said why not'
kill "$helper"
wait "$helper"
helper=''

start_device
wait_for_status '"state":"AP_MODE"'
report $? 'a device without credentials waits at its portal'
grep -qE '^EM1:meter-1:[A-Z2-7]{26}$' "$work/label" && [ "$(stat -c %a "$work/label")" = 600 ]
report $? 'its label holds the code for pairing, for its owner alone'

wait_for 'names are answered at 127.0.0.1:' "$work/device.log"
names=$(sed -n 's/.*names are answered at 127.0.0.1:\([0-9]*\).*/\1/p' "$work/device.log")
[ "$(node "$root/tests/device/ask_name.mjs" "$names" example.org --mangled)" = 127.0.0.1 ]
report $? 'its name server gives its own address, whatever was sent before'
while read -r system name path; do
    address=$(node "$root/tests/device/ask_name.mjs" "$names" "$name")
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
grep -q 'POST /sign-csr meter-1 200' "$work/enrolment.log"
report $? 'with a certificate that the server signed for a proof of its key'
promise 'the set-up window closes at once' 'the window is closed' "$work/device.log"
promise 'and its name server with it' 'names are no longer answered' "$work/device.log"
[ "$(node "$root/tests/device/ask_name.mjs" "$names" captive.apple.com)" = closed ]
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
