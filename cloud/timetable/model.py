"""The model of a timetable for the solver (OR-tools' CP-SAT): which unit is in which cell, by which rules, how well.

Rule: only this module knows the solver. What it finds is judged by `rules.conflicts`, which knows nothing of it.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Any, TypeAlias

from ortools.sat.python import cp_model

from cloud.timetable.kinds import RoomKind, RuleKind
from cloud.timetable.problem import Rule
from cloud.timetable.rules import HARD_POINTS, Bell, ClassWeek, Frame, Off
from cloud.timetable.units import Cell, Unit, day_limits

MISSING, UNFIXED, GAP, UNMET, EDGE, UNEVEN, HEAVY = 2_000, 400, 10, 6, 3, 2, 1  # what each costs
Var: TypeAlias = Any  # a variable of the solver, or one turned round; it ships no types
Cost = tuple[Var, int]


class Demand(Enum):
    """Whether all lessons must be placed, or each that is not costs."""

    ALL = "all"
    MOST = "most"


class Search(Enum):
    """Where the solver looks."""

    EVERYWHERE = "everywhere"  # until it is proven that there is nothing better
    NEARBY = "nearby"  # around the best that is known: a large school becomes better sooner


@dataclass(frozen=True, slots=True)
class Limits:
    """What a solve may cost, and its seed."""

    seconds: float
    workers: int = 2
    seed: int = 1
    search: Search = Search.EVERYWHERE
    effort: float | None = None  # of each search, in the solver's own units of work, whatever else the machine does


@dataclass(frozen=True, slots=True)
class Found:
    """Cells of each unit; None where the rules clash, or nothing was found in time."""

    cells: Mapping[int, Sequence[Cell]] | None
    is_proven: bool  # it is the best there is; or that there is none


class Model:
    """A model of some units of a frame; rules in `without` are left out."""

    def __init__(
        self, frame: Frame, units: Sequence[Unit], demand: Demand, without: Collection[Rule] = frozenset()
    ) -> None:
        self.frame, self.units, self.demand, self.without = frame, units, demand, frozenset(without)
        self.rules: set[Rule] = set()  # that the model holds
        self._cp = cp_model.CpModel()
        self._weeks = {week.id: week for week in frame.classes}
        self._offs: dict[int, list[Off]] = defaultdict(list)
        for off in frame.offs:
            self._offs[off.teacher_id].append(off)
        self._x: dict[tuple[int, int, int], Var] = {}  # by unit, weekday and number
        self._used: dict[tuple[int, int, int], Var] = {}  # by class, weekday and number
        self._costs: list[Cost] = []
        self._by_id = {unit.id: unit for unit in units}
        self._unit_of: dict[int, Unit] = {}  # of a variable, by its index
        self._make_cells()
        self._ask_lessons()
        self._keep_classes()
        self._keep_teachers()
        self._keep_rooms()
        self._keep_days()

    def add_shape(self) -> None:
        """Let no class have an empty lesson before its last one, and a lone half be the last one."""
        lone: dict[int, list[Unit]] = defaultdict(list)
        for unit in self.units:
            if unit.is_lone:
                lone[unit.class_id].append(unit)
        for class_id, week in self._own_weeks():
            for weekday, bells in week.days.items():
                for earlier, later in pairwise(bells):
                    used = self._used[class_id, weekday, later.number]
                    self._cp.add_implication(used, self._used[class_id, weekday, earlier.number])
                    for unit in lone[class_id]:
                        if (own := self._x.get((unit.id, weekday, earlier.number))) is not None:
                            self._cp.add_implication(own, ~used)

    def add_quality(self, fixed: Mapping[int, Collection[Cell]]) -> None:
        """Let what is unwelcome cost, and ask for the cheapest."""
        self._cost_gaps()
        self._cost_wishes()
        self._cost_shape()
        for unit_id, cells in fixed.items():
            own = [self._x[unit_id, *cell] for cell in cells if (unit_id, *cell) in self._x]
            self._costs += [(~each, UNFIXED) for each in own]
        self._cp.minimize(cp_model.LinearExpr.sum([cost * weight for cost, weight in self._costs]))

    def hint(self, cells: Mapping[int, Collection[Cell]]) -> None:
        """Begin from what was found before."""
        self._cp.clear_hints()  # type: ignore[no-untyped-call]  # OR-tools' own
        for (unit_id, *cell), own in self._x.items():
            self._cp.add_hint(own, tuple(cell) in cells.get(unit_id, ()))

    def solve(self, limits: Limits, told: Callable[[int], None] | None = None) -> Found:
        """Search for so long; `told` hears of each better solution what it costs."""
        solver = cp_model.CpSolver()
        solver.parameters.max_time_in_seconds = limits.seconds
        solver.parameters.num_workers = limits.workers
        if limits.effort is not None:
            solver.parameters.max_deterministic_time = limits.effort
        solver.parameters.random_seed = limits.seed
        solver.parameters.use_lns_only = limits.search is Search.NEARBY
        status = solver.solve(self._cp, _Listener(told) if told else None)
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            cells: dict[int, list[Cell]] = defaultdict(list)
            for (unit_id, weekday, number), own in self._x.items():
                if solver.boolean_value(own):
                    cells[unit_id].append((weekday, number))
            return Found(cells, status == cp_model.OPTIMAL)
        return Found(None, status == cp_model.INFEASIBLE)

    # Rules

    def _make_cells(self) -> None:
        for unit in self.units:
            for weekday, bell in _cells(self._weeks[unit.class_id]):
                if not self._is_off(unit, weekday, bell):
                    name = f"{unit.id}.{weekday}.{bell.number}"
                    own = self._x[unit.id, weekday, bell.number] = self._cp.new_bool_var(name)
                    self._unit_of[own.index] = unit

    def _is_off(self, unit: Unit, weekday: int, bell: Bell) -> bool:
        for teacher_id in unit.teachers:
            is_off = any(_covers(off, weekday, bell) and not off.is_wish for off in self._offs[teacher_id])
            if is_off and self._holds(Rule(RuleKind.OFF, teacher_id)):
                return True
        return False

    def _ask_lessons(self) -> None:
        for unit in self.units:
            own = [self._x[unit.id, weekday, bell.number] for weekday, bell in _cells(self._weeks[unit.class_id])
                   if (unit.id, weekday, bell.number) in self._x]  # fmt: skip
            if self.demand is Demand.ALL:
                self._cp.add(sum(own) == unit.lessons)
                continue
            missing = self._cp.new_int_var(0, unit.lessons, f"missing.{unit.id}")
            self._cp.add(sum(own) + missing == unit.lessons)
            self._costs.append((missing, MISSING))

    def _keep_classes(self) -> None:
        for class_id, week in self._own_weeks():
            own = [unit for unit in self.units if unit.class_id == class_id]
            is_held = self._holds(Rule(RuleKind.CLASS, class_id))
            for weekday, bell in _cells(week):
                cell = [self._x[unit.id, weekday, bell.number] for unit in own
                        if (unit.id, weekday, bell.number) in self._x]  # fmt: skip
                if is_held:
                    used = self._used[class_id, weekday, bell.number] = self._cp.new_bool_var("")
                    self._cp.add_exactly_one([*cell, ~used])

    def _keep_teachers(self) -> None:
        own: dict[int, list[Unit]] = defaultdict(list)
        for unit in self.units:
            for teacher_id in unit.teachers:
                own[teacher_id].append(unit)
        self._of_teachers = dict(own)
        for teacher_id, units in own.items():
            if self._holds(Rule(RuleKind.TEACHER, teacher_id)):
                for moment in self._moments(units):
                    self._cp.add_at_most_one(moment)

    def _keep_rooms(self) -> None:
        kinds = {room.name: room.kind for room in self.frame.rooms}
        for name in sorted({room for unit in self.units for room in unit.rooms}):
            if self._holds(Rule(RuleKind.ROOM, name=name)):
                for moment in self._moments([unit for unit in self.units if name in unit.rooms]):
                    self._cp.add_at_most_one(moment)
        for kind in RoomKind:
            there = sum(room.kind == kind for room in self.frame.rooms)
            taking = {unit: taken for unit in self.units if (taken := unit.needs(kinds)[kind.value])}
            if there and self._can_exceed(taking, there) and self._holds(Rule(RuleKind.ROOM_KIND, name=kind.value)):
                for moment in self._moments(list(taking)):
                    counts = [taking[self._unit_of[own.index]] for own in moment]
                    self._cp.add(cp_model.LinearExpr.weighted_sum(moment, counts) <= there)

    def _can_exceed(self, taking: Mapping[Unit, int], there: int) -> bool:
        most: dict[int, int] = defaultdict(int)
        for unit, taken in taking.items():
            most[unit.class_id] = max(most[unit.class_id], taken)
        return sum(most.values()) > there

    def _keep_days(self) -> None:
        for limit in day_limits(self.frame, self.units):
            if not self._holds(Rule(RuleKind.DAY, limit.class_id, str(limit.subject_id))):
                continue
            for weekday, bells in self._weeks[limit.class_id].days.items():
                day = [
                    [self._x[unit.id, weekday, bell.number] for unit in limit.units
                     if (unit.id, weekday, bell.number) in self._x]
                    for bell in bells
                ]  # fmt: skip
                self._cp.add(sum(own for cell in day for own in cell) <= limit.most)
                if limit.is_double and limit.most > 1:
                    self._keep_row(day)

    def _keep_row(self, day: Sequence[Sequence[Var]]) -> None:
        """Let lessons of a day that are more than one follow each other."""
        for place, cell in enumerate(day):
            for later in day[place + 2 :]:
                for one in cell:
                    for other in later:
                        self._cp.add_bool_or([~one, ~other, *day[place + 1]])

    def _holds(self, rule: Rule) -> bool:
        if rule in self.without:
            return False
        self.rules.add(rule)
        return True

    # What is unwelcome

    def _cost_gaps(self) -> None:
        """Let a free lesson of a teacher between two own ones cost."""
        for units in self._of_teachers.values():
            for weekday in range(1, 8):
                day = self._moments_of_day(units, weekday)
                if len(day) > 2:
                    self._cost_gaps_of(day)

    def _cost_gaps_of(self, day: Sequence[Sequence[Var]]) -> None:
        busy = [moment[0] if len(moment) == 1 else self._any(moment) for moment in day]
        before = self._seen(busy)
        after = self._seen(busy[::-1])[::-1]
        for place in range(1, len(busy) - 1):
            gap = self._cp.new_bool_var("")
            self._cp.add_bool_or([gap, ~before[place - 1], ~after[place + 1], busy[place]])
            self._costs.append((gap, GAP))

    def _any(self, moment: Sequence[Var]) -> Var:
        busy = self._cp.new_bool_var("")
        self._cp.add(sum(moment) == busy)
        return busy

    def _seen(self, busy: Sequence[Var]) -> list[Var]:
        """Return of each place whether anything was busy up to it."""
        seen = [busy[0]]
        for own in busy[1:]:
            now = self._cp.new_bool_var("")
            self._cp.add_implication(own, now)
            self._cp.add_implication(seen[-1], now)
            seen.append(now)
        return seen

    def _cost_wishes(self) -> None:
        for (unit_id, weekday, number), own in self._x.items():
            unit = self._by_id[unit_id]
            bell = next(each for each in self._weeks[unit.class_id].days[weekday] if each.number == number)
            wishes = [off for teacher_id in unit.teachers for off in self._offs[teacher_id] if off.is_wish]
            if count := sum(_covers(off, weekday, bell) for off in wishes):
                self._costs.append((own, UNMET * count))

    def _cost_shape(self) -> None:
        """Let hard subjects at the edges of a day cost, and days that are longer than others or too hard."""
        for class_id, week in self._own_weeks():
            own = [unit for unit in self.units if unit.class_id == class_id]
            days = max(1, sum(bool(bells) for bells in week.days.values()))
            usual = -(-sum(unit.lessons for unit in own) // days)
            for weekday, bells in week.days.items():
                used = [self._used[class_id, weekday, bell.number] for bell in bells]
                self._costs += [(each, UNEVEN) for each in used[usual:]]
                self._cost_edges(own, weekday, bells, used)
                self._cost_points(own, weekday, bells)

    def _cost_edges(self, own: Sequence[Unit], weekday: int, bells: Sequence[Bell], used: Sequence[Var]) -> None:
        for unit in own:
            if unit.difficulty < HARD_POINTS:
                continue
            for place, bell in enumerate(bells):
                lesson = self._x.get((unit.id, weekday, bell.number))
                if lesson is None:
                    continue
                if place in (0, len(bells) - 1):
                    self._costs.append((lesson, EDGE))
                else:
                    is_last = self._cp.new_bool_var("")
                    self._cp.add_bool_or([is_last, ~lesson, used[place + 1]])
                    self._costs.append((is_last, EDGE))

    def _cost_points(self, own: Sequence[Unit], weekday: int, bells: Sequence[Bell]) -> None:
        lessons = [(self._x[unit.id, weekday, bell.number], unit.difficulty) for unit in own for bell in bells
                   if unit.difficulty and (unit.id, weekday, bell.number) in self._x]  # fmt: skip
        if not self.frame.points_max or not lessons:
            return
        over = self._cp.new_int_var(0, 200, "")
        points = cp_model.LinearExpr.weighted_sum([each for each, _ in lessons], [points for _, points in lessons])
        self._cp.add(points <= self.frame.points_max + over)
        self._costs.append((over, HEAVY))

    # Parts

    def _own_weeks(self) -> list[tuple[int, ClassWeek]]:
        return [(class_id, self._weeks[class_id]) for class_id in dict.fromkeys(unit.class_id for unit in self.units)]

    def _moments(self, units: Sequence[Unit]) -> list[list[Var]]:
        """Return sets of lessons of which one alone can be at a time, each set once."""
        return [moment for weekday in range(1, 8) for moment in self._moments_of_day(units, weekday)
                if len(moment) > 1]  # fmt: skip

    def _moments_of_day(self, units: Sequence[Unit], weekday: int) -> list[list[Var]]:
        lessons = [(bell, self._x[unit.id, weekday, bell.number]) for unit in units
                   for bell in self._weeks[unit.class_id].days.get(weekday, ())
                   if (unit.id, weekday, bell.number) in self._x]  # fmt: skip
        moments: dict[frozenset[int], list[Var]] = {}
        for start_min in sorted({bell.starts_min for bell, _ in lessons}):
            own = [var for bell, var in lessons if bell.starts_min <= start_min < bell.ends_min]
            moments.setdefault(frozenset(var.index for var in own), own)
        return list(moments.values())


class _Listener(cp_model.CpSolverSolutionCallback):
    def __init__(self, told: Callable[[int], None]) -> None:
        super().__init__()
        self._told = told

    def on_solution_callback(self) -> None:
        self._told(round(self.objective_value))


def _cells(week: ClassWeek) -> Iterable[tuple[int, Bell]]:
    return ((weekday, bell) for weekday, bells in week.days.items() for bell in bells)


def _covers(off: Off, weekday: int, bell: Bell) -> bool:
    return off.weekday == weekday and off.from_min < bell.ends_min and bell.starts_min < off.until_min
