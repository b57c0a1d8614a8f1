"""The shelf of a student or a teacher: resources and textbooks, opened by one click without another sign-in."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.pages import Visit, pages_of
from cloud.core.pictures import MEDIA_TYPE
from cloud.core.services import Services
from cloud.resources.choosing import Own, Wanted, chosen, sorted_for
from cloud.resources.kinds import GRADES, LANGUAGES, SUBJECTS, ResourceKind, Way
from cloud.resources.members import Member, MemberRole, member_of, schools_of_member
from cloud.resources.own import own_of
from cloud.resources.queries import Resource, cover_of, on_shelf, shelf_of
from cloud.resources.usage import note_opening
from cloud.schools.queries import SchoolRow, school_of_code, school_of_id
from cloud.signon.answering import issuer_of
from cloud.signon.results import Result, own_results, results_of_resource
from cloud.signon.visits import with_parameters

router = APIRouter(include_in_schema=False)
TEMPLATE = "signon/shelf.html"
SHOWN = (ResourceKind.TEXTBOOK, ResourceKind.LESSON, ResourceKind.RESOURCE)  # in this order


@dataclass(frozen=True, slots=True)
class Shelf:
    """What one school has published for somebody."""

    school: SchoolRow
    member: Member
    own: Own
    is_bare: bool  # nothing is published, whatever is asked for
    by_kind: Mapping[ResourceKind, list[Resource]]  # what is asked for, of the own subjects first
    results: dict[int, list[Result]]  # the student's own, by resource

    @property
    def count(self) -> int:
        return sum(map(len, self.by_kind.values()))


def section_of(visit: Visit) -> str:
    """Return the section of the shelf, or that of the catalogue for who has no shelf in the menu."""
    return "shelf" if any(each.key == "shelf" for each in visit.sections) else "resources"


@router.get("/resources")
async def show(request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices) -> Response:
    """Show what is published for the visitor."""
    wanted, found_there = Wanted.read(request.query_params), await members(services, actor)
    shelves = [await _shelf(services, actor, member, wanted) for member in found_there]
    return pages_of(request).page(
        visit, TEMPLATE, section=section_of(visit), shelves=shelves, subjects=SUBJECTS, langs=LANGUAGES, wanted=wanted,
        grades=list(GRADES) if any(each.role is MemberRole.TEACHER for each in found_there) else [], kinds=SHOWN,
    )  # fmt: skip


@router.get("/resources/{resource_id}/open")
async def open_one(resource_id: int, actor: SignedIn, services: TheServices) -> Response:
    """Send the visitor to a resource, which signs them in by asking back, and count that it was opened.

    A tool is counted when it is launched.
    """
    resource, member = await found(services, actor, resource_id)
    if resource.way is not Way.LTI:
        await note_opening(services, member, resource.id)
    ways = {
        Way.LINK: resource.address,
        Way.OIDC: with_parameters(resource.address, {"iss": issuer_of(services)}),
        Way.LTI: f"/resources/{resource.id}/launch/0",
    }
    return RedirectResponse(ways[resource.way], HTTPStatus.SEE_OTHER, {"cache-control": "no-store"})


@router.get("/resources/{resource_id}/results")
async def show_results(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, resource_id: int
) -> Response:
    """Show a teacher what a tool told of the classes."""
    resource, member = await found(services, actor, resource_id)
    school = await school_of_id(services, member.school_id)
    results = await results_of_resource(services, actor, member.school_id, resource.id)
    here = visit.at_school(school.code, school.name(visit.language.value), school.zone)
    return pages_of(request).page(
        here, "signon/results.html", section=section_of(here), resource=resource, results=results
    )


@router.get("/resources/covers/{school}/{digest}.webp")
async def show_cover(visit: MemberVisit, services: TheServices, school: str, digest: str) -> Response:
    """Send a cover to whoever is signed in: another cover has another address."""
    assert visit.actor is not None, "members are signed in"  # noqa: S101
    webp = await cover_of(services, (await school_of_code(services, school[:12])).id, digest)
    return Response(webp, media_type=MEDIA_TYPE, headers={"cache-control": "private, max-age=604800, immutable"})


async def members(services: Services, actor: Actor) -> list[Member]:
    """Return what the actor is at each school where it studies or teaches. Raises NotAllowed for who does neither."""
    schools = schools_of_member(actor)
    if not schools:
        raise NotAllowed
    found_there = [await member_of(services, actor.account_id, school_id) for school_id in schools]
    return [member for member in found_there if member is not None]


async def found(services: Services, actor: Actor, resource_id: int) -> tuple[Resource, Member]:
    """Return a resource of the actor's shelf, and whom it is for. Raises NotFound."""
    for member in await members(services, actor):
        try:
            return await on_shelf(services, member, resource_id), member
        except NotFound:
            continue
    raise NotFound


async def _shelf(services: Services, actor: Actor, member: Member, wanted: Wanted) -> Shelf:
    school, resources = await school_of_id(services, member.school_id), await shelf_of(services, member)
    today = services.clock.now().astimezone(school.zone).date()
    own = await own_of(services, member, actor.account_id, today)
    asked = sorted_for(own, chosen(resources, wanted))
    return Shelf(
        school, member, own, not resources, {kind: [each for each in asked if each.kind is kind] for kind in SHOWN},
        await own_results(services, member) if member.person_id is not None else {},
    )  # fmt: skip
