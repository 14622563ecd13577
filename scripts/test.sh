#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is needed, builds, tests, and says what was skipped and why.
#
#   scripts/test.sh              unit and e2e
#   scripts/test.sh PHASE...     any of:
#     unit   the test programs and the checks of the sources
#     e2e    the program against real registries and a real cluster, killed, starved, redelivered
#     asan   both again under AddressSanitizer and UndefinedBehaviorSanitizer
#     tsan   the test programs of pipeline, receiver and sinks under ThreadSanitizer
#     fuzz   every fuzz target for FUZZ_SECONDS (20)
#     lint   clang-format over all sources, clang-tidy over the product's
#     all    everything
#
#   LONGSHORE_TEST_REQUIRE=registry,kube,…    what may not be skipped; `all` for everything
#   JOBS=N                                    default: the number of processors
#   LONGSHORE_CACHE=DIR                       where the tests keep what they build once: registries
#                                             (2 minutes) and a Kubernetes control plane (6 minutes)
#
# The last line is `N passed, N failed, N skipped`; the exit code is 0 if nothing failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/building.sh

JOBS=${JOBS:-$(nproc)}
FUZZ_SECONDS=${FUZZ_SECONDS:-20}
phases=()
for phase in "$@"; do
  case "$phase" in
    unit | e2e | asan | tsan | fuzz | lint) phases+=("$phase") ;;
    all) phases+=(unit lint e2e asan tsan fuzz) ;;
    -h | --help) sed -n '3,20p' "$0" | sed 's/^# \{0,1\}//'; exit 0 ;;
    *) echo "test.sh: there is no phase '$phase' (try --help)" >&2; exit 2 ;;
  esac
done
[ ${#phases[@]} -gt 0 ] || phases=(unit e2e)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: > "$work/counts"   # lines "passed failed skipped"
: > "$work/skipped"  # lines "what: why"

count() { echo "$1 $2 $3" >> "$work/counts"; }

required() {
  case ",${LONGSHORE_TEST_REQUIRE:-}," in *,all,* | *",$1,"*) return 0 ;; *) return 1 ;; esac
}

# skip COMPONENT WHAT WHY: fails where the component is required.
skip() {
  if required "$1"; then
    echo "FAILED  $2: $3, and LONGSHORE_TEST_REQUIRE asks for $1"
    count 0 1 0
    return 1
  fi
  echo "$2: $3" >> "$work/skipped"
  count 0 0 1
}

# build PRESET TARGET...
build() {
  local preset=$1
  shift
  echo "   building $* ($preset)"
  logged "$preset-configure" cmake --preset "$preset" "${launcher[@]}"
  logged "$preset-build" cmake --build --preset "$preset" -j "$JOBS" --target "$@"
}

