"""How the sample's mother is told: a mailbox, a browser, a number that is gone, and what became of her notices."""

from datetime import datetime, timedelta

from cloud.core.actor import Actor
from cloud.core.services import Services
from cloud.notifications.channels.addresses import add_address, note_gone
from cloud.notifications.channels.choices import ALL, save_scope
from cloud.notifications.channels.rules import Quiet, Scope
from cloud.people.bulk import EMAIL, PHONE

_KNOWN = "UPDATE guardian SET phone_encrypted = $1, phone_digest = $2, email_encrypted = $3 WHERE ref = '0000guardian'"
_ACCOUNT = "SELECT account_id FROM guardian WHERE ref = '0000guardian'"
_NOTICES = "SELECT id, school_id FROM notice WHERE account_id = $1 ORDER BY id DESC LIMIT 8"
_DELIVERY = """
INSERT INTO delivery (notice_id, school_id, channel, address_id, state, why, step, wait_s, is_urgent, tries, made_at,
  next_at, held_until, expires_at, sent_at, confirmed_at, doubled)
VALUES ($1, $2, $3, $4, $5, $6, $7, 60, false, $8, $9, $10, $11, $9::timestamptz + interval '2 hours', $12, $13, $14)
"""
NUMBER, MAILBOX = "+77015550123", "aigul@example.kz"


async def write(services: Services, now: datetime) -> None:
    """Write addresses, choices and deliveries in every state."""
    pool, vault = services.database.pool, services.vault
    await pool.execute(_KNOWN, vault.encrypt(NUMBER, PHONE), vault.digest(NUMBER, PHONE), vault.encrypt(MAILBOX, EMAIL))
    account_id = int(await pool.fetchval(_ACCOUNT))
    async with pool.acquire() as connection, connection.transaction():
        gone = await add_address(
            services, connection, account_id, "sms", "+77015550124", same_as="+77015550124", label="+7701•••••24"
        )
        await add_address(
            services, connection, account_id, "email", MAILBOX, same_as=MAILBOX, label="a•••@example.kz"
        )  # fmt: skip
    await note_gone(services, [gone], "sms_number: 7")
    await save_scope(services, Actor("sample", account_id), ALL, Scope(quiet=Quiet(22 * 60, 7 * 60), steps=("email",)))
    await _deliver(services, account_id, now)


async def _deliver(services: Services, account_id: int, now: datetime) -> None:
    hour = now - timedelta(hours=1)
    became = (
        ("email", "sent", "", 0, 1, None, None, hour, None, 0),
        ("email", "confirmed", "", 0, 1, None, None, hour, hour, 1),
        ("email", "dead", "mail_server: 554", 0, 1, None, None, None, None, 0),
        ("sms", "dead", "unknown", 0, 2, None, None, None, None, 0),
        ("email", "held", "", 0, 0, now + timedelta(hours=2), now + timedelta(hours=2), None, None, 0),
        ("email", "failed", "mail_unreached: TimeoutError", 0, 3, now + timedelta(minutes=10), None, None, None, 0),
        ("sms", "skipped", "sms_cap", 0, 0, None, None, None, None, 0),
        ("sms", "queued", "", 1, 0, now + timedelta(minutes=1), None, None, None, 0),
    )  # fmt: skip
    for row, (channel, state, why, step, tries, *instants, doubled) in zip(
        await services.database.pool.fetch(_NOTICES, account_id), became, strict=False
    ):
        next_at, held_until, sent_at, confirmed_at = instants
        await services.database.pool.execute(
            _DELIVERY, row["id"], row["school_id"], channel, 1, state, why, step, tries, hour, next_at, held_until,
            sent_at, confirmed_at, doubled,
        )  # fmt: skip
