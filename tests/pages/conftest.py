"""One server, one browser and one school for all tests of pages; what a test writes it takes back or names its own."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.pages.site import Site, running_site
from tests.servers.postgres import Postgres


# Of this package alone: models find one database a process, and other tests of the same process have their own.
@pytest_asyncio.fixture(scope="package", loop_scope="session", name="site")
async def _site(
    postgres_server: Postgres, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    async with running_site(postgres_server, migrated_template, tmp_path_factory.mktemp("pages")) as site:
        yield site
