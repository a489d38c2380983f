#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs every test of the repository. See --help.
set -uo pipefail
cd "$(dirname "$0")" || exit 1
root=$PWD

usage() {
    cat <<'END'
Usage: ./test.sh [--long] [--no-install] [--only STAGE]...

Installs what the tests need (Debian packages with apt, the dashboard's with npm) and runs all of them.
The last line says how many passed, failed and were skipped; any failure makes the command fail.

  --long         also what looks at the clock, and the mutants (stage system, ctest label "slow")
  --no-install   install nothing; what is missing is a failure
  --only STAGE   only this stage, may be repeated: format shell dev dashboard guests esp_idf browser release
                 system e2e tidy clang fuzz

IDF_PATH            ESP-IDF v5.3 to v5.5, for the stage esp_idf; without it nothing is built for the ESP32
TEST_DATA_DIR       the folder of test data (default ../shared/data)
OHM_REQUIRE_DATA=1  missing test data is a failure and not a skip (the default where the folder is there)
OHM_FUZZ_SECONDS    how long each fuzz target runs (default 5; alone, with ctest --preset fuzz, 10)
OHM_TIDY_SECONDS    how long clang-tidy may take (default 600); what it has not reached counts as skipped
END
}

stages=' format shell dev dashboard guests esp_idf browser release system e2e tidy clang fuzz '
long=no install=yes only=''
while [ $# -gt 0 ]; do
    case $1 in
    --long) long=yes ;;
    --no-install) install=no ;;
    --only)
        [ $# -ge 2 ] || { usage >&2; exit 2; }
        [[ $stages == *" $2 "* ]] || { echo "test.sh: $2: there is no such stage; --help lists them" >&2; exit 2; }
        only="$only $2 "
        shift
        ;;
    -h | --help) usage; exit 0 ;;
    *) echo "test.sh: $1: there is no such option; try --help" >&2; exit 2 ;;
    esac
    shift
done

export TEST_DATA_DIR=${TEST_DATA_DIR:-$root/../shared/data}
if [ -d "$TEST_DATA_DIR" ]; then
    TEST_DATA_DIR=$(cd "$TEST_DATA_DIR" && pwd)
    export OHM_REQUIRE_DATA=${OHM_REQUIRE_DATA:-1}
fi
export PATH=$PATH:/usr/sbin:/sbin
export CTEST_PARALLEL_LEVEL=${CTEST_PARALLEL_LEVEL:-$(nproc)}
output=$root/test-output
mkdir -p "$output"

passed=0 failed=0 skipped=0
times=''
failures=''

count() { # PASSED FAILED SKIPPED
    passed=$((passed + $1))
    failed=$((failed + $2))
    skipped=$((skipped + $3))
}

# A check is one test; its output is shown when it fails.
check() { # NAME COMMAND...
    local name=$1 log
    log="$output/${1//[^A-Za-z0-9]/_}.log"
    shift
    if "$@" >"$log" 2>&1; then
        echo "ok      $name"
        count 1 0 0
    else
        tail -60 "$log"
        echo "FAILED  $name (whole output: ${log#"$root"/})"
        failures="$failures
  $name"
        count 0 1 0
        return 1
    fi
}

# Runs ctest and adds its own figures.
suite() { # NAME CTEST_ARGUMENTS...
    local name=$1 log total bad not_run
    log="$output/${1//[^A-Za-z0-9]/_}.log"
    shift
    ctest "$@" --no-tests=ignore >"$log" 2>&1
    local result=$?
    total=$(sed -n 's/^.* tests passed, [0-9]* tests* failed out of \([0-9]*\)$/\1/p' "$log" | tail -1)
    bad=$(sed -n 's/^.* tests passed, \([0-9]*\) tests* failed out of .*/\1/p' "$log" | tail -1)
    not_run=$(grep -c '\*\*\*Skipped' "$log")
    if [ $result -ne 0 ] || [ "${bad:-0}" -gt 0 ]; then
        grep -vE '^ *[0-9]+/[0-9]+ .*Passed|^ +Start +[0-9]+:' "$log" | tail -200
        failures="$failures
  $name (ctest)"
        [ "${bad:-0}" -gt 0 ] || bad=1
    fi
    total=${total:-$bad}
    count $((${total:-0} - ${bad:-0} - not_run)) "${bad:-0}" "$not_run"
    echo "ctest   $name: $((${total:-0} - ${bad:-0} - not_run)) passed, ${bad:-0} failed, $not_run skipped"
}

# Work that goes on beside other stages. Each job has a process group of its own, so that it ends with this script.
declare -A jobs=()
end_jobs() {
    local job
    for job in "${jobs[@]}"; do
        kill -- "-$job" 2>/dev/null
    done
}
trap end_jobs EXIT

begin() { # NAME COMMAND...
    local name=$1
    shift
    set -m
    "$@" >"$output/$name.log" 2>&1 </dev/null &
    set +m
    jobs[$name]=$!
}

