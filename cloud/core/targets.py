"""Where a request goes that somebody outside chose the address of: public addresses, and networks that are allowed.

Rule: what is connected to is the address that was checked, never the name once more; a name that answers with an
address inside, now or the second time it is asked, leads nowhere.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit, urlunsplit

from cloud.core.reaching import Resolve, may_reach

ADDRESS_MAX = 500
_PORTS = {"https": 443, "http": 80}


class NotReachable(Exception):
    """An address may not be reached, or cannot; what says why names no address."""


class NotPublic(NotReachable):
    """An address stands inside a network that was not allowed."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address, taken apart."""

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


def target_in(text: str, networks: str, most: int = ADDRESS_MAX) -> Target | None:
    """Return where an address leads; nothing for one that may not be: without TLS only where networks are allowed."""
    parts = urlsplit(text) if _is_plain(text, most) else None
    try:
        port = parts.port if parts else None
    except ValueError:
        return None
    if parts is None or not parts.hostname or parts.username is not None or parts.fragment:
        return None
    if parts.scheme != "https" and not (parts.scheme == "http" and networks.strip()):
        return None
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
            raise NotPublic("the address is not public")
    return str(found[0])


def _is_plain(text: str, most: int) -> bool:
    return 0 < len(text) <= most and text.isascii() and text.isprintable() and not set(text) & {" ", "\\"}
