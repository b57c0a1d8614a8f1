"""A school takes with it everything that is its own, in files that any program reads."""

import csv
import hashlib
import io
import json
import stat
import zipfile
from pathlib import Path

import pytest
import sqlite_utils

from cloud.accounts.actions import add_account
from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.files import NotWritten
from cloud.core.services import Services
from cloud.exports.actions import export_school
from cloud.exports.catalogue import known_tables
from cloud.exports.meanings import LANGUAGES, meanings
from cloud.exports.sealing import PassphraseRefused
from cloud.exports.shapes import Secret
from cloud.exports.tables import TABLES, UNKEPT
from tests.cloud.exports.factory import PASSPHRASE, a_full_school
from tests.cloud.imports.factory import AIGERIM
from tests.cloud.ingest.device import tapped
from tests.cloud.schools.factory import SYSTEM, a_school

PUBLIC = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"


@pytest.fixture(name="school_id")
async def _school_id(services: Services) -> int:
    return await a_full_school(services)


def table(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read(f"csv/{name}.csv").decode(), newline="")))


def lines(archive: zipfile.ZipFile, name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in archive.read(f"json/{name}.jsonl").splitlines()]


def manifest_tables(archive: zipfile.ZipFile) -> list[str]:
    names = json.loads(archive.read("manifest.json"))["files"]
    return [Path(name).stem for name in names if name.startswith("csv/")]


@pytest.mark.requirement("KZ456-12")
async def test_a_school_takes_its_people_cards_consents_and_records_along(
    services: Services, school_id: int, tmp_path: Path
) -> None:
    out = tmp_path / "school.zip"

    exported = await export_school(services, SYSTEM, school_id, out)

    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    with zipfile.ZipFile(out) as archive:
        assert {row["surname"] for row in table(archive, "person")} == {"Ахметова", "Ким", "Әліби"}
        assert {row["name"] for row in table(archive, "guardian")} == {"Ким Виктор", "Әліби Сауле"}
        assert len(table(archive, "card")) == 2
        records = lines(archive, "record")
        assert [record["seq"] for record in records] == list(range(1, 9))
        assert json.loads(str(records[1]["record"])) == json.loads(tapped(0))
        assert [row["record"] for row in lines(archive, "quarantine")] == ['{"k":"sonnet"}', r"\000\377"]
    assert exported.rows["person"] == 3
    assert exported.rows.get("consent", 0) + exported.rows.get("consent_answer", 0) == 2
    assert exported.rows["record"] == 8


@pytest.mark.requirement("KZ456-13")
async def test_csv_json_and_sqlite_hold_the_same_rows_and_sqlite_has_their_keys(
    services: Services, school_id: int, tmp_path: Path
) -> None:
    exported = await export_school(services, SYSTEM, school_id, tmp_path / "school.zip", set(Secret))

    with zipfile.ZipFile(tmp_path / "school.zip") as archive:
        (tmp_path / "school.sqlite").write_bytes(archive.read("school.sqlite"))
        database = sqlite_utils.Database(tmp_path / "school.sqlite")
        assert set(database.table_names()) == {*exported.rows, "dictionary"}
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert database["person"].pks == ["id"]  # type: ignore[union-attr]
        assert ("person_id", "person", "id") in [
            (each.column, each.other_table, each.other_column)
            for each in database["card"].foreign_keys  # type: ignore[union-attr]
        ]
        for name, count in exported.rows.items():
            assert len(table(archive, name)) == len(lines(archive, name)) == count
            assert database[name].count == count
        people = [(row["surname"], row["iin"]) for row in table(archive, "person")]
        assert [(row["surname"], row["iin"] or "") for row in lines(archive, "person")] == people
        held = database.execute("SELECT surname, coalesce(iin, '') FROM person ORDER BY id").fetchall()
        assert held == people
        database.close()


