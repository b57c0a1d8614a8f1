"""What is read of notices: a guardian's own, page by page; how many are unread; what the office sees of a child's.

Rule: a guardian sees what was told to the own account, of children whom it may see now. The office sees what was told
and to whom, never whether somebody has read it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from cloud.core.actor import Actor
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.notifications.kinds import OF_WORDS, Detail, Kind, right_to, unpacked
from cloud.notifications.rules import is_delayed
from cloud.people.rights import COLUMNS

SECTION = "notices"  # of the menu
PAGE = 30
UNREAD_MAX = 100  # counted no further
OF_CHILD_MAX = 50
_BOTH = " AND may_get_notices"
_RIGHTS = " ".join(
    f"WHEN '{kind.value}' THEN {COLUMNS[right_to(kind)]}{_BOTH if kind in OF_WORDS else ''}" for kind in Kind
)
_MAY_SEE = f"""
EXISTS (
  SELECT FROM guardianship_at($2) AS family
  WHERE family.account_id = notice.account_id AND family.person_id = notice.person_id AND CASE kind {_RIGHTS} END
)
"""
_OWN = f"""
SELECT notice.id, kind, person.ref AS person, concat_ws(' ', surname, given_name) AS name, at, told_at, is_late,
  read_at, corrects, detail, zone
FROM notice JOIN person ON person.id = person_id AND person.is_active JOIN school ON school.id = notice.school_id
WHERE notice.account_id = $1 AND {_MAY_SEE} AND ($3::bigint IS NULL OR notice.id < $3)
  AND ($4::text = '' OR person.ref = $4)
ORDER BY notice.id DESC LIMIT $5
"""  # noqa: S608 (texts of ours)
_UNREAD = f"""
SELECT count(*) FROM (
  SELECT FROM notice JOIN person ON person.id = person_id AND person.is_active
  JOIN school ON school.id = notice.school_id
  WHERE notice.account_id = $1 AND read_at IS NULL AND {_MAY_SEE} LIMIT $3
) AS unread
"""  # noqa: S608 (texts of ours)
_OF_CHILD = """
SELECT min(notice.id) AS id, kind, person.ref AS person, concat_ws(' ', surname, given_name) AS name, at,
  min(told_at) AS told_at, bool_and(is_late) AS is_late, NULL::timestamptz AS read_at, corrects,
  (array_agg(detail))[1] AS detail, zone, array_agg(account.name ORDER BY account.name, account.id) AS told
FROM (SELECT * FROM notice WHERE person_id = $1 AND school_id = $3 ORDER BY id DESC LIMIT 500) AS notice
JOIN person ON person.id = person_id JOIN school ON school.id = notice.school_id
JOIN account ON account.id = notice.account_id
GROUP BY fact, kind, person.ref, surname, given_name, at, corrects, zone ORDER BY 1 DESC LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice as it is shown; `corrects` is the fact that it takes back, or empty."""

    id: int
    kind: Kind
    person: str  # the child's reference
    name: str
    at: datetime
    told_at: datetime
    is_late: bool
    read_at: datetime | None
    corrects: str
    detail: Detail
    zone: ZoneInfo

    @property
    def is_delayed(self) -> bool:
        return is_delayed(self.at, self.told_at)


@dataclass(frozen=True, slots=True)
class Page:
    """Some notices, newest first; `older` asks for those before them, none where there are no more."""

    notices: list[NoticeRow]
    older: int | None

    @property
    def newest(self) -> int:
        return max((notice.id for notice in self.notices), default=0)


async def notices_of(
    services: Services, actor: Actor, *, before: int | None = None, child: str = "", most: int = PAGE
) -> Page:
    """Return what the actor's account was told, newest first; of one child if one is named."""
    if actor.account_id is None or actor.must_change:
        return Page([], None)
    rows = await services.database.pool.fetch(
        _OWN, actor.account_id, services.clock.now(), before, child, most + 1
    )  # fmt: skip
    notices = [_notice(dict(row)) for row in rows[:most]]
    return Page(notices, notices[-1].id if len(rows) > most else None)


async def unread_of(services: Services, actor: Actor) -> int:
    """Return how many notices the actor's account has not read, at most `UNREAD_MAX`."""
    if actor.account_id is None or actor.must_change:
        return 0
    now = services.clock.now()
    return int(await services.database.pool.fetchval(_UNREAD, actor.account_id, now, UNREAD_MAX))


async def counts_of(services: Services, actor: Actor) -> Mapping[str, int]:
    """Return what waits for a guardian, by section of the menu; of everybody else nothing does."""
    if not actor.kinships(Right.NOTICES_READ):
        return {}
    return {SECTION: await unread_of(services, actor)}


async def told_of_child(
    services: Services, actor: Actor, school_id: int, person_id: int
) -> list[tuple[NoticeRow, list[str]]]:
    """Return the last facts that guardians of a child of the school were told, with their names. Raises NotAllowed."""
    actor.require(Right.NOTICES_CHECK, school_id)
    rows = await services.database.pool.fetch(_OF_CHILD, person_id, OF_CHILD_MAX, school_id)
    return [(_notice({key: row[key] for key in row if key != "told"}), row["told"]) for row in map(dict, rows)]


def _notice(row: Mapping[str, Any]) -> NoticeRow:
    return NoticeRow(
        **{
            **row, "kind": Kind(row["kind"]), "detail": unpacked(row["detail"]), "zone": ZoneInfo(row["zone"]),
        }
    )  # fmt: skip
