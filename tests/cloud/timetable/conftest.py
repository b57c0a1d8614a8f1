"""What tests of the timetable share."""

import pytest

from cloud.core.services import Services
from tests.cloud.timetable.factory import Planned


@pytest.fixture(name="school")
async def _school(services: Services) -> Planned:
    return await Planned.begun(services)
