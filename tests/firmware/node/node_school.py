"""The school of the agent's tests, as a node's slots hold it."""

from collections.abc import Sequence

from firmware.node.flash import Region
from firmware.node.roster import Roster
from firmware.node.slots import Slots
from schemas.compact import compact
from schemas.roster import pack
from schemas.seal import mac
from simulators.flash import Flash
from tests.edge_agent.school import DAY_MS, MONDAY_8_MS, SCHOOL, header, rows_with

HTTP_KEY = bytes(range(32))


def node_file(
    rows: Sequence[bytes] | None = None, *, key: bytes = HTTP_KEY, body: bytes = b"", **changes: object
) -> bytes:
    """Return a file in the compact form, sealed for one device."""
    body = body or compact(rows_with() if rows is None else list(rows))
    return pack(header(**changes), body, body, lambda message: mac(key, message))  # type: ignore[arg-type] # test's words


def slots_on(flash: Flash) -> Slots:
    """Return the slots on a flash, loaded as after a start."""
    slots = Slots(Region(flash), SCHOOL, HTTP_KEY)
    slots.load()
    return slots


def take(slots: Slots, file: bytes, *, now_ms: int = 0, chunk: int = 700) -> Roster:
    """Feed a file in pieces, and flip. Raises RosterRefused."""
    intake = slots.begin(now_ms)
    for at in range(0, len(file), chunk):
        intake.feed(file[at : at + chunk])
    return slots.flip(intake)


def node_roster(rows: Sequence[bytes] | None = None, *, not_after_ms: int = MONDAY_8_MS + 30 * DAY_MS) -> Roster:
    """Return the roster of some rows, in flash of its own."""
    return take(slots_on(Flash(16)), node_file(rows, not_after_ms=not_after_ms))
