"""What lay open before an update is sealed by it: every row, or none, and nothing of it stays in the tables' files."""

from pathlib import Path

import asyncpg
import pytest

from cloud.core.database import address
from cloud.core.migrating import migrate, names
from cloud.core.vault import Vault, VaultLocked, make_key_file

SECRETS = ("жержаңғақ", "аллерголог анықтамасы 12", "мүгедектік туралы бұйрық 7", "сот шешімі 5", "сот шешімі 6",
           "+77011234567", "mother@example.kz")  # fmt: skip
ROWS = 2_500  # more than are sealed at once
BEFORE = f"""
INSERT INTO school (id, code, shard, name_kk, name_ru, name_en, zone, school_days, passback, created_at)
VALUES (1, 'school1', 1, 'м', 'ш', 's', 'Asia/Almaty', 5, 'soft', now());
INSERT INTO person (id, school_id, shard, ref, role, surname, given_name, patronymic, sort_key, position, is_active,
  created_at) VALUES (1, 1, 1, 'ref1', 'student', 'Әліби', 'Айгерім', '', '', '', true, now());
INSERT INTO guardian (id, school_id, ref, name, created_at) VALUES (1, 1, 'g1', 'Сәуле', now());
CREATE SCHEMA school_school1;
CREATE VIEW school_school1.restriction AS SELECT id, value, document FROM restriction; -- of another program
INSERT INTO restriction (school_id, person_id, kind, value, is_school, document, set_at, set_by)
VALUES (1, 1, 'allergen', '{SECRETS[0]}', true, '{SECRETS[1]}', now(), '');
INSERT INTO restriction (school_id, person_id, kind, value, set_at, set_by)
SELECT 1, 1, 'dish', n::text, now(), '' FROM generate_series(1, {ROWS}) AS n;
INSERT INTO account (id, login, password_hash, name, created_at, must_change, is_active, language)
SELECT n, login, '', '', now(), false, true, ''
FROM unnest(ARRAY['{SECRETS[5]}', '!2', '{SECRETS[6]}']) WITH ORDINALITY AS held (login, n);
INSERT INTO entitlement (school_id, kind, ground, grades, meals, price_tiyn, first_on, last_on, document, proposed_at,
  proposed_by)
VALUES (1, 'free', 'disability', '{{}}', '{{lunch}}', 0, '2026-09-01', '2027-05-25', '{SECRETS[2]}', now(), '');
INSERT INTO family_limit (guardian_id, person_id, takes, document, noted_at, noted_by, lift_document)
VALUES (1, 1, '{{pay}}', '{SECRETS[3]}', now(), '', '{SECRETS[4]}'), (1, 1, '{{see}}', '{SECRETS[3]}', now(), '', '');
"""  # noqa: S608 (texts of ours)
SEALED = {
    "restriction": ("value", "document"), "entitlement": ("document",), "family_limit": ("document", "lift_document"),
    "account": ("login",),
}  # fmt: skip


async def before(url: str, pool: asyncpg.Pool) -> None:
    await migrate(url, names()[names().index("0038_sealed") - 1])
    await pool.execute(BEFORE)


async def on_disk(pool: asyncpg.Pool, table: str) -> bytes:
    """Return the bytes of a table's file, as who steals the disk finds them."""
    await pool.execute("CHECKPOINT")
    return bytes(await pool.fetchval("SELECT pg_read_binary_file(pg_relation_filepath($1::text::regclass))", table))


async def test_what_lay_open_is_sealed_and_nothing_of_it_stays_in_the_files(
    empty_database: str, tmp_path: Path
) -> None:
    make_key_file(tmp_path / "vault.key")
    vault = Vault.of_file(tmp_path / "vault.key")
    async with asyncpg.create_pool(**address(empty_database), min_size=1, max_size=2) as pool:
        await before(empty_database, pool)
        assert SECRETS[0].encode() in await on_disk(pool, "restriction")

        assert await migrate(empty_database, key_file=tmp_path / "vault.key")

        opened = []
        for table, columns in SEALED.items():
            files = await on_disk(pool, table)
            assert [each for each in SECRETS if each.encode() in files] == []
            for column in columns:
                rows = await pool.fetch(f"SELECT id, {column}_encrypted AS sealed FROM {table} ORDER BY id")  # noqa: S608
                context = f"{table}.{column}"
                opened += [
                    vault.decrypt(row["sealed"], context, str(row["id"])) for row in rows if row["sealed"] is not None
                ]
        digests = {vault.digest(login, "account.login"): login for login in SECRETS[5:]}
        rows = await pool.fetch("SELECT id, login_digest FROM account ORDER BY id")
        found = [(row["id"], digests.get(row["login_digest"])) for row in rows]
    dishes = [str(number) for number in range(1, ROWS + 1)]
    assert opened == [SECRETS[0], *dishes, SECRETS[1], SECRETS[2], SECRETS[3], SECRETS[3], *SECRETS[4:]]
    assert found == [(1, SECRETS[5]), (2, None), (3, SECRETS[6])], "who was deleted has no login, and all others theirs"


async def test_without_its_keys_nothing_is_migrated_and_the_next_run_does_it_all(
    empty_database: str, tmp_path: Path
) -> None:
    async with asyncpg.create_pool(**address(empty_database), min_size=1, max_size=2) as pool:
        await before(empty_database, pool)

        with pytest.raises(VaultLocked, match="run `esik cloud migrate`"):
            await migrate(empty_database)
        with pytest.raises(VaultLocked, match="restore it from its backup"):
            await migrate(empty_database, key_file=tmp_path / "vault.key")

        assert await pool.fetchval("SELECT count(*) FROM restriction WHERE value <> ''") == ROWS + 1
        make_key_file(tmp_path / "vault.key")
        assert await migrate(empty_database, key_file=tmp_path / "vault.key")
        assert await pool.fetchval("SELECT count(*) FROM restriction WHERE value_encrypted IS NOT NULL") == ROWS + 1
