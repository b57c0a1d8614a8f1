"""Pages about a school's resources and sign-ins: found by the school's code, for who has the right there."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Path

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.pages import Visit
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.schools.errors import SchoolUnknown
from cloud.schools.queries import SchoolRow, school_of_code


@dataclass(frozen=True, slots=True)
class Desk:
    """Somebody at work at a school: the visit with the school's name and zone, who it is, and the school."""

    visit: Visit
    actor: Actor
    school: SchoolRow
    services: Services


def desk_of(right: Right) -> Callable[..., Awaitable[Desk]]:
    """Return a dependency that finds the school of the path, or NotFound for who has not the right there."""

    async def find(
        code: Annotated[str, Path(max_length=12)], visit: MemberVisit, actor: SignedIn, services: TheServices
    ) -> Desk:
        try:
            school = await school_of_code(services, code)
        except SchoolUnknown:
            raise NotFound from None
        if not actor.can(right, school.id):
            raise NotFound
        here = visit.at_school(school.code, school.name(visit.language.value), school.zone)
        return Desk(here, actor, school, services)

    return find
