"""Codes by which the holder of an account takes a child of a school in.

Rule: an account that was there before gets no child but by its own holder, who has a paper with a code from the school.
Whoever opened the account, at whichever school, may know its password; a phone number proves nothing, nor who had it
before. A code is kept nowhere: it is drawn from guardian, account and fortnight under the vault's key (59 bits).
"""

from hmac import compare_digest

from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit, give_role
from cloud.accounts.codes import code_of
from cloud.accounts.logins import opened
from cloud.accounts.rules import INITIAL_ALPHABET
from cloud.audit.ties import Kind, Tie, told_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.people.bulk import PHONE
from cloud.people.errors import PersonRefused

CONTEXT = "guardian.joining"
FORTNIGHT = 14  # days; the code of the one before is taken too, so that each lasts as long as a first password
WAITING_MAX = 50  # schools that wait for one phone number
GIVER = Actor.system("a code of the school")
_WAITING = """
SELECT id, school_id FROM guardian WHERE phone_digest = $1 AND account_id IS NULL ORDER BY id LIMIT $2
"""
# An account becomes the guardian's who has none yet: whoever comes second takes nothing.
_TAKE = "UPDATE guardian SET account_id = $2 WHERE id = $1 AND account_id IS NULL RETURNING id"


class JoinRefused(PersonRefused):
    """A code that names nobody who waits for this account."""

    code = "join_refused"

    def __init__(self) -> None:
        super().__init__(message("This code does not fit, or its time is over. Ask the school's office for another."))


def code_for(services: Services, guardian_id: int, account_id: int, *, ago: int = 0) -> str:
    """Return the code by which an account takes in what a guardian sees; `ago` fortnights back."""
    fortnight = services.clock.now().date().toordinal() // FORTNIGHT - ago
    return code_of(services.vault.digest(f"{guardian_id}:{account_id}:{fortnight}", CONTEXT))


async def take_in(services: Services, actor: Actor, typed: str) -> None:
    """Let the actor's own account be the guardian whom a code names. Raises JoinRefused or NotFound."""
    if actor.account_id is None or actor.must_change:
        raise NotFound
    guardian_id, school_id = await _named(services, actor.account_id, _plain(typed))
    await give_role(services, GIVER, actor.account_id, Reach(Role.GUARDIAN, school_id))
    async with services.database.transaction() as connection:
        if not await take(connection, guardian_id, actor.account_id):
            raise JoinRefused  # another of the account's pages was quicker
        subject, detail = f"guardian:{guardian_id}", await told_of(connection, Tie(Kind.GUARDIAN, guardian_id))
        await audit(connection, actor, "guardian.joined", subject, detail, school_id=school_id, at=services.clock.now())


async def take(connection: BaseDBAsyncClient, guardian_id: int, account_id: int) -> bool:
    """Let an account be a guardian's who has none; tell whether it is now. The caller notes the tie."""
    return bool(await connection.execute_query_dict(_TAKE, [guardian_id, account_id]))


async def _named(services: Services, account_id: int, typed: str) -> tuple[int, int]:
    """Return the guardian and the school of a code, among those whose phone number is the account's login."""
    pool = services.database.pool
    sealed = await pool.fetchval("SELECT login_encrypted FROM account WHERE id = $1", account_id)
    digest = services.vault.digest(opened(services.vault, sealed), PHONE)
    for row in await pool.fetch(_WAITING, digest, WAITING_MAX):
        codes = [_plain(code_for(services, row["id"], account_id, ago=ago)) for ago in (0, 1)]
        if any(compare_digest(typed, code) for code in codes):
            return row["id"], row["school_id"]
    raise JoinRefused


def _plain(code: str) -> str:
    """Return a code's letters alone, however it was typed."""
    return "".join(sign for sign in code.lower() if sign in INITIAL_ALPHABET)
