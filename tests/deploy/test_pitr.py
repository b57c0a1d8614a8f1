"""PostgreSQL is taken back to an instant by deploy/server/pitr.sh, and what devices still have comes after."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from cloud.cli.world import prepare
from cloud.core.services import Services, open_services
from cloud.core.settings import Edition, Settings
from cloud.ingest.accepting import accept
from cloud.ingest.postgres import PgStore
from cloud.ingest.senders import Senders
from simulators.clock import SimulatedClock
from tests.cloud.cli.esik import called
from tests.cloud.ingest.device import NOW_MS, Device, opened, tapped, welcome_of
from tests.cloud.ingest.rows import add_devices
from tests.cloud.schools.factory import a_school
from tests.servers.postgres import OWNER, USER, Postgres, home, postgres
from tests.servers.process import Server, free_port, leash
from tests.waiting import until

SCRIPT = Path(__file__).parents[2] / "deploy/server/pitr.sh"
COMMAND_S = 120.0
MARK = "SELECT clock_timestamp()"
FIRST, SECOND = "INSERT INTO told VALUES ('first')", "INSERT INTO told VALUES ('second')"
START = re.compile(r"^START WAL LOCATION:.*file ([0-9A-F]{24})", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Site:
    """A server that archives its log, and the script as PostgreSQL's user runs it."""

    postgres: Postgres
    folder: Path

    def pitr(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [*leash(OWNER), str(self.folder / "pitr.sh"), *words]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=COMMAND_S, cwd=self.folder,
            env={"PATH": os.defpath, "PGHOST": "127.0.0.1", "PGPORT": str(self.postgres.port), "PGUSER": USER,
                 "PITR_FOLDER": str(self.folder / "kept"), "PGBIN": str(home())},
        )  # fmt: skip

    def did(self, *words: str) -> str:
        done = self.pitr(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def archive_all(self) -> None:
        """Let the log that was written so far be archived, and wait for it."""
        switched = self.postgres.sql("SELECT pg_walfile_name(pg_switch_wal())")
        kept = self.folder / "kept" / "wal" / f"{switched}.gz"
        until(kept.exists, 30.0, f"{switched} to be archived")


@pytest.fixture(name="site")
def _site() -> Iterator[Site]:
    folder = Path(tempfile.mkdtemp(prefix="esik-pitr-"))
    shutil.copy(SCRIPT, folder / "pitr.sh")
    archive = f"archive_command=PITR_FOLDER={folder}/kept {folder}/pitr.sh archive %p %f"
    if os.geteuid() == 0:
        for path in (folder, folder / "pitr.sh"):
            shutil.chown(path, OWNER, OWNER)
    try:
        with postgres(settings=("wal_level=replica", "archive_mode=on", archive)) as server:
            yield Site(server, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def restored(site: Site) -> Server:
    """Return the server of the restored cluster, not started yet."""
    port, data = free_port(), site.folder / "restored"
    command = [str(home() / "postgres"), "-D", str(data), "-p", str(port), "-k", str(site.folder),
               "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"]  # fmt: skip
    asked = [str(home() / "psql"), "-XAtq", "-d", f"postgres://{USER}@127.0.0.1:{port}/postgres",
             "-c", "SELECT pg_is_in_recovery()"]  # fmt: skip
    return Server(command, site.folder / "restored.log", lambda: _says_no(asked), signal.SIGINT, OWNER)


def _says_no(asked: list[str]) -> bool:
    return subprocess.run(asked, capture_output=True, text=True, check=False, timeout=10).stdout == "f\n"


async def sent(services: Services, device: Device, first: int, last: int) -> None:
    store = a_store(services)
    await accept([device.batch(first, last)], store, NOW_MS)
    await store.close()


def a_store(services: Services) -> PgStore:
    return PgStore(services.database.url, Senders(services.database.pool, services.vault, services.clock))


@pytest.mark.requirement("KZ456-3", part="backup")
async def test_the_last_hour_is_taken_back_and_devices_bring_what_they_still_have(site: Site, tmp_path: Path) -> None:
    url = site.postgres.create("esik")
    settings = Settings(data=tmp_path / "data", edition=Edition.SERVER, database_url=url, mqtt_url="mqtt://127.0.0.1:1")
    settings.data.mkdir()
    await prepare(settings)
    async with open_services(settings, SimulatedClock()) as services:
        await a_school(services)
        shard = await services.database.pool.fetchval("SELECT shard FROM school")
        device = Device(school="almaty5", shard=shard).write(opened(), *[tapped(number) for number in range(29)])
        await add_devices(services.database.pool, services.vault, services.clock, device)
        await sent(services, device, 1, 10)
        assert "verified" in await asyncio.to_thread(site.did, "base")
        await sent(services, device, 11, 20)
        instant = str(await services.database.pool.fetchval(MARK))
        await sent(services, device, 21, 30)  # and the device trims 21 to 23, which were acknowledged
        await services.database.pool.execute("DROP TABLE presence CASCADE")  # somebody's slip
    await asyncio.to_thread(site.archive_all)
    site.postgres.server.kill()  # and the machine is gone

    site.did("restore", str(site.folder / "restored"), instant)
    server = restored(site)
    await asyncio.to_thread(server.start)
    try:
        again = replace(settings, database_url=url.replace(f":{site.postgres.port}/", f":{server.command[4]}/"))
        words = {
            "edition": "server",
            "data": again.data,
            "database_url": again.database_url,
            "mqtt_url": "mqtt://127.0.0.1:1",
        }
        verified = await asyncio.to_thread(called, "verify", **words)
        assert verified.returncode == 0, verified.stdout
        assert verified.stdout.startswith("in order: 20 records")
        async with open_services(again, SimulatedClock()) as services:
            store = a_store(services)
            welcome = welcome_of(device.heard(await accept([device.hello()], store, NOW_MS)))
            assert welcome.marks[0].upto == 20
            await accept([device.gap(21, 23, trimmed=True), device.batch(24, 30)], store, NOW_MS)
            await store.close()
            rows = await services.database.pool.fetch("SELECT seq FROM record ORDER BY position")
            lost = await services.database.pool.fetchrow("SELECT first_seq, last_seq FROM loss")
        assert [row["seq"] for row in rows] == [*range(1, 21), *range(24, 31)]
        assert tuple(lost) == (21, 23), "what no device has any more stands as a loss"
        assert (await asyncio.to_thread(called, "verify", **words)).returncode == 0
    finally:
        server.stop()


def test_prune_keeps_what_leads_to_the_days_that_are_wanted_and_nothing_of_before(site: Site) -> None:
    bases, segments = site.folder / "kept/base", site.folder / "kept/wal"
    site.postgres.sql("CREATE TABLE told (word text)")
    for statement, name in ((FIRST, "2020-01-01T000000Z"), (SECOND, "2020-02-01T000000Z")):
        site.did("base")
        next(each for each in bases.iterdir() if each.name > "2021").rename(bases / name)
        site.postgres.sql(statement)
        site.archive_all()
    instant = site.postgres.sql(MARK)
    site.postgres.sql("INSERT INTO told VALUES ('third')")
    site.archive_all()
    site.did("base")
    next(each for each in bases.iterdir() if each.name > "2021").rename(bases / "2099-01-01T000000Z")
    begun = START.search((bases / "2020-02-01T000000Z" / "backup_label").read_text())
    assert begun is not None
    before = {each.name for each in segments.glob("?" * 24 + ".gz")}

    pruned = site.did("prune", "30")

    assert sorted(each.name for each in bases.iterdir()) == ["2020-02-01T000000Z", "2099-01-01T000000Z"]
    assert "deleted base backup 2020-01-01" in pruned
    assert "2 base backups stay, the oldest 2020-02-01" in pruned
    left = before & {each.name for each in segments.glob("?" * 24 + ".gz")}  # others may have come since
    assert left == {name for name in before if name >= f"{begun[1]}.gz"}
    assert left < before, "the log before the oldest that stays is gone"
    site.did("restore", str(site.folder / "restored"), instant)
    assert words_of(site) == "first second"


def test_without_an_instant_the_last_that_was_archived_is_there(site: Site) -> None:
    site.postgres.sql("CREATE TABLE told (word text)")
    site.did("base")
    site.postgres.sql("INSERT INTO told VALUES ('after the base')")
    site.archive_all()

    site.did("restore", str(site.folder / "restored"))

    assert words_of(site) == "after the base"


def words_of(site: Site) -> str:
    """Start the restored server, and return what its table tells."""
    server = restored(site)
    server.start()
    try:
        again = replace(site.postgres, port=int(server.command[4]))
        return again.sql("SELECT string_agg(word, ' ' ORDER BY ctid) FROM told")
    finally:
        server.stop()


def test_what_cannot_be_is_refused_in_words(site: Site, tmp_path: Path) -> None:
    site.did("base")
    full = site.folder / "full"
    full.mkdir()
    (full / "PG_VERSION").write_text("15\n")
    segment, other = site.folder / "a", site.folder / "b"
    segment.write_bytes(b"log")
    other.write_bytes(b"another log")
    site.did("archive", str(segment), "000000010000000000000099")
    site.did("archive", str(segment), "000000010000000000000099")

    for words, told in (
        (("restore", str(site.folder / "new"), "2020-01-01 00:00:00+00"), "no base backup"),
        (("restore", str(site.folder / "new"), "yesterdayish"), "is no instant"),
        (("restore", str(full)), "is not empty"),
        (("archive", str(other), "000000010000000000000099"), "is there with other content"),
        (("nothing",), "pitr.sh restore DATA"),
    ):
        done = site.pitr(*words)
        assert done.returncode != 0
        assert told in done.stderr
    assert not (site.folder / "new").exists()
