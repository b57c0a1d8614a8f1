"""Releases, and devices that ask for them, for tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI

from cloud.core.services import Services
from cloud.devices.actions import NewDevice, register
from cloud.releases import api
from cloud.releases.packing import Label, Packed, pack_folder
from schemas.requests import NONCE, TIME, answer_headers, headers
from schemas.seal import HTTP, derive
from simulators.clock import SimulatedClock
from tests.cloud.schools.factory import SYSTEM

NOTES = {"kk": "Түзетулер.", "ru": "Исправления.", "en": "Repairs."}
KEY = Ed25519PrivateKey.generate()


def a_release(
    folder: Path, counter: int = 7, size: int = 700_000, key: Ed25519PrivateKey = KEY, **label: Any
) -> Packed:
    """Return a signed release of two files."""
    made = folder / f"release-{counter}-{size}"
    (made / "esik").mkdir(parents=True, exist_ok=True)
    (made / "__main__.py").write_text("print('esik')\n")
    (made / "esik/data").write_bytes(Random(counter).randbytes(size))
    words: dict[str, Any] = {"product": "agent", "board": "any", "version": f"0.{counter}.0", "journal": 1} | label
    return pack_folder(made, Label(counter, notes=NOTES, **words), key.sign)


def trust(services: Services, key: Ed25519PrivateKey = KEY) -> None:
    """Let the cloud believe a key."""
    (services.settings.data / "release.pub").write_text(key.public_key().public_bytes_raw().hex() + "\n")


@dataclass(slots=True)
class Asker:
    """A device that signs what it asks and believes only what is signed to it."""

    name: str
    secret: bytes
    client: httpx2.AsyncClient
    clock: SimulatedClock
    nonces: int = 0
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    async def made(
        cls, services: Services, client: httpx2.AsyncClient, clock: SimulatedClock, school: int, name: str
    ) -> "Asker":
        secret = await register(services, SYSTEM, school, NewDevice(name))
        return cls(name, secret, client, clock)

    async def ask(
        self, have: int = 0, product: str = "agent", board: str = "linux-x86_64", **more: object
    ) -> httpx2.Response:
        query = "".join(f"&{name}={value}" for name, value in more.items())
        target = f"/device/v1/release?product={product}&board={board}&have={have}{query}"
        answer = await self.get(target)
        key = derive(self.secret, HTTP)
        wanted = answer_headers(key, answer.status_code, self.headers[NONCE], int(answer.headers[TIME]), answer.content)
        assert {name: answer.headers[name] for name in wanted} == wanted
        return answer

    async def get(self, target: str, **more: str) -> httpx2.Response:
        self.nonces += 1
        key, nonce = derive(self.secret, HTTP), f"{self.nonces:016x}"
        self.headers = headers(key, self.name, "GET", target, nonce, self.clock.wall_ms())
        return await self.client.get(target, headers=self.headers | more)


@asynccontextmanager
async def device_api(services: Services) -> AsyncIterator[httpx2.AsyncClient]:
    """Yield a client of the device API alone."""
    app = FastAPI()
    app.state.services = services
    app.include_router(api.router)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="https://esik.test") as client:
        yield client
