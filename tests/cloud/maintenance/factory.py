"""Windows of maintenance for tests."""

from datetime import timedelta

from cloud.core.services import Services
from cloud.core.windows import Window
from cloud.maintenance.actions import plan
from tests.cloud.schools.factory import SYSTEM


def window_of(services: Services, after_min: float, minutes: float = 60) -> Window:
    """Return a window that begins so many minutes from now."""
    starts_at = services.clock.now() + timedelta(minutes=after_min)
    return Window(starts_at, starts_at + timedelta(minutes=minutes))


async def planned(services: Services, after_min: float, minutes: float = 60) -> int:
    """Announce it and return its number."""
    return await plan(services, SYSTEM, window_of(services, after_min, minutes))
