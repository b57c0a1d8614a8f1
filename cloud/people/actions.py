"""What is done with people: adding, moving and leaving, guardians and their rights, consents and their withdrawal."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError

from cloud.accounts.actions import audit, make
from cloud.accounts.excusing import end_excused
from cloud.accounts.logins import opened
from cloud.accounts.passwords import draw_password, hash_password
from cloud.accounts.queries import account_of_login
from cloud.accounts.rules import normal_login
from cloud.audit.ties import Kind, Tie, note_ties, told_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.texts import has_unseen, is_email
from cloud.core.wakeups import notify
from cloud.people.bulk import (
    PHONE,
    GuardianGiven,
    LinkGiven,
    PersonGiven,
    given_up,
    lock_school,
    put_guardians,
    put_links,
    put_people,
)
from cloud.people.consents import Answer, has_consented, last_on, put_answers
from cloud.people.errors import PersonRefused
from cloud.people.joining import code_for, take
from cloud.people.kinds import CHANGED, Purpose, Relation, Says, Way
from cloud.people.models import Guardianship, Person
from cloud.people.photos import forget_photo
from cloud.people.rules import check_iin, normal_name, normal_phone
from cloud.schools.queries import school_of_id

SOURCE_MAX = 200
_WAY_IN = """
SELECT school_id, guardian.name, phone_encrypted, account_id, login_encrypted
FROM guardian LEFT JOIN account ON account.id = account_id WHERE guardian.id = $1
"""
_ANOTHERS_NUMBER = """
SELECT name FROM guardian WHERE school_id = $1 AND phone_digest = $2 AND name <> $3
  AND NOT EXISTS (SELECT FROM guardianship WHERE guardian_id = guardian.id AND person_id = $4)
  AND EXISTS (SELECT FROM guardianship JOIN person ON person.id = person_id AND person.is_active
    WHERE guardian_id = guardian.id AND ended_on IS NULL)
"""


@dataclass(frozen=True, slots=True)
class Opened:
    """A guardian's way in: a first password, a code for the holder of the account that was there, or there already."""

    guardian_id: int
    login: str
    password: str | None = None
    code: str | None = None


async def add_person(services: Services, actor: Actor, school_id: int, given: PersonGiven) -> int:
    """Add a person, or renew the one with this IIN or number, and return the id.

    Raises NotAllowed, PersonRefused, IinWrong or PersonConflict.
    """
    actor.require(Right.PEOPLE_KEEP, school_id)
    person = checked(given)
    async with services.database.transaction() as connection:
        at = raw(connection)
        await lock_school(at, school_id)
        await _require_class(at, school_id, person.class_id)
        (person_id,) = await put_people(services, at, school_id, [person])
        detail = await told_of(connection, Tie(Kind.CLASS, person_id))
        await note_change(services, connection, actor, "person.added", f"person:{person_id}", school_id, detail)
    return person_id


async def give_consent(
    services: Services, actor: Actor, person_id: int, purpose: Purpose, given_on: date, source: str
) -> None:
    """Note a consent on a paper that names nobody, with its date and where it is.

    Raises NotAllowed, NotFound or PersonRefused.
    """
    check_source(source)
    answer = Answer(
        person_id=person_id, purpose=purpose, says=Says.YES, on=given_on, way=Way.PAPER, source=source.strip()
    )
    await note_answer(services, actor, answer)


async def withdraw_consent(
    services: Services, actor: Actor, person_id: int, purpose: Purpose, on: date, source: str = ""
) -> None:
    """Note that a purpose is consented to no more: the rosters leave the person's cards out from now on.

    `source` says where the withdrawal is written, if anywhere. Raises NotAllowed, NotFound or PersonRefused.
    """
    if source:
        check_source(source)
    if not await has_consented(services.database.pool, person_id, purpose):
        raise NotFound(message("There is no consent to withdraw."))
    answer = Answer(person_id=person_id, purpose=purpose, says=Says.NO, on=on, way=Way.PAPER, source=source.strip())
    await note_answer(services, actor, answer)


async def note_answer(services: Services, actor: Actor, answer: Answer) -> None:
    """Note an answer that came on paper; a no ends at once what needs the consent, as a photo.

    Raises NotAllowed, NotFound, or PersonRefused for a day to come or before the answer that stands.
    """
    school_id = await _school_of(actor, answer.person_id, Right.CONSENTS_KEEP)
    await _check_day(services, school_id, answer.on)
    async with services.database.transaction() as connection:
        await write_answer(services, connection, actor, school_id, answer)


