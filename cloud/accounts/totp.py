"""Codes of authenticator apps: TOTP (RFC 6238) with SHA-1, six digits, half a minute, as every app reads it. Pure."""

import base64
import hashlib
import hmac
from datetime import datetime
from urllib.parse import quote, urlencode

STEP_S = 30
DIGITS = 6
DRIFT_STEPS = 1  # a phone's clock may be half a minute off, either way
SECRET_BYTES = 20  # RFC 4226, 4: as long as the digest


def step_at(now: datetime) -> int:
    """Return the number of the half minute since 1970 that an instant stands in."""
    return int(now.timestamp()) // STEP_S


def code_at(secret: bytes, step: int) -> str:
    """Return the code of one step (RFC 4226, 5.3)."""
    digest = hmac.new(secret, step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def step_of(secret: bytes, code: str, now: datetime) -> int | None:
    """Return the step whose code this is, one before or after now at most, or None; every one is looked at."""
    near = range(step_at(now) - DRIFT_STEPS, step_at(now) + DRIFT_STEPS + 1)
    fitting = [step for step in near if hmac.compare_digest(code_at(secret, step).encode(), code.encode())]
    return max(fitting, default=None)


def secret_text(secret: bytes) -> str:
    """Return a secret as people type it into an app: base32 in groups of four."""
    letters = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def app_address(secret: bytes, login: str, issuer: str) -> str:
    """Return what an app reads from a picture, as Google's "Key URI Format" says."""
    letters = base64.b32encode(secret).decode().rstrip("=")
    said = {"secret": letters, "issuer": issuer, "algorithm": "SHA1", "digits": DIGITS, "period": STEP_S}
    return f"otpauth://totp/{quote(f'{issuer}:{login}')}?{urlencode(said, quote_via=quote)}"
