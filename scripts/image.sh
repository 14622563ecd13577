#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes an OCI image of Longshore, without a Docker engine and without rights, from the program and
# the libraries of the Debian packages that are installed here.
#
#   scripts/image.sh [--tag TAG] [--output DIR] [--push REF] [--insecure] [--build DIR]
#
#   --tag TAG      what the image is called in the layout (default: the program's version)
#   --output DIR   the OCI layout (default build/image); DIR.tar is the same as one file
#   --push REF     copies it to a registry with skopeo: registry.example.com/tools/longshore[:tag],
#                  with the password that `skopeo login` or `docker login` has left
#   --insecure     that registry speaks plain HTTP, or has a certificate that nobody vouches for
#   --build DIR    where the program is built (default build/release), or has been
#
# It holds the program, the libraries that it needs, the authorities of ca-certificates, and who
# made what: no shell, no package manager, and neither credential helpers of Docker nor exec plugins
# of kubeconfigs. It runs `longshore serve` as user 65532.
#
# The same commit, program and packages give the same digest. SOURCE_DATE_EPOCH (default: the time of the
# last commit) is when it says it was created. The last line that is printed is its digest.
set -euo pipefail
here=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."

wrong() { echo "image.sh: $*" >&2; exit 2; }
# A path on the command line is the caller's.
from_here() { (cd "$here" && realpath -m "$1"); }
fail() { echo "image.sh: $*" >&2; exit 1; }

tag='' output=build/image push='' secure=true folder=build/release
while [ $# -gt 0 ]; do
  case "$1" in
    -h | --help) sed -n '3,20p' "$0" | sed 's/^# \{0,1\}//'; exit 0 ;;
    --insecure) secure=false; shift; continue ;;
    --tag | --output | --push | --build) [ -n "${2:-}" ] || wrong "$1 needs a value (try --help)" ;;
    *) wrong "unknown argument '$1' (try --help)" ;;
  esac
  case "$1" in
    --tag) tag=$2 ;;
    --output) output=$(from_here "$2") ;;
    --push) push=${2#docker://} ;;
    --build) folder=$(from_here "$2") ;;
  esac
  shift 2
done

[ -z "$tag" ] || [[ $tag =~ ^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$ ]] \
  || wrong "'$tag' is no tag: letters, digits, '.', '_' and '-', at most 128 of them"
[[ $push != *@* ]] || wrong "--push takes a name and a tag, and no digest"
for tool in python3 dpkg-query ldd openssl strip; do
  command -v $tool > /dev/null || fail "there is no $tool here: an image is made on Debian or Ubuntu (scripts/deps.sh)"
done
[ -z "$push" ] || command -v skopeo > /dev/null \
  || fail "there is no skopeo to push with: apt-get install skopeo"

. scripts/building.sh
build_release "$folder"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
stage=$work/stage
logged image-install cmake --install "$folder" --component program --strip --prefix "$stage/usr"

if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
  SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2> /dev/null) \
    || fail "this is no git repository: set SOURCE_DATE_EPOCH, the time of the source in seconds since 1970"
fi
version=$("$stage/usr/bin/longshore" --version)
version=${version##* }
tag=${tag:-$version}
# With -dirty behind it where files differ from the commit's.
revision=$(git describe --always --abbrev=40 --dirty --exclude='*' 2> /dev/null || true)
SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH python3 -B scripts/image.py --stage "$stage" --output "$output" \
  --tag "$tag" --version "$version" --revision "$revision" > "$work/digest"

if [ -n "$push" ]; then
  # A colon before the last slash is that of a port.
  case "${push##*/}" in *:*) ;; *) push=$push:$tag ;; esac
  # The policy of this machine says which foreign images may be pulled; this one is ours.
  skopeo --insecure-policy copy --quiet --preserve-digests --dest-tls-verify=$secure \
    "oci:$output:$tag" "docker://$push" < /dev/null || fail "it could not be pushed as $push"
  echo "pushed $push" >&2
fi
cat "$work/digest"
