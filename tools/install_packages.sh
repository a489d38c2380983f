#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the Debian packages of tools/packages.txt that are missing. Usage: install_packages.sh [--check] run [test]
# With --check it installs nothing, says what is missing and fails.
set -eu
cd "$(dirname "$0")"

check_only=no
if [ "${1:-}" = --check ]; then
    check_only=yes
    shift
fi

is_there() { # PACKAGE
    case $1 in
    # Any Node.js with an npm will do to fetch the one that the dashboard brings along.
    nodejs) command -v node >/dev/null || command -v nodejs >/dev/null ;;
    npm) command -v npm >/dev/null ;;
    *) [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] ;;
    esac
}

command -v dpkg-query >/dev/null || {
    echo 'This is no Debian: install the counterparts of tools/packages.txt yourself and start with --no-install.' >&2
    exit 1
}
missing=''
for kind; do
    # shellcheck disable=SC2013 # one word per line
    for package in $(sed -n "s/^$kind //p" packages.txt); do
        is_there "$package" || missing="$missing $package"
    done
done
[ -n "$missing" ] || exit 0
if [ "$check_only" = yes ]; then
    echo "missing packages:$missing" >&2
    exit 1
fi

as_root=''
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "missing packages:$missing" >&2
        echo "There is no sudo here; have root install them: apt-get install$missing" >&2
        exit 1
    }
    as_root=sudo
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # the list is split on purpose
if ! { $as_root apt-get -q update && $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qy --no-install-recommends install $missing; }; then
    echo "apt-get could not install:$missing" >&2
    exit 1
fi
