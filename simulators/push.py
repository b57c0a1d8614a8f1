"""A push service (RFC 8030) and the browsers behind it: it checks who sends (RFC 8292), and browsers read what came.

Rule: it asks for what the best known services ask for: a TTL, the coding aes128gcm, 4096 bytes at most, a token by the
key that the browser subscribed for. Browsers that are real ones are told through `Subscribed.waiting`.
"""

import base64
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulators.push_browser import SubscribedBrowser

BODY_MAX = 4_096
DAY_S = 86_400
WAITING_MAX = 100  # messages of one subscription
COMMANDS = "answer STATUS [RETRY_AFTER], trouble silent|none, end NUMBER, messages, status"


class Telling(Protocol):
    """A clock."""

    def now(self) -> datetime:
        """Return the instant."""
        ...


@dataclass(frozen=True, slots=True)
class Pushed:
    """A message that the service took, as it came."""

    body: bytes
    topic: str
    ttl_s: int
    urgency: str
    number: int


@dataclass(slots=True)
class Subscribed:
    """A browser's subscription; a simulated browser's keys stand with it."""

    number: int
    endpoint: str
    key: str  # of who may send, as base64url
    browser: SubscribedBrowser | None = None
    is_over: bool = False
    waiting: list[Pushed] = field(default_factory=list)
    tell: Callable[[Pushed], None] | None = None

    @property
    def json(self) -> str:
        """Return what `PushSubscription.toJSON` of the simulated browser writes."""
        assert self.browser is not None, "a real browser keeps its keys"  # noqa: S101
        keys = {"p256dh": _letters(self.browser.point), "auth": _letters(self.browser.auth)}
        return json.dumps({"endpoint": self.endpoint, "expirationTime": None, "keys": keys})

    def read(self) -> list[dict[str, Any]]:
        """Return what the simulated browser reads of what waits, oldest first."""
        assert self.browser is not None, "a real browser keeps its keys"  # noqa: S101
        return [json.loads(self.browser.read(each.body)) for each in self.waiting]


@dataclass(slots=True)
class SimulatedPush:
    """The service; `app` answers HTTP at `address`, which is set when it is served."""

    clock: Telling
    address: str = ""
    answers: list[tuple[int, str]] = field(default_factory=list)  # the next ones, with a Retry-After
    trouble: str = "none"
    asked: int = 0
    lines: set[tuple[str, int]] = field(default_factory=set)  # where somebody asked from
    refused: list[str] = field(default_factory=list)  # why, of what was sent wrongly
    subscribed: dict[int, Subscribed] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[self.route])

    @property
    def route(self) -> Route:
        return Route("/push/{number:int}", self._take, methods=["POST"])

    def subscribe(self, key: str, browser: SubscribedBrowser | None = None) -> Subscribed:
        """Subscribe a browser for messages by a key; without one of ours it is a real one."""
        number = next(self._numbers)
        made = Subscribed(number, f"{self.address}/push/{number}", key, browser)
        self.subscribed[number] = made
        return made

    async def _take(self, request: Request) -> Response:
        self.asked += 1
        if request.client is not None:
            self.lines.add((request.client.host, request.client.port))
        if self.trouble == "silent":
            await request.body()
            await request.receive()  # until whoever asks goes away
        if self.answers:
            status, retry_after = self.answers.pop(0)
            return Response(status_code=status, headers={"retry-after": retry_after} if retry_after else {})
        found = self.subscribed.get(request.path_params["number"])
        if found is None:
            return Response(status_code=404)
        if found.is_over:
            return Response(status_code=410)
        body = await request.body()
        if len(body) > BODY_MAX:
            return Response(status_code=413)
        if wrong := self._wrong(request, found):
            self.refused.append(wrong)
            return Response(wrong, 403 if wrong.startswith("token") else 400)
        self._keep(found, request, body)
        return Response(status_code=201, headers={"location": f"{self.address}/messages/{self.asked}"})

    def _wrong(self, request: Request, to: Subscribed) -> str:
        headers = request.headers
        if not headers.get("ttl", "").isdecimal():
            return "no TTL"
        if headers.get("content-encoding") != "aes128gcm":
            return "another coding"
        topic = headers.get("topic", "")
        if len(topic) > 32 or not topic.replace("-", "a").replace("_", "a").isalnum():
            return "topic"
        if headers.get("urgency", "normal") not in {"very-low", "low", "normal", "high"}:
            return "urgency"
        return self._unbelieved(headers.get("authorization", ""), to)

    def _unbelieved(self, told: str, to: Subscribed) -> str:
        """Return why a token is not believed; nothing where it is."""
        scheme, _, rest = told.partition(" ")
        parts = dict(each.strip().partition("=")[::2] for each in rest.split(","))
        if scheme.lower() != "vapid" or parts.get("k") != to.key:
            return "token of another key"
        head, claims, signature = (parts.get("t", "") + "..").split(".")[:3]
        raw = _octets(signature)
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _octets(parts["k"]))
        signed = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
        try:
            point.verify(signed, f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
        except InvalidSignature:
            return "token not signed"
        return self._misclaimed(json.loads(_octets(claims)))

    def _misclaimed(self, claims: dict[str, Any]) -> str:
        left_s = claims["exp"] - self.clock.now().timestamp()
        parts = urlsplit(self.address)
        if claims["aud"] != f"{parts.scheme}://{parts.netloc}":
            return "token for another service"
        if not 0 < left_s <= DAY_S:
            return "token over, or for too long"
        return "" if claims["sub"].startswith(("mailto:", "https:")) else "token without whom to ask"

    def _keep(self, to: Subscribed, request: Request, body: bytes) -> None:
        headers = request.headers
        pushed = Pushed(
            body, headers.get("topic", ""), int(headers["ttl"]), headers.get("urgency", "normal"), self.asked
        )
        to.waiting[:] = [each for each in to.waiting if not pushed.topic or each.topic != pushed.topic]
        to.waiting[:] = [*to.waiting, pushed][-WAITING_MAX:]
        if to.tell is not None:
            to.tell(pushed)

    def obey(self, line: str) -> str:
        """Do what a line says."""
        match line.split():
            case ["answer", status] if status.isdigit():
                self.answers.append((int(status), ""))
            case ["answer", status, retry_after] if status.isdigit():
                self.answers.append((int(status), retry_after))
            case ["trouble", ("silent" | "none") as trouble]:
                self.trouble = trouble
            case ["end", number] if number.isdigit() and int(number) in self.subscribed:
                self.subscribed[int(number)].is_over = True
            case ["messages"]:
                return json.dumps({each.number: len(each.waiting) for each in self.subscribed.values()})
            case ["status"]:
                pass
            case _:
                return f"not understood; commands: {COMMANDS}"
        return (
            f"asked={self.asked} subscribed={len(self.subscribed)} refused={len(self.refused)} trouble={self.trouble}"
        )


def _letters(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _octets(letters: str) -> bytes:
    return base64.urlsafe_b64decode(letters + "=" * (-len(letters) % 4))
