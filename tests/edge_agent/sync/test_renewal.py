"""The desk for certificates against a small HTTPS server: what is sent, and which answers are believed."""

import asyncio
import contextlib
import gzip
import json
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import httpx2
import pytest

from cloud.core.clock import SystemClock
from cloud.devices.ca import Authority, init
from edge_agent.sync import renewal
from edge_agent.sync.ports import Quality
from edge_agent.sync.renewal import ANSWER_BYTES_MAX, PATH, Answer, AnswerUnsigned, CertificateDesk
from edge_agent.sync.tls import CertificateEnded, web_context
from schemas.requests import NONCE, SIGNATURE, TIME, answer_headers, signature
from tests.edge_agent.issuing import DAY, VAULT, ms
from tests.edge_agent.sync.model import At

KEY = bytes(range(32))
CSR = b"-----BEGIN CERTIFICATE REQUEST-----\n"
CLOUD_MS = 1_790_000_000_000
BODY = json.dumps({"certificate_pem": "x" * 40, "ca_pem": "y" * 40}).encode()
Headers = dict[str, str]
NOW = SystemClock().now()


@dataclass(slots=True)
class Server:
    """Answers as a cloud does, over TLS; `spoil` may change the status, the headers and the body of an answer."""

    authority: Authority
    issued_at: datetime = NOW
    status: int = 200
    body: bytes = BODY
    said: Headers = field(default_factory=dict)  # headers besides
    key: bytes = KEY
    spoil: Callable[[int, Headers, bytes], tuple[int, Headers, bytes]] = lambda *given: given
    pause_s: float = 0.0  # before each byte of the body
    asked: list[tuple[str, Headers, bytes]] = field(default_factory=list)
    shown: list[object] = field(default_factory=list)  # certificates of who asked
    port: int = 0

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Server"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls())
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    def _tls(self) -> ssl.SSLContext:
        issued = self.authority.for_server(["localhost"], self.issued_at)
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_verify_locations(cadata=self.authority.root_pem)
        made.verify_mode = ssl.CERT_OPTIONAL
        with tempfile.TemporaryDirectory() as folder:
            chain, key = Path(folder) / "chain.pem", Path(folder) / "key.pem"
            chain.write_text(issued.certificate_pem)
            key.write_text(issued.key_pem)
            made.load_cert_chain(chain, key)
        return made

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            sent = dict(line.split(": ", 1) for line in lines[1:] if line)
            sent = {name.title(): value for name, value in sent.items()}
            csr = await reader.readexactly(int(sent["Content-Length"]))
            self.asked.append((lines[0], sent, csr))
            self.shown.append(writer.get_extra_info("peercert"))
            await self._answer(writer, sent[NONCE])
        writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, nonce: str) -> None:
        signed = answer_headers(self.key, self.status, nonce, CLOUD_MS, self.body)
        status, headers, body = self.spoil(self.status, signed | self.said, self.body)
        headers |= {"Content-Length": str(len(body)), "Connection": "close"}
        told = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {status} X\r\n{told}\r\n".encode("latin-1"))
        if not self.pause_s:
            writer.write(body)
        for at in range(len(body) if self.pause_s else 0):
            writer.write(body[at : at + 1])
            await writer.drain()
            await asyncio.sleep(self.pause_s)
        await writer.drain()


@dataclass(slots=True)
class Watch:
    """A clock that shows these milliseconds since boot, one after the other."""

    shows: list[int] = field(default_factory=lambda: [5_000, 5_300])
    quality: Quality = "ntp"

    def __call__(self) -> At:
        return At(self.shows.pop(0) if len(self.shows) > 1 else self.shows[0], 1_789_000_000_000, self.quality)


