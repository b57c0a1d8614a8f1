"""Who of a class was expected at a gate on a day, and who of them was not seen.

Rule: nobody waits for who is excused by the family, a trip or the register, who is in class by the teacher's word, or
who does not pass the gates at all: without a consent to be known by a card, or seen by no gate for months.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import asyncpg

from cloud.absences.queries import excused_on
from cloud.alerts.brake import Usual, Waited
from cloud.core.vault import Vault
from cloud.people.consents import consented_to
from cloud.people.kinds import Purpose
from cloud.register.kinds import Says
from cloud.register.queries import ChildMarked, children_on

USED = timedelta(days=120)  # a summer; who passed no gate for longer does not use them
_USING = f"""
SELECT id FROM person WHERE id = ANY($1) AND {consented_to(Purpose.CARD)} AND EXISTS (
  SELECT FROM presence WHERE person_id = person.id AND "on" BETWEEN $2 AND $3 AND first_in_at IS NOT NULL
)
"""  # noqa: S608 (text of ours)


@dataclass(frozen=True, slots=True)
class ClassSeen:
    """A class on a day: who of those that were expected came, and who was not seen."""

    came: Sequence[int]  # person ids of who was seen, or is in class
    absent: Sequence[ChildMarked]

    @property
    def expected(self) -> int:
        return len(self.came) + len(self.absent)

    def waited(self, usual: Mapping[int, Usual]) -> list[Waited]:
        """Return who was expected, with the gate that each one usually comes through."""
        own = [(each, False) for each in self.came] + [(each.id, True) for each in self.absent]
        return [Waited(person_id, is_absent, usual.get(person_id, Usual())) for person_id, is_absent in own]

    def only(self, person_ids: Collection[int]) -> "ClassSeen":
        """Return the class with only these of those who were not seen."""
        return ClassSeen(self.came, [each for each in self.absent if each.id in person_ids])


async def classes_seen(
    connection: asyncpg.Connection, vault: Vault, school_id: int, on: date, class_ids: Collection[int]
) -> Mapping[int, ClassSeen]:
    """Return classes as they were seen up to now."""
    classes = await children_on(connection, vault, school_id, on, sorted(class_ids))
    excused = await excused_on(connection, [each.id for own in classes.values() for each in own], on)
    waited = {
        class_id: [each for each in own if not each.said.is_excused and each.id not in excused]
        for class_id, own in classes.items()
    }
    unseen = [each for own in waited.values() for each in own if _is_unseen(each)]
    rows = await connection.fetch(_USING, [each.id for each in unseen], on - USED, on - timedelta(days=1))
    using = {row["id"] for row in rows}
    return {class_id: _seen(own, using) for class_id, own in waited.items()}


def _seen(waited: Sequence[ChildMarked], using: Collection[int]) -> ClassSeen:
    absent = [each for each in waited if _is_unseen(each) and each.id in using]
    return ClassSeen([each.id for each in waited if not _is_unseen(each)], absent)


def _is_unseen(child: ChildMarked) -> bool:
    came = child.first_in_at is not None or child.last_out_at is not None
    return not came and child.said.says is not Says.PRESENT
