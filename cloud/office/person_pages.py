"""The office's page of one person: the last days; cards given, blocked and taken back; consents; leaving the school."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from cloud.cards.actions import block_card, free_card, give_card, take_card
from cloud.cards.kinds import Medium
from cloud.cards.queries import cards_of
from cloud.core.api import Counted
from cloud.core.errors import NotFound, Refused
from cloud.office.person import PREFIX, OfficeDesk, Outcome, Text, ThePerson, back_to, day_typed, person_page
from cloud.people.actions import check_source, give_consent, withdraw_consent
from cloud.people.kinds import Purpose
from cloud.people.moving import bring_back, leave, move
from cloud.people.stays import Said

router = APIRouter(prefix=PREFIX, include_in_schema=False)
ACTS = {"block": block_card, "free": free_card, "take": take_card}


@router.get("")
async def show(request: Request, desk: OfficeDesk, person: ThePerson) -> Response:
    """Show a person."""
    return await person_page(request, desk, person)


@router.post("/cards")
async def give(
    request: Request,
    desk: OfficeDesk,
    person: ThePerson,
    number: Text = "",
    medium: Annotated[Medium, Form()] = Medium.UID,
) -> Response:
    """Give a card whose number was read or typed."""
    try:
        await give_card(desk.services, desk.actor, person.id, number, medium)
    except Refused as refused:
        return await person_page(request, desk, person, Outcome(refused, {"number": number, "medium": medium.value}))
    return back_to(desk, person)


@router.post("/cards/{card_id}/{act}")
async def act_on_card(desk: OfficeDesk, person: ThePerson, card_id: Counted, act: str) -> Response:
    """Block a card, free it, or take it back."""
    cards = await cards_of(desk.services, desk.actor, person.ref)
    if act not in ACTS or card_id not in {card.id for card in cards}:
        raise NotFound
    await ACTS[act](desk.services, desk.actor, card_id)
    return back_to(desk, person)


@router.post("/consents")
async def consent(
    request: Request,
    desk: OfficeDesk,
    person: ThePerson,
    purpose: Annotated[Purpose, Form()],
    given_on: Text = "",
    source: Text = "",
) -> Response:
    """Note a consent with its date and where it is written."""
    try:
        await give_consent(desk.services, desk.actor, person.id, purpose, day_typed(given_on), source)
    except Refused as refused:
        typed = {"purpose": purpose.value, "given_on": given_on, "source": source}
        return await person_page(request, desk, person, Outcome(refused, typed))
    return back_to(desk, person)


@router.post("/consents/{purpose}/withdraw")
async def withdraw(
    request: Request, desk: OfficeDesk, person: ThePerson, purpose: Purpose, withdrawn_on: Text = "", source: Text = ""
) -> Response:
    """Note that a consent is withdrawn, with the date and where that is written."""
    try:
        check_source(source)
        await withdraw_consent(desk.services, desk.actor, person.id, purpose, day_typed(withdrawn_on), source)
    except Refused as refused:
        return await person_page(request, desk, person, Outcome(refused))
    return back_to(desk, person)


@router.post("/class")
async def change_class(
    request: Request,
    desk: OfficeDesk,
    person: ThePerson,
    to: Annotated[int, Form(ge=0, le=2**62)] = 0,
    on: Text = "",
    paper: Text = "",
) -> Response:
    """Move a student to another class."""
    try:
        await move(desk.services, desk.actor, desk.school.id, [person.id], to, Said(day_typed(on), paper=paper))
    except Refused as refused:
        return await person_page(request, desk, person, Outcome(refused, {"to": str(to), "moved_on": on}))
    return back_to(desk, person)


@router.post("/leave")
async def let_go(
    request: Request, desk: OfficeDesk, person: ThePerson, on: Text = "", place: Text = "", paper: Text = ""
) -> Response:
    """Let a person belong to the school no more; without a day from today on."""
    try:
        said = Said(day_typed(on) if on.strip() else None, place=place, paper=paper)
        await leave(desk.services, desk.actor, person.id, said)
    except Refused as refused:
        return await person_page(request, desk, person, Outcome(refused, {"left_on": on, "place": place}))
    return back_to(desk, person)


@router.post("/back")
async def take_back(
    request: Request,
    desk: OfficeDesk,
    person: ThePerson,
    to: Annotated[int, Form(ge=0, le=2**62)] = 0,
    paper: Text = "",
) -> Response:
    """Let somebody who left belong to the school again."""
    try:
        await bring_back(desk.services, desk.actor, desk.school.id, person.id, to or None, Said(paper=paper))
    except Refused as refused:
        return await person_page(request, desk, person, Outcome(refused, {"to": str(to)}))
    return back_to(desk, person)
