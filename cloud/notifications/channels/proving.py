"""A mailbox, a number or a messenger becomes an address: a code goes there, and its owner types it back.

Rule: mailboxes and numbers are those that a school knows the account's guardian by, nobody types one; the code is kept
nowhere: it is drawn under the vault's key from account, address and quarter of an hour (59 bits).
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hmac import compare_digest
from zoneinfo import ZoneInfo

import structlog

from cloud.accounts import attempts
from cloud.accounts.actions import audit
from cloud.accounts.attempts import Limit
from cloud.accounts.codes import code_of, normal_code
from cloud.accounts.errors import TooManyAttempts
from cloud.accounts.rules import WAIT_MAX
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotAllowed, NotFound, Refused
from cloud.core.i18n import N_, Language, translate
from cloud.core.messages import message
from cloud.core.messenger_targets import APPRISE, TYPED, TargetRefused
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.sms import parts_of
from cloud.notifications.channels import spending
from cloud.notifications.channels.addresses import add_address, digest_of, remove_address
from cloud.notifications.channels.delivering import SEND_S
from cloud.notifications.channels.sender import (
    EMAIL,
    SMS,
    Address,
    Confirmed,
    Message,
    Sender,
    Sent,
    Unanswered,
)
from cloud.people.bulk import EMAIL as GUARDIAN_EMAIL
from cloud.people.bulk import PHONE

CODE, KEY = "channel.code", "channel.contact"  # contexts at the vault
KEY_LETTERS = 16
QUARTER_S = 900  # the code of the quarter before is taken too
FREE = 3
TITLE = N_("A code for your notices")
_CONTACTS = """
SELECT guardian.school_id, school.zone, phone_encrypted, email_encrypted,
  array(SELECT channel || ':' || digest FROM channel_address WHERE account_id = $1 AND gone_at IS NULL) AS known
FROM guardian JOIN school ON school.id = guardian.school_id WHERE account_id = $1 ORDER BY guardian.id LIMIT 50
"""
log = structlog.get_logger()


class ContactRefused(Refused):
    """A code could not be sent, or does not fit."""

    code = "contact_refused"


class TooManyCodes(TooManyAttempts):
    """Codes were asked for, or typed, too often."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(retry_after_s)
        self.message = message("Too many tries. Wait {seconds} seconds and try again.", seconds=retry_after_s)


@dataclass(frozen=True, slots=True)
class Contact:
    """A way to somebody that a school knows; `key` names it in forms, `shown` tells it to its owner."""

    key: str
    channel: str
    value: str = field(repr=False)
    shown: str
    school_id: int
    zone: ZoneInfo
    is_connected: bool


async def contacts_of(services: Services, actor: Actor, senders: Mapping[str, Sender]) -> list[Contact]:
    """Return the mailboxes and numbers that schools know an account by, where somebody carries messages to them."""
    found: dict[tuple[str, str], Contact] = {}
    for row in await services.database.pool.fetch(_CONTACTS, actor.account_id):
        for channel, sealed, context in (
            (SMS, row["phone_encrypted"], PHONE), (EMAIL, row["email_encrypted"], GUARDIAN_EMAIL)
        ):  # fmt: skip
            if sealed is None or channel not in senders:
                continue
            value = services.vault.decrypt(sealed, context)
            is_known = f"{channel}:{digest_of(services.vault, channel, value)}" in row["known"]
            found.setdefault(
                (channel, value),
                Contact(
                    key_of(services, channel, value), channel, value, masked(value), row["school_id"],
                    ZoneInfo(row["zone"]), is_known,
                ),
            )  # fmt: skip
    return list(found.values())


async def send_code(services: Services, actor: Actor, sender: Sender, contact: str, language: Language) -> None:
    """Send a code to one of the account's contacts, or to what was typed for a messenger.

    Raises NotAllowed, NotFound, TargetRefused, ContactRefused or TooManyCodes.
    """
    account_id = _own(actor)
    chosen = await _chosen(services, actor, sender, contact)
    await _count(services, "asked", account_id, chosen.value)
    told = _message(services, code_for(services, account_id, chosen), language)
    if sender.traits.is_paid:
        month = spending.month_of(services.clock.now(), chosen.zone)
        if not await spending.reserve(services, chosen.school_id, month, parts_of(told.short), 0):
            raise ContactRefused(message("The school has no SMS left for this month. Choose another way."))
    to = Address(0, account_id, sender.name, chosen.value)
    try:
        async with asyncio.timeout(SEND_S):
            outcome = await sender.send(told, to)
    except TimeoutError:
        outcome = Unanswered("timeout")
    if not isinstance(outcome, Sent | Confirmed | Unanswered):
        log.warning("channel.code_not_sent", channel=sender.name, why=outcome.why)
        raise ContactRefused(message("The code could not be sent now. Try again later."))


