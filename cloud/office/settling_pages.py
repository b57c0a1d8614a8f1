"""The office's forms that settle and put right: what a bank passed on, drawers, promises, corrections, meals."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import Response

from cloud.attendance.web import Desk
from cloud.core.api import Counted
from cloud.core.errors import NotFound, Refused
from cloud.core.money import tiyn_of
from cloud.ledger.kinds import AccountKind
from cloud.ledger.rules import Account
from cloud.meals.corrections import give_back, take_meal_back
from cloud.office.money_pages import address_of, books_page, lead_to, person_page
from cloud.office.person import PREFIX, OfficeDesk, Text, ThePerson
from cloud.topups.rules import amount_typed
from cloud.topups.settling import Form as Settled
from cloud.topups.settling import correct, empty_drawer, settle, withdraw_promise

router = APIRouter(prefix="/schools/{code}/money", include_in_schema=False)
persons = APIRouter(prefix=f"{PREFIX}/money", include_in_schema=False)
SaleId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]
PartForm = Annotated[str, Form(max_length=40)]


@router.post("/settle")
async def settle_provider(
    request: Request,
    desk: OfficeDesk,
    provider: PartForm = "",
    amount: Text = "",
    fee: Text = "",
    why: Text = "",
    once: Text = "",
) -> Response:
    """Note what a bank passed on."""
    try:
        form = _form(amount, why, once)
        fee_tiyn = 0 if fee.strip() in {"", "0"} else amount_typed(fee)
        await settle(desk.services, desk.actor, desk.school.id, provider, fee_tiyn, form)
    except Refused as refused:
        return await books_page(request, desk, "", refused)
    return _to_books(desk)


@router.post("/empty")
async def empty(
    request: Request,
    desk: OfficeDesk,
    drawer: PartForm = "",
    to: PartForm = "",
    amount: Text = "",
    why: Text = "",
    once: Text = "",
) -> Response:
    """Note that a drawer was emptied."""
    try:
        await empty_drawer(desk.services, desk.actor, desk.school.id, drawer, to, _form(amount, why, once))
    except Refused as refused:
        return await books_page(request, desk, "", refused)
    return _to_books(desk)


@router.post("/correct")
async def correct_books(
    request: Request,
    desk: OfficeDesk,
    debit: PartForm = "",
    credit: PartForm = "",
    amount: Text = "",
    why: Text = "",
    once: Text = "",
) -> Response:
    """Correct between two accounts of the school."""
    try:
        form, accounts = _form(amount, why, once), (_account(debit), _account(credit))
        await correct(
            desk.services, desk.actor, desk.school.id, debit=accounts[0], credit=accounts[1], form=form
        )  # fmt: skip
    except Refused as refused:
        return await books_page(request, desk, "", refused)
    return _to_books(desk)


@router.post("/promises/{promise_id}/withdraw")
async def withdraw(request: Request, desk: OfficeDesk, promise_id: Counted, why: Text = "") -> Response:
    """Withdraw what was promised back."""
    try:
        await withdraw_promise(desk.services, desk.actor, desk.school.id, promise_id, why)
    except Refused as refused:
        return await books_page(request, desk, "", refused)
    return _to_books(desk)


@persons.post("/meals/{sale}/back")
async def meal_back(
    request: Request,
    desk: OfficeDesk,
    person: ThePerson,
    sale: SaleId,
    whole: Text = "",
    amount: Text = "",
    why: Text = "",
    once: Text = "",
) -> Response:
    """Give money back for a meal of the person of the path, or take the meal back as if it had not been."""
    services, actor, school_id = desk.services, desk.actor, desk.school.id
    try:
        if whole:
            await take_meal_back(services, actor, school_id, person.ref, sale, why, once)
        else:
            await give_back(services, actor, school_id, person.ref, sale, amount_typed(amount), why, once)
    except Refused as refused:
        return await person_page(request, desk, person, refused, {"back": amount, "why": why})
    return lead_to(address_of(desk, person))


@persons.post("/correct")
async def correct_person(
    request: Request,
    desk: OfficeDesk,
    person: ThePerson,
    way: Text = "",
    against: PartForm = "",
    amount: Text = "",
    why: Text = "",
    once: Text = "",
) -> Response:
    """Put money on a person's account, or take it off, against an account of the school."""
    own = Account.of(person.ref)
    try:
        form, other = _form(amount, why, once), _account(against)
        debit, credit = (other, own) if way == "add" else (own, other)
        await correct(desk.services, desk.actor, desk.school.id, debit=debit, credit=credit, form=form)
    except Refused as refused:
        return await person_page(request, desk, person, refused, {"correct": amount, "correct_why": why})
    return lead_to(address_of(desk, person))


def _form(amount: str, why: str, once: str) -> Settled:
    """Return what a form says; an amount that is none is zero, which is refused with how to write it."""
    return Settled(once, tiyn_of(amount) or 0, why)


def _account(text: str) -> Account:
    """Return the account that a form names, no person's. Raises NotFound."""
    kind, _, part = text.partition(":")
    if kind not in {each.value for each in AccountKind} or kind == AccountKind.CHILD:
        raise NotFound
    return Account(AccountKind(kind), part)


def _to_books(desk: Desk) -> Response:
    return lead_to(f"/schools/{desk.school.code}/money")
