#!/bin/sh
# Runs one fuzz target over its kept corpus and then on for a short time. Usage: fuzz_briefly.sh TARGET CORPUS
# OHM_FUZZ_SECONDS (default 10) is the time; new findings go to a scratch folder, never to the corpus.
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
exec_target=$1
shift
"$exec_target" -max_total_time="${OHM_FUZZ_SECONDS:-10}" -print_final_stats=1 -artifact_prefix="$scratch/" "$scratch" "$@" || {
    for finding in "$scratch"/crash-* "$scratch"/oom-* "$scratch"/timeout-*; do
        [ -e "$finding" ] && { echo "input that broke it, in base64:"; base64 "$finding"; }
    done
    exit 1
}