# The cases of Catch2 are counted one by one, by the line that each program ends with; a program
# that ends without one (a crash, a check in CMake) counts once.
count_cases='
function of(label) { return match($0, "[0-9]+ " label) ? substr($0, RSTART) + 0 : 0 }
/^[0-9]+\/[0-9]+ Testing: / { p = f = s = over = 0 }
/^All tests passed \(/ { p = of("test case") }
/^test cases: / { p = of("passed"); f = of("failed( |$)"); s = of("skipped") }
/^<end of output>/ { over = 1 }
over && /^Test Passed\.$/ { passed += p + s ? p : 1; skipped += s; over = 0 }
over && /^Test .*Failed/ { passed += p; failed += f ? f : 1; skipped += s; over = 0 }
END { print passed + 0, failed + 0, skipped + 0 }'

# What ctest is started with.
runner=()

# run_tests PRESET CTEST-ARGUMENT...
run_tests() {
  local preset=$1 log code=0
  shift
  log=build/$preset/Testing/Temporary/LastTest.log
  rm -f "$log"
  "${runner[@]}" ctest --test-dir "build/$preset" --output-on-failure --no-tests=error -j "$JOBS" --timeout 600 \
    "$@" < /dev/null > "$logs/$preset-ctest.log" 2>&1 || code=$?
  if [ -e "$log" ]; then awk "$count_cases" "$log" >> "$work/counts"; fi
  if [ $code -ne 0 ]; then cat "$logs/$preset-ctest.log"; fi
  return $code
}

# run_e2e PRESET NAME ARGUMENT...
run_e2e() {
  local preset=$1 name=$2
  shift 2
  command -v python3 > /dev/null || { skip python3 "$name" "there is no python3"; return; }
  LONGSHORE_BIN=$PWD/build/$preset/bin/longshore python3 tests/e2e/run.py --name "$name" \
    --counts "$work/counts" --skipped "$work/skipped" "$@" < /dev/null
}

# Left out under AddressSanitizer: tests in which the program does not run, or not for long, and those
# that wait for a cluster most of the time. What they lead through is in the test programs as well.
without_slow=(--without test_cluster --without test_deploy --without test_image --without test_package
  --without test_quickstart --without test_kubernetes --without test_pull_secrets --without test_targets)

phase_unit() {
  build dev unit_tests
  run_tests dev -L unit
}

phase_e2e() {
  build dev longshore registry_probe
  run_e2e dev e2e
}

phase_asan() {
  build asan unit_tests longshore registry_probe
  export UBSAN_OPTIONS=print_stacktrace=1
  local code=0
  run_tests asan -L unit -LE sources || code=1
  LONGSHORE_TEST_PATIENCE=6 run_e2e asan e2e-asan "${without_slow[@]}" || code=1
  return $code
}

phase_tsan() {
  build tsan pipeline_tests receiver_tests sinks_tests
  # ThreadSanitizer of this age cannot live with all of a newer kernel's address randomisation.
  if setarch -R true 2> /dev/null; then runner=(setarch -R); fi
  export TSAN_OPTIONS="second_deadlock_stack=1 suppressions=$PWD/tests/tsan.supp ${TSAN_OPTIONS:-}"
  run_tests tsan -R '^(pipeline|receiver|sinks)_tests$'
}

phase_fuzz() {
  command -v clang++-14 > /dev/null || { skip clang fuzz "there is no clang++-14"; return; }
  local targets target code=0
  mapfile -t targets < <(sed -n 's/^longshore_add_fuzzer(\([a-z_]*\).*/\1/p' tests/fuzz/CMakeLists.txt)
  build fuzz "${targets[@]}"
  for target in "${targets[@]}"; do fuzz_one "$target" || code=1; done
  return $code
}

# fuzz_one TARGET: what it finds new stays in the build folder, for the next run to start from.
fuzz_one() {
  local found=build/fuzz/corpus/$1 seeds=tests/fuzz/corpus/${1#fuzz_}
  mkdir -p "$found"
  echo "   $1 for $FUZZ_SECONDS s"
  if logged "$1" "build/fuzz/bin/$1" -max_total_time="$FUZZ_SECONDS" -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="$found-" "$found" $([ ! -d "$seeds" ] || echo "$seeds"); then
    count 1 0 0
  else
    count 0 1 0
    return 1
  fi
}

phase_lint() {
  local code=0
  check_format || code=1
  check_tidy || code=1
  return $code
}

check_format() {
  command -v clang-format-14 > /dev/null || { skip clang-format format "there is no clang-format-14"; return; }
  if git ls-files -z '*.h' '*.cc' | xargs -0 clang-format-14 --dry-run -Werror 2> "$logs/format.log"; then
    count 1 0 0
  else
    echo "clang-format-14 -i would change:"
    sed -n 's/^\([^ :]*\):[0-9]*:[0-9]*: error.*/  \1/p' "$logs/format.log" | sort -u
    count 0 1 0
    return 1
  fi
}

# A tidy run reads the product's sources as clang does, so it is a second compiler as well.
check_tidy() {
  command -v clang-tidy-14 > /dev/null || { skip clang-tidy tidy "there is no clang-tidy-14"; return; }
  # Clang's own view: it reads neither g++'s precompiled headers nor its names of warnings. With its
  # own, which have to be there, it takes a third less time.
  logged lint-configure cmake --preset release -B build/lint -DCMAKE_CXX_COMPILER=clang++-14 \
    -DBUILD_TESTING=OFF -DLONGSHORE_BENCH=OFF -DCMAKE_DISABLE_PRECOMPILE_HEADERS=OFF || return 1
  local headers
  mapfile -t headers < <(ninja -C build/lint -t targets all | sed -n 's/^\(.*cmake_pch\.hxx\.pch\): .*/\1/p')
  logged lint-headers cmake --build build/lint -j "$JOBS" --target "${headers[@]}" || return 1
  local sources
  mapfile -t sources < <(git ls-files 'pipeline/*.cc' 'receiver/*.cc' 'sinks/*.cc' 'config/*.cc' 'cli/*.cc')
  echo "   clang-tidy over ${#sources[@]} sources"
  # What is wrong in a header is found by each source that includes it: say it once.
  if tidy_all "${sources[@]}" 2>&1 < /dev/null | show_progress "$logs/tidy.log"; then
    count 1 0 0
  else
    grep -hE ': (error|warning): ' "$logs/tidy.log" | sort -u
    echo "(all of it is in $logs/tidy.log)"
    count 0 1 0
    return 1
  fi
}

# The analyser's search is bounded to a small part of what it does unasked: the whole costs three
# times as much time, and AddressSanitizer sees most of what it would find.
tidy_all() {
  printf '%s\0' "$@" | xargs -0 -n 1 -P "$JOBS" sh -c \
    'echo "$1" && exec clang-tidy-14 --quiet -p build/lint \
       --extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang \
       --extra-arg=max-nodes=3000 "$1"' sh
}

# A failing phase is noted and the next one runs: one run shows all that is wrong.
run_phase() {
  local start=$SECONDS code
  echo "== $1"
  set +e
  (set -e; "phase_$1")
  code=$?
  set -e
  if [ $code -eq 0 ]; then
    echo "== $1: ok ($((SECONDS - start)) s)"
  else
    echo "== $1: FAILED ($((SECONDS - start)) s)"
    failed_phases+=("$1")
  fi
}

start=$SECONDS
scripts/deps.sh build
case " ${phases[*]} " in
  " unit ") ;;
  *) scripts/deps.sh test || echo "The packages to test with are not all here; what needs them is skipped." ;;
esac
if [ $((SECONDS - start)) -gt 1 ]; then echo "== dependencies: $((SECONDS - start)) s"; fi

failed_phases=()
for phase in "${phases[@]}"; do run_phase "$phase"; done

if [ -s "$work/skipped" ]; then
  echo
  echo "Skipped:"
  sort -u "$work/skipped" | sed 's/^/  /'
fi
if [ ${#failed_phases[@]} -gt 0 ]; then
  echo
  echo "Failed: ${failed_phases[*]}"
fi
echo "All of it took $((SECONDS - start)) s."
awk -v broken=${#failed_phases[@]} '
  { passed += $1; failed += $2; skipped += $3 }
  END {
    if (broken && !failed) failed = broken  # a build that failed has no cases to count
    printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
    exit failed > 0
  }' "$work/counts"
