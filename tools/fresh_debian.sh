#!/bin/bash
# SPDX-License-Identifier: MIT
# Proves the first command of the README in a minimal Debian 12: an ordinary user with sudo, a clone in a
# folder of its own, ./run.sh, and then a Chromium that signs in and switches a relay. Needs root and debootstrap.
#
#   tools/fresh_debian.sh [--keep] [--tests]
#
#   --keep    leave the root folder in place and say where it is
#   --tests   run ./test.sh there too
#
# Where packages come from is this machine's business: its apt sources, npm configuration and certificates are
# copied into the new root and nowhere else. OHM_TEST_DATA (default ../shared/data) is shown to ./test.sh.
# shellcheck disable=SC2016 # variables of the other side stay in single quotes
set -euo pipefail
cd "$(dirname "$0")/.."
repository=$PWD
keep=no tests=no
for argument; do
    case $argument in
    --keep) keep=yes ;;
    --tests) tests=yes ;;
    *)
        sed -n '3,12p' "$0" | sed 's/^# \{0,1\}//'
        exit 2
        ;;
    esac
done

fail() {
    echo "fresh_debian.sh: $*" >&2
    exit 1
}
[ "$(id -u)" -eq 0 ] || fail 'debootstrap and chroot need root'
command -v debootstrap >/dev/null || fail 'debootstrap is missing (Debian: apt-get install debootstrap)'

step() {
    printf '%4d s  %s\n' "$SECONDS" "$*"
}

fresh=$(mktemp -d /var/tmp/ohm-fresh-XXXXXX)
chmod 755 "$fresh"
person=person
# A space in the path is part of the proof.
folder="/home/$person/some projects/ohmstead"
run_pid=''

leave() {
    if [ -n "$run_pid" ]; then
        kill -INT "$run_pid" 2>/dev/null && wait "$run_pid"
    fi
    for place in dev/shm dev/pts dev/null dev/zero dev/full dev/random dev/urandom dev/tty dev/ptmx proc; do
        umount "$fresh/$place" 2>/dev/null || true
    done
    if [ $keep = yes ]; then
        echo "kept: $fresh"
    elif mount | grep -qF " $fresh/"; then
        echo "still mounted below $fresh; not removed" >&2
    else
        rm -rf --one-file-system "$fresh"
    fi
}
trap leave EXIT

# ---- a minimal root -------------------------------------------------------------------------------

# The stanzas and lines of this machine that name Debian's own archive.
sources=$(grep -lE '^[^#]*(bookworm|Suites:.*bookworm)' /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null |
    xargs -r grep -lE 'main' | xargs -r grep -lvE 'cloud-sdk' || true)
[ -n "$sources" ] || fail 'no apt source of Debian 12 on this machine'
# shellcheck disable=SC2086
mirror=$(sed -nE 's/^URIs: *([^ ]+).*/\1/p; s/^deb (\[[^]]*\] )?([^ ]+) bookworm main.*/\2/p' $sources | head -1)
step 'debootstrap'
debootstrap --variant=minbase bookworm "$fresh" "$mirror" >"$fresh.log" 2>&1 || { tail -5 "$fresh.log"; fail 'debootstrap failed'; }
rm -f "$fresh.log"

mount -t proc proc "$fresh/proc"
for device in null zero full random urandom tty; do
    touch "$fresh/dev/$device"
    mount --bind "/dev/$device" "$fresh/dev/$device"
done
mkdir -p "$fresh/dev/shm" "$fresh/dev/pts"
mount -t tmpfs tmpfs "$fresh/dev/shm"
chmod 1777 "$fresh/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$fresh/dev/pts" || true
[ -e "$fresh/dev/ptmx" ] || ln -s pts/ptmx "$fresh/dev/ptmx"

# How this machine reaches its package archives.
rm -f "$fresh/etc/apt/sources.list"
for file in $sources; do
    cp "$file" "$fresh$file"
