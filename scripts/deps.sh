#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what Longshore is built and tested with, on Debian and Ubuntu.
#
#   scripts/deps.sh          everything
#   scripts/deps.sh build    what the program and its unit tests are built with
#   scripts/deps.sh test     what the other tests use: registries' clients, clang, Go, load tools,
#                            what the image and the package are made with
#
# Does nothing, and needs no rights, where all of it is there. Uses sudo only if it has to install
# and is not root. No service is started by what it installs.
set -euo pipefail

# One entry each: a package, or command:package where any such command will do.
BUILD=(g++:g++ cmake:cmake ninja:ninja-build ccache:ccache pkg-config:pkg-config git:git curl:curl
  ca-certificates libcpp-httplib-dev libsimdjson-dev libconcurrentqueue-dev libcurl4-openssl-dev
  libyaml-cpp-dev libfyaml-dev libsqlite3-dev libssl-dev libre2-dev libcli11-dev libfmt-dev
  libspdlog-dev nlohmann-json3-dev catch2)
# Any Go will do: one that is too old fetches a newer one as a module (tests/stack/go.sh).
TEST=(python3:python3 skopeo:skopeo clang++-14:clang-14 clang-tidy-14:clang-tidy-14
  clang-format-14:clang-format-14 libclang-rt-14-dev go:golang-go wrk:wrk webhook:webhook jq:jq
  flock:util-linux dpkg-shlibdeps:dpkg-dev file:file openssl:openssl systemd-analyze:systemd)

say() { printf 'deps: %s\n' "$*" >&2; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

installed() {
  local entry=$1
  case "$entry" in *:*) command -v "${entry%%:*}" > /dev/null && return 0 ;; esac
  # The status of one package may stand for several architectures.
  dpkg-query -W -f='${db:Status-Status}\n' "${entry##*:}" 2> /dev/null | grep -qx installed
}

known() { [ -n "$(apt-cache show --no-all-versions "$1" 2> /dev/null)" ]; }

system_name() { (. /etc/os-release 2> /dev/null && echo "${PRETTY_NAME:-this system}") || echo "this system"; }

missing_of() {
  local entry
  for entry in "$@"; do installed "$entry" || echo "${entry##*:}"; done
}

# Packages start their services unless a policy says no. An administrator's own policy stays.
POLICY=/usr/sbin/policy-rc.d
forbid_services() {
  [ ! -e "$POLICY" ] || return 0
  local text
  text=$(mktemp)
  printf '#!/bin/sh\nexit 101\n' > "$text"
  trap 'as_root rm -f "$POLICY"' EXIT
  as_root install -m 755 "$text" "$POLICY"
  rm -f "$text"
}

install_packages() {
  as_root env DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes apt-get install -y -qq --no-install-recommends \
    -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 "$@" > /dev/null
}

need_rights() {
  [ "$(id -u)" = 0 ] || command -v sudo > /dev/null || {
    say "these packages are missing, and neither root nor sudo is at hand to install them:"
    say "  apt-get install --no-install-recommends $*"
    exit 1
  }
}

what=${1:-all}
case "$what" in
  all) build=("${BUILD[@]}") test=("${TEST[@]}") ;;
  build) build=("${BUILD[@]}") test=() ;;
  test) build=() test=("${TEST[@]}") ;;
  -h | --help) sed -n '3,11p' "$0" | sed 's/^# \{0,1\}//'; exit 0 ;;
  *) say "unknown argument '$what': use build, test or nothing"; exit 2 ;;
esac

if ! command -v apt-get > /dev/null; then
  say "$(system_name) has no apt-get. Install what these Debian packages hold, if it is not there yet:"
  say "  ${build[*]##*:} ${test[*]##*:}"
  exit 0
fi

mapfile -t need_build < <(missing_of "${build[@]}")
mapfile -t need_test < <(missing_of "${test[@]}")
[ $((${#need_build[@]} + ${#need_test[@]})) -gt 0 ] || exit 0
need_rights "${need_build[@]}" "${need_test[@]}"

say "fetching the package lists"
as_root apt-get update -qq -o DPkg::Lock::Timeout=600 > /dev/null

unknown=()
for package in "${need_build[@]}"; do known "$package" || unknown+=("$package"); done
if [ ${#unknown[@]} -gt 0 ]; then
  say "$(system_name) has no package named: ${unknown[*]}"
  say "Longshore builds on Debian 12 and newer and on Ubuntu 24.04 and newer. Elsewhere, install"
  say "the libraries by other means; CMake names each that it does not find."
  exit 1
fi

installable=()
for package in "${need_test[@]}"; do
  if known "$package"; then installable+=("$package"); else unknown+=("$package"); fi
done
if [ ${#unknown[@]} -gt 0 ]; then
  say "$(system_name) has no package named: ${unknown[*]}. Tests that need them are skipped."
fi

forbid_services
say "installing ${#need_build[@]} packages to build with and ${#installable[@]} to test with"
if [ $((${#need_build[@]} + ${#installable[@]})) -gt 0 ]; then
  install_packages "${need_build[@]}" "${installable[@]}"
fi
