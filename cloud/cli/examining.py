"""Looks at an installation from outside and inside, and changes nothing; each look ends in one line or more.

Rule: a look that fails is a line, too: the one after it is still made.
"""

import asyncio
import os
import platform
import shutil
import ssl
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
from cryptography import x509

from cloud.cli.archive import connected
from cloud.cli.findings import (
    Finding,
    judge_backups,
    judge_certificate,
    judge_check,
    judge_clock,
    judge_disk,
    judge_migrations,
    judge_quarantine,
    judge_readers,
    judge_workers,
    ok,
    warning,
    wrong,
)
from cloud.core.clock import Clock
from cloud.core.database import APP, DatabaseUnreachable, place
from cloud.core.migrating import names
from cloud.core.rotation import made_at
from cloud.core.settings import Edition, Settings, from_here
from cloud.core.vault import VaultLocked, read_keys
from cloud.ingest.transport import BrokerAddress
from esik import __version__
from schemas.topics import SHARDS

ANSWER_S = 5.0
POSTGRES_MIN = 15
RENEWED = timedelta(days=60)  # certificates of server and intermediate: renewed long before
_APPLIED = "SELECT name FROM tortoise_migrations WHERE app = $1"
_BEHIND = """
SELECT name, sum(shard_head.position - reader_cursor.position)::bigint AS behind
FROM reader_cursor JOIN shard_head USING (shard) GROUP BY name ORDER BY name LIMIT 100
"""
_WORKERS = """
SELECT (SELECT count(*) FROM worker_beat WHERE expires_at > clock_timestamp()) AS alive,
  (SELECT count(*) FROM shard_lease WHERE expires_at > clock_timestamp()) AS shards
"""
_CHECK = "SELECT at, wrong FROM integrity_check ORDER BY at DESC LIMIT 1"
# MQTT 3.1.1: CONNECT with a clean session and the identifier "esik-doctor"; what a broker answers that lets us in.
_CONNECT = b"\x10\x17\x00\x04MQTT\x04\x02\x00\x0a\x00\x0besik-doctor"
_WELCOME = b"\x20\x02\x00\x00"


async def examine(settings: Settings, clock: Clock) -> AsyncIterator[Finding]:
    """Yield what is found, line by line, in the order in which things stand on one another."""
    yield ok("versions", f"Esik {__version__}, Python {platform.python_version()}, {platform.system()}")
    for each in look_at_files(settings):
        yield each
    for each in look_at_disks(settings):
        yield each
    async for each in look_at_database(settings, clock):
        yield each
    yield await look_at_broker(settings, clock)
    for each in look_at_certificates(settings, clock):
        yield each
    yield await look_at_pages(settings)
    yield look_at_backups(settings, clock.now())


def look_at_files(settings: Settings) -> list[Finding]:
    """Look whether secret files are there, whose they are, and who may read them."""
    found = []
    try:
        found.append(ok("key file", f"{len(read_keys(settings.vault_key_file))} keys in {settings.vault_key_file}"))
    except VaultLocked as error:
        found.append(wrong("key file", str(error), "without it nobody reads what is sealed"))
    secrets = (settings.anchor_key_file, settings.data / "ca" / "intermediate.key", settings.mqtt_key)
    found += [_rights_of(path) for path in secrets if path is not None and path.exists()]
    root = settings.data / "ca" / "root.key"
    if root.exists():
        todo = f"move {root} and its passphrase to a safe: the service never wants them"
        found.append(warning("root key", "it still lies on this machine", todo))
    return found


def look_at_disks(settings: Settings) -> list[Finding]:
    """Look at the free space where data and backups lie."""
    places = {"disk of the data": settings.data, "disk of the backups": settings.backup_folder}
    found = []
    for what, path in places.items():
        if path is None:
            continue
        if not path.exists():
            found.append(wrong(what, f"{path} is not there", f"install -d -o esik -g esik -m 700 {path}"))
            continue
        usage = shutil.disk_usage(path)
        found.append(judge_disk(what, usage.total, usage.free))
    return found


async def look_at_database(settings: Settings, clock: Clock) -> AsyncIterator[Finding]:
    """Look at the database and at all that only it knows."""
    try:
        async with _asked(settings) as connection:
            version = connection.get_server_version()
            told = f"PostgreSQL {version.major}.{version.minor}, {place(settings.database_url)}"
            if version.major < POSTGRES_MIN:
                yield wrong("database", told, f"PostgreSQL {POSTGRES_MIN} or newer is wanted")
            else:
                yield ok("database", told)
            applied = {row["name"] for row in await connection.fetch(_APPLIED, APP)}
            known = set(names())
            tables = judge_migrations(sorted(known - applied), sorted(applied - known))
            yield tables
            if applied == known:
                async for each in _look_at_work(connection, clock):
                    yield each
    except asyncpg.UndefinedTableError:
        yield wrong("tables", "there are none", "esik cloud migrate")
    except (DatabaseUnreachable, asyncpg.PostgresError, OSError, TimeoutError) as error:
        yield wrong(
            "database", str(error), "does PostgreSQL run? systemctl status postgresql; is ESIK_DATABASE_URL right?"
        )


