#!/usr/bin/env bash
# Puts the real MLflow, the real PostgreSQL and the real Prometheus that npm run test:real drives into a cache folder: ${SLUICE_CACHE:-$HOME/.cache/sluice}.
# Needs python3 (3.11 or newer, with venv) and, unless prometheus and PostgreSQL are on the machine, apt-get and dpkg. Installs nothing into the system, starts no service.
# May be run again at any time: what is there is kept, and what was half done is done again.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${SLUICE_CACHE:-$HOME/.cache/sluice}
mkdir -p "$cache"

# Work happens in here and is renamed into place, so that a folder with its final name is always whole.
work=$(mktemp -d "$cache/.installing.XXXXXX")
trap 'rm -rf "$work"' EXIT

say() { printf 'test/real/install.sh: %s\n' "$*"; }

fail() {
  printf 'test/real/install.sh: %s\n' "$*" >&2
  exit 1
}

# Renames a finished folder into place. Another install may have been faster: then its folder stays.
settle() { [ -d "$2" ] || mv "$1" "$2" 2>/dev/null || [ -d "$2" ]; }

# The folder's name carries the pinned packages, so that other pins make another folder; test/helpers/servers/tools.ts computes the same name.
digest_of() { python3 -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest()[:12])' "$here/$1"; }

install_mlflow() {
  local target
  command -v python3 > /dev/null || fail 'python3 is missing; install Python 3.11 or newer'
  target="$cache/mlflow-$(digest_of requirements.txt)"
  if "$target/bin/python" -c '' 2> /dev/null; then
    say "MLflow is in $target"
    return
  fi
  # Its interpreter is gone, as after an upgrade of Python.
  rm -rf "$target"
  python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' ||
    fail 'python3 must be 3.11 or newer and have venv; on Debian: apt-get install python3-venv'
  say "installing MLflow into $target"
  python3 -m venv "$work/mlflow"
  # mlflow-kubernetes-plugins asks for Python 3.12 and runs on 3.11.
  "$work/mlflow/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: --ignore-requires-python --requirement "$here/requirements.txt"
  # Its scripts name the folder they were made in, which is renamed now: everything is run by `python -m`.
  settle "$work/mlflow" "$target"
}

# A folder for PYTHONPATH, in front of the environment of install_mlflow.
install_mlflow_before() {
  local target
  target="$cache/mlflow-before-$(digest_of requirements-before.txt)"
  if [ -d "$target" ]; then
    say "MLflow from before is in $target"
    return
  fi
  say "installing MLflow from before into $target"
  "$cache/mlflow-$(digest_of requirements.txt)/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: --no-deps \
    --target "$work/mlflow-before" --requirement "$here/requirements-before.txt"
  settle "$work/mlflow-before" "$target"
}

# apt-get with lists and cache of its own, so that neither root nor the state of the machine matters.
own_apt() {
  mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial"
  apt-get -qq -o "Dir::State::Lists=$work/apt/lists" -o "Dir::Cache=$work/apt" -o APT::Sandbox::User="$(id -un)" "$@"
}

install_prometheus() {
  local target="$cache/prometheus"
  if [ -x "$target/usr/bin/prometheus" ]; then
    say "Prometheus is in $target"
    return
  fi
  if command -v prometheus > /dev/null; then
    say "Prometheus is on PATH: $(command -v prometheus)"
    return
  fi
  command -v apt-get > /dev/null && command -v dpkg > /dev/null || fail 'no prometheus on PATH, and no apt-get to download it; see https://prometheus.io/download'
  say "installing Prometheus into $target"
  mkdir "$work/deb"
  (cd "$work/deb" && apt-get -qq -o APT::Sandbox::User="$(id -un)" download prometheus 2> /dev/null) ||
    { own_apt update && (cd "$work/deb" && own_apt download prometheus); }
  dpkg -x "$work"/deb/prometheus_*.deb "$work/prometheus"
  "$work/prometheus/usr/bin/prometheus" --version > /dev/null
  settle "$work/prometheus" "$target"
}

# PostgreSQL runs from any folder: it finds the rest of itself by where its program is. What it needs of the system and is missing comes with it.
install_postgres() {
  local target="$cache/postgresql" package deb
  if compgen -G "$target/usr/lib/postgresql/*/bin/postgres" > /dev/null; then
    say "PostgreSQL is in $target"
    return
  fi
  if command -v initdb > /dev/null && command -v postgres > /dev/null; then
    say "PostgreSQL is on PATH: $(command -v postgres)"
    return
  fi
  if compgen -G '/usr/lib/postgresql/*/bin/postgres' > /dev/null; then
    say 'PostgreSQL is in /usr/lib/postgresql'
    return
  fi
  command -v apt-get > /dev/null && command -v dpkg > /dev/null || fail 'no PostgreSQL on this machine, and no apt-get to download it; see https://www.postgresql.org/download'
  say "installing PostgreSQL into $target"
  own_apt update
  package=$(apt-cache -o "Dir::State::Lists=$work/apt/lists" -o "Dir::Cache=$work/apt" depends postgresql | sed -n 's/.*Depends: \(postgresql-[0-9]*\)$/\1/p' | head -n 1)
  own_apt -o Debug::NoLocking=1 --yes --no-install-recommends --download-only install "$package"
  for deb in "$work"/apt/archives/*.deb; do
    case $deb in
      # Its compiler of queries is switched off, and nothing of it is configured.
      */libllvm* | */perl* | */*-common_*) ;;
      *) dpkg -x "$deb" "$work/postgresql" ;;
    esac
  done
  LD_LIBRARY_PATH=$(printf '%s:' "$work"/postgresql/usr/lib/*-linux-gnu) "$(compgen -G "$work/postgresql/usr/lib/postgresql/*/bin/postgres")" --version > /dev/null
  settle "$work/postgresql" "$target"
}

install_mlflow
install_mlflow_before
install_prometheus
install_postgres
