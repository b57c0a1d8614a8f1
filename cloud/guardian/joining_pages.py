"""The page on which the holder of an account takes a child in, with a code that the school's office handed over."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.core.i18n import translate
from cloud.core.pages import Visit, pages_of
from cloud.people.joining import JoinRefused, take_in

router = APIRouter(prefix="/account/child", include_in_schema=False)


@router.get("")
async def show(request: Request, visit: MemberVisit) -> Response:
    """Ask for the code."""
    return _page(request, visit)


@router.post("")
async def join(
    request: Request,
    visit: MemberVisit,
    actor: SignedIn,
    services: TheServices,
    code: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """Take in the child of a code."""
    try:
        await take_in(services, actor, code)
    except JoinRefused as refused:
        return _page(request, visit, refused)
    return RedirectResponse("/", HTTPStatus.SEE_OTHER)


def _page(request: Request, visit: Visit, refused: JoinRefused | None = None) -> Response:
    return pages_of(request).page(
        visit, "guardian/joining.html", status=refused.status if refused else HTTPStatus.OK,
        refused=translate(visit.language, refused.message) if refused else "",
    )  # fmt: skip
