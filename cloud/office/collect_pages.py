"""Who may collect the children of a class today, for its teacher, and of the school for the guard: names, no phones."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from cloud.attendance.queries import PersonToday, roll_within
from cloud.attendance.web import Desk, reach_desk
from cloud.collectors.queries import Collector, collectors_of
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.gatebook.queries import Handed, handovers_of

router = APIRouter(prefix="/schools/{code}/collectors", include_in_schema=False)
ReadersDesk = Annotated[Desk, Depends(reach_desk(Right.COLLECTORS_READ))]
SHOWN_MAX = 200


@router.get("")
async def show(
    request: Request, desk: ReadersDesk, search: Annotated[str, Query(max_length=60)] = "",
    class_name: Annotated[str, Query(max_length=8, alias="class")] = "",
) -> Response:  # fmt: skip
    """Show children by class or name, each with who may collect it today; a guard must name one of both."""
    people = (await roll_within(desk.services, desk.actor, desk.school, Right.COLLECTORS_READ)).people
    children = [each for each in people if each.role == "student"]
    classes = sorted({each.class_order: each.class_name for each in children if each.class_name}.items())
    chosen = class_name or (classes[0][1] if len(classes) == 1 else "")
    found = [each for each in children if _fits(each, chosen, search)] if chosen or search.strip() else []
    return pages_of(request).page(
        desk.visit, "office/collecting.html", section="class", children=found[:SHOWN_MAX], search=search,
        classes=[name for _, name in classes], chosen=chosen, of=await _of(desk), on=desk.school.on,
        handed=await _handed(desk, [each.ref for each in found[:SHOWN_MAX]]),
    )  # fmt: skip


def _fits(child: PersonToday, class_name: str, search: str) -> bool:
    return (not class_name or child.class_name == class_name) and search.strip().casefold() in child.name.casefold()


async def _handed(desk: Desk, refs: Sequence[str]) -> Mapping[str, Sequence[Handed]]:
    """Return with whom children left today, by reference."""
    on = desk.school.on
    handovers = await handovers_of(desk.services, desk.school.id, refs, on, on)
    return {ref: days[on] for ref, days in handovers.items()}


async def _of(desk: Desk) -> Mapping[str, Sequence[Collector]]:
    """Return who may collect whom today, by the child's reference."""
    async with desk.services.database.pool.acquire() as connection:
        every = await collectors_of(connection, desk.school.id, desk.services.clock.now())
    today = [each for each in every if each.first_on is None or each.first_on <= desk.school.on]
    of: dict[str, list[Collector]] = {}
    for each in today:
        of.setdefault(each.ref, []).append(each)
    return of
