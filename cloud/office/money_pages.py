"""The office's pages of money: one person's account with what is done to it, a receipt, and the school's books."""

import secrets
from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from cloud.attendance.web import Desk
from cloud.core.api import Counted
from cloud.core.errors import Refused
from cloud.core.i18n import translate
from cloud.core.pages import pages_of
from cloud.ledger.checking import checked
from cloud.ledger.journals import Program, whole_journal
from cloud.ledger.kinds import AccountKind
from cloud.ledger.notes import notes_of
from cloud.ledger.queries import held_for, movements_of, own_accounts, trial_balance
from cloud.ledger.rules import Account
from cloud.meals.corrections import correctable_of
from cloud.office.days import day_asked
from cloud.office.person import PREFIX, OfficeDesk, Text, ThePerson
from cloud.people.queries import PersonRow
from cloud.topups.actions import Way, move, pay_back, promise_back, take_cash
from cloud.topups.fiscal import fiscal_state_of, tell_again
from cloud.topups.numbers import number_of
from cloud.topups.queries import promises_of, receipt_of, siblings_of
from cloud.topups.rules import amount_typed, shown

DAYS_SHOWN = 60
# What the office corrects against, beside drawers and clearing that are there.
AGAINST = tuple(
    Account(kind)
    for kind in (
        AccountKind.DIFFERENCES, AccountKind.REVENUE, AccountKind.SUBSIDY, AccountKind.BANK, AccountKind.REFUNDS,
        AccountKind.FEES,
    )
)  # fmt: skip
router = APIRouter(prefix=f"{PREFIX}/money", include_in_schema=False)
books = APIRouter(prefix="/schools/{code}/money", include_in_schema=False)


@router.get("")
async def show(request: Request, desk: OfficeDesk, person: ThePerson) -> Response:
    """Show a person's account."""
    return await person_page(request, desk, person)


@router.post("/cash")
async def cash(request: Request, desk: OfficeDesk, person: ThePerson, amount: Text = "", once: Text = "") -> Response:
    """Take cash, and lead to the receipt."""
    try:
        taken = await take_cash(desk.services, desk.actor, person, amount_typed(amount), once)
    except Refused as refused:
        return await person_page(request, desk, person, refused, {"cash": amount})
    return lead_to(f"/schools/{desk.school.code}/money/receipts/{taken.receipt}")


@router.post("/move")
async def move_on(
    request: Request, desk: OfficeDesk, person: ThePerson, to: Text = "", amount: Text = "", once: Text = ""
) -> Response:
    """Move money to a sibling."""
    try:
        await move(
            desk.services, desk.actor, giver=person, taker_ref=to, amount_tiyn=amount_typed(amount), once=once
        )  # fmt: skip
    except Refused as refused:
        return await person_page(request, desk, person, refused, {"move": amount, "to": to})
    return lead_to(address_of(desk, person))


@router.post("/promise")
async def promise(request: Request, desk: OfficeDesk, person: ThePerson, paper: Text = "") -> Response:
    """Promise a leaver's balance back."""
    try:
        await promise_back(desk.services, desk.actor, person, paper)
    except Refused as refused:
        return await person_page(request, desk, person, refused, {"paper": paper})
    return lead_to(f"/schools/{desk.school.code}/money")


@books.get("")
async def show_books(request: Request, desk: OfficeDesk, on: str = "") -> Response:
    """Show every account of the school on a day, what is promised back, and whether the books are whole."""
    return await books_page(request, desk, on)


@books.post("/promises/{promise_id}/pay")
async def pay(
    request: Request, desk: OfficeDesk, promise_id: Counted, way: Annotated[Way, Form()] = Way.CASH
) -> Response:
    """Note that what was promised back was paid."""
    try:
        await pay_back(desk.services, desk.actor, desk.school.id, promise_id, way)
    except Refused as refused:
        return await books_page(request, desk, "", refused)
    return lead_to(f"/schools/{desk.school.code}/money")


@books.post("/fiscal/again")
async def fiscal_again(desk: OfficeDesk) -> Response:
    """Tell the provider of fiscal receipts anew what it refused."""
    await tell_again(desk.services, desk.actor, desk.school.id)
    return lead_to(f"/schools/{desk.school.code}/money")


@books.get("/receipts/{number}")
async def receipt(request: Request, desk: OfficeDesk, number: Counted) -> Response:
    """Show a payment's receipt, to be printed."""
    told = await receipt_of(desk.services, desk.actor, desk.school.id, number)
    return pages_of(request).page(desk.visit, "office/receipt.html", section="money", receipt=told)


@books.get("/{program}.journal")
async def load_journal(desk: OfficeDesk, program: Program) -> Response:
    """Send the school's whole ledger as a journal of hledger or beancount."""
    name = f"{desk.school.code}-{desk.school.on.isoformat()}.{program}"
    pieces = await whole_journal(desk.services, desk.actor, desk.school.id, program)
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return StreamingResponse(pieces, media_type="text/plain; charset=utf-8", headers=headers)


async def person_page(
    request: Request, desk: Desk, person: PersonRow, refused: Refused | None = None, typed: dict[str, str] | None = None
) -> Response:
    """Show a person's account, with what became of a form."""
    pool, on = desk.services.database.pool, desk.school.on
    return pages_of(request).page(
        desk.visit, "office/money.html", status=refused.status if refused else HTTPStatus.OK, section="money",
        person=person, refused=translate(desk.visit.language, refused.message) if refused else "", typed=typed or {},
        held=await held_for(pool, person.id), number=shown(await number_of(desk.services, person.id)),
        movements=await movements_of(pool, person.id, on - timedelta(days=DAYS_SHOWN), on), days_shown=DAYS_SHOWN,
        siblings=await siblings_of(desk.services, desk.actor, person), once=secrets.token_hex(16),
        meals=await correctable_of(pool, person.id, on - timedelta(days=DAYS_SHOWN), on), against=AGAINST,
    )  # fmt: skip


async def books_page(request: Request, desk: Desk, on: str, refused: Refused | None = None) -> Response:
    """Show the school's books, with what became of a form."""
    day, wrong = day_asked(on, desk.school.on)
    refused = refused or wrong
    values = await _books(desk, day)
    told = translate(desk.visit.language, refused.message) if refused else ""
    return pages_of(request).page(
        desk.visit, "office/books.html", status=refused.status if refused else HTTPStatus.OK, section="money",
        refused=told, **values,
    )  # fmt: skip


async def _books(desk: Desk, day: date) -> dict[str, Any]:
    school_id = desk.school.id
    return {
        "balance": await trial_balance(desk.services, desk.actor, school_id, day),
        "promises": await promises_of(desk.services, desk.actor, school_id),
        "fiscal": await fiscal_state_of(desk.services, desk.actor, school_id),
        "checked": await checked(desk.services, desk.actor, school_id),
        "own": await own_accounts(desk.services, desk.actor, school_id),
        "notes": await notes_of(desk.services, desk.actor, school_id),
        "accounts": AGAINST,
        "once": secrets.token_hex(16),
        "programs": list(Program),
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1) if day < desk.school.on else None,
    }


def address_of(desk: Desk, person: PersonRow) -> str:
    """Return where a person's account is shown."""
    return f"/schools/{desk.school.code}/people/{person.ref}/money"


def lead_to(address: str) -> Response:
    """Lead to an address after something was done."""
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)
