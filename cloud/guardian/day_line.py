"""A child's day as a line, in the order of a day: came, ate, left; and beside it whatever else happened.

Rule: the line is a pure function of what the gates and the tills told so far; what it does not know it calls so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cloud.attendance.queries import Tap
from cloud.attendance.standing import Came, Standing
from cloud.core.i18n import N_
from cloud.core.services import Services
from cloud.guardian.queries import Child
from cloud.meals.days import Taken, taken_on
from cloud.people.kinds import FamilyRight


class Step(StrEnum):
    """A stop of the line."""

    CAME = "came"
    ATE = "ate"
    LEFT = "left"


LABELS = {Step.CAME: N_("Arrival"), Step.ATE: N_("Canteen"), Step.LEFT: N_("Departure")}
ICONS = {Step.CAME: "inside", Step.ATE: "plate", Step.LEFT: "left"}
TONES = {Step.CAME: "in", Step.ATE: "in", Step.LEFT: "out"}
YET = N_("not yet")
MISSING = {Step.CAME: N_("not seen"), Step.ATE: N_("no meal"), Step.LEFT: N_("not seen")}


@dataclass(frozen=True, slots=True)
class Stop:
    """A step with its instants, none where it did not happen so far; `may_come` while it still can."""

    step: Step
    at: tuple[datetime, ...] = ()
    is_rough: bool = False
    may_come: bool = False

    @property
    def label(self) -> str:
        return LABELS[self.step]

    @property
    def icon(self) -> str:
        return ICONS[self.step]

    @property
    def tone(self) -> str:
        return TONES[self.step] if self.at else "mute"

    @property
    def silence(self) -> str:
        """Return what stands in the time's place where there is none."""
        return YET if self.may_come else MISSING[self.step]


Entry = Tap | Taken


@dataclass(frozen=True, slots=True)
class DayLine:
    """The stops that the reader may see, and all that happened, in order."""

    stops: Sequence[Stop]
    entries: Sequence[Entry]
    told: frozenset[datetime]  # by the stops

    @property
    def others(self) -> list[Entry]:
        """Return what the stops do not tell, or not all of: dishes, other ways through a gate, what was delayed."""
        return [each for each in self.entries if isinstance(each, Taken) or self._says_more(each)]

    def _says_more(self, tap: Tap) -> bool:
        is_told = tap.at in self.told and tap.outcome in {"in", "out"}
        return not is_told or tap.without_card or tap.is_delayed or tap.is_rough


async def lines_of(services: Services, children: Sequence[Child]) -> dict[int, DayLine]:
    """Return today's line of each child whose day, or whose meals, the reader may see, by the child's id."""
    eaters = [child for child in children if FamilyRight.MEALS in child.rights]
    taken = await taken_on(services.database.pool, [(child.id, child.on) for child in eaters])
    return {child.id: _line_of(child, taken.get((child.id, child.on), [])) for child in children}


def _line_of(child: Child, taken: Sequence[Taken]) -> DayLine:
    is_inside = child.standing is Standing.INSIDE
    came = Came(child.first_in_at, child.last_out_at, is_inside)
    is_nothing = child.standing in {Standing.OFF, Standing.AWAY} and not taken
    steps = () if is_nothing else steps_seen(child)
    return line(came, child.today, taken, steps, is_over=False)


def steps_seen(child: Child) -> tuple[Step, ...]:
    """Return the steps that the reader has a right to."""
    sees, eats = FamilyRight.SEE in child.rights, FamilyRight.MEALS in child.rights
    return tuple(step for step in Step if (eats if step is Step.ATE else sees))


def line(came: Came, taps: Sequence[Tap], taken: Sequence[Taken], steps: Iterable[Step], *, is_over: bool) -> DayLine:
    """Return a day's line; `is_over` of a day that is no more."""
    has_left = came.last_out_at is not None and not came.is_inside
    shut = is_over or has_left  # nothing more is waited for
    instants = {
        Step.CAME: () if came.first_in_at is None else (came.first_in_at,),
        Step.ATE: tuple(each.at for each in taken),
        Step.LEFT: (came.last_out_at,) if has_left and came.last_out_at else (),
    }
    rough = {tap.at for tap in taps if tap.is_rough}
    stops = [Stop(step, instants[step], not rough.isdisjoint(instants[step]), not shut) for step in steps]
    entries: list[Entry] = sorted([*taps, *taken], key=_instant)
    return DayLine(stops, entries, frozenset(at for stop in stops for at in stop.at))


def _instant(entry: Entry) -> datetime:
    return entry.at
