"""Passkeys (WebAuthn) of one's own account: made, taken away, and as the second step of signing in.

Rule: a passkey answers one challenge, once, for this site's own name and address, and for the account it was made for.
"""

import ipaddress
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from tortoise.exceptions import IntegrityError
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from cloud.accounts import attempts
from cloud.accounts.beginnings import CHALLENGE_BYTES, Factor, Session, hold_session, lock_account
from cloud.accounts.errors import CodeRefused, FactorRefused, SignInRefused
from cloud.accounts.factors import codes_if_none, release, require_one_left
from cloud.accounts.logins import opened
from cloud.accounts.models import Account, Passkey, PasskeyOffer
from cloud.accounts.second_step import HalfWay, count_wrong, finish, locked_half
from cloud.audit.writing import audit
from cloud.core.actor import Actor
from cloud.core.errors import NotFound
from cloud.core.messages import message
from cloud.core.services import Services
from cloud.core.settings import Settings
from cloud.core.texts import one_line

OFFER_LASTS = timedelta(minutes=5)
PASSKEYS_MAX = 10
NAME_MAX = 60
ANSWER_MAX = 16_000
CREDENTIAL = re.compile(r"[A-Za-z0-9_-]{1,1400}")
_TAKE_OFFER = "DELETE FROM passkey_offer WHERE account_id = $1 AND expires_at > $2 RETURNING challenge"


@dataclass(frozen=True, slots=True)
class PasskeyRow:
    """A passkey as its owner sees it."""

    id: int
    name: str
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Site:
    """The name and the address that passkeys are bound to."""

    name: str
    origin: str


def site_of(settings: Settings) -> Site | None:
    """Return what passkeys are bound to; None where browsers make none: without TLS, or under a bare number."""
    parts = urlsplit(settings.public_url)
    name = parts.hostname or ""
    if parts.scheme != "https" and name != "localhost":
        return None
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return Site(name, f"{parts.scheme}://{parts.netloc}")
    return None


async def passkeys_of(actor: Actor) -> list[PasskeyRow]:
    """Return the actor's own passkeys, the oldest first."""
    rows = await Passkey.filter(account_id=actor.account_id).order_by("id").limit(PASSKEYS_MAX)
    return [PasskeyRow(row.id, row.name, row.created_at, row.used_at) for row in rows]


async def offer_passkey(services: Services, actor: Actor) -> str:
    """Return what the browser makes a passkey from, as JSON. Raises FactorRefused."""
    site, account = _site(services), await _own(actor)
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    known = await Passkey.filter(account_id=account.id)
    if len(known) >= PASSKEYS_MAX:
        raise FactorRefused(message("There are {count} passkeys already. Take one away first.", count=PASSKEYS_MAX))
    await PasskeyOffer.filter(account_id=account.id).delete()
    await PasskeyOffer(
        account_id=account.id, challenge=challenge, expires_at=services.clock.now() + OFFER_LASTS
    ).save()  # fmt: skip
    options = generate_registration_options(
        rp_id=site.name, rp_name="Esik", user_name=opened(services.vault, account.login_encrypted),
        user_display_name=account.name, challenge=challenge,
        user_id=bytes.fromhex(services.vault.digest(str(account.id), "passkey.user")),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(base64url_to_bytes(each.credential)) for each in known],
    )  # fmt: skip
    return options_to_json(options)


async def add_passkey(services: Services, actor: Actor, token: str, answer: str, name: str) -> Sequence[str]:
    """Keep the passkey that a browser made; return recovery codes where there were none, to be shown once.

    Raises FactorRefused or SessionEnded.
    """
    site, account, now = _site(services), await _own(actor), services.clock.now()
    taken = await services.database.pool.fetchrow(_TAKE_OFFER, account.id, now)
    if taken is None:
        raise FactorRefused(message("This took too long. Begin anew."))
    try:
        made = verify_registration_response(
            credential=answer[:ANSWER_MAX], expected_challenge=taken["challenge"], expected_rp_id=site.name,
            expected_origin=site.origin, require_user_verification=True,
        )  # fmt: skip
    except (WebAuthnException, ValueError):
        raise FactorRefused(message("The passkey could not be made. Try again, or use an app.")) from None
    async with services.database.transaction() as connection:
        await hold_session(connection, account.id, token)
        try:
            await Passkey(
                account_id=account.id, credential=bytes_to_base64url(made.credential_id), created_at=now,
                public_key=made.credential_public_key, sign_count=made.sign_count, name=one_line(name)[:NAME_MAX],
            ).save()  # fmt: skip
        except IntegrityError:
            raise FactorRefused(message("This passkey is known already.")) from None
        await audit(connection, actor, "account.passkey_added", f"account:{account.id}", at=now)
        await release(connection, account.id, token)
        return await codes_if_none(services, connection, actor)


