# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Starts and stops the pretended device of these tests. To be sourced after program is set.
set -u
program=${program:?}
work=$(mktemp -d)
failed=0
device=''

# shellcheck disable=SC2317
finish() {
    exec 7>&- 8<&-
    [ -z "$device" ] || wait "$device"
    rm -rf "$work"
}
trap finish EXIT

start() { # OPTIONS...: its address goes to $url, what it prints can be read from descriptor 8
    mkfifo "$work/in" "$work/out"
    "$program" "$@" <"$work/in" >"$work/out" &
    device=$!
    exec 7>"$work/in" 8<"$work/out"
    rm "$work/in" "$work/out"
    # shellcheck disable=SC2034 # For whoever sourced this.
    read -r -t 10 url <&8
}

stop() {
    exec 7>&- 8<&-
    wait "$device"
    device=''
}

judge() { # RESULT PROMISE EXPECTED ACTUAL
    if [ "$1" -eq 0 ]; then
        echo "ok      $2"
    else
        failed=$((failed + 1))
        printf 'FAILED  %s\n        expected %s\n        got      %s\n' "$2" "$3" "$4"
    fi
}
