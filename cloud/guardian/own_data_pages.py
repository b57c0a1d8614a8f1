"""A guardian's page of the own data: the file with what is kept, and asking to put right what is wrong in it."""

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.core.actor import Actor
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import Visit, pages_of
from cloud.core.services import Services
from cloud.guardian.own_data import OwnData, own_data
from cloud.guardian.own_data_file import zip_of
from cloud.guardian.own_words import Reader
from cloud.guardian.queries import child_of
from cloud.people.corrections import Kept, Wrong, ask_correction, own_requests

router = APIRouter(prefix="/children/{ref}/data", include_in_schema=False)
PAGE, FILE = "guardian/own_data.html", "guardian/own_data_file.html"
Text = Annotated[str, Form(max_length=1_000)]


@dataclass(frozen=True, slots=True)
class WrongForm:
    """What the form of a request says."""

    what: Annotated[Kept, Form()] = Kept.OTHER
    is_wrong: Text = ""
    would_be_right: Text = ""


@router.get("")
async def show(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str, asked: bool = False
) -> Response:
    """Show what was asked, and what became of it."""
    return await _page(request, visit, actor, services, ref, is_asked=asked)


@router.get("/file.zip")
async def take(request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str) -> Response:
    """Send what is kept."""
    data = await own_data(services, actor, ref)
    visit = replace(visit, zone=data.child.zone)
    name = f"esik-{data.at.astimezone(visit.zone):%Y-%m-%d}.zip"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    content = zip_of(data, _readable(request, visit, data), visit.language)
    return Response(content, media_type="application/zip", headers=headers)


@router.post("")
async def ask(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str,
    form: Annotated[WrongForm, Depends()],
) -> Response:  # fmt: skip
    """Ask to put something right."""
    wrong = Wrong(form.what, form.is_wrong, form.would_be_right)
    try:
        await ask_correction(services, actor, ref, wrong)
    except NotFound:
        raise
    except Refused as refused:
        return await _page(request, visit, actor, services, ref, refused=refused, typed=wrong)
    return RedirectResponse(f"/children/{ref}/data?asked=1#requests", HTTPStatus.SEE_OTHER)


async def _page(
    request: Request, visit: Visit, actor: Actor, services: Services, ref: str, *, refused: Refused | None = None,
    typed: Wrong | None = None, is_asked: bool = False,
) -> Response:  # fmt: skip
    child = await child_of(services, actor, ref)
    return pages_of(request).page(
        replace(visit, zone=child.zone), PAGE, status=refused.status if refused else HTTPStatus.OK,
        section="children", child=child, requests=await own_requests(services, actor, ref), kinds=list(Kept),
        typed=typed or Wrong(Kept.OTHER, "", ""), is_asked=is_asked,
        refused=translate(visit.language, refused.message) if refused else "",
    )  # fmt: skip


def _readable(request: Request, visit: Visit, data: OwnData) -> str:
    """Return the page of the file."""
    reader = Reader(data, visit.language, visit.formats)
    page = pages_of(request).page(visit, FILE, data=data, parts=reader.parts(), left_out=reader.left_out())
    return bytes(page.body).decode()
