"""Where a school holds its video lessons: the server's address and secret, kept sealed, and whether it answers."""

import asyncpg

from cloud.accounts.actions import audit
from cloud.calls.asking import asked
from cloud.calls.errors import CallRefused
from cloud.calls.jitsi import key_of
from cloud.calls.kinds import SECRET, Algorithm, Kind, Names, Server, ServerGiven
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.targets import target_in
from cloud.core.texts import one_line

ADDRESS_MAX, ID_MAX, SECRET_MIN, SECRET_MAX = 200, 120, 16, 6_000
PROBE = "esik-probe"  # a meeting that there never is
_FIND = "SELECT * FROM call_server WHERE school_id = $1"
_SET = """
INSERT INTO call_server (school_id, kind, address, app_id, key_id, algorithm, secret_encrypted, names, set_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (school_id) DO UPDATE SET kind = $2, address = $3, app_id = $4, key_id = $5, algorithm = $6,
  secret_encrypted = $7, names = $8, set_at = $9
"""


async def server_of(services: Services, school_id: int) -> Server | None:
    """Return the server of a school, if it has one; for who holds lessons there or comes to one."""
    row = await services.database.pool.fetchrow(_FIND, school_id)
    return None if row is None else _server(services, row)


async def server_set(services: Services, actor: Actor, school_id: int) -> ServerGiven | None:
    """Return what is set, without the secret. Raises NotAllowed."""
    actor.require(Right.CALLS_SET, school_id)
    found = await server_of(services, school_id)
    if found is None:
        return None
    return ServerGiven(
        found.kind, found.address, "", found.app_id, found.key_id, found.algorithm, found.names
    )  # fmt: skip


async def set_server(services: Services, actor: Actor, school_id: int, given: ServerGiven) -> None:
    """Set the server of a school; an address elsewhere takes a secret of its own. Raises NotAllowed or CallRefused."""
    actor.require(Right.CALLS_SET, school_id)
    before = await server_of(services, school_id)
    address = _address(services, given.address)
    keeps = before is not None and not given.secret.strip() and (before.kind, before.address) == (given.kind, address)
    secret = before.secret if before is not None and keeps else given.secret.strip()
    app_id, key_id = one_line(given.app_id), one_line(given.key_id)
    if max(len(app_id), len(key_id)) > ID_MAX or (given.kind is Kind.JITSI and not app_id):
        raise CallRefused(message("Write the application's id, as the server knows it."))
    if not SECRET_MIN <= len(secret) <= SECRET_MAX:
        raise CallRefused(message("Enter the secret of this server: {least} characters at least.", least=SECRET_MIN))
    if given.kind is Kind.JITSI:
        key_of(given.algorithm, secret)
    sealed, now = services.vault.encrypt(secret, SECRET, str(school_id)), services.clock.now()
    async with services.database.transaction() as connection:
        await raw(connection).execute(
            _SET, school_id, given.kind.value, address, app_id, key_id, given.algorithm.value, sealed,
            given.names.value, now,
        )  # fmt: skip
        detail = {"kind": given.kind.value}
        await audit(connection, actor, "calls.server_set", f"school:{school_id}", detail, school_id=school_id, at=now)


async def drop_server(services: Services, actor: Actor, school_id: int) -> None:
    """Hold no video lessons any more; links to recordings stay. Raises NotAllowed or NotFound."""
    actor.require(Right.CALLS_SET, school_id)
    async with services.database.transaction() as connection:
        gone = await raw(connection).fetchval("DELETE FROM call_server WHERE school_id = $1 RETURNING true", school_id)
        if gone is None:
            raise NotFound
        now = services.clock.now()
        await audit(connection, actor, "calls.server_dropped", f"school:{school_id}", school_id=school_id, at=now)


async def check_server(services: Services, actor: Actor, school_id: int) -> None:
    """Ask a BigBlueButton server whether it answers to our secret. Raises NotAllowed, NotFound or ServerFailed."""
    actor.require(Right.CALLS_SET, school_id)
    server = await server_of(services, school_id)
    if server is None or server.kind is not Kind.BBB:
        raise NotFound
    await asked(services, server, "isMeetingRunning", {"meetingID": PROBE})


def _address(services: Services, text: str) -> str:
    address = text.strip().rstrip("/")
    target = target_in(address, services.settings.webhook_networks, ADDRESS_MAX)
    if target is None or "?" in address or any(sign in address for sign in "'\"<>`;*"):
        raise CallRefused(
            message("{address} cannot be used: an address begins with https://, and has nothing after a ? or a #.",
                    address=address[:80] or "-")
        )  # fmt: skip
    return address


def _server(services: Services, row: asyncpg.Record) -> Server:
    secret = services.vault.decrypt(row["secret_encrypted"], SECRET, str(row["school_id"]))
    return Server(
        Kind(row["kind"]), row["address"], secret, row["app_id"], row["key_id"], Algorithm(row["algorithm"]),
        Names(row["names"]),
    )  # fmt: skip
