"""A chat with the bot is joined to an account by a code that the account's page shows, and parts again.

Rule: a code is good once, for a quarter of an hour, and only its digest is kept; a chat tells one account's news.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud.accounts.actions import audit
from cloud.accounts.codes import CODE_LETTERS, draw_code, normal_code
from cloud.accounts.rules import INITIAL_ALPHABET
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.i18n import Language, as_language
from cloud.core.page_wakeups import wake_pages
from cloud.core.services import Services
from cloud.core.vault import Vault
from cloud.notifications.channels.addresses import add_address, digest_of, release_elsewhere
from cloud.notifications.channels.sender import TELEGRAM
from cloud.notifications.live_pages import key_of

LASTS = timedelta(minutes=15)
LABEL_MAX = 60
CODE = re.compile(f"[{INITIAL_ALPHABET}]{{{CODE_LETTERS}}}")
SYSTEM = Actor.system("Telegram")
_PUT = """
INSERT INTO telegram_code AS held (account_id, digest, expires_at) VALUES ($1, $2, $3)
ON CONFLICT (account_id) DO UPDATE SET digest = excluded.digest, expires_at = excluded.expires_at
"""
_TAKE = """
DELETE FROM telegram_code USING account WHERE digest = $1 AND expires_at > $2 AND account.id = account_id
  AND account.is_active RETURNING account_id, account.language, account.name
"""
_PART = "DELETE FROM channel_address WHERE channel = $1 AND digest = $2 AND gone_at IS NULL RETURNING account_id"
_FORGET = "DELETE FROM telegram_code WHERE expires_at <= $1"
_BOT = "SELECT name FROM telegram_feed WHERE bot = $1 AND name <> ''"


@dataclass(frozen=True, slots=True)
class LinkCode:
    """A code as its page shows it, and the address that carries it into Telegram."""

    code: str
    address: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Linked:
    """An account that a chat was joined to."""

    account_id: int
    name: str
    language: Language | None


def may_be_code(text: str) -> bool:
    """Tell whether a text has the form of a code."""
    return CODE.fullmatch(normal_code(text)) is not None


async def bot_name(services: Services) -> str:
    """Return what the bot is called; empty where there is none, or it was not reached yet."""
    if not (bot := services.settings.telegram_bot):
        return ""
    return str(await services.database.pool.fetchval(_BOT, int(bot.partition(":")[0])) or "")


async def new_code(services: Services, actor: Actor) -> LinkCode | None:
    """Draw a code for the actor's account in the place of an older one; None where there is no bot to tell it to."""
    if actor.account_id is None or not (name := await bot_name(services)):
        return None
    code, until = draw_code(), services.clock.now() + LASTS
    await services.database.pool.execute(_FORGET, services.clock.now())
    await services.database.pool.execute(_PUT, actor.account_id, _digest(services.vault, code), until)
    return LinkCode(code, f"https://t.me/{name}?start={code}", until)


async def link_chat(services: Services, code: str, chat: int, label: str) -> Linked | None:
    """Join a chat to the account of a code, and part it from any other; None for a code that is not good."""
    now = services.clock.now()
    async with services.database.transaction() as connection:
        at = raw(connection)
        row = await at.fetchrow(_TAKE, _digest(services.vault, code), now)
        if row is None:
            return None
        account_id: int = row["account_id"]
        await release_elsewhere(services, at, account_id, TELEGRAM, str(chat))
        await add_address(
            services, at, account_id, TELEGRAM, str(chat), same_as=str(chat), label=label[:LABEL_MAX]
        )  # fmt: skip
        await audit(connection, SYSTEM, "telegram.linked", f"account:{account_id}", at=now)
        await wake_pages(services.vault, at, [key_of(account_id)])
    return Linked(account_id, row["name"], as_language(row["language"]))


async def unlink_chat(services: Services, chat: int) -> Sequence[int]:
    """Part a chat from whatever account it is joined to; return which."""
    async with services.database.transaction() as connection:
        at = raw(connection)
        rows = await at.fetch(_PART, TELEGRAM, digest_of(services.vault, TELEGRAM, str(chat)))
        parted = [row["account_id"] for row in rows]
        for account_id in parted:
            await audit(
                connection, SYSTEM, "telegram.unlinked", f"account:{account_id}", at=services.clock.now()
            )  # fmt: skip
        await wake_pages(services.vault, at, [key_of(account_id) for account_id in parted])
    return parted


def _digest(vault: Vault, code: str) -> str:
    return vault.digest(normal_code(code), "telegram.code")
