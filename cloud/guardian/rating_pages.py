"""A guardian's page of what a child took at the canteen this week, to be rated once a meal."""

from dataclasses import replace
from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from cloud.accounts.web import MemberVisit, SignedIn, TheServices
from cloud.core.actor import Actor
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import Visit, pages_of
from cloud.core.services import Services
from cloud.guardian.queries import seen_of
from cloud.meals.ratings import COMMENT_MAX, MARKS, rate, taken_of
from cloud.people.kinds import FamilyRight

router = APIRouter(prefix="/children/{ref}/ratings", include_in_schema=False)
PAGE = "guardian/ratings.html"
MARK = "mark-"
FIGURES = {str(mark) for mark in MARKS}


@router.get("")
async def show(request: Request, visit: MemberVisit, actor: SignedIn, services: TheServices, ref: str) -> Response:
    """Show the week's meals."""
    return await _page(request, visit, actor, services, ref)


@router.post("")
async def rate_meal(
    request: Request,
    visit: MemberVisit,
    actor: SignedIn,
    services: TheServices,
    ref: str,
    on: Annotated[date, Form()],
    meal: Annotated[str, Form(max_length=16)] = "",
    food: Annotated[int, Form()] = 0,
    service: Annotated[int, Form()] = 0,
    comment: Annotated[str, Form(max_length=1_000)] = "",
) -> Response:
    """Keep what is thought of a meal."""
    child = await seen_of(services, actor, ref, FamilyRight.MEALS)
    marks = _marks(await request.form())
    try:
        await rate(services, actor, ref, child.on, on, meal, food=food, service=service, comment=comment, dishes=marks)
    except NotFound:
        raise
    except Refused as refused:
        return await _page(request, visit, actor, services, ref, refused)
    return RedirectResponse(f"/children/{ref}/ratings", HTTPStatus.SEE_OTHER)


def _marks(form: FormData) -> dict[str, int]:
    """Return the marks of single dishes, as mark-<key>; what is not one figure is no mark of the scale."""
    given = {name.removeprefix(MARK): value for name, value in form.items() if name.startswith(MARK)}
    return {key: int(value) if isinstance(value, str) and value in FIGURES else 0 for key, value in given.items()}


async def _page(
    request: Request, visit: Visit, actor: Actor, services: Services, ref: str, refused: Refused | None = None
) -> Response:
    child = await seen_of(services, actor, ref, FamilyRight.MEALS)
    return pages_of(request).page(
        replace(visit, zone=child.zone), PAGE, status=refused.status if refused else HTTPStatus.OK,
        section="children", child=child, taken=await taken_of(services, actor, ref, child.on), marks=MARKS,
        comment_max=COMMENT_MAX, refused=translate(visit.language, refused.message) if refused else "",
    )  # fmt: skip
