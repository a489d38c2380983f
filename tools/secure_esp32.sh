#!/bin/bash
# SPDX-License-Identifier: MIT
# Turns Secure Boot v2 and flash encryption on, for an ESP32 of your own and for good. Off unless you ask for it;
# docs/hardware.md says what it is worth and what it costs.
# Usage: secure_esp32.sh explain
#        secure_esp32.sh key KEY_FILE                makes a signing key (RSA 3072); keep it outside of any repository
#        secure_esp32.sh build TARGET KEY_FILE       builds and signs; TARGET is esp32, esp32s3 or esp32c3
#        secure_esp32.sh look PORT                   shows the chip's eFuses; changes nothing
#        secure_esp32.sh burn TARGET PORT            writes it; the chip's first start then burns its eFuses
# Needs ESP-IDF's environment (. export.sh), v5.3 to v5.5.
set -euo pipefail
project=$(cd "$(dirname "$0")/../firmware/ports/esp_idf" && pwd)

fail() {
    echo "secure_esp32: $*" >&2
    exit 1
}

explain() {
    cat <<'END'
What it does
  Secure Boot v2: the chip starts only a bootloader, and that only a program, signed with your key.
  Flash encryption, release mode: what lies in flash can be read on this one chip alone.
  Both are kept in eFuses. An eFuse is burnt once and never again.

What it costs, for ever
  - Lose the signing key, and no new program will ever run on the chip.
  - Let others have it, and Secure Boot is worth nothing. There is one key for an ESP32; S3 and C3 hold up to three.
  - The serial port no longer writes or reads the flash in the clear. Updates go over the network, or not at all.
  - JTAG is off. A chip that was interrupted or got a broken image at the wrong moment may be lost.
  - On an ESP32, chip revision 3.0 or newer is needed.

Order: key, build, look, burn. Try it on a chip that you can do without.
END
}

need_idf() {
    command -v idf.py >/dev/null || fail 'idf.py is not there: run ". ~/esp/esp-idf/export.sh" first'
}

check_target() { # TARGET
    case $1 in
    esp32 | esp32s3 | esp32c3) ;;
    *) fail "$1 is not esp32, esp32s3 or esp32c3" ;;
    esac
}

idf() { # TARGET ARGUMENTS...
    local folder=$project/build/secure_$1
    shift
    idf.py -C "$project" -B "$folder" -D "SDKCONFIG=$folder/sdkconfig" \
        -D 'SDKCONFIG_DEFAULTS=sdkconfig.defaults;sdkconfig.defaults.secure' "$@"
}

make_key() { # KEY_FILE
    [ ! -e "$1" ] || fail "$1 is there already; a signing key is never written over"
    (umask 077 && openssl genrsa -out "$1" 3072 2>/dev/null) || fail "openssl could not write $1"
    echo "$1 is the signing key. Keep two copies where nobody else comes; without it the devices take no program any more."
}

sign() { # TARGET KEY_FILE IMAGE
    idf "$1" secure-sign-data --version 2 --keyfile "$2" --output "${3%.bin}-signed.bin" "$3"
    idf "$1" secure-verify-signature --version 2 --keyfile "$2" "${3%.bin}-signed.bin"
}

build() { # TARGET KEY_FILE
    check_target "$1"
    [ -r "$2" ] || fail "$2 cannot be read: make it with secure_esp32.sh key"
    local key folder=$project/build/secure_$1 program
    key=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
    mkdir -p "$folder"
    idf "$1" set-target "$1" build
    program=$(program_of "$folder")
    sign "$1" "$key" "$folder/bootloader/bootloader.bin"
    sign "$1" "$key" "$program"
    echo "Signed. Nothing was written to a chip yet: next is secure_esp32.sh look PORT."
}

program_of() { # FOLDER
    local name
    name=$(sed -n 's/^ *"app_bin": *"\(.*\)",*$/\1/p' "$1/project_description.json")
    [ -n "$name" ] || fail "$1 has no program: build first"
    echo "$1/$name"
}

offset_of() { # PARTITION
    local offset
    offset=$(awk -F, -v name="$1" '$1 == name { gsub(/ /, "", $4); print $4 }' "$project/partitions.csv")
    [[ $offset == 0x* ]] || fail "partitions.csv has no $1"
    echo "$offset"
}

burn() { # TARGET PORT
    check_target "$1"
    local folder=$project/build/secure_$1 program bootloader=0x0 table data slot signed answer
    program=$(program_of "$folder")
    table=$(sed -n 's/^CONFIG_PARTITION_TABLE_OFFSET=//p' "$folder/sdkconfig")
    data=$(offset_of otadata)
    slot=$(offset_of ota_0)
    [ "$1" != esp32 ] || bootloader=0x1000
    for signed in "$folder/bootloader/bootloader-signed.bin" "${program%.bin}-signed.bin"; do
        [ -e "$signed" ] || fail "$signed is not there: run secure_esp32.sh build first"
    done
    idf.py -C "$project" -B "$folder" -p "$2" efuse-summary
    explain
    echo
    [ -t 0 ] || fail 'this asks a person; it does not run without a terminal'
    read -r -p "Type  for ever  to write this to the $1 at $2 and let it burn its eFuses: " answer
    [ "$answer" = 'for ever' ] || fail 'nothing was written'
    python -m esptool --chip "$1" -p "$2" --before default_reset --after no_reset write_flash \
        --flash_mode dio --flash_size keep \
        "$bootloader" "$folder/bootloader/bootloader-signed.bin" \
        "$table" "$folder/partition_table/partition-table.bin" \
        "$data" "$folder/ota_data_initial.bin" \
        "$slot" "${program%.bin}-signed.bin"
    echo 'Written. The next start burns the eFuses and encrypts the flash, which takes about a minute: do not cut the power.'
    echo "Watch it: idf.py -C $project -B $folder -p $2 monitor"
}

case "${1:-} $#" in
'explain 1') explain ;;
'key 2') make_key "$2" ;;
'build 3') need_idf && build "$2" "$3" ;;
'look 2') need_idf && idf.py -C "$project" -p "$2" efuse-summary ;;
'burn 3') need_idf && burn "$2" "$3" ;;
*) sed -n '3,/^set /s/^# //p' "$0" >&2; exit 2 ;;
esac