@pytest.fixture(name="authority", scope="module")
def _authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Return an authority that was made two years ago."""
    folder = tmp_path_factory.mktemp("ca")
    init(folder, VAULT, NOW - 730 * DAY)
    return Authority.load(folder, VAULT)


async def ask(server: Server, watch: Watch | None = None, *, floor_ms: int = 0, trusts: str = "") -> Answer:
    watch = watch or Watch()
    desk = CertificateDesk(
        f"https://localhost:{server.port}/", "gate-1", KEY, watch, Random(1), floor_ms=lambda: floor_ms,
        tls=lambda: web_context(trusts or server.authority.root_pem, is_clock_good=watch.quality == "ntp"),
    )  # fmt: skip
    return await desk.ask(CSR)


async def test_a_signed_request_brings_a_signed_answer_and_the_time_in_the_middle_of_it(authority: Authority) -> None:
    async with Server(authority).running() as server:
        answer = await ask(server)

    assert answer == Answer(200, BODY, CLOUD_MS, 5_150, 150, None)
    line, sent, csr = server.asked[0]
    assert (line, csr, sent["Content-Type"]) == (f"POST {PATH} HTTP/1.1", CSR, "application/pkcs10")
    assert (sent["Esik-Device"], sent[TIME]) == ("gate-1", "1789000000000")
    assert sent[SIGNATURE] == signature(KEY, "POST", PATH, sent[NONCE], sent[TIME], CSR)
    assert not any(server.shown)


async def test_a_refusal_says_its_code_and_no_two_requests_have_one_nonce(authority: Authority) -> None:
    async with Server(authority, status=403, body=b'{"code": "device_revoked"}').running() as server:
        tls = web_context(authority.root_pem, is_clock_good=True)
        desk = CertificateDesk(f"https://localhost:{server.port}", "gate-1", KEY, Watch(), Random(1), tls=lambda: tls)
        answers = [await desk.ask(CSR) for _ in range(2)]

    assert [(answer.status, answer.code) for answer in answers] == [(403, "device_revoked")] * 2
    assert len({sent[NONCE] for _, sent, _ in server.asked}) == 2


@pytest.mark.parametrize("body", [b"", b"[]", b"3", b'"device_revoked"', b"\xff", b"{"])
def test_a_refusal_that_says_no_code_has_none(body: bytes) -> None:
    assert Answer(403, body, 0, 0, 0, None).code == ""


Spoil = Callable[[int, Headers, bytes], tuple[int, Headers, bytes]]
SPOILT: dict[str, Spoil] = {
    "the body": lambda status, said, body: (status, said, body.replace(b"x", b"z", 1)),
    "the status": lambda _status, said, body: (202, said, body),
    "the time": lambda status, said, body: (status, said | {TIME: str(CLOUD_MS + 1)}, body),
    "no time": lambda status, said, body: (status, said | {TIME: ""}, body),
    "a time of other digits": lambda status, said, body: (status, said | {TIME: "\xb2"}, body),
    "a time without end": lambda status, said, body: (status, said | {TIME: "9" * 5_000}, body),
    "the signature": lambda status, said, body: (status, said | {SIGNATURE: "0" * 64}, body),
    "a signature of no letters": lambda status, said, body: (status, said | {SIGNATURE: "\xe9" * 64}, body),
    "no signature": lambda status, said, body: (status, said | {SIGNATURE: ""}, body),
    "another question's": lambda status, _said, body: (
        status, answer_headers(KEY, status, "f" * 16, CLOUD_MS, body), body
    ),
    "nothing signed": lambda status, _said, body: (status, {}, body),
}  # fmt: skip


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
async def test_an_answer_of_which_anything_was_changed_is_not_believed(authority: Authority, spoil: Spoil) -> None:
    async with Server(authority, spoil=spoil).running() as server:
        with pytest.raises(AnswerUnsigned):
            await ask(server)


async def test_an_answer_signed_by_another_devices_key_is_not_believed(authority: Authority) -> None:
    async with Server(authority, key=bytes(32), status=401).running() as server:
        with pytest.raises(AnswerUnsigned) as caught:
            await ask(server)

    assert caught.value.status == 401


async def test_an_answer_that_is_too_long_is_not_read_to_its_end(authority: Authority) -> None:
    async with Server(authority, body=b"x" * ANSWER_BYTES_MAX).running() as server:
        longest = await ask(server)
        server.body = b"x" * (ANSWER_BYTES_MAX + 1)
        with pytest.raises(AnswerUnsigned):
            await ask(server)

    assert len(longest.body) == ANSWER_BYTES_MAX


async def test_an_answer_that_was_packed_is_not_unpacked(authority: Authority) -> None:
    packed = gzip.compress(bytes(50 * 1024 * 1024))
    server = Server(authority, body=packed, said={"Content-Encoding": "gzip"})
    async with server.running():
        answer = await ask(server)

    assert answer.body == packed
    assert server.asked[0][1]["Accept-Encoding"] == "identity"


async def test_an_answer_that_drips_is_given_up(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal, "ASK_S_MAX", 0.3)
    async with Server(authority, pause_s=0.05).running() as server:
        with pytest.raises(TimeoutError):
            await ask(server)


@pytest.mark.parametrize(
    ("said", "found"),
    [("3600", 3_600), ("1", 60), ("86400000", 21_600), ("9" * 400, None), ("-5", None), ("soon", None), ("\xb2", None),
     ("", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None)],
)  # fmt: skip
async def test_how_long_to_wait_is_heard_within_reason_signed_or_not(
    authority: Authority, said: str, found: int | None
) -> None:
    async with Server(authority, status=202, body=b"{}", said={"Retry-After": said}).running() as server:
        answer = await ask(server)
        server.key = bytes(32)
        with pytest.raises(AnswerUnsigned) as caught:
            await ask(server)

    assert answer.retry_after_s == caught.value.retry_after_s == found


# Who answers


async def test_a_server_of_another_authority_is_told_nothing(authority: Authority, tmp_path: Path) -> None:
    init(tmp_path, VAULT, NOW)
    async with Server(authority).running() as server:
        with pytest.raises(httpx2.ConnectError):
            await ask(server, trusts=Authority.load(tmp_path, VAULT).root_pem)

    assert server.asked == []


async def test_a_cloud_that_is_not_there_is_an_error_like_others(authority: Authority) -> None:
    async with Server(authority).running() as server:
        pass

    with pytest.raises((httpx2.HTTPError, OSError)):
        await ask(server)


async def test_with_a_poor_clock_the_servers_certificate_is_held_against_the_floor(authority: Authority) -> None:
    """The server's certificate ended a hundred days ago; a device at the floor cannot know, if its floor is older."""
    ended = NOW - 103 * DAY
    async with Server(authority, issued_at=ended - timedelta(days=397)).running() as server:
        believed = await ask(server, Watch(quality="floor"), floor_ms=ms(ended - DAY))
        with pytest.raises(CertificateEnded):
            await ask(server, Watch(quality="none"), floor_ms=ms(ended + DAY))
        with pytest.raises(httpx2.ConnectError):
            await ask(server, Watch(quality="ntp"))

    assert believed.wall_ms == CLOUD_MS
