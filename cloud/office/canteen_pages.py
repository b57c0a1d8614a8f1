"""The canteen's page of how it works: meals with their times, tills with their devices, PINs of cashiers."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk
from cloud.core.errors import NotFound, Refused
from cloud.menu.kinds import TillMode
from cloud.menu.meals import USUAL, end_meal, put_meal
from cloud.menu.queries import meals_of
from cloud.menu.rules import MealGiven, minute_of, time_of
from cloud.menu.tills import (
    TillRow,
    cashiers_of,
    drop_pin,
    end_till,
    places_of,
    put_till,
    set_pin,
    tills_of,
)
from cloud.office.canteen import CanteenDesk, Text, names_of, shown
from cloud.people.pins import staff_of

router = APIRouter(prefix="/schools/{code}/canteen", include_in_schema=False)
PAGE = "office/canteen.html"


@router.get("")
async def show(request: Request, desk: CanteenDesk) -> Response:
    """Show meals, tills and cashiers."""
    return await _page(request, desk)


@router.post("/meals")
async def meal(
    request: Request,
    desk: CanteenDesk,
    key: Text = "",
    name_kk: Text = "",
    name_ru: Text = "",
    name_en: Text = "",
    begins: Text = "",
    ends: Text = "",
) -> Response:
    """Add a meal, or change the one of this key."""
    try:
        given = MealGiven(
            key.strip(), names_of(name_kk, name_ru, name_en), minute_of(begins), minute_of(ends)
        )  # fmt: skip
        await put_meal(desk.services, desk.actor, desk.school.id, given)
    except Refused as refused:
        return await _page(request, desk, refused)
    return _back(desk)


@router.post("/meals/usual")
async def usual(desk: CanteenDesk) -> Response:
    """Add the meals that most schools have."""
    for given in USUAL:
        await put_meal(desk.services, desk.actor, desk.school.id, given)
    return _back(desk)


@router.post("/meals/{key}/end")
async def meal_ends(desk: CanteenDesk, key: str) -> Response:
    """Serve a meal no more."""
    await end_meal(desk.services, desk.actor, desk.school.id, key)
    return _back(desk)


@router.post("/tills")
async def till(
    request: Request,
    desk: CanteenDesk,
    key: Text = "",
    name_kk: Text = "",
    name_ru: Text = "",
    name_en: Text = "",
    device: Text = "",
    mode: Annotated[TillMode, Form()] = TillMode.SET,
) -> Response:
    """Add a till, or change the one of this key."""
    try:
        row = TillRow(key.strip(), names_of(name_kk, name_ru, name_en), device, mode)
        await put_till(desk.services, desk.actor, desk.school.id, row)
    except Refused as refused:
        return await _page(request, desk, refused)
    return _back(desk)


@router.post("/tills/{key}/end")
async def till_ends(desk: CanteenDesk, key: str) -> Response:
    """Let a till be none any more."""
    await end_till(desk.services, desk.actor, desk.school.id, key)
    return _back(desk)


@router.post("/pins")
async def pin(request: Request, desk: CanteenDesk, person: Text = "", pin: Text = "") -> Response:
    """Let a member of staff open shifts by a PIN."""
    try:
        await set_pin(desk.services, desk.actor, desk.school.id, person, pin.strip())
    except NotFound:
        raise
    except Refused as refused:
        return await _page(request, desk, refused)
    return _back(desk)


@router.post("/pins/{person}/drop")
async def pin_ends(desk: CanteenDesk, person: str) -> Response:
    """Let somebody open shifts no more."""
    await drop_pin(desk.services, desk.actor, desk.school.id, person)
    return _back(desk)


async def _page(request: Request, desk: Desk, refused: Refused | None = None) -> Response:
    pool, school_id = desk.services.database.pool, desk.school.id
    return shown(
        request, desk, PAGE, "menu", refused, meals=await meals_of(pool, school_id), time_of=time_of,
        tills=await tills_of(pool, school_id), modes=list(TillMode), cashiers=await cashiers_of(pool, school_id),
        staff=await staff_of(pool, school_id), devices=await places_of(pool, school_id),
    )  # fmt: skip


def _back(desk: Desk) -> Response:
    return RedirectResponse(f"/schools/{desk.school.code}/canteen", HTTPStatus.SEE_OTHER)
