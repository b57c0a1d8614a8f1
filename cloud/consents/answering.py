"""Answers: a guardian's in the app, and those that the office notes from a paper, with its scan.

Rule: only who may consent for the child answers, and only to the text that stands now; what others answered is no
business of the one who answers, but whether the purpose holds is.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from http import HTTPStatus

from cloud.consents.scans import Scan, put_scan
from cloud.consents.texts import Text, current
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.people.actions import check_source, write_answer
from cloud.people.consents import Answer
from cloud.people.errors import PersonRefused
from cloud.people.kinds import Purpose, Says, Way
from cloud.people.queries import AnswerRow, answers_of

_MINE = """
SELECT family.guardian_id, family.person_id, family.school_id, may_consent, (now_at AT TIME ZONE zone)::date AS today
FROM (SELECT $3::timestamptz AS now_at) AS instant, guardianship_at($3) AS family
JOIN person ON person.id = family.person_id JOIN school ON school.id = family.school_id
WHERE family.account_id = $1 AND person.ref = $2 ORDER BY may_consent DESC LIMIT 1
"""
_OF_PAPER = """
SELECT person.school_id, ($2::bigint IS NULL OR EXISTS (
  SELECT FROM guardianship_at($3) WHERE guardian_id = $2 AND person_id = $1 AND may_consent
)) AS may_answer FROM person WHERE id = $1
"""


# What goes to a guardian's own phone is that guardian's own answer; anything else holds, or is refused, for the child.
_STATES = """
SELECT purpose, consented($1, purpose) AS holds, is_refused($1, purpose) AS is_refused
FROM unnest($2::text[]) AS purpose WHERE purpose <> 'notices'
UNION ALL SELECT 'notices', told, NOT told AND (is_refused($1, 'data') OR EXISTS (
  SELECT FROM standing_answers($1) AS answer WHERE answer.purpose = 'notices' AND says = 'no'
    AND coalesce(answer.guardian_id, $3) = $3
)) FROM consented_to_notices($1, $3) AS told
"""


class TextChanged(Refused):
    """Somebody answers to a text that has a newer version."""

    status = HTTPStatus.CONFLICT
    code = "text_changed"

    def __init__(self) -> None:
        super().__init__(message("This text has changed meanwhile. Read it again and answer."))


@dataclass(frozen=True, slots=True)
class Asked:
    """A purpose as it stands for one guardian: the text, the own answer, and whether it holds for the child."""

    text: Text
    mine: AnswerRow | None  # that stands
    holds: bool  # notices: for this guardian
    is_refused: bool  # by anybody: a no wins; notices: by this guardian

    @property
    def is_old(self) -> bool:
        """Tell whether the own answer was given to an earlier text."""
        return self.mine is not None and self.mine.text_version not in {None, self.text.version}


@dataclass(frozen=True, slots=True)
class Asking:
    """What a guardian is asked about a child, and every answer the guardian may see."""

    may_answer: bool
    purposes: tuple[Asked, ...]
    history: tuple[AnswerRow, ...]


async def asking_of(services: Services, actor: Actor, ref: str) -> Asking:
    """Return what the actor is asked about a child of the own, with the history. Raises NotFound.

    Of another guardian's answers it tells that there is one, and nothing of where it is written.
    """
    mine = await _mine(services, actor, ref)
    pool = services.database.pool
    answers = await answers_of(pool, mine.person_id)
    rows = await pool.fetch(_STATES, mine.person_id, [purpose.value for purpose in Purpose], mine.guardian_id)
    states = {Purpose(row["purpose"]): row for row in rows}
    own = {each.purpose: each for each in answers if each.stands and each.guardian_id == mine.guardian_id}
    purposes = tuple(
        Asked(current(purpose), own.get(purpose), states[purpose]["holds"], states[purpose]["is_refused"])
        for purpose in Purpose
    )  # fmt: skip
    return Asking(mine.may_answer, purposes, tuple(_seen_by(each, mine.guardian_id) for each in answers))


async def answer(services: Services, actor: Actor, ref: str, purpose: Purpose, says: Says, version: int) -> None:
    """Answer for a child of the own. Raises NotFound, NotAllowed or TextChanged."""
    mine = await _mine(services, actor, ref)
    if not mine.may_answer:
        raise NotAllowed
    text = current(purpose)
    if version != text.version:
        raise TextChanged
    given = Answer(
        person_id=mine.person_id, purpose=purpose, says=says, on=mine.today, way=Way.APP,
        guardian_id=mine.guardian_id, text_version=text.version, text_digest=text.digest,
    )  # fmt: skip
    async with services.database.transaction() as connection:
        await write_answer(services, connection, actor, mine.school_id, given)


async def note_paper(services: Services, actor: Actor, given: Answer, scan: Scan | None) -> None:
    """Note an answer on paper of a guardian, or of nobody named, with its scan if there is one.

    Raises NotFound, NotAllowed, PersonRefused or ScanRefused.
    """
    check_source(given.source)
    now = services.clock.now()
    row = await services.database.pool.fetchrow(_OF_PAPER, given.person_id, given.guardian_id, now)
    if row is None:
        raise NotFound
    actor.require(Right.CONSENTS_KEEP, row["school_id"])
    if not row["may_answer"]:
        raise PersonRefused(message("This guardian may not consent for the child. Look at the guardian's rights."))
    async with services.database.transaction() as connection:
        at = raw(connection)
        zone = "SELECT ($2::timestamptz AT TIME ZONE zone)::date FROM school WHERE id = $1"
        if given.on > await at.fetchval(zone, row["school_id"], now):
            raise PersonRefused(message("This day is still to come. Check the year."))
        scan_id = None if scan is None else await put_scan(services, at, given.person_id, scan)
        await write_answer(
            services, connection, actor, row["school_id"], replace(given, way=Way.PAPER, scan_id=scan_id)
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Mine:
    guardian_id: int
    person_id: int
    school_id: int
    may_answer: bool
    today: date


async def _mine(services: Services, actor: Actor, ref: str) -> _Mine:
    if actor.account_id is None or actor.must_change:
        raise NotFound
    now: datetime = services.clock.now()
    row = await services.database.pool.fetchrow(_MINE, actor.account_id, ref, now)
    if row is None:
        raise NotFound
    return _Mine(row["guardian_id"], row["person_id"], row["school_id"], row["may_consent"], row["today"])


def _seen_by(row: AnswerRow, guardian_id: int) -> AnswerRow:
    """Return an answer as a guardian sees it: who else answered and where it is written stays with the office."""
    if row.guardian_id == guardian_id:
        return row
    return replace(row, source="", guardian="", scan_id=None)
