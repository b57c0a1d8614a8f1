"""A school of its own on the pages' site: a canteen with a till, a child who eats, and the parent's session."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
import msgspec
from playwright.async_api import Page

from cloud.accounts.models import Account, SignIn
from cloud.core.actor import Actor
from cloud.ingest.accepting import accept
from cloud.ingest.cursor import advance
from cloud.ingest.postgres import PgStore
from cloud.ingest.senders import Senders
from cloud.meals.projection import Meals
from cloud.menu.kinds import TillMode
from cloud.menu.rules import Names
from cloud.menu.tills import TillRow, put_till
from schemas.structs import Item, Record, Sale, Shift
from tests.cloud.ingest.device import EPOCH, Device
from tests.cloud.ingest.rows import add_devices
from tests.cloud.menu.factory import Canteen
from tests.pages.site import Site

SHIFT = "7" * 16
ALL_SHARDS = range(64)
CODE = "almaty5"  # as the factory's


@dataclass(slots=True)
class ParentsCanteen:
    """The school as one family sees it."""

    site: Site
    canteen: Canteen
    till: Device
    child_id: int
    ref: str
    token: str
    sales: int = 0

    @classmethod
    async def open(cls, site: Site) -> "ParentsCanteen":
        """Enter the school; the site's other school and its people are left alone."""
        canteen = await Canteen(site.services).open()
        pool = site.services.database.pool
        shard = await pool.fetchval("SELECT shard FROM school WHERE id = $1", canteen.school_id)
        till = Device(f"{CODE}-till-1", school=CODE, shard=shard, secret=b"t" * 32)
        await add_devices(pool, site.services.vault, site.services.clock, till)
        row = TillRow("till1", Names("Касса", "Касса", "Till"), till.name, TillMode.SET)
        await put_till(site.services, canteen.cook, canteen.school_id, row)
        await pool.execute("UPDATE till_place SET since_at = '2026-01-01' WHERE device = $1", till.name)
        child_id, ref = await canteen.child()
        parent = await canteen.parent(child_id, "+77019990001")
        family = cls(site, canteen, till, child_id, ref, await session(site, parent, "token-of-almaty5"))
        await family.send(Shift(**family.tag(days=9), id=SHIFT, till="till1", outcome="opened", staff="s" * 12))
        return family

    def tag(self, days: int = 0, hour: int = 12) -> dict[str, Any]:
        """Return the head of a record of some days ago, at an hour of the school's clock."""
        midnight = self.site.clock.now().replace(hour=0, minute=0) - timedelta(hours=5)
        at = midnight + timedelta(hours=hour) - timedelta(days=days)
        return {"monotonic_ms": 1, "wall_ms": int(at.timestamp() * 1000), "clock": "ntp"}

    async def sell(self, name: str, price_tiyn: int, payment: str = "account", *, days: int = 0) -> None:
        """Let the till sell a dish or a set, and take its records in through the door that all records come by."""
        self.sales += 1
        of, tag = f"{self.sales:016x}", self.tag(days)
        paid = 0 if payment == "free" else price_tiyn
        item = Item(**tag, sale=of, dish=self.canteen.keys[name], version=1, count=1, price_tiyn=price_tiyn)
        sale = {**tag, "id": of, "shift": SHIFT, "meal": "lunch", "amount_tiyn": paid, "payment": payment}
        await self.send(item, Sale(**sale, person=self.ref))

    async def send(self, *records: Record) -> None:
        """Send records as the till does, and project them."""
        services = self.site.services
        store = PgStore(
            services.database.url, Senders(services.database.pool, services.vault, services.clock)
        )  # fmt: skip
        first = len(self.till.lines.get(EPOCH, [])) + 1
        self.till.write(*[msgspec.json.encode(record) for record in records])
        now_ms = self.site.clock.wall_ms()
        batch = self.till.batch(first, first + len(records) - 1)._replace(at_ms=now_ms)
        await accept([batch], store, now_ms)
        await store.close()
        while await advance(services.database.pool, Meals(services), ALL_SHARDS, 1_000):
            pass

    async def look(self, path: str, *, language: str = "en", width: int = 390) -> Page:
        """Open a page of the child as its parent."""
        self.site.sample.tokens["parent_of_almaty5"] = self.token
        return await self.site.open(f"/children/{self.ref}{path}", "parent_of_almaty5", language=language, width=width)

    @asynccontextmanager
    async def without(self, column: str) -> AsyncIterator[None]:
        """Let the parent be without one of the rights for a while."""
        pool = self.site.services.database.pool
        set_right = f"UPDATE guardianship SET {column} = $2 WHERE person_id = $1"  # noqa: S608 (a column of ours)
        await pool.execute(set_right, self.child_id, False)
        try:
            yield
        finally:
            await pool.execute(set_right, self.child_id, True)

    async def get(self, path: str, language: str = "en") -> httpx2.Response:
        """Ask as a program, or for a file."""
        headers = {"cookie": f"esik_session={self.token}; esik_language={language}", "accept-language": language}
        async with httpx2.AsyncClient(base_url=self.site.address, headers=headers) as client:
            return await client.get(path)


async def session(site: Site, actor: Actor, token: str) -> str:
    """Sign somebody in who has chosen a password already."""
    await Account.filter(id=actor.account_id).update(must_change=False)
    now = site.services.clock.now()
    digest = hashlib.sha256(token.encode()).hexdigest()
    assert actor.account_id is not None
    await SignIn(
        account_id=actor.account_id, token_digest=digest, created_at=now, expires_at=now + timedelta(days=1)
    ).save()
    return token
