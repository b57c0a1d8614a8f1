"""What the pages of studies have in common: the way between them, school years, hours as they are typed."""

import re
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Form, Path, Query, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, desk_of
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import N_, translate
from cloud.core.messages import message
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.studies.errors import StudyRefused
from cloud.studies.rules import year_of

StudiesDesk = Annotated[Desk, Depends(desk_of(Right.STUDIES_READ))]
KeepingDesk = Annotated[Desk, Depends(desk_of(Right.STUDIES_KEEP))]
PlansDesk = Annotated[Desk, Depends(desk_of(Right.PLANS_READ))]
PlanningDesk = Annotated[Desk, Depends(desk_of(Right.PLANS_KEEP))]
Number = Annotated[int, Form(ge=0, le=2**53)]
Key = Annotated[int, Path(ge=0, le=2**53)]
Text = Annotated[str, Form(max_length=300)]
AskedYear = Annotated[int, Query(ge=0, le=2099)]  # a school year by the one it begins in; 0: this one
TABS = (
    ("courses", N_("Who teaches what"), Right.STUDIES_READ),
    ("subjects", N_("Subjects"), Right.STUDIES_READ),
    ("plans", N_("Curriculum plans"), Right.PLANS_READ),
    ("load", N_("Teaching load"), Right.STUDIES_READ),
)
_HOURS = re.compile(r"(\d{1,3})(?:[.,]([05])0*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of studies: its template, and which of them it is."""

    template: str
    tab: str

    def shown(
        self, request: Request, desk: Desk, refused: Refused | None = None, typed: Mapping[str, str] | None = None,
        **values: Any,
    ) -> Response:  # fmt: skip
        """Return the page; of what was refused with the reason and what was typed."""
        at = desk.school.id
        return pages_of(request).page(
            desk.visit, self.template, status=refused.status if refused else HTTPStatus.OK, section="studies",
            refused=translate(desk.visit.language, refused.message) if refused else "", typed=typed or {},
            tabs=[(key, label) for key, label, right in TABS if desk.actor.can(right, at)], tab=self.tab,
            keeps=desk.actor.can(Right.STUDIES_KEEP, at), plans=desk.actor.can(Right.PLANS_KEEP, at), on=desk.school.on,
            **values,
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


def back_to(desk: Desk, path: str) -> Response:
    """Lead to a page of the school."""
    return RedirectResponse(f"/schools/{desk.school.code}/{path}", HTTPStatus.SEE_OTHER)


def years_of(desk: Desk) -> Sequence[int]:
    """Return the school years that can be chosen: the one before, this one, the next one."""
    year = year_of(desk.school.on)
    return year - 1, year, year + 1


def year_asked(desk: Desk, text: str) -> int:
    """Return the school year that a page is asked for; this one where it is none that can be chosen."""
    return next((year for year in years_of(desk) if str(year) == text), year_of(desk.school.on))


def half_hours_typed(text: str) -> int:
    """Return lessons in two weeks of hours a week as 4, 4.5 or 4,5. Raises StudyRefused."""
    match = _HOURS.fullmatch(text.strip())
    if match is None:
        raise StudyRefused(message("Write hours a week as 4, or as 4.5 where there is one more every other week."))
    return 2 * int(match[1]) + (match[2] == "5")


def whole_typed(text: str) -> int:
    """Return a whole number; -1, which nothing takes, for anything else."""
    typed = text.strip()
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 4 else -1
