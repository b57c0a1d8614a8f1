"""The canteen's pages of dishes: the list, one dish with its versions and photo, and lists from spreadsheets."""

import csv
import io
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.web import MemberVisit, TheServices
from cloud.attendance.web import Desk
from cloud.core.errors import NotFound, Refused
from cloud.core.money import plain
from cloud.core.pictures import MEDIA_TYPE, UPLOAD_MAX
from cloud.menu.dishes import add_dish, change_dish, put_dish_photo, retire_dish
from cloud.menu.errors import DishRefused
from cloud.menu.importing import DishesRead, import_dishes
from cloud.menu.kinds import SET
from cloud.menu.queries import DishRow, dish_of, dish_photo, dishes_of, versions_of
from cloud.menu.reading import FILE_MAX, headings
from cloud.menu.rules import DishGiven, price_of
from cloud.office.canteen import DAY, CanteenDesk, Text, Words, names_of, shown
from cloud.schools.queries import school_of_code

router = APIRouter(prefix="/schools/{code}/dishes", include_in_schema=False)
photos = APIRouter(include_in_schema=False)
LIST, ONE = "office/dishes.html", "office/dish.html"
ENERGY_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Typed:
    """A dish's form as it was filled in."""

    name_kk: str
    name_ru: str
    name_en: str
    category: str
    price: str
    portion: str
    energy: str
    composition: str
    allergens: tuple[str, ...]
    other: str
    barcode: str
    parts: tuple[str, ...]

    @property
    def given(self) -> DishGiven:
        """Return the dish that is meant. Raises DishRefused."""
        words = (*self.allergens, *self.other.split(","))
        return DishGiven(
            names_of(self.name_kk, self.name_ru, self.name_en), self.category, price_of(self.price), self.portion,
            _energy(self.energy), self.composition, words, self.barcode, self.parts if self.category == SET else (),
        )  # fmt: skip


def typed(
    name_kk: Text = "",
    name_ru: Text = "",
    name_en: Text = "",
    category: Text = "",
    price: Text = "",
    portion: Text = "",
    energy: Text = "",
    composition: Text = "",
    allergen: Words = [],  # noqa: B006 (FastAPI reads it and gives a list of its own)
    other: Text = "",
    barcode: Text = "",
    part: Words = [],  # noqa: B006 (as above)
) -> Typed:
    """Read the form of a dish."""
    return Typed(
        name_kk, name_ru, name_en, category, price, portion, energy, composition, tuple(allergen), other, barcode,
        tuple(part),
    )  # fmt: skip


TheDish = Annotated[Typed, Depends(typed)]


@router.get("")
async def show_list(
    request: Request,
    desk: CanteenDesk,
    search: Annotated[str, Query(max_length=60)] = "",
    category: Annotated[str, Query(max_length=16)] = "",
) -> Response:
    """Show the dishes that fit."""
    return await _list(request, desk, search=search, category=category)


@router.post("/import")
async def take_list(request: Request, desk: CanteenDesk, file: UploadFile | None = None) -> Response:
    """Take dishes from a list, or say of every row what is wrong."""
    content = await file.read(FILE_MAX + 1) if file is not None else b""
    try:
        read = await import_dishes(desk.services, desk.actor, desk.school.id, content)
    except Refused as refused:
        return await _list(request, desk, refused)
    return await _list(request, desk, read=read)


