"""Pages of the audit journal: who did what, of a school for who may read it there, of all schools for operators."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse

from cloud.accounts.actions import audit
from cloud.accounts.web import OperatorDesk, everywhere
from cloud.attendance.web import Desk, desk_of
from cloud.audit.queries import PAGE_SIZE, Noted, each_noted_of, noted_of, reads_names
from cloud.audit.verbs import VERBS, verb_words
from cloud.core.actor import Actor
from cloud.core.delimited import MARK, line_of, tamed
from cloud.core.pages import Visit, pages_of
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.office.audit_view import Filters, people_in, subjects_of

router = APIRouter(prefix="/schools/{code}/audit", include_in_schema=False)
of_all = APIRouter(prefix="/audit", include_in_schema=False)
AuditDesk = Annotated[Desk, Depends(desk_of(Right.AUDIT_READ))]
AllDesk = Annotated[OperatorDesk, Depends(everywhere(Right.AUDIT_READ))]
TEMPLATE = "office/audit.html"
CSV, LINES = "text/csv; charset=utf-8", "application/jsonl; charset=utf-8"
COLUMNS = ("id", "at", "actor", "account", "school", "verb", "subject", "detail")


@dataclass(frozen=True, slots=True)
class _Reading:
    """Somebody who reads the journal: of a school, or of all."""

    services: Services
    actor: Actor
    visit: Visit
    school_id: int | None
    address: str
    filters: Filters

    @classmethod
    def at_school(cls, request: Request, desk: Desk) -> "_Reading":
        filters = Filters.read(request.query_params, desk.school.on)
        address = f"/schools/{desk.school.code}/audit"
        return cls(desk.services, desk.actor, desk.visit, desk.school.id, address, filters)

    @classmethod
    def of_all(cls, request: Request, desk: AllDesk) -> "_Reading":
        today: date = desk.visit.now.astimezone(desk.visit.zone).date()
        return cls(desk.services, desk.actor, desk.visit, None, "/audit", Filters.read(request.query_params, today))

    @property
    def zone(self) -> ZoneInfo:
        return self.visit.zone

    async def subjects(self) -> list[str] | None:
        """Return what the person asked for is called in entries; None where none is asked for."""
        if self.school_id is None or not self.filters.person:
            return None
        pool, named = self.services.database.pool, reads_names(self.actor, self.school_id)
        return await subjects_of(pool, self.school_id, self.filters.person, by_name=named)


@router.get("")
async def show(request: Request, desk: AuditDesk) -> Response:
    """Show what was done at a school."""
    return await _page(request, _Reading.at_school(request, desk))


@router.get("/entries.csv")
async def as_csv(request: Request, desk: AuditDesk) -> Response:
    """Send the entries that fit, for a spreadsheet."""
    return await _csv(_Reading.at_school(request, desk))


@router.get("/entries.jsonl")
async def as_lines(request: Request, desk: AuditDesk) -> Response:
    """Send the same for programs."""
    return await _lines(_Reading.at_school(request, desk))


@of_all.get("")
async def show_all(request: Request, desk: AllDesk) -> Response:
    """Show what was done everywhere."""
    return await _page(request, _Reading.of_all(request, desk))


@of_all.get("/entries.csv")
async def all_as_csv(request: Request, desk: AllDesk) -> Response:
    """Send the entries that fit, for a spreadsheet."""
    return await _csv(_Reading.of_all(request, desk))


@of_all.get("/entries.jsonl")
async def all_as_lines(request: Request, desk: AllDesk) -> Response:
    """Send the same for programs."""
    return await _lines(_Reading.of_all(request, desk))


async def _page(request: Request, reading: _Reading) -> Response:
    wanted = reading.filters.wanted(reading.zone, await reading.subjects())
    found = await noted_of(reading.services, reading.actor, reading.school_id, wanted, PAGE_SIZE + 1)
    entries = found[:PAGE_SIZE]
    people, is_named = {}, reads_names(reading.actor, reading.school_id)
    if reading.school_id is not None and is_named:
        subjects = {each.subject for each in entries}
        people = await people_in(reading.services.database.pool, reading.school_id, subjects)
    return pages_of(request).page(
        reading.visit, TEMPLATE, section=_section(reading), address=reading.address, filters=reading.filters,
        entries=entries, people=people, older=entries[-1].id if len(found) > PAGE_SIZE else None, verbs=VERBS,
        words_of=verb_words, is_named=is_named, may_see_attempts=_may_see_attempts(reading),
    )  # fmt: skip


def _may_see_attempts(reading: _Reading) -> bool:
    return reading.school_id is not None and reading.actor.can(Right.ACCOUNTS_READ, reading.school_id)


async def _csv(reading: _Reading) -> Response:
    entries = await _exported(reading, "csv")

    async def lines() -> AsyncIterator[str]:
        yield MARK + line_of(COLUMNS)
        async for each in entries:
            yield line_of(map(tamed, _cells(each)))

    return _file(lines(), CSV, f"{_stem(reading)}.csv")


async def _lines(reading: _Reading) -> Response:
    entries = await _exported(reading, "jsonl")

    async def lines() -> AsyncIterator[str]:
        async for each in entries:
            told = dict(zip(COLUMNS, _values(each), strict=True))
            yield json.dumps(told, ensure_ascii=False, separators=(",", ":")) + "\n"

    return _file(lines(), LINES, f"{_stem(reading)}.jsonl")


async def _exported(reading: _Reading, form: str) -> AsyncIterator[Noted]:
    """Return the entries that fit, and note in the same journal who took them out."""
    services, filters = reading.services, reading.filters
    wanted = filters.wanted(reading.zone, await reading.subjects())
    entries = each_noted_of(services, reading.actor, reading.school_id, wanted)
    detail = {"form": form, "since": str(filters.first_on), "until": str(filters.last_on)}
    async with services.database.transaction() as connection:
        await audit(
            connection, reading.actor, "audit.exported", f"school:{reading.school_id or 'all'}", detail,
            school_id=reading.school_id, at=services.clock.now(),
        )  # fmt: skip
    return entries


def _values(each: Noted) -> tuple[object, ...]:
    at = each.at.isoformat(timespec="microseconds")
    return each.id, at, each.actor, each.account_id, each.school, each.verb, each.subject, each.detail


def _cells(each: Noted) -> list[str]:
    *values, detail = _values(each)
    told = "; ".join(f"{key}={value}" for key, value in each.detail.items()) if detail else ""
    return ["" if value is None else str(value) for value in values] + [told]


def _section(reading: _Reading) -> str:
    return next((each.key for each in reading.visit.sections if each.address == reading.address), "")


def _stem(reading: _Reading) -> str:
    return f"audit-{reading.visit.school or 'all'}-{reading.filters.first_on}-{reading.filters.last_on}"


def _file(lines: AsyncIterator[str], media_type: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return StreamingResponse(lines, media_type=media_type, headers=headers)
