"""Addresses of hosts, asked for beside the loop: MicroPython's own look-up waits for seconds, and a gate with it.

Rule: an answer counts only if it is to our question; what could once be found is used while nobody answers. TLS checks
the name, so that a lie here costs a connection and no more. RFC 1035, 4: one question, for an A record.
"""

import asyncio
import socket

PORT = 53
TRIES, WAIT_MS, POLL_MS = 3, 1_500, 20
ANSWER_MAX = 512
KNOWN_MAX = 8
_A, _IN = b"\x00\x01", b"\x00\x01"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class NameUnknown(OSError):
    """No server told the address of a host."""


class Names:
    """Asks the name server of the network that the node is in now."""

    def __init__(self, server: "Callable[[], str | None]", draw: "Callable[[int], bytes]", port: int = PORT) -> None:
        """`server` tells whom to ask, None to leave it to MicroPython; `draw` returns random bytes."""
        self._server = server
        self._draw = draw
        self._port = port
        self._known: dict[str, str] = {}

    async def address(self, host: str) -> str:
        """Return the address of a host. Raises NameUnknown."""
        server = self._server()
        if server is None or is_address(host):
            return host
        for _ in range(TRIES):
            found = await self._ask(server, host)
            if found is not None:
                if len(self._known) >= KNOWN_MAX:
                    self._known.clear()
                self._known[host] = found
                return found
        if host in self._known:
            return self._known[host]
        raise NameUnknown("nobody tells the address of " + host)

    async def _ask(self, server: str, host: str) -> "str | None":
        """Ask once; None when no answer came in time, or none that helps."""
        question = self._draw(2) + b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + _written(host) + _A + _IN
        asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            asking.setblocking(False)
            asking.sendto(question, socket.getaddrinfo(server, self._port)[0][-1])
            for _ in range(WAIT_MS // POLL_MS):
                await asyncio.sleep(POLL_MS / 1000)
                try:
                    answer = asking.recv(ANSWER_MAX)
                except OSError:  # nothing has come yet
                    continue
                if is_answer(answer, question):
                    return address_in(answer, len(question))
        except OSError:
            return None
        finally:
            asking.close()
        return None


def is_address(host: str) -> bool:
    """Tell whether a host is given by its address."""
    parts = host.split(".")
    return len(parts) == 4 and all(part.isdigit() and int(part) < 256 for part in parts)


def is_answer(answer: bytes, question: bytes) -> bool:
    """Tell whether this answers that question."""
    return (
        len(answer) > 12
        and answer[:2] == question[:2]
        and bool(answer[2] & 0x80)
        and (answer[12 : len(question)].lower() == question[12:].lower())
    )


def address_in(answer: bytes, at: int) -> "str | None":
    """Return the first A record of an answer whose records begin at a place; None when there is none."""
    for _ in range(min(16, int.from_bytes(answer[6:8], "big"))):
        while at < len(answer) and answer[at] and answer[at] < 0xC0:
            at += answer[at] + 1
        at += 2 if at < len(answer) and answer[at] >= 0xC0 else 1  # a name ends by a pointer or by a zero
        head, length = answer[at : at + 4], int.from_bytes(answer[at + 8 : at + 10], "big")
        content = answer[at + 10 : at + 10 + length]
        if head == _A + _IN and len(content) == 4:
            return ".".join([str(part) for part in content])
        at += 10 + length
    return None


def _written(host: str) -> bytes:
    return b"".join([bytes([len(part)]) + part.encode() for part in host.split(".")]) + b"\x00"
