#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds and starts one energy meter, its broker and its server. See --help.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
root=$PWD

usage() {
    cat <<'END'
Usage: ./run.sh [--lab] [--no-install] [--build-only]

On a fresh Debian 12: installs what is missing (apt, npm), builds, makes a private certificate authority and an
administrator, starts the broker, the server and an energy meter on synthesised mains, sets the meter up over a
simulated radio so that the server certifies it, and says where the dashboard is. Ctrl-C stops everything that
it started. The next start is quick and keeps the data.

  --lab          also open the lab listener: flat topics of the older meters, free client ids. For a bench only.
  --no-install   install no Debian package; say what is missing instead
  --build-only   stop when everything is built

OHM_HOME         where keys, configuration, data and logs live   (default: .run beside this script)
OHM_HTTPS_PORT   the dashboard and the REST interface over TLS   (default: 8443)
OHM_HTTP_PORT    the same for browsers on this machine only      (default: 8080)
OHM_MQTT_PORT    the broker's device listener                    (default: 8883)
OHM_DEVICES_PORT the server's listener for devices that enrol    (default: 8445)
OHM_LAB_PORT     the lab listener                                (default: 8884)
OHM_HOST_NAMES   more host names for the server certificates, separated by spaces
OHM_DEVICE       the name of the meter                           (default: meter-1)
END
}

lab=no install=yes build_only=no
while [ $# -gt 0 ]; do
    case $1 in
    --lab) lab=yes ;;
    --no-install) install=no ;;
    --build-only) build_only=yes ;;
    -h | --help) usage; exit 0 ;;
    *) echo "run.sh: $1: there is no such option; try --help" >&2; exit 2 ;;
    esac
    shift
done

https_port=${OHM_HTTPS_PORT:-8443}
http_port=${OHM_HTTP_PORT:-8080}
mqtt_port=${OHM_MQTT_PORT:-8883}
devices_port=${OHM_DEVICES_PORT:-8445}
lab_port=${OHM_LAB_PORT:-8884}
device=${OHM_DEVICE:-meter-1}
export PATH=$PATH:/usr/sbin:/sbin
umask 077

fail() {
    echo "run.sh: $*" >&2
    exit 1
}

home=${OHM_HOME:-$root/.run}
mkdir -p "$home/log" 2>/dev/null || fail "cannot make $home; choose another folder with OHM_HOME"
[ -w "$home" ] || fail "cannot write to $home; choose another folder with OHM_HOME"
home=$(cd "$home" && pwd)
pki=$home/pki
# Certificates come from ohmd's own authority. The lab listener, which excludes the broker's guard, and what was
# made before there was such an authority go by those of tools/pki.sh.
authority=$home/authority
if [ $lab = yes ] || { [ ! -d "$authority" ] && [ -s "$pki/ca.pem" ]; }; then
    authority=
fi
build=$root/build/run

step() {
    printf '%3d s  %s\n' "$SECONDS" "$*"
}

# Runs a command that takes a while; its output is shown only when it fails.
quietly() { # LOG COMMAND...
    local log=$home/log/$1
    shift
    "$@" >"$log" 2>&1 && return
    tail -40 "$log" >&2
    fail "that failed: $* (whole output: $log)"
}

# ---- nothing else on our ports --------------------------------------------------------------------

listening() { # PORT
    local hex
    hex=$(printf ':%04X' "$1")
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port="$hex" '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }'
}

check_port() { # PORT VARIABLE WHAT
    case $1 in
    '' | *[!0-9]* | ??????*) fail "$2=$1 is not a port" ;;
    esac
    if listening "$1"; then
        fail "port $1 ($3) is in use by another program; choose another with $2=PORT ./run.sh"
    fi
}

check_ports() {
    check_port "$https_port" OHM_HTTPS_PORT 'dashboard over TLS'
    check_port "$http_port" OHM_HTTP_PORT 'dashboard on this machine'
    check_port "$mqtt_port" OHM_MQTT_PORT broker
    [ -z "$authority" ] || check_port "$devices_port" OHM_DEVICES_PORT 'listener for devices'
    [ $lab = no ] || check_port "$lab_port" OHM_LAB_PORT 'lab listener'
}