async def drop_passkey(services: Services, actor: Actor, passkey_id: int) -> None:
    """Take one of the actor's own passkeys away. Raises NotFound, or FactorRefused for the last one that is needed."""
    account = await _own(actor)
    async with services.database.transaction() as connection:
        await lock_account(connection, account.id)
        if not await Passkey.filter(id=passkey_id, account_id=account.id).delete():
            raise NotFound
        await require_one_left(services, connection, account.id)
        await audit(
            connection, actor, "account.passkey_dropped", f"account:{account.id}", at=services.clock.now()
        )  # fmt: skip


async def passkey_asked(services: Services, half: HalfWay) -> str:
    """Return what the browser asks a passkey for in the second step, as JSON; empty where the account has none."""
    site = site_of(services.settings)
    if site is None or Factor.PASSKEY not in half.ways:
        return ""
    known = await Passkey.filter(account_id=half.account_id)
    options = generate_authentication_options(
        rp_id=site.name, challenge=half.challenge, user_verification=UserVerificationRequirement.REQUIRED,
        allow_credentials=[PublicKeyCredentialDescriptor(base64url_to_bytes(each.credential)) for each in known],
    )  # fmt: skip
    return options_to_json(options)


async def finish_with_passkey(services: Services, token: str, answer: str, address: str, device: str = "") -> Session:
    """Begin the session with a passkey's answer. Raises HalfEnded, CodeRefused or TooManyAttempts."""
    now = services.clock.now()
    async with services.database.transaction() as connection:
        half = await locked_half(connection, token, now)
        counted = attempts.passkey_limits(services, half.account_id, address)
        await attempts.check_within(connection, counted, now)
        known = await Passkey.get_or_none(account_id=half.account_id, credential=_credential_of(answer))
        sign_count = None if known is None else _answered(services, half, known, answer)
        if known is not None and sign_count is not None:
            await Passkey.filter(id=known.id).update(sign_count=sign_count, used_at=now)
            await attempts.forget(connection, counted, now)
            return await finish(services, connection, half, device, Factor.PASSKEY)
        await count_wrong(services, connection, half, counted, address)
    raise CodeRefused


def _answered(services: Services, half: HalfWay, known: Passkey, answer: str) -> int | None:
    """Return the passkey's new count of signatures, or None when the answer is not its own."""
    site = _site(services)
    try:
        verified = verify_authentication_response(
            credential=answer[:ANSWER_MAX], expected_challenge=half.challenge, expected_rp_id=site.name,
            expected_origin=site.origin, credential_public_key=known.public_key,
            credential_current_sign_count=known.sign_count, require_user_verification=True,
        )  # fmt: skip
    except (WebAuthnException, ValueError):
        return None
    return verified.new_sign_count


def _credential_of(answer: str) -> str:
    try:
        said = json.loads(answer[:ANSWER_MAX])
    except ValueError:
        return ""
    named = said.get("id") if isinstance(said, dict) else None
    return named if isinstance(named, str) and CREDENTIAL.fullmatch(named) else ""


def _site(services: Services) -> Site:
    site = site_of(services.settings)
    if site is None:
        raise FactorRefused(message("Passkeys work only under a name with https. Use an app."))
    return site


async def _own(actor: Actor) -> Account:
    account = await Account.get_or_none(id=actor.account_id) if actor.account_id is not None else None
    if account is None:
        raise SignInRefused
    return account
