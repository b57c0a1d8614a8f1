"""From a tap to a parent's open page: children with a device and an open page each, tapping beside other taps."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter

import httpx2

from cloud.accounts.models import Account, Grant, SignIn
from cloud.core.actor import Role
from cloud.core.clock import SystemClock
from cloud.core.database import Database
from cloud.people.kinds import Relation
from cloud.people.models import Guardian, Guardianship, Person
from tests.bench import load
from tests.bench.line import SCHOOL_DEVICES, Line
from tests.bench.load import Device, Orders

CHILDREN = 8
TAPS = 12  # of each child
APART_S = 1.0
TIMEOUT_S = 20.0
TAP = '<li class="tone-'  # each tap of the day, on the child's page


@dataclass(frozen=True, slots=True)
class Parent:
    """A parent's session, and the child's reference and device."""

    cookie: str
    ref: str
    device: int


def devices_needed() -> int:
    """Return how many devices beyond the background's the fleet must have: each child goes to a school of its own."""
    return CHILDREN * SCHOOL_DEVICES


async def parents_of(running: Line, first_device: int) -> list[Parent]:
    """Enter a parent for one child of each of the schools that begin at a device."""
    now, parents = SystemClock().now(), []
    database = await Database.open(running.url, 2)
    for number in range(CHILDREN):
        device = first_device + number * SCHOOL_DEVICES
        child = await Person.get(ref=load.person_of(device, 0, 1))
        account = await Account.create(password_hash="x", must_change=False, name="Айгүл Қожахмет", created_at=now)
        await Grant(account_id=account.id, school_id=child.school_id, role=Role.GUARDIAN).save()
        digest = hashlib.sha256(f"parent{number}".encode()).hexdigest()
        ends = now + timedelta(days=1)
        await SignIn(account_id=account.id, token_digest=digest, created_at=now, expires_at=ends).save()
        guardian = await Guardian.create(
            school_id=child.school_id, ref=f"parent{number:06d}", name=account.name, account_id=account.id,
            created_at=now,
        )  # fmt: skip
        await Guardianship(guardian_id=guardian.id, person_id=child.id, relation=Relation.MOTHER).save()
        parents.append(Parent(f"parent{number}", child.ref, device))
    await database.close()
    return parents


async def taps_to_page_ms(running: Line, url: str, parents: list[Parent], rate: float, epoch: str) -> list[float]:
    """Let the children tap once a second each, `rate` records a second coming in altogether; return the times."""
    seconds = TAPS * APART_S
    beside = max(0.5, rate - CHILDREN / APART_S)
    orders = Orders(
        running.broker.port, devices=parents[0].device, messages=int(beside * seconds / parents[0].device) + 1,
        rate=beside, seconds=seconds, epoch=epoch, persons=500,
    )  # fmt: skip
    background = running.load(orders)
    async with httpx2.AsyncClient(base_url=url, timeout=TIMEOUT_S, trust_env=False) as client:
        tapped = [_tap(client, running, parent, number, epoch) for number, parent in enumerate(parents)]
        samples = await asyncio.gather(*tapped)
    background.outcome()
    return [sample for of_child in samples for sample in of_child]


async def _tap(client: httpx2.AsyncClient, running: Line, parent: Parent, number: int, epoch: str) -> list[float]:
    """Tap one child's card again and again, and see each tap on the page."""
    samples: list[float] = []
    device = Device(parent.device, Orders(running.broker.port, messages=TAPS, epoch=epoch, persons=1))
    async with _open_page(client, parent) as shown:
        taps = await anext(shown)
        await asyncio.sleep(number * APART_S / CHILDREN)
        for sent in range(1, TAPS + 1):
            began_s = perf_counter()
            device.send(sent, began_s)
            async with asyncio.timeout(TIMEOUT_S):
                while await anext(shown) < taps + sent:
                    pass
            took_s = perf_counter() - began_s
            samples.append(took_s * 1_000)
            await asyncio.sleep(max(0.0, APART_S - took_s))
    device.socket.close()
    return samples


@asynccontextmanager
async def _open_page(client: httpx2.AsyncClient, parent: Parent) -> AsyncIterator[AsyncIterator[int]]:
    """Open a child's page as a browser does; iterate over how many taps it shows after each event."""
    cookie = {"cookie": f"esik_session={parent.cookie}"}
    async with client.stream("GET", f"/children/{parent.ref}/live", headers=cookie) as answer:
        answer.raise_for_status()

        async def shown() -> AsyncIterator[int]:
            taps, has_data = 0, False
            async for text in answer.aiter_lines():
                taps += text.count(TAP)
                has_data |= len(text) > len("data: ")
                if not text:
                    if has_data:
                        yield taps
                    taps, has_data = 0, False

        yield shown()
