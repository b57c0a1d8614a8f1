"""A password that was forgotten: a code by letter to the one address that all schools of an account agree on.

Rule: whoever asks is told nothing of whether an account or an address is there. A school that may not give the account
a new password cannot choose the address: it is the login itself, or, where the account is a guardian's and nothing
else, what each of its schools wrote down. A code is kept nowhere: it is drawn under the vault's key from account,
password, address and quarter of an hour (59 bits), so that it works once.
"""

import secrets
from enum import StrEnum
from hmac import compare_digest

import asyncpg
import structlog

from cloud.accounts import attempts
from cloud.accounts.attempts import Limit
from cloud.accounts.codes import code_of, normal_code
from cloud.accounts.errors import TooManyAttempts
from cloud.accounts.others import note
from cloud.accounts.passwords import COMMON, hash_password
from cloud.accounts.renewing import Holder, holder_of, renew_password
from cloud.accounts.rules import (
    FREE_FROM_ANYWHERE,
    FREE_OF_AN_ADDRESS,
    WAIT_MAX,
    WAIT_MAX_ANYWHERE,
    check_password,
    login_or_blank,
)
from cloud.core.actor import Actor
from cloud.core.errors import Refused
from cloud.core.i18n import N_, Language, translate
from cloud.core.mail import Letter, LetterRefused, NotSent, Post
from cloud.core.messages import Message, message
from cloud.core.services import Services
from cloud.core.texts import is_email
from cloud.core.underway import UnderWay
from cloud.people.bulk import EMAIL

CONTEXT = "account.recovery"  # at the vault
QUARTER_S = 900  # the code of the quarter before is taken too
FREE = 3


class Counted(StrEnum):
    """What is counted and slowed down."""

    ASKED = "asked"
    TYPED = "typed"


# From anywhere: letters fill a mailbox, and one that a stranger asked for works as well; a stranger's wrong codes must
# not keep the holder of the right one waiting until it is over (59 bits are not guessed).
OF_LOGIN = {Counted.ASKED: (FREE, WAIT_MAX), Counted.TYPED: (FREE_FROM_ANYWHERE, WAIT_MAX_ANYWHERE)}
SENDING_MAX = 20  # letters at once; who comes beyond that asks again
ASKED, CHANGED = N_("A code to choose a new password"), N_("Your password was changed")
SOMEBODY = Actor("somebody")
# What each role's school wrote down, and each school whose guardian the account is, with a role there or without.
_ADDRESSES = """
SELECT held.role = 'guardian' AS is_family, (
  SELECT array_agg(own.email_encrypted) FROM guardian AS own
  WHERE own.account_id = held.account_id AND own.school_id = held.school_id) AS emails
FROM grant_of_role AS held WHERE held.account_id = $1
UNION ALL SELECT true, ARRAY[email_encrypted] FROM guardian WHERE account_id = $1
"""
SENDING = UnderWay(SENDING_MAX)
log = structlog.get_logger()


class RecoveryRefused(Refused):
    """A code that fits no account with this login now."""

    code = "recovery_refused"

    def __init__(self) -> None:
        super().__init__(message("Login and code do not fit, or the code's time is over. Ask for another letter."))