# Waits for a job, says what it said, and has its result.
ended() { # NAME
    local result
    wait "${jobs[$1]}"
    result=$?
    unset "jobs[$1]"
    cat "$output/$1.log"
    return $result
}

wanted() { # STAGE
    [ -z "$only" ] || [[ $only == *" $1 "* ]]
}

stage() { # NAME FUNCTION
    wanted "$1" || return 0
    local begin=$SECONDS
    echo
    echo "== $1"
    "$2"
    times="$times
$(printf '%6d s  %s' $((SECONDS - begin)) "$1")"
}

build() { # PRESET
    check "$1: configure" cmake --preset "$1" && check "$1: build without a warning" cmake --build --preset "$1"
}

format() {
    check 'C is laid out as .clang-format says' tools/check_format.sh
    local node
    node=$(tools/node.sh) || { check 'format: Node.js' false; return; }
    check 'wiring and pins of docs/hardware.md are those of the ESP32 project' "$node/node" tools/draw_wiring.mjs --check
}

shell() {

    check 'shell scripts are clean' bash -c "git ls-files -z '*.sh' .ci/run | xargs -0 shellcheck"
}

dev() {
    build dev || return
    suite 'dev' --preset dev -LE slow
    [ $long = no ] || PATH=$(tools/node.sh):$PATH suite 'dev, slow' --preset dev -L slow
}

# The same core on machines without an operating system, in QEMU.
guests() {
    check 'guests: build without a warning' tests/guests/run_guests.sh build || return
    check 'guests: the same digests on x86-64, Cortex-M4F and rv32imc' tests/guests/run_guests.sh digests || return
    grep '^digest:' "$output"/guests__the_same*.log
    check 'guests: -ffast-math gives itself away' tests/guests/run_guests.sh fast_math
    check 'guests: eight channels cost less than 15 % of a core and 96 KB' tests/guests/run_guests.sh cost &&
        grep '^cost:.* all ' "$output"/guests__eight*.log
    budget
}

# Flash, memory and stack of the device's modules on two machines, as small as the compiler makes them.
budget() {
    check 'budget: the computation of stacks is right' tests/budget/run_budget.sh self_test
    check 'budget: core and base build with -Os for Cortex-M4 and rv32imc' tests/budget/run_budget.sh build || return
    check 'budget: calls, flash, memory and stack are within what is kept' tests/budget/run_budget.sh check
    grep '^budget:' "$output"/budget__calls*.log
    check 'budget: no task used more stack in QEMU than is computed' tests/budget/run_budget.sh painted
    grep '^painted:' "$output"/budget__no_task*.log
}

# The port to the ESP32, where its SDK is. The rest of the tests proves the core without it.
esp_idf() {
    local target
    if [ ! -e "${IDF_PATH:-}/export.sh" ]; then
        echo 'SKIPPED  ESP-IDF IS NOT HERE: nothing was built for the ESP32, and the port was only checked for layout.'
        echo '         Set IDF_PATH to ESP-IDF v5.3 to v5.5 to build esp32, esp32s3, esp32c3 and the emulator, and to tidy-check.'
        count 0 0 1
        return
    fi
    for target in esp32 esp32s3 esp32c3 qemu; do
        check "esp_idf: $target builds" tools/build_esp_idf.sh "$target"
    done
    if command -v esp-clang >/dev/null || ls "${IDF_TOOLS_PATH:-$HOME/.espressif}"/tools/esp-clang >/dev/null 2>&1; then
        check 'esp_idf: clang-tidy is content with the port' tools/build_esp_idf.sh tidy
    else
        echo 'SKIPPED  esp_idf: clang-tidy needs "idf_tools.py install esp-clang"'
        count 0 0 1
    fi
}

clang() {
    build dev-clang || return
    suite 'clang, base and core' --preset dev-clang -LE 'slow' -E 'no_heap|broker_rules|foreign_project'
}

release() {
    build release || return
    # All thousand trials, and every byte and bit of the sweeps; the other builds do some of them.
    suite 'release, whole sweeps' --preset release -R '^(accuracy_.*|journal_power|batch)_whole$'
}

# Tests of running programs against the clock: what must work while disk, broker and network hang.
system() {
    local node
    node=$(tools/node.sh) || { check 'system: Node.js' false; return; }
    [ -e build/release/build.ninja ] || build release || return
    PATH=$node:$PATH suite 'system' --preset release -L slow
}

fuzz() {
    build fuzz || return
    # More than forty targets: ten seconds each would be more than four minutes.
    export OHM_FUZZ_SECONDS=${OHM_FUZZ_SECONDS:-5}
    suite 'fuzz' --preset fuzz
}

# It needs nothing but the processor, so it begins beside the tests of running programs, which mostly wait, and stands back for them.
begin_tidy() {
    begin tidy nice -n 19 tools/check_tidy.sh build/dev "${OHM_TIDY_SECONDS:-600}"
}

