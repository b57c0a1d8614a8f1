"""Kaspi's biller protocol over HTTP: who may ask, and what the bank is answered.

Rule: an answer is always of the protocol; a repeat is answered as the first time, another sum with error 5.
"""

from http import HTTPStatus
from ipaddress import ip_address, ip_network

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from cloud.accounts.web import TheServices
from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.services import Services
from cloud.topups.errors import PaymentAltered
from cloud.topups.kaspi import PROVIDER, Asked, Command, Result, Unreadable, answer, read, sum_of
from cloud.topups.numbers import payee_of
from cloud.topups.payments import Paid, is_taken, take
from cloud.topups.rules import AmountRefused, check_amount

ACTOR = Actor.system(PROVIDER)
router = APIRouter(include_in_schema=False)
log = structlog.get_logger()


@router.get("/pay/kaspi")
async def ask(request: Request, services: TheServices) -> Response:
    """Answer the bank. An address that is not among those of the settings finds nothing here."""
    if not is_from(services.settings.kaspi_sources, request.client.host if request.client else ""):
        raise NotFound
    try:
        asked = read(request.query_params, services.clock.now())
    except Unreadable as unreadable:
        told = answer(request.query_params.get("txn_id", "")[:20], Result.FAILED, str(unreadable))
        return JSONResponse(told, HTTPStatus.OK)
    told = await (_check(services, asked) if asked.command is Command.CHECK else _pay(services, asked))
    log.info("kaspi.answered", command=asked.command.name.lower(), result=told["result"])
    return JSONResponse(told, HTTPStatus.OK)


def is_from(sources: str, host: str) -> bool:
    """Tell whether a request comes from one of the addresses or networks of the settings."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return any(address in ip_network(each.strip()) for each in sources.split(",") if each.strip())


async def _check(services: Services, asked: Asked) -> dict[str, object]:
    payee = await payee_of(services.database.pool, asked.account)
    if payee is None:
        return answer(asked.txn, Result.UNKNOWN, "no such account")
    if not payee.is_active:
        return answer(asked.txn, Result.CANCELLED, "has left the school")
    return answer(asked.txn, Result.OK, f"{payee.given_name} {payee.initial}.")


async def _pay(services: Services, asked: Asked) -> dict[str, object]:
    payee = await payee_of(services.database.pool, asked.account)
    if payee is None:
        return answer(asked.txn, Result.UNKNOWN, "no such account")
    paid = Paid(PROVIDER, asked.txn, payee.school_id, payee.id, payee.ref, asked.amount_tiyn, asked.paid_at)
    if not payee.is_active and not await is_taken(services, PROVIDER, asked.txn):
        return answer(asked.txn, Result.CANCELLED, "has left the school")
    try:
        check_amount(asked.amount_tiyn)
        taken = await take(services, ACTOR, paid)
    except AmountRefused:
        return answer(asked.txn, Result.FAILED, "the sum is too large")
    except PaymentAltered:
        log.warning("kaspi.altered")
        return answer(asked.txn, Result.FAILED, "this txn_id was paid with another sum or account")
    return answer(asked.txn, Result.OK, "paid", prv_txn_id=str(taken.id), sum=sum_of(asked.amount_tiyn))
