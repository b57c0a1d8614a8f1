"""A small HTTP/1.1 client for signed requests: one connection, answers of a known length, bodies handed on in pieces.

Rule: nothing that a server says can take more memory than the pieces; every read has a deadline.
"""

import asyncio

from firmware.node.mqtt import TROUBLE

READ_S = 15.0
OPEN_S = 20.0
LINE_MAX = 512
HEADERS_MAX = 40
PIECE = 512

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware.node.names import Names


class HttpBroken(ValueError):
    """The server's answer is not one to go by."""


class Answer:
    """What a server said before the body: `total` is the length of the whole file, if only a range of it came.

    `signature` and `time_ms` are what the cloud's signed answers bear (schemas/requests.py); empty and 0 in others.
    """

    signature = ""
    time_ms = 0

    def __init__(self, status: int, length: int, total: int, retry_after_s: int) -> None:
        self.status = status
        self.length = length
        self.total = total
        self.retry_after_s = retry_after_s


class Http:
    """One connection to a server."""

    def __init__(self, host: str, port: int, tls: object = None, names: "Names | None" = None) -> None:
        self._host = host
        self._port = port
        self._tls = tls
        self._names = names
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._unread = b""

    async def open(self) -> None:
        """Connect. Raises OSError, ValueError (a bad certificate), MemoryError or asyncio.TimeoutError."""
        host = await self._names.address(self._host) if self._names is not None else self._host
        if self._tls is None:
            opening = asyncio.open_connection(host, self._port)
        else:
            opening = asyncio.open_connection(host, self._port, ssl=self._tls, server_hostname=self._host)
        self._reader, self._writer = await asyncio.wait_for(opening, OPEN_S)
        self._unread = b""  # of the connection before

    async def get(
        self, target: str, headers: "dict[str, str]", take: "Callable[[bytes], object]", length_max: int
    ) -> Answer:
        """Ask, and hand the body of a 200 or 206 on piece by piece. Raises HttpBroken, and as `open` does."""
        await self._ask("GET", target, headers, b"")
        answer = await self._answer()
        self._refuse_long(answer, length_max)
        await self._body(answer.length, take if answer.status in (200, 206) else _nothing)
        return answer

    async def post(
        self, target: str, headers: "dict[str, str]", body: bytes, take: "Callable[[bytes], object]", length_max: int
    ) -> Answer:
        """Send a body, and hand the answer's on piece by piece, whatever its status. Raises as `get` does."""
        await self._ask("POST", target, headers, body)
        answer = await self._answer()
        self._refuse_long(answer, length_max)
        await self._body(answer.length, take)
        return answer

    async def close(self) -> None:
        """Drop the connection."""
        writer, self._reader, self._writer = self._writer, None, None
        if writer is None:
            return
        try:
            writer.close()
            await asyncio.wait_for(writer.wait_closed(), 1.0)
        except TROUBLE:
            return

    async def _ask(self, method: str, target: str, headers: "dict[str, str]", body: bytes) -> None:
        if self._writer is None:
            raise EOFError
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self._host}:{self._port}", "Connection: keep-alive"]
        lines += [name + ": " + value for name, value in headers.items()]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
        await asyncio.wait_for(self._writer.drain(), READ_S)

    def _refuse_long(self, answer: Answer, length_max: int) -> None:
        if answer.length > length_max:
            raise HttpBroken(f"an answer of {answer.length} bytes; at most {length_max} are taken")

    async def _answer(self) -> Answer:
        version, _, rest = (await self._line()).partition(" ")
        if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
            raise HttpBroken("no HTTP")
        length, total, retry_after_s, signature, time_ms = -1, 0, 0, "", 0
        for _ in range(HEADERS_MAX):
            line = await self._line()
            if not line:
                break
            name, _, value = line.partition(":")
            name, value = name.strip().lower(), value.strip()
            if name == "content-length":
                length = _number(value)
            elif name == "content-range":
                total = _number(value.rpartition("/")[2])
            elif name == "retry-after" and value.isdigit():
                retry_after_s = int(value)
            elif name == "esik-signature":
                signature = value
            elif name == "esik-time" and value.isdigit() and len(value) <= 16:
                time_ms = int(value)
        else:
            raise HttpBroken("too many headers")
        status = int(rest[:3])
        if length < 0 and status not in (204, 304):
            raise HttpBroken("an answer without a length")
        answer = Answer(status, max(0, length), total or length, retry_after_s)
        answer.signature, answer.time_ms = signature, time_ms
        return answer

    async def _body(self, length: int, take: "Callable[[bytes], object]") -> None:
        while length:
            if not self._unread:
                await self._fill()
            piece, self._unread = self._unread[:length], self._unread[length:]
            length -= len(piece)
            take(piece)

    async def _line(self) -> str:
        """Return the next line of the head, without its end."""
        while b"\n" not in self._unread:
            if len(self._unread) > LINE_MAX:
                raise HttpBroken("a line without an end")
            await self._fill()
        line, _, self._unread = self._unread.partition(b"\n")
        return str(line.rstrip(b"\r"), "utf-8")

    async def _fill(self) -> None:
        if self._reader is None:
            raise EOFError
        piece = await asyncio.wait_for(self._reader.read(PIECE), READ_S)
        if not piece:
            raise EOFError
        self._unread += piece


def _number(text: str) -> int:
    if not text.isdigit() or len(text) > 9:
        raise HttpBroken("a length that is none")
    return int(text)


def _nothing(_piece: bytes) -> None:
    """Throw a piece of a refusal away."""
