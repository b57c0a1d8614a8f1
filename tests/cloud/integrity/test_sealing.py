"""Sealed fields: none is changed or moved unseen, a new key seals all of them anew, a stolen file tells nothing."""

from datetime import date
from pathlib import Path

import asyncpg
import pytest

from cloud.accounts.actions import add_account, sign_in
from cloud.accounts.errors import SignInRefused
from cloud.accounts.queries import account_of_login
from cloud.accounts.sessions import login_of
from cloud.cards.actions import give_card
from cloud.core.actor import Actor, Reach, Role
from cloud.core.database import Database
from cloud.core.sealed import SEALED
from cloud.core.services import Services
from cloud.core.vault import Vault, VaultLocked, add_key, make_key_file
from cloud.core.vault_keys import read_key_file, retire_keys
from cloud.integrity.sealing import reseal, sealed_with, verify_sealed
from cloud.menu.diets import forbid
from cloud.menu.entitlements import EntitlementGiven, propose
from cloud.menu.kinds import RightKind
from cloud.menu.meals import USUAL, put_meal
from cloud.people.actions import add_guardian, add_person, give_consent
from cloud.people.bulk import GuardianGiven, PersonGiven
from cloud.people.family import lift_limit, note_limit
from cloud.people.kinds import FamilyRight, PersonRole, Purpose, Relation
from cloud.people.photos import put_photo
from cloud.people.queries import iin_of
from tests.cloud.core.pictures import picture
from tests.cloud.people.factory import an_iin
from tests.cloud.schools.factory import SYSTEM, a_school

PHONES = ("+77011234567", "+77017654321")
EMAIL, LOGIN = "mother@example.kz", "zhanar@school.kz"
ALLERGEN = "жержаңғақ"
PAPERS = ("сот шешімі 5", "сот шешімі 6", "аллерголог анықтамасы 12", "мүгедектік туралы бұйрық 7")


async def a_family(services: Services) -> list[str]:
    """Write two children with IINs, guardians, cards and photos; return the IINs."""
    school_id = await a_school(services)
    iins = [an_iin(date(2015, 3, 4), serial) for serial in (100, 200)]
    for number, (iin, phone) in enumerate(zip(iins, PHONES, strict=True)):
        given = PersonGiven(role=PersonRole.STUDENT, surname="Әліби", given_name="Айгерім", number=str(number), iin=iin)
        person_id = await add_person(services, SYSTEM, school_id, given)
        guardian_id = await add_guardian(
            services, SYSTEM, person_id, GuardianGiven("Әліби Сауле", phone, EMAIL), Relation.MOTHER
        )
        court = await note_limit(services, SYSTEM, guardian_id, person_id, [FamilyRight.PAY], PAPERS[0])
        await lift_limit(services, SYSTEM, court, PAPERS[1])
        await forbid(services, SYSTEM, school_id, person_id, ALLERGEN, PAPERS[2])
        await give_card(services, SYSTEM, person_id, f"04A1B2C3D4E5F{number}")
        await give_consent(services, SYSTEM, person_id, Purpose.PHOTO, date(2026, 8, 20), "form 12")
        await put_photo(services, SYSTEM, person_id, picture())
    return iins


async def findings(services: Services) -> str:
    found: list[str] = []
    await verify_sealed(services, lambda place, what: found.append(f"{place}: {what}"))
    return "\n".join(found)


async def test_every_sealed_column_is_in_the_registry_and_the_other_way_round(database: Database) -> None:
    rows = await database.pool.fetch(
        "SELECT table_name || '.' || column_name AS name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND column_name LIKE '%\\_encrypted' AND data_type = 'bytea'"
    )

    assert {row["name"] for row in rows} - {column.name for column in SEALED} == set()


async def test_whatever_was_sealed_before_there_were_rows_is_bound_to_its_own(services: Services) -> None:
    iins = await a_family(services)
    ref = await services.database.pool.fetchval("SELECT ref FROM person ORDER BY id LIMIT 1")
    assert await findings(services) == ""

    bound = await reseal(services)

    assert bound >= 10
    assert await reseal(services) == 0, "what is bound stays as it is"
    assert await findings(services) == ""
    assert await iin_of(services, SYSTEM, ref) == iins[0]


@pytest.mark.parametrize(
    ("table", "column"), [("person", "iin_encrypted"), ("guardian", "phone_encrypted"), ("card", "number_encrypted"),
                          ("person_photo", "webp_encrypted")],
)  # fmt: skip
@pytest.mark.requirement("KZ456-5.16")
async def test_a_field_moved_to_another_row_is_found(services: Services, table: str, column: str) -> None:
    await a_family(services)
    await reseal(services)

    await services.database.pool.execute(
        f"UPDATE {table} SET {column} = (SELECT {column} FROM {table} ORDER BY {column} LIMIT 1)"  # noqa: S608 (names of ours)
    )

    assert f"{table}.{column}" in (told := await findings(services))
    assert "belongs to another row" in told


@pytest.mark.requirement("KZ456-5.16")
async def test_a_field_that_was_changed_or_moved_to_another_column_is_found(services: Services) -> None:
    await a_family(services)
    await services.database.pool.execute("UPDATE guardian SET email_encrypted = phone_encrypted")
    await services.database.pool.execute(
        "UPDATE person SET iin_encrypted = set_byte(iin_encrypted, 20, 255 - get_byte(iin_encrypted, 20))"
    )

    told = await findings(services)

    assert told.count("guardian.email_encrypted") == 2
    assert told.count("person.iin_encrypted") == 2


