"""Certificates that a school gives: Open Badges 3.0, signed by its own key, shown by an address that nobody guesses.

Rule: a certificate is written once; that it was taken back stands beside it, on its page and in the school's list of
those that were, which names none by its address and forgets none.
"""

import hashlib
import json
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tortoise.backends.base.client import BaseDBAsyncClient

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.base64url import base64url
from cloud.core.database import raw
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.core.vault import Vault
from cloud.portfolio.errors import AwardRefused, EntryRefused
from cloud.portfolio.holding import hold
from cloud.portfolio.judges import check_judge
from cloud.portfolio.kinds import Given, Kind, Subject
from cloud.portfolio.proofs import Document, Json, holds, instant, multikey, signed
from cloud.portfolio.reach import today_at
from cloud.portfolio.rules import checked_entry

KEY, ADDRESS, DOCUMENT = "award_key.private", "award.address", "award.document"  # contexts of the vault
CONTEXT: list[Json] = [
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
]
OF_PERSON_MAX, KEYS_MAX = 200, 20
_NEXT = "SELECT nextval(pg_get_serial_sequence('award', 'id'))"
_NEXT_KEY = "SELECT nextval(pg_get_serial_sequence('award_key', 'id'))"
_KEYS = "SELECT id, public, private_encrypted FROM award_key WHERE school_id = $1 ORDER BY id DESC LIMIT $2"
_ADD_KEY = "INSERT INTO award_key (id, school_id, public, private_encrypted, made_at) VALUES ($1, $2, $3, $4, $5)"
_SCHOOL = "SELECT code, name_kk, zone FROM school WHERE id = $1 FOR NO KEY UPDATE"
_ADD = """
INSERT INTO award (id, school_id, person_id, number, address_digest, address_encrypted, document_encrypted, awarded_on,
  awarded_at, awarded_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_OF_PERSON = "SELECT * FROM award WHERE person_id = $1 ORDER BY id DESC LIMIT $2"
_FIND = """
SELECT award.*, school.code, name_kk, name_ru, name_en, zone FROM award JOIN school ON school.id = award.school_id
WHERE address_digest = $1
"""
_REVOKE = """
WITH taken AS (
  UPDATE award SET revoked_at = $3, revoked_by = $4 WHERE id = $1 AND person_id = $2 AND revoked_at IS NULL
  RETURNING school_id, number
)
INSERT INTO award_revocation (school_id, number) SELECT school_id, number FROM taken RETURNING number
"""
# Without a limit: a certificate that the list left out would be valid again.
_REVOKED = """
SELECT number FROM award_revocation JOIN school ON school.id = school_id WHERE code = $1 ORDER BY number
"""
_OF_CODE = """
SELECT award_key.id, public FROM award_key JOIN school ON school.id = school_id WHERE code = $1
ORDER BY award_key.id LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class Award:
    """A certificate in a portfolio; `address` is the path of its page."""

    id: int
    address: str
    title: str
    words: str
    awarded_on: date
    awarded_by: str
    revoked_at: datetime | None

    @property
    def sign(self) -> str:
        return "award_revoked" if self.revoked_at else "award_valid"


@dataclass(frozen=True, slots=True)
class Shown:
    """A certificate on the page that anybody with its address sees."""

    award: Award
    name: str  # whose it is
    school: Mapping[str, str]  # its name in three languages
    zone: ZoneInfo
    holds: bool  # the signature
    document: str

    @property
    def sign(self) -> str:
        """Return the sign of what it is worth."""
        return self.award.sign if self.holds else "award_changed"


