#!/bin/bash
# SPDX-License-Identifier: MIT
# Builds the device's modules, for a voltage and eight currents, with -Os for a Cortex-M4 and for rv32imc and holds them against the kept budget.
# Usage: run_budget.sh build|check|write|painted|self_test
#   build      both machines, without a warning
#   check      calls out of the core against allowed.txt; flash, memory and stack against budget.txt
#   write      takes what was built into budget.txt, with headroom
#   painted    runs every task on a painted stack in QEMU; what is computed must be at least what was used
#   self_test  tests of the computation itself
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
folder=$root/build/budget
machines='cortex_m4 rv32imc'
node=$(tools/node.sh)/node

build() {
    local machine
    for machine in $machines; do
        cmake -G Ninja -S "$root/tests/budget" -B "$folder/$machine" --toolchain "$root/cmake/guests/$machine.cmake" \
            -DOHM_ADC_INPUTS=9 -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS_RELEASE=-Os -DCMAKE_COMPILE_WARNING_AS_ERROR=ON
        cmake --build "$folder/$machine"
    done
}

compare() { # COMMAND
    local machine folders=()
    for machine in $machines; do
        folders+=("$folder/$machine")
    done
    "$node" tests/budget/budget.mjs "$1" "${folders[@]}"
}

# What the guest writes comes by semihosting, on QEMU's standard error.
painted() {
    local quiet=(-nographic -monitor none -serial none -semihosting-config 'enable=on,target=native')
    timeout 120 qemu-system-arm -M mps2-an386 "${quiet[@]}" -kernel "$folder/cortex_m4/painted" \
        >"$folder/cortex_m4/painted.txt" 2>&1 || { cat "$folder/cortex_m4/painted.txt"; return 1; }
    timeout 120 qemu-system-riscv32 -M virt -bios none "${quiet[@]}" -kernel "$folder/rv32imc/painted" \
        >"$folder/rv32imc/painted.txt" 2>&1 || { cat "$folder/rv32imc/painted.txt"; return 1; }
    compare painted
}

case ${1:-} in
build | painted) "$1" ;;
check | write) compare "$1" ;;
self_test) "$node" --test --test-reporter=spec tests/budget/test_stack_depth.mjs ;;
*) sed -n 's/^# //p' "$0" >&2; exit 2 ;;
esac
