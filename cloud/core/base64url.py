"""Octets as letters that may stand in an address (RFC 4648, section 5), without padding."""

import base64
import binascii


def base64url(octets: bytes) -> str:
    """Return octets as letters."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def unbase64url(text: str) -> bytes:
    """Return octets of letters, with padding or without. Raises ValueError for other letters."""
    bare = text.rstrip("=")
    if not bare.isascii() or set(bare) & {"+", "/"}:
        raise ValueError("not base64url")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise ValueError("not base64url") from None
