"""What tests of the report builder share."""

import pytest

from cloud.core.services import Services
from tests.cloud.builder.factory import Built


@pytest.fixture(name="school")
async def _school(services: Services) -> Built:
    return await Built.begun(services)
