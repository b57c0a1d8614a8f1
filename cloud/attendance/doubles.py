"""Cards that are in two places at once: marked on the movement, so that the guard looks at the face, and an alarm.

Rule: marks are a function of a day's set of movements, as presence is; an alarm is raised when a mark is set, and it
names the device and the gates, never the person.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import asyncpg

from cloud.attendance import statements
from cloud.attendance.rules import Moved, doubles_of
from cloud.devices.alarms import Raised, note_alarms

KIND = "card_doubled"
Order = tuple[str, str, int]


async def mark_doubles(
    connection: asyncpg.Connection, days: Mapping[tuple[int, date], Sequence[Moved]], marked: set[Order]
) -> None:
    """Mark and unmark movements of some people's days; `marked` are those that bear the mark now."""
    by_order = {moved.order: moved for movements in days.values() for moved in movements}
    doubles = {order for movements in days.values() for order in doubles_of(movements)}
    changed = [(*order, order in doubles) for order in sorted(doubles ^ marked)]
    if not changed:
        return
    await connection.execute(statements.MARK_DOUBLES, *(list(column) for column in zip(*changed, strict=True)))
    fresh = {order[0]: by_order[order] for order in sorted(doubles - marked)}
    await note_alarms(
        connection, [Raised(device, KIND, f"gate {moved.gate}", moved.at) for device, moved in fresh.items()]
    )