done
for file in /etc/apt/apt.conf.d/*; do
    grep -qE '^ *Acquire::' "$file" && cp "$file" "$fresh/etc/apt/apt.conf.d/"
done
cp -L /etc/resolv.conf /etc/hosts "$fresh/etc/"
mkdir -p "$fresh/usr/local/share/ca-certificates"
cp /usr/local/share/ca-certificates/*.crt "$fresh/usr/local/share/ca-certificates/" 2>/dev/null || true

step 'an ordinary user with sudo'
inside() {
    chroot "$fresh" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"
}
inside apt-get -q update >"$fresh/root/apt.log" 2>&1 || { tail -20 "$fresh/root/apt.log"; fail 'apt-get update failed'; }
inside apt-get -qy --no-install-recommends install sudo ca-certificates >>"$fresh/root/apt.log" 2>&1 || { tail -20 "$fresh/root/apt.log"; fail 'apt-get install failed'; }
inside useradd --create-home --shell /bin/bash $person
echo "$person ALL=(ALL) NOPASSWD: ALL" >"$fresh/etc/sudoers.d/$person"
npm config list --location=user 2>/dev/null | grep -E '^[a-z-]+ = ' | grep -E '^(registry|cafile|strict-ssl|proxy|https-proxy|noproxy) ' >"$fresh/home/$person/.npmrc" || true
npm config list --location=global 2>/dev/null | grep -E '^(registry|cafile|proxy|https-proxy|noproxy) = ' >>"$fresh/home/$person/.npmrc" || true

step 'a clone in another folder'
mkdir -p "$(dirname "$fresh$folder")"
git clone -q --no-hardlinks "$repository" "$fresh$folder"
if [ -d "${OHM_TEST_DATA:-$repository/../shared/data}" ] && [ $tests = yes ]; then
    mkdir -p "$fresh$folder/../shared"
    cp -r "${OHM_TEST_DATA:-$repository/../shared/data}" "$fresh$folder/../shared/data"
fi
inside chown -R $person:$person "/home/$person"

as_person() { # COMMAND, run by a shell from the user's home
    chroot --userspec=$person:$person --groups=$person "$fresh" /usr/bin/env -i --default-signal=INT PATH=/usr/bin:/bin HOME=/home/$person USER=$person \
        LC_ALL=C.UTF-8 ${NODE_EXTRA_CA_CERTS:+NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt} OHM_FOLDER="$folder" \
        OHM_HTTPS_PORT=18443 OHM_HTTP_PORT=18080 OHM_MQTT_PORT=18883 OHM_DEVICES_PORT=18445 \
        /bin/bash -c "cd; $1"
}

# ---- the first command ----------------------------------------------------------------------------

wait_for_line() { # PATTERN FILE SECONDS
    local end=$((SECONDS + $3))
    until grep -qE -- "$1" "$2"; do
        kill -0 "$run_pid" 2>/dev/null || { cat "$2"; fail './run.sh ended'; }
        [ $SECONDS -lt $end ] || { cat "$2"; fail "./run.sh did not say '$1' within $3 s"; }
        sleep 0.2
    done
}

start() { # LOG
    local begin=$SECONDS
    as_person 'echo $$ >run.pid; exec "$OHM_FOLDER/run.sh"' >"$fresh/home/$person/$1" 2>&1 &
    run_pid=$!
    wait_for_line '^Dashboard:' "$fresh/home/$person/$1" "$2"
    step "./run.sh is ready after $((SECONDS - begin)) s"
}

stop() {
    local pid
    pid=$(cat "$fresh/home/$person/run.pid")
    kill -INT "$pid"
    wait "$run_pid" || true
    run_pid=''
    for process in /proc/[0-9]*; do
        if [ "$(readlink "$process/root" 2>/dev/null)" = "$fresh" ]; then
            fail "left running after Ctrl-C: $(tr '\0' ' ' <"$process/cmdline")"
        fi
    done
}

step './run.sh, the first time'
start first.log 1800
cat "$fresh/home/$person/first.log"
password=$(sed -nE 's/^ *[Pp]assword: *([^ ]+).*/\1/p' "$fresh/home/$person/first.log" | tail -1)
[ -n "$password" ] || fail './run.sh did not show a password'

step 'Chromium signs in and switches a relay'
inside apt-get -qy --no-install-recommends install chromium >>"$fresh/root/apt.log" 2>&1 || { tail -20 "$fresh/root/apt.log"; fail 'no chromium'; }
as_person "cd \"\$OHM_FOLDER/dashboard\"; PATH=\$(../tools/node.sh):\$PATH; BASE_URL=https://localhost:18443 OHM_USERNAME=admin \
    OHM_PASSWORD='$password' npm run --silent browser" || fail 'the browser was not content'

step 'Ctrl-C'
stop

step './run.sh, the second time'
start second.log 60
if grep -qiE '^ *password:' "$fresh/home/$person/second.log"; then
    fail 'the password was shown again'
fi
as_person "cd \"\$OHM_FOLDER/dashboard\"; PATH=\$(../tools/node.sh):\$PATH; BASE_URL=http://localhost:18080 OHM_USERNAME=admin \
    OHM_PASSWORD='$password' npm run --silent browser relay" || fail 'the browser was not content with the kept data'
stop

if [ $tests = yes ]; then
    step './test.sh'
    as_person 'CI=true "$OHM_FOLDER/test.sh" </dev/null' || fail './test.sh failed'
fi
step 'proved'
