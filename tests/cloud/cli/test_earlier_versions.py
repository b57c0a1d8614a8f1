"""What an earlier version formed is used by this one: its tables are brought up, and its backup is restored into it."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import asyncpg
import pytest

from cloud.accounts.actions import sign_in
from cloud.accounts.passwords import HASHER
from cloud.cli.archive import MANIFEST, write_archive
from cloud.cli.restoring import restore_archive
from cloud.core.clock import SystemClock
from cloud.core.database import address
from cloud.core.iin import IIN
from cloud.core.migrating import migrate, names
from cloud.core.services import open_services
from cloud.core.settings import Edition, Settings
from cloud.core.vault import Vault, make_key_file, read_keys
from cloud.integrity.checking import Found, look
from cloud.people.bulk import PHONE
from cloud.people.queries import iin_of, people_of, phones_of
from schemas.chain import genesis, link
from simulators.clock import SimulatedClock
from tests.cloud.cli.test_archive import changed
from tests.cloud.ingest.device import EPOCH, opened, tapped
from tests.cloud.people.factory import an_iin
from tests.cloud.schools.factory import SYSTEM

FIRST = "0002_records"  # the first tables that took records in
PASSWORD = "kept since the first version"
PHONE_OF_MOTHER, CARD = "+77012345678", "04A1B2C3D4E5F6"
_SCHOOL = """
INSERT INTO school (code, shard, name_kk, name_ru, name_en, zone, school_days, passback, created_at)
VALUES ('almaty5', 7, 'Мектеп', 'Школа', 'School', 'Asia/Almaty', 5, 'soft', now()) RETURNING id
"""
_PEOPLE = """
WITH class AS (
  INSERT INTO school_class (school_id, grade, letter, shift, is_active) VALUES ($1, 5, 'А', 1, true) RETURNING id
)
INSERT INTO person (school_id, shard, ref, role, surname, given_name, patronymic, sort_key, iin_encrypted, iin_digest,
  number, school_class_id, position, is_active, created_at)
SELECT $1, 7, 'ref' || n, 'student', 'Әліби' || n, 'Дана', '', 'Әліби' || n, sealed, digest, n::text, class.id, '',
  true, now()
FROM class, unnest($2::bytea[], $3::text[]) WITH ORDINALITY AS each (sealed, digest, n) RETURNING id
"""
_FAMILY = """
WITH mother AS (
  INSERT INTO guardian (school_id, ref, name, phone_encrypted, phone_digest, created_at)
  VALUES ($1, 'mother1', 'Әліби Сауле', $3, $4, now()) RETURNING id
), tie AS (
  INSERT INTO guardianship (guardian_id, person_id, relation, may_see, may_block_card)
  SELECT id, $2, 'mother', true, true FROM mother
), consent AS (
  INSERT INTO consent (person_id, purpose, given_on, source, withdrawal_source, recorded_at)
  VALUES ($2, 'card', '2026-08-25', '12-өтініш', '', now())
), presence AS (
  INSERT INTO presence (shard, school_id, person_id, "on", first_in_at, is_inside, late_min, without_card, entries,
    updated_at) VALUES (7, $1, $2, '2026-09-01', now(), true, 3, false, 1, now())
)
INSERT INTO card (school_id, person_id, token, number_encrypted, medium, state, issued_at, changed_at)
VALUES ($1, $2, 'token-of-the-first', $5, 'uid', 'active', now(), now())
"""
_ACCOUNT = """
WITH account AS (
  INSERT INTO account (login, password_hash, must_change, name, language, is_active, created_at)
  VALUES ('office-1', $2, false, 'Гүлнар', 'kk', true, now()) RETURNING id
), role AS (
  INSERT INTO grant_of_role (account_id, school_id, role) SELECT id, $1, 'office' FROM account
)
INSERT INTO audit_entry (at, actor, school_id, verb, subject, detail)
SELECT now(), 'operator', $1, 'account.added', 'account:' || id, '{"role": "office"}'::jsonb FROM account
"""
_RECORD = """
INSERT INTO record (shard, position, school_id, device, epoch, seq, received_at, corrected_ms, kind, digest, record)
VALUES (7, $1, $2, 'gate-1', $3, $1, now(), 0, 'decision', $4, $5)
"""
_MARK = "INSERT INTO watermark (device, epoch, shard, upto, digest, boot) VALUES ('gate-1', $1, 7, 10, $2, 'boot1')"
_HEAD = "UPDATE shard_head SET position = 10 WHERE shard = 7"
_KEPT = """
SELECT (SELECT count(*) FROM person) AS people, (SELECT says FROM consent_answer WHERE purpose = 'card') AS consent,
  (SELECT token FROM card) AS token, (SELECT late_min FROM presence WHERE "on" = '2026-09-01') AS late,
  (SELECT count(*) FROM audit_entry WHERE verb = 'account.added') AS deeds,
  (SELECT grade || letter FROM school_class) AS class
