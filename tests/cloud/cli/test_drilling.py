"""A drill restores a backup beside the running service, compares every row, checks everything, and leaves nothing."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from cloud.cli.archive import ArchiveRefused, write_archive
from cloud.cli.drilling import FOLDER, NAME, drill
from cloud.cli.restoring import restore_archive
from cloud.core.database import address
from cloud.core.services import open_services
from cloud.core.settings import Edition, Settings
from cloud.core.vault import make_key_file
from cloud.devices import ca
from cloud.imports.actions import import_school
from cloud.ledger.postings import OFFICE, top_up
from cloud.people.queries import people_of
from simulators.clock import SimulatedClock
from tests.cloud.cli.esik import called, told
from tests.cloud.cli.test_archive import changed, contents, sent
from tests.cloud.imports.factory import DANA, file
from tests.cloud.ingest.device import Device, tapped
from tests.cloud.ingest.device import opened as epoch_opened
from tests.cloud.ingest.rows import add_devices
from tests.cloud.ledger.factory import posted
from tests.cloud.schools.factory import SYSTEM, a_school

HOLDER = X25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture(name="source")
async def _source(database_url: str, tmp_path: Path) -> Settings:
    """Return the settings of a service with an authority, people, money, records and anchors."""
    settings = Settings(data=tmp_path / "source", edition=Edition.SERVER, database_url=database_url)
    make_key_file(settings.vault_key_file)
    async with open_services(settings, SimulatedClock()) as services:
        ca.init(settings.data / "ca", services.vault, services.clock.now())
        school_id = await a_school(services)
        await import_school(services, SYSTEM, school_id, file())
        (person, *_) = await people_of(services, SYSTEM, school_id)
        await posted(services, school_id, top_up("cash:1", services.clock.now(), person.ref, 500_00, OFFICE))
        shard = await services.database.pool.fetchval("SELECT shard FROM school")
        device = Device(school="almaty5", shard=shard).write(epoch_opened(), *[tapped(number) for number in range(19)])
        await add_devices(services.database.pool, services.vault, services.clock, device)
        await sent(services, device, 1, 20)
    return settings


async def databases(url: str) -> list[str]:
    connection = await asyncpg.connect(**address(url))
    try:
        return [row[0] for row in await connection.fetch("SELECT datname FROM pg_database")]
    finally:
        await connection.close()


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(**address(url))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def settings_as_words(settings: Settings) -> dict[str, object]:
    return {
        "edition": "server",
        "data": settings.data,
        "database_url": settings.database_url,
        "mqtt_url": "mqtt://127.0.0.1:1",
    }


@pytest.mark.requirement("KZ456-3", part="backup")
async def test_a_drill_of_now_restores_compares_and_checks_everything_and_leaves_nothing(source: Settings) -> None:
    before, said = await contents(source.database_url), list[str]()

    done = await drill(source, SimulatedClock(), said.append)

    assert (done.found.wrong, done.found.named[:1]) == (0, [])
    assert done.manifest.rows["record"] == done.counted["records"] == 20
    assert set(done.manifest.digests) == set(done.manifest.rows)
    assert list(done.seconds) == ["backup", "restore", "check"]
    assert [line[0] for line in said if not line.startswith(" ")] == ["1", "2", "3"]
    assert await contents(source.database_url) == before, "the service's own database is only read"
    assert not [name for name in await databases(source.database_url) if name.startswith(NAME)]
    assert not list(source.data.glob(f"{FOLDER}*"))


async def test_a_drill_tells_of_a_record_that_was_changed_before_the_backup(source: Settings) -> None:
    await execute(source.database_url, "UPDATE record SET digest = sha256('forged') WHERE seq = 7")

    done = await drill(source, SimulatedClock(), lambda _line: None)

    assert done.found.wrong > 0
    assert "7" in done.found.named[0][1]


@pytest.mark.requirement("KZ456-3", part="backup")
async def test_a_sealed_backup_holds_nothing_that_can_be_read_and_is_restored_by_its_key(
    source: Settings, empty_database: str, tmp_path: Path
) -> None:
    out = tmp_path / "esik.sealed"
    told: list[str] = []
    await write_archive(
        source, out, SimulatedClock().now(), with_keys=True, recipients=[HOLDER.public_key()],
        tell=lambda table, _done, _total: told.append(table),
    )  # fmt: skip
    target = Settings(data=tmp_path / "target", edition=Edition.SERVER, database_url=empty_database)

    with pytest.raises(ArchiveRefused, match="sealed: name with --key"):
        await restore_archive(target, out, over=False)
    with pytest.raises(ArchiveRefused, match="sealed for others"):
        await restore_archive(target, out, over=False, private=X25519PrivateKey.generate())
    manifest = await restore_archive(target, out, over=False, private=HOLDER)

    assert b"PK\x03\x04" not in out.read_bytes()
    assert source.vault_key_file.read_bytes() not in out.read_bytes()
    assert target.vault_key_file.read_bytes() == source.vault_key_file.read_bytes()
    assert set(told) == set(manifest.rows)
    assert (await contents(target.database_url))["record"] == (await contents(source.database_url))["record"]


async def test_a_byte_that_was_changed_in_a_sealed_backup_leaves_the_database_as_it_was(
    source: Settings, empty_database: str, tmp_path: Path
) -> None:
    out = tmp_path / "esik.sealed"
    await write_archive(source, out, SimulatedClock().now(), with_keys=True, recipients=[HOLDER.public_key()])
    content = bytearray(out.read_bytes())
    content[len(content) // 3] ^= 1
    out.write_bytes(content)
    target = Settings(data=tmp_path / "target", edition=Edition.SERVER, database_url=empty_database)

    with pytest.raises(ArchiveRefused, match="changed"):
        await restore_archive(target, out, over=False, private=HOLDER)

    assert (await contents(target.database_url)).get("school", []) == []


async def test_a_drill_of_a_file_without_keys_takes_this_machines(source: Settings, tmp_path: Path) -> None:
    await write_archive(source, tmp_path / "apart.zip", SimulatedClock().now(), with_keys=False)

    done = await drill(source, SimulatedClock(), lambda _line: None, file=tmp_path / "apart.zip")

    assert done.found.wrong == 0
    assert list(done.seconds) == ["restore", "check"]


async def test_a_drill_refuses_a_file_in_which_one_row_differs(source: Settings, tmp_path: Path) -> None:
    out = tmp_path / "esik.zip"
    await write_archive(source, out, SimulatedClock().now(), with_keys=True)
    bad = changed(out, tmp_path / "bad.zip", "tables/ledger_line.csv", lambda text: text.replace(b"50000", b"50001"))

    with pytest.raises(ArchiveRefused, match="not those that were backed up"):
        await drill(source, SimulatedClock(), lambda _line: None, file=bad)

    assert not [name for name in await databases(source.database_url) if name.startswith(NAME)]


async def test_what_a_drill_that_was_cut_off_left_goes_with_the_next_one(source: Settings) -> None:
    await execute(source.database_url, f"CREATE DATABASE {NAME}deadbeef")
    (source.data / f"{FOLDER}4194305-x").mkdir()  # above what a process may be numbered

    await drill(source, SimulatedClock(), lambda _line: None)

    assert not [name for name in await databases(source.database_url) if name.startswith(NAME)]
    assert not list(source.data.glob(f"{FOLDER}*"))


async def test_a_user_who_may_not_make_databases_is_told_what_to_do(source: Settings) -> None:
    await execute(source.database_url, "DROP ROLE IF EXISTS plain_of_drill; CREATE ROLE plain_of_drill LOGIN; "
                  "GRANT SELECT ON ALL TABLES IN SCHEMA public TO plain_of_drill")  # fmt: skip
    plain = replace(source, database_url=source.database_url.replace("//esik@", "//plain_of_drill@"))
    try:
        with pytest.raises(ArchiveRefused, match="ALTER ROLE plain_of_drill CREATEDB"):
            await drill(plain, SimulatedClock(), lambda _line: None)
    finally:
        await execute(source.database_url, "DROP OWNED BY plain_of_drill; DROP ROLE plain_of_drill")


def test_the_commands_make_a_key_seal_rotate_verify_and_drill(source: Settings, tmp_path: Path) -> None:
    private, folder = tmp_path / "usb.key", tmp_path / "backups"
    folder.mkdir()
    for day in range(1, 9):
        (folder / f"esik-2025-01-{day:02}T023000Z.zip").write_bytes(b"old")
    recipient = called("backup-key", "make", str(private)).stdout.strip()
    assert called("backup-key", "show", str(private)).stdout.strip() == recipient
    words = {**settings_as_words(source), "backup_folder": folder, "backup_recipients": recipient}

    dry = called("backup", "--keep-days", "30", "--dry-run", **words)
    assert len(list(folder.iterdir())) == 8
    assert dry.stdout.count("would delete") == 6
    written = json.loads(called("backup", "--keep-days", "30", "--json", **words).stdout)
    assert (written["sealed"], len(written["deleted"])) == (True, 6)
    (out,) = folder.glob("*.sealed")
    assert str(out) == written["file"]

    done = called("backup", "--verify", str(out), "--key", str(private), **words)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("in order after ")
    assert "restored, compared and checked" in done.stdout
    assert "sealed: name with --key" in told(called("drill", str(out), **words))
    assert json.loads(called("drill", "--json", **words).stdout)["wrong"] == 0
    assert "there already" in told(called("backup-key", "make", str(private)))
    assert DANA.encode() not in out.read_bytes()


def test_a_drill_that_finds_something_ends_with_1_and_names_it(source: Settings) -> None:
    called_with = settings_as_words(source)
    past_the_guards = (
        "SET session_replication_role = replica; UPDATE ledger_account SET balance_tiyn = balance_tiyn + 1"
    )
    asyncio.run(execute(source.database_url, past_the_guards))

    done = called("drill", **called_with)

    assert done.returncode == 1
    assert "books of almaty5" in done.stdout
    assert done.stdout.splitlines()[-1].startswith(("1 things are wrong", "2 things are wrong", "3 things are wrong"))