tidy() {
    [ -s build/dev/compile_commands.json ] || check 'tidy: configure' cmake --preset dev || return
    [ -n "${jobs[tidy]:-}" ] || begin_tidy
    check 'clang-tidy is content' ended tidy
    local late
    late=$(grep -c '^not reached' "$output/clang_tidy_is_content.log")
    count 0 0 "$late"
    grep '^clang-tidy:' "$output/clang_tidy_is_content.log"
}

# The dashboard's packages come over the network while the compiler works.
fetch_packages() {
    local node
    node=$(tools/node.sh) && PATH=$node:$PATH npm --prefix dashboard ci --no-audit --no-fund
}

dashboard() {
    local node log=$output/dashboard_tests.log
    [ -f dashboard/package.json ] || return 0
    node=$(tools/node.sh) || { check 'dashboard: Node.js' false; return; }
    PATH=$node:$PATH
    if [ -n "${jobs[packages]:-}" ]; then
        check 'dashboard: packages' ended packages || return
    fi
    cd dashboard || return
    check 'dashboard: lint and layout' npm run lint
    check 'dashboard: build' npm run build
    NO_COLOR=1 CI=true npm test >"$log" 2>&1
    runner vitest $? "$log" "$(sed 's/\x1b\[[0-9;]*m//g' "$log" | grep -E '^ +Tests +' | tail -1)"
    begin browser npm run browser
    cd ..
    # It mostly waits: other stages go on meanwhile.
    if [[ $only == *' dashboard '* ]]; then
        browser
    fi
}

browser() {
    [ -n "${jobs[browser]:-}" ] || return 0
    local log=$output/browser.log
    ended browser >/dev/null
    runner 'chromium, mock server' $? "$log" "$(grep -E '^[0-9]+ passed, ' "$log" | tail -1)"
}

# Tests that start the real programs; they want the release build and the dashboard's packages.
end_to_end() {
    local node log=$output/end_to_end.log files
    files=$(git ls-files --cached --others --exclude-standard 'tests/e2e/test_*.mjs')
    [ -n "$files" ] || return 0
    node=$(tools/node.sh) || { check 'end to end: Node.js' false; return; }
    [ -e build/release/build.ninja ] || build release || return
    if wanted tidy && [ -s build/dev/compile_commands.json ]; then
        begin_tidy
    fi
    # They mostly wait, so two files at a time: each has its own programs, folders and ports.
    # shellcheck disable=SC2086
    PATH=$node:$PATH OHM_LONG=$long node --test --test-concurrency=2 --test-reporter=spec $files >"$log" 2>&1
    runner 'end to end' $? "$log" "$(awk '/^ℹ (pass|fail|skipped) /{ word = $2 == "pass" ? "passed" : $2 == "fail" ? "failed" : $2; printf "%s %s, ", $3, word }' "$log")"
    grep -E '^  *(ℹ|figure:)|^figure:' "$log" | grep -vE '^ *ℹ (tests|suites|pass|fail|cancelled|skipped|todo|duration)' || true
}

# Adds the figures of a runner's closing line such as "3 passed, 1 failed, 2 skipped", in any order.
runner() { # NAME RESULT LOG LINE
    local good bad late
    good=$(grep -oE '[0-9]+ passed' <<<"$4" | grep -oE '[0-9]+')
    bad=$(grep -oE '[0-9]+ failed' <<<"$4" | grep -oE '[0-9]+')
    late=$(grep -oE '[0-9]+ skipped' <<<"$4" | grep -oE '[0-9]+')
    if [ "$2" -ne 0 ]; then
        tail -100 "$3"
        failures="$failures
  $1 (whole output: ${3#"$root"/})"
        [ "${bad:-0}" -gt 0 ] || bad=1
    fi
    count "${good:-0}" "${bad:-0}" "${late:-0}"
    echo "$1: ${good:-0} passed, ${bad:-0} failed, ${late:-0} skipped"
}

if [ $install = yes ]; then
    tools/install_packages.sh run test || { echo 'The packages above are needed.'; echo '0 passed, 1 failed, 0 skipped'; exit 1; }
else
    tools/install_packages.sh --check run test || { echo 'The packages above are needed.'; echo '0 passed, 1 failed, 0 skipped'; exit 1; }
fi

if [ $install = yes ] && wanted dashboard && [ -f dashboard/package.json ]; then
    begin packages fetch_packages
fi

stage format format
stage shell shell
stage dev dev
stage dashboard dashboard
stage guests guests
stage esp_idf esp_idf
stage browser browser
stage release release
# Time on a shared machine is not to be trusted, so what looks at the clock is asked for by name.
if [ $long = yes ] || [[ $only == *' system '* ]]; then
    stage system system
fi
stage e2e end_to_end
stage tidy tidy
stage clang clang
stage fuzz fuzz

echo
echo "time:$times"
printf '%6d s  in all\n' $SECONDS
[ -z "$failures" ] || echo "failed:$failures"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