exec 9>"$home/lock"
command -v flock >/dev/null || fail 'flock is missing (Debian: util-linux)'
flock -n 9 || fail "already running with the data in $home; stop that one, or use another folder with OHM_HOME"
[ $build_only = yes ] || check_ports

# ---- install and build ----------------------------------------------------------------------------

if [ $install = yes ]; then
    tools/install_packages.sh --check run 2>/dev/null || step 'Installing Debian packages'
    tools/install_packages.sh run 9>&- || fail 'the packages above are needed'
else
    tools/install_packages.sh --check run || fail 'install them, or start without --no-install'
fi

build_programs() {
    if [ ! -e "$build/build.ninja" ]; then
        quietly configure.log cmake --preset release -B "$build" -DBUILD_TESTING=OFF -DCMAKE_COMPILE_WARNING_AS_ERROR=OFF
    fi
    [ -x "$build/server/daemon/ohmd/ohmd" ] || step 'Building ohmd, ohm-device and ohm'
    quietly build.log cmake --build "$build" --target ohmd ohm-device ohm ohm_guard
}

dashboard_is_new() {
    [ -e dashboard/dist/index.html ] &&
        [ -z "$(find dashboard -name node_modules -prune -o -path dashboard/dist -prune -o -type f -newer dashboard/dist/index.html -print -quit)" ]
}

build_dashboard() {
    local node
    dashboard_is_new && return
    step 'Building the dashboard'
    node=$(tools/node.sh 9>&-) || fail 'the dashboard needs Node.js (see above)'
    local PATH=$node:$PATH
    quietly npm.log npm --prefix dashboard ci --no-audit --no-fund
    quietly dashboard.log npm --prefix dashboard run build
    touch dashboard/dist/index.html
}

build_programs 9>&-
build_dashboard 9>&-
[ $build_only = no ] || exit 0

# ---- keys and configuration -----------------------------------------------------------------------

