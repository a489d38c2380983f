# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What the tests of ohm-device in shell say of each promise, kept or not. To be sourced after `work` is set, the folder
# of their logs.
work=${work:?}
passed=0
failed=0

report() { # RESULT PROMISE
    if [ "$1" -eq 0 ]; then
        passed=$((passed + 1))
        echo "ok      $2"
    else
        failed=$((failed + 1))
        echo "FAILED  $2"
        tail -n 5 "$work"/{device,broker,enrolment}.log 2>/dev/null | sed 's/^/        /'
    fi
}

wait_for() { # PATTERN FILE [SECONDS]
    local tries=0
    until grep -qE -- "$1" "$2" 2>/dev/null; do
        tries=$((tries + 1))
        [ $tries -le $((${3:-10} * 20)) ] || return 1
        sleep 0.05
    done
}

promise() { # WORDS PATTERN FILE [SECONDS]
    wait_for "$2" "$3" "${4:-10}"
    report $? "$1"
}
