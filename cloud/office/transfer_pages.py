"""The book of transfers: who came, changed class, left; and moving students of a class to another one by an order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated, Self
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.accounts.actions import audit
from cloud.attendance.web import Desk, desk_of
from cloud.cards.queries import holders_of
from cloud.core.delimited import csv_of
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import N_, Language, translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.core.sheets import CSV_TYPE
from cloud.core.words import sign
from cloud.office.days import day_or
from cloud.office.person import Text, day_typed
from cloud.people.moving import AT_ONCE, BOOK_MAX, Transfer, move, transfers_of
from cloud.people.stays import Kind, Said
from cloud.schools.queries import classes_of

router = APIRouter(prefix="/schools/{code}/transfers", include_in_schema=False)
TransfersDesk = Annotated[Desk, Depends(desk_of(Right.PEOPLE_KEEP))]
SHOWN = timedelta(days=30)
PAGES_MAX = 100
LINES_MAX = 20_000
HEADS = (
    N_("No."), N_("Date"), N_("What"), N_("Name"), N_("From class"), N_("To class"), N_("Where from or to"),
    N_("Order or application"), N_("Written down by"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filters:
    """What somebody asked to see; what cannot be read is ignored."""

    first_on: date
    last_on: date
    kind: Kind | None
    page: int

    @classmethod
    def read(cls, query: Mapping[str, str], today: date) -> Self:
        """Read a query string."""
        first_on, last_on = day_or(query.get("since", ""), today - SHOWN), day_or(query.get("until", ""), today)
        kind, page = query.get("kind", ""), query.get("page", "")
        return cls(
            min(first_on, last_on), max(first_on, last_on), Kind(kind) if kind in set(Kind) else None,
            min(PAGES_MAX, int(page)) if page.isascii() and page.isdigit() and 0 < len(page) < 4 and int(page) else 1,
        )  # fmt: skip

    def to(self, page: int = 1) -> str:
        """Return the query string of another page with the same filters."""
        said = {
            "since": f"{self.first_on:%d.%m.%Y}", "until": f"{self.last_on:%d.%m.%Y}",
            "kind": self.kind.value if self.kind else "", "page": str(page) if page > 1 else "",
        }  # fmt: skip
        return urlencode({key: value for key, value in said.items() if value})


@router.get("")
async def show(request: Request, desk: TransfersDesk, class_id: int = 0) -> Response:
    """Show the book, and the students of a class who may be moved."""
    return await _page(request, desk, class_id)


@router.post("")
async def move_several(
    request: Request,
    desk: TransfersDesk,
    class_id: Annotated[int, Form(ge=0, le=2**62)] = 0,
    to: Annotated[int, Form(ge=0, le=2**62)] = 0,
    on: Text = "",
    paper: Text = "",
    moved: Annotated[list[int], Form(max_length=AT_ONCE)] = [],  # noqa: B006 (FastAPI copies it)
) -> Response:
    """Move students of a class to another one."""
    try:
        await move(desk.services, desk.actor, desk.school.id, moved, to, Said(day_typed(on), paper=paper))
    except (NotFound, NotAllowed):
        raise
    except Refused as refused:
        return await _page(request, desk, class_id, refused, {"to": str(to), "on": on, "paper": paper})
    return RedirectResponse(f"/schools/{desk.school.code}/transfers", HTTPStatus.SEE_OTHER)


@router.get(".csv")
async def as_csv(request: Request, desk: TransfersDesk) -> Response:
    """Send the lines of the book that fit."""
    filters = Filters.read(request.query_params, desk.school.on)
    lines = await transfers_of(
        desk.services, desk.actor, desk.school.id, filters.first_on, filters.last_on, filters.kind, LINES_MAX
    )
    async with desk.services.database.transaction() as connection:
        await audit(
            connection, desk.actor, "people.transfers_exported", f"school:{desk.school.id}",
            {"lines": str(len(lines))}, school_id=desk.school.id, at=desk.services.clock.now(),
        )  # fmt: skip
    name = f"{desk.school.code}-transfers-{filters.first_on}-{filters.last_on}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(csv_of(_rows(lines, desk.visit.language)), media_type=CSV_TYPE, headers=headers)


def _rows(lines: Sequence[Transfer], language: Language) -> list[list[str]]:
    return [[translate(language, head) for head in HEADS]] + [
        [
            str(each.number), f"{each.on:%d.%m.%Y}", translate(language, sign(f"transfer_{each.kind.value}").word),
            each.name, each.from_class, each.to_class, each.place, each.paper, each.by_name,
        ]
        for each in lines
    ]  # fmt: skip


async def _page(
    request: Request, desk: Desk, class_id: int, refused: Refused | None = None, typed: Mapping[str, str] | None = None
) -> Response:
    filters = Filters.read(request.query_params, desk.school.on)
    classes = await classes_of(desk.services, desk.actor, desk.school.id)
    chosen = next((each for each in classes if each.id == class_id), None)
    lines = await transfers_of(
        desk.services, desk.actor, desk.school.id, filters.first_on, filters.last_on, filters.kind, BOOK_MAX + 1,
        (filters.page - 1) * BOOK_MAX,
    )  # fmt: skip
    students = await holders_of(desk.services, desk.actor, desk.school.id, chosen.id) if chosen else []
    return pages_of(request).page(
        desk.visit, "office/transfers.html", status=refused.status if refused else HTTPStatus.OK, section="today",
        refused=translate(desk.visit.language, refused.message) if refused else "", typed=typed or {},
        filters=filters, lines=lines[:BOOK_MAX], has_more=len(lines) > BOOK_MAX, kinds=list(Kind), classes=classes,
        chosen=chosen, students=students, on=desk.school.on,
        begins_years=desk.actor.can(Right.SCHOOL_KEEP, desk.school.id),
    )  # fmt: skip
