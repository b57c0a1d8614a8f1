"""Depersonalising: what is removed, what stays, that a stop in the midst changes nothing, and the certificate."""

import itertools
from contextlib import suppress
from datetime import date

import asyncpg
import pytest

from cloud.accounts.actions import give_role
from cloud.accounts.logins import opened
from cloud.accounts.passwords import verify_password
from cloud.cards.actions import give_card
from cloud.consents.answering import answer
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotFound
from cloud.core.services import Services
from cloud.erasure.actions import erase_due
from cloud.erasure.queries import certificate_of
from cloud.erasure.steps import STEPS
from cloud.guardian.queries import children_of
from cloud.people.actions import add_guardian, add_person, give_consent
from cloud.people.bulk import GuardianGiven, PersonGiven
from cloud.people.kinds import PersonRole, Purpose, Relation, Says
from cloud.people.models import Person
from cloud.people.photos import put_photo
from cloud.rosters.building import rows_of
from cloud.rosters.kinds import RosterKind
from schemas.roster import members_of
from tests.cloud.core.pictures import picture
from tests.cloud.people.factory import a_student, an_iin
from tests.cloud.people.family_factory import Family, a_family
from tests.cloud.schools.factory import SYSTEM

IIN = an_iin(date(2015, 3, 4), 17)
CARD = "04A1B2C3D4E5F6"
SOURCED_ID = "diary:7f3a"
SECRETS = ("Айгерім", "Әліби", "Сәуле", "Ерлан", IIN, CARD, "7015556", SOURCED_ID)
# The journal is a chain that nobody can change: docs/consents.md says so.
TABLES = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> 'audit_entry'
"""
# Dies at the chosen statement: what a worker that is killed leaves behind.
KILLS = """
CREATE SEQUENCE statements_seen;
CREATE TABLE dies_at (number int);
INSERT INTO dies_at VALUES (0);
CREATE FUNCTION dies() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF nextval('statements_seen') = (SELECT number FROM dies_at) THEN RAISE EXCEPTION 'killed'; END IF;
  RETURN NULL;
END $$;
"""
WATCHED = (
    "erasure",
    "erasure_step",
    "person_photo",
    "card",
    "guardian",
    "account",
    "sign_in",
    "notice",
    "restriction",
    "person",
)


@pytest.fixture(name="family")
async def _family(services: Services) -> Family:
    return await known_by_name(await a_family(services))


async def known_by_name(family: Family) -> Family:
    """Give the child everything that is personal: an IIN, a card, a photo, and consents to them."""
    services = family.services
    given = PersonGiven(role=PersonRole.STUDENT, surname="Әліби", given_name="Айгерім", number="1", iin=IIN)
    assert await add_person(services, SYSTEM, family.school_id, given) == family.child_id
    await Person.filter(id=family.child_id).update(sourced_id=SOURCED_ID)
    for purpose in (Purpose.CARD, Purpose.PHOTO, Purpose.NOTICES, Purpose.CODE, Purpose.DATA):
        await give_consent(services, SYSTEM, family.child_id, purpose, family.today, "form 12")
    await give_card(services, SYSTEM, family.child_id, CARD)
    await put_photo(services, SYSTEM, family.child_id, picture())
    await services.database.pool.execute(OWN_ACCOUNT, family.child_id, services.clock.now(), family.ref)
    return family


OWN_ACCOUNT = """
WITH own AS (
  INSERT INTO account (login_digest, login_encrypted, password_hash, must_change, name, language, is_active, created_at)
  VALUES ($3::text, $3::text::bytea, '!', true, 'Айгерім Әліби', 'kk', true, $2) RETURNING id
), role AS (
  INSERT INTO grant_of_role (account_id, school_id, role)
  SELECT own.id, school_id, 'student' FROM own, person WHERE person.id = $1
) INSERT INTO student_account (person_id, account_id) SELECT $1, id FROM own
"""


async def refuse(family: Family) -> None:
    await answer(family.services, family.mother, family.ref, Purpose.DATA, Says.NO, 1)


async def everything_of(family: Family) -> str:
    """Return every word of every table but the journal's; what is sealed shows as hexadecimal digits."""
    pool = family.services.database.pool
    tables = [row["table_name"] for row in await pool.fetch(TABLES)]
    rows = [await pool.fetchval(f"SELECT string_agg(t::text, ' ') FROM \"{table}\" AS t") for table in tables]  # noqa: S608
    return " ".join(row or "" for row in rows)


@pytest.mark.requirement("CHE-4.4")
async def test_a_withdrawal_removes_what_is_personal_at_the_gates_too_and_leaves_the_reference(family: Family) -> None:
    """From a parent's no in the app to the roster's next version, the tables and the certificate."""
    services, pool = family.services, family.services.database.pool
    before = await people_and_cards(family)
    await refuse(family)
    at_once = await people_and_cards(family)

    done = await erase_due(services)

    (person, cards) = await people_and_cards(family)
    row = await pool.fetchrow("SELECT * FROM person WHERE id = $1", family.child_id)
    assert (before[0][2], len(before[1])) == (True, 1)
    assert (at_once[0][2], at_once[1]) == (False, [])  # the consent, and no card
    assert done == 1
    assert (person[0], cards) == (f"№ {family.child_id}", [])
    assert (row["ref"], row["iin_encrypted"], row["iin_digest"], row["number"]) == (family.ref, None, None, None)
    assert await pool.fetchval("SELECT count(*) FROM person_photo") == 0
    assert await pool.fetchval("SELECT count(*) FROM guardian WHERE phone_encrypted IS NOT NULL OR name <> ''") == 0
    left = await everything_of(family)
    assert [secret for secret in SECRETS if secret in left] == []


