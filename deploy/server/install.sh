#!/usr/bin/env bash
# Makes a server of this machine: database, broker, certificates, units, the first operator, and a look that it is well.
# Does what is missing and nothing else: run it again after a failure, or to see that all is there.
#
#   sudo deploy/server/install.sh --public https://esik.example --mqtt mqtts://mqtt.esik.example:8883 \
#        --operator admin "Your name"
#
#   --dry-run        print every step, change nothing
#   --workers N      workers, one a core (as many as there are cores, at most 4)
#   --nginx          nginx before the pages, as deploy/server/nginx.conf; its certificates are yours to bring
#   --without LIST   leave out: packages, users, systemd (with commas between), where something else does it
#   --root DIR       write below DIR instead of /, to look at it first
# PGHOST and PGPORT say where PostgreSQL listens, if not at /var/run/postgresql and 5432.
set -euo pipefail
umask 022 # the program's files are read by the service's user; what is secret gets its mode by name

program=$(cd "$(dirname "$0")/../.." && pwd)
public='' mqtt='' operator='' operator_name='' root='' without=',' dry=no nginx=no
workers=$(nproc)
[ "$workers" -le 4 ] || workers=4

say() { printf 'install: %s\n' "$*"; }
fail() { printf 'install: %s\n' "$*" >&2; exit 1; }
has() { case $without in *",$1,"*) return 1 ;; esac; }

while [ $# -gt 0 ]; do
  case $1 in
    --public) public=${2:?} && shift ;;
    --mqtt) mqtt=${2:?} && shift ;;
    --operator) operator=${2:?} operator_name=${3:?} && shift 2 ;;
    --workers) workers=${2:?} && shift ;;
    --nginx) nginx=yes ;;
    --without) without=",${2:?}," && shift ;;
    --root) root=${2:?} && shift ;;
    --dry-run) dry=yes ;;
    -h | --help) sed -n '2,15s/^# \{0,1\}//p' "$0"; exit ;;
    *) fail "$1 is not an option: see --help" ;;
  esac
  shift
done

etc=$root/etc/esik data=$root/var/lib/esik backups=$root/var/backups/esik units=$root/etc/systemd/system
pghost=${PGHOST:-/var/run/postgresql} pgport=${PGPORT:-5432}
esik=$program/.venv/bin/esik

# Does a step, or prints it: what it is for in words, then the command.
step() {
  local told=$1
  shift
  say "$told"
  local shown=$*
  if [ "$dry" = yes ]; then
    shown=${shown/#run_esik /esik cloud } shown=${shown/#as_postgres /sudo -u postgres }
    printf '         %s\n' "$shown"
  else
    "$@" || fail "this failed: $* ($told). Mend it and run this again; what was done stays."
  fi
}

as_esik() {
  if has users && [ "$(id -un)" != esik ]; then runuser -u esik -- "$@"; else "$@"; fi
}
as_postgres() {
  if has users && [ "$(id -un)" != postgres ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

# Runs a command of Esik as the service does: its user, its settings, its folder.
run_esik() {
  (
    cd "$data"
    set -a
    . "$etc/cloud.env"
    as_esik "$esik" cloud "$@"
  )
}

sql() { as_postgres psql -XAtq -h "$pghost" -p "$pgport" -d postgres -c "$1"; }

# Refuses in words what cannot go well, before anything is changed.
check() {
  local id version
  [ -n "$public" ] && [ -n "$mqtt" ] || fail "--public and --mqtt are wanted: the addresses that people and devices will use"
  case $public in https://*) ;; *) fail "--public $public: an address that begins with https:// is wanted" ;; esac
  case $mqtt in mqtts://*) ;; *) fail "--mqtt $mqtt: an address that begins with mqtts:// is wanted" ;; esac
  case $workers in [1-9]) ;; *) fail "--workers $workers: 1 to 9" ;; esac
  id=$(. /etc/os-release && echo "${ID:-unknown}") version=$(. /etc/os-release && echo "${VERSION_ID:-0}")
  case $id:$version in debian:12 | debian:13) ;; *) ! has packages || fail "this is $id $version; Debian 12 or 13 is wanted" ;; esac
  if has packages || has users || has systemd; then
    [ "$(id -u)" = 0 ] || [ "$dry" = yes ] || fail "run it as root: sudo $0 ..."
  fi
  if has systemd; then
    [ -d /run/systemd/system ] || [ "$dry" = yes ] || fail "systemd does not run here: --without systemd leaves units out"
    ! systemctl is-active --quiet mosquitto 2>/dev/null || say "Debian's own mosquitto runs: it is switched off, ours takes its port"
  fi
  [ "$(awk '/MemTotal/ {print int($2 / 1024)}' /proc/meminfo)" -ge 1800 ] || fail "2 GB of memory or more are wanted"
  if [ "$id:$version" = debian:12 ]; then
    say "note: Debian 12's mosquitto has known holes: for trying only, or take mosquitto.org's package"
  fi
}

packages() {
  local wanted=(git python3-venv postgresql mosquitto)
  [ "$nginx" = no ] || wanted+=(nginx)
  has packages || return 0
  if dpkg -s "${wanted[@]}" >/dev/null 2>&1; then return; fi
  step "Debian's packages" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${wanted[@]}"
}

libraries() {
  [ -x "$esik" ] && ! has packages || step "the program's own libraries, in $program/.venv" "$program/requirements/install.sh" runtime
}

