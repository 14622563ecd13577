# SPDX-License-Identifier: Apache-2.0
# Sourced. need_go CACHE sets GO to a Go of 1.24 or newer. An older one (Debian 12 has 1.19) is only
# used to fetch 1.24 as the module golang.org/toolchain, which is then kept in CACHE.
GO_RELEASE=1.24.9

go_is_recent() {
  local minor
  minor=$(go env GOVERSION | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
  [ "${minor:-0}" -ge 24 ]
}

need_go() {
  local cache=$1 root module folder
  command -v go > /dev/null || {
    echo "there is no Go to build the test programs with: install one, any version (apt-get install golang-go)" >&2
    return 1
  }
  GO=go
  # GOTOOLCHAIN keeps a newer Go from switching to the version that a go.mod names.
  export GOTOOLCHAIN=local
  ! go_is_recent || return 0

  root=$cache/go$GO_RELEASE
  if [ ! -x "$root/bin/go" ]; then
    module=golang.org/toolchain@v0.0.1-go$GO_RELEASE.linux-$(go env GOARCH)
    echo "fetching Go $GO_RELEASE" >&2
    folder=$(cd / && go mod download -json "$module" | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p')
    [ -n "$folder" ] || { echo "Go $GO_RELEASE could not be fetched as a module" >&2; return 1; }
    mkdir -p "$cache"
    rm -rf "$root.new"
    cp -r "$folder" "$root.new"
    chmod -R u+w "$root.new"
    chmod +x "$root.new"/bin/* "$root.new"/pkg/tool/*/*  # files of a module are never executable
    mv "$root.new" "$root"
  fi
  export GOROOT=$root
  GO=$root/bin/go
}
