#!/usr/bin/env bash
# Brings a server to another version, with a backup before and a look after; what fails is taken back by itself.
#   sudo deploy/server/upgrade.sh VERSION        a tag or a commit; gates go on meanwhile and send afterwards
#   sudo deploy/server/upgrade.sh rollback       back to the version and the data of before the last upgrade
#
#   --dry-run        print every step, change nothing
#   --without LIST   leave out: fetch, packages, users, systemd (with commas between), where something else does it
#   --root DIR       the settings and the data lie below DIR
# A rollback keeps the database of the newer version under another name; devices send again what came since the backup.
set -euo pipefail
umask 022 # the program's files are read by the service's user; what is secret gets its mode by name

program=$(cd "$(dirname "$0")/../.." && pwd)
root='' without=',' dry=no wanted=''

say() { printf 'upgrade: %s\n' "$*"; }
fail() { printf 'upgrade: %s\n' "$*" >&2; exit 1; }
has() { case $without in *",$1,"*) return 1 ;; esac; }

while [ $# -gt 0 ]; do
  case $1 in
    --without) without=",${2:?}," && shift ;;
    --root) root=${2:?} && shift ;;
    --dry-run) dry=yes ;;
    -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit ;;
    -*) fail "$1 is not an option: see --help" ;;
    *) [ -z "$wanted" ] || fail "one version is wanted, not $wanted and $1" && wanted=$1 ;;
  esac
  shift
done

data=$root/var/lib/esik settings=$root/etc/esik/cloud.env
kept=$data/upgrade
esik=$program/.venv/bin/esik

# Does a step, or prints it. Its status is the command's.
step() {
  local told=$1
  shift
  say "$told"
  local shown=$*
  if [ "$dry" = yes ]; then printf '         %s\n' "${shown/#run_esik /esik cloud }"; else "$@"; fi
}

as_esik() {
  if has users && [ "$(id -un)" != esik ]; then runuser -u esik -- "$@"; else "$@"; fi
}
run_esik() {
  (
    cd "$data"
    set -a
    . "$settings"
    ESIK_BACKUP_RECIPIENTS='' # the way back must not want a key that lies in a safe; the file stays on this machine
    as_esik "$esik" cloud "$@"
  )
}
sql() {
  (
    . "$settings"
    as_esik psql -XAtq -v ON_ERROR_STOP=1 -d "$(sed -E 's|^([^?]*)/[^/?]+(\?.*)?$|\1/postgres\2|' <<<"$ESIK_DATABASE_URL")" -c "$1"
  )
}
database_name() { (. "$settings"; sed -E 's|^[^?]*/([^/?]+)(\?.*)?$|\1|' <<<"$ESIK_DATABASE_URL"); }

services() {
  has systemd || return 0
  case $1 in
    stop) step "the service stops" systemctl stop esik-web 'esik-worker@*' esik-migrate ;;
    start)
      step "the new units" sh -c "for each in '$program'/deploy/server/esik-*; do install -m 644 \"\$each\" /etc/systemd/system/; done"
      step "systemd reads them" systemctl daemon-reload
      step "the service starts" systemctl start esik-migrate esik-web $workers
      step "the broker reads its lists" systemctl reload-or-restart esik-broker
      ;;
  esac
}

# The version's files and libraries.
put() {
  step "the files of $1" git -C "$program" checkout --quiet --detach "$1" || return
  if has packages; then step "its libraries" "$program/requirements/install.sh" runtime; fi
}

# Whether what runs now is whole: tables of this version, and with systemd the pages.
look() {
  step "a look that it works" run_esik status >/dev/null || return
  has systemd && [ "$dry" = no ] || return 0
  local turn
  for turn in 1 2 3 4 5 6; do
    ! curl --fail --silent --max-time 5 --output /dev/null http://127.0.0.1:8000/health || return 0
    sleep 5
  done
  return 1
}

back() {
  local from name=$1
  [ -s "$kept/version" ] && [ -s "$kept/before.zip" ] || fail "no upgrade of before is noted in $kept: restore a backup by hand, docs/operations.md"
  from=$(database_name)
  services stop
  put "$(cat "$kept/version")" || fail "the files of before cannot be put back: see above"
  step "the newer database is kept as ${from}_$name" sql "ALTER DATABASE \"$from\" RENAME TO \"${from}_$name\"" ||
    fail "somebody is connected to it: stop them, and say rollback again"
  step "an empty one in its place" sql "CREATE DATABASE \"$from\" TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'"
  step "the data of before" run_esik restore "$kept/before.zip" || fail "the backup is in $kept/before.zip: see above"
  services start
  look || fail "the version of before does not answer: esik cloud doctor says more"
  say "back at $(cat "$kept/version"); devices send again what came since. When all is well: dropdb ${from}_$name"
}

upgrade() {
  local old new
  git -C "$program" diff --quiet HEAD || fail "files in $program were changed by hand: git diff shows them; commit or undo that first"
  if has fetch; then step "what versions there are" git -C "$program" fetch --quiet --tags || fail "the repository does not answer"; fi
  old=$(git -C "$program" rev-parse HEAD)
  new=$(git -C "$program" rev-parse --verify --quiet "$wanted^{commit}") || fail "there is no version $wanted"
  [ "$old" != "$new" ] || fail "$wanted is what runs already"
  run_esik status >/dev/null || fail "what runs now is not well: mend that first; esik cloud doctor says what"
  services stop
  if [ "$dry" = no ]; then
    as_esik mkdir -p "$kept"
    as_esik rm -f "$kept/before.zip" "$kept/version"
  fi
  step "a backup, while nothing writes" run_esik backup --keys-apart "$kept/before.zip" || { services start; fail "no backup, no upgrade"; }
  [ "$dry" = yes ] || printf '%s\n' "$old" | as_esik tee "$kept/version" >/dev/null
  if put "$new" && step "its tables: all or nothing" run_esik migrate && services start && look; then
    say "at $wanted. Back again, with the data of before: $0 rollback"
    return
  fi
  say "that did not go well: back to what was"
  back "failed_$(date -u +%Y%m%d%H%M%S)"
  exit 1
}

[ -n "$wanted" ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ -r "$settings" ] || fail "$settings is not there: deploy/server/install.sh makes it"
workers=''
if has systemd; then
  workers=$(systemctl list-units --plain --no-legend --all 'esik-worker@*' | awk '{print $1}' | tr '\n' ' ')
fi
if [ "$wanted" = rollback ]; then back "later_$(date -u +%Y%m%d%H%M%S)"; else upgrade; fi
