#!/bin/bash
# SPDX-License-Identifier: MIT
# Holds the real broker with the guard against its promises: test_broker_guard.sh OHM_GUARD.so WORKSHOP.
# Every attack is first made on a broker without the guard, where it succeeds: it could.
# shellcheck disable=SC2016 # '$SYS' and '$share' are names of topics
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/broker/broker_helpers.sh
. "$root/tests/broker/broker_helpers.sh"
guard=$1
workshop=$2
certificates=$work/pki/devices
identities=$work/identities
declare -A state
now=now

configure() {
    "$root/tools/broker_config.sh" --pki "$work/pki" --dir "$work/broker" --port "$port" \
        --guard "$guard" --identities "$identities" --reports "$work/reports" || return
    [ "$kind" = guarded ] || sed -i '/^plugin/d; s/^allow_anonymous .*/allow_anonymous true/' "$work/broker/mosquitto.conf"
}

# The list that ohmd would write: every certificate of the test with its state, most of them active.
write_list() {
    local entries=(active server ohmd "$work/pki/ohmd/cert.pem" active operator eye "$work/pki/operator/eye/cert.pem")
    local folder name
    for folder in "$certificates"/*/; do
        name=$(basename "$folder")
        [ "${state[$name]:-active}" != unknown ] || continue
        entries+=("${state[$name]:-active}" device "${name%.*}" "$folder/cert.pem")
    done
    "$workshop" list "$identities" "$now" "${entries[@]}"
}

may_connect() { # IDENTITY [CLIENT_ID [ARGUMENTS...]]: the folder's name up to a dot is the device's
    local identity=$1 name id
    name=${identity##*/}
    id=${2:-${name%.*}}
    shift $(($# > 1 ? 2 : 1))
    as mosquitto_pub "$identity" "$port" -q 1 -i "$id" -t "energy_meter/$id/data" -m hello "$@"
}

# The broker reads the list by its own clock; a certificate is refused from then on.
until_refused() { # IDENTITY
    local tries=0
    while may_connect "$1" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -le 100 ] || return 1
        sleep 0.05
    done
}

milliseconds() {
    echo $(($(date +%s%N) / 1000000))
}

within_five_seconds() { # WORDS PATTERN FILE SINCE_MS; prints how long it took
    wait_for "$2" "$3"
    local result=$? took=$(($(milliseconds) - $4))
    [ $result -eq 0 ] && [ $took -le 5000 ]
    report $? "$1"
    echo "figure: $1: $took ms"
}

