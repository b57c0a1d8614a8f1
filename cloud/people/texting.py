"""Ways in by SMS for guardians with a number and no e-mail: counted before, and told of each how it went.

Rule: what a day may cost is reserved before a password is drawn, so that two who send at once pay once, and neither
spoils what the other sends. Who was sent one is sent none while its password works.
A text names no child.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import asyncpg
import structlog

from cloud.accounts.rules import INITIAL_GROUP, INITIAL_GROUPS, INITIAL_LASTS
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import Refused
from cloud.core.i18n import Language, as_language, translate
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.sms import SmsGateway, SmsNotSent, SmsRefused, SmsUnanswered, Text, parts_of
from cloud.people.opening import AT_ONCE, KIN, Slip, open_guardians

TOGETHER = 4  # requests to the gateway
TROUBLES_MAX = 4  # the gateway is left alone then; who is left stands on the sheet
PATIENCE_S = 25.0  # nothing is begun after: whoever waits for the page must get the sheet, which proxies give a minute
OURS = "+7"  # what a text to other countries costs, no limit by parts bounds
PARTS_AIM = 2  # the school's name is cut to what is left of them
SCHOOL_MIN = 12
AGAIN_AFTER = INITIAL_LASTS  # the password of the one before is over
KEPT = timedelta(days=30)
COUNTS = "outcome IN ('asked', 'taken', 'unanswered')"  # it is paid, or may be
_LATELY = f"""EXISTS (SELECT FROM text_message WHERE guardian_id = guardian.id AND asked_at > $5 AND {COUNTS})"""
_BY_MAIL = "($4::boolean AND email_encrypted IS NOT NULL)"
_PLAN = f"""
SELECT count(DISTINCT guardian.id) FILTER (WHERE NOT {_BY_MAIL} AND NOT {_LATELY}) AS waiting,
  count(DISTINCT guardian.id) FILTER (WHERE {_BY_MAIL}) AS by_mail,
  count(DISTINCT guardian.id) FILTER (WHERE NOT {_BY_MAIL} AND {_LATELY}) AS lately
{KIN}
"""
_RESERVE = f"""
INSERT INTO text_message (school_id, guardian_id, asked_at, parts)
SELECT $1, id, $2, $6 FROM (
  SELECT guardian.id {KIN} AND NOT {_BY_MAIL} AND NOT {_LATELY} GROUP BY guardian.id
  ORDER BY min(grade), min(letter), min(sort_key), guardian.id LIMIT $7) AS chosen
