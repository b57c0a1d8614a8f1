"""Cards given out by tapping down a class list: a reader that types, one tap a student, the next one by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from cloud.attendance.web import Desk, desk_of
from cloud.cards.actions import give_card
from cloud.cards.queries import Holder, holders_of
from cloud.core.errors import NotFound, Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.core.rights import Right
from cloud.schools.queries import ClassRow, classes_of

TEMPLATE = "office/cards.html"
router = APIRouter(prefix="/schools/{code}", include_in_schema=False)
OfficeDesk = Annotated[Desk, Depends(desk_of(Right.CARDS_READ))]
Text = Annotated[str, Form(max_length=64)]


@dataclass(frozen=True, slots=True)
class ClassList:
    """A class while its cards are given out: whose turn it is, who comes next, and who got the last one."""

    classes: Sequence[ClassRow]
    chosen: ClassRow | None
    holders: Sequence[Holder]
    current: Holder | None
    following: Holder | None
    given: Holder | None = None

    @property
    def done(self) -> int:
        return sum(holder.cards > 0 for holder in self.holders)

    def to(self, holder: Holder) -> str:
        """Return the address at which it is somebody's turn."""
        return "?" + urlencode({"class": self.chosen.name if self.chosen else "", "at": holder.ref})


@router.get("/cards")
async def show(request: Request, desk: OfficeDesk) -> Response:
    """Show a class list; `class` names it, `at` whose turn it is, `given` who got a card just now."""
    query = request.query_params
    asked = await _class_list(desk, query.get("class", ""), query.get("at", ""), query.get("given", ""))
    return pages_of(request).page(desk.visit, TEMPLATE, section="today", asked=asked, refused="")


@router.post("/cards")
async def give(request: Request, desk: OfficeDesk, name: Text = "", ref: Text = "", number: Text = "") -> Response:
    """Give the card that was read to whose turn it is, and lead on to the next one without a card."""
    asked = await _class_list(desk, name, ref)
    if asked.current is None or asked.current.ref != ref:
        raise NotFound
    try:
        await give_card(desk.services, desk.actor, asked.current.id, number)
    except Refused as refused:
        told = translate(desk.visit.language, refused.message)
        return pages_of(request).page(
            desk.visit, TEMPLATE, status=refused.status, section="today", asked=asked, refused=told
        )
    onward = {"class": name, "given": ref} | ({"at": asked.following.ref} if asked.following else {})
    return RedirectResponse(f"/schools/{desk.school.code}/cards?{urlencode(onward)}", HTTPStatus.SEE_OTHER)


async def _class_list(desk: Desk, name: str, at: str, given: str = "") -> ClassList:
    classes = await classes_of(desk.services, desk.actor, desk.school.id)
    chosen = next((each for each in classes if each.name == name), classes[0] if classes else None)
    holders = await holders_of(desk.services, desk.actor, desk.school.id, chosen.id) if chosen else []
    current = next((each for each in holders if each.ref == at), _first_without(holders))
    last = next((each for each in holders if each.ref == given), None)
    return ClassList(classes, chosen, holders, current, _after(holders, current), last)


def _first_without(holders: Sequence[Holder]) -> Holder | None:
    return next((each for each in holders if not each.cards), None)


def _after(holders: Sequence[Holder], current: Holder | None) -> Holder | None:
    """Return who comes after somebody: down the list, then from its top, whoever has no card."""
    if current is None:
        return None
    place = holders.index(current)
    return _first_without([*holders[place + 1 :], *holders[:place]])
