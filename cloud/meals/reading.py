"""Tills' records as meals know them: taken as they are, but for what no calendar or alphabet has."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from cloud.ingest.cursor import LoggedRecord
from cloud.ingest.plan import clean
from cloud.ingest.reading import Unreadable, read_record
from cloud.meals.rules import Change, ChangeKind, Line, Payment, Place, Portion, Run, Sale
from schemas import structs

KINDS = frozenset({"item", "sale", "void", "refund", "override", "shift", "claim", "refusal"})
NAMED_BEFORE, NAMED_AFTER = timedelta(days=400), timedelta(days=1)  # of the day on which a record was received
_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Met:
    """A record where it stands, with its corrected time."""

    place: Place
    at: datetime
    received_at: datetime
    position: int
    record: structs.AnyRecord


def met(row: LoggedRecord) -> Met | None:
    """Return a record of the canteen; none of another, or of one that cannot be read."""
    if row.kind not in KINDS:
        return None
    try:
        record = read_record(bytes(row.record))[0]
    except Unreadable:  # the log holds only what was readable; an older program than the writer's reads it now
        return None
    at = _EPOCH_START + timedelta(milliseconds=row.corrected_ms)
    return Met(Place(row.device, row.epoch, row.seq), at, row.received_at, row.position, record)


def sale_of(record: structs.AnyRecord) -> str:
    """Return the id of the sale that a record is about; empty for others."""
    if isinstance(record, structs.Sale):
        return record.id
    return record.sale if isinstance(record, structs.Item | structs.Void | structs.Refund) else ""


def line(place: Place, record: structs.Item) -> Line:
    """Return a line."""
    return Line(record.sale, place, Portion(record.dish, record.version, record.count, record.price_tiyn))


def sale(place: Place, record: structs.Sale, at: datetime, people: frozenset[str]) -> Sale:
    """Return a sale; `people` are those named that the school has."""
    person = record.person if record.person in people else ""
    return Sale(
        record.id, place, record.shift, clean(record.meal), Payment(record.payment), person or "",
        is_known=bool(person) or record.payment == "cash", amount_tiyn=record.amount_tiyn, at=at,
        clock=record.clock, is_unconfirmed=bool(record.unconfirmed),
    )  # fmt: skip


def change(told: Met, record: structs.Void | structs.Refund) -> Change:
    """Return a void or a refund."""
    kind = ChangeKind.VOID if isinstance(record, structs.Void) else ChangeKind.REFUND
    return Change(
        record.id, kind, record.sale, told.place, record.amount_tiyn, record.staff, clean(record.reason), told.at,
        record.clock, told.position,
    )  # fmt: skip


def run(told: Met, record: structs.Shift) -> Run:
    """Return a shift, with the day as the cashier named it if that can be."""
    position = told.position if record.outcome == "opened" else None
    return Run(told.place.device, record.id, named_on(record.day, told.received_at), position)


def named_on(day: str | None, received_at: datetime) -> date | None:
    """Return a day that a device names; none where a slip of the finger named one that cannot be."""
    try:
        named = date.fromisoformat(day or "")
    except ValueError:
        return None
    received_on = received_at.astimezone(UTC).date()
    return named if received_on - NAMED_BEFORE <= named <= received_on + NAMED_AFTER else None
