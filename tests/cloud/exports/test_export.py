"""A school takes with it everything that is its own, in files that any program reads."""

import csv
import io
import json
import stat
import zipfile
from pathlib import Path

import pytest

from cloud.accounts.actions import add_account
from cloud.accounts.queries import audit_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.files import NotWritten
from cloud.core.services import Services
from cloud.exports.actions import export_school
from cloud.exports.shapes import Secret
from cloud.exports.tables import EXPORTS, RECORD_FILES
from cloud.imports.actions import import_school
from cloud.ingest.accepting import accept
from cloud.ingest.postgres import PgStore
from cloud.ingest.senders import Senders
from tests.cloud.imports.factory import AIGERIM, file
from tests.cloud.ingest.device import NOW_MS, Device, opened, tapped
from tests.cloud.ingest.rows import add_devices
from tests.cloud.schools.factory import SYSTEM, a_school

PASSED_ON = {  # what no file of its own holds, with the reason
    "attempts": "failed sign-ins of anybody",
    "sign_in": "sessions",
    "card_key": "a secret of this service",
    "roster_key": "a secret of this service",
    "person_photo": "made small of pictures that the office has",
    "dish_photo": "made small of pictures that the canteen has",
    "till_pin": "secrets of cashiers, kept only as digests",
    "roster_version": "made of the other tables",
    "announced_roster": "which roster was told to devices",
    "device_certificate": "which certificates were issued, and which let nobody in; the devices tell their state",
    "device_boots": "how devices' clocks are corrected",
    "device_health": "of the last days; the records tell",
    "device_contact": "when records last came; the records tell",
    "watermark": "how far records came in; the records tell",
    "shard_head": "counts of the whole service",
    "reader_cursor": "how far the records were read",
    "shard_lease": "of running workers",
    "worker_beat": "of running workers",
    "request_nonce": "of running requests",
    "release": "of the whole service",
    "release_block": "of the whole service",
    "rollout": "of the whole service",
    "rollout_device": "how far a release of the whole service came",
    "device_program": "what devices asked releases for; the records tell what they run",
    "meal_counted": "how far the records are in the books; the records tell",
    "meal_head": "how many facts of meals there are; their numbers tell",
    "meal_fact": "in which order meals were met; the meals tell",
    "notice_cursor": "how far the logs were read for notices",
    "notice_purse": "what notices know of balances; the ledger tells",
    "outbox": "in which order channels are given notices; the notices tell",
    "outbox_head": "counts of the whole service",
    "channel_cursor": "how far channels read the notices",
    "ledger_head": "how many entries the ledger has; their numbers tell",
    "ledger_check": "up to where the ledger was checked; it can be checked anew",
    "ledger_checked": "the sums up to there",
    "tortoise_migrations": "of the tables themselves",
}


@pytest.fixture(name="school_id")
async def _school_id(services: Services) -> int:
    """Return a school with people, an account, and a device that has sent eight records and two that nobody reads."""
    school_id = await a_school(services)
    assert (await import_school(services, SYSTEM, school_id, file())).was_written
    await add_account(services, SYSTEM, "office-1", "=1+1;=2", Reach(Role.OFFICE, school_id))
    shard = await services.database.pool.fetchval("SELECT shard FROM school WHERE id = $1", school_id)
    device = Device(school="almaty5", shard=shard).write(opened(), *[tapped(number) for number in range(7)])
    device.write(b'{"k":"sonnet"}', b"\x00\xff")
    await add_devices(services.database.pool, services.vault, services.clock, device)
    store = PgStore(services.database.url, Senders(services.database.pool, services.vault, services.clock))
    await accept([device.batch(1, 10)], store, NOW_MS)
    await store.close()
    return school_id


def table(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read(f"{name}.csv").decode(), newline="")))


def lines(archive: zipfile.ZipFile, name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in archive.read(f"{name}.jsonl").splitlines()]


@pytest.mark.requirement("KZ456-12")
async def test_a_school_takes_its_people_cards_consents_and_records_along(
    services: Services, school_id: int, tmp_path: Path
) -> None:
    out = tmp_path / "school.zip"

    exported = await export_school(services, SYSTEM, school_id, out)

    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    with zipfile.ZipFile(out) as archive:
        assert [row["surname"] for row in table(archive, "people")] == ["Ахметова", "Әліби", "Ким"]
        assert [row["class"] for row in table(archive, "people")] == ["", "5А", "7Ә"]
        assert {row["phone"] for row in table(archive, "guardians")} == {"+77012345678", "+77029998877"}
        assert len(table(archive, "consents")) == len(table(archive, "cards")) == 2
        records = lines(archive, "records")
        assert [record["seq"] for record in records] == list(range(1, 9))
        assert records[1]["record"] == json.loads(tapped(0))
        assert [("record" in each, "record_base64" in each) for each in lines(archive, "quarantine")] == [
            (True, False), (False, True)
        ]  # fmt: skip
    assert exported.rows["people"] == 3
    assert exported.rows["records"] == 8


