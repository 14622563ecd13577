#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds a Kubernetes control plane (API server, controller manager, scheduler), kubectl and etcd from
# the modules that go.mod and go.sum pin, and prints the folder that holds the programs. Built once;
# the result is kept in the cache:
#   LONGSHORE_CACHE   default ${XDG_CACHE_HOME:-~/.cache}/longshore
# Any Go will do; see ../go.sh.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${LONGSHORE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/longshore}
module=k8s.io/kubernetes
version_of=k8s.io/component-base/version

version=$(awk -v m="$module" '$1 == m {print $2; exit}' "$here/go.mod")
folder=$cache/kubernetes-$version
# The whole folder is renamed into place, so one that is there is complete.
[ ! -d "$folder" ] || { echo "$folder"; exit 0; }

mkdir -p "$cache"
exec 9> "$cache/kubernetes.lock"
flock 9
[ ! -d "$folder" ] || { echo "$folder"; exit 0; }

. "$here/../go.sh"
need_go "$cache"
echo "building Kubernetes $version (about six minutes on two processors, once)" >&2
rm -rf "$folder.new"
mkdir "$folder.new"
cd "$here"
minor=${version#v1.}
programs=(kube-apiserver kube-controller-manager kube-scheduler kubectl)
# One command for all five: most of their packages are the same, and two are linked at a time.
# -s and -w leave out symbols that nobody reads here. With these limits the compiler collects less
# garbage, which takes a seventh off the time.
export GOGC=400 GOMEMLIMIT=2GiB
CGO_ENABLED=0 GOFLAGS=-mod=readonly "$GO" build -trimpath \
  -ldflags "-s -w -X $version_of.gitVersion=$version -X $version_of.gitMajor=1 -X $version_of.gitMinor=${minor%%.*}" \
  -o "$folder.new/" "${programs[@]/#/$module/cmd/}" go.etcd.io/etcd/server/v3 \
  2>&1 | { grep -v '^go: downloading ' || true; } >&2
mv "$folder.new/server" "$folder.new/etcd"
mv "$folder.new" "$folder"
echo "$folder"