RETURNING guardian_id, id
"""  # noqa: S608 (texts of ours)
_SPENT = f"""
SELECT coalesce(sum(parts), 0) FROM text_message JOIN school ON school.id = school_id
WHERE school_id = $1 AND {COUNTS} AND asked_at >= date_trunc('day', $2 AT TIME ZONE zone) AT TIME ZONE zone
"""  # noqa: S608 (text of ours)
_TURN = "SELECT FROM school WHERE id = $1 FOR NO KEY UPDATE"  # one of a school at a time
_OUTCOME = "UPDATE text_message SET outcome = $2, parts = $3 WHERE id = $1"
_RELEASE = "UPDATE text_message SET outcome = 'not_sent' WHERE id = ANY($1) AND outcome = 'asked'"
_FORGET = "DELETE FROM text_message WHERE asked_at < $1"
log = structlog.get_logger()


class Outcome(StrEnum):
    """What became of a text, as it is kept."""

    TAKEN = "taken"
    UNANSWERED = "unanswered"
    NOT_SENT = "not_sent"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Wording:
    """What the texts of a school tell: its name by language, where to sign in, and in which language at least."""

    school: Mapping[str, str]
    address: str
    language: Language = Language.KK


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be sent now, before anything is."""

    waiting: int
    by_mail: int  # have an e-mail address: a letter costs nothing
    lately: int  # were sent a text whose password works
    parts_left: int  # of the school's day
    parts: Mapping[Language, int]  # of one text, at most

    @property
    def now(self) -> int:
        """How many go at once: what a page sends, and what the day has left."""
        return min(self.waiting, AT_ONCE, self.parts_left // max(self.parts.values()))


@dataclass(frozen=True, slots=True)
class Texted:
    """How many texts were taken, and who stands on the sheet instead, with what became of the text."""

    sent: int
    others: Sequence[tuple[Slip, Outcome]]


async def plan_of(services: Services, actor: Actor, school_id: int, class_id: int | None, wording: Wording) -> Plan:
    """Return what would be sent to the guardians of a class, or of all. Raises NotAllowed."""
    actor.require(Right.FAMILY_INVITE, school_id)
    parts = {language: _most_parts(wording, [language]) for language in Language}
    async with services.database.pool.acquire() as connection:
        row = await connection.fetchrow(_PLAN, *_of(services, school_id, class_id))
        return Plan(**row, parts_left=await _left(connection, services, school_id), parts=parts)


async def text_ways_in(
    services: Services, actor: Actor, gateway: SmsGateway, school_id: int, class_id: int | None, wording: Wording
) -> Texted:
    """Open accounts and send each holder the way in, AT_ONCE at most and what the day has left. Raises NotAllowed."""
    actor.require(Right.FAMILY_INVITE, school_id)
    reserved = await _reserve(services, school_id, class_id, _most_parts(wording, Language))
    try:
        slips = await open_guardians(services, actor, school_id, class_id, only=[*reserved])
    except Refused:
        await services.database.pool.execute(_RELEASE, [*reserved.values()])
        raise
    without = {slip.guardian_id for slip in slips if slip.password}
    await services.database.pool.execute(_RELEASE, [id_ for of, id_ in reserved.items() if of not in without])
    outcomes = await _send_all(services, gateway, slips, wording, reserved)
    others = [(slip, outcomes[number]) for number, slip in enumerate(slips) if outcomes[number] is not Outcome.TAKEN]
    return Texted(len(slips) - len(others), others)


async def forget_texts(pool: asyncpg.Pool, now: datetime) -> None:
    """Forget texts of a month ago."""
    await pool.execute(_FORGET, now - KEPT)


def words_of(wording: Wording, language: Language, login: str, password: str) -> str:
    """Return a text in a language; the school's name is cut so that it has PARTS_AIM parts, if it can."""
    school = wording.school[language.value]
    while True:
        told = message(
            "{school}: sign in at {address}\nLogin: {login}\nPassword: {password}\nValid for 14 days.",
            school=school, address=wording.address, login=login or message("this number"), password=password,
        )  # fmt: skip
        words = translate(language, told)
        if parts_of(words) <= PARTS_AIM or len(school) <= SCHOOL_MIN:
            return words
        school = school.rstrip(".")[:-1].rstrip() + "."


async def _reserve(services: Services, school_id: int, class_id: int | None, parts: int) -> dict[int, int]:
    """Return texts that are now counted, by guardian."""
    async with services.database.transaction() as transaction:
        connection = raw(transaction)
        await connection.execute(_TURN, school_id)
        room = min(AT_ONCE, await _left(connection, services, school_id) // parts)
        rows = await connection.fetch(_RESERVE, *_of(services, school_id, class_id), parts, room)
    return {row["guardian_id"]: row["id"] for row in rows}


async def _left(connection: asyncpg.Connection, services: Services, school_id: int) -> int:
    spent = int(await connection.fetchval(_SPENT, school_id, services.clock.now()))
    return max(0, services.settings.sms_parts_per_day - spent)


def _of(services: Services, school_id: int, class_id: int | None) -> tuple[object, ...]:
    now = services.clock.now()
    return school_id, now, class_id, bool(services.settings.smtp_url), now - AGAIN_AFTER


async def _send_all(
    services: Services, gateway: SmsGateway, slips: Sequence[Slip], wording: Wording, reserved: Mapping[int, int]
) -> list[Outcome]:
    doors, outcomes, troubles = asyncio.Semaphore(TOGETHER), [Outcome.NOT_SENT] * len(slips), 0
    until_s = services.clock.monotonic_s() + PATIENCE_S

    async def send(number: int, slip: Slip) -> None:
        nonlocal troubles
        async with doors:
            words = words_of(wording, *_told(slip, wording), slip.password or "")
            if troubles < TROUBLES_MAX and services.clock.monotonic_s() < until_s:
                outcomes[number] = await _outcome(gateway, Text(slip.phone, words))
            troubles += outcomes[number] in {Outcome.UNANSWERED, Outcome.NOT_SENT}
            await services.database.pool.execute(
                _OUTCOME, reserved[slip.guardian_id], outcomes[number].value, parts_of(words)
            )

    async with asyncio.TaskGroup() as tasks:
        for number, slip in enumerate(slips):
            if slip.password:
                tasks.create_task(send(number, slip), name="text of a way in")
    return outcomes


async def _outcome(gateway: SmsGateway, text: Text) -> Outcome:
    if not text.to.startswith(OURS):
        return Outcome.REFUSED
    try:
        await gateway.send(text)
    except (SmsNotSent, SmsUnanswered, SmsRefused) as error:
        log.warning("way_in.not_sent", error=str(error))
        kinds = {SmsNotSent: Outcome.NOT_SENT, SmsUnanswered: Outcome.UNANSWERED, SmsRefused: Outcome.REFUSED}
        return kinds[type(error)]
    return Outcome.TAKEN


def _told(slip: Slip, wording: Wording) -> tuple[Language, str]:
    """Return the language that a guardian chose, or the office's choice; and the login, if it is not the number."""
    return as_language(slip.language) or wording.language, "" if slip.login == slip.phone else slip.login


def _most_parts(wording: Wording, languages: Iterable[Language]) -> int:
    """Return how many parts a text has at most, with the longest login that is drawn."""
    password = "-".join(["x" * INITIAL_GROUP] * INITIAL_GROUPS)
    return max(parts_of(words_of(wording, language, "x" * 19, password)) for language in languages)