async def test_every_file_is_described_as_it_is(services: Services, school_id: int, tmp_path: Path) -> None:
    await export_school(services, SYSTEM, school_id, tmp_path / "school.zip")

    with zipfile.ZipFile(tmp_path / "school.zip") as archive:
        package = json.loads(archive.read("datapackage.json"))
        described = {resource["path"]: resource for resource in package["resources"]}
        assert set(archive.namelist()) == {*described, "datapackage.json", "README.txt"}
        assert set(described) == {f"{each.name}.csv" for each in EXPORTS} | {f"{name}.jsonl" for name in RECORD_FILES}
        for path, resource in described.items():
            if path.endswith(".csv"):
                heading = archive.read(path).decode().splitlines()[0].split(",")
                assert heading == [field["name"] for field in resource["schema"]["fields"]]
        assert "almaty5" in archive.read("README.txt").decode()


async def test_iins_and_card_numbers_are_there_only_when_asked_for_and_their_absence_is_told(
    services: Services, school_id: int, tmp_path: Path
) -> None:
    await export_school(services, SYSTEM, school_id, tmp_path / "without.zip")
    await export_school(services, SYSTEM, school_id, tmp_path / "with.zip", set(Secret))

    with zipfile.ZipFile(tmp_path / "without.zip") as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
        assert AIGERIM.encode() not in everything
        assert b"04A1B2C3D4E5F6" not in everything
        assert json.loads(archive.read("datapackage.json"))["left_out"] == ["card number", "iin"]
        assert "card numbers, iins" in archive.read("README.txt").decode()
    with zipfile.ZipFile(tmp_path / "with.zip") as archive:
        assert AIGERIM in {row["iin"] for row in table(archive, "people")}
        assert {row["number"] for row in table(archive, "cards")} == {"04A1B2C3D4E5F6", "04A1B2C3D4E5F7"}


async def test_what_somebody_typed_is_no_formula(services: Services, school_id: int, tmp_path: Path) -> None:
    await export_school(services, SYSTEM, school_id, tmp_path / "school.zip")

    with zipfile.ZipFile(tmp_path / "school.zip") as archive:
        assert [row["name"] for row in table(archive, "accounts")] == ["'=1+1;'=2"]


async def test_another_schools_rows_stay_there(services: Services, school_id: int, tmp_path: Path) -> None:
    other = await a_school(services, "astana7")

    exported = await export_school(services, SYSTEM, other, tmp_path / "other.zip")

    assert {name for name, count in exported.rows.items() if count} == {"school", "bells", "audit"}


async def test_an_export_stands_in_the_audit_journal(services: Services, school_id: int, tmp_path: Path) -> None:
    await export_school(services, SYSTEM, school_id, tmp_path / "school.zip", [Secret.IIN])

    entry = (await audit_of(services, SYSTEM, school_id))[0]
    assert (entry.verb, entry.subject, entry.detail["secrets"]) == ("school.exported", "school:almaty5", "iin")


async def test_a_guard_takes_nothing_along_and_no_file_is_written_over(
    services: Services, school_id: int, tmp_path: Path
) -> None:
    guard = Actor("Guard", None, frozenset({Reach(Role.GUARD, school_id)}))
    (tmp_path / "there.zip").write_text("mine")

    with pytest.raises(NotAllowed):
        await export_school(services, guard, school_id, tmp_path / "new.zip")
    with pytest.raises(NotWritten, match="there already"):
        await export_school(services, SYSTEM, school_id, tmp_path / "there.zip")
    with pytest.raises(NotWritten, match="cannot be written"):
        await export_school(services, SYSTEM, school_id, tmp_path / "nowhere" / "new.zip")

    assert [each.name for each in tmp_path.iterdir()] == ["there.zip"]  # noqa: ASYNC240 (one look)


async def test_every_table_is_exported_or_named_with_its_reason(services: Services) -> None:
    queries = " ".join([each.query for each in EXPORTS] + [query for _, query in RECORD_FILES.values()])
    rows = await services.database.pool.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        " AND NOT relispartition"
    )

    told = {row["relname"] for row in rows if f"FROM {row['relname']} " in queries.replace("\n", " ")}
    joined = {"account", "guardian", "ledger_entry", "dish", "menu_item", "cycle_item"}

    assert {row["relname"] for row in rows} - told - joined == set(PASSED_ON)
