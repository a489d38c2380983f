#!/bin/sh
# SPDX-License-Identifier: MIT
# Fails when a C file is not laid out as .clang-format says, which --fix mends, or when a merge left its marks in a file.
set -eu
cd "$(dirname "$0")/.."
mode='--dry-run --Werror'
[ "${1:-}" != --fix ] || mode=-i
# shellcheck disable=SC2086
git ls-files -z --cached --others --exclude-standard '*.c' '*.h' | xargs -0 -r clang-format $mode
! git --no-pager grep -nE '^(<<<<<<<|>>>>>>>) '