async def award(services: Services, actor: Actor, whose: Subject, title: str, words: str) -> int:
    """Give somebody a certificate of today, and return its number. That the actor may is checked by the caller.

    Raises NotFound, AwardRefused or ErasureAsked.
    """
    now = services.clock.now()
    today = await today_at(services.database.pool, whose.school_id, now)
    given = _checked(title, words, today)
    async with services.database.transaction() as connection:
        at = raw(connection)
        school = await at.fetchrow(_SCHOOL, whose.school_id)
        assert school is not None, "a subject is of a school"  # noqa: S101
        await hold(at, whose, now)
        if await at.fetchval("SELECT count(*) FROM award WHERE person_id = $1", whose.id) >= OF_PERSON_MAX:
            raise AwardRefused(message("So many certificates were given already."))
        await _check_judge(services, at, actor, whose)
        key_id, key = await _key(services, at, whose.school_id, now)
        award_id: int = await at.fetchval(_NEXT)
        number, address = str(uuid.uuid4()), base64url(secrets.token_bytes(16))
        issuer = issuer_of(services, school["code"])
        bare = _credential(number, issuer, school["name_kk"], whose.name, given, now)
        document = json.dumps(signed(bare, key, f"{issuer}#key-{key_id}", now), ensure_ascii=False, indent=1)
        named, vault = str(award_id), services.vault
        await at.execute(
            _ADD, award_id, whose.school_id, whose.id, number, digest_of(address),
            vault.encrypt(address, ADDRESS, named), vault.encrypt(document, DOCUMENT, named), today, now, actor.name,
        )  # fmt: skip
        await _note(services, connection, actor, "award.given", whose, award_id)
    return award_id


async def revoke(services: Services, actor: Actor, whose: Subject, award_id: int) -> None:
    """Take a certificate back; its page says so from now on. Raises NotFound."""
    async with services.database.transaction() as connection:
        if await raw(connection).fetchval(_REVOKE, award_id, whose.id, services.clock.now(), actor.name) is None:
            raise NotFound
        await _note(services, connection, actor, "award.revoked", whose, award_id)


async def awards_of(services: Services, whose: Subject) -> list[Award]:
    """Return somebody's certificates, the newest first; that the reader may see them is checked before."""
    rows = await services.database.pool.fetch(_OF_PERSON, whose.id, OF_PERSON_MAX)
    return [_award(services.vault, row, json.loads(_document(services.vault, row))) for row in rows]


async def award_at(services: Services, address: str) -> Shown:
    """Return the certificate of an address, for whoever has it. Raises NotFound."""
    row = await services.database.pool.fetchrow(_FIND, digest_of(address))
    if row is None:
        raise NotFound
    text = _document(services.vault, row)
    document = json.loads(text)
    keys = dict(await _public_keys(services, row["code"]))
    public = keys.get(int(document["proof"]["verificationMethod"].rpartition("#key-")[2]))
    names = {language: row[f"name_{language}"] for language in ("kk", "ru", "en")}
    subject = document["credentialSubject"]["identifier"][0]["identityHash"]
    return Shown(
        _award(services.vault, row, document), subject, names, ZoneInfo(row["zone"]),
        public is not None and holds(document, public), text,
    )  # fmt: skip


async def controller_of(services: Services, code: str) -> Document:
    """Return the document that tells with which keys a school signs. Raises NotFound for no school that has one."""
    keys = await _public_keys(services, code)
    if not keys:
        raise NotFound
    issuer = issuer_of(services, code)
    methods: list[Json] = [
        {"id": f"{issuer}#key-{key_id}", "type": "Multikey", "controller": issuer, "publicKeyMultibase": multikey(each)}
        for key_id, each in keys
    ]
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": issuer,
        "assertionMethod": methods,
    }


async def revoked_of(services: Services, code: str) -> dict[str, object]:
    """Return a school's list of certificates that it took back, by their numbers. Raises NotFound if it gave none."""
    if not await _public_keys(services, code):
        raise NotFound
    rows = await services.database.pool.fetch(_REVOKED, code)
    issuer = issuer_of(services, code)
    taken = [{"id": f"urn:uuid:{row['number']}", "revoked": True} for row in rows]
    return {"id": f"{issuer}/revoked", "issuer": issuer, "revokedCredential": taken}


