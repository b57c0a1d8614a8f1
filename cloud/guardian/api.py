"""The JSON API of a guardian: the children's state, and one child's last days."""

from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from cloud.accounts.web import SignedIn, TheServices
from cloud.attendance.queries import Tap
from cloud.attendance.standing import Standing
from cloud.core.api import PREFIX, Model, refusals
from cloud.guardian.queries import Child, children_of, seen_of
from cloud.people.kinds import FamilyRight

router = APIRouter(prefix=f"{PREFIX}/children", tags=["guardian"])


class ChildToday(Model):
    """A child now."""

    person: str = Field(description="The child's reference: twelve characters.")
    name: str
    class_name: str
    on: date
    standing: Standing
    first_in_at: datetime | None
    last_out_at: datetime | None
    late_min: int
    without_card: bool


class Event(Model):
    """Something that happened at a gate."""

    at: datetime
    received_at: datetime
    direction: str = Field(description="in or out")
    kind: str = Field(description="card, hand (let through by the guard) or denied")
    reason: str
    gate: str
    is_delayed: bool
    is_rough: bool = Field(description="The device's clock was not to be relied on.")


class DayOfChild(Model):
    """A day's events, in order."""

    on: date
    events: list[Event]
    in_class: str = Field(
        description="What the class register says: present, absent, absent_ill, absent_family, absent_other, away;"
        " empty where nothing was said."
    )


class Timeline(Model):
    """A child's last days, newest first."""

    child: ChildToday
    days: list[DayOfChild]


@router.get("", responses=refusals())
async def children(actor: SignedIn, services: TheServices) -> list[ChildToday]:
    """Return the children of who is signed in, those whose days they may see."""
    return [_child(child) for child in await children_of(services, actor) if FamilyRight.SEE in child.rights]


@router.get("/{ref}/timeline", responses=refusals(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY))
async def timeline(
    actor: SignedIn, services: TheServices, ref: Annotated[str, Path(pattern="^[0-9a-z]{12}$")]
) -> Timeline:
    """Return a child's last two weeks."""
    child = await seen_of(services, actor, ref, FamilyRight.SEE)
    days = [
        DayOfChild(
            on=on, events=[_event(tap) for tap in taps], in_class=child.said[on].code if on in child.said else ""
        )
        for on, taps in child.days.items()
    ]  # fmt: skip
    return Timeline(child=_child(child), days=days)


def _child(child: Child) -> ChildToday:
    return ChildToday(
        person=child.ref, name=child.name, class_name=child.class_name, on=child.on, standing=child.standing,
        first_in_at=child.first_in_at, last_out_at=child.last_out_at, late_min=child.late_min,
        without_card=child.without_card,
    )  # fmt: skip


def _event(tap: Tap) -> Event:
    return Event(
        at=tap.at, received_at=tap.received_at, direction=tap.direction, kind=tap.kind, reason=tap.reason,
        gate=tap.gate, is_delayed=tap.is_delayed, is_rough=tap.is_rough,
    )  # fmt: skip
