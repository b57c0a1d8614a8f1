"""Days of a month made anew from the records, by the rules of the projection and without its tables.

Rule: for the same records it returns what cloud/attendance/monthly.py reads of the tables, but for one thing that no
record says: since when a gate's sensor was known. Whom such a gate let in while its sensor said nothing may have
counted or not; each day is returned with all that it can have been.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import combinations
from zoneinfo import ZoneInfo

import asyncpg

from cloud.attendance.elsewhere import EPOCH
from cloud.attendance.models import MovementKind
from cloud.attendance.monthly import DaySeen, PersonDay, instant_of, readable
from cloud.attendance.projection import KINDS
from cloud.attendance.rules import DayOf, Moved, Place, Told, merged, presence_of, told_by
from cloud.ingest.cursor import LoggedRecord
from cloud.schools.rules import DayPlan

__all__ = ["KINDS", "DaysInRecords", "moved_elsewhere"]
UNSURE_MAX = 6  # movements of a day that may have counted or not; of more all or none
# At gates of other systems, of which there are no records of ours.
_ELSEWHERE = """
SELECT ref, "on", at, direction, kind, gate, clock, device, epoch, seq FROM movement
JOIN person ON person.id = person_id
WHERE movement.school_id = $1 AND "on" BETWEEN $2 AND $3 AND epoch = $4 AND received_at <= $5
"""


@dataclass(slots=True)
class DaysInRecords:
    """Meets records one by one; `people` are references of the school, `sensors` gates that have one by now."""

    people: Collection[str]
    sensors: frozenset[str]
    zone: ZoneInfo
    _told: dict[Place, Told] = field(default_factory=dict)

    def meet(self, rows: Iterable[LoggedRecord]) -> None:
        """Meet the next records."""
        for row, record in readable(rows):
            place = Place(row.device, row.epoch, row.seq)
            told = told_by(record, place, instant_of(row.corrected_ms), has_sensor=False)
            if told is None or told.person not in self.people:
                continue
            known = self._told.get(told.place)
            self._told[told.place] = told if known is None else merged(known, told)

    def days(self, elsewhere: Mapping[PersonDay, Sequence[Moved]]) -> dict[PersonDay, list[DaySeen]]:
        """Return what each day can have been; `elsewhere` is what happened at gates of other systems."""
        sure: defaultdict[PersonDay, list[Moved]] = defaultdict(list)
        unsure: defaultdict[PersonDay, list[Moved]] = defaultdict(list)
        for each in self._told.values():
            day = (each.person or "", each.at.astimezone(self.zone).date())
            (unsure if self._may_not_count(each) else sure)[day].append(_moved(each))
        for day, moved in elsewhere.items():
            sure[day].extend(moved)
        return {day: _possible(day[1], sure[day], unsure[day]) for day in {*sure, *unsure}}

    def _may_not_count(self, told: Told) -> bool:
        return told.gate in self.sensors and told.let is MovementKind.CARD and not told.passage


async def moved_elsewhere(
    connection: asyncpg.Connection, school_id: int, first_on: date, last_on: date, until: datetime
) -> Mapping[PersonDay, Sequence[Moved]]:
    """Return the movements of some days at gates of other systems, told until an instant.

    For slices above, after their own check.
    """
    moved: defaultdict[PersonDay, list[Moved]] = defaultdict(list)
    for row in await connection.fetch(_ELSEWHERE, school_id, first_on, last_on, EPOCH, until):
        order = (row["device"], row["epoch"], row["seq"])
        kind = MovementKind(row["kind"])
        moved[row["ref"], row["on"]].append(
            Moved(row["at"], order, row["direction"], kind, row["gate"], row["clock"])
        )  # fmt: skip
    return moved


def _moved(told: Told) -> Moved:
    order = (told.place.device, told.place.epoch, told.place.seq)
    return Moved(told.at, order, told.direction, told.kind, told.gate, told.clock)


def _possible(on: date, sure: Sequence[Moved], unsure: Sequence[Moved]) -> list[DaySeen]:
    counts = range(len(unsure) + 1) if len(unsure) <= UNSURE_MAX else (0, len(unsure))
    plan = DayPlan(on, is_school_day=False)  # lateness is not told by records
    return [
        _seen(presence_of([*sure, *some], plan)) for count in counts for some in combinations(unsure, count)
    ]  # fmt: skip


def _seen(day: DayOf) -> DaySeen:
    return DaySeen(day.first_in_at, day.last_out_at, day.is_inside, day.without_card)
