#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds Longshore and shows what it does: a notification of a pushed image comes in, and a
# Kubernetes manifest in a folder runs the new image. Needs no cluster, no registry, no account.
#
#   scripts/quickstart.sh
#
#   BUILD_DIR=DIR        where it is built (default build/release), used again on the next run
#   LONGSHORE_BIN=FILE   a program that is built already; then nothing is installed or built
#
# Everything else happens in a temporary folder that is gone at the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case "${1:-}" in
  "") ;;
  -h | --help) sed -n '3,11p' "$0" | sed 's/^# \{0,1\}//'; exit 0 ;;
  *) echo "quickstart.sh takes no arguments (try --help)" >&2; exit 2 ;;
esac

if [ -t 1 ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi
say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

build_longshore() {
  local folder=${BUILD_DIR:-build/release}
  . scripts/building.sh
  build_release "$folder"
  longshore=$folder/bin/longshore
}

work=$(mktemp -d)
server=
finish() {
  if [ -n "$server" ]; then
    kill "$server" 2> /dev/null || true
    wait "$server" 2> /dev/null || true
  fi
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

give_up() {
  echo "$1" >&2
  sed 's/^/  /' "$work/log" >&2
  exit 1
}

# until_true SECONDS MESSAGE COMMAND...
until_true() {
  local deadline=$((SECONDS + $1)) message=$2
  shift 2
  until "$@"; do
    kill -0 "$server" 2> /dev/null || give_up "The server ended. It said:"
    [ $SECONDS -lt $deadline ] || give_up "$message The server said:"
    sleep 0.05
  done
}

listening() {
  port=$(sed -n 's/.*listening.*address="\{0,1\}127\.0\.0\.1:\([0-9]*\).*/\1/p' "$work/log")
  [ -n "$port" ]
}

applied() { grep -q '"step":"applied"' "$work/audit.jsonl" 2> /dev/null; }

if [ -n "${LONGSHORE_BIN:-}" ]; then longshore=$LONGSHORE_BIN; else build_longshore; fi

token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
cp -R examples/quickstart/deploy "$work/deploy"
cp -R examples/quickstart/deploy "$work/before"
cat > "$work/longshore.yaml" << END
listen: 127.0.0.1:0              # any free port
store: $work/longshore.db
audit: {file: $work/audit.jsonl}
drain_delay: 0s
sweep: off                       # there is no registry here
sources:
  - {name: hub, type: dockerhub, token: "$token", images: ["docker.io/acme/*"], verify: off}
targets:
  - {name: manifests, type: files, path: $work/deploy}
END

say "A folder of manifests, and Longshore watching it"
grep -rn --include='*.yaml' -e 'longshore.dev/policy' -e 'image:' "$work/deploy" | sed "s#^$work/#  #"
"$longshore" serve --config "$work/longshore.yaml" > "$work/log" 2>&1 &
server=$!
until_true 10 "The server did not say where it listens." listening
echo "  listening on http://127.0.0.1:$port/hooks/hub"

say "Docker Hub says: acme/shop:1.4.2 was pushed"
LONGSHORE_TOKEN=$token "$longshore" send --type dockerhub --source hub \
  --image docker.io/acme/shop:1.4.2 --to "http://127.0.0.1:$port" > "$work/reply" 2>&1 \
  || { cat "$work/reply" >&2; give_up "It was not taken. The server said:"; }
sed 's/^/  /' "$work/reply"
until_true 10 "Nothing was changed." applied

say "What changed in the manifests"
(cd "$work" && diff -ru before deploy | sed 's/^/  /') || true

say "Why: the audit, step by step"
sed -e 's/,"prev":"[0-9a-f]*"//' -e 's/^/  /' "$work/audit.jsonl"

say "Next"
cat << END
  $longshore --help                 everything that it can do
  docs/guides/                       how to connect your registry
  scripts/test.sh                    all tests
  The configuration of this run was:
END
sed -e "s/$token/…/" -e "s#$work/#./#g" -e 's/^/    /' "$work/longshore.yaml"
