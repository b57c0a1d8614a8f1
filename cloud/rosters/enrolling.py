"""Enrolling: a device that was given a code gets its bundle, once, and takes the place of the one before it.

Rule: one code makes one device, however many ask at once. Who asks again with the same key, because the answer was
lost, gets the same device until the code's day is over; anybody else is refused, and an alarm is raised.
"""

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from http import HTTPStatus
from typing import Annotated, Literal

import asyncpg
import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Meta, Struct
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts import attempts
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import Refused
from cloud.core.page_wakeups import CHANNEL
from cloud.core.services import Services
from cloud.core.wakeups import NOBODY, notify
from cloud.devices.actions import NewDevice, NewGate, revoke_within
from cloud.devices.alarms import note_alarm
from cloud.devices.ca import Authority, key_digest, requested_key
from cloud.devices.enrolment_errors import (
    CodeCancelled,
    CodeExpired,
    CodeForeign,
    CodeForged,
    CodeUnknown,
    CodeUsed,
    EnrolmentMalformed,
)
from cloud.devices.errors import CertificatesTooMany, CsrRefused, DeviceRevoked
from cloud.devices.invitations import KEYS, InvitationState, state_of
from cloud.devices.registry import SECRET
from cloud.rosters.actions import publish
from cloud.rosters.bundles import HubAddress, Papers, bundle_of, enter, note_papers
from cloud.rosters.renewing import ISSUED_MAX
from cloud.schools.queries import SchoolRow, school_of_id
from schemas.enrolment import PATH, SEALED_NONCE_BYTES
from schemas.requests import answer_headers, signature

STRANGER = "enrolment"  # in a device's place in an alarm, when a code is nobody's
LOGIN = "device enrolment"  # what failures from an address are counted under
DEVICE_ASKED = Actor.system("a device enrolled by its code")
_EPOCH_START = datetime(1970, 1, 1, tzinfo=UTC)
_ALARMS = (CodeUnknown, CodeForged, CodeUsed, CodeExpired, CodeCancelled, CodeForeign, CsrRefused)
log = structlog.get_logger()

_FIND = """
SELECT id, school_id, device, gates, is_hub, hub_host, hub_port, keys_encrypted, expires_at, used_at, cancelled_at,
  key_digest
FROM invitation WHERE id = $1
"""
_LOCK_SCHOOL = "SELECT 1 FROM school WHERE id = $1 FOR NO KEY UPDATE"  # before the invitation, as who makes one does
_USE = "UPDATE invitation SET used_at = $2, key_digest = $3 WHERE id = $1"
_BEFORE = """
SELECT DISTINCT device.name, device.is_hub FROM gate JOIN device ON device.id = gate.device_id
WHERE gate.school_id = $1 AND gate.key = ANY($2::text[]) AND device.state = 'active' ORDER BY name
"""
_PLACES = """
SELECT key, name_kk, name_ru, name_en, has_sensor FROM gate LEFT JOIN device ON device.id = gate.device_id
WHERE gate.school_id = $1 AND (key = ANY($2::text[]) OR device.name = ANY($3::text[])) ORDER BY key
"""
_HUB = "SELECT name FROM device WHERE school_id = $1 AND is_hub AND state = 'active' LIMIT 1"
_KNOWN = """
SELECT state = 'active' AS is_active, secret_encrypted,
  (SELECT count(*) FROM device_certificate AS given WHERE given.device = known.name AND issued_at > $2) AS issued
FROM device AS known WHERE name = $1 FOR UPDATE
"""
_NOTE = "UPDATE device SET firmware = $2 WHERE name = $1"


class Enrolment(Struct, frozen=True):
    """What a device asks with: schemas/documents/enrolment.schema.json."""

    version: Literal[1]
    device: str
    school: str
    csr_pem: Annotated[str, Meta(min_length=27, max_length=8_192)]
    kind: Literal["agent", "node"]
    firmware: Annotated[str, Meta(min_length=1, max_length=24)]
    board: Annotated[str, Meta(min_length=1, max_length=48)]


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """A request as it came: the four headers, the body, and the address it came from."""

    invitation: str
    nonce: str
    time: str
    signature: str
    body: bytes
    address: str


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """What is answered; a bundle is sealed, a refusal is JSON."""

    status: HTTPStatus
    body: bytes
    headers: dict[str, str]


async def answer(services: Services, asked: Asked) -> Answer:
    """Enrol the device that asks, or say why not; whoever holds the code can believe the answer."""
    row = await services.database.pool.fetchrow(_FIND, asked.invitation)
    keys = services.vault.decrypt_bytes(row["keys_encrypted"], KEYS) if row is not None else bytes(64)
    is_believed = _is_signed(keys[:32], asked) and row is not None
    try:
        if not is_believed:
            await attempts.check(services, _counted(services, asked))
            raise CodeUnknown if row is None else CodeForged
        bundle = await _enrol(services, row, asked)
    except Refused as refused:
        await _note_refusal(services, row, asked, refused)
        body = json.dumps({"code": refused.code, "detail": str(refused)}, ensure_ascii=False).encode()
        return Answer(refused.status, body, _signed(services, keys, asked, refused.status, body) if is_believed else {})
    sealed = _sealed(keys[32:], bundle, asked)
    return Answer(HTTPStatus.OK, sealed, _signed(services, keys, asked, HTTPStatus.OK, sealed))


