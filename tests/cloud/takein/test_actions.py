"""A school's export, taken into an empty installation, is an equal school; what is not right changes nothing."""

import asyncio
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from cloud.accounts.logins import opened
from cloud.accounts.passwords import verify_password
from cloud.accounts.queries import account_of_login
from cloud.audit.queries import Wanted, noted_of
from cloud.audit.verifying import verify_audit
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.services import Services, open_services
from cloud.core.settings import Edition, Settings
from cloud.core.vault import make_key_file
from cloud.exports.actions import export_school
from cloud.exports.package import MANIFEST, SEALED, Member, bound_of
from cloud.exports.sealing import PassphraseRefused, Sealer, SealingKey
from cloud.exports.sealing import opened as unsealed
from cloud.exports.shapes import Secret
from cloud.ingest.verifying import verify_log
from cloud.integrity.granted import compare_roles
from cloud.menu.restrictions import limits_of_school
from cloud.people.bulk import IIN
from cloud.takein.actions import take_in
from cloud.takein.errors import TakeInRefused
from cloud.takein.loading import BYTES_AT_ONCE, batches
from cloud.takein.reading import leads_elsewhere
from simulators.clock import SimulatedClock
from tests.cloud.exports.factory import PASSPHRASE, a_full_school
from tests.cloud.imports.factory import AIGERIM
from tests.cloud.schools.factory import SYSTEM, a_school
from tests.servers.postgres import Postgres

pytestmark = pytest.mark.xdist_group("taken_in")  # the export is made once for all of them
REST = ("esik", "migration", "school", "made_at", "left_out")
EVERYTHING = set(Secret)
CHANGED = {"audit_entry", "audit_link", "audit_head"}  # taking in and exporting are noted


