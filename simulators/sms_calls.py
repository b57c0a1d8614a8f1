"""What simulated gateways for SMS tell by themselves: a text from somebody's phone, and how one of the school's went.

In the shapes of SMSC.kz's callbacks and of Mobizon's webhooks, signed by the operator's secret.
"""

import asyncio
import hashlib
import json
from dataclasses import dataclass, field
from itertools import count

import httpx2

from simulators.sms import COMMANDS as SENDING
from simulators.sms import SimulatedSms, Taken

COMMANDS = f"{SENDING}, write NUMBER WORDS, report ID STATUS"
SCHOOLS_NUMBER = "77010000000"
TIMEOUT_S = 30.0


@dataclass(slots=True)
class SmscCalls:
    """Tells by forms; `url` is the address of the school's service, without a path."""

    url: str
    secret: str
    _ids: "count[int]" = field(default_factory=lambda: count(1))

    async def write(self, number: str, words: str, call_id: str = "") -> int:
        """Tell of a text from a number, as +77012345678; return the answer's status."""
        phone = number.removeprefix("+")
        form = {"id": call_id or str(next(self._ids)), "phone": phone, "mes": words, "to": SCHOOLS_NUMBER}
        return await self._call(form, (phone, words, SCHOOLS_NUMBER))

    async def report(self, taken_id: str, number: str, status: int) -> int:
        """Tell how a text went; return the answer's status."""
        phone = number.removeprefix("+")
        form = {"id": taken_id, "phone": phone, "status": str(status), "type": "0"}
        return await self._call(form, (taken_id, phone, str(status)))

    async def _call(self, form: dict[str, str], signed: tuple[str, ...]) -> int:
        digest = hashlib.md5(":".join((*signed, self.secret)).encode()).hexdigest()  # noqa: S324 (the gateway's)
        async with httpx2.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as http:
            return (await http.post(f"{self.url}/sms/smsc", data=form | {"md5": digest})).status_code


@dataclass(slots=True)
class MobizonCalls:
    """Tells by events in JSON; it knows no texts that come in."""

    url: str
    secret: str
    _ids: "count[int]" = field(default_factory=lambda: count(1))

    async def report(self, taken_id: str, number: str, status: str, kind: str = "sms-delivery-report") -> int:
        """Tell how a text went; return the answer's status."""
        event = {"eventId": next(self._ids), "eventType": kind, "eventCreateTs": "2026-01-15 11:42:28", "attempt": 1}
        signed = "|".join((*(str(event[name]) for name in ("eventId", "attempt", "eventCreateTs")), self.secret))
        told = {"campaignId": 1, "messageId": int(taken_id), "segNum": 1, "statusUpdateTs": "2026-01-15 11:42:08",
                "status": status, "to": number.removeprefix("+")}  # fmt: skip
        sign = hashlib.sha1(signed.encode()).hexdigest()  # noqa: S324 (the gateway's)
        body = json.dumps({**event, "webhookId": 1, "data": told, "sign": sign}).encode()
        async with httpx2.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as http:
            return (await http.post(f"{self.url}/sms/mobizon", content=body)).status_code


@dataclass(slots=True)
class Handset:
    """Somebody's phone, on the network of a simulated gateway."""

    number: str  # as +77012345678
    gateway: SimulatedSms
    calls: SmscCalls

    async def write(self, words: str) -> int:
        """Write to the school's number; return what the school's service answered the gateway."""
        return await self.calls.write(self.number, words)

    @property
    def texts(self) -> list[str]:
        """Return what came, oldest first."""
        return [each.words for each in self.of_gateway]

    @property
    def of_gateway(self) -> list[Taken]:
        """Return what the gateway took for this phone."""
        return [each for each in self.gateway.taken if each.to == self.number]


@dataclass(slots=True)
class Exchange:
    """A gateway that calls the school's service when a command says so."""

    gateway: SimulatedSms
    calls: SmscCalls
    _waiting: asyncio.Queue[tuple[str, ...]] = field(default_factory=asyncio.Queue)

    def obey(self, line: str) -> str:
        """Do what a line says; a call is made after the answer."""
        match line.split(maxsplit=2):
            case ["write", number, words]:
                self._waiting.put_nowait(("write", number, words))
                return "calling"
            case ["report", taken_id, status] if self._is_taken(taken_id) and status.lstrip("-").isdigit():
                self._waiting.put_nowait(("report", taken_id, status))
                return "calling"
            case _:
                pass
        told = self.gateway.obey(line)
        return f"not understood; commands: {COMMANDS}" if told.startswith("not understood") else told

    async def run(self) -> None:
        """Make the calls that commands asked for, in turn, and print what was answered."""
        while True:
            kind, whose, what = await self._waiting.get()
            try:
                if kind == "write":
                    status = await self.calls.write(whose, what)
                else:
                    status = await self.calls.report(whose, self.gateway.taken[int(whose) - 1].to, int(what))
            except httpx2.HTTPError as error:
                print(f"{kind} {whose}: {type(error).__name__}", flush=True)
            else:
                print(f"{kind} {whose}: answered {status}", flush=True)

    def _is_taken(self, taken_id: str) -> bool:
        return taken_id.isdigit() and 0 < int(taken_id) <= len(self.gateway.taken)
