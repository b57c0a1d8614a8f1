"""A school with a till whose log can be filled, for tests."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from cloud.core.services import Services
from cloud.ingest.accepting import accept
from cloud.ingest.cursor import advance
from cloud.ingest.postgres import PgStore
from cloud.ingest.senders import Senders
from cloud.meals.projection import Meals
from schemas.structs import Claim, Item, Override, Record, Refund, Refusal, Sale, Shift, Void
from tests.cloud.ingest.device import EPOCH, Device
from tests.cloud.ingest.rows import add_devices
from tests.cloud.ledger.factory import children

NOON = datetime(2026, 9, 1, 7, 0, tzinfo=UTC)  # at the school
NOON_MS = int(NOON.timestamp() * 1000)
ALL = range(64)
STAFF = "s" * 12
SHIFT = "5" * 16
TAG: dict[str, Any] = {"monotonic_ms": 1, "wall_ms": NOON_MS, "clock": "ntp"}
_TILL = "INSERT INTO till_place (school_id, till, device, since_at) VALUES ($1, $2, $2, '2000-01-01')"
_SHIFT = "INSERT INTO till_shift (school_id, id, device, till, staff) VALUES ($1, $2, $3, $3, $4)"


class Canteen:
    """A school with children and tills, each with SHIFT open; what tills write is sent and projected."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.pool = services.database.pool
        self.school_id = 0
        self.refs: list[str] = []
        self.tills: dict[str, Device] = {}
        self._ids = itertools.count(1)
        self._store = PgStore(services.database.url, Senders(self.pool, services.vault, services.clock))

    async def open(self, students: int = 3, tills: Sequence[str] = ("till-1",)) -> "Canteen":
        self.school_id, self.refs = await children(self.services, students)
        shard = await self.pool.fetchval("SELECT shard FROM school WHERE id = $1", self.school_id)
        for name in tills:
            self.tills[name] = Device(name, school="almaty5", shard=shard, secret=name.encode().ljust(32))
        await add_devices(self.pool, self.services.vault, self.services.clock, *self.tills.values())
        for name in tills:
            await self.pool.execute(_TILL, self.school_id, name)
            await self.pool.execute(_SHIFT, self.school_id, SHIFT, name, STAFF)
        return self

    async def send(
        self, *records: Record, till: str = "till-1", now_ms: int = NOON_MS + 3_600_000, epoch: str = EPOCH
    ) -> None:
        """Let a till write records, and take them in."""
        device = self.tills[till]
        first = len(device.lines.get(epoch, [])) + 1
        device.write(*[msgspec.json.encode(record) for record in records], epoch=epoch)
        await accept(
            [device.batch(first, first + len(records) - 1, epoch=epoch)._replace(at_ms=now_ms)], self._store, now_ms
        )

    async def project(self, most: int = 1_000) -> None:
        projection = Meals(self.services)
        while await advance(self.pool, projection, ALL, most):
            pass

    async def close(self) -> None:
        await self._store.close()

    def id(self) -> str:
        return f"{next(self._ids):016x}"

    def sold(
        self, child: int, price: int, paid: int | None = None, payment: str = "account", **more: Any
    ) -> list[Record]:
        """Return the records of a sale of one set: its line and itself."""
        of, person = self.id(), self.refs[child] if child >= 0 else None
        amount = {"free": 0}.get(payment, price if paid is None else paid)
        sale = {**TAG, "id": of, "shift": SHIFT, "meal": "lunch", "amount_tiyn": amount, "payment": payment,
                "person": person} | more  # fmt: skip
        return [Item(**TAG, sale=of, dish="set", version=1, count=1, price_tiyn=price), Sale(**sale)]

    def voided(self, sale: Record, amount: int) -> Void:
        return Void(**TAG, id=self.id(), sale=sale_id(sale), amount_tiyn=amount, staff=STAFF, reason="қате")

    def refunded(self, sale: Record, amount: int) -> Refund:
        return Refund(**TAG, id=self.id(), sale=sale_id(sale), amount_tiyn=amount, staff=STAFF, reason="салқын")

    def refused(self, child: int, reason: str) -> Refusal:
        return Refusal(**TAG, meal="lunch", person=self.refs[child], reason=reason)

    def claimed(self, child: int, of: str, outcome: Any = "granted", amount: int = 577_00) -> Claim:
        return Claim(
            **TAG, id=of, person=self.refs[child], meal="lunch", day=NOON.date().isoformat(), outcome=outcome,
            amount_tiyn=amount,
        )  # fmt: skip


def sale_id(record: Record) -> str:
    assert isinstance(record, Sale)
    return record.id


def overruled(sale: Record, why: str = "аш бала") -> Override:
    return Override(**TAG, sale=sale_id(sale), rule="no_money", staff=STAFF, why=why)


def shift(outcome: Any, amount: int | None = None, count: int | None = None, minutes: int = 0, cash: int = 0) -> Shift:
    tag = {**TAG, "wall_ms": int((NOON + timedelta(minutes=minutes)).timestamp() * 1000)}
    return Shift(
        **tag, id=SHIFT, till="till-1", outcome=outcome, staff=STAFF, amount_tiyn=amount,
        cash_tiyn=None if amount is None else cash, count=count,
    )  # fmt: skip
