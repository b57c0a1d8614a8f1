"""Addresses of other sites, as somebody of the school enters them.

Rule: an address is kept only when it begins with https; with http on an installation that has no TLS itself, a demo.
"""

import re
from urllib.parse import urlsplit

from cloud.core.messages import message
from cloud.core.services import Services
from cloud.resources.errors import AddressRefused

ADDRESS_MAX = 500
SIGNS = re.compile(r"[!-~]+")  # what an address may be written in (RFC 3986); others are percent-encoded


def checked_address(services: Services, text: str) -> str:
    """Return an address as it is kept: exactly what was entered, without spaces around. Raises AddressRefused."""
    address = text.strip()
    if len(address) > ADDRESS_MAX:
        raise AddressRefused(message("An address is too long: {count} characters at most.", count=ADDRESS_MAX))
    if not is_address(address, may_be_plain=not services.settings.cookies_secure):
        raise AddressRefused(
            message(
                "{address} cannot be used: an address begins with https://, and has no spaces and nothing after a #.",
                address=address[:80] or "-",
            )
        )
    return address


def checked_addresses(services: Services, text: str, most: int) -> list[str]:
    """Return addresses that stand one a line. Raises AddressRefused."""
    lines = [line for line in text.split() if line]
    if len(lines) > most:
        raise AddressRefused(message("Too many addresses: {count} at most.", count=most))
    return [checked_address(services, line) for line in dict.fromkeys(lines)]


def is_address(text: str, *, may_be_plain: bool) -> bool:
    """Tell whether a text is an absolute address of the web without a fragment, a user or a password in it."""
    if not SIGNS.fullmatch(text) or any(sign in text for sign in "\\#<>\"'`*"):
        return False
    try:
        parts = urlsplit(text)
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        return False
    schemes = ("https", "http") if may_be_plain else ("https",)
    return parts.scheme in schemes and bool(parts.hostname) and "@" not in parts.netloc and port_fits


def origin_of(address: str) -> str:
    """Return scheme, host and port of an address, as a policy of a page names them."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