async def people_and_cards(family: Family) -> tuple[tuple[str, bool, bool], list[object]]:
    """Return what the next roster says of the child: name, active, consent; and the cards of everybody."""
    services = family.services
    async with services.database.pool.acquire() as connection:
        issued = await rows_of(connection, services.vault, family.school_id, services.clock.now(), RosterKind.DOORS)
    rows = [members_of(row) for row in issued]
    (person,) = [row for row in rows if row[0] == "person" and row[1] == family.ref]
    return (str(person[2]), person[5] == 1, person[6] == 1), [row for row in rows if row[0] == "card"]


async def test_a_child_whose_data_were_removed_is_still_the_familys_and_on_the_guards_list(family: Family) -> None:
    await refuse(family)
    await erase_due(family.services)

    (child,) = await children_of(family.services, family.mother)

    assert (child.name.strip(), child.ref) == (f"№ {family.child_id}", family.ref)


async def test_contacts_stay_while_another_child_here_needs_them(family: Family) -> None:
    services, pool = family.services, family.services.database.pool
    sibling = await a_student(services, family.school_id, "2")
    assert await add_guardian(
        services, SYSTEM, sibling, GuardianGiven("Сәуле Әліби", "+77015556550"), Relation.MOTHER
    ) == family.mother_id  # fmt: skip

    await refuse(family)
    await erase_due(services)

    kept = await pool.fetch("SELECT id FROM guardian WHERE phone_encrypted IS NOT NULL")
    assert [row["id"] for row in kept] == [family.mother_id]


async def test_a_guardian_without_another_child_or_work_here_can_sign_in_no_more(family: Family) -> None:
    services, pool = family.services, family.services.database.pool
    await give_role(services, SYSTEM, account_of(family.father), Reach(Role.OFFICE, family.school_id))
    for actor in (family.mother, family.father):
        await pool.execute(A_SESSION, account_of(actor), services.clock.now())
    await pool.execute(A_PASSKEY, account_of(family.mother), services.clock.now())

    await refuse(family)
    await erase_due(services)

    rows = await pool.fetch(
        "SELECT id, login_digest, login_encrypted, name, password_hash, is_active FROM account ORDER BY id"
    )
    mother, father = (
        next(row for row in rows if row["id"] == account_of(each)) for each in (family.mother, family.father)
    )
    assert tuple(mother)[1:] == (None, None, f"№ {mother['id']}", "!", False)
    assert not await verify_password(mother["password_hash"], "!")
    assert (opened(services.vault, father["login_encrypted"]), father["is_active"]) == ("+77015556551", True)
    assert [row["account_id"] for row in await pool.fetch("SELECT account_id FROM sign_in")] == [father["id"]]
    assert await pool.fetchval("SELECT count(*) FROM passkey") == 0


A_SESSION = """
INSERT INTO sign_in (account_id, token_digest, created_at, expires_at) VALUES ($1, $1::bigint::text, $2, $2)
"""
A_PASSKEY = """
INSERT INTO passkey (account_id, credential, public_key, sign_count, name, created_at) VALUES ($1, 'c', '', 0, 'p', $2)
"""


def account_of(actor: Actor) -> int:
    assert actor.account_id is not None
    return actor.account_id


async def test_a_worker_that_is_killed_at_any_statement_goes_on_and_ends_the_same(services: Services) -> None:
    pool = services.database.pool
    await pool.execute(KILLS)
    for table in WATCHED:
        await pool.execute(f"CREATE TRIGGER dies AFTER INSERT OR UPDATE OR DELETE ON {table} EXECUTE FUNCTION dies()")
    killed = 0
    for number in itertools.count(1):
        family = await known_by_name(await a_family(services, f"almaty{number}", f"{number:02d}"))
        await refuse(family)
        await pool.execute("SELECT setval('statements_seen', 1, false)")
        await pool.execute("UPDATE dies_at SET number = $1", number)
        with suppress(asyncpg.RaiseError):
            await erase_due(services)
        is_over = await pool.fetchval("SELECT last_value FROM statements_seen") < number
        await pool.execute("UPDATE dies_at SET number = 0")
        await erase_due(services)
        await erase_due(services)  # and again: nothing is left to do

        found = await certificate_of(services, family.office, family.ref)
        left = await everything_of(family)
        assert found.done_at is not None
        assert [each for each in SECRETS if each in left] == []
        assert dict(await pool.fetch(COUNTS, found.number)) == {**dict.fromkeys(STEPS, 0), **REMOVED}, number
        if is_over:
            break
        killed += 1

    assert killed > len(STEPS)


COUNTS = "SELECT step, count FROM erasure_step WHERE erasure_id = $1"
# The photo goes with the refusal itself, in its own transaction.
REMOVED = {"cards": 1, "contacts": 2, "accounts": 3, "name": 1}


async def test_the_certificate_says_what_was_done_and_is_for_the_office_and_the_parents_alone(family: Family) -> None:
    services = family.services
    other = await a_family(services, "almaty6", "77")
    with pytest.raises(NotFound):
        await certificate_of(services, family.office, family.ref)  # nothing was removed yet
    await refuse(family)
    await erase_due(services)

    found = await certificate_of(services, family.father, family.ref)

    assert found.done_at is not None
    assert len(found.removed) == len(STEPS)
    assert found.kept_until is None  # no money ever moved
    for actor in (other.mother, other.office):
        with pytest.raises(NotFound):
            await certificate_of(services, actor, family.ref)