async def test_a_photo_in_the_place_of_another_is_found(services: Services) -> None:
    await a_family(services)
    await services.database.pool.execute("UPDATE person_photo SET digest = repeat('0', 64)")

    assert "the file is not what it was" in await findings(services)


@pytest.mark.requirement("KZ456-3", part="data")
@pytest.mark.requirement("KZ456-10")
async def test_a_stolen_database_file_without_keys_gives_no_iin_phone_email_login_card_illness_or_paper(
    services: Services, database_url: str
) -> None:
    iins = await a_family(services)
    school_id = await services.database.pool.fetchval("SELECT id FROM school")
    await put_meal(services, SYSTEM, school_id, USUAL[0])
    year = (date(2026, 9, 1), date(2027, 5, 25))
    order = EntitlementGiven(RightKind.FREE, "low_income", (USUAL[0].key,), *year, PAPERS[3])
    await propose(services, SYSTEM, school_id, order)
    for login, role in ((LOGIN, Role.OFFICE), (PHONES[0], Role.GUARDIAN)):
        made = await add_account(services, SYSTEM, login, "Жанар Ким", Reach(role, school_id))
        await sign_in(services, made.login, made.password, "10.0.0.5")
        with pytest.raises(SignInRefused):
            await sign_in(services, made.login, "wrong password", "10.0.0.5")
    dump = await everything(services.database.pool)

    secrets = [
        *iins,
        LOGIN,
        *PHONES,
        *(phone[1:] for phone in PHONES),
        EMAIL,
        "04A1B2C3D4E5F",
        "RIFF",
        ALLERGEN,
        *PAPERS,
    ]
    assert database_url
    assert "Жанар" in dump
    assert "Әліби" in dump, "the dump holds what is not sealed"
    assert [each for each in secrets if each in dump or each.encode().hex() in dump] == []


async def everything(pool: asyncpg.Pool) -> str:
    """Return every row of every table as text."""
    names = await pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    queries = [f"SELECT t::text FROM {name[0]} AS t" for name in names]  # noqa: S608 (names of the catalogue)
    return "\n".join([row[0] for query in queries for row in await pool.fetch(query)])


@pytest.mark.requirement("KZ456-10")
async def test_a_new_key_seals_everything_anew_and_then_the_old_one_can_go(services: Services, tmp_path: Path) -> None:
    path = tmp_path / "keys" / "vault.key"
    make_key_file(path)
    vault = Vault.of_file(path)
    kept = Services(services.settings, services.clock, services.database, vault, services.wakeups, services.rng)
    iins = await a_family(kept)
    old, ref = vault.newest_key_id, await services.database.pool.fetchval("SELECT min(ref) FROM person")
    iin_before, digest = await iin_of(kept, SYSTEM, ref), vault.digest(iins[0], "person.iin")
    operator = await add_account(kept, SYSTEM, LOGIN, "Жанар Ким", Reach(Role.OPERATOR, None))

    add_key(path)
    assert sum((await sealed_with(kept, [old])).values()) > 10
    assert await reseal(kept) > 10
    assert await sealed_with(kept, [old]) == {}
    retire_keys(path, read_key_file(path).keys[:1])

    assert vault.newest_key_id != old, "a process that runs takes the new key by itself"
    fresh = Vault.of_file(path)
    assert not fresh.has(old)
    assert fresh.digest(iins[0], "person.iin") == digest, "who was found by a digest is found by it after"
    assert await iin_of(kept, SYSTEM, ref) == iin_before
    assert await login_of(kept, Actor("Жанар", await account_of_login(kept, LOGIN))) == operator.login
    assert await findings(kept) == ""
    assert (tmp_path / "keys" / "vault.key.retired").stat().st_mode & 0o077 == 0


def cut_off(name: str, _count: int) -> None:
    """End in the middle."""
    if name == "guardian.phone_encrypted":
        raise ZeroDivisionError


async def test_sealing_anew_that_was_cut_off_goes_on_where_it_stood(services: Services, tmp_path: Path) -> None:
    path = tmp_path / "keys" / "vault.key"
    make_key_file(path)
    kept = Services(
        services.settings, services.clock, services.database, Vault.of_file(path), services.wakeups, services.rng
    )
    await a_family(kept)
    add_key(path)

    with pytest.raises(ZeroDivisionError):
        await reseal(kept, cut_off)

    assert await findings(kept) == "", "between two keys everything can be read"
    assert await reseal(kept) > 0
    assert await findings(kept) == ""


def test_the_key_that_encrypts_now_cannot_be_retired(tmp_path: Path) -> None:
    make_key_file(tmp_path / "vault.key")

    with pytest.raises(VaultLocked, match="add another one first"):
        retire_keys(tmp_path / "vault.key", read_key_file(tmp_path / "vault.key").keys)


def test_a_value_of_before_is_read_and_one_that_names_its_row_only_there() -> None:
    vault = Vault(bytes(32))
    before, bound = vault.encrypt("900101300123", "person.iin"), vault.encrypt("900101300123", "person.iin", "abc")

    assert vault.decrypt(before, "person.iin", "abc") == vault.decrypt(bound, "person.iin", "abc") == "900101300123"
    assert vault.decrypt(bound, "person.iin") == "900101300123"
    with pytest.raises(VaultLocked, match="another row"):
        vault.decrypt(bound, "person.iin", "abd")
    with pytest.raises(VaultLocked, match="changed"):
        vault.decrypt(bound.replace(b"abc", b"abd"), "person.iin", "abd")
