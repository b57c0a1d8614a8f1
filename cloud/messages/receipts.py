"""Receipts: of which child's guardians who has opened a message and who has not, and whose nobody can read it here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.messages.delivery import Delivered, delivered_of
from cloud.messages.desk import written_one
from cloud.messages.kinds import State

CHILDREN_MAX = 2_000
SHOWN_MAX = 200  # children named on a page; the counts are of all
_CHILDREN = """
SELECT person.id, concat_ws(' ', surname, given_name) AS name, coalesce(grade || letter, '') AS class_name
FROM person LEFT JOIN school_class ON school_class.id = school_class_id
WHERE person.school_id = $1 AND person.role = 'student' AND person.is_active AND ($3 = 'school' OR EXISTS (
  SELECT FROM announcement_audience AS meant WHERE meant.announcement_id = $2
    AND (meant.grade = school_class.grade OR meant.school_class_id = school_class.id OR meant.person_id = person.id)
)) ORDER BY grade, letter, sort_key LIMIT $4
"""
_READERS = """
SELECT person_id, account.id AS account_id, account.name, read_at FROM announcement_reader AS told
JOIN account ON account.id = told.account_id WHERE announcement_id = $1 ORDER BY person_id, account.name, account.id
"""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A guardian who was told, and when the message was opened."""

    account_id: int
    name: str
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class ChildsReceipts:
    """A child's guardians; none where nobody can read it here."""

    name: str
    class_name: str
    receipts: list[Receipt] = field(default_factory=list)

    @property
    def is_read(self) -> bool:
        return any(each.read_at is not None for each in self.receipts)


@dataclass(frozen=True, slots=True)
class ClassCount:
    """Of a class: its children, of how many somebody has read, and of how many nobody can."""

    name: str
    children: int
    read: int
    unreachable: int


@dataclass(frozen=True, slots=True)
class Receipts:
    """All receipts of a message."""

    children: Sequence[ChildsReceipts]
    classes: Sequence[ClassCount]
    delivered: Delivered

    @property
    def unreachable(self) -> int:
        return sum(each.unreachable for each in self.classes)

    @property
    def read(self) -> int:
        return sum(each.read for each in self.classes)

    @property
    def shown(self) -> Sequence[ChildsReceipts]:
        """Those who have not read come first."""
        return sorted(self.children, key=lambda each: each.is_read)[:SHOWN_MAX]


async def receipts_of(services: Services, actor: Actor, school_id: int, number: int) -> Receipts:
    """Return the receipts of a message of the actor's desk; none before it went. Raises NotAllowed or NotFound."""
    written = await written_one(services, actor, school_id, number)
    if written.state not in {State.SENT, State.RECALLED}:
        return Receipts((), (), Delivered())
    pool = services.database.pool
    rows = await pool.fetch(_CHILDREN, school_id, number, written.audience.value, CHILDREN_MAX)
    children = {row["id"]: ChildsReceipts(row["name"], row["class_name"]) for row in rows}
    for row in await pool.fetch(_READERS, number):
        if (child := children.get(row["person_id"])) is not None:
            child.receipts.append(Receipt(row["account_id"], row["name"], row["read_at"]))
    delivered = await delivered_of(pool, school_id, number)
    return Receipts(tuple(children.values()), _counted(children.values()), delivered)


def _counted(children: Iterable[ChildsReceipts]) -> list[ClassCount]:
    counts: dict[str, list[ChildsReceipts]] = {}
    for child in children:
        counts.setdefault(child.class_name, []).append(child)
    return [
        ClassCount(name, len(of), sum(each.is_read for each in of), sum(not each.receipts for each in of))
        for name, of in counts.items()
    ]
