"""Pages at the gate: last taps and who is inside, live; the muster list for a fire alarm, to print."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from cloud.attendance.queries import PersonToday, last_taps, roll
from cloud.attendance.silence import silent_gates
from cloud.attendance.standing import Standing
from cloud.attendance.web import Desk, desk_of
from cloud.core.live import Quiet, stream
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.core.wakeups import EVERYTHING

router = APIRouter(prefix="/schools/{code}", include_in_schema=False)
GuardDesk = Annotated[Desk, Depends(desk_of(Right.GATES_WATCH))]
TAPS_SHOWN = 7


@dataclass(frozen=True, slots=True)
class ClassInside:
    """How many of a class are inside."""

    name: str
    inside: int
    total: int


@dataclass(frozen=True, slots=True)
class Inside:
    """How many are inside: all, students, staff, and by class."""

    students: int
    staff: int
    classes: Sequence[ClassInside]

    @property
    def total(self) -> int:
        return self.students + self.staff


@router.get("/gate")
async def gate(request: Request, desk: GuardDesk) -> Response:
    """Show the screen at the gate."""
    may = desk.actor.can
    return pages_of(request).page(
        desk.visit, "guard/gate.html", section="gate", may_keep_guards=may(Right.GUARDS_KEEP, desk.school.id),
        may_read_book=may(Right.GATEBOOK_READ, desk.school.id), **await _screen(desk),
    )  # fmt: skip


@router.get("/gate/live")
async def gate_live(request: Request, desk: GuardDesk) -> Response:
    """Stream the screen at the gate."""

    async def draw() -> str:
        now = await desk.again()
        return pages_of(request).block(now.visit, "guard/gate.html", "screen", **await _screen(now))

    return stream(request, [(desk.school.id, EVERYTHING)], draw, Quiet.DRAW)


@router.get("/muster")
async def muster(request: Request, desk: GuardDesk) -> Response:
    """Show everybody who is inside, by class, to be ticked off."""
    today = await roll(desk.services, desk.actor, desk.school)
    people = [each for each in today.people if each.standing is Standing.INSIDE]
    silent = await silent_gates(desk.services, [desk.school.id])
    return pages_of(request).page(
        desk.visit, "guard/muster.html", section="muster", inside=people, groups=muster_groups(people),
        silent=silent.get(desk.school.id, ()),
    )  # fmt: skip


def muster_groups(people: Sequence[PersonToday]) -> list[tuple[str, list[PersonToday]]]:
    """Return people by class, staff (an empty name) last."""
    in_order = sorted(people, key=lambda person: (not person.class_name, person.class_order))
    return [(name, list(group)) for name, group in groupby(in_order, key=lambda person: person.class_name)]


def inside_of(people: Sequence[PersonToday]) -> Inside:
    """Return the counts of who is inside."""
    inside = [person for person in people if person.standing is Standing.INSIDE]
    totals: dict[tuple[int, str], list[PersonToday]] = {}
    for person in people:
        if person.class_name:
            totals.setdefault(person.class_order, []).append(person)
    classes = [
        ClassInside(members[0].class_name, sum(each.standing is Standing.INSIDE for each in members), len(members))
        for _, members in sorted(totals.items())
    ]
    students = sum(person.role == "student" for person in inside)
    return Inside(students, len(inside) - students, classes)


async def _screen(desk: Desk) -> dict[str, Any]:
    today = await roll(desk.services, desk.actor, desk.school)
    taps = await last_taps(desk.services, desk.actor, desk.school, TAPS_SHOWN)
    silent = await silent_gates(desk.services, [desk.school.id])
    return {"taps": taps, "inside": inside_of(today.people), "silent": silent.get(desk.school.id, ())}
