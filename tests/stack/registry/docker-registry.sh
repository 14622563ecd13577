#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Unpacks the distribution's package docker-registry (CNCF Distribution 2.8) into the cache and
# prints the program's path. Needs no rights. It is never installed: the package would start a
# service on port 5000 of every interface.
#   LONGSHORE_CACHE   default ${XDG_CACHE_HOME:-~/.cache}/longshore
set -euo pipefail
cache=${LONGSHORE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/longshore}
program=$cache/docker-registry/usr/bin/docker-registry
[ ! -x "$program" ] || { echo "$program"; exit 0; }

command -v apt-get > /dev/null || { echo "docker-registry is taken from a Debian package, and there is no apt-get here" >&2; exit 1; }
mkdir -p "$cache"
exec 9> "$cache/docker-registry.lock"
flock 9
[ ! -x "$program" ] || { echo "$program"; exit 0; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo "fetching docker-registry" >&2
# As nobody's user apt could not write here; it warns about that when root runs it.
quiet=(-qq -o APT::Sandbox::User="$(id -un)")
if ! apt-get "${quiet[@]}" download docker-registry 2> error; then
  # Package lists that are absent or old: fetch them into a folder of our own.
  own=("${quiet[@]}" -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache")
  mkdir -p lists/partial cache/archives/partial
  apt-get "${own[@]}" update > /dev/null
  apt-get "${own[@]}" download docker-registry || { cat error >&2; exit 1; }
fi
dpkg-deb -x docker-registry_*.deb unpacked
rm -rf "$cache/docker-registry"
mv unpacked "$cache/docker-registry"
echo "$program"
