"""Pages about a school: found by its code, for who works there in the right role."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Path

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.attendance.queries import (
    SchoolToday,
    classes_today,
    school_or_classes_today,
    school_or_own_today,
    school_today,
)
from cloud.core.actor import Actor
from cloud.core.pages import Visit
from cloud.core.rights import Right
from cloud.core.services import Services


@dataclass(frozen=True, slots=True)
class Desk:
    """Somebody at work at a school: the visit with the school's name and zone, who it is, and the school's day."""

    visit: Visit
    actor: Actor
    school: SchoolToday
    services: Services
    allowed: tuple[Right, ...]  # any of which lets somebody work here

    async def again(self) -> "Desk":
        """Return the desk as it is now: a live page outlasts midnight."""
        school = await school_today(self.services, self.actor, self.school.code, *self.allowed)
        return replace(self, school=school, visit=replace(self.visit, now=self.services.clock.now()))


def desk_of(*allowed: Right) -> Callable[..., Awaitable[Desk]]:
    """Return a dependency that finds the school of the path, or NotFound for who has none of these rights there."""
    return _desk_by(school_today, *allowed)


def classes_desk(right: Right) -> Callable[..., Awaitable[Desk]]:
    """Return a dependency that finds the school of the path for who has a right for classes of the own; or NotFound."""
    return _desk_by(classes_today, right)


def reach_desk(right: Right) -> Callable[..., Awaitable[Desk]]:
    """Return a dependency that finds the school of the path for who has a right there, if only for own classes."""
    return _desk_by(school_or_classes_today, right)


def own_desk(reads: Right, teaches: Right) -> Callable[..., Awaitable[Desk]]:
    """Return a dependency that finds the school of the path for who has a right there, or one for what it teaches."""
    return _desk_by(school_or_own_today, reads, teaches)


def _desk_by(today: Callable[..., Awaitable[SchoolToday]], *allowed: Right) -> Callable[..., Awaitable[Desk]]:
    """Return a dependency that finds the school by one of the queries of a school's day."""

    async def find(
        code: Annotated[str, Path(max_length=12)], visit: MemberVisit, actor: SignedIn, services: TheServices
    ) -> Desk:
        school = await today(services, actor, code, *allowed)
        at_school = visit.at_school(school.code, school.names[visit.language.value], school.zone)
        return Desk(at_school, actor, school, services, allowed)

    return find