@pytest.fixture(scope="module", name="export")
def _export(postgres_server: Postgres, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the export of a school that is not alone, from an installation with other keys."""
    folder = tmp_path_factory.mktemp("elsewhere")
    settings = Settings(
        data=folder, edition=Edition.SERVER, database_url=postgres_server.create("elsewhere", migrated_template)
    )
    make_key_file(settings.vault_key_file)

    async def work() -> None:
        async with open_services(settings, SimulatedClock()) as services:
            await a_school(services, "astana7")
            school_id = await a_full_school(services)
            await export_school(services, SYSTEM, school_id, folder / "school.zip", EVERYTHING, PASSPHRASE)

    asyncio.run(work())
    postgres_server.drop("elsewhere")
    return folder / "school.zip"


def tables(file: Path) -> dict[str, list[str]]:
    with zipfile.ZipFile(file) as archive:
        names = [name for name in archive.namelist() if name.startswith("json/")]
        return {Path(name).stem: archive.read(name).decode().splitlines() for name in names}


@pytest.mark.requirement("KZ456-13")
async def test_what_was_taken_in_exports_as_the_same_school(services: Services, export: Path, tmp_path: Path) -> None:
    taken = await take_in(services, SYSTEM, export, PASSPHRASE)
    await export_school(services, SYSTEM, taken.school_id, tmp_path / "again.zip", EVERYTHING, PASSPHRASE)

    before, after = tables(export), tables(tmp_path / "again.zip")
    assert set(before) == set(after)
    assert {name for name in before if before[name] != after[name]} == CHANGED
    assert after["audit_entry"][: len(before["audit_entry"])] == before["audit_entry"]
    with zipfile.ZipFile(export) as one, zipfile.ZipFile(tmp_path / "again.zip") as other:
        assert set(one.namelist()) == set(other.namelist())
    assert taken.rows == sum(map(len, before.values()))


async def test_what_was_taken_in_verifies_and_reads_with_the_new_keys(services: Services, export: Path) -> None:
    taken = await take_in(services, SYSTEM, export, PASSPHRASE)

    assert (await verify_log(services)).findings == []
    broken: list[tuple[object, ...]] = []
    await verify_audit(services.database.pool, lambda *told: broken.append(told))
    assert await compare_roles(services, lambda *told: broken.append(told)) > 0
    assert broken == []
    pool = services.database.pool
    iins = await pool.fetch("SELECT iin_encrypted FROM person WHERE iin_encrypted IS NOT NULL")
    assert AIGERIM in {services.vault.decrypt(row["iin_encrypted"], IIN) for row in iins}
    assert await pool.fetchval("SELECT count(*) FROM person WHERE iin_digest = $1", services.vault.digest(AIGERIM, IIN))
    assert (await noted_of(services, SYSTEM, taken.school_id, Wanted()))[0].verb == "school.taken_in"
    assert not await verify_password(await pool.fetchval("SELECT password_hash FROM account LIMIT 1"), "!")
    added = await pool.fetchval(
        "INSERT INTO term (school_id, first_on, last_on) VALUES ($1, '2030-01-01', '2030-02-01') RETURNING id",
        taken.school_id,
    )
    assert added > 0  # numbers go on where they ended


async def test_a_school_comes_into_an_empty_installation_only(services: Services, export: Path) -> None:
    await a_school(services, "pavlodar1")

    with pytest.raises(TakeInRefused, match="already"):
        await take_in(services, SYSTEM, export, PASSPHRASE)


async def test_only_an_operator_takes_a_school_in(services: Services, export: Path) -> None:
    with pytest.raises(NotAllowed):
        await take_in(services, Actor("Director", None, frozenset({Reach(Role.DIRECTOR, 1)})), export, PASSPHRASE)


async def test_the_wrong_passphrase_opens_nothing(services: Services, export: Path) -> None:
    with pytest.raises(PassphraseRefused):
        await take_in(services, SYSTEM, export, "wrong horse battery")


def resealed(file: Path, out: Path, craft: Callable[["Files"], None]) -> Path:
    """Write an export anew as somebody would who knows the passphrase: with a manifest and a seal that are right."""
    with zipfile.ZipFile(file) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    sealed = io.BytesIO(files["sealed.bin"])
    held = {name: Member(len(each), hashlib.sha256(each).hexdigest()) for name, each in files.items()}
    plain = b"".join(unsealed(sealed, PASSPHRASE, bound_of({n: m for n, m in held.items() if n != MANIFEST})))
    files[SEALED] = plain  # for who crafts, it lies open
    craft(files)
    bound = {
        name: Member(len(each), hashlib.sha256(each).hexdigest()) for name, each in files.items()
        if name not in {MANIFEST, SEALED}
    }  # fmt: skip
    anew = io.BytesIO()
    sealer = Sealer(anew, SealingKey.of(PASSPHRASE), bound_of(bound))
    sealer.write(files[SEALED])
    sealer.close()
    files[SEALED] = anew.getvalue()
    told_again(files)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out


Files = dict[str, bytes]


def nothing(_files: Files) -> None:
    """Craft nothing: what is sealed anew as it was is taken in."""


def a_deed_that_nobody_did(files: Files) -> None:
    files["json/audit_entry.jsonl"] = files["json/audit_entry.jsonl"].replace(b"school.added", b"school.stolen")


def deeds_of_no_school(files: Files) -> None:
    first = json.loads(files["json/audit_entry.jsonl"].splitlines()[0])
    entry = {**first, "id": 999_999, "school_id": None, "subject": "account:1"}
    files["json/audit_entry.jsonl"] += json.dumps(entry).encode() + b"\n"


def a_deed_without_a_link(files: Files) -> None:
    first = json.loads(files["json/audit_entry.jsonl"].splitlines()[0])
    files["json/audit_entry.jsonl"] += json.dumps({**first, "id": 999_999}).encode() + b"\n"


def a_code_with_a_way_in_it(files: Files) -> None:
    files["json/school.jsonl"] = files["json/school.jsonl"].replace(b"almaty5", b"../../x")
    files["manifest.json"] = files["manifest.json"].replace(b'"almaty5"', b'"../../x"')


def changed(files: Files, table: str, **values: object) -> None:
    """Put other values into a table's first row."""
    first, *others = files[f"json/{table}.jsonl"].splitlines()
    files[f"json/{table}.jsonl"] = b"\n".join([json.dumps(json.loads(first) | values).encode(), *others, b""])


def a_zone_that_is_none(files: Files) -> None:
    changed(files, "school", zone="Asia/Nowhere")  # would end each round of the workers, for all schools


def a_shard_that_nobody_serves(files: Files) -> None:
    changed(files, "school", shard=64)


def a_moment_without_end(files: Files) -> None:
    changed(files, "school", created_at="infinity")


def a_number_that_leaves_none_for_others(files: Files) -> None:
    changed(files, "quarantine", id=2**63 - 1)


CRAFTED = (
    a_deed_that_nobody_did, deeds_of_no_school, a_deed_without_a_link, a_code_with_a_way_in_it, a_zone_that_is_none,
    a_shard_that_nobody_serves, a_moment_without_end, a_number_that_leaves_none_for_others,
)  # fmt: skip


async def test_what_is_sealed_anew_as_it_was_is_taken_in(services: Services, export: Path, tmp_path: Path) -> None:
    assert (await take_in(services, SYSTEM, resealed(export, tmp_path / "x.zip", nothing), PASSPHRASE)).rows > 0


def health_lies_open(files: Files) -> None:
    """Write the export as it was written before restrictions and papers were sealed."""
    kept = [line for line in files[SEALED].splitlines() if b'"restriction"' not in line]
    assert len(kept) < len(files[SEALED].splitlines())
    files[SEALED] = b"\n".join([*kept, b""])


async def test_an_export_of_before_health_was_sealed_is_taken_in_and_sealed(
    services: Services, export: Path, tmp_path: Path
) -> None:
    taken = await take_in(services, SYSTEM, resealed(export, tmp_path / "x.zip", health_lies_open), PASSPHRASE)

    async with services.database.pool.acquire() as connection:
        held = await limits_of_school(connection, services.vault, taken.school_id)
    assert [limits.allergens for limits in held.values()] == [("nuts",)]


def logins_by_their_old_name(files: Files) -> None:
    """Write the export as it was written while logins stood in the clear in the database."""
    before = files[SEALED]
    files[SEALED] = before.replace(b'"login_encrypted"', b'"login"')
    assert files[SEALED] != before


async def test_who_signed_in_by_an_export_of_before_logins_were_sealed_is_found_by_the_login(
    services: Services, export: Path, tmp_path: Path
) -> None:
    await take_in(services, SYSTEM, resealed(export, tmp_path / "x.zip", logins_by_their_old_name), PASSPHRASE)

    account_id = await account_of_login(services, "office-1")
    sealed = await services.database.pool.fetchval("SELECT login_encrypted FROM account WHERE id = $1", account_id)
    assert opened(services.vault, sealed) == "office-1"


@pytest.mark.parametrize("craft", CRAFTED, ids=lambda each: each.__name__)
async def test_who_knows_the_passphrase_crafts_nothing_that_others_suffer_from(
    services: Services, export: Path, tmp_path: Path, craft: Callable[["Files"], None]
) -> None:
    file = resealed(export, tmp_path / "crafted.zip", craft)

    with pytest.raises(TakeInRefused, match=r"journal|code|zone|shard|moment|numbers"):
        await take_in(services, SYSTEM, file, PASSPHRASE)

    assert await services.database.pool.fetchval("SELECT count(*) FROM school") == 0


def test_rows_are_loaded_by_bytes_as_well_as_by_lines() -> None:
    light = list(batches(iter([b"x"] * 2_500), len))
    heavy = list(batches(iter([b"x"] * 5), lambda _line: BYTES_AT_ONCE // 2))
    alone = list(batches(iter([b"x"] * 3), lambda _line: 10 * BYTES_AT_ONCE))

    assert [len(batch) for batch in light] == [1_000, 1_000, 500]
    assert [len(batch) for batch in heavy] == [2, 2, 1]
    assert [len(batch) for batch in alone] == [1, 1, 1]


def a_changed_byte(files: Files) -> None:
    files["json/person.jsonl"] = files["json/person.jsonl"].replace("Ким".encode(), "Кум".encode())


def a_changed_byte_that_the_manifest_tells(files: Files) -> None:
    a_changed_byte(files)
    told_again(files)


def a_wrong_type(files: Files) -> None:
    files["json/term.jsonl"] = b'{"id": "many", "school_id": 1, "first_on": "x", "last_on": "y"}\n'
    told_again(files)


def an_unknown_version(files: Files) -> None:
    files["manifest.json"] = json.dumps({**json.loads(files["manifest.json"]), "format": 99}).encode()


def a_file_that_nobody_told_of(files: Files) -> None:
    files["json/more.jsonl"] = b"{}\n"


def a_way_to_another_folder(files: Files) -> None:
    files["../../etc/cron.d/mine"] = b"x"


def no_manifest(files: Files) -> None:
    del files["manifest.json"]


def no_sealed_part(files: Files) -> None:
    del files["sealed.bin"]
    told_again(files)


def told_again(files: Files) -> None:
    """Make the manifest tell what is there, as somebody would who changed it on purpose."""
    manifest = json.loads(files["manifest.json"])
    manifest["files"] = {
        name: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest(), "rows": None}
        for name, content in files.items() if name != "manifest.json"
    }  # fmt: skip
    files["manifest.json"] = json.dumps(manifest).encode()


DAMAGES: tuple[Callable[[Files], None], ...] = (
    a_changed_byte, a_changed_byte_that_the_manifest_tells, a_wrong_type, an_unknown_version,
    a_file_that_nobody_told_of, a_way_to_another_folder, no_manifest, no_sealed_part,
)  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda each: each.__name__)
async def test_a_file_that_was_changed_is_refused_and_changes_nothing(
    services: Services, export: Path, tmp_path: Path, damage: Callable[[Files], None]
) -> None:
    with zipfile.ZipFile(export) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    damage(files)
    with zipfile.ZipFile(tmp_path / "changed.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)

    with pytest.raises((TakeInRefused, PassphraseRefused)) as refused:
        await take_in(services, SYSTEM, tmp_path / "changed.zip", PASSPHRASE)

    assert any(word in str(refused.value) for word in ("again", "Install", "Check"))
    assert await services.database.pool.fetchval("SELECT count(*) FROM school") == 0


async def test_a_zip_bomb_is_not_unpacked(services: Services, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zip"
    told = {"csv/term.csv": {"size": 1, "sha256": "", "rows": None}}
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("csv/term.csv", bytes(64 << 20))
        archive.writestr("manifest.json", json.dumps({"format": 2, "files": told, **dict.fromkeys(REST, "")}))

    with pytest.raises(TakeInRefused, match="size"):
        await take_in(services, SYSTEM, bomb, PASSPHRASE)


def test_names_that_lead_elsewhere_are_known() -> None:
    for name in ("/etc/passwd", "../up", "a/../../b", "c:\\x", "a\\b", "folder/"):
        assert leads_elsewhere(name)
    assert not leads_elsewhere("json/person.jsonl")
