"""What tests of statistics share: a school whose month is over."""

from collections.abc import AsyncIterator

import pytest

from cloud.core.services import Services
from simulators.clock import SimulatedClock
from tests.cloud.reports.factory import NEXT, School


@pytest.fixture(name="school")
async def _school(services: Services, clock: SimulatedClock) -> AsyncIterator[School]:
    """Return a school of three children, in the first hours after its month."""
    school = await School.begun(services)
    clock.jump((NEXT - clock.now()).total_seconds())
    yield school
    await school.close()
