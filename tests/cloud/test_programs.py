"""What programs ask with tokens, judged by the API's own document: an answer is always one that it tells of."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from cloud.app import create_app, serve
from cloud.core.services import Services
from cloud.tokens.scopes import Scope
from tests.cloud.oneroster.factory import roster
from tests.cloud.tokens.factory import token
from tests.pages.program_routes import PREFIXES, PROGRAM_ROUTES
from tests.servers.process import free_port

EXAMPLES = 2
# A filter that fits its type may name no field; our header cannot be taken away to try without, as test_routes.py does.
EXCLUDED = [positive_data_acceptance, ignored_auth]


async def test_programs_are_answered_as_the_document_says(services: Services) -> None:
    made = await token(services, await roster(services), *Scope)
    async with served(services) as address:
        tried = await asyncio.to_thread(_try_all, f"{address}/api/v1/openapi.json", made.secret)

    assert tried == set(PROGRAM_ROUTES)


@asynccontextmanager
async def served(services: Services) -> AsyncIterator[str]:
    """Serve the application and return its address."""
    port = free_port()
    own = replace(services.settings, http_port=port, api_requests_per_minute=1_000_000)
    started = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(serve(create_app(replace(services, settings=own)), started))
        await started.wait()
        yield f"http://127.0.0.1:{port}"
        serving.cancel()


def _try_all(document: str, secret: str) -> set[str]:
    tried = set()
    for result in schemathesis.openapi.from_url(document).get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        if not operation.path.startswith(PREFIXES):
            continue
        tried.add(f"{operation.method.upper()} {operation.path}")

        @seed(5)
        @settings(
            max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None,
            phases=[Phase.generate],
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def run(case: Any) -> None:
            case.call_and_validate(headers={"authorization": f"Bearer {secret}"}, excluded_checks=EXCLUDED)

        run()
    return tried
