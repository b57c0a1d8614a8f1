"""Which addresses may be connected to when somebody of a school named the host: public ones, and allowed networks.

Rule: what is connected to is the address that was checked, never the name once more.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_network

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
# IPv6 that stands for IPv4, behind which an address inside could hide.
_TRANSLATED = tuple(map(IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))


def may_reach(address: IPv4Address | IPv6Address, networks: str, *, is_secure: bool) -> bool:
    """Tell whether an address may be connected to; without TLS in networks that were allowed only."""
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
