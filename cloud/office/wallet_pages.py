"""The office's pages of the Social Wallet: vouchers, tabel and meals compared, and the files that come and go."""

from collections.abc import Callable
from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.api import Counted
from cloud.core.days import day_of
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.messages import message
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.meals.free_meals import free_meals
from cloud.menu.queries import meals_of
from cloud.office.wallet_view import Filters, fitting, seen
from cloud.wallet.errors import DaysRefused, FileRefused
from cloud.wallet.explaining import explain
from cloud.wallet.kinds import FILES, KINDS, FileKind
from cloud.wallet.queries import (
    ChildRow,
    Compared,
    check_days,
    children_named,
    compared,
    imports_of,
    rejected_of,
    vouchers_within,
)
from cloud.wallet.reading import FILE_MAX
from cloud.wallet.taking import TakenFile, take_file
from cloud.wallet.writing import differences_csv, empty_csv, meal_rows, meals_csv, meals_lines, rejected_csv

router = APIRouter(prefix="/schools/{code}/wallet", include_in_schema=False)
OfficeDesk = Annotated[Desk, Depends(desk_of(Right.WALLET_READ))]
Text = Annotated[str, Form(max_length=1_000)]
PAGE, FILES_PAGE = "office/wallet.html", "office/wallet_files.html"
CSV, LINES = "text/csv; charset=utf-8", "application/jsonl; charset=utf-8"
NO_FILE = FileRefused(message("Choose a file first."))


@router.get("")
async def show(request: Request, desk: OfficeDesk) -> Response:
    """Show what agrees and what does not."""
    return await _page(request, desk, Filters.read(request.query_params, desk.school.on))


@router.post("/explain")
async def explain_one(
    request: Request, desk: OfficeDesk, person: Text = "", on: Text = "", meal: Text = "", reason: Text = ""
) -> Response:
    """Note why the three differ about a child's meal, and show the page as it was."""
    filters = Filters.read(request.query_params, desk.school.on)
    day = day_of(on)
    if day is None:
        raise NotFound
    try:
        await explain(desk.services, desk.actor, desk.school.id, person, day, meal, reason)
    except NotFound:
        raise
    except Refused as refused:
        return await _page(request, desk, filters, refused)
    return RedirectResponse(f"/schools/{desk.school.code}/wallet?{filters.query}", HTTPStatus.SEE_OTHER)


@router.get("/differences.csv")
async def differences(request: Request, desk: OfficeDesk) -> Response:
    """Send the lines that fit the filters."""
    filters = Filters.read(request.query_params, desk.school.on)
    found = await compared(desk.services, desk.actor, desk.school.id, filters.first_on, filters.last_on)
    children = await _children(desk, found)
    lines = fitting(found, filters, children.__getitem__)
    body = differences_csv(found, lines, children, await _meal_names(desk), desk.visit.language)
    return _file(body, CSV, f"{_stem(desk, filters)}-{filters.state}.csv")


@router.get("/files")
async def show_files(request: Request, desk: OfficeDesk) -> Response:
    """Show which files came, and the forms that take and give some."""
    return await _files(request, desk)


@router.post("/files")
async def take(
    request: Request, desk: OfficeDesk, kind: Annotated[FileKind, Form()], file: UploadFile | None = None
) -> Response:
    """Take a file of vouchers or a tabel, and tell of every row that cannot be taken."""
    content = await file.read(FILE_MAX + 1) if file is not None else b""
    try:
        if not content:
            raise NO_FILE
        taken = await take_file(desk.services, desk.actor, desk.school.id, kind, content)
    except Refused as refused:
        return await _files(request, desk, refused)
    return await _files(request, desk, taken=taken)


@router.get("/files/{import_id}.csv")
async def rejected(desk: OfficeDesk, import_id: Counted) -> Response:
    """Send the rows of a file that were not taken."""
    found = await rejected_of(desk.services, desk.actor, desk.school.id, import_id)
    return _file(rejected_csv(found, desk.visit.language), CSV, f"{desk.school.code}-{found.kind}-{import_id}.csv")


@router.get("/empty/{kind}.csv")
async def empty(desk: OfficeDesk, kind: FileKind) -> Response:
    """Send an empty file with headings in the reader's language."""
    return _file(empty_csv(kind, desk.visit.language), CSV, f"{kind}.csv")


@router.get("/meals.csv")
async def meals_as_csv(request: Request, desk: OfficeDesk) -> Response:
    """Send the recorded meals that have a voucher as CSV."""
    return await _meals(request, desk, meals_csv, CSV, "csv")


@router.get("/meals.jsonl")
async def meals_as_lines(request: Request, desk: OfficeDesk) -> Response:
    """Send the same as JSON Lines."""
    return await _meals(request, desk, meals_lines, LINES, "jsonl")


async def _page(request: Request, desk: Desk, filters: Filters, refused: Refused | None = None) -> Response:
    try:
        found = await compared(desk.services, desk.actor, desk.school.id, filters.first_on, filters.last_on)
    except DaysRefused as too_many:
        refused, filters = too_many, Filters.read({}, desk.school.on)
        found = await compared(desk.services, desk.actor, desk.school.id, filters.first_on, filters.last_on)
    children = await _children(desk, found)
    return pages_of(request).page(
        desk.visit, PAGE, status=refused.status if refused else HTTPStatus.OK, section="wallet",
        refused=translate(desk.visit.language, refused.message) if refused else "", compared=found,
        seen=seen(found, filters, children.__getitem__), children=children, meal_names=await _meal_names(desk),
        kinds=KINDS,
    )  # fmt: skip


async def _files(
    request: Request, desk: Desk, refused: Refused | None = None, taken: TakenFile | None = None
) -> Response:
    filters = Filters.read(request.query_params, desk.school.on)
    is_wrong = refused is not None or (taken is not None and taken.rejected > 0)
    return pages_of(request).page(
        desk.visit, FILES_PAGE, status=HTTPStatus.UNPROCESSABLE_ENTITY if is_wrong else HTTPStatus.OK,
        section="wallet", refused=translate(desk.visit.language, refused.message) if refused else "", taken=taken,
        imports=await imports_of(desk.services, desk.actor, desk.school.id), files=FILES, filters=filters,
        file_max=FILE_MAX,
    )  # fmt: skip


async def _meals(
    request: Request, desk: Desk, written: Callable[[list[dict[str, str]]], bytes], media_type: str, ending: str
) -> Response:
    filters = Filters.read(request.query_params, desk.school.on)
    check_days(filters.first_on, filters.last_on)
    pool = desk.services.database.pool
    meals = await free_meals(pool, desk.school.id, filters.first_on, filters.last_on)
    vouchers = await vouchers_within(pool, desk.school.id)
    rows, _ = meal_rows(meals, vouchers, desk.school.zone, desk.visit.language)
    return _file(written(rows), media_type, f"{_stem(desk, filters)}.{ending}")


async def _children(desk: Desk, found: Compared) -> dict[int, ChildRow]:
    ids = {line.place.person for line in found.lines}
    return await children_named(desk.services.database.pool, desk.school.id, ids)


async def _meal_names(desk: Desk) -> dict[str, str]:
    meals = await meals_of(desk.services.database.pool, desk.school.id)
    return {meal.key: meal.names[desk.visit.language.value] for meal in meals}


def _stem(desk: Desk, filters: Filters) -> str:
    def compact(on: date) -> str:
        return f"{on:%Y%m%d}"

    return f"{desk.school.code}-wallet-{compact(filters.first_on)}-{compact(filters.last_on)}"


def _file(body: bytes, media_type: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(body, media_type=media_type, headers=headers)
