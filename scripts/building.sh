# SPDX-License-Identifier: Apache-2.0
# Sourced, in the repository's folder: long steps with a log, and the compiler's cache.
logs=build/logs
mkdir -p "$logs"

# Precompiled headers need these to be found in the cache again.
export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:-pch_defines,time_macros}
launcher=()
if command -v ccache > /dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi

# logged NAME COMMAND...: output goes to a log; a line of it every 20 s shows that it goes on, and
# its end is shown if it fails.
logged() {
  local log=$logs/$1.log
  shift
  if "$@" < /dev/null 2>&1 | show_progress "$log"; then return 0; fi
  tail -n 60 "$log"
  echo "(all of it is in $log)"
  return 1
}

show_progress() {
  local line last=$SECONDS
  while IFS= read -r line; do
    printf '%s\n' "$line" >&3
    if [ $((SECONDS - last)) -ge 20 ]; then
      printf '   … %.100s\n' "$line"
      last=$SECONDS
    fi
  done 3> "$1"
}

# build_release FOLDER: the program alone, optimised, there; a folder that is configured stays as it is.
build_release() {
  scripts/deps.sh build
  if [ ! -e "$1/CMakeCache.txt" ]; then
    logged release-configure \
      cmake --preset release -B "$1" -DLONGSHORE_BENCH=OFF -DBUILD_TESTING=OFF "${launcher[@]}"
    echo "Building into $1: a few minutes the first time."
  fi
  logged release-build cmake --build "$1" --target longshore
}
