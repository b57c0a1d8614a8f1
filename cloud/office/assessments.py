"""What the pages of tests have in common: desks, the way between them, days and hours as they are typed."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Form, Path, Request
from fastapi.responses import RedirectResponse, Response

from cloud.assessments.errors import TestRefused
from cloud.attendance.web import Desk, own_desk
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.messages import message
from cloud.core.pages import pages_of
from cloud.core.rights import Right

ReadDesk = Annotated[Desk, Depends(own_desk(Right.TESTS_READ, Right.TESTS_GIVE))]
MakeDesk = Annotated[Desk, Depends(own_desk(Right.TESTS_MAKE, Right.TESTS_MAKE))]
GiveDesk = Annotated[Desk, Depends(own_desk(Right.TESTS_GIVE, Right.TESTS_GIVE))]
Text = Annotated[str, Form(max_length=300)]
Long = Annotated[str, Form(max_length=12_000)]
Many = Annotated[list[str], Form(max_length=200)]
Number = Annotated[int, Form(ge=0, le=2**53)]
Key = Annotated[int, Path(ge=0, le=2**53)]
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of tests: its template."""

    template: str

    def shown(self, request: Request, desk: Desk, refused: Refused | None = None, **values: Any) -> Response:
        """Return the page; of what was refused with the reason."""
        return pages_of(request).page(
            desk.visit, self.template, status=refused.status if refused else HTTPStatus.OK, section="tests",
            refused=translate(desk.visit.language, refused.message) if refused else "", on=desk.school.on,
            now=desk.visit.now, makes=desk.actor.can(Right.TESTS_MAKE, desk.school.id)
            or desk.actor.teaches(Right.TESTS_MAKE, desk.school.id), **values,
        )  # fmt: skip


async def refused_by(change: Awaitable[object]) -> Refused | None:
    """Do something, and return why it was refused; none where it was done. Raises NotFound or NotAllowed."""
    try:
        await change
    except (NotFound, NotAllowed):
        raise
    except Refused as refused:
        return refused
    return None


def back_to(desk: Desk, path: str = "") -> Response:
    """Lead to a page of the school's tests."""
    return RedirectResponse(f"/schools/{desk.school.code}/tests{path}", HTTPStatus.SEE_OTHER)


def instant_of(text: str, desk: Desk) -> datetime:
    """Return the instant of a day and an hour by the school's clock. Raises TestRefused."""
    try:
        typed = datetime.fromisoformat(text.strip())
    except ValueError:
        raise TestRefused(message("Choose a day and an hour.")) from None
    if typed.tzinfo is not None:
        raise TestRefused(message("Choose a day and an hour."))
    return typed.replace(tzinfo=desk.school.zone)


def typed_instant(at: datetime, desk: Desk) -> str:
    """Return an instant as a field for a day and an hour takes it."""
    return f"{at.astimezone(desk.school.zone):%Y-%m-%dT%H:%M}"


def whole_of(text: str) -> int:
    """Return a whole number as it was typed, -1 for what is none."""
    plain = text.strip()
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 7 else -1


def first_of_terms(desk: Desk) -> Mapping[str, str]:
    """Return what stands in the form by which a test is given, before anything is typed: from now on for a week."""
    now = desk.visit.now
    return {
        "opens": typed_instant(now, desk), "closes": typed_instant(now + WEEK, desk), "limit": "40", "attempts": "1",
        "counts": "best", "review": "closed", "shuffle": "1", "one": "",
    }  # fmt: skip
