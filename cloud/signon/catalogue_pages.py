"""The office's and the methodologist's pages of digital resources and textbooks: the list, and one of them."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.pictures import UPLOAD_MAX
from cloud.core.rights import Right
from cloud.resources import catalogue, verifying
from cloud.resources.choosing import Wanted, chosen
from cloud.resources.kinds import GRADES, GROUNDS, KINDS, LANGUAGES, SUBJECTS, WAYS, Way
from cloud.resources.queries import Resource, resource_of, resources_of
from cloud.resources.rules import ResourceGiven
from cloud.schools.queries import classes_of
from cloud.signon.desks import Desk, desk_of
from cloud.signon.parties import parties_of
from cloud.signon.tools import tools_of

router = APIRouter(prefix="/schools/{code}/resources", include_in_schema=False)
CatalogueDesk = Annotated[Desk, Depends(desk_of(Right.RESOURCES_KEEP))]
VerifyingDesk = Annotated[Desk, Depends(desk_of(Right.RESOURCES_VERIFY))]
Text = Annotated[str, Form(max_length=600)]
Numbers = Annotated[list[int], Form(max_length=300)]
TURNS = {"publish": catalogue.publish, "take-back": catalogue.take_back, "retire": catalogue.retire}
LIST, ONE = "signon/resources.html", "signon/resource.html"


@dataclass(frozen=True, slots=True)
class ResourceForm:
    """A resource's form as it was filled in; `opener` is `link`, `oidc:17` or `lti:4`."""

    kind: Text = "resource"
    title: Text = ""
    subject: Text = "general"
    language: Text = "kk"
    opener: Text = "link"
    address: Text = ""
    for_teachers: bool = False
    grade: tuple[int, ...] = ()
    school_class: tuple[int, ...] = ()
    is_free: bool = False

    @property
    def given(self) -> ResourceGiven:
        way, _, key = self.opener.partition(":")
        number = int(key) if key.isascii() and key.isdigit() and len(key) < 16 else 0
        return ResourceGiven(
            self.kind, self.title, self.subject, self.language, way, self.address, number, self.grade,
            self.school_class, self.for_teachers, self.is_free,
        )  # fmt: skip


def typed(
    kind: Text = "resource", title: Text = "", subject: Text = "general", language: Text = "kk", opener: Text = "link",
    address: Text = "", for_teachers: Annotated[bool, Form()] = False,
    grade: Numbers = [], school_class: Numbers = [],  # noqa: B006 (FastAPI reads them and gives lists of its own)
    is_free: Annotated[bool, Form()] = False,
) -> ResourceForm:  # fmt: skip
    """Read the form of a resource."""
    return ResourceForm(
        kind, title, subject, language, opener, address, for_teachers, tuple(grade), tuple(school_class), is_free
    )


TheForm = Annotated[ResourceForm, Depends(typed)]


@router.get("")
async def show_list(request: Request, desk: CatalogueDesk) -> Response:
    """Show the catalogue, or what of it is asked for."""
    wanted = Wanted.read(request.query_params)
    resources = await resources_of(desk.services, desk.actor, desk.school.id)
    classes = await classes_of(desk.services, desk.actor, desk.school.id)
    names = {each.id: each.name for each in classes}
    return _shown(
        request, desk, LIST, resources=chosen(resources, wanted), count=len(resources), class_names=names,
        wanted=wanted, grades=list(GRADES), sees_usage=desk.actor.can(Right.RESOURCES_USAGE, desk.school.id),
    )  # fmt: skip


@router.get("/new")
async def show_new(request: Request, desk: CatalogueDesk) -> Response:
    """Show an empty form."""
    return await _form(request, desk)


@router.post("/new")
async def add(request: Request, desk: CatalogueDesk, form: TheForm) -> Response:
    """Add a resource."""
    try:
        key = await catalogue.add_resource(desk.services, desk.actor, desk.school.id, form.given)
    except Refused as refused:
        return await _form(request, desk, refused, form=form)
    return _to(desk, f"/of/{key}")


@router.get("/of/{resource_id}")
async def show_one(request: Request, desk: CatalogueDesk, resource_id: int) -> Response:
    """Show a resource."""
    return await _form(request, desk, resource_id=resource_id)


