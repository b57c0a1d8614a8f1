"""Signatures as Standard Webhooks has them: HMAC-SHA256 over id, time and body, one for each secret. Pure."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

PREFIX = "whsec_"


def secret_of(key: bytes) -> str:
    """Return a key as receivers are given it."""
    return PREFIX + base64.b64encode(key).decode()


def headers(message_id: str, at: datetime, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """Return the headers that a receiver checks a message by: any of the signatures fits one of its secrets."""
    second = str(int(at.timestamp()))
    signed = f"{message_id}.{second}.".encode() + body
    signatures = (hmac.new(_key(secret), signed, hashlib.sha256).digest() for secret in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": second,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(each).decode()}" for each in signatures),
    }


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX))