class TooManyTries(TooManyAttempts):
    """Letters were asked for, or codes typed, too often."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(retry_after_s)
        self.message = message("Too many tries. Wait {seconds} seconds and try again.", seconds=retry_after_s)


async def count_wish(services: Services, login: str, address: str) -> None:
    """Count that somebody asks for a letter, whatever there is. Raises TooManyAttempts for many."""
    counted = _limits(services, login, address, Counted.ASKED)
    await _check(services, counted)
    async with services.database.transaction() as connection:
        await attempts.note_failure(connection, counted, services.clock.now())


async def send_code(services: Services, post: Post, login: str, address: str) -> None:
    """Send the letter with the code where there is an account with an address; the answer, before, tells of neither."""
    found = await _found(services, login)
    if found is None:
        return
    holder, to = found
    async with services.database.transaction() as connection:
        await note(services, connection, SOMEBODY, "account.recovery_asked", holder.account_id)
    code = code_for(services, holder, to)
    told = message(
        "Somebody, you we hope, has forgotten the password of an account at {address}.\nCode: {code}\n"
        "Type it where you asked for this letter, within 15 minutes, with a new password. Did you not ask? Then do"
        " nothing: without the code the password stays. Tell the code to nobody, the school's office neither.",
        address=address, code=code,
    )  # fmt: skip
    await _send(services, post, to, ASKED, told)


async def recover(services: Services, login: str, code: str, new: str, address: str) -> str:
    """Let an account have a new password, and end its sessions; return the address that is told of it.

    Its second step is asked at the sign-in as ever. Raises RecoveryRefused, PasswordRefused or TooManyAttempts.
    """
    counted, known_as = _limits(services, login, address, Counted.TYPED), login_or_blank(login)
    await _check(services, counted)
    check_password(new, known_as, "", COMMON)
    found = await _found(services, login)
    if found is None or not _fits(services, *found, normal_code(code)):
        async with services.database.transaction() as connection:
            await attempts.note_failure(connection, counted, services.clock.now())
        raise RecoveryRefused
    holder, to = found
    check_password(new, known_as, holder.name, COMMON)
    hashed = await hash_password(new)
    async with services.database.transaction() as connection:
        if not await renew_password(services, connection, holder, hashed):
            raise RecoveryRefused  # the code was used, or the password changed, just now
        await attempts.forget(connection, counted, services.clock.now())
    return to


async def send_changed(services: Services, post: Post, to: str, address: str) -> None:
    """Tell the holder, by the same address, that the password was changed."""
    told = message(
        "The password of your account at {address} was changed with a code from a letter like this one, and every"
        " device was signed out. Was it not you? Go to the school's office, and change the password of this mailbox.",
        address=address,
    )  # fmt: skip
    await _send(services, post, to, CHANGED, told)


def code_for(services: Services, holder: Holder, to: str, *, ago: int = 0) -> str:
    """Return the code of an account with its password and address as they are; `ago` quarters of an hour back."""
    quarter = int(services.clock.now().timestamp()) // QUARTER_S - ago
    return code_of(services.vault.digest(f"{holder.account_id}\n{holder.password_hash}\n{to}\n{quarter}", CONTEXT))


async def _found(services: Services, login: str) -> tuple[Holder, str] | None:
    """Return the account of a login and the address for its letters, if it has both."""
    holder = await holder_of(services, login)
    # Asked for nobody too: what a wrong code takes tells of no account.
    roles = await services.database.pool.fetch(_ADDRESSES, holder.account_id if holder else 0)
    if holder is None:
        return None
    to = holder.login if is_email(holder.login) else _agreed(services, roles)
    return (holder, to) if to else None


def _agreed(services: Services, roles: list[asyncpg.Record]) -> str:
    """Return the address that every school of a guardian's account wrote down; none where one has another, or none."""
    sealed = [each for row in roles for each in (row["emails"] or [None])]
    if not sealed or None in sealed or not all(row["is_family"] for row in roles):
        return ""
    addresses = {services.vault.decrypt(each, EMAIL) for each in sealed}
    return addresses.pop() if len(addresses) == 1 else ""


def _fits(services: Services, holder: Holder, to: str, typed: str) -> bool:
    codes = [normal_code(code_for(services, holder, to, ago=ago)) for ago in (0, 1)]
    return any(compare_digest(typed.encode(), code.encode()) for code in codes)


def _limits(services: Services, login: str, address: str, what: Counted) -> tuple[Limit, ...]:
    """Return what is counted of letters asked for, or of codes typed: by login and address, by each alone."""
    free, longest = OF_LOGIN[what]
    known_as, place, digest = login_or_blank(login), attempts.place_of(address), services.vault.digest
    return (
        Limit(digest(f"{known_as}\n{place}", f"recovery.{what}.both"), FREE, WAIT_MAX),
        Limit(digest(known_as, f"recovery.{what}.login"), free, longest),
        Limit(digest(place, f"recovery.{what}.address"), FREE_OF_AN_ADDRESS, WAIT_MAX),
    )


async def _check(services: Services, counted: tuple[Limit, ...]) -> None:
    try:
        await attempts.check(services, counted)
    except TooManyAttempts as refused:
        raise TooManyTries(refused.retry_after_s) from None


async def _send(services: Services, post: Post, to: str, subject: str, told: Message) -> None:
    """Send a letter in the three languages, one below the other; it names nobody."""
    texts = [translate(language, told) for language in Language]
    subjects = " / ".join(translate(language, subject) for language in Language)
    letter = Letter(f"recovery-{secrets.token_hex(8)}", to, subjects, "\n\n".join(texts), services.clock.now())
    with SENDING.one() as has_room:
        if not has_room:
            log.warning("recovery.not_sent", error="too many letters at once")
            return
        try:
            await post.send(letter)
        except (NotSent, LetterRefused) as error:
            log.warning("recovery.not_sent", error=str(error))