def issuer_of(services: Services, code: str) -> str:
    """Return the address that a school's certificates name it by."""
    return f"{services.settings.public_url}/schools/{code}/issuer"


def digest_of(address: str) -> str:
    """Return what a certificate is found by."""
    return hashlib.sha256(address.encode()).hexdigest()


def _credential(number: str, issuer: str, school: str, name: str, given: Given, now: datetime) -> Document:
    """Return a credential of Open Badges 3.0 without its proof."""
    identity: Document = {"type": "IdentityObject", "identityType": "name", "identityHash": name, "hashed": False}
    achievement: Document = {
        "id": f"urn:uuid:{uuid.uuid5(uuid.UUID(number), 'achievement')}", "type": ["Achievement"],
        "name": given.title, "description": given.words or given.title,
        "criteria": {"narrative": given.words or given.title},
    }  # fmt: skip
    return {
        "@context": CONTEXT,
        "id": f"urn:uuid:{number}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": given.title,
        "issuer": {"id": issuer, "type": ["Profile"], "name": school},
        "validFrom": instant(now),
        "credentialSubject": {"type": ["AchievementSubject"], "identifier": [identity], "achievement": achievement},
        "credentialStatus": {"id": f"{issuer}/revoked", "type": "1EdTechRevocationList"},
    }


def _checked(title: str, words: str, today: date) -> Given:
    try:
        return checked_entry(Given(Kind.CERTIFICATE, title, today, words), today)
    except EntryRefused as refused:
        raise AwardRefused(refused.message) from None


async def _check_judge(services: Services, connection: asyncpg.Connection, actor: Actor, whose: Subject) -> None:
    try:
        await check_judge(services, connection, actor, whose)
    except EntryRefused as refused:
        raise AwardRefused(refused.message) from None


async def _key(
    services: Services, connection: asyncpg.Connection, school_id: int, now: datetime
) -> tuple[int, Ed25519PrivateKey]:
    """Return a school's newest key, made in the open transaction, which holds the school's row, if there is none."""
    rows = await connection.fetch(_KEYS, school_id, 1)
    if rows:
        (row,) = rows
        octets = services.vault.decrypt_bytes(row["private_encrypted"], KEY, str(row["id"]))
        return row["id"], Ed25519PrivateKey.from_private_bytes(octets)
    key, key_id = Ed25519PrivateKey.generate(), int(await connection.fetchval(_NEXT_KEY))
    sealed = services.vault.encrypt_bytes(key.private_bytes_raw(), KEY, str(key_id))
    await connection.execute(_ADD_KEY, key_id, school_id, key.public_key().public_bytes_raw(), sealed, now)
    return key_id, key


async def _public_keys(services: Services, code: str) -> Sequence[tuple[int, bytes]]:
    rows = await services.database.pool.fetch(_OF_CODE, code, KEYS_MAX)
    return [(row["id"], row["public"]) for row in rows]


def _document(vault: Vault, row: asyncpg.Record) -> str:
    return vault.decrypt(row["document_encrypted"], DOCUMENT, str(row["id"]))


def _award(vault: Vault, row: asyncpg.Record, document: Mapping[str, Mapping[str, Mapping[str, str]]]) -> Award:
    told = document["credentialSubject"]["achievement"]
    title, words = told["name"], told["description"]
    return Award(
        row["id"], f"/certificates/{vault.decrypt(row['address_encrypted'], ADDRESS, str(row['id']))}", title,
        "" if words == title else words, row["awarded_on"], row["awarded_by"], row["revoked_at"],
    )  # fmt: skip


async def _note(
    services: Services, connection: BaseDBAsyncClient, actor: Actor, verb: str, whose: Subject, award_id: int
) -> None:
    await audit(
        connection, actor, verb, f"person:{whose.id}", {"award": str(award_id)}, school_id=whose.school_id,
        at=services.clock.now(),
    )  # fmt: skip