say() { # IDENTITY TOPIC MESSAGE [ARGUMENTS...]: as itself
    local name=${1##*/}
    publish "$@" -i "${name%.*}"
}

hear() { # NAME IDENTITY FILTERS...
    local name=$1 identity=$2 filters=()
    shift 2
    for filter; do
        filters+=(-t "$filter")
    done
    listen "$name" "$identity" "$port" "${filters[@]}"
}

takes_over() { # ARGUMENTS of the attacker, who has the certificate of meter-2
    hear victim devices/meter-1 energy_meter/meter-1/ack
    may_connect devices/meter-2 "$@" >/dev/null 2>&1
    local taken
    taken=$(grep -c 'already connected, closing old connection' "$work/broker.log")
    stop_listening
    [ "$taken" -gt "${before_takeover:-0}" ]
    local result=$?
    before_takeover=$taken
    return $result
}

# Who asks for FILTER with the certificate of meter-2, and says so with WHAT was heard of meter-1.
overhears() { # FILTER
    hear spy devices/meter-2 "$1" energy_meter/meter-2/ack
    publish ohmd energy_meter/meter-1/command secret -i ohmd
    say devices/meter-1 energy_meter/meter-1/data secret
    publish ohmd energy_meter/meter-2/ack marker -i ohmd
    wait_for '^GOT .*marker' "$work/spy" || echo 'the marker is lost'
    stop_listening
    got spy secret
}

writes_to() { # TOPIC MESSAGE: with the certificate of meter-2; the server or meter-1 hears it
    hear server ohmd energy_meter/+/data energy_meter/+/batch
    hear meter devices/meter-1 energy_meter/meter-1/command
    say devices/meter-2 "$1" "$2"
    say devices/meter-2 energy_meter/meter-2/data marker
    wait_for '^GOT .*marker' "$work/server" || echo 'the marker is lost'
    publish ohmd energy_meter/meter-1/command marker -i ohmd
    wait_for '^GOT .*marker' "$work/meter" || echo 'the marker is lost'
    stop_listening
    got server "$2" || got meter "$2"
}

connect_packet() { # CLIENT_ID: MQTT 3.1.1, clean session, keep alive 60 s
    local rest id
    rest=$(printf %02x $((12 + ${#1}))) id=$(printf %02x ${#1})
    printf '%b%s' "\\x10\\x$rest\\x00\\x04MQTT\\x04\\x02\\x00\\x3c\\x00\\x$id" "$1"
}

# The broker's answer to CONNECT in a TLS session: "20020000" is welcome, "20020005" is not.
connack() { # s_client ARGUMENTS...
    { connect_packet meter-2; sleep 1; } | timeout 10 openssl s_client -connect "localhost:$port" -quiet -no_ign_eof \
        -CAfile "$work/pki/ca.pem" -cert "$certificates/meter-2/cert.pem" -key "$certificates/meter-2/key.pem" \
        "$@" 2>"$work/tls" | head -c 4 | od -An -tx1 | tr -d ' \n'
}

resumes() { # TLS 1.VERSION
    openssl s_client -connect "localhost:$port" -CAfile "$work/pki/ca.pem" -cert "$certificates/meter-2/cert.pem" \
        -key "$certificates/meter-2/key.pem" "-tls1_$1" -sess_in "$work/session$1" </dev/null 2>&1 | grep -q '^Reused, '
}

for device in meter-1 meter-2 meter-3; do
    "$root/tools/pki.sh" init "$work/pki" && "$root/tools/pki.sh" device "$work/pki" $device || exit 1
done
certificate() { # FOLDER [COMMON_NAME...]
    mkdir -p "$work/pki/${1%/*}"
    "$workshop" certificate "$work/pki/ca.pem" "$work/pki/ca_key.pem" "$work/pki/$1" "${@:2}" || exit 1
}
certificate devices/meter-1.new meter-1
certificate operator/eye eye
certificate devices/slash 'slash/x'
certificate devices/many '#'
certificate devices/one '+'
certificate devices/empty ''
certificate devices/none
certificate devices/two meter-1 two
certificate devices/accent 'm%C3%A9ter'
certificate devices/zero 'zero%00x'
certificate devices/long "$(printf 'x%.0s' {1..33})"
state[meter-1.new]=unknown

echo '# controls: without the guard the attacks succeed'
kind=naked
start_on_free_port configure
promise 'a client id is anybody'"'"'s' takes_over meter-1
for filter in energy_meter/meter-1/command '#' 'energy_meter/+/command' 'energy_meter/#' '+/+/command' '$share/group/energy_meter/+/command'; do
    promise "$filter overhears" overhears "$filter"
done
promise 'a batch is forged' writes_to energy_meter/meter-1/batch forged
promise 'a command is forged' writes_to energy_meter/meter-1/command forged
for name in slash many one empty none two accent zero long; do
    promise "a certificate with a bad name ($name) is let in" may_connect "devices/$name" meter-2
done
state[meter-2]=revoked
write_list
promise 'a revoked certificate is let in' may_connect devices/meter-2
[ "$(connack -tls1_2 -sess_out "$work/session")" = 20020000 ]
report $? 'and with a TLS session'
state[meter-2]=active
stop_broker

echo '# who is let in'
"$workshop" reports "$work/reports" >"$work/told" 2>&1 &
listeners_for_good=$!
rm -f "$identities"
kind=guarded
start_on_free_port configure
promise_not 'T-BRK-03 nobody while there is no list' may_connect devices/meter-1
write_list
promise 'a device that the list knows' may_connect devices/meter-1
promise 'with its own name as user name' may_connect devices/meter-1 meter-1 -u meter-1
promise 'over MQTT 5' may_connect devices/meter-1 meter-1 -V 5
promise 'the server' may_connect ohmd ohmd
promise 'an operator' may_connect operator/eye eye
promise_not 'not a certificate of the authority that the list does not have' may_connect devices/meter-1.new
promise_not 'not without a certificate' timeout 10 mosquitto_pub -h localhost -p "$port" --cafile "$work/pki/ca.pem" \
    -i meter-1 -q 1 -t energy_meter/meter-1/data -m none
for name in slash many one empty none two accent zero long; do
    promise_not "T-BRK-08 not a certificate with a bad name ($name)" may_connect "devices/$name"
done
promise_not 'T-BRK-08 not by claiming the name in the certificate' may_connect devices/slash slash/x
promise_not 'T-BRK-08 not by claiming one of two names' may_connect devices/two meter-1
promise_not 'not an extended authentication of MQTT 5' may_connect devices/meter-1 meter-1 -V 5 -D connect authentication-method none
state[meter-3]=pending
write_list
promise 'a certificate that was just issued' may_connect devices/meter-3
state[meter-3]=superseded
write_list
promise_not 'not one that was replaced' may_connect devices/meter-3
state[meter-3]=active
write_list
promise 'and one again as soon as the list says so' may_connect devices/meter-3

echo '# T-BRK-06: whose session it is'
before_takeover=$(grep -c 'already connected, closing old connection' "$work/broker.log")
promise_not 'another device cannot take a session over by client id' takes_over meter-1
promise_not 'nor by client id and user name' takes_over meter-1 -u meter-1
promise_not 'nor by user name' takes_over meter-2 -u meter-1
promise_not 'nor that of the server' takes_over ohmd -u ohmd
promise_not 'nor does it connect under another user name' may_connect devices/meter-2 meter-2 -u meter-1
promise_not 'nor is a client id given by the broker' as mosquitto_pub devices/meter-2 "$port" -V 5 -q 1 -t energy_meter/meter-2/data -m none
promise_not 'nor over MQTT 3.1.1' as mosquitto_pub devices/meter-2 "$port" -q 1 -t energy_meter/meter-2/data -m none
hear victim devices/meter-1 energy_meter/meter-1/ack
promise 'the device itself takes over its own' may_connect devices/meter-1
[ "$(grep -c 'already connected, closing old connection' "$work/broker.log")" -gt "$before_takeover" ]
report $? 'which ends the session before'
stop_listening

echo '# T-BRK-07: topics'
for filter in energy_meter/meter-1/command '#' 'energy_meter/+/command' 'energy_meter/#' '+/+/command' \
    '$share/group/energy_meter/+/command' '$share/group/energy_meter/meter-1/command' energy_meter/meter-1/data '$SYS/#' 'energy_meter/meter-2/#'; do
    promise_not "$filter overhears nothing" overhears "$filter"
    grep -q '^Subscribed (mid: 1): 128, 1$' "$work/spy"
    report $? 'and is refused when it is asked for'
done
for topic in batch data command; do
    promise_not "a device forges no $topic" writes_to energy_meter/meter-1/$topic forged
done
hear server ohmd energy_meter/+/batch energy_meter/+/data energy_meter/+/realtime energy_meter/+/relay_status \
    energy_meter/+/system_status energy_meter/+/command_result
hear meter_1 devices/meter-1 energy_meter/meter-1/ack energy_meter/meter-1/command energy_meter/meter-1/relay_control \
    energy_meter/meter-1/commands energy_meter/meter-1/lease
hear eye operator/eye energy_meter/+/data energy_meter/+/realtime energy_meter/+/relay_status energy_meter/+/system_status \
    energy_meter/+/batch energy_meter/+/command
grep -q '^Subscribed (mid: 1): 1, 1, 1, 1, 128, 128$' "$work/eye"
report $? 'an operator subscribes to what may be seen, and no more'
for topic in batch data realtime relay_status system_status command_result; do
    say devices/meter-2 energy_meter/meter-2/$topic "up-$topic"
done
for topic in energy_meter/meter-2/data/deeper energy_meter/meter-2/unknown energy_meter/data '$SYS/broker/x' '$CONTROL/x'; do
    say devices/meter-2 "$topic" beyond
done
say devices/meter-2 energy_meter/meter-2/data marker-up
for topic in batch data realtime relay_status system_status command_result; do
    promise "a device publishes its own $topic" arrived_before_marker server "up-$topic" marker-up
done
refused 'nothing beyond the contract' server beyond marker-up
for topic in data realtime relay_status system_status; do
    promise "an operator sees $topic" arrived_before_marker eye "up-$topic" marker-up
done
refused 'an operator sees no batch' eye up-batch marker-up
stop_listening
hear meter_1 devices/meter-1 energy_meter/meter-1/ack energy_meter/meter-1/command energy_meter/meter-1/relay_control \
    energy_meter/meter-1/commands energy_meter/meter-1/lease
say operator/eye energy_meter/meter-1/command by-operator
for topic in ack command relay_control commands lease; do
    say ohmd energy_meter/meter-1/$topic "down-$topic"
done
say ohmd energy_meter/meter-1/ack marker-down
for topic in ack command relay_control commands lease; do
    promise "a device reads its own $topic" arrived_before_marker meter_1 "down-$topic" marker-down
done
refused 'an operator commands nobody' meter_1 by-operator marker-down
kill -HUP "$broker"
wait_for 'Reloading config' "$work/broker.log"
say ohmd energy_meter/meter-1/ack after-reload
promise 'a reload of the configuration leaves sessions alone' wait_for '^GOT .*after-reload' "$work/meter_1"
stop_listening

echo '# T-BRK-01, -02: a certificate is revoked'
hear meter_1 devices/meter-1 energy_meter/meter-1/ack energy_meter/meter-1/command
hear meter_2 devices/meter-2 energy_meter/meter-2/ack energy_meter/meter-2/command
listen server ohmd "$port" -t energy_meter/+/system_status
[ "$(connack -tls1_2 -sess_out "$work/session2")" = 20020000 ] && [ "$(connack -tls1_3 -sess_out "$work/session3")" = 20020000 ]
report $? 'control: before, its TLS sessions open'
for version in 2 3; do
    [ "$(connack -tls1_$version -sess_in "$work/session$version")" = 20020000 ]
    report $? "control: and can be shown again over TLS 1.$version,"
    resumes $version
    report $? 'control: where they are resumed'
done
# The sessions above took over that of meter_2.
stop_listening
hear meter_1 devices/meter-1 energy_meter/meter-1/ack energy_meter/meter-1/command
listen meter_2 devices/meter-2 "$port" -t energy_meter/meter-2/command --will-topic energy_meter/meter-2/system_status --will-payload last-word
listen server ohmd "$port" -t energy_meter/+/system_status -t energy_meter/+/data
publish devices/meter-3 energy_meter/meter-3/data before -i meter-3
state[meter-2]=revoked
since=$(milliseconds)
write_list
within_five_seconds 'T-BRK-02 its live session is dropped' 'ended the session of meter-2: revoked' "$work/broker.log" "$since"
promise_not 'T-BRK-01 a new connection is refused' may_connect devices/meter-2
for version in 2 3; do
    [ "$(connack -tls1_$version -sess_in "$work/session$version")" = 20020005 ]
    report $? "T-BRK-05 and so is a resumed TLS 1.$version session"
done
say devices/meter-1 energy_meter/meter-1/data marker-will
refused 'its last will is not heard' server last-word marker-will
! grep -q 'ended the session of meter-1' "$work/broker.log"
report $? 'other sessions stay'
state[meter-2]=active
write_list
stop_listening

echo '# a certificate is replaced'
hear meter_1 devices/meter-1 energy_meter/meter-1/ack
state[meter-1.new]=pending
write_list
promise 'the new one connects while the old one is good' may_connect devices/meter-1.new
promise 'and the old one still does' may_connect devices/meter-1
stop_listening
hear meter_1 devices/meter-1 energy_meter/meter-1/ack
state[meter-1.new]=active state[meter-1]=superseded
since=$(milliseconds)
write_list
within_five_seconds 'the session of the old one is dropped' 'ended the session of meter-1: superseded' "$work/broker.log" "$since"
promise 'the new one connects' may_connect devices/meter-1.new
promise_not 'the old one does not' may_connect devices/meter-1
stop_listening
state[meter-1]=active state[meter-1.new]=unknown
write_list

echo '# what waits for a client that is away'
as mosquitto_sub devices/meter-3 "$port" -i meter-3 -c -q 1 -t energy_meter/meter-3/command -E
say ohmd energy_meter/meter-3/command while-good
state[meter-3]=revoked
write_list
until_refused devices/meter-3
wait_for 'refused meter-3 from .*: revoked' "$work/broker.log"
sleep 0.3 # The list is looked at four times a second, also while nobody knocks.
say ohmd energy_meter/meter-3/command while-revoked
state[meter-3]=active
write_list
as mosquitto_sub devices/meter-3 "$port" -i meter-3 -c -q 1 -t energy_meter/meter-3/command -W 2 -F 'GOT %t %p' >"$work/waited" 2>&1
got waited while-good
report $? 'control: what was sent before waits'
! got waited while-revoked
report $? 'what is sent to a revoked certificate does not'

echo '# T-BRK-03, -04: the list itself'
lost() { # WORDS PATTERN: after the list went bad, sessions end and nobody is let in
    within_five_seconds "T-BRK-03 $1: sessions end" "ended the session of meter-1: $2" "$work/broker.log" "$since"
    promise_not "T-BRK-03 $1: nobody is let in" may_connect devices/meter-2
    stop_listening
    now=now
    write_list
    promise "control: with a good list again, $1 is over" may_connect devices/meter-2
    : >"$work/broker.log"
}
begin() {
    hear meter_1 devices/meter-1 energy_meter/meter-1/ack
    since=$(milliseconds)
}
: >"$work/broker.log"
begin
rm "$identities"
lost 'a list that was removed' list_missing
begin
head -c -1 "$identities" >"$identities.part"
mv "$identities.part" "$identities"
lost 'a list that was cut short' list_corrupt
begin
printf XXXXXXXX | dd of="$identities" bs=8 seek=5 conv=notrunc 2>/dev/null
lost 'a list that was altered' list_corrupt
begin
chmod 666 "$identities"
lost 'a list that anybody may write' list_corrupt
begin
now=$(($(date +%s) - 86400 - 5))
write_list
lost 'a list older than a day' list_stale
now=$(($(date +%s) - 86400 + 600))
write_list
promise 'a list of almost a day is good' may_connect devices/meter-2
wait_for 'minutes old: is ohmd running' "$work/broker.log"
report $? 'T-BRK-04 and there is a warning long before'
now=now
write_list

echo '# what ohmd is told'
for line in 'list list_missing ' 'list allowed ' 'authorised allowed meter-1' 'refused revoked meter-2' 'refused bad_name ' \
    'refused other_client meter-2' 'refused other_user meter-2' 'disconnected revoked meter-2' 'disconnected superseded meter-1' 'disconnected allowed meter-1'; do
    grep -qx "$line" "$work/told"
    report $? "reported: $line"
done
kill $listeners_for_good
wait $listeners_for_good 2>/dev/null
promise 'the broker goes on when nobody listens to reports' may_connect devices/meter-1
kill -0 "$broker"
report $? 'and lives'

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