"""


@dataclass(frozen=True, slots=True)
class Early:
    """A service of the first version, with a school, people and records."""

    settings: Settings
    school_id: int


@pytest.fixture(name="early")
async def _early(empty_database: str, tmp_path: Path) -> Early:
    settings = Settings(data=tmp_path / "early", edition=Edition.SERVER, database_url=empty_database)
    settings.data.mkdir()
    make_key_file(settings.vault_key_file)
    await migrate(settings.database_url, FIRST)
    connection = await asyncpg.connect(**address(settings.database_url))
    try:
        school_id = await connection.fetchval(_SCHOOL)
        await fill(connection, school_id, Vault(*read_keys(settings.vault_key_file)))
    finally:
        await connection.close()
    return Early(settings, school_id)


async def fill(connection: asyncpg.Connection, school_id: int, vault: Vault) -> None:
    """Write what a school of the first version had: people, a family, a card, an account, days and records."""
    iins = [an_iin(date(2015, 3, 4), number) for number in range(1, 4)]
    rows = await connection.fetch(
        _PEOPLE, school_id, [vault.encrypt(iin, IIN) for iin in iins], [vault.digest(iin, IIN) for iin in iins]
    )
    await connection.execute(
        _FAMILY, school_id, rows[0]["id"], vault.encrypt(PHONE_OF_MOTHER, PHONE), vault.digest(PHONE_OF_MOTHER, PHONE),
        vault.encrypt(CARD, "card.number"),
    )  # fmt: skip
    await connection.execute(_ACCOUNT, school_id, HASHER.hash(PASSWORD))
    chain = genesis("gate-1", EPOCH)
    for seq, line in enumerate([opened(), *[tapped(number) for number in range(9)]], 1):
        chain = link(chain, line)
        await connection.execute(_RECORD, seq, school_id, EPOCH, chain, line)
    await connection.execute(_MARK, EPOCH, chain)
    await connection.execute(_HEAD)


async def is_whole(settings: Settings, school_id: int) -> None:
    """Look at everything as `esik cloud verify` does, and at what people had: all of it must be there, and work."""
    async with open_services(settings, SystemClock()) as services:
        found = Found()
        counted = await look(services, found)
        assert (counted["records"], found.named) == (10, [])
        assert counted["sealed"] >= 5
        people = await people_of(services, SYSTEM, school_id)
        assert sorted(person.name.split()[0] for person in people) == ["Әліби1", "Әліби2", "Әліби3"]
        assert await iin_of(services, SYSTEM, "ref1") == an_iin(date(2015, 3, 4), 1)
        assert list((await phones_of(services, SYSTEM, "ref1")).values()) == [PHONE_OF_MOTHER]
        kept = await services.database.pool.fetchrow(_KEPT)
        assert kept is not None
        assert tuple(kept) == (3, "yes", "token-of-the-first", 3, 1, "5А")
        await sign_in(services, "office-1", PASSWORD, "127.0.0.1")


@pytest.mark.requirement("KZ456-8")
async def test_the_tables_of_the_first_version_are_brought_up_with_all_that_is_in_them(early: Early) -> None:
    applied = await migrate(early.settings.database_url, key_file=early.settings.vault_key_file)

    assert applied == names()[names().index(FIRST) + 1 :]
    await is_whole(early.settings, early.school_id)


@pytest.mark.requirement("KZ456-8")
@pytest.mark.parametrize("has_digests", [True, False], ids=["of now", "of the format before digests"])
async def test_a_backup_of_the_first_version_is_restored_into_this_one(
    early: Early, database_url: str, tmp_path: Path, *, has_digests: bool
) -> None:
    out = tmp_path / "first.zip"
    manifest = await write_archive(early.settings, out, SimulatedClock().now(), with_keys=True)
    assert manifest.migrations[-1] == FIRST
    if not has_digests:
        out = changed(out, tmp_path / "older.zip", MANIFEST, _without_digests)
    target = Settings(data=tmp_path / "target", edition=Edition.SERVER, database_url=database_url)
    connection = await asyncpg.connect(**address(database_url))
    await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await connection.close()

    await restore_archive(target, out, over=False)

    await is_whole(target, early.school_id)


def _without_digests(text: bytes) -> bytes:
    told = json.loads(text)
    del told["digests"]
    return json.dumps({**told, "format": 1}).encode()