async def write_answer(
    services: Services, connection: BaseDBAsyncClient, actor: Actor, school_id: int, answer: Answer
) -> None:
    """Write an answer in a transaction of the caller's, who has checked who answers. Raises PersonRefused."""
    at = raw(connection)
    await at.execute("SELECT 1 FROM person WHERE id = $1 FOR NO KEY UPDATE", answer.person_id)
    stands_on = await last_on(at, answer.person_id, answer.purpose, answer.guardian_id)
    if stands_on is not None and answer.on < stands_on:
        if answer.says is Says.NO:
            answer = replace(answer, on=stands_on)  # a refusal is never lost for a date
        else:
            raise PersonRefused(
                message("A later answer is on record, of {day}. Note the day of the newest paper.", day=str(stands_on))
            )
    await put_answers(services, at, [answer])
    if answer.says is Says.NO and answer.purpose in {Purpose.PHOTO, Purpose.DATA}:
        await forget_photo(at, answer.person_id)
    if answer.says is Says.NO and answer.purpose in {Purpose.MFA_OFF, Purpose.DATA}:
        await end_excused(services, connection, answer.person_id)
    verb = "consent.given" if answer.says is Says.YES else "consent.withdrawn"
    detail = {"purpose": answer.purpose.value, "on": str(answer.on), "way": answer.way.value}
    await note_change(services, connection, actor, verb, f"person:{answer.person_id}", school_id, detail)


async def add_guardian(
    services: Services,
    actor: Actor,
    person_id: int,
    given: GuardianGiven,
    relation: Relation,
    *,
    may_block_card: bool = True,
) -> int:
    """Add a guardian of a person, known again by phone number, and return the guardian's id.

    Raises NotAllowed, NotFound, PhoneWrong or PersonRefused.
    """
    school_id = await _school_of(actor, person_id, Right.FAMILY_KEEP)
    guardian = checked_guardian(given)
    async with services.database.transaction() as connection:
        at = raw(connection)
        await lock_school(at, school_id)
        await _check_whose_number(services, at, school_id, guardian, person_id)
        (guardian_id,) = await put_guardians(services, at, school_id, [guardian])
        await put_links(at, [LinkGiven(guardian_id, person_id, relation, may_block_card=may_block_card)])
        detail = {"person": str(person_id), "relation": relation.value}
        ties = [*await given_up(at, guardian_id), Tie(Kind.FAMILY, guardian_id, person_id)]
        detail |= await told_of(connection, *ties)
        await note_change(services, connection, actor, "guardian.added", f"guardian:{guardian_id}", school_id, detail)
    return guardian_id


async def end_guardianship(services: Services, actor: Actor, guardian_id: int, person_id: int, on: date) -> None:
    """Let somebody be a person's guardian no more, from a day on. Raises NotAllowed or NotFound."""
    school_id = await _school_of(actor, person_id, Right.FAMILY_KEEP)
    async with services.database.transaction() as connection:
        if not await Guardianship.filter(guardian_id=guardian_id, person_id=person_id, ended_on=None).update(
            ended_on=on
        ):
            raise NotFound
        detail = {"person": str(person_id)} | await told_of(connection, Tie(Kind.FAMILY, guardian_id, person_id))
        await note_change(services, connection, actor, "guardian.ended", f"guardian:{guardian_id}", school_id, detail)


async def open_guardian_account(services: Services, actor: Actor, guardian_id: int) -> Opened:
    """Give a guardian an account under the own phone number, or a code for the holder of the account that has it.

    Raises NotAllowed or NotFound. The caller hands password or code over on paper: they are kept nowhere.
    """
    row = await services.database.pool.fetchrow(_WAY_IN, guardian_id)
    if row is None or row["phone_encrypted"] is None:
        raise NotFound
    actor.require(Right.FAMILY_INVITE, row["school_id"])
    phone = services.vault.decrypt(row["phone_encrypted"], PHONE)
    if row["account_id"] is not None:
        return Opened(guardian_id, opened(services.vault, row["login_encrypted"]))
    password, reach = draw_password(), Reach(Role.GUARDIAN, row["school_id"])
    hashed = await hash_password(password)
    try:
        async with services.database.transaction() as connection:
            account_id = await make(services, connection, actor, normal_login(phone), row["name"], reach, hashed)
            await tie_account(services, connection, actor, row["school_id"], guardian_id, account_id)
    except IntegrityError:
        account_id = await account_of_login(services, phone)
        return Opened(guardian_id, phone, code=code_for(services, guardian_id, account_id))
    return Opened(guardian_id, phone, password)


