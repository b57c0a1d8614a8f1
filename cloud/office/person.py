"""One person at the office's desk: found by the path, shown with cards, consents, guardians and the last days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.queries import days_of
from cloud.attendance.web import Desk, desk_of
from cloud.cards.queries import cards_of
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.pictures import UPLOAD_MAX
from cloud.core.rights import Right
from cloud.gatebook.queries import handovers_of
from cloud.imports.cells import CellWrong, date_of_text
from cloud.people.actions import Opened
from cloud.people.errors import PersonRefused
from cloud.people.kinds import FamilyRight, Purpose, Relation
from cloud.people.moving import history_of
from cloud.people.queries import PersonRow, consents_of, guardians_of, person_of_ref, phones_of
from cloud.schools.queries import classes_of

PREFIX = "/schools/{code}/people/{ref}"
TEMPLATE = "office/person.html"
DAYS_SHOWN = 14
OfficeDesk = Annotated[Desk, Depends(desk_of(Right.PEOPLE_KEEP))]
Text = Annotated[str, Form(max_length=300)]


async def person_of(desk: OfficeDesk, ref: str) -> PersonRow:
    """Return the person of the path, as `person_at` does, for the office."""
    return await person_at(desk, ref)


async def person_at(desk: Desk, ref: str) -> PersonRow:
    """Return a person, who must belong to the school of the desk. Raises NotFound."""
    person = await person_of_ref(desk.services, desk.actor, ref)
    if person.school_id != desk.school.id:
        raise NotFound
    return person


ThePerson = Annotated[PersonRow, Depends(person_of)]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a form on the page came to: refused, with what was typed, or an account that was opened."""

    refused: Refused | None = None
    typed: Mapping[str, str] | None = None
    opened: Opened | None = None


async def person_page(request: Request, desk: Desk, person: PersonRow, outcome: Outcome | None = None) -> Response:
    """Show a person, with what became of a form."""
    told = outcome or Outcome()
    status = told.refused.status if told.refused else HTTPStatus.OK
    refused = translate(desk.visit.language, told.refused.message) if told.refused else ""
    values = await _values(desk, person)
    return pages_of(request).page(
        desk.visit, TEMPLATE, status=status, section="today", person=person, refused=refused, opened=told.opened,
        typed=told.typed or {}, **values,
    )  # fmt: skip


def back_to(desk: Desk, person: PersonRow) -> Response:
    """Lead back to the page after something was done."""
    return RedirectResponse(f"/schools/{desk.school.code}/people/{person.ref}", HTTPStatus.SEE_OTHER)


def day_typed(text: str) -> date:
    """Return a day as somebody typed it. Raises PersonRefused with how to write it."""
    try:
        return date_of_text(text)
    except CellWrong as wrong:
        raise PersonRefused(wrong.message) from None


async def _values(desk: Desk, person: PersonRow) -> dict[str, Any]:
    first_on = desk.school.on - timedelta(days=DAYS_SHOWN - 1)
    days = await days_of(desk.services, [person.id], first_on, desk.school.on)
    handovers = await handovers_of(desk.services, desk.school.id, [person.ref], first_on, desk.school.on)
    stays, transfers = await history_of(desk.services, desk.actor, desk.school.id, person.id)
    return {
        "stays": stays,
        "transfers": transfers,
        "classes": await classes_of(desk.services, desk.actor, desk.school.id),
        "handovers": handovers.get(person.ref, {}),
        "days": list(days.get(person.ref, {}).items()),
        "days_shown": DAYS_SHOWN,
        "on": desk.school.on,
        "photo_max": UPLOAD_MAX,
        "purposes": list(Purpose),
        "relations": list(Relation),
        "rights": list(FamilyRight),
        "cards": await cards_of(desk.services, desk.actor, person.ref),
        "consents": await consents_of(desk.services, desk.actor, person.ref),
        "guardians": await guardians_of(desk.services, desk.actor, person.ref),
        "phones": await phones_of(desk.services, desk.actor, person.ref),
    }