async def connect(services: Services, actor: Actor, sender: Sender, contact: str, typed: str) -> None:
    """Make a contact an address of the account, with the code that was sent there.

    Raises NotAllowed, NotFound, TargetRefused, ContactRefused, TooManyAddresses or TooManyCodes.
    """
    account_id = _own(actor)
    chosen = await _chosen(services, actor, sender, contact)
    counted = await _check(services, "typed", account_id, chosen.value)
    codes = [normal_code(code_for(services, account_id, chosen, ago=ago)) for ago in (0, 1)]
    if not any(compare_digest(normal_code(typed).encode(), code.encode()) for code in codes):
        async with services.database.transaction() as transaction:
            await attempts.note_failure(transaction, counted, services.clock.now())
        raise ContactRefused(message("The code does not fit, or its time is over. Ask for another one."))
    async with services.database.transaction() as transaction:
        await add_address(
            services, raw(transaction), account_id, sender.name, chosen.value, same_as=chosen.value, label=chosen.shown
        )
        await attempts.forget(transaction, counted, services.clock.now())
        subject, now = f"account:{account_id}", services.clock.now()
        await audit(transaction, actor, "account.address_added", subject, {"channel": sender.name}, at=now)


async def disconnect(services: Services, actor: Actor, address_id: int) -> None:
    """Remove one of the account's addresses. Raises NotAllowed."""
    account_id = _own(actor)
    async with services.database.transaction() as transaction:
        await remove_address(raw(transaction), account_id, address_id)
        subject, now = f"account:{account_id}", services.clock.now()
        await audit(transaction, actor, "account.address_removed", subject, at=now)


def code_for(services: Services, account_id: int, contact: Contact, *, ago: int = 0) -> str:
    """Return the code of a contact; `ago` quarters of an hour back."""
    quarter = int(services.clock.now().timestamp()) // QUARTER_S - ago
    return code_of(services.vault.digest(f"{account_id}\n{contact.channel}\n{contact.value}\n{quarter}", CODE))


def key_of(services: Services, channel: str, value: str) -> str:
    """Return what a form calls a contact by."""
    return services.vault.digest(f"{channel}\n{value}", KEY)[:KEY_LETTERS]


def masked(value: str) -> str:
    """Return a number or a mailbox as its owner knows it, and nobody else: +7701•••••67, a•••@mail.kz."""
    name, at, host = value.partition("@")
    if at:
        return f"{name[:1]}•••@{host}"
    return f"{value[:5]}{'•' * max(0, len(value) - 7)}{value[-2:]}"


def _own(actor: Actor) -> int:
    if actor.account_id is None or actor.must_change or not actor.kinships(Right.NOTICES_READ):
        raise NotAllowed
    return actor.account_id


async def _chosen(services: Services, actor: Actor, sender: Sender, contact: str) -> Contact:
    if sender.name.startswith(APPRISE):
        if TYPED.fullmatch(contact) is None:
            raise TargetRefused
        return Contact(contact, sender.name, contact, contact, 0, ZoneInfo("UTC"), is_connected=False)
    for each in await contacts_of(services, actor, {sender.name: sender}):
        if each.channel == sender.name and each.key == contact:
            return each
    raise NotFound


def _message(services: Services, code: str, language: Language) -> Message:
    told = message(
        "Code: {code}. Type it on the page where you asked for it, within 15 minutes, to get notices here. Did you not"
        " ask? Then do nothing.", code=code,
    )  # fmt: skip
    short = message("Code for your notices: {code}", code=code)
    now = services.clock.now()
    return Message(
        "code", 0, translate(language, TITLE), translate(language, told), translate(language, short),
        f"{services.settings.public_url}/notices/ways", language, now, "code", is_urgent=True,
        expires_at=now + timedelta(seconds=QUARTER_S),
    )  # fmt: skip


def _limits(services: Services, what: str, account_id: int, value: str) -> Sequence[Limit]:
    digest = services.vault.digest
    return (
        Limit(digest(str(account_id), f"channel.{what}.account"), FREE, WAIT_MAX),
        Limit(digest(value, f"channel.{what}.address"), FREE, WAIT_MAX),
    )


async def _check(services: Services, what: str, account_id: int, value: str) -> tuple[Limit, ...]:
    counted = tuple(_limits(services, what, account_id, value))
    try:
        await attempts.check(services, counted)
    except TooManyAttempts as refused:
        raise TooManyCodes(refused.retry_after_s) from None
    return counted


async def _count(services: Services, what: str, account_id: int, value: str) -> None:
    counted = await _check(services, what, account_id, value)
    async with services.database.transaction() as transaction:
        await attempts.note_failure(transaction, counted, services.clock.now())
