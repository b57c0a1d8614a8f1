"""A school with a canteen on a fresh database, for tests of the wallet."""

from collections.abc import AsyncIterator

import pytest

from cloud.core.services import Services
from tests.cloud.wallet.factory import WalletSchool


@pytest.fixture(name="school")
async def _school(services: Services) -> AsyncIterator[WalletSchool]:
    school = await WalletSchool(services).open()
    yield school
    await school.canteen.close()
