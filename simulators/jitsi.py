"""The door of a Jitsi Meet server with token authentication: who may come into which room, and who leads there.

Written after the rules of its Prosody plug-ins (`mod_auth_token`, `token_verification`): the signature by the one
algorithm that is set, issuer and audience, the time, the domain, and the room in small letters.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey


class NotLetIn(Exception):
    """A token does not let anybody in, for the reason that is said."""


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody in a room."""

    room: str
    name: str
    is_moderator: bool


@dataclass(frozen=True, slots=True)
class SimulatedJitsi:
    """The server; the key is a shared secret (HS256) or a public key (RS256)."""

    domain: str
    app_id: str
    key: str | RSAPublicKey
    audience: str = "jitsi"

    def enter(self, address: str, now: datetime) -> Entered:
        """Return who comes in by an address at an instant. Raises NotLetIn."""
        parts = urlsplit(address)
        token = parse_qs(parts.query).get("jwt", [""])[0]
        if parts.hostname != self.domain or token.count(".") != 2:
            raise NotLetIn("no token for this server")
        claims = self._claims(token)
        self._check(claims, unquote(parts.path.rpartition("/")[2]), now)
        user = claims.get("context", {}).get("user", {})
        return Entered(claims["room"], user.get("name", ""), user.get("affiliation") == "owner")

    def _claims(self, token: str) -> dict[str, Any]:
        signed, _, signature = token.rpartition(".")
        head, claims = (json.loads(_decoded(part)) for part in signed.split("."))
        if head.get("alg") != ("HS256" if isinstance(self.key, str) else "RS256"):
            raise NotLetIn("another algorithm")
        if not self._is_signed(signed.encode(), _decoded(signature)):
            raise NotLetIn("not signed by the key")
        assert isinstance(claims, dict), "claims are an object"  # noqa: S101
        return claims

    def _is_signed(self, signed: bytes, signature: bytes) -> bool:
        if isinstance(self.key, str):
            return hmac.compare_digest(hmac.digest(self.key.encode(), signed, hashlib.sha256), signature)
        try:
            self.key.verify(signature, signed, PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        return True

    def _check(self, claims: dict[str, Any], room: str, now: datetime) -> None:
        at_s = now.timestamp()
        refusals = {
            "another issuer": claims.get("iss") != self.app_id,
            "another audience": claims.get("aud") != self.audience,
            "another domain": claims.get("sub") not in {self.domain, "*"},
            "another room": str(claims.get("room", "")).lower() != room.lower(),
            "over": not isinstance(claims.get("exp"), int) or claims["exp"] <= at_s,
            "not valid yet": claims.get("nbf", 0) > at_s,
        }
        for why, is_so in refusals.items():
            if is_so:
                raise NotLetIn(why)


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