@router.get("/empty.csv")
async def empty_list(desk: CanteenDesk) -> Response:
    """Send an empty list with headings in the reader's language, as Excel opens it."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerow(headings(desk.visit.language))
    headers = {"content-disposition": 'attachment; filename="dishes.csv"', "cache-control": "no-store"}
    return Response(out.getvalue().encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/new")
async def show_new(request: Request, desk: CanteenDesk) -> Response:
    """Show an empty form."""
    return await _form(request, desk)


@router.post("/new")
async def add(request: Request, desk: CanteenDesk, form: TheDish) -> Response:
    """Add a dish."""
    try:
        key = await add_dish(desk.services, desk.actor, desk.school.id, form.given)
    except Refused as refused:
        return await _form(request, desk, refused, form=form)
    return _to(desk, f"/{key}")


@router.get("/of/{key}")
async def show_one(request: Request, desk: CanteenDesk, key: str) -> Response:
    """Show a dish with its versions."""
    return await _form(request, desk, key=key)


@router.post("/of/{key}")
async def change(
    request: Request, desk: CanteenDesk, key: str, form: TheDish, since: Annotated[str, Form()] = ""
) -> Response:
    """Change a dish, in menus from today or from tomorrow on."""
    from_on = desk.school.on + DAY if since == "tomorrow" else desk.school.on
    try:
        await change_dish(desk.services, desk.actor, desk.school.id, key, form.given, from_on)
    except NotFound:
        raise
    except Refused as refused:
        return await _form(request, desk, refused, key=key, form=form)
    return _to(desk, f"/{key}")


@router.post("/of/{key}/photo")
async def put_photo(request: Request, desk: CanteenDesk, key: str, file: UploadFile | None = None) -> Response:
    """Keep a photo."""
    upload = await file.read(UPLOAD_MAX + 1) if file is not None else b""
    try:
        await put_dish_photo(desk.services, desk.actor, desk.school.id, key, upload)
    except NotFound:
        raise
    except Refused as refused:
        return await _form(request, desk, refused, key=key)
    return _to(desk, f"/{key}")


@router.post("/of/{key}/retire")
async def retire(request: Request, desk: CanteenDesk, key: str) -> Response:
    """Take a dish from the list."""
    try:
        await retire_dish(desk.services, desk.actor, desk.school.id, key)
    except DishRefused as refused:
        return await _form(request, desk, refused, key=key)
    return RedirectResponse(f"/schools/{desk.school.code}/dishes", HTTPStatus.SEE_OTHER)


@photos.get("/dishes/{school}/{digest}.webp")
async def show_photo(visit: MemberVisit, services: TheServices, school: str, digest: str) -> Response:
    """Send a photo of a dish to whoever is signed in: another photo has another address."""
    assert visit.actor is not None, "members are signed in"  # noqa: S101
    found = await school_of_code(services, school[:12])
    webp = await dish_photo(services, found.id, digest)
    return Response(webp, media_type=MEDIA_TYPE, headers={"cache-control": "private, max-age=604800, immutable"})


async def _list(
    request: Request,
    desk: Desk,
    refused: Refused | None = None,
    *,
    search: str = "",
    category: str = "",
    read: DishesRead | None = None,
) -> Response:
    dishes = await dishes_of(desk.services, desk.actor, desk.school.id)
    fitting = [dish for dish in dishes if _fits(dish, search.strip().casefold(), category)]
    used = {dish.category for dish in dishes}
    return shown(
        request, desk, LIST, "dishes", refused, dishes=fitting, total=len(dishes), search=search, category=category,
        used=used, read=read, file_max=FILE_MAX,
    )  # fmt: skip


async def _form(
    request: Request, desk: Desk, refused: Refused | None = None, *, key: str = "", form: Typed | None = None
) -> Response:
    values: dict[str, Any] = {"dish": None, "versions": []}
    if key:
        values["dish"] = await dish_of(desk.services, desk.actor, desk.school.id, key)
        values["versions"] = await versions_of(desk.services, desk.actor, desk.school.id, key)
    dishes = await dishes_of(desk.services, desk.actor, desk.school.id)
    return shown(
        request, desk, ONE, "dishes", refused, form=form or _typed_of(values["dish"]), photo_max=UPLOAD_MAX,
        parts=[dish for dish in dishes if dish.category != SET], **values,
    )  # fmt: skip


def _typed_of(dish: DishRow | None) -> Typed:
    if dish is None:
        return Typed("", "", "", "main", "", "", "", "", (), "", "", ())
    energy = "" if dish.own_energy_kcal is None else str(dish.own_energy_kcal)
    return Typed(
        dish.names.kk, dish.names.ru, dish.names.en, dish.category, plain(dish.price_tiyn), dish.portion, energy,
        dish.composition, dish.own_allergens, "", dish.barcode, tuple(part.key for part in dish.parts),
    )  # fmt: skip


def _fits(dish: DishRow, search: str, category: str) -> bool:
    names = (dish.names.kk, dish.names.ru, dish.names.en, dish.barcode)
    return (not category or dish.category == category) and any(search in name.casefold() for name in names)


def _energy(text: str) -> int | None:
    digits = text.strip()
    if not digits:
        return None
    if not digits.isascii() or not digits.isdigit() or len(digits) > ENERGY_DIGITS:
        return -1  # which `checked_dish` refuses with what to write
    return int(digits)


def _to(desk: Desk, path: str) -> Response:
    return RedirectResponse(f"/schools/{desk.school.code}/dishes/of{path}", HTTPStatus.SEE_OTHER)
