#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds CNCF Distribution 3.x, the registry that people run today, from the modules that go.mod and
# go.sum pin, and prints the program's path. Built once; the result is kept in the cache:
#   LONGSHORE_CACHE   default ${XDG_CACHE_HOME:-~/.cache}/longshore
# Any Go will do; see ../go.sh.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${LONGSHORE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/longshore}
module=github.com/distribution/distribution/v3

version=$(awk -v m="$module" '$1 == m || $2 == m {print $NF; exit}' "$here/go.mod")
program=$cache/registry-$version/registry3
[ ! -x "$program" ] || { echo "$program"; exit 0; }

mkdir -p "$cache"
exec 9> "$cache/registry3.lock"
flock 9
[ ! -x "$program" ] || { echo "$program"; exit 0; }

. "$here/../go.sh"
need_go "$cache"
echo "building registry $version (about two minutes, once)" >&2
mkdir -p "$(dirname "$program")"
cd "$here"
CGO_ENABLED=0 GOFLAGS=-mod=readonly "$GO" build -trimpath \
  -ldflags "-s -w -X $module/version.version=$version" -o "$program.new" "$module/cmd/registry" \
  2>&1 | { grep -v '^go: downloading ' || true; } >&2
mv "$program.new" "$program"
echo "$program"
