#!/usr/bin/env bash
# Brings what the project needs into .venv, node_modules and build/assets (and, for the tests, Debian packages).
#   requirements/install.sh edge       what an agent runs on, at a school
#   requirements/install.sh runtime    what the cloud runs on, and `make demo`
#   requirements/install.sh dev        what checks and tests need besides
# Does nothing when nothing is to be done. The whole output of the installers goes to build/install.log.
set -euo pipefail
cd "$(dirname "$0")/.."

wanted=${1:?edge, runtime or dev}
case $wanted in edge | runtime | dev) ;; *) echo "set-up: there is edge, runtime and dev, not $wanted" >&2; exit 2 ;; esac
log=build/install.log
mkdir -p build
exec 9>build/install.lock
flock 9

say() { printf 'set-up: %s\n' "$*"; }
fail() { printf 'set-up: %s\n' "$*" >&2; exit 1; }

# Runs a command with its output in the log; on failure shows the log's end.
quietly() {
  printf '\n$ %s\n' "$*" >>"$log"
  "$@" >>"$log" 2>&1 9>&- || { tail -n 25 "$log" >&2; fail "this failed: $* (the whole log: $log)"; }
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Installs Debian packages without letting their services start; the tests start their own servers.
apt_install() {
  command -v apt-get >/dev/null || fail "install these by your system's own means: $*"
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    fail "Debian packages are missing; as root: apt-get install $*"
  fi
  say "installing Debian packages: $*"
  local policy=/usr/sbin/policy-rc.d held=no
  if [ ! -e "$policy" ]; then
    held=yes
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod +x "$policy"
  fi
  trap '[ "'"$held"'" = no ] || as_root rm -f '"$policy" EXIT
  quietly as_root apt-get -o DPkg::Lock::Timeout=300 update
  quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"
  [ "$held" = no ] || as_root rm -f "$policy"
  trap - EXIT
}

# Prints the first Python that is new enough; prefers the system's own.
find_python() {
  local candidate
  for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
}

make_venv() {
  [ -x .venv/bin/python ] && .venv/bin/python -m pip --version >/dev/null 2>&1 && return
  [ -n "$(find_python)" ] || apt_install python3 python3-venv
  local python
  python=$(find_python)
  [ -n "$python" ] || fail "Python 3.11 or newer is needed; name it by PYTHON=/path/to/python3 make ..."
  "$python" -c 'import ensurepip, venv' 2>/dev/null || apt_install python3-venv
  say "making .venv with $("$python" --version)"
  quietly "$python" -m venv --clear .venv
}

# Installs locked packages; pip's own lines become one line for every 20 packages.
install_python() {
  local lock=requirements/$1.txt total
  total=$(grep -c '==' "$lock")
  say "installing $total Python packages"
  quietly .venv/bin/python -m pip install --disable-pip-version-check --no-input --require-hashes -r requirements/pip.txt
  # pyDes, which nfcpy needs, and esptool are plain Python and published as source only; all else comes as a wheel.
  PYTHONUNBUFFERED=1 .venv/bin/python -m pip install --disable-pip-version-check --no-input --require-hashes \
    --only-binary :all: --no-binary pydes,esptool -r "$lock" 2>>"$log" 9>&- | tee -a "$log" |
    awk -v total="$total" '/^(Collecting|Requirement already)/ && ++n % 20 == 0 { printf "set-up:   %d of %d\n", n, total; fflush() }' ||
    { tail -n 25 "$log" >&2; fail "pip could not install $lock (the whole log: $log)"; }
  quietly .venv/bin/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation -e .
}

install_node() {
  say "fetching what the pages load"
  local omit=()
  [ "$1" = dev ] || omit=(--omit=dev)
  quietly env PATH="$PWD/.venv/bin:$PATH" .venv/bin/npm ci --no-progress "${omit[@]}"
  quietly .venv/bin/python -m esik.assets
}

install_system() {
  local package place missing=()
  while read -r package place; do
    case $package in '' | '#'*) continue ;; esac
    compgen -G "$place" >/dev/null || missing+=("$package")
  done <requirements/system.txt
  [ ${#missing[@]} = 0 ] || apt_install "${missing[@]}"
}

# The firmware's tests run on MicroPython itself; where the system has no package of it, one is unpacked beside it.
install_micropython() {
  requirements/micropython.sh --check && return
  if ! command -v micropython >/dev/null && apt-cache show micropython >/dev/null 2>&1; then apt_install micropython; fi
  say "fetching MicroPython"
  quietly requirements/micropython.sh
}

# A stamp names everything the step depends on; that of a larger set is good for the sets that it contains.
stamp_of() {
  { echo "$PWD"; cat "$@"; } | sha256sum | cut -d' ' -f1
}
python_stamp() { stamp_of "requirements/$1.txt" requirements/pip.txt requirements/install.sh; }
node_stamp() { stamp_of package-lock.json esik/assets.py; }

# Tells whether a step was done for what is wanted, or for more; `$2 SET` prints what its stamp would be.
has_stamp() {
  local set holds=no
  for set in edge runtime dev; do
    [ "$set" != "$wanted" ] || holds=yes
    if [ "$holds" = yes ] && [ -f "$1.$set" ] && [ "$(cat "$1.$set")" = "$("$2" "$set")" ]; then return; fi
  done
  return 1
}

started=$SECONDS
make_venv
if ! has_stamp .venv/installed python_stamp; then
  install_python "$wanted"
  rm -f .venv/installed.*
  python_stamp "$wanted" >".venv/installed.$wanted"
fi
if [ "$wanted" != edge ] && { [ ! -d build/assets ] || ! has_stamp node_modules/.installed node_stamp; }; then
  install_node "$wanted"
  node_stamp >"node_modules/.installed.$wanted"
fi
if [ "$wanted" = dev ]; then
  install_system
  install_micropython
fi
[ $((SECONDS - started)) -lt 3 ] || say "done in $((SECONDS - started)) s"