lab_device='lab-meter'
# The lab listener and the guard exclude each other; see tools/broker_config.sh.
broker_options=(--guard "$build/server/guard/ohm_guard/ohm_guard.so" --identities "$home/ohmd/identities")
guard_socket=$home/ohmd/guard.sock
if [ ${#guard_socket} -lt 108 ]; then # sun_path of unix(7)
    broker_options+=(--reports "$guard_socket")
else
    guard_socket=
fi
if [ -n "$authority" ]; then
    [ -d "$authority" ] || step 'Making a private certificate authority'
    quietly authority.log "$build/cli/ohm/ohm" pki init "$authority" ${OHM_HOST_NAMES:+--host "$OHM_HOST_NAMES"}
    ca=$authority/root.pem
    broker_options+=(--pki "$authority" --ca "$authority/trust.pem")
else
    [ -s "$pki/ca.pem" ] || step 'Making a private certificate authority'
    [ $lab = yes ] || step "Going on with the certificates of tools/pki.sh in $pki; docs/operations.md says how to change to the server's own authority"
    { tools/pki.sh init "$pki" && tools/pki.sh device "$pki" "$device"; } 9>&- || fail 'no certificates'
    ca=$pki/ca.pem
    broker_options+=(--pki "$pki")
fi
if [ $lab = yes ]; then
    { tools/pki.sh device "$pki" $lab_device && tools/pki.sh operator "$pki" bench; } 9>&- || fail 'no certificates for the lab'
    broker_options=(--pki "$pki" --lab-port "$lab_port" --lab-device "$lab_device")
fi
tools/broker_config.sh --dir "$home/broker" --port "$mqtt_port" "${broker_options[@]}" || fail 'no broker configuration'

# Key files and folders must be named in full: the programs run in folders of their own.
write_ohmd_config() {
    mkdir -p "$home/ohmd"
    cat >"$home/ohmd/ohmd.conf" <<END
# Written by run.sh; changes are lost at the next start.
store_path = $home/ohmd/fleet.db
accounts_path = $home/ohmd/accounts.db
administrator_password_file = $home/ohmd/first-password
broker_host = localhost
broker_port = $mqtt_port
command_key_file = $home/ohmd/command_key.pem
https_port = $https_port
http_local = true
http_local_port = $http_port
dashboard_folder = $root/dashboard/dist
END
    {
        if [ -n "$authority" ]; then
            echo "authority_folder = $authority"
            echo "authority_hosts = ${OHM_HOST_NAMES:-}"
            echo "devices_port = $devices_port"
        else
            echo "broker_ca_file = $pki/ca.pem"
            echo "broker_certificate_file = $pki/ohmd/cert.pem"
            echo "broker_key_file = $pki/ohmd/key.pem"
            echo "https_certificate_file = $pki/https/cert.pem"
            echo "https_key_file = $pki/https/key.pem"
        fi
        if [ $lab = yes ]; then
            echo "lab_device = $lab_device"
        else
            echo "identity_list_file = $home/ohmd/identities"
            [ -n "$authority" ] || echo "identity_folder = $pki"
            [ -z "$guard_socket" ] || echo "guard_socket = $guard_socket"
        fi
    } >>"$home/ohmd/ohmd.conf"
}

write_device_config() { # NAME PORT EXTRA_LINE...
    local folder=$home/devices/$1
    mkdir -p "$folder"
    {
        echo '# Written by run.sh; changes are lost at the next start.'
        echo "device_id = $1"
        echo "data_dir = $folder"
        echo 'adc_source = synthesizer'
        # For the demonstration: something to see soon, and again every few minutes.
        echo 'spectrum_ms = 10000'
        echo 'disturbances = dip:300 swell:600 interruption:1800 harmonics:900'
        echo 'snapshots_per_hour = 20'
        echo 'broker_host = localhost'
        echo "broker_port = $2"
        echo "ca = $ca"
        if [ -n "$authority" ]; then
            echo 'provisioning = yes'
            echo "server_url = https://localhost:$devices_port"
            echo "radio_script = $folder/radio"
            echo "label_file = $folder/label"
            echo 'portal_port = 0'
        else
            echo "cert = $pki/devices/$1/cert.pem"
            echo "key = $pki/devices/$1/key.pem"
        fi
        shift 2
        [ $# -eq 0 ] || printf '%s\n' "$@"
    } >"$folder/ohm-device.conf"
}

write_ohmd_config
write_device_config "$device" "$mqtt_port"
[ $lab = no ] || write_device_config $lab_device "$lab_port" 'root_topic = energy_meter' 'seed_profile = yes'

# ---- start, wait, stop ----------------------------------------------------------------------------

# Everything started here, in order; stopped by these numbers and in the opposite order, so that the
# meter can still deliver.
pids=()
names=()

start() { # NAME LOG COMMAND...
    local name=$1 log=$home/log/$2
    shift 2
    [ ! -s "$log" ] || mv "$log" "$log.1"
    # In a session of its own, so that Ctrl-C reaches this script alone and the order of stopping is ours.
    setsid "$@" </dev/null >"$log" 2>&1 9>&- &
    pids+=($!)
    names+=("$name ($log)")
}

stop_all() {
    local i tries
    trap '' INT TERM HUP
    for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
        kill -TERM "${pids[i]}" 2>/dev/null || continue
        for ((tries = 0; tries < 100; tries++)); do
            kill -0 "${pids[i]}" 2>/dev/null || break
            sleep 0.1
        done
        if kill -KILL "${pids[i]}" 2>/dev/null; then
            echo "run.sh: ${names[i]} did not stop by itself within 10 s" >&2
        fi
    done
    wait
    pids=()
}

interrupted() {
    echo
    step 'Stopping'
    stop_all
    exit 130
}
trap interrupted INT TERM HUP
trap stop_all EXIT

# Stops everything when a program has ended, and says which and why.
check_alive() {
    local i
    for i in "${!pids[@]}"; do
        kill -0 "${pids[i]}" 2>/dev/null && continue
        tail -5 "$(sed -E 's/.*\((.*)\)/\1/' <<<"${names[i]}")" >&2
        fail "${names[i]%% *} has ended; everything else is stopped too"
    done
}

wait_until() { # WHAT COMMAND...
    local what=$1 tries
    shift
    for ((tries = 0; tries < 600; tries++)); do
        "$@" 2>/dev/null && return
        check_alive
        sleep 0.05
    done
    fail "waited 30 s in vain until $what; see $home/log"
}

server_is_well() {
    local reply=''
    exec 8<>"/dev/tcp/127.0.0.1/$http_port" || return 1
    printf 'GET /healthz HTTP/1.0\r\nHost: localhost:%s\r\n\r\n' "$http_port" >&8
    read -r -t 2 reply <&8
    exec 8>&-
    [[ $reply == *' 200 '* ]]
}

ulimit -n "$(ulimit -Hn)" 2>/dev/null
# Once in the life of a meter's folder; whoever takes its certificate away later means it.
token=
if [ -n "$authority" ] && [ ! -e "$home/devices/$device/is-set-up" ]; then
    [ -s "$home/devices/$device/radio" ] || tools/set_up_meter.sh radio >"$home/devices/$device/radio"
    token=$("$build/server/daemon/ohmd/ohmd" --config "$home/ohmd/ohmd.conf" --token "$device") || fail 'no token for the meter'
fi
step 'Starting the broker, the server and the meter'
start mosquitto broker.log mosquitto -c "$home/broker/mosquitto.conf"
wait_until 'the broker listens' grep -q ' running$' "$home/log/broker.log"
start ohmd ohmd.log "$build/server/daemon/ohmd/ohmd" --config "$home/ohmd/ohmd.conf"
start ohm-device "$device.log" "$build/firmware/apps/energy_meter/ohm-device" --config "$home/devices/$device/ohm-device.conf"
[ $lab = no ] ||
    start ohm-device "$lab_device.log" "$build/firmware/apps/energy_meter/ohm-device" --config "$home/devices/$lab_device/ohm-device.conf"
wait_until 'the server is well' server_is_well
if [ -n "$token" ]; then
    step 'Setting the meter up'
    tools/set_up_meter.sh provision "$home/devices/$device/radio" "$home/log/$device.log" "$device" 9>&- <<<"$token" || fail "the meter cannot be set up; see $home/log/$device.log"
fi
# A meter whose certificate was revoked stays out, and everything else runs.
wait_until 'the meter is connected' grep -qE "as $device |refused $device from .*: revoked" "$home/log/broker.log"
if grep -q "as $device " "$home/log/broker.log"; then
    [ -z "$authority" ] || : >"$home/devices/$device/is-set-up"
    step 'Ready'
else
    step "Ready, but $device is kept out: its certificate was revoked (docs/operations.md, \"Identity\")"
fi

echo
echo "Dashboard:      https://localhost:$https_port  (certificate of the private authority $ca)"
echo "on this machine http://localhost:$http_port"
if [ -s "$home/ohmd/first-password" ]; then
    echo "User name:      admin"
    echo "Password:       $(cat "$home/ohmd/first-password")  (shown this once; keep it)"
    rm -f "$home/ohmd/first-password"
else
    echo "Sign-in:        admin, with the password of the first start"
    printf '                (lost? stop, then: %q --config %q --reset-administrator)\n' \
        "$build/server/daemon/ohmd/ohmd" "$home/ohmd/ohmd.conf"
fi
printf 'Command line:   %q login --ca %q https://localhost:%s\n' "$build/cli/ohm/ohm" "$ca" "$https_port"
echo "Logs and data:  $home"
if [ $lab = yes ]; then
    mkdir -p "$home/lab/certs"
    cp "$pki/ca.pem" "$home/lab/certs/ca_cert.crt"
    cp "$pki/operators/bench/cert.pem" "$home/lab/certs/esp32_cert.crt"
    cp "$pki/operators/bench/key.pem" "$home/lab/certs/esp32_key.key"
    cat <<END

*** THE LAB LISTENER IS OPEN on port $lab_port: flat topics, client ids as claimed. Not for a fleet. ***
    cd "$home/lab" && mosquitto_pub -h localhost -p $lab_port --cafile certs/ca_cert.crt --cert certs/esp32_cert.crt \\
        --key certs/esp32_key.key -t energy_meter/relay_control -m '{"action":"set_relay","relay":0,"state":true}'
END
fi
echo
echo 'Ctrl-C stops everything.'

while check_alive; do
    # Interrupted by the signals above, and by the end of any program.
    wait -n 2>/dev/null
done