async def look_at_broker(settings: Settings, clock: Clock) -> Finding:
    """Look whether the broker lets this service in, as the workers go in."""
    if settings.edition is Edition.EMBEDDED:
        return await _answers("broker", settings.broker_host, settings.broker_port)
    try:
        address = BrokerAddress.parse(
            settings.mqtt_url, ca=settings.mqtt_ca, certificate=settings.mqtt_certificate, key=settings.mqtt_key
        )
    except OSError as error:
        told = f"the files for it cannot be read: {error}"
        return wrong("broker", told, "esik cloud broker writes them; see ESIK_MQTT_*")
    try:
        answer, shown = await _welcomed(address)
    except ssl.SSLCertVerificationError as error:
        told = f"its certificate is not of our authority: {error.verify_message}"
        todo = "is ESIK_MQTT_CA ca/root.pem, and is the address in it? then: systemctl reload esik-broker"
        return wrong("broker", told, todo)
    except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
        told = f"{address.host}:{address.port}: {str(error) or 'no answer'}"
        return wrong("broker", told, "systemctl status esik-broker; is ESIK_MQTT_URL right?")
    return _judge_welcome(settings, clock, answer, shown)


def _judge_welcome(settings: Settings, clock: Clock, answer: bytes, shown: bytes | None) -> Finding:
    if answer != _WELCOME and settings.mqtt_certificate is not None:
        told = f"it does not let us in (MQTT code {answer[-1]})"
        return wrong("broker", told, "systemctl reload esik-broker writes its lists anew")
    if shown is None:
        return ok("broker", "it answers, without TLS")
    until = x509.load_der_x509_certificate(shown).not_valid_after_utc
    return judge_certificate("broker", until, clock.now(), "sudo systemctl reload esik-broker", early=RENEWED)


async def _welcomed(address: BrokerAddress) -> tuple[bytes, bytes | None]:
    """Return what a broker answers to a CONNECT, and its certificate, if it has one. Raises OSError and the like."""
    async with asyncio.timeout(ANSWER_S):
        reader, writer = await asyncio.open_connection(address.host, address.port, ssl=address.tls)
        held = writer.get_extra_info("ssl_object")
        try:
            writer.write(_CONNECT)
            return await reader.readexactly(len(_WELCOME)), held.getpeercert(binary_form=True) if held else None
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


def look_at_certificates(settings: Settings, clock: Clock) -> list[Finding]:
    """Look at how long our own certificates last."""
    places = {
        "authority": (
            settings.data / "ca" / "intermediate.pem",
            "a new one is made with root.key, from the safe: docs/operations.md, Keys",
        ),
        "own certificate": (settings.mqtt_certificate, "sudo systemctl reload esik-broker"),
    }
    found = []
    for what, (path, todo) in places.items():
        if path is None:
            continue
        try:
            until = x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
        except (OSError, ValueError) as error:
            found.append(wrong(what, f"{path} cannot be read: {error}", "esik cloud ca init, then esik cloud broker"))
            continue
        found.append(judge_certificate(what, until, clock.now(), todo, early=RENEWED))
    return found


async def look_at_pages(settings: Settings) -> Finding:
    """Look whether the pages answer where they listen."""
    return await _answers("pages", settings.http_host, settings.http_port)


def look_at_backups(settings: Settings, now: datetime) -> Finding:
    """Look at how old and how large backups are."""
    folder = settings.backup_folder
    if folder is None:
        return warning("backups", "no folder is named", "set ESIK_BACKUP_FOLDER, and enable esik-backup.timer")
    try:
        made = sorted((at, path.stat().st_size) for path in folder.iterdir() if (at := made_at(path.name)))
    except OSError as error:
        return wrong(
            "backups", f"{folder} cannot be read: {error.strerror}", f"install -d -o esik -g esik -m 700 {folder}"
        )
    return judge_backups(made, now)


@asynccontextmanager
async def _asked(settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    async with connected(settings.database_url) as connection, connection.transaction(readonly=True):
        yield connection


async def _look_at_work(connection: asyncpg.Connection, clock: Clock) -> AsyncIterator[Finding]:
    workers = await connection.fetchrow(_WORKERS)
    assert workers is not None, "a SELECT of numbers has a row"  # noqa: S101
    yield judge_workers(workers["alive"], workers["shards"], SHARDS)
    now = await connection.fetchval("SELECT clock_timestamp()")
    newest = await connection.fetchval("SELECT max(received_at) FROM record")
    yield judge_clock((clock.now() - now).total_seconds(), newest, clock.now())
    yield judge_readers({row["name"]: row["behind"] for row in await connection.fetch(_BEHIND)})
    yield judge_quarantine(await connection.fetchval("SELECT count(*) FROM quarantine"))
    check = await connection.fetchrow(_CHECK)
    yield judge_check(check["at"] if check else None, check["wrong"] if check else 0, clock.now())


async def _answers(what: str, host: str, port: int) -> Finding:
    here = from_here(host)
    try:
        async with asyncio.timeout(ANSWER_S):
            _, writer = await asyncio.open_connection(here, port)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
    except (OSError, TimeoutError) as error:
        unit = "esik-web" if what == "pages" else "esik-local"
        return wrong(what, f"{here}:{port} does not answer ({str(error) or 'no answer'})", f"systemctl status {unit}")
    return ok(what, f"{here}:{port} answers")


def _rights_of(path: Path) -> Finding:
    held = path.stat()
    if held.st_mode & 0o077:
        return wrong(
            "secret file", f"{path} can be read by others ({stat.S_IMODE(held.st_mode):o})", f"chmod 600 {path}"
        )
    if held.st_uid not in {os.geteuid(), 0}:
        return warning("secret file", f"{path} is another user's", f"chown esik: {path}, if the service runs as esik")
    return ok("secret file", f"{path} is its owner's only")
