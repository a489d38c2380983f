#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs clang-tidy over the sources of a configured build folder, newest change first.
# Usage: check_tidy.sh BUILD_FOLDER [SECONDS]; after SECONDS (default 600) the rest is named as not reached.
set -euo pipefail
cd "$(dirname "$0")/.."
database=$1/compile_commands.json
seconds=${2:-600}
[ -s "$database" ] || { echo "$database is missing: configure first" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

git ls-files --cached --others --exclude-standard '*.c' | while read -r file; do
    [ ! -e "$file" ] || ! grep -qF "$PWD/$file\"" "$database" || stat -c '%Y %n' "$file"
done | sort -rn | cut -d' ' -f2- >"$work/files"

check_one() {
    if [ "$(date +%s)" -ge "$3" ]; then
        echo "$1" >>"$4/late"
    elif clang-tidy --quiet --extra-arg=-Wno-unknown-warning-option -p "$2" "$1" >"$4/out.$$" 2>/dev/null; then
        echo "$1" >>"$4/good"
    else
        echo "$1" >>"$4/bad"
        cat "$4/out.$$"
    fi
}
export -f check_one
until=$(($(date +%s) + seconds))
xargs -r -d '\n' -P "$(nproc)" -I '{}' bash -c 'check_one "$@"' _ '{}' "$1" "$until" "$work" <"$work/files"
touch "$work/good" "$work/bad" "$work/late"
echo "clang-tidy: $(wc -l <"$work/good") clean, $(wc -l <"$work/bad") not, $(wc -l <"$work/late") not reached in $seconds s"
sed 's/^/not reached: /' "$work/late"
[ ! -s "$work/bad" ]
