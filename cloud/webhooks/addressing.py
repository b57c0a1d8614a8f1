"""Where a webhook may go: to public addresses, and to networks that the operator has allowed.

Rule: what is connected to is the address that was checked, never the name once more; a name that answers with an
address inside, now or the second time it is asked, leads nowhere.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit, urlunsplit

from cloud.core.messages import message
from cloud.webhooks.errors import NotReachable, WebhookWrong

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
ADDRESS_MAX = 500
_PORTS = {"https": 443, "http": 80}
# IPv6 that stands for IPv4, behind which an address inside could hide.
_TRANSLATED = tuple(map(IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))


@dataclass(frozen=True, slots=True)
class Target:
    """A webhook's address, taken apart."""

    scheme: str
    host: str
    port: int
    path: str

    def at(self, address: str) -> str:
        """Return the address with a number in the place of the name."""
        shown = f"[{address}]" if ":" in address else address
        return urlunsplit((self.scheme, f"{shown}:{self.port}", *urlsplit(self.path)[2:4], ""))

    @property
    def name(self) -> str:
        """Return host and port as the receiver expects to be called."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def target_of(text: str, networks: str) -> Target:
    """Return where an address leads. Raises WebhookWrong for one that no webhook may have."""
    parts = urlsplit(text) if _is_plain(text) else None
    try:
        port = parts.port if parts else None
    except ValueError:
        parts, port = None, None
    if parts is None or not parts.hostname or parts.username is not None or parts.fragment:
        raise WebhookWrong(message("Write an address that begins with `https://`, without a password or a # in it."))
    if parts.scheme != "https" and not (parts.scheme == "http" and networks.strip()):
        raise WebhookWrong(message("Write an address that begins with `https://`, without a password or a # in it."))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], path)


async def reachable(target: Target, networks: str, resolve: Resolve) -> str:
    """Return the address to connect to. Raises NotReachable unless all that the name leads to may be reached."""
    try:
        found = [ip_address(each) for each in await resolve(target.host, target.port)]
    except (OSError, ValueError):
        raise NotReachable("the name leads nowhere") from None
    if not found:
        raise NotReachable("the name leads nowhere")
    for each in found:
        if not may_reach(each, networks, is_secure=target.scheme == "https"):
            raise NotReachable("the address is not public")
    return str(found[0])


def may_reach(address: IPv4Address | IPv6Address, networks: str, *, is_secure: bool) -> bool:
    """Tell whether a webhook may go to an address; without TLS to networks that were allowed only."""
    plain = getattr(address, "ipv4_mapped", None) or address
    if any(plain in ip_network(each.strip()) for each in networks.split(",") if each.strip()):
        return True
    if isinstance(plain, IPv6Address) and any(plain in network for network in _TRANSLATED):
        return False
    return is_secure and plain.is_global and not plain.is_multicast


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a name, as this machine finds them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(each[4][0]).partition("%")[0] for each in found]


def _is_plain(text: str) -> bool:
    return 0 < len(text) <= ADDRESS_MAX and text.isascii() and text.isprintable() and not set(text) & {" ", "\\"}
