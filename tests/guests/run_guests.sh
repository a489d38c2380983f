#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds the portable core for machines without an operating system and runs it there, in QEMU.
# Usage: run_guests.sh build|digests|fast_math|cost
#   build      all of them: x86-64 by gcc and by clang, Cortex-M4F, rv32imc, and x86-64 with -ffast-math
#   digests    every machine prints what it computed as SHA-256; all must be the same
#   fast_math  a compiler that rearranges floating point must give itself away in every set
#   cost       instructions and memory for eight channels at 10 kHz. With harmonics in rotation they are held
#              against 96 KB and 15 % of a core; with those of all channels at once they are printed.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
folder=$root/build/guests
machines='x86-64-gcc x86-64-clang cortex-m4f rv32imc'

configure() { # NAME CMAKE_ARGUMENTS...
    local name=$1
    shift
    cmake -G Ninja -S "$root/tests/guests" -B "$folder/$name" -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_C_FLAGS_RELEASE=-O2 -DCMAKE_COMPILE_WARNING_AS_ERROR=ON "$@"
}

# The machines have room for a voltage and eight currents, as a small device has; x86-64 by gcc has room for 16
# inputs. That must make no difference either.
build() {
    configure x86-64-gcc -DCMAKE_C_COMPILER=gcc
    configure x86-64-clang -DCMAKE_C_COMPILER=clang -DOHM_ADC_INPUTS=9 -DOHM_SMALL_METER=ON
    configure fast-math -DCMAKE_C_COMPILER=gcc -DCMAKE_C_FLAGS=-ffast-math
    configure cortex-m4f --toolchain "$root/cmake/guests/cortex_m4f.cmake" -DOHM_ADC_INPUTS=9 -DOHM_SMALL_METER=ON
    configure rv32imc --toolchain "$root/cmake/guests/rv32imc.cmake" -DOHM_ADC_INPUTS=9 -DOHM_SMALL_METER=ON
    local name
    for name in $machines fast-math; do
        cmake --build "$folder/$name"
    done
}

# What the guest writes comes by semihosting, on QEMU's standard error.
run() { # MACHINE PROGRAM [QEMU_ARGUMENTS...]
    local machine=$1 program=$folder/$1/$2
    shift 2
    local quiet=(-nographic -monitor none -serial none -semihosting-config 'enable=on,target=native' "$@")
    case $machine in
    cortex-m4f) timeout 300 qemu-system-arm -M mps2-an386 "${quiet[@]}" -kernel "$program" 2>&1 ;;
    rv32imc) timeout 300 qemu-system-riscv32 -M virt -bios none "${quiet[@]}" -kernel "$program" 2>&1 ;;
    *) "$program" ;;
    esac
}

# The digest that a line such as "8d3f...  house" gives.
digest() { # FILE SET
    awk -v name="$2" '$2 == name { print $1 }' "$1"
}

fail() {
    echo "$*" >&2
    exit 1
}

digests() {
    local machine first='' known
    for machine in $machines; do
        run "$machine" determinism >"$folder/$machine.digests" || fail "$machine: $(cat "$folder/$machine.digests")"
        [ -n "$first" ] || first=$folder/$machine.digests
        diff "$first" "$folder/$machine.digests" || fail "$machine differs from x86-64"
        echo "digest: $(digest "$folder/$machine.digests" all)  $machine"
    done
    # The guests' SHA-256 is nobody's word but their own, so it is asked for what is known.
    known=$(for _ in 1 2 3 4; do printf '%b' "$(printf '\\x%02x' {0..250})"; done | sha256sum | cut -d' ' -f1)
    [ "$known" = "$(digest "$first" known)" ] || fail 'SHA-256 is not what sha256sum says'
    [ "$(wc -l <"$first")" -ge 4 ] || fail 'too little was compared'
}

fast_math() {
    local same
    run fast-math determinism >"$folder/fast-math.digests" || true
    same=$(grep -Fx -f "$folder/x86-64-gcc.digests" "$folder/fast-math.digests" | awk '$2 != "known" { print $2 }')
    [ -z "$same" ] || fail "-ffast-math makes no difference here, so the vectors have no teeth: $same"
    [ "$(wc -l <"$folder/fast-math.digests")" -eq "$(wc -l <"$folder/x86-64-gcc.digests")" ] || fail 'it ended early'
}

# A Cortex-M4F with its instructions counted stands for the ESP32: both have single precision in
# hardware and do double precision in software. Each instruction is taken for 1.5 cycles, which has
# room for loads, branches and a cache over the flash. rv32imc at 160 MHz stands for the ESP32-C3.
cycles_per_instruction=1.5
cost() {
    local machine mhz limit
    while read -r machine mhz limit; do
        run "$machine" cost -icount shift=0 >"$folder/$machine.cost" || fail "$machine: $(cat "$folder/$machine.cost")"
        awk -v machine="$machine" -v mhz="$mhz" -v limit="$limit" -v cycles=$cycles_per_instruction '
            function share(n) { return 100 * n * cycles / (mhz * 1e6) }
            $2 == "instructions" {
                sum[$1] += $4
                printf "cost: %s %s %-18s %9d instructions/s %6.2f %% of %d MHz\n", machine, $1, $3, $4, share($4), mhz
            }
            $1 == "product" { product += $4; printf "cost: %s product %-18s %9d bytes\n", machine, $3, $4; next }
            $1 == "on_demand" || $1 == "communication" { printf "cost: %s %s %s %s %d\n", machine, $1, $3, $2, $4 }
            $2 == "bytes" { bytes[$1] += $4; printf "cost: %s %s %-18s %9d bytes\n", machine, $1, $3, $4 }
            END {
                for (mode in sum) {
                    printf "cost: %s %s %-18s %9d instructions/s %6.2f %% of %d MHz, %.1f KB\n", machine, mode, "all", sum[mode], share(sum[mode]), mhz, bytes[mode] / 1024
                    if (mode != "rotation") continue
                    if (!(sum[mode] > 0) || share(sum[mode]) >= limit) { print "more than " limit " % of the core"; bad = 1 }
                    if (!(bytes[mode] > 0) || bytes[mode] >= 96 * 1024) { print "more than 96 KB"; bad = 1 }
                }
                printf "cost: %s product all                %.1f KB\n", machine, product / 1024
                if (!(product > 0) || product >= 96 * 1024) { print "the metering_engine needs more than 96 KB"; bad = 1 }
                exit bad || length(sum) != 2
            }' "$folder/$machine.cost" || fail "$machine costs too much"
    done <<'END'
cortex-m4f 240 15
rv32imc 160 100
END
    echo 'cost: text of the metering on the Cortex-M4F, in bytes by module:'
    find "$folder/cortex-m4f/core/metering" "$folder/cortex-m4f/core/front_end" "$folder/cortex-m4f/core/tasks" -name '*.a' |
        sort | while read -r library; do
        printf 'cost: %8d  %s\n' "$(arm-none-eabi-size -t "$library" | awk 'END { print $1 }')" "$(basename "$library" .a)"
    done
}

case ${1:-} in
build | digests | fast_math | cost) "$1" ;;
*) sed -n 's/^# //p' "$0" >&2; exit 2 ;;
esac
