"""What programs ask with tokens, judged by the API's own document: an answer is always one that it tells of."""

import asyncio
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from cloud.core.services import Services
from cloud.tokens.scopes import Scope
from tests.cloud.oneroster.factory import roster
from tests.cloud.serving import served
from tests.cloud.tokens.factory import token
from tests.pages.program_routes import DOCUMENTED, PREFIXES

EXAMPLES = 2
WAIT_S = 60.0  # a busy machine
# A filter that fits its type may name no field; our header cannot be taken away to try without, as test_routes.py does.
EXCLUDED = [positive_data_acceptance, ignored_auth]


async def test_programs_are_answered_as_the_document_says(services: Services) -> None:
    made = await token(services, await roster(services), *Scope)
    async with served(services) as address:
        tried = await asyncio.to_thread(_try_all, f"{address}/api/v1/openapi.json", made.secret)

    assert tried == set(DOCUMENTED)


def _try_all(document: str, secret: str) -> set[str]:
    tried, headers = set(), {"authorization": f"Bearer {secret}"}
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
            case.call_and_validate(headers=headers, excluded_checks=EXCLUDED, timeout=WAIT_S)

        run()
    return tried
