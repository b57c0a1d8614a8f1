"""A canteen on a fresh database, for every test of the menu."""

import pytest

from cloud.core.services import Services
from tests.cloud.menu.factory import Canteen


@pytest.fixture(name="canteen")
async def _canteen(services: Services) -> Canteen:
    return await Canteen(services).open()
