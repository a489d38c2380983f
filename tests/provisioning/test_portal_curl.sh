#!/bin/bash
# SPDX-License-Identifier: MIT
# The set-up portal as people call it from a command line: addresses, bodies and answers to the letter.
# Usage: test_portal_curl.sh PORTAL-DEVICE
program=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/provisioning/portal_helpers.sh
. "$root/tests/provisioning/portal_helpers.sh"

expect() { # PROMISE EXPECTED ACTUAL
    [ "$2" = "$3" ]
    judge $? "$@"
}

start

networks='"networks":[{"ssid":"Statsnapp","rssi":-45,"channel":6,"secure":true},{"ssid":"Guests","rssi":-71,"channel":11,"secure":false},{"ssid":"Café <b>&</b>","rssi":-62,"channel":1,"secure":true},{"ssid":"Statsnapp","rssi":-80,"channel":11,"secure":true}],"count":4'
expect 'lists networks' "{$networks,\"cached\":true}" "$(curl -s "$url/local-wifi")"
expect 'lists them as /scan too' "{$networks,\"cached\":true}" "$(curl -s "$url/scan")"
curl -s "$url/local-wifi?refresh=true" >/dev/null
sleep 0.1
expect 'looks again when asked' "{$networks,\"cached\":false}" "$(curl -s "$url/local-wifi")"
expect 'tells the status' '{"status":"provisioning","ip":"","state":"AP_MODE"}' "$(curl -s "$url/status")"

answer=$(curl -s -X POST "$url/provision" \
  -H "Content-Type: application/json" \
  -H "Authorization: Bearer YOUR_BEARER_TOKEN" \
  -d '{
    "ssid": "Statsnapp",
    "password": "1q2w3e4r",
    "device_id": "device_0070",
    "provisioning_token": "your_prov_token"
  }')
expect 'takes credentials' '{"status":"ok","message":"Credentials saved"}' "$answer"
read -r -t 5 taken <&8
expect 'has every field of them' \
    'ssid=Statsnapp password=1q2w3e4r device_id=device_0070 token=your_prov_token bearer=YOUR_BEARER_TOKEN' "$taken"
for _ in $(seq 100); do
    status=$(curl -s "$url/status")
    [[ $status == *WIFI_CONNECTING* ]] || break
    sleep 0.05
done
expect 'tells that it is connected' \
    '{"status":"connected","ip":"192.168.1.100","state":"MQTT_CONNECTED"}' "$status"

expect 'names missing fields' \
    '{"error":"missing_fields","message":"One or more required fields are missing","missing_fields":["password","provisioning_token"]} 400' \
    "$(curl -s -w ' %{http_code}' "$url/provision" -H 'Content-Type: application/json' -d '{"ssid":"a","device_id":"d"}')"
expect 'refuses what is not JSON' '{"error":"invalid_json"} 400' \
    "$(curl -s -w ' %{http_code}' "$url/provision" -H 'Content-Type: application/json' -d '{"ssid":')"
expect 'refuses what is too large' 413 \
    "$(head -c 60000 /dev/zero | curl -s -o /dev/null -w '%{http_code}' "$url/provision" \
        -H 'Content-Type: application/json' --data-binary @-)"
expect 'takes a form' "303 $url/progress" \
    "$(curl -s -o /dev/null -w '%{http_code} %{redirect_url}' "$url/save" -d ssid=home -d password=wrong-password)"
for _ in $(seq 100); do
    status=$(curl -s "$url/status")
    [[ $status == *WIFI_CONNECTING* ]] || break
    sleep 0.05
done
expect 'tells why it failed' \
    '{"status":"provisioning","ip":"","state":"AP_MODE","reason":"auth_failed"}' "$status"
expect 'refuses a bad form in words' \
    'Invalid credentials: One or more required fields are missing: password 400' \
    "$(curl -s -w ' %{http_code}' "$url/save" -d ssid=home | tr -d '\n')"
for probe in generate_204 gen_204 hotspot-detect.html library/test/success.html connecttest.txt ncsi.txt redirect \
    canonical.html success.txt; do
    expect "sends /$probe to the page" "302 $url/" \
        "$(curl -s -o /dev/null -w '%{http_code} %{redirect_url}' -H 'Host: example.org' "$url/$probe")"
done
expect 'answers OPTIONS' 204 "$(curl -s -o /dev/null -w '%{http_code}' -X OPTIONS "$url/provision")"
stop

start --sealed
expect 'takes no password in the clear where it must be sealed' '403' \
    "$(curl -s -o /dev/null -w '%{http_code}' "$url/provision" -H 'Content-Type: application/json' \
        -d '{"ssid":"a","password":"12345678","device_id":"d","provisioning_token":"t"}')"
stop

start --closed
expect 'takes nothing when its window is closed' '403' \
    "$(curl -s -o /dev/null -w '%{http_code}' "$url/save" -d ssid=home -d password=12345678)"
stop
exit "$((failed > 0))"