users_and_folders() {
  if has users && ! getent passwd esik >/dev/null; then
    step "the user esik" useradd --system --home-dir "$data" esik
  fi
  local owner=() group=()
  if has users; then owner=(-o esik -g esik) group=(-o root -g esik); fi
  [ -d "$data" ] || step "the folder of the data" install -d "${owner[@]}" -m 700 "$data"
  [ -d "$backups" ] || step "the folder of the backups" install -d "${owner[@]}" -m 700 "$backups"
  [ -d "$etc" ] || step "the folder of the settings" install -d "${group[@]}" -m 750 "$etc"
}

settings() {
  [ -e "$etc/cloud.env" ] && return
  step "the settings, of cloud.env.example, with these addresses: $etc/cloud.env" write_settings
}
write_settings() {
  local socket="postgres://esik@/esik?host=$pghost"
  [ "$pgport" = 5432 ] || socket="postgres://esik@:$pgport/esik?host=$pghost"
  sed -e "s|^ESIK_PUBLIC_URL=.*|ESIK_PUBLIC_URL=$public|" -e "s|^ESIK_DEVICE_MQTT_URL=.*|ESIK_DEVICE_MQTT_URL=$mqtt|" \
    -e "s|^ESIK_DATABASE_URL=.*|ESIK_DATABASE_URL=$socket|" -e "s|/var/lib/esik|$data|; s|/var/backups/esik|$backups|" \
    "$program/deploy/server/cloud.env.example" >"$etc/cloud.env.part" # it holds no password: the socket knows who asks
  chmod 640 "$etc/cloud.env.part"
  ! has users || chown root:esik "$etc/cloud.env.part"
  mv "$etc/cloud.env.part" "$etc/cloud.env"
}

database() {
  if [ "$dry" = yes ] && ! sql 'SELECT 1' >/dev/null 2>&1; then
    step "the database's user and the database, when PostgreSQL is there" as_postgres "createuser --createdb esik; createdb --owner esik esik"
    return
  fi
  sql 'SELECT 1' >/dev/null || fail "PostgreSQL does not answer at $pghost, port $pgport: systemctl start postgresql"
  [ "$(sql "SHOW server_version_num")" -ge 150000 ] || fail "PostgreSQL 15 or newer is wanted"
  if [ -z "$(sql "SELECT 1 FROM pg_roles WHERE rolname = 'esik'")" ]; then
    # It may make databases: a drill restores into one of its own.
    step "the database's user" as_postgres createuser -h "$pghost" -p "$pgport" --createdb esik
  fi
  if [ -z "$(sql "SELECT 1 FROM pg_database WHERE datname = 'esik'")" ]; then
    step "the database" as_postgres createdb -h "$pghost" -p "$pgport" --owner esik --encoding UTF8 --locale C.UTF-8 \
      --template template0 esik
  fi
}

tables_and_authority() {
  step "tables and key file" run_esik migrate
  if [ ! -e "$data/ca/root.pem" ]; then
    say "the authority of the devices: write the passphrase down now, it is shown once"
    step "ca/root.key then goes to a safe" run_esik ca init
  fi
  step "the broker's certificates and lists" run_esik broker "$data/broker"
}

first_operator() {
  [ -n "$operator" ] || return 0
  step "the first operator, $operator" add_operator
}
add_operator() {
  local told
  if told=$(run_esik account add "$operator" "$operator_name" --role operator 2>&1); then
    printf '%s\n' "$told"
    return
  fi
  case $told in *taken* | *already* | *exists*) say "$operator is there already" ;; *) printf '%s\n' "$told" >&2; return 1 ;; esac
}

unit_files() {
  has systemd || return 0
  step "the units" install -D -m 644 -t "$units" "$program"/deploy/server/*.service "$program"/deploy/server/*.timer
  [ "$program" = /opt/esik ] || step "they name this folder" sed -i "s|/opt/esik|$program|g" "$units"/esik-*.service
  step "systemd reads them" systemctl daemon-reload
  step "Debian's own mosquitto is off" systemctl disable --now mosquitto
  local each wanted=(esik-broker esik-web esik-broker-reload.timer esik-backup.timer)
  for each in $(seq "$workers"); do wanted+=("esik-worker@$each"); done
  step "the service starts, now and after each boot" systemctl enable --now "${wanted[@]}"
}

proxy() {
  [ "$nginx" = yes ] || return 0
  local site=$root/etc/nginx/sites-available/esik host=${public#https://}
  [ ! -e "$site" ] || return 0
  step "nginx: $site" install -D -m 644 "$program/deploy/server/nginx.conf" "$site"
  step "its name is $host" sed -i "s|esik\.example|${host%%[:/]*}|g" "$site"
  say "bring certificates to the places that $site names, link it into sites-enabled, and reload nginx"
}

look() {
  has systemd || return 0
  [ "$dry" = no ] || { step "a look that all is well" esik cloud doctor; return; }
  local turn
  for turn in 1 2 3 4 5 6; do # workers share their shards within seconds
    run_esik doctor >/dev/null 2>&1 && break
    sleep 5
  done
  run_esik doctor || say "some lines above want something of you; the first backup comes tonight, or now: esik cloud backup"
}

check
packages
libraries
users_and_folders
settings
database
if [ "$dry" = yes ]; then run_esik() { :; }; fi
tables_and_authority
first_operator
unit_files
proxy
look
say "done. Move $data/ca/root.key to a safe; docs/operations.md goes on with the first school"
