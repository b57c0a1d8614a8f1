"""A guardian's page of a child's consents: what is asked, what follows from yes and no, and what was answered."""

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.consents.answering import TextChanged, answer, asking_of
from cloud.core.actor import Actor
from cloud.core.i18n import translate
from cloud.core.pages import Visit, pages_of
from cloud.core.services import Services
from cloud.erasure.queries import certificate_of
from cloud.guardian.queries import child_of
from cloud.people.kinds import Purpose, Says

router = APIRouter(prefix="/children/{ref}/consents", include_in_schema=False)
of_child = APIRouter(prefix="/children/{ref}", include_in_schema=False)
PAGE = "guardian/consents.html"


@router.get("")
async def show(request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str) -> Response:
    """Show what is asked about a child."""
    return await _page(request, visit, actor, services, ref)


@router.post("")
async def say(
    request: Request,
    visit: MemberVisit,
    actor: SignedIn,
    services: TheServices,
    ref: str,
    purpose: Annotated[Purpose, Form()],
    says: Annotated[Says, Form()] = Says.NO,
    version: Annotated[int, Form(ge=1, le=10_000)] = 1,
) -> Response:
    """Answer; what is not said clearly is a no."""
    try:
        await answer(services, actor, ref, purpose, says, version)
    except TextChanged as changed:
        return await _page(request, visit, actor, services, ref, changed)
    return RedirectResponse(f"/children/{ref}/consents#{purpose.value}", HTTPStatus.SEE_OTHER)


@of_child.get("/certificate")
async def certificate(
    request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str
) -> Response:
    """Show what was removed of a child, and what is kept."""
    child = await child_of(services, actor, ref)
    found = await certificate_of(services, actor, ref)
    here = replace(visit, zone=child.zone)
    return pages_of(request).page(here, "erasure/certificate.html", section="children", certificate=found)


async def _page(
    request: Request, visit: Visit, actor: Actor, services: Services, ref: str, refused: TextChanged | None = None
) -> Response:
    child = await child_of(services, actor, ref)
    return pages_of(request).page(
        replace(visit, zone=child.zone), PAGE, status=refused.status if refused else HTTPStatus.OK,
        section="children", child=child, asking=await asking_of(services, actor, ref),
        refused=translate(visit.language, refused.message) if refused else "",
    )  # fmt: skip
