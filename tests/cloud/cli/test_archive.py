"""What was backed up is there again after a restore, on either PostgreSQL, and devices bring the rest."""

import json
import stat
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from cloud.cli.archive import MANIFEST, ArchiveRefused, Manifest, write_archive
from cloud.cli.restoring import restore_archive
from cloud.core.database import DatabaseUnreachable, address
from cloud.core.files import NotWritten
from cloud.core.services import Services, open_services
from cloud.core.settings import Edition, Settings
from cloud.core.vault import VaultLocked, add_key, make_key_file
from cloud.devices import ca
from cloud.embedded.postgres import embedded_postgres
from cloud.imports.actions import import_school
from cloud.ingest.accepting import accept
from cloud.ingest.postgres import PgStore
from cloud.ingest.senders import Senders
from cloud.ledger.postings import OFFICE, top_up
from cloud.people.queries import people_of
from cloud.rosters.actions import publish
from simulators.clock import SimulatedClock
from tests.cloud.imports.factory import file
from tests.cloud.ingest.device import EPOCH, NOW_MS, Device, opened, tapped, welcome_of
from tests.cloud.ingest.rows import add_devices
from tests.cloud.ledger.factory import posted
from tests.cloud.schools.factory import SYSTEM, a_school

MADE_ANEW = {"sign_in", "roster_version", "announced_roster"}
NOTED = ("audit_entry", "audit_link")


@pytest.fixture(name="source")
async def _source(database_url: str, tmp_path: Path) -> Settings:
    """Return the settings of a service with a key, an authority and a school from a spreadsheet, with a roster."""
    settings = Settings(data=tmp_path / "source", edition=Edition.SERVER, database_url=database_url)
    make_key_file(settings.vault_key_file)
    async with open_services(settings, SimulatedClock()) as services:
        ca.init(settings.data / "ca", services.vault, services.clock.now())
        school_id = await a_school(services)
        await import_school(services, SYSTEM, school_id, file())
        (person, *_) = await people_of(services, SYSTEM, school_id)
        await posted(services, school_id, top_up("cash:1", services.clock.now(), person.ref, 500_00, OFFICE))
        await publish(services, SYSTEM, school_id)
        await services.database.pool.execute(
            "CREATE TABLE record_2026_11 PARTITION OF record FOR VALUES FROM ('2026-11-01') TO ('2026-12-01')"
        )
    return settings


@pytest.fixture(name="target")
def _target(empty_database: str, tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "target", edition=Edition.SERVER, database_url=empty_database)


@pytest.fixture(name="backup")
async def _backup(source: Settings, tmp_path: Path) -> Path:
    await write_archive(source, tmp_path / "esik.zip", SimulatedClock().now(), with_keys=True)
    return tmp_path / "esik.zip"


async def contents(url: str) -> dict[str, list[str]]:
    """Return every row of every table, as texts."""
    connection = await asyncpg.connect(**address(url))
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    found = {}
    for row in tables:
        name = row["tablename"]
        query = f'SELECT t::text AS text FROM "{name}" t'  # noqa: S608 (names of the catalogue)
        found[name] = [each["text"] for each in await connection.fetch(query)]
    await connection.close()
    return {name: sorted(rows) for name, rows in found.items() if name != "tortoise_migrations"}


def differing(
    before: dict[str, list[str]], after: dict[str, list[str]], restores: int = 1
) -> dict[str, tuple[list[str], list[str]]]:
    """Return what differs between two databases, but for what the journal says of the restores themselves."""
    for name in NOTED:
        new = set(after[name]) - set(before[name])
        assert len(new) == restores, f"each restore is noted once in {name}"
        after[name] = sorted(set(after[name]) - new)
    left_out = MADE_ANEW | {"audit_head"}
    return {
        name: (before[name], rows)
        for name, rows in after.items()
        if (before[name] != rows and name not in left_out) or (rows and name in MADE_ANEW)
    }


async def sent(services: Services, device: Device, first: int, last: int) -> None:
    store = a_store(services)
    await accept([device.batch(first, last)], store, NOW_MS)
    await store.close()


def a_store(services: Services) -> PgStore:
    return PgStore(services.database.url, Senders(services.database.pool, services.vault, services.clock))


async def test_every_row_is_there_again_on_debians_postgresql(source: Settings, target: Settings, backup: Path) -> None:
    before = await contents(source.database_url)

    manifest = await restore_archive(target, backup, over=False)

    after = await contents(target.database_url)
    assert differing(before, after) == {}
    assert manifest.rows["person"] == 3
    assert "record_2026_11" in after