async def test_every_table_and_column_is_told_in_three_languages(
    services: Services, school_id: int, tmp_path: Path
) -> None:
    await export_school(services, SYSTEM, school_id, tmp_path / "school.zip")

    with zipfile.ZipFile(tmp_path / "school.zip") as archive:
        package = {each["name"]: each for each in json.loads(archive.read("datapackage.json"))["resources"]}
        told = {
            (row["table_name"], row["column_name"])
            for row in csv.DictReader(io.StringIO(archive.read("dictionary.csv").decode("utf-8-sig"), newline=""))
            if all(row[language] for language in LANGUAGES)
        }
        assert set(package) == set(manifest_tables(archive))
        for name, resource in package.items():
            heading = archive.read(resource["path"]).decode().splitlines()[0].split(",")
            assert heading == [field["name"] for field in resource["schema"]["fields"]]
            assert told >= {(name, ""), *((name, column) for column in heading)}
        assert "almaty5" in archive.read("README.txt").decode()


async def test_the_manifest_names_every_file_with_its_digest(
    services: Services, school_id: int, tmp_path: Path
) -> None:
    await export_school(services, SYSTEM, school_id, tmp_path / "school.zip", passphrase=PASSPHRASE)

    with zipfile.ZipFile(tmp_path / "school.zip") as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert set(archive.namelist()) == {*manifest["files"], "manifest.json"}
        assert "sealed.bin" in manifest["files"]
        for name, told in manifest["files"].items():
            content = archive.read(name)
            assert (len(content), hashlib.sha256(content).hexdigest()) == (told["size"], told["sha256"])


async def test_secrets_are_there_only_when_asked_for_and_their_absence_is_told(
    services: Services, school_id: int, tmp_path: Path
) -> None:
    await export_school(services, SYSTEM, school_id, tmp_path / "without.zip", passphrase=PASSPHRASE)
    await export_school(services, SYSTEM, school_id, tmp_path / "with.zip", set(Secret))

    with zipfile.ZipFile(tmp_path / "without.zip") as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
        for secret in (AIGERIM, "04A1B2C3D4E5F6", "+77012345678", "$argon2", "allergist"):
            assert secret.encode() not in everything
        assert json.loads(archive.read("datapackage.json"))["left_out"] == ["card number", "contact", "health", "iin"]
        readme = archive.read("README.txt").decode()
        assert "card numbers, contacts, what children may not eat, and papers, IINs" in readme
        assert "карта нөмірлері, байланыс деректері" in readme
    with zipfile.ZipFile(tmp_path / "with.zip") as archive:
        assert AIGERIM in {row["iin"] for row in table(archive, "person")}
        assert {row["number"] for row in table(archive, "card")} == {"04A1B2C3D4E5F6", "04A1B2C3D4E5F7"}
        assert {row["phone"] for row in lines(archive, "guardian")} == {"+77012345678", "+77029998877"}


async def test_a_short_passphrase_seals_nothing(services: Services, school_id: int, tmp_path: Path) -> None:
    with pytest.raises(PassphraseRefused):
        await export_school(services, SYSTEM, school_id, tmp_path / "school.zip", passphrase="short")

    assert list(tmp_path.glob("*.zip*")) == []  # noqa: ASYNC240 (one look)


@pytest.mark.parametrize("secrets", [(), (Secret.IIN, Secret.CONTACT)], ids=["written by the database", "by us"])
async def test_what_somebody_typed_is_no_formula(
    services: Services, school_id: int, tmp_path: Path, secrets: tuple[Secret, ...]
) -> None:
    typed = ["=1+1;=2", "\t=3", ' "@x', "-5", "a\n+7", "plain, text"]
    tame = ["'=1+1;'=2", "'\t'=3", "' \"@x", "'-5", "a\n'+7", "plain, text"]
    for number, name in enumerate(typed):
        await services.database.pool.execute(
            "INSERT INTO guardian (school_id, ref, name, created_at) VALUES ($1, $2, $3, now())",
            school_id, f"typed{number}", name,
        )  # fmt: skip

    await export_school(services, SYSTEM, school_id, tmp_path / "school.zip", secrets)

    with zipfile.ZipFile(tmp_path / "school.zip") as archive:
        written = [row["name"] for row in table(archive, "guardian") if row["ref"].startswith("typed")]
        assert written == tame
        told = [row["name"] for row in lines(archive, "guardian") if str(row["ref"]).startswith("typed")]
        assert told == typed