@router.post("/of/{resource_id}")
async def change(request: Request, desk: CatalogueDesk, resource_id: int, form: TheForm) -> Response:
    """Change a resource."""
    try:
        await catalogue.change_resource(desk.services, desk.actor, desk.school.id, resource_id, form.given)
    except NotFound:
        raise
    except Refused as refused:
        return await _form(request, desk, refused, resource_id=resource_id, form=form)
    return _to(desk, f"/of/{resource_id}")


@router.post("/of/{resource_id}/cover")
async def put_cover(
    request: Request, desk: CatalogueDesk, resource_id: int, file: UploadFile | None = None
) -> Response:
    """Keep a cover."""
    upload = await file.read(UPLOAD_MAX + 1) if file is not None else b""
    try:
        await catalogue.put_cover(desk.services, desk.actor, desk.school.id, resource_id, upload)
    except NotFound:
        raise
    except Refused as refused:
        return await _form(request, desk, refused, resource_id=resource_id)
    return _to(desk, f"/of/{resource_id}")


@router.post("/of/{resource_id}/verify")
async def verify(
    request: Request, desk: VerifyingDesk, resource_id: int, ground: Text = "", paper: Text = ""
) -> Response:  # fmt: skip
    """Note on what ground a resource's content is verified."""
    try:
        await verifying.verify(desk.services, desk.actor, desk.school.id, resource_id, ground, paper)
    except NotFound:
        raise
    except Refused as refused:
        return await _form(request, desk, refused, resource_id=resource_id)
    return _to(desk, f"/of/{resource_id}")


@router.post("/of/{resource_id}/unverify")
async def unverify(desk: VerifyingDesk, resource_id: int) -> Response:
    """Take the mark back."""
    await verifying.unverify(desk.services, desk.actor, desk.school.id, resource_id)
    return _to(desk, f"/of/{resource_id}")


@router.post("/of/{resource_id}/{turn}")
async def turned(desk: CatalogueDesk, resource_id: int, turn: str) -> Response:
    """Publish a resource, take it back, or end it."""
    if turn not in TURNS:
        raise NotFound
    await TURNS[turn](desk.services, desk.actor, desk.school.id, resource_id)
    return _to(desk, "" if turn == "retire" else f"/of/{resource_id}")


async def _form(
    request: Request, desk: Desk, refused: Refused | None = None, *, resource_id: int = 0,
    form: ResourceForm | None = None,
) -> Response:  # fmt: skip
    asked = (desk.services, desk.actor, desk.school.id)
    resource = await resource_of(*asked, resource_id) if resource_id else None
    openers = [(f"oidc:{each.id}", each.name) for each in await parties_of(*asked)]
    openers += [(f"lti:{each.id}", each.name) for each in await tools_of(*asked)]
    return _shown(
        request, desk, ONE, refused, resource=resource, form=form or _form_of(resource), openers=openers,
        grades=list(GRADES), classes=await classes_of(*asked), photo_max=UPLOAD_MAX, grounds=GROUNDS,
        may_verify=desk.actor.can(Right.RESOURCES_VERIFY, desk.school.id),
    )  # fmt: skip


def _form_of(resource: Resource | None) -> ResourceForm:
    if resource is None:
        return ResourceForm(for_teachers=True)
    key = resource.party_id or resource.tool_id
    opener = resource.way.value if resource.way is Way.LINK else f"{resource.way.value}:{key}"
    return ResourceForm(
        resource.kind.value, resource.title, resource.subject, resource.language, opener, resource.address,
        resource.for_teachers, resource.grades, resource.classes, resource.is_free,
    )  # fmt: skip


def _shown(request: Request, desk: Desk, template: str, refused: Refused | None = None, **values: Any) -> Response:
    told = translate(desk.visit.language, refused.message) if refused else ""
    return pages_of(request).page(
        desk.visit, template, status=refused.status if refused else HTTPStatus.OK, section="resources", refused=told,
        kinds=KINDS, subjects=SUBJECTS, langs=LANGUAGES, ways=WAYS, **values,
    )  # fmt: skip


def _to(desk: Desk, path: str) -> Response:
    return RedirectResponse(f"/schools/{desk.school.code}/resources{path}", HTTPStatus.SEE_OTHER)
