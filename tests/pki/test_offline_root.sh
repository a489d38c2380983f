#!/bin/bash
# SPDX-License-Identifier: MIT
# The procedure of docs/operations.md, "The root's key": away, back to sign the intermediates anew, away again.
# Usage: test_offline_root.sh OHM
set -u
ohm=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pki=$work/authority
stick=$work/stick/root_key.pem
failed=0
export HOME=$work XDG_CONFIG_HOME=$work
mkdir "$work/stick"

expect() { # PROMISE EXPECTED ACTUAL
    # shellcheck disable=SC2053 # The expected text is a pattern.
    if [[ $3 == $2 ]]; then
        echo "ok - $1"
    else
        echo "not ok - $1: expected <$2>, got <$3>"
        failed=1
    fi
}

serial() { openssl x509 -in "$1" -noout -serial; }
key_of() { openssl x509 -in "$1" -noout -pubkey; }
verify() { openssl verify -CAfile "$pki/root.pem" -untrusted "$pki/$1.pem" "$2" 2>&1; }

"$ohm" pki init "$pki" >/dev/null
cp "$pki/broker/cert.pem" "$work/broker.pem"
cp "$pki/ohmd/cert.pem" "$work/client.pem"
devices=$(serial "$pki/devices.pem")
servers=$(serial "$pki/servers.pem")
devices_key=$(key_of "$pki/devices.pem")
root=$(serial "$pki/root.pem")

expect 'the key is moved to the stick' "*root's key*" "$("$ohm" pki export-root "$pki" "$stick" 2>&1)"
expect 'it is gone from the folder' 'gone' "$([ -e "$pki/root_key.pem" ] && echo there || echo gone)"
expect 'it is for its owner alone' '600' "$(stat -c %a "$stick")"
expect 'no file of the folder holds it' '' "$(grep -rlF "$(sed -n 2p "$stick")" "$pki")"
expect 'status says so' '*root*no key*' "$("$ohm" pki status "$pki" | grep root)"
expect 'and as JSON' 'false' "$("$ohm" pki status "$pki" --json | node -e 'console.log(JSON.parse(require("fs").readFileSync(0)).certificates.find((one) => one.name === "root").has_key)')"
expect 'the authority works on without it' '0' "$("$ohm" pki init "$pki" >/dev/null 2>&1; echo $?)"
expect 'what it cannot do without is refused with the way out' '*bring root_key.pem back*' "$("$ohm" pki init "$pki" --renew 2>&1)"
expect 'and nothing has changed' "$devices" "$(serial "$pki/devices.pem")"

(umask 077; cp "$stick" "$pki/root_key.pem")
"$ohm" pki init "$pki" --renew >/dev/null || failed=1
expect 'brought back, the intermediate of devices is new' 'new' "$([ "$(serial "$pki/devices.pem")" = "$devices" ] && echo old || echo new)"
expect 'so is that of servers' 'new' "$([ "$(serial "$pki/servers.pem")" = "$servers" ] && echo old || echo new)"
expect 'under the same key' "$devices_key" "$(key_of "$pki/devices.pem")"
expect 'and the same root' "$root" "$(serial "$pki/root.pem")"
expect 'a certificate from before is good under the new one' '*OK' "$(verify devices "$work/client.pem")"
expect 'a server of before, too' '*OK' "$(verify servers "$work/broker.pem")"
expect 'trust.pem holds it' '1' "$(grep -cF "$(openssl x509 -in "$pki/devices.pem" | sed -n 5p)" "$pki/trust.pem")"

echo other >"$work/stick/other"
expect 'another file is not written over' '*another file*' "$("$ohm" pki export-root "$pki" "$work/stick/other" 2>&1)"
expect 'the key went nowhere' 'there' "$([ -e "$pki/root_key.pem" ] && echo there || echo gone)"
expect 'away again, to the stick it came from' "*root's key*" "$("$ohm" pki export-root "$pki" "$stick" 2>&1)"
expect 'it is gone from the folder again' 'gone' "$([ -e "$pki/root_key.pem" ] && echo there || echo gone)"
expect 'and whole on the stick' 'OK' "$(openssl pkey -in "$stick" -pubout 2>/dev/null | cmp -s - <(key_of "$pki/root.pem") && echo OK)"
exit $failed
