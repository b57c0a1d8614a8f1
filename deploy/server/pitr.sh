#!/usr/bin/env bash
# Takes PostgreSQL back to any instant: base backups, the archive of its log (WAL), and a cluster as it was then.
#   pitr.sh archive PATH NAME       for archive_command: '/opt/esik/deploy/server/pitr.sh archive %p %f'
#   pitr.sh base                    a base backup of the running server, verified
#   pitr.sh restore DATA [INSTANT]  a cluster in the folder DATA, which must be empty, as at INSTANT, or the last there is
#   pitr.sh prune DAYS              deletes base backups older than that, and the log before the oldest that stays
#   pitr.sh list                    what there is
# Run as PostgreSQL's user. PITR_FOLDER (/var/backups/esik-pitr) holds it all; PGHOST and PGPORT find the server.
set -euo pipefail
umask 077

folder=${PITR_FOLDER:-/var/backups/esik-pitr}
wal=$folder/wal bases=$folder/base

fail() { printf 'pitr: %s\n' "$*" >&2; exit 1; }
say() { printf 'pitr: %s\n' "$*"; }

# The programs of the newest PostgreSQL of this machine; Debian keeps them out of PATH.
programs() {
  local newest
  newest=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
  PATH=${PGBIN:-$newest}:$PATH
}

# One file of the log: whole and on the disk before PostgreSQL lets go of it, and never written over.
archive() {
  local path=$1 name=$2 kept
  kept=$wal/$name.gz
  mkdir -p "$wal"
  if [ -e "$kept" ]; then
    gzip -dc "$kept" | cmp -s - "$path" && return
    fail "$kept is there with other content: is another server archiving into $wal?"
  fi
  gzip -1 -c "$path" >"$kept.part"
  sync "$kept.part"
  mv "$kept.part" "$kept"
  sync "$wal"
}

base() {
  programs
  local name part
  mkdir -p "$bases"
  find "$bases" -maxdepth 1 -name '*.part' -mmin +1440 -exec rm -rf {} +
  part=$bases/$$.part
  pg_basebackup --pgdata="$part" --checkpoint=fast --wal-method=stream --no-password
  pg_verifybackup --quiet "$part" || fail "the base backup is damaged: see to the disk of $bases"
  # Named by the instant of its end: from there on, and not before, it leads to any instant.
  name=$(date -u +%Y-%m-%dT%H%M%SZ)
  mv "$part" "$bases/$name"
  sync "$bases"
  say "base backup $name, $(du -sh "$bases/$name" | cut -f1), verified"
}

# Prints the newest base backup that was ready at an instant, given in seconds of the epoch.
base_before() {
  local found='' each
  for each in "$bases"/*Z; do
    [ -d "$each" ] || continue
    [ "$(ended "$each")" -le "$1" ] && found=$each
  done
  printf '%s' "$found"
}

ended() {
  local name
  name=$(basename "$1")
  date -u -d "${name:0:10} ${name:11:2}:${name:13:2}:${name:15:2}" +%s
}

restore() {
  local data=$1 instant=${2:-} seconds from
  if [ -n "$instant" ]; then
    seconds=$(date -d "$instant" +%s) || fail "'$instant' is no instant: as '2026-11-30 08:15:00+05'"
  else
    seconds=$(date +%s)
  fi
  [ -z "$(ls -A "$data" 2>/dev/null)" ] || fail "$data is not empty: move what is there away first, and keep it"
  from=$(base_before "$seconds")
  [ -n "$from" ] || fail "no base backup in $bases is older than ${instant:-now}: an earlier instant cannot be reached"
  mkdir -p "$data"
  cp -a "$from/." "$data"
  chmod 700 "$data"
  {
    printf "restore_command = 'gzip -dc \"%s/%%f.gz\" > \"%%p\"'\n" "$wal"
    printf "recovery_target_action = 'promote'\n"
    [ -z "$instant" ] || printf "recovery_target_time = '%s'\n" "$instant"
  } >>"$data/postgresql.auto.conf"
  touch "$data/recovery.signal"
  say "$data is the base backup $(basename "$from"); started, it goes on to ${instant:-the end of the archive} and opens"
}

prune() {
  programs
  local days=$1 oldest='' each kept=0 first
  for each in $(find "$bases" -maxdepth 1 -type d -name '*Z' | sort -r); do
    if [ "$kept" -gt 0 ] && [ "$(ended "$each")" -lt "$(($(date +%s) - days * 86400))" ] && [ -n "$oldest" ]; then
      rm -rf "$each"
      say "deleted base backup $(basename "$each")"
      continue
    fi
    # The first that is older than the days stays: it leads to the instants between it and the next one.
    [ "$(ended "$each")" -ge "$(($(date +%s) - days * 86400))" ] || oldest=$each
    kept=$((kept + 1))
    first=$each
  done
  [ "$kept" -gt 0 ] || fail "there is no base backup in $bases"
  pg_archivecleanup -x .gz "$wal" "$(sed -n 's/^START WAL LOCATION:.*file \([0-9A-F]*\).*/\1/p' "$first/backup_label")"
  say "$kept base backups stay, the oldest $(basename "$first")"
}

list() {
  local each
  for each in "$bases"/*Z; do
    [ -d "$each" ] && say "base backup $(basename "$each"), $(du -sh "$each" | cut -f1)"
  done
  say "log: $(find "$wal" -name '*.gz' | wc -l) files, $(du -sh "$wal" | cut -f1), the newest of $(
    find "$wal" -name '*.gz' -printf '%TY-%Tm-%Td %TH:%TM\n' | sort | tail -n 1)"
}

case ${1:-}:$# in
  archive:3) archive "$2" "$3" ;;
  base:1) base ;;
  restore:2 | restore:3) restore "$2" "${3:-}" ;;
  prune:2) prune "$2" ;;
  list:1) list ;;
  *) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