async def test_every_row_is_there_again_on_the_embedded_postgresql_and_back_again(
    source: Settings, target: Settings, backup: Path, tmp_path: Path
) -> None:
    async with embedded_postgres(tmp_path / "embedded" / "postgres") as server:
        embedded = Settings(data=tmp_path / "embedded", database_url=server.url)
        await restore_archive(embedded, backup, over=False)
        await write_archive(embedded, tmp_path / "again.zip", SimulatedClock().now(), with_keys=True)
    await restore_archive(target, tmp_path / "again.zip", over=False)

    before, after = await contents(source.database_url), await contents(target.database_url)
    assert differing(before, after, restores=2) == {}


async def test_the_restored_service_reads_what_was_encrypted_and_goes_on_writing(
    target: Settings, backup: Path
) -> None:
    await restore_archive(target, backup, over=False)

    async with open_services(target, SimulatedClock()) as services:
        school_id = await services.database.pool.fetchval("SELECT id FROM school")
        assert ca.Authority.load(target.data / "ca", services.vault).root_pem.startswith("-----BEGIN")
        assert (await import_school(services, SYSTEM, school_id, file())).was_written, "IINs and phones are found again"
        assert len(await people_of(services, SYSTEM, school_id)) == 3
        assert await a_school(services, "astana7") > school_id
    assert stat.S_IMODE(target.vault_key_file.stat().st_mode) == 0o600


async def test_fault_21_a_restored_database_takes_what_devices_still_have_and_learns_what_they_trimmed(
    source: Settings, target: Settings, tmp_path: Path
) -> None:
    async with open_services(source, SimulatedClock()) as services:
        shard = await services.database.pool.fetchval("SELECT shard FROM school")
        device = Device(school="almaty5", shard=shard).write(opened(), *[tapped(number) for number in range(29)])
        await add_devices(services.database.pool, services.vault, services.clock, device)
        await sent(services, device, 1, 10)
        await write_archive(source, tmp_path / "early.zip", services.clock.now(), with_keys=True)
        await sent(services, device, 11, 20)  # and the device trims 11 to 13, which were acknowledged
    await restore_archive(target, tmp_path / "early.zip", over=False)

    async with open_services(target, SimulatedClock()) as services:
        store = a_store(services)
        welcome = welcome_of(device.heard(await accept([device.hello()], store, NOW_MS)))
        trimmed = device.gap(11, 13, trimmed=True)
        plan = await accept([trimmed, device.batch(14, 20), device.batch(21, 30)], store, NOW_MS)
        await store.close()

        assert welcome.marks[0].upto == 10
        assert device.heard(plan)[-1] == device.ack(30)
        rows = await services.database.pool.fetch("SELECT seq, position FROM record ORDER BY position")
        assert [row["seq"] for row in rows] == [*range(1, 11), *range(14, 31)]
        assert len({row["position"] for row in rows}) == len(rows)
        loss = await services.database.pool.fetchrow("SELECT epoch, first_seq, last_seq, reason FROM loss")
        assert tuple(loss)[:3] == (EPOCH, 11, 13)


async def test_a_roster_after_a_restore_is_newer_than_any_before(
    source: Settings, target: Settings, backup: Path
) -> None:
    clock = SimulatedClock()
    async with open_services(source, clock) as services:
        school_id = await services.database.pool.fetchval("SELECT id FROM school")
        known = await services.database.pool.fetchval("SELECT max(version) FROM roster_version")
    await restore_archive(target, backup, over=False)

    clock.advance(60.0)
    async with open_services(target, clock) as services:
        assert await publish(services, SYSTEM, school_id) > known


async def test_a_database_in_use_is_refused_and_left_as_it_is_unless_told_so(source: Settings, backup: Path) -> None:
    async with open_services(source, SimulatedClock()) as services:
        await a_school(services, "astana7")
    before = await contents(source.database_url)

    with pytest.raises(ArchiveRefused, match="--over"):
        await restore_archive(source, backup, over=False)
    assert await contents(source.database_url) == before

    await restore_archive(source, backup, over=True)
    assert len((await contents(source.database_url))["school"]) == 1


async def test_a_database_that_a_worker_serves_is_refused(target: Settings, backup: Path) -> None:
    await restore_archive(target, backup, over=False)
    connection = await asyncpg.connect(**address(target.database_url))
    await connection.execute("INSERT INTO worker_beat VALUES ('worker-1', now() + interval '10 s')")
    await connection.close()

    with pytest.raises(ArchiveRefused, match="service runs"):
        await restore_archive(target, backup, over=True)


