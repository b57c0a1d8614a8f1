"""A student's own way of learning at the school's desk: goals set, steps added and ticked, what became of them."""

from collections.abc import Awaitable
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from cloud.attendance.web import Desk
from cloud.core.api import Counted
from cloud.core.errors import NotFound, Refused
from cloud.office.profile import PREFIX, KeeperDesk, Kept, Outcome, back_to, profile_page
from cloud.portfolio.goals import State, add_step, set_goal, turn_goal, turn_step
from cloud.portfolio.web import Title, goal_day

router = APIRouter(prefix=f"{PREFIX}/goals", include_in_schema=False)
Day = Annotated[str, Form(max_length=20)]


@router.post("")
async def put(request: Request, desk: KeeperDesk, whose: Kept, title: Title = "", due: Day = "") -> Response:
    """Set a goal."""

    async def deed() -> None:
        await set_goal(desk.services, desk.actor, whose, title, goal_day(due))

    return await _done(request, desk, whose.ref, deed())


@router.post("/{goal_id}/steps")
async def step(
    request: Request, desk: KeeperDesk, whose: Kept, goal_id: Counted, title: Title = "", due: Day = ""
) -> Response:  # fmt: skip
    """Add a step."""

    async def deed() -> None:
        await add_step(desk.services, desk.actor, whose, goal_id, title, goal_day(due))

    return await _done(request, desk, whose.ref, deed())


@router.post("/{goal_id}/steps/{step_id}")
async def tick(request: Request, desk: KeeperDesk, whose: Kept, goal_id: Counted, step_id: Counted) -> Response:
    """Say that a step is done, or is not."""
    return await _done(request, desk, whose.ref, turn_step(desk.services, desk.actor, whose, goal_id, step_id))


@router.post("/{goal_id}/turn")
async def turn(
    request: Request, desk: KeeperDesk, whose: Kept, goal_id: Counted, to: Annotated[str, Form(max_length=10)] = ""
) -> Response:
    """Say what became of a goal."""
    if to not in set(State):
        raise NotFound
    return await _done(request, desk, whose.ref, turn_goal(desk.services, desk.actor, whose, goal_id, State(to)))


async def _done(request: Request, desk: Desk, ref: str, deed: Awaitable[None]) -> Response:
    try:
        await deed
    except NotFound:
        raise
    except Refused as refused:
        return await profile_page(request, desk, ref, Outcome(refused))
    return back_to(desk, ref, "goals")
