"""What the canteen's pages share: who works at them, days as they are typed, and how a refusal is shown."""

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import Depends, Form, Request
from fastapi.responses import Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.errors import Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.imports.cells import CellWrong, date_of_text
from cloud.menu.errors import MenuRefused
from cloud.menu.kinds import ALLERGENS, CATEGORIES
from cloud.menu.rules import Names

CanteenDesk = Annotated[Desk, Depends(desk_of(Right.MENU_PLAN))]
Text = Annotated[str, Form(max_length=1_200)]
Words = Annotated[list[str], Form(max_length=2_000)]  # so many boxes that are ticked
DAY = timedelta(days=1)


def shown(
    request: Request, desk: Desk, template: str, section: str, refused: Refused | None = None, **values: Any
) -> Response:
    """Return a page of the canteen, with why a form was refused."""
    status = refused.status if refused else 200
    told = translate(desk.visit.language, refused.message) if refused else ""
    return pages_of(request).page(
        desk.visit, template, status=status, section=section, refused=told, allergens=ALLERGENS,
        categories=CATEGORIES, on=desk.school.on, **values,
    )  # fmt: skip


def day_typed(text: str) -> date:
    """Return a day as somebody typed it. Raises MenuRefused with how to write it."""
    try:
        return date_of_text(text)
    except CellWrong as wrong:
        raise MenuRefused(wrong.message) from None


def monday_of(on: date) -> date:
    """Return the Monday of a day's week."""
    return on - on.weekday() * DAY


def names_of(name_kk: str, name_ru: str, name_en: str) -> Names:
    """Return names as a form gives them."""
    return Names(name_kk, name_ru, name_en)