async def test_a_backup_without_keys_says_so_and_wants_them_first(
    source: Settings, target: Settings, tmp_path: Path
) -> None:
    out = tmp_path / "apart.zip"
    manifest = await write_archive(source, out, SimulatedClock().now(), with_keys=False)

    with zipfile.ZipFile(out) as archive:
        assert not [name for name in archive.namelist() if name.startswith("keys/")]
        readme = archive.read("README.txt").decode()
    assert f"Without key {manifest.key_id}" in readme
    assert str(source.vault_key_file) in readme
    with pytest.raises(ArchiveRefused, match=f"key {manifest.key_id}"):
        await restore_archive(target, out, over=False)

    target.data.mkdir()
    target.vault_key_file.write_bytes(source.vault_key_file.read_bytes())
    target.vault_key_file.chmod(0o600)
    assert await restore_archive(target, out, over=False) == manifest


async def test_another_key_is_never_replaced_unasked_and_then_kept_beside(target: Settings, backup: Path) -> None:
    make_key_file(target.vault_key_file)
    own = target.vault_key_file.read_bytes()

    with pytest.raises(ArchiveRefused, match="another key"):
        await restore_archive(target, backup, over=False)
    assert target.vault_key_file.read_bytes() == own

    await restore_archive(target, backup, over=True)
    assert target.vault_key_file.with_name("vault.key.before").read_bytes() == own


async def test_keys_that_were_added_since_are_kept(source: Settings, target: Settings, backup: Path) -> None:
    target.data.mkdir()
    target.vault_key_file.write_bytes(source.vault_key_file.read_bytes())
    target.vault_key_file.chmod(0o600)
    add_key(target.vault_key_file)
    held = target.vault_key_file.read_bytes()

    await restore_archive(target, backup, over=False)

    assert target.vault_key_file.read_bytes() == held


def names_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.glob("*.zip*"))


def cut_off(backup: Path) -> Path:
    cut = backup.with_name("cut.zip")
    cut.write_bytes(backup.read_bytes()[:-200])
    return cut


def changed(backup: Path, out: Path, name: str, content: Callable[[bytes], bytes]) -> Path:
    """Write a backup anew with one of its files changed."""
    with zipfile.ZipFile(backup) as old, zipfile.ZipFile(out, "w") as new:
        for each in old.namelist():
            new.writestr(each, content(old.read(each)) if each == name else old.read(each))
    return out


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("tables/person.csv", lambda text: b"".join(text.splitlines(keepends=True)[:-1]), "2 rows and should have 3"),
        ("tables/person.csv", lambda text: text.replace(b"student", b"stud\x00nt"), "damaged in table person"),
        ("tables/person.csv", lambda text: text.replace(b"student", b"staff"), "person are not those that were backed"),
        (MANIFEST, lambda text: text[:40], "no backup of Esik"),
        (MANIFEST, lambda text: text.replace(b"0002_records", b"9999_telepathy"), "a later version"),
        (MANIFEST, lambda text: text.replace(b'"format": 2', b'"format": 9'), "does not know"),
    ],
)
async def test_a_damaged_backup_is_refused_and_nothing_is_half_done(
    target: Settings, backup: Path, name: str, content: Callable[[bytes], bytes], told: str
) -> None:
    with pytest.raises(ArchiveRefused, match=told):
        await restore_archive(target, changed(backup, backup.with_name("bad.zip"), name, content), over=False)

    assert (await contents(target.database_url)).get("school", []) == []
    assert not target.vault_key_file.exists()


async def test_a_cut_off_backup_is_refused(target: Settings, backup: Path) -> None:
    cut = cut_off(backup)

    with pytest.raises(ArchiveRefused, match="no backup of Esik"):
        await restore_archive(target, cut, over=False)


async def test_what_cannot_be_backed_up_leaves_no_file(source: Settings, target: Settings, tmp_path: Path) -> None:
    now = SimulatedClock().now()
    (tmp_path / "there.zip").write_text("mine")
    make_key_file(target.vault_key_file)
    nowhere = replace(source, database_url="postgres://esik@127.0.0.1:1/none")

    with pytest.raises(NotWritten, match="there already"):
        await write_archive(source, tmp_path / "there.zip", now, with_keys=True)
    with pytest.raises(ArchiveRefused, match="nothing to back up"):
        await write_archive(target, tmp_path / "new.zip", now, with_keys=True)
    with pytest.raises(DatabaseUnreachable):
        await write_archive(nowhere, tmp_path / "new.zip", now, with_keys=True)
    with pytest.raises(VaultLocked):
        await write_archive(replace(source, key_file=tmp_path / "lost"), tmp_path / "new.zip", now, with_keys=True)

    assert names_in(tmp_path) == ["there.zip"]


def test_a_backup_is_its_owners_only_and_tells_what_it_is(backup: Path) -> None:
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    with zipfile.ZipFile(backup) as archive:
        manifest = Manifest(**json.loads(archive.read(MANIFEST)))
        assert archive.testzip() is None
        assert manifest.migrations[0] == "0001_initial"
        assert {f"tables/{table}.csv" for table in manifest.rows} <= set(archive.namelist())
