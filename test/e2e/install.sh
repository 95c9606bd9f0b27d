#!/usr/bin/env bash
# Puts what npm run e2e drives into a cache folder, ${SLUICE_CACHE:-$HOME/.cache/sluice}: a Kubernetes control plane, KWOK, kubectl and helm in
# bin/, built from the modules of tools/; MLflow and Prometheus by test/real/install.sh.
# Needs Go 1.26 or newer (the modules come from where `go env GOPROXY` says) and what test/real/install.sh needs. The first build takes about
# 17 minutes on two cores. May be run again at any time: what is up to date is kept. Builds nothing outside the cache folder.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${SLUICE_CACHE:-$HOME/.cache/sluice}
bin=$cache/bin
mkdir -p "$bin"

# No C compiler is needed, the installed Go is used as it is, and the same sources give the same bytes.
export CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS='-buildvcs=false -trimpath'

say() { printf 'test/e2e/install.sh: %s\n' "$*"; }

fail() {
  printf 'test/e2e/install.sh: %s\n' "$*" >&2
  exit 1
}

# version_of FOLDER MODULE: the version that its go.mod names.
version_of() { awk -v module="$2" '$1 == module { print $2 }' "$here/tools/$1/go.mod"; }

# The checksum of what decides how the programs of a folder come out; programs.ts computes the same.
key_of() { cat "$here/tools/$1/go.mod" "$here/tools/$1/go.sum" | sha256sum | cut -c 1-12; }

# build FOLDER PACKAGE NAME [LINKER FLAGS]: beside each program lies the key of the module it was built from.
build() {
  local folder=$1 package=$2 name=$3 flags="-s -w ${4:-}" key began=$SECONDS
  key=$(key_of "$folder")
  if [ -x "$bin/$name" ] && [ "$(cat "$bin/.$name.key" 2> /dev/null)" = "$key" ]; then
    say "$name is up to date"
    return
  fi
  command -v go > /dev/null || fail 'go is missing; install Go 1.26 or newer'
  say "building $name"
  (cd "$here/tools/$folder" && nice go build -ldflags "$flags" -o "$bin/.$name.$$" "$package") || fail "$name could not be built"
  # Renamed into place, so that a program with its final name is always whole, and one that runs is not written to.
  mv "$bin/.$name.$$" "$bin/$name"
  printf '%s\n' "$key" > "$bin/.$name.key"
  say "built $name in $((SECONDS - began)) s"
}

# Kubernetes takes its version from the linker, and kubectl and API server compare it.
kubernetes_flags() {
  local version=$1 at=k8s.io/component-base/version minor
  minor=$(cut -d . -f 2 <<< "$version")
  printf -- '-X %s=%s ' "$at.gitVersion" "$version" "$at.gitMajor" 1 "$at.gitMinor" "$minor" "$at.gitTreeState" clean \
    "$at.gitCommit" unknown "$at.buildDate" 1970-01-01T00:00:00Z
}

# The stages tell KWOK how nodes and pods fare; they are part of its module.
copy_stages() {
  local module key
  key=$(key_of cli)
  if [ "$(cat "$bin/.kwok-stages.key" 2> /dev/null)" = "$key" ]; then
    say 'the stages of kwok are up to date'
    return
  fi
  module=$(cd "$here/tools/cli" && go list -m -f '{{.Dir}}' sigs.k8s.io/kwok)
  for stage in node/fast node/heartbeat-with-lease pod/fast; do
    for file in "$module/kustomize/stage/$stage"/*.yaml; do
      [ "$(basename "$file")" = kustomization.yaml ] && continue
      cat "$file"
      printf '\n---\n'
    done
  done > "$bin/.stages.$$"
  mv "$bin/.stages.$$" "$bin/kwok-stages.yaml"
  printf '%s\n' "$key" > "$bin/.kwok-stages.key"
}

build etcd go.etcd.io/etcd/server/v3 etcd
kubernetes=$(kubernetes_flags "$(version_of kubernetes k8s.io/kubernetes)")
for program in kube-apiserver kube-controller-manager kube-scheduler kubectl; do
  build kubernetes "k8s.io/kubernetes/cmd/$program" "$program" "$kubernetes"
done
build cli sigs.k8s.io/kwok/cmd/kwok kwok "-X sigs.k8s.io/kwok/pkg/consts.Version=$(version_of cli sigs.k8s.io/kwok)"
build cli helm.sh/helm/v4/cmd/helm helm "-X helm.sh/helm/v4/internal/version.version=$(version_of cli helm.sh/helm/v4)"
copy_stages

"$here/../real/install.sh"
