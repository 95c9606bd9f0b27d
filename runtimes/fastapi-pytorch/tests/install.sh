#!/usr/bin/env bash
# Puts what npm run test:runtime needs into a cache folder, ${SLUICE_CACHE:-$HOME/.cache/sluice}: the server's packages, pinned, and a torch for the CPU.
# That torch is Debian's (1.13), unpacked, and only the libraries that it uses: PyPI's needs 5 GB of libraries for graphics cards.
# TORCH_PYTHON=/path/to/python, with torch, requirements.txt and tests/requirements.txt installed, has the tests run with another.
# Needs python3 (3.11, with venv), apt-get and dpkg. Installs nothing into the system, starts no service. May be run again at any time.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${SLUICE_CACHE:-$HOME/.cache/sluice}
mkdir -p "$cache"

# Work happens in here and is renamed into place, so that a folder with its final name is always whole.
work=$(mktemp -d "$cache/.installing.XXXXXX")
trap 'rm -rf "$work"' EXIT

say() { printf 'runtimes/fastapi-pytorch/tests/install.sh: %s\n' "$*"; }

fail() {
  printf 'runtimes/fastapi-pytorch/tests/install.sh: %s\n' "$*" >&2
  exit 1
}

# Renames a finished folder into place. Another install may have been faster: then its folder stays.
settle() { [ -d "$2" ] || mv "$1" "$2" 2>/dev/null || [ -d "$2" ]; }

# The folder's name carries the pins; tests/run computes the same name.
install_packages() {
  local target
  target="$cache/fastapi-pytorch-$(cat "$here/../requirements.txt" "$here/requirements.txt" | sha256sum | cut -c1-12)"
  if "$target/bin/python" -c '' 2> /dev/null; then
    say "the packages are in $target"
    return
  fi
  rm -rf "$target"
  say "installing packages into $target"
  python3 -m venv "$work/venv"
  "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: --require-hashes \
    --requirement "$here/../requirements.txt" --requirement "$here/requirements.txt"
  # Its scripts name the folder they were made in, which is renamed now: everything is run by `python -m`.
  settle "$work/venv" "$target"
}

# apt-get with lists and cache of its own, so that neither root nor the state of the machine matters.
own_apt() {
  mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial"
  apt-get -qq -o "Dir::State::Lists=$work/apt/lists" -o "Dir::Cache=$work/apt" -o APT::Sandbox::User="$(id -un)" -o Debug::NoLocking=true "$@"
}

install_torch() {
  local target="$cache/torch-1.13" root="$work/root" out="$work/torch" file
  if [ -d "$target" ]; then
    say "torch is in $target"
    return
  fi
  command -v apt-get > /dev/null && command -v dpkg > /dev/null || fail 'there is no apt-get to download torch; set TORCH_PYTHON to a Python that has it'
  say "installing torch into $target"
  own_apt update
  own_apt --no-install-recommends --download-only --yes install python3-torch
  mkdir "$root"
  for file in "$work"/apt/archives/*.deb; do dpkg -x "$file" "$root"; done
  keep_what_torch_needs "$root" "$out"
  LD_LIBRARY_PATH="$out/lib" PYTHONPATH="$out/python" python3 -c 'import torch; torch.jit.script(torch.nn.Linear(1, 1))(torch.ones(1, 1))' 2> "$work/trial" ||
    fail "torch was downloaded and cannot be imported by $(command -v python3): $(tail -1 "$work/trial"); Debian's torch is built for its own Python, 3.11"
  settle "$out" "$target"
}

# Its packages, and of 600 MB of libraries those that it is linked to.
keep_what_torch_needs() {
  local root=$1 out=$2 packages="$1/usr/lib/python3/dist-packages" folders file
  mkdir -p "$out/lib" "$out/python"
  cp -a "$packages/torch" "$packages/torchgen" "$packages/functorch" "$out/python"
  find "$out/python/torch/bin" -type f ! -name torch_shm_manager -delete
  folders=$(find "$root" -name '*.so*' -not -path '*/python3/*' -not -path '*/qt5/*' -printf '%h\n' | sort -u | paste -sd:)
  # Links within the tree lead out of what is kept; the files take their place.
  for file in "$packages"/torch/lib/*.so; do
    [ -e "$file" ] || continue
    rm "$out/python/torch/lib/${file##*/}"
    cp -L "$file" "$out/python/torch/lib/"
  done
  LD_LIBRARY_PATH=$folders ldd "$packages"/torch/_C*.so "$packages"/torch/lib/libtorch_global_deps.so | awk -v root="$root/" 'index($3, root) == 1 { print $3 }' | sort -u |
    xargs cp -L -t "$out/lib"
}

if [ -n "${TORCH_PYTHON:-}" ]; then
  "$TORCH_PYTHON" -c 'import torch, fastapi, pytest' || fail "TORCH_PYTHON=$TORCH_PYTHON lacks torch or a package of requirements.txt or tests/requirements.txt"
  say "TORCH_PYTHON is $TORCH_PYTHON"
  exit
fi
command -v python3 > /dev/null || fail 'python3 is missing; install Python 3.11'
install_packages
install_torch