async def _enrol(services: Services, found: asyncpg.Record, asked: Asked) -> bytes:
    """Return the bundle of the device that the code is for."""
    request, school = _request(asked.body), await school_of_id(services, found["school_id"])
    if (request.school, request.device) != (school.code, found["device"]):
        raise CodeForeign
    key = requested_key(request.csr_pem.encode(), found["device"])
    authority = Authority.load(services.settings.data / "ca", services.vault)
    async with services.database.transaction() as connection:
        await raw(connection).execute(_LOCK_SCHOOL, school.id)
        row = await raw(connection).fetchrow(f"{_FIND} FOR UPDATE", asked.invitation)
        _check(services, row, key)
        papers = Papers(authority, authority.for_key(row["device"], key, services.clock.now()))
        if row["used_at"] is not None:
            bundle = await _again(services, connection, school, row, papers)
        else:
            bundle = await _enter(services, connection, school, row, papers)
            await raw(connection).execute(_USE, row["id"], services.clock.now(), key_digest(key))
        await raw(connection).execute(_NOTE, row["device"], request.firmware)
        await notify(connection, CHANNEL, f"{school.id}:{NOBODY}")
    log.info("device.enrolled", device=row["device"], school=school.code, kind=request.kind, board=request.board)
    await publish(services, DEVICE_ASKED, school.id)
    return json.dumps(bundle, ensure_ascii=False).encode()


def _check(services: Services, row: asyncpg.Record, key: ec.EllipticCurvePublicKey) -> None:
    """Raise CodeUsed, CodeCancelled or CodeExpired for a code that is worth nothing to this key."""
    now = services.clock.now()
    match state_of(row, now):
        case InvitationState.USED if row["key_digest"] != key_digest(key):
            raise CodeUsed
        case InvitationState.CANCELLED:
            raise CodeCancelled
        case InvitationState.EXPIRED:
            raise CodeExpired
        case InvitationState.USED if row["expires_at"] <= now:
            raise CodeExpired
        case _:
            pass


async def _enter(
    services: Services, connection: BaseDBAsyncClient, school: SchoolRow, row: asyncpg.Record, papers: Papers
) -> dict[str, object]:
    """Enter the new device in the place of those that served its doors, which are revoked; their gates go over."""
    plain, now = raw(connection), services.clock.now()
    before = await plain.fetch(_BEFORE, school.id, row["gates"])
    for old in before:
        await revoke_within(connection, DEVICE_ASKED, old["name"], now)
    places = await plain.fetch(_PLACES, school.id, row["gates"], [old["name"] for old in before])
    gates = tuple(NewGate(*place) for place in places)
    is_hub = row["is_hub"] or any(old["is_hub"] for old in before)
    new = NewDevice(row["device"], gates, is_hub=is_hub)
    hub = await _hub(plain, row, new.name if is_hub else "")
    return await enter(services, connection, DEVICE_ASKED, school, new, hub, papers)


async def _again(
    services: Services, connection: BaseDBAsyncClient, school: SchoolRow, row: asyncpg.Record, papers: Papers
) -> dict[str, object]:
    """Return the same bundle once more, to the key that it was made for: the answer was lost."""
    plain, day = raw(connection), services.clock.now() - timedelta(days=1)
    known = await plain.fetchrow(_KNOWN, row["device"], day)
    if not known["is_active"]:
        raise DeviceRevoked
    if known["issued"] >= ISSUED_MAX:
        raise CertificatesTooMany
    await note_papers(services, connection, row["device"], papers)
    secret = services.vault.decrypt_bytes(known["secret_encrypted"], SECRET)
    hub = await _hub(plain, row, "")
    return await bundle_of(services, connection, school, row["device"], secret, hub, papers)


async def _hub(connection: asyncpg.Connection, row: asyncpg.Record, itself: str) -> HubAddress | None:
    """Return where the school's hub is, as IT said it when the code was made."""
    device = itself or await connection.fetchval(_HUB, row["school_id"])
    return HubAddress(device, row["hub_host"], row["hub_port"]) if device and row["hub_host"] else None


def _request(body: bytes) -> Enrolment:
    try:
        return msgspec.json.decode(body, type=Enrolment)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise EnrolmentMalformed(str(error)[:200]) from error


# Believing and being believed


def _is_signed(key: bytes, asked: Asked) -> bool:
    wanted = signature(key, "POST", PATH, asked.nonce, asked.time, asked.body)
    return asked.signature.isascii() and compare_digest(asked.signature, wanted)


def _signed(services: Services, keys: bytes, asked: Asked, status: HTTPStatus, body: bytes) -> dict[str, str]:
    now_ms = (services.clock.now() - _EPOCH_START) // timedelta(milliseconds=1)
    return answer_headers(keys[:32], status.value, asked.nonce, now_ms, body)


def _sealed(key: bytes, bundle: bytes, asked: Asked) -> bytes:
    """Return a bundle that only the code's token opens, and that answers this one request."""
    nonce = secrets.token_bytes(SEALED_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, bundle, asked.signature.encode())


# Refusing


async def _note_refusal(services: Services, row: asyncpg.Record | None, asked: Asked, refused: Refused) -> None:
    """Log it; count it against the address it came from and raise an alarm, if it is one of a code."""
    device, school_id = (row["device"], row["school_id"]) if row is not None else (STRANGER, None)
    log.warning("enrolment.refused", code=refused.code, device=device)
    if not isinstance(refused, _ALARMS):
        return
    now = services.clock.now()
    async with services.database.transaction() as connection:
        await attempts.note_failure(connection, _counted(services, asked), now)
        await note_alarm(connection, school_id, device, refused.code, f"from {asked.address}", now)


def _counted(services: Services, asked: Asked) -> tuple[attempts.Limit, ...]:
    return attempts.limits(services, LOGIN, asked.address)[:1]
