"""The devices that send, remembered by name with the keys that were derived for them.

Rule: a revocation bites within seconds on a live session: its wake-up makes us forget the device at once, and every few
seconds we ask for what no wake-up told.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta

import asyncpg

from cloud.core.clock import Clock
from cloud.core.vault import Vault
from cloud.core.wakeups import EVERYTHING, Wakeups
from cloud.devices import registry
from cloud.ingest.messages import Sender
from schemas.seal import DOWNLINK, UPLINK, derive

UNKNOWN_S = 2.0  # a name we did not find is looked for again after this
CHECK_S = 3.0
LOOK_BACK = timedelta(minutes=10)
UNKNOWN_MAX = 10_000


class Senders:
    """What this worker remembers of devices."""

    def __init__(self, pool: asyncpg.Pool, vault: Vault, clock: Clock) -> None:
        self._pool = pool
        self._vault = vault
        self._clock = clock
        self._known: dict[str, Sender | None] = {}
        self._unknown_until_s: dict[str, float] = {}

    async def find(self, names: Collection[str]) -> Mapping[str, Sender | None]:
        """Return the devices of these names; None is not known."""
        known = self._known
        wanted = [name for name in names if known.get(name) is None and self._may_ask(name)]
        if wanted:
            found = await registry.find(self._pool, self._vault, wanted)
            known.update((each.name, _sender(each)) for each in found)
            self._note_unknown(set(wanted) - {each.name for each in found})
        return known

    def on_shards(self, shards: Collection[int]) -> list[str]:
        """Return the names of the devices we remember of some shards."""
        return [name for name, sender in self._known.items() if sender is not None and sender.shard in shards]

    def forget(self, names: Iterable[str]) -> None:
        """Ask for these devices anew when they send."""
        for name in names:
            self._known.pop(name, None)
            self._unknown_until_s.pop(name, None)

    async def follow(self, wakeups: Wakeups) -> None:
        """Forget devices that changed, until cancelled."""
        async with await wakeups.subscribe(registry.CHANGED) as changes:
            async for name in changes:
                if name == EVERYTHING:
                    self.forget(list(self._known))
                else:
                    self.forget([name])

    async def check(self) -> None:
        """Forget the devices that were revoked lately, and are remembered as if they were not."""
        names = await registry.revoked_since(self._pool, self._clock.now() - LOOK_BACK)
        remembered = ((name, self._known.get(name)) for name in names)
        self.forget([name for name, sender in remembered if sender is not None and not sender.is_revoked])

    def _may_ask(self, name: str) -> bool:
        return self._clock.monotonic_s() >= self._unknown_until_s.get(name, 0.0)

    def _note_unknown(self, names: Collection[str]) -> None:
        if len(self._unknown_until_s) > UNKNOWN_MAX:
            self._unknown_until_s.clear()
        until_s = self._clock.monotonic_s() + UNKNOWN_S
        self._unknown_until_s.update(dict.fromkeys(names, until_s))


def _sender(device: registry.Registered) -> Sender:
    return Sender(
        device_id=device.device_id,
        name=device.name,
        school_id=device.school_id,
        school=device.school,
        shard=device.shard,
        uplink_key=derive(device.secret, UPLINK),
        downlink_key=derive(device.secret, DOWNLINK),
        is_revoked=device.is_revoked,
    )
