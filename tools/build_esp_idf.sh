#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds the ESP-IDF port with the SDK at IDF_PATH, or tidy-checks it.
# Usage: build_esp_idf.sh esp32|esp32s3|esp32c3|qemu|tidy
#   qemu  the image of the emulator (esp32c3 with sdkconfig.defaults.qemu)
#   tidy  clang-tidy over the port's files, as ESP-IDF's clang compiles them for esp32c3; needs
#         `idf_tools.py install esp-clang`
set -eo pipefail
cd "$(dirname "$0")/.."
root=$PWD
project=$root/firmware/ports/esp_idf
[ -e "${IDF_PATH:-}/export.sh" ] || { echo 'build_esp_idf: IDF_PATH is not the folder of ESP-IDF' >&2; exit 2; }
# shellcheck source=/dev/null
command -v idf.py >/dev/null || . "$IDF_PATH/export.sh" >/dev/null

idf() { # NAME TARGET DEFAULTS ARGUMENTS...
    local folder=$root/build/esp_idf/$1 target=$2 defaults=$3
    shift 3
    mkdir -p "$folder"
    # The folder may be of another release of the SDK or of another target.
    rm -f "$folder/sdkconfig"
    IDF_TARGET=$target idf.py -C "$project" -B "$folder" -D "SDKCONFIG=$folder/sdkconfig" \
        -D "SDKCONFIG_DEFAULTS=$defaults" "$@"
}

case ${1:-} in
esp32 | esp32s3 | esp32c3) idf "$1" "$1" sdkconfig.defaults build ;;
qemu) idf qemu esp32c3 'sdkconfig.defaults;sdkconfig.defaults.qemu' build ;;
tidy)
    export IDF_TOOLCHAIN=clang
    idf tidy esp32c3 sdkconfig.defaults reconfigure
    tools/check_tidy.sh build/esp_idf/tidy 600 | tee "$root/build/esp_idf/tidy.log"
    # The database of a project that did not configure would be clean, too.
    ! grep -q '^clang-tidy: 0 clean' "$root/build/esp_idf/tidy.log"
    ;;
*) sed -n '3,/^set /s/^# //p' "$0" >&2; exit 2 ;;
esac
