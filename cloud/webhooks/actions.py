"""What is done with webhooks: adding one, another secret for it, a test, taking it over, and its end.

Rule: a secret is sealed in the database and shown once; the one before signs too for a day, so that nobody is cut off.
"""

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.texts import one_line
from cloud.webhooks.addressing import target_of
from cloud.webhooks.errors import WebhookWrong
from cloud.webhooks.kinds import WORDS, EventKind
from cloud.webhooks.signing import secret_of

SEALED = "webhook.secret"  # the vault's context
RESTS = "rests"  # stands in the place of an answer where nobody is left who answers for the webhook
OLD_LASTS = timedelta(days=1)
WEBHOOKS_MAX = 10  # of a school
TESTS_MAX = 10  # of a webhook, in an hour
NAME_MAX = 60
KEY_BYTES = 32
_COUNT = "SELECT count(*) FROM webhook WHERE school_id = $1 AND ended_at IS NULL"
_ADD = """
INSERT INTO webhook (school_id, name, address, kinds, secret_encrypted, made_by, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id
"""
_ROTATE = """
UPDATE webhook SET old_secret_encrypted = secret_encrypted, old_until = $4, secret_encrypted = $3
WHERE id = $1 AND school_id = $2 AND ended_at IS NULL RETURNING name
"""
_END = "UPDATE webhook SET ended_at = $3 WHERE id = $1 AND school_id = $2 AND ended_at IS NULL RETURNING name"
_TAKE_OVER = "UPDATE webhook SET made_by = $3 WHERE id = $1 AND school_id = $2 AND ended_at IS NULL RETURNING name"
_AWAKE = """
UPDATE webhook_event SET next_at = $2, last_error = '' WHERE webhook_id = $1 AND next_at > $2 AND last_error = $3
"""
_LET_GO = "UPDATE webhook_event SET next_at = NULL WHERE webhook_id = $1 AND next_at IS NOT NULL"
_TESTS = "SELECT count(*) FROM webhook_event WHERE webhook_id = $1 AND kind = 'test' AND made_at > $2"
_TEST = """
INSERT INTO webhook_event (webhook_id, kind, source, body, made_at, next_at)
SELECT id, 'test', $3, $4::jsonb, $5, $5 FROM webhook WHERE id = $1 AND school_id = $2 AND ended_at IS NULL
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret that was made: it is shown once."""

    webhook_id: int
    secret: str


async def add_webhook(
    services: Services, actor: Actor, school_id: int, name: str, address: str, kinds: Iterable[str]
) -> NewSecret:
    """Let a program be told of events. Raises NotAllowed or WebhookWrong."""
    actor.require(Right.PROGRAMS_KEEP, school_id)
    known_as, chosen = one_line(name), sorted({kind.value for kind in WORDS} & set(kinds))
    if not known_as or len(known_as) > NAME_MAX:
        raise WebhookWrong(message("Name the program: {count} characters at most.", count=NAME_MAX))
    if not chosen:
        raise WebhookWrong(message("Choose at least one thing that it is told of."))
    target_of(address.strip(), services.settings.webhook_networks)
    secret, now = secret_of(secrets.token_bytes(KEY_BYTES)), services.clock.now()
    async with services.database.transaction() as connection:
        at = raw(connection)
        await at.execute("SELECT 1 FROM school WHERE id = $1 FOR UPDATE", school_id)
        if await at.fetchval(_COUNT, school_id) >= WEBHOOKS_MAX:
            raise WebhookWrong(message("This school has {count} webhooks. End one first.", count=WEBHOOKS_MAX))
        sealed = services.vault.encrypt(secret, SEALED)
        webhook_id = await at.fetchval(
            _ADD, school_id, known_as, address.strip(), chosen, sealed, actor.account_id, now
        )  # fmt: skip
        detail = {"name": known_as, "kinds": " ".join(chosen)}
        await audit(
            connection, actor, "webhook.added", f"webhook:{webhook_id}", detail, school_id=school_id, at=now
        )  # fmt: skip
    return NewSecret(webhook_id, secret)


async def change_secret(services: Services, actor: Actor, school_id: int, webhook_id: int) -> NewSecret:
    """Give a webhook another secret; the one before holds for a day. Raises NotAllowed or NotFound."""
    actor.require(Right.PROGRAMS_KEEP, school_id)
    secret, now = secret_of(secrets.token_bytes(KEY_BYTES)), services.clock.now()
    async with services.database.transaction() as connection:
        sealed = services.vault.encrypt(secret, SEALED)
        name = await raw(connection).fetchval(_ROTATE, webhook_id, school_id, sealed, now + OLD_LASTS)
        if name is None:
            raise NotFound
        await audit(
            connection, actor, "webhook.secret_changed", f"webhook:{webhook_id}", {"name": name},
            school_id=school_id, at=now,
        )  # fmt: skip
    return NewSecret(webhook_id, secret)


async def take_over(services: Services, actor: Actor, school_id: int, webhook_id: int) -> None:
    """Answer for a webhook from now on, in the place of who made it. Raises NotAllowed or NotFound."""
    actor.require(Right.PROGRAMS_KEEP, school_id)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        name = await raw(connection).fetchval(_TAKE_OVER, webhook_id, school_id, actor.account_id)
        if name is None:
            raise NotFound
        await raw(connection).execute(_AWAKE, webhook_id, now, RESTS)
        await audit(
            connection, actor, "webhook.taken_over", f"webhook:{webhook_id}", {"name": name},
            school_id=school_id, at=now,
        )  # fmt: skip


async def end_webhook(services: Services, actor: Actor, school_id: int, webhook_id: int) -> None:
    """Tell a program nothing any more. Raises NotAllowed or NotFound."""
    actor.require(Right.PROGRAMS_KEEP, school_id)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        name = await raw(connection).fetchval(_END, webhook_id, school_id, now)
        if name is None:
            raise NotFound
        await raw(connection).execute(_LET_GO, webhook_id)
        await audit(
            connection, actor, "webhook.ended", f"webhook:{webhook_id}", {"name": name}, school_id=school_id, at=now
        )  # fmt: skip


async def send_test(services: Services, actor: Actor, school_id: int, webhook_id: int) -> None:
    """Tell a program of nothing, to see whether it hears. Raises NotAllowed, NotFound or WebhookWrong."""
    actor.require(Right.PROGRAMS_KEEP, school_id)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        at = raw(connection)
        if await at.fetchval(_TESTS, webhook_id, now - timedelta(hours=1)) >= TESTS_MAX:
            raise WebhookWrong(message("It was tested often enough in this hour. See below how it answered."))
        body = json.dumps({"kind": EventKind.TEST.value})
        if await at.fetchval(_TEST, webhook_id, school_id, f"test {secrets.token_hex(8)}", body, now) is None:
            raise NotFound
        await audit(
            connection, actor, "webhook.tested", f"webhook:{webhook_id}", school_id=school_id, at=now
        )  # fmt: skip
