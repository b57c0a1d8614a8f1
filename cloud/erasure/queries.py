"""The certificate of a depersonalising: what was removed, what is kept, by which law and until when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.i18n import N_
from cloud.core.rights import Right
from cloud.core.services import Services

KEPT_YEARS = 5
REMOVED = {
    "photo": N_("Photo"),
    "cards": N_("Cards with their numbers"),
    "contacts": N_("Names, phones and e-mail addresses of guardians who have no other child here"),
    "accounts": N_("The child's account, and those of guardians who have no other child and no work here"),
    "messages": N_("Messages of the school to the family, and the family's answers"),
    "talks": N_("Posts in chats and the forum, reports of posts"),
    "questions": N_("Questions to support"),
    "notices": N_("Notices"),
    "requests": N_("Requests to correct data"),
    "diets": N_("Allergies, diets and bans"),
    "reasons": N_("Why the child was absent from class"),
    "absences": N_("Absences that the family told, with their papers"),
    "collectors": N_("Who could collect the child, and their phones"),
    "profile": N_(
        "Profile with its history, portfolio with its files, goals, recommendations, certificates of the school"
    ),
    "sheets": N_("Answers to questionnaires by name, and that somebody answered anonymous ones"),
    "calls": N_("When the student came to video lessons"),
    "comments": N_("Comments about meals"),
    "transfers": N_("Where the child came from or went to, and the papers of it"),
    "remarks": N_("What teachers wrote about the student, and why marks were put right"),
    "homework": N_("Homework that was handed in, with its files, and what teachers wrote about it"),
    "tests": N_("Attempts at tests, with answers and points"),
    "lessons": N_("When this teacher could not teach or was away, and why lessons were given by another one"),
    "resources": N_("Pseudonyms at digital resources, and results from there"),
    "name": N_("Name, IIN, the school's number"),
}
_ERASURE = """
SELECT erasure.id, erasure.school_id, erasure.person_id, ref, begun_at, erasure.done_at,
  name_kk, name_ru, name_en, zone,
  (SELECT max("on") FROM ledger_entry JOIN ledger_line ON ledger_line.entry_id = ledger_entry.id
   JOIN ledger_account ON ledger_account.id = account_id WHERE ledger_account.person_id = erasure.person_id) AS last_on
FROM erasure JOIN person ON person.id = erasure.person_id JOIN school ON school.id = erasure.school_id
WHERE person.ref = $1
"""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was done about one person; `kept_until` is of the papers of accounting, none where there are none."""

    number: int
    ref: str
    school_names: Mapping[str, str]
    begun_at: datetime
    done_at: datetime | None
    removed: tuple[tuple[str, int], ...]  # in words, and how many
    kept_until: date | None


async def certificate_of(services: Services, actor: Actor, ref: str) -> Certificate:
    """Return the certificate about a person, for the office and for who is a guardian now; the look is noted.

    Raises NotFound, also where nothing was begun.
    """
    row = await services.database.pool.fetchrow(_ERASURE, ref)
    if row is None or not (actor.can(Right.CONSENTS_KEEP, row["school_id"]) or await _is_kin(services, actor, row)):
        raise NotFound
    steps = await services.database.pool.fetch(
        "SELECT step, count FROM erasure_step WHERE erasure_id = $1 ORDER BY done_at, step", row["id"]
    )
    async with services.database.transaction() as connection:
        await audit(
            connection, actor, "erasure.read", f"person:{row['person_id']}", school_id=row["school_id"],
            at=services.clock.now(),
        )  # fmt: skip
    last_on: date | None = row["last_on"]
    return Certificate(
        row["id"], row["ref"], {language: row[f"name_{language}"] for language in ("kk", "ru", "en")}, row["begun_at"],
        row["done_at"], tuple((REMOVED[each["step"]], each["count"]) for each in steps),
        None if last_on is None else date(last_on.year + KEPT_YEARS, 12, 31),
    )  # fmt: skip


async def _is_kin(services: Services, actor: Actor, row: Mapping[str, int]) -> bool:
    if actor.account_id is None or actor.must_change:
        return False
    return bool(
        await services.database.pool.fetchval(
            "SELECT true FROM guardianship_at($3) WHERE account_id = $1 AND person_id = $2 AND may_consent LIMIT 1",
            actor.account_id, row["person_id"], services.clock.now(),
        )
    )  # fmt: skip
