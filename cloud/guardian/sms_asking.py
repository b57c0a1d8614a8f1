"""Parents ask by SMS: a text that came in is noted with whom it asks about, and a worker answers it.

Rule: a number that nobody proved gets no answer, so that it learns nothing and costs nothing. What may be told of which
child is asked when the answer is made: the right, a court's limit, the consent to notices.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from cloud.attendance.standing import Standing
from cloud.core.actor import Actor
from cloud.core.formats import Formats
from cloud.core.i18n import DEFAULT, translate
from cloud.core.services import Services
from cloud.core.sms import SmsGateway, SmsNotSent, SmsRefused, SmsUnanswered, Text, parts_of
from cloud.core.sms_callbacks import Written
from cloud.guardian.day_line import lines_of
from cloud.guardian.queries import Child, children_of
from cloud.guardian.sms_day import HELP, told_today
from cloud.guardian.sms_words import asked_in, children_named
from cloud.notifications.channels import spending
from cloud.notifications.channels.sms_requests import (
    REQUESTS,
    Asking,
    Noted,
    Outcome,
    Request,
    claim_requests,
    mark_request,
    note_request,
    owner_of,
)
from cloud.notifications.channels.sms_texts import OURS
from cloud.notifications.wording import fitted
from cloud.people.kinds import FamilyRight
from cloud.people.queries import guardian_accounts

LOOK_S = 5.0  # it looks at least this often, also when no wake-up came
LASTS = timedelta(minutes=15)  # who asked longer ago has looked elsewhere
CHILDREN_MAX = 5  # of one answer: each is a text of its own
TOLD = (FamilyRight.SEE, FamilyRight.MEALS)
_NAMES = """
SELECT DISTINCT person.id, given_name FROM guardianship_at($2) AS family JOIN person ON person.id = person_id
WHERE account_id = $1 AND may_get_notices AND (may_see OR may_see_meals) ORDER BY person.id LIMIT 30
"""
log = structlog.get_logger()


async def take_in(services: Services, written: Written) -> Noted:
    """Note what somebody asks; what is not understood is answered with what may be asked, once a day."""
    owner = await owner_of(services, written.number)
    if owner is None:
        return Noted.UNKNOWN
    now = services.clock.now()
    rows = await services.database.pool.fetch(_NAMES, owner.account_id, now)
    names = {row["id"]: row["given_name"] for row in rows}
    if not names:
        return Noted.NOBODY
    asked = asked_in(written.words)
    chosen = children_named(asked.name, names) if asked else []
    language = owner.language or (asked.language if asked else DEFAULT)
    kind = Asking.TODAY if chosen else Asking.HELP
    key = written.key or _key_without_number(written, int(now.timestamp()))
    return await note_request(services, owner, key, kind, chosen[:CHILDREN_MAX], language)


@dataclass(slots=True)
class Answerer:
    """Answers requests until cancelled."""

    services: Services
    gateway: SmsGateway

    async def run(self) -> None:
        """Follow the requests."""
        async with await self.services.wakeups.subscribe(REQUESTS) as news:
            while True:
                await self.answer_all()
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await anext(news)

    async def answer_all(self) -> None:
        """Answer everything that waits now."""
        while requests := await claim_requests(self.services):
            for each in requests:
                outcome, parts = await self._answer(each)
                await mark_request(self.services, each, outcome, parts)
                log.info("sms_request.answered", request=each.id, outcome=outcome.value, parts=parts)

    async def _answer(self, request: Request) -> tuple[Outcome, int]:
        if self.services.clock.now() - request.asked_at > LASTS:
            return Outcome.TOO_LATE, 0
        if not request.number.startswith(OURS):
            return Outcome.NO_RIGHT, 0
        outcome, parts = Outcome.NO_RIGHT, 0
        for child, words in await self._texts(request):
            outcome, paid = await self._send(request, child, words)
            parts += paid
            if outcome is not Outcome.ANSWERED:
                break
        return outcome, parts

    async def _texts(self, request: Request) -> list[tuple[Child, str]]:
        """Return the texts of an answer, each with the child whose school pays it."""
        children = await told_of(self.services, request)
        if request.kind is Asking.HELP:
            return [(child, fitted(translate(request.language, HELP))) for child in children[:1]]
        lines = await lines_of(self.services, children)
        now = self.services.clock.now()
        return [
            (child, told_today(child, lines[child.id], Formats(request.language, child.zone), now))
            for child in children
        ]  # fmt: skip

    async def _send(self, request: Request, child: Child, words: str) -> tuple[Outcome, int]:
        parts, month = parts_of(words), spending.month_of(self.services.clock.now(), child.zone)
        if not await spending.reserve(self.services, child.school_id, month, parts, 0):
            return Outcome.CAP, 0
        try:
            await self.gateway.send(Text(request.number, words))
        except SmsUnanswered:
            return Outcome.UNANSWERED, parts
        except (SmsNotSent, SmsRefused) as error:
            log.warning("sms_request.not_sent", error=str(error))
            await spending.give_back(self.services, child.school_id, month, parts)
            return Outcome.NOT_SENT, 0
        return Outcome.ANSWERED, parts


async def told_of(services: Services, request: Request) -> list[Child]:
    """Return the children that are told of, with what may be told of them now and nothing else."""
    children = await children_of(services, Actor(request.name, request.account_id))
    asked = [each for each in children if request.kind is Asking.HELP or each.id in request.person_ids]
    async with services.database.pool.acquire() as connection:
        ids = [each.id for each in asked]
        accounts = await guardian_accounts(connection, ids, services.clock.now())
    told = []
    for child in asked:
        rights = frozenset(right for right in TOLD if request.account_id in accounts.get((child.id, right), ()))
        if rights and not child.is_own:
            told.append(_limited(child, rights))
    return told[:CHILDREN_MAX]


def _limited(child: Child, rights: frozenset[FamilyRight]) -> Child:
    """Return a child without what a right is missing for."""
    if FamilyRight.SEE in rights:
        return replace(child, rights=rights)
    return replace(
        child, rights=rights, standing=Standing.AWAY, first_in_at=None, last_out_at=None, days={}, said={}, silent=()
    )  # fmt: skip


def _key_without_number(written: Written, now_s: int) -> str:
    """Return what tells a text from others where the gateway names none: the same one within five minutes is one."""
    return f"{written.number}\n{written.words}\n{now_s // 300}"