async def tie_account(
    services: Services, connection: BaseDBAsyncClient, actor: Actor, school_id: int, guardian_id: int, account_id: int
) -> None:
    """Let an account that was just made be a guardian's. Raises NotFound for who has a way in by now."""
    if not await take(connection, guardian_id, account_id):
        raise NotFound
    await note_ties(connection, actor, school_id, [Tie(Kind.GUARDIAN, guardian_id)], services.clock.now())


def checked(given: PersonGiven) -> PersonGiven:
    """Return a person with names and IIN in their one form. Raises PersonRefused or IinWrong."""
    return replace(
        given,
        surname=normal_name(given.surname),
        given_name=normal_name(given.given_name),
        patronymic=normal_name(given.patronymic) if given.patronymic.strip() else "",
        iin=check_iin(given.iin) if given.iin else None,
        number=(given.number or "").strip()[:40] or None,
        position=" ".join(given.position.split())[:80],
    )


def checked_guardian(given: GuardianGiven) -> GuardianGiven:
    """Return a guardian with name and phone in their one form. Raises PersonRefused or PhoneWrong."""
    email = (given.email or "").strip().lower()
    if email and not is_email(email):
        raise PersonRefused(message("This is no e-mail address. Write it as name@example.kz, or leave it out."))
    name = " ".join(normal_name(part) for part in given.name.split())
    return GuardianGiven(name, normal_phone(given.phone), email or None)


def check_source(source: str) -> None:
    """Raise PersonRefused unless it is said where a consent is written."""
    if not 0 < len(source.strip()) <= SOURCE_MAX or has_unseen(source):
        raise PersonRefused(
            message(
                "Say where the consent is written, as “form 12 of 1 September”: {count} characters at most.",
                count=SOURCE_MAX,
            )
        )


async def _check_day(services: Services, school_id: int, on: date) -> None:
    school = await school_of_id(services, school_id)
    if on > services.clock.now().astimezone(school.zone).date():
        raise PersonRefused(message("This day is still to come. Check the year."))


async def tell_changed(connection: BaseDBAsyncClient, school_id: int) -> None:
    """Wake whoever builds rosters: who may pass at a school has changed."""
    await notify(connection, *changed_at(school_id))


def changed_at(school_id: int) -> tuple[str, str]:
    """Return the wake-up that says so: its channel and what it carries."""
    return CHANGED, str(school_id)


async def _school_of(actor: Actor, person_id: int, right: Right) -> int:
    school_ids: Sequence[int] = await Person.filter(id=person_id).values_list("school_id", flat=True)  # type: ignore[assignment]
    if not school_ids:
        raise NotFound
    actor.require(right, school_ids[0])
    return school_ids[0]


async def _check_whose_number(
    services: Services, connection: asyncpg.Connection, school_id: int, given: GuardianGiven, person_id: int
) -> None:
    """Raise PersonRefused where a number would give another family's parent one more child: it was typed wrong."""
    known = await connection.fetchval(
        _ANOTHERS_NUMBER, school_id, services.vault.digest(given.phone, PHONE), given.name, person_id
    )
    if known is not None:
        raise PersonRefused(
            message(
                "At the school this number is {name}'s, who has a child here. Check the number; if it is the same "
                "person, write the same name.",
                name=known,
            )
        )


async def _require_class(connection: asyncpg.Connection, school_id: int, class_id: int | None) -> None:
    if class_id is None:
        return
    if not await connection.fetchval(
        "SELECT true FROM school_class WHERE id = $1 AND school_id = $2", class_id, school_id
    ):
        raise NotFound(message("There is no such class at this school."))


async def note_change(
    services: Services,
    connection: BaseDBAsyncClient,
    actor: Actor,
    verb: str,
    subject: str,
    school_id: int,
    detail: dict[str, str] | None = None,
) -> None:
    """Audit a change and wake the builders of rosters, both with the transaction."""
    await audit(
        connection, actor, verb, subject, detail, school_id=school_id, at=services.clock.now(),
        wakes=changed_at(school_id),
    )  # fmt: skip
