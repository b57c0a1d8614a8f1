"""A simulated gateway for SMS, served over loopback HTTP, for tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from cloud.core.services import Services
from cloud.core.smsc import Smsc
from simulators.clock import SimulatedClock
from simulators.sms import SimulatedSms, serving

DEADLINE_S = 20.0  # of a request that is answered at once, on a machine that is busy


@dataclass(slots=True)
class Gateway:
    """The gateway, and the address that it is set by."""

    simulated: SimulatedSms
    url: str
    clock: SimulatedClock

    def client(self, deadline_s: float = DEADLINE_S) -> Smsc:
        """Return who sends by it."""
        return Smsc.parse(self.url, "ESIK", deadline_s)

    def among(self, services: Services, parts_per_day: int = 300) -> Services:
        """Return services that have it set."""
        return replace(services, settings=replace(services.settings, sms_url=self.url, sms_parts_per_day=parts_per_day))


@asynccontextmanager
async def a_gateway() -> AsyncIterator[Gateway]:
    """Serve a gateway."""
    clock = SimulatedClock()
    simulated = SimulatedSms("school", "hush:hush", clock)
    async with serving(simulated.app) as place:
        yield Gateway(simulated, f"http://school:hush%3Ahush@{place}", clock)