async def test_another_schools_rows_stay_there(services: Services, school_id: int, tmp_path: Path) -> None:
    other = await a_school(services, "astana7")

    exported = await export_school(services, SYSTEM, other, tmp_path / "other.zip")

    held = {name for name, count in exported.rows.items() if count}
    assert held == {"school", "bell", "audit_entry", "audit_link", "audit_head"}
    with zipfile.ZipFile(tmp_path / "other.zip") as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    for theirs in ("Ахметова", "almaty5", "Ким Виктор"):
        assert theirs.encode() not in everything


async def test_an_export_stands_in_the_audit_journal(services: Services, school_id: int, tmp_path: Path) -> None:
    await export_school(services, SYSTEM, school_id, tmp_path / "school.zip", [Secret.IIN])

    entry = (await noted_of(services, SYSTEM, school_id, Wanted()))[0]
    assert (entry.verb, entry.subject) == ("school.exported", "school:almaty5")
    assert (entry.detail["secrets"], entry.detail["sealed"]) == ("iin", "no")


async def test_who_works_elsewhere_goes_out_by_name_alone(services: Services, school_id: int, tmp_path: Path) -> None:
    await add_account(services, SYSTEM, "national-operator", "Operator", Reach(Role.OPERATOR, None))
    await services.database.pool.execute(
        "INSERT INTO audit_entry (at, account_id, actor, school_id, verb, subject, detail)"
        " SELECT now(), id, name, $1, 'school.exported', 'x', '{}' FROM account WHERE name = 'Operator'",
        school_id,
    )

    await export_school(services, SYSTEM, school_id, tmp_path / "school.zip")

    with zipfile.ZipFile(tmp_path / "school.zip") as archive:
        assert "Operator" in {row["name"] for row in table(archive, "account")}
        assert "login" not in table(archive, "account")[0]  # a parent's is a phone number
        assert b"national-operator" not in b"".join(archive.read(name) for name in archive.namelist())


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


async def test_every_table_goes_out_or_is_named_with_its_reason(services: Services) -> None:
    rows = await services.database.pool.fetch(f"{PUBLIC} AND NOT relispartition")

    told = [each.name for each in TABLES] + list(UNKEPT)

    assert sorted(told) == sorted(set(told))
    # A new table goes into TABLES of cloud/exports/tables.py, with its meaning in meanings.toml, or into UNKEPT.
    assert {row["relname"] for row in rows} - set(told) == set()


async def test_every_column_is_described_or_named_as_secret(services: Services) -> None:
    async with services.database.pool.acquire() as connection:
        tables = await known_tables(connection, TABLES, meanings(), set(Secret))

    # A new column gets its meaning in cloud/exports/meanings.toml, or stands among the secrets of its table.
    assert [
        f"{known.table.name}.{column.name}" for known in tables for column in known.columns
        if column.shown is None and column.name not in known.table.hidden | set(known.table.files)
    ] == []  # fmt: skip
    assert set(meanings().tables) == {each.name for each in TABLES}


async def test_tables_stand_in_an_order_in_which_they_can_be_filled(services: Services) -> None:
    async with services.database.pool.acquire() as connection:
        tables = await known_tables(connection, TABLES, meanings())

    place = {known.table.name: number for number, known in enumerate(tables)}
    before = [
        (known.table.name, each.table) for known in tables for each in known.references
        if place.get(each.table, -1) > place[known.table.name]
    ]  # fmt: skip
    assert before == [("menu", "menu_item")]  # which PostgreSQL checks at commit
