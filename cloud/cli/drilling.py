"""A drill: a backup is put into a database of its own, compared with what was backed up, checked, and taken away.

Rule: the service's own database is only read, and what a drill made is gone after it, or after the next one.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from cloud.cli.archive import ArchiveRefused, Manifest, connected, write_archive
from cloud.cli.restoring import restore_archive
from cloud.cli.verifying import verify_books
from cloud.core.clock import Clock
from cloud.core.database import address
from cloud.core.services import open_services
from cloud.core.settings import Settings
from cloud.integrity.checking import Found, look

NAME = "esik_drill_"
FOLDER = ".esik-drill-"
_LOCK = 0x6472696C6C  # "drill": one at a time
_LEFT = "SELECT datname FROM pg_database WHERE datname LIKE 'esik\\_drill\\_%' ORDER BY datname LIMIT 100"
_LOCALE = "SELECT datcollate FROM pg_database WHERE datname = current_database()"
Say = Callable[[str], None]


@dataclass(slots=True)
class Drill:
    """What a drill went through, and what it found."""

    manifest: Manifest
    size: int
    seconds: dict[str, float] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)
    found: Found = field(default_factory=Found)

    @property
    def took_s(self) -> float:
        """How long it took."""
        return sum(self.seconds.values())


@dataclass(slots=True)
class Stopwatch:
    """Says each step as it begins, and how long it took."""

    clock: Clock
    say: Say
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str, told: str) -> Iterator[None]:
        """Go through a step."""
        self.say(f"{len(self.seconds) + 1}. {told}")
        began_s = self.clock.monotonic_s()
        yield
        self.seconds[name] = self.clock.monotonic_s() - began_s
        self.say(f"   done in {self.seconds[name]:.1f} s")


async def drill(
    settings: Settings, clock: Clock, say: Say, *, file: Path | None = None, private: X25519PrivateKey | None = None
) -> Drill:
    """Restore a backup, or one made now, into a database made for it, and look at everything in it.

    The one made now is sealed for a key that nobody keeps. Raises ArchiveRefused, also where a row differs.
    """
    _sweep(settings)
    watch = Stopwatch(clock, say)
    with _folder(settings) as folder:
        chosen, key = file or folder / "now.sealed", private
        if file is None:
            key = X25519PrivateKey.generate()
            with watch.step("backup", "a backup of this instant, sealed for a key that nobody keeps"):
                recipients = [key.public_key()]
                await write_archive(settings, chosen, clock.now(), with_keys=True, recipients=recipients)
        async with _empty_database(settings) as url:
            there = replace(settings, database_url=url, data=folder / "data", key_file=_key_of(settings, folder),
                            anchor_key=settings.anchor_key_file, anchor_folder=settings.anchors_folder,
                            export_folder=settings.exports_folder)  # fmt: skip
            with watch.step("restore", f"restored into {urlsplit(url).path[1:]}, every row compared by digests"):
                manifest = await restore_archive(there, chosen, over=False, private=key)
            drilled = Drill(manifest, chosen.stat().st_size)
            with watch.step("check", "chains, audit journal, sealed fields, anchors and books checked"):
                async with open_services(there) as services:
                    drilled.counted = await look(services, drilled.found)
                    await verify_books(services, drilled.found)
    drilled.seconds = watch.seconds
    return drilled


def _key_of(settings: Settings, folder: Path) -> Path:
    """Return where the restored key file is to stand; this machine's lies there, for a backup that holds no keys."""
    path = folder / "vault.key"
    if settings.vault_key_file.exists():
        shutil.copyfile(settings.vault_key_file, path)
        path.chmod(0o600)
    return path


@contextmanager
def _folder(settings: Settings) -> Iterator[Path]:
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix=f"{FOLDER}{os.getpid()}-", dir=settings.data) as folder:
        yield Path(folder)


def _sweep(settings: Settings) -> None:
    """Delete what drills that were cut off left in the data folder."""
    for path in settings.data.glob(f"{FOLDER}*"):
        pid = path.name.removeprefix(FOLDER).partition("-")[0]
        if not Path(f"/proc/{pid}").exists():
            shutil.rmtree(path, ignore_errors=True)


@asynccontextmanager
async def _empty_database(settings: Settings) -> AsyncIterator[str]:
    """Yield the address of a new database beside the service's own; it is dropped after. One drill at a time."""
    name = f"{NAME}{secrets.token_hex(4)}"
    async with connected(settings.database_url) as connection:
        if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
            raise ArchiveRefused("another drill runs on this server: wait for its end")
        for row in await connection.fetch(_LEFT):
            await connection.execute(f'DROP DATABASE IF EXISTS "{row["datname"]}" WITH (FORCE)')
        locale = await connection.fetchval(_LOCALE)
        try:
            made = f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8' LOCALE '{locale}'"
            await connection.execute(made)
        except asyncpg.InsufficientPrivilegeError:
            user = address(settings.database_url)["user"]
            told = f"sudo -u postgres psql -c 'ALTER ROLE {user} CREATEDB'"
            raise ArchiveRefused(f"{user} may not make the database of a drill: {told}") from None
        try:
            yield urlsplit(settings.database_url)._replace(path=f"/{name}").geturl()
        finally:
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
