"""The gates' book: what guards did, to be searched and taken out; and what a fire and a lockdown do at each gate."""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.delimited import csv_of
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.core.sheets import XLSX_TYPE, xlsx_of
from cloud.devices.gate_rules import FireDoes, LockdownDoes, rules_of, set_rules
from cloud.gatebook.kinds import Deed
from cloud.gatebook.queries import PAGE, book_of, lines_of
from cloud.guard.book_view import Filters, reason_of, rows_of

router = APIRouter(prefix="/schools/{code}", include_in_schema=False)
BookDesk = Annotated[Desk, Depends(desk_of(Right.GATEBOOK_READ))]
RulesDesk = Annotated[Desk, Depends(desk_of(Right.GATE_RULES_KEEP))]
FIELDS_MAX = 2_100  # two a gate


@router.get("/gatebook")
async def show(request: Request, desk: BookDesk) -> Response:
    """Show what was done at the gates; today's where no days are named."""
    filters = Filters.read(request.query_params, desk.school.on)
    book = await book_of(desk.services, desk.actor, desk.school.id, filters.asked, desk.school.on, filters.page)
    return pages_of(request).page(
        desk.visit, "guard/gatebook.html", section="gate", book=book, filters=filters, deeds=list(Deed),
        gates=await rules_of(desk.services.database.pool, desk.school.id), pages=-(-book.count // PAGE),
        reason_of=reason_of, may_set=desk.actor.can(Right.GATE_RULES_KEEP, desk.school.id), on=desk.school.on,
    )  # fmt: skip


@router.get("/gatebook.csv")
async def as_csv(request: Request, desk: BookDesk) -> Response:
    """Send all that is asked for as CSV."""
    return _file(csv_of(await _rows(request, desk)), "text/csv; charset=utf-8", f"{_stem(request, desk)}.csv")


@router.get("/gatebook.xlsx")
async def as_xlsx(request: Request, desk: BookDesk) -> Response:
    """Send the same as a workbook."""
    return _file(xlsx_of(await _rows(request, desk), desk.school.code), XLSX_TYPE, f"{_stem(request, desk)}.xlsx")


@router.get("/gatebook/rules")
async def show_rules(request: Request, desk: RulesDesk, *, done: bool = False) -> Response:
    """Show what a fire and a lockdown do at each gate."""
    return await _rules_page(request, desk, is_kept=done)


@router.post("/gatebook/rules")
async def keep_rules(request: Request, desk: RulesDesk) -> Response:
    """Let other rules hold."""
    async with request.form(max_fields=FIELDS_MAX, max_files=0) as form:
        typed = {key: value for key, value in form.items() if isinstance(value, str)}
    said = {
        key.removeprefix("fire:"): (value, typed.get(f"lockdown:{key.removeprefix('fire:')}", ""))
        for key, value in typed.items()
        if key.startswith("fire:")
    }
    try:
        await set_rules(desk.services, desk.actor, desk.school.id, said)
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return await _rules_page(request, desk, refused, said)
    return RedirectResponse(f"/schools/{desk.school.code}/gatebook/rules?done=true", HTTPStatus.SEE_OTHER)


async def _rules_page(
    request: Request, desk: Desk, refused: Refused | None = None, said: Mapping[str, tuple[str, str]] | None = None,
    *, is_kept: bool = False,
) -> Response:  # fmt: skip
    rules = await rules_of(desk.services.database.pool, desk.school.id)
    return pages_of(request).page(
        desk.visit, "guard/gate_rules.html", status=refused.status if refused else HTTPStatus.OK, section="gate",
        refused=translate(desk.visit.language, refused.message) if refused else "", is_kept=is_kept, rules=rules,
        chosen={each.key: (each.fire.value, each.lockdown.value) for each in rules} | dict(said or {}),
        fires=list(FireDoes), lockdowns=list(LockdownDoes),
    )  # fmt: skip


async def _rows(request: Request, desk: Desk) -> list[list[str]]:
    filters = Filters.read(request.query_params, desk.school.on)
    lines = await lines_of(desk.services, desk.actor, desk.school.id, filters.asked)
    language = desk.visit.language
    return rows_of(lines, desk.visit.formats, language, partial(translate, language))


def _stem(request: Request, desk: Desk) -> str:
    asked = Filters.read(request.query_params, desk.school.on).asked
    return f"{desk.school.code}-gates-{asked.first_on.isoformat()}-{asked.last_on.isoformat()}"


def _file(body: bytes, media_type: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(body, media_type=media_type, headers=headers)
