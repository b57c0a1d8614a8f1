"""The way to a room of a Jitsi Meet server: its address with a token that lets one person into one room for minutes.

Claims are those of Jitsi's token authentication (lib-jitsi-meet, doc/tokens.md); who leads is told in the places where
its plug-ins look: `moderator`, and `affiliation` of the user.
"""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey, RSAKey

from cloud.calls.errors import CallRefused
from cloud.calls.kinds import Algorithm, Comer, Server
from cloud.core.messages import message

LASTS = timedelta(minutes=3)  # until a browser has gone there
EARLIER_S = 30  # between two clocks
HS256_MIN = 32  # bytes (RFC 7518, 3.2)


def address_of(server: Server, room: str, comer: Comer, now: datetime) -> str:
    """Return the address that lets somebody into a room. Raises CallRefused where the key is none."""
    claims = claims_for(server, room, comer, now)
    head = {"alg": server.algorithm.value, "typ": "JWT"} | ({"kid": server.key_id} if server.key_id else {})
    token = jwt.encode(head, claims, key_of(server.algorithm, server.secret), algorithms=[server.algorithm.value])
    return f"{server.address}/{quote(room)}?jwt={token}"


def claims_for(server: Server, room: str, comer: Comer, now: datetime) -> dict[str, Any]:
    """Return what the token says; of the person its name alone, as the school lets it be told."""
    at_s = int(now.timestamp())
    role = "owner" if comer.leads else "member"
    return {
        "aud": "jitsi", "iss": server.app_id, "sub": urlsplit(server.address).hostname or "", "room": room,
        "iat": at_s, "nbf": at_s - EARLIER_S, "exp": at_s + int(LASTS.total_seconds()), "moderator": comer.leads,
        "context": {"user": {"name": comer.name, "moderator": comer.leads, "affiliation": role}},
    }  # fmt: skip


def key_of(algorithm: Algorithm, secret: str) -> OctKey | RSAKey:
    """Return the key of a secret. Raises CallRefused for what is none, or too short to keep anybody out."""
    if algorithm is Algorithm.HS256:
        if len(secret.encode()) < HS256_MIN:
            raise CallRefused(message("The secret is too short: {least} characters at least.", least=HS256_MIN))
        return OctKey.import_key(secret.encode())
    try:
        key = RSAKey.import_key(secret)
    except (JoseError, ValueError, TypeError):
        raise CallRefused(message("This is no private RSA key in PEM.")) from None
    if not key.is_private:
        raise CallRefused(message("This is no private RSA key in PEM."))
    return key
