#!/usr/bin/env bash
# Brings the MicroPython that the tests of the firmware run on, and leaves build/micropython/micropython to start it by.
#   requirements/micropython.sh --check    only tells whether it is there
#   requirements/micropython.sh --words32  brings the same with words of 32 bits, as boards have them, to measure memory
#                                          by: build/micropython32/micropython, on a Debian for Intel's processors
# Debian 13 and newer have the package. On an older Debian that package and its libraries are unpacked into a folder,
# beside the system: apt fetches them from the same mirror and checks them by Debian's own keys, with lists of its own.
set -euo pipefail
cd "$(dirname "$0")/.."

place=build/micropython
architecture=$(dpkg --print-architecture 2>/dev/null || true)
if [ "${1:-}" = --words32 ]; then
  place=build/micropython32
  architecture=i386
fi
start=$place/micropython
suite=trixie
keys=/usr/share/keyrings/debian-archive-keyring.gpg
works() { [ -x "$start" ] && [ "$("$start" -c 'import sys; print(sys.implementation.version >= (1, 24))' 2>/dev/null)" = True ]; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

works && exit
[ "${1:-}" != --check ] || exit 1
mkdir -p "$place"
if [ "${1:-}" != --words32 ] && command -v micropython >/dev/null; then
  printf '#!/bin/sh\nexec micropython "$@"\n' >"$start"
  chmod +x "$start"
  works && exit
fi

# Prints the mirror that this system's own packages come from.
mirror() {
  apt-get update --print-uris |
    sed -n "s#^'\(.*\)/dists/$VERSION_CODENAME/InRelease'.*#\1#p" | head -n 1
}

. /etc/os-release
[ "${ID:-}" = debian ] && [ -r "$keys" ] || fail "install MicroPython 1.24 or newer by your system's own means, then run this again"
from=$(mirror)
[ -n "$from" ] || fail "apt's sources name no mirror of $VERSION_CODENAME main"

apt=$PWD/$place/apt
rm -rf "$apt" "$place/unpacked"
mkdir -p "$apt"/{lists/partial,state,cache/archives/partial} "$place/unpacked"
: >"$apt/state/status"
printf 'deb [signed-by=%s] %s %s main\n' "$keys" "$from" "$suite" >"$apt/sources.list"
cat >"$apt/apt.conf" <<END
Dir::State "$apt/state";
Dir::State::lists "$apt/lists";
Dir::State::status "$apt/state/status";
Dir::Cache "$apt/cache";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "-";
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Sandbox::User "";
Debug::NoLocking "true";
END
export APT_CONFIG=$apt/apt.conf
apt-get update
apt-get install --yes --download-only --no-install-recommends micropython
for package in "$apt"/cache/archives/*.deb; do dpkg-deb --extract "$package" "$place/unpacked"; done

libraries=$(dirname "$(find "$PWD/$place/unpacked" -name 'libc.so.6' -print -quit)")
loader=$(find "$libraries" -name 'ld-linux*.so.*' -print -quit)
cat >"$start" <<END
#!/bin/sh
exec "$loader" --library-path "$libraries" "$PWD/$place/unpacked/usr/bin/micropython" "\$@"
END
chmod +x "$start"
rm -rf "$apt"
works || fail "the unpacked MicroPython does not run; try: $start -c 'print(1)'"
