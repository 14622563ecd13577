#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the Debian package of Longshore: the program, its service, a configuration and the documents.
#
#   scripts/package.sh [--output DIR] [--build DIR]
#
#   --output DIR   where the package is put (default build/package)
#   --build DIR    where the program is built (default build/release), or has been
#
# The last line that is printed is the package's file.
set -euo pipefail
here=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."

wrong() { echo "package.sh: $*" >&2; exit 2; }
# A path on the command line is the caller's.
from_here() { (cd "$here" && realpath -m "$1"); }

output=build/package folder=build/release
while [ $# -gt 0 ]; do
  case "$1" in
    -h | --help) sed -n '3,10p' "$0" | sed 's/^# \{0,1\}//'; exit 0 ;;
    --output | --build) [ -n "${2:-}" ] || wrong "$1 needs a value (try --help)" ;;
    *) wrong "unknown argument '$1' (try --help)" ;;
  esac
  case "$1" in
    --output) output=$(from_here "$2") ;;
    --build) folder=$(from_here "$2") ;;
  esac
  shift 2
done
for tool in dpkg-deb dpkg-shlibdeps file; do
  command -v $tool > /dev/null \
    || { echo "package.sh: there is no $tool here: apt-get install dpkg-dev file" >&2; exit 1; }
done

. scripts/building.sh
build_release "$folder"
mkdir -p "$output"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
logged package cpack --config "$folder/CPackConfig.cmake" -G DEB -B "$work"
for package in "$work"/*.deb; do
  mv "$package" "$output"
  echo "$output/${package##*/}"
done
