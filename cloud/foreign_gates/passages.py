"""Passages at gates of another system, whatever its own shape, and how each system's shape is read. Pure.

The shapes are those that public documents of Sigur (web delegation) and PERCo-Web (report of passages) describe.
Neither was tried against the live system.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

AT_ONCE = 500
TEXT_MAX = 100
SECOND_MAX = 4_102_444_800  # the year 2100
OUTSIDE = "неконтролируемая территория"  # how PERCo-Web calls what is no zone of the school
Text = Annotated[str, Field(max_length=TEXT_MAX)]
Number = Annotated[int, Field(ge=0, le=2**63 - 1)]
Direction = Literal["in", "out"]


@dataclass(frozen=True, slots=True)
class Passed:
    """Somebody passed: `source` is the other system's own number of it, `number` the school's of the person."""

    source: str
    number: str
    at: datetime
    direction: Direction
    gate: str


class Shape(BaseModel):
    """A shape of another system: what it has besides is left out."""

    model_config = ConfigDict(extra="ignore")


class Passage(Shape):
    """A passage, as any program may tell of it."""

    id: Text = Field(min_length=1, description="The system's own number of the event: told twice, it counts once.")
    number: Text = Field(min_length=1, description="The school's own number of the person.")
    at: datetime = Field(description="With its offset from UTC.")
    direction: Direction
    gate: Text = ""


class Passages(Shape):
    """Passages, as any program may tell of them."""

    passages: list[Passage] = Field(max_length=AT_ONCE)


class SigurLog(Shape):
    """A passage as Sigur's web delegation sends it."""

    logId: Number  # noqa: N815 (their names, as those below)
    time: Annotated[int, Field(ge=0, le=SECOND_MAX, description="Seconds since 1970, UTC.")]
    empId: Text | Number | None = Field(None, description="The person's number, as it was given to Sigur.")  # noqa: N815
    accessPoint: Text | Number = ""  # noqa: N815
    direction: int = Field(description="1: out; 2: in; others are no passages.")


class SigurLogs(Shape):
    """Passages as Sigur's web delegation sends them."""

    logs: list[SigurLog] = Field(max_length=AT_ONCE)


class PercoRow(Shape):
    """A row of PERCo-Web's report of passages."""

    id: Number
    tabel_number: Text | None = None
    time_label: str = Field(pattern=r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$", description="The school's time.")
    zone_exit: Text | None = None
    zone_enter: Text | None = None


class PercoRows(Shape):
    """PERCo-Web's report of passages."""

    rows: list[PercoRow] = Field(max_length=AT_ONCE)


def of_any(told: Passages) -> list[Passed]:
    """Return passages as any program tells of them; those without an offset are left out."""
    return [
        Passed(each.id, each.number, each.at, each.direction, each.gate)
        for each in told.passages
        if each.at.utcoffset() is not None
    ]


def of_sigur(told: SigurLogs) -> list[Passed]:
    """Return what Sigur tells of people it knows the number of."""
    ways: dict[int, Direction] = {1: "out", 2: "in"}
    return [
        Passed(
            str(each.logId), str(each.empId), datetime.fromtimestamp(each.time, UTC), ways[each.direction],
            f"sigur-{each.accessPoint}",
        )
        for each in told.logs
        if each.empId not in (None, "") and each.direction in ways
    ]  # fmt: skip


def of_perco(told: PercoRows, zone: ZoneInfo) -> list[Passed]:
    """Return what PERCo-Web's report tells: from outside is in, to outside is out, between rooms is neither."""
    return list(_of_perco(told.rows, zone))


def _of_perco(rows: Iterable[PercoRow], zone: ZoneInfo) -> Iterable[Passed]:
    for row in rows:
        comes, leaves = _is_outside(row.zone_exit), _is_outside(row.zone_enter)
        if not row.tabel_number or comes == leaves:
            continue
        try:
            at = datetime.strptime(row.time_label, "%Y-%m-%d %H:%M:%S").replace(tzinfo=zone)
        except ValueError:  # the thirteenth month
            continue
        gate = (row.zone_enter if comes else row.zone_exit) or ""
        yield Passed(str(row.id), row.tabel_number, at, "in" if comes else "out", gate)


def _is_outside(zone: str | None) -> bool:
    return (zone or OUTSIDE).strip().lower() == OUTSIDE
