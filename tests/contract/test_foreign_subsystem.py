"""Another subsystem, written from what a running service publishes, and from nothing else: it tells, and it reads."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import jsonschema
import pytest

from cloud.core.clock import SystemClock
from cloud.core.services import Services
from cloud.tokens.scopes import Scope
from tests.cloud.foreign_gates.test_api import numbered
from tests.cloud.serving import served
from tests.cloud.tokens.factory import token

DOCUMENT = "/api/v1/openapi.json"  # what the page of docs/programs.md names
SCOPES = (Scope.ROSTER_READ, Scope.ROSTER_NAMES, Scope.PRESENCE_READ, Scope.PASSAGES_READ, Scope.PASSAGES_WRITE)


@pytest.fixture(name="clock")
def _clock() -> SystemClock:
    return SystemClock()


@dataclass(slots=True)
class Subsystem:
    """A program that has an address, a client's id and secret, and the document that it found there."""

    client: httpx2.AsyncClient
    document: Mapping[str, Any]

    async def sign_in(self, client: str, secret: str) -> None:
        """Get a token as the document's security scheme has it (OAuth 2.0, client credentials)."""
        schemes = self.document["components"]["securitySchemes"].values()
        (flow,) = [each["flows"]["clientCredentials"] for each in schemes if each["type"] == "oauth2"]
        form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
        answer = await self.client.post(flow["tokenUrl"], data=form)
        assert answer.status_code == 200, answer.text
        assert set(answer.json()["scope"].split()) <= set(flow["scopes"])
        self.client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"

    async def ask(self, method: str, path: str, told: object = None, **parameters: str) -> Any:
        """Ask an operation of the document; what is told and what is answered must be as its schemas have it."""
        operation = self.document["paths"][path][method]
        wanted = {each["name"] for each in operation.get("parameters", ()) if each.get("required")}
        assert wanted <= set(parameters), f"{path} wants {wanted}"
        if told is not None:
            self._fits(told, operation["requestBody"])
        answer = await self.client.request(method.upper(), path.format(**parameters), json=told)
        assert answer.status_code == 200, answer.text
        self._fits(answer.json(), operation["responses"]["200"])
        return answer.json()

    def _fits(self, body: object, described: Mapping[str, Any]) -> None:
        schema = described["content"]["application/json"]["schema"]
        whole = {**schema, "components": self.document["components"]}
        jsonschema.Draft202012Validator(whole).validate(body)


@asynccontextmanager
async def a_subsystem(address: str) -> AsyncIterator[Subsystem]:
    async with httpx2.AsyncClient(base_url=address, trust_env=False, timeout=30.0) as client:
        document = (await client.get(DOCUMENT)).json()
        assert document["openapi"].startswith("3.")
        yield Subsystem(client, document)


@pytest.mark.requirement("KZ456-7")
async def test_a_subsystem_that_knows_an_address_only_tells_and_reads_as_the_document_says(
    services: Services, clock: SystemClock
) -> None:
    at, child = await numbered(services)
    made = await token(services, at, *SCOPES)
    passage = {"id": "1", "number": "1042", "at": clock.now().isoformat(), "direction": "in", "gate": "yard"}
    async with served(services) as address, a_subsystem(address) as other:
        await other.sign_in(made.client, made.secret)

        told = await other.ask("post", "/api/v1/passages/of/{system}", {"passages": [passage]}, system="gymnasium")
        again = await other.ask("post", "/api/v1/passages/of/{system}", {"passages": [passage]}, system="gymnasium")
        presence = await other.ask("get", "/api/v1/presence")
        (students,) = [path for path in other.document["paths"] if path.endswith("/students") and "{" not in path]
        roster = await other.ask("get", students)

    assert (told["new"], again["known"]) == (1, 1)
    assert [(each["person"], each["is_inside"]) for each in presence["people"]] == [(child.ref, True)]
    assert {each["givenName"] for each in roster["users"]} == {"Әлия", "Тимур", "Мария"}


@pytest.mark.requirement("KZ456-7")
async def test_what_a_subsystem_gets_wrong_is_answered_as_the_document_says(services: Services) -> None:
    at, _ = await numbered(services)
    made = await token(services, at, Scope.PASSAGES_WRITE)
    async with served(services) as address, a_subsystem(address) as other:
        nobody = await other.client.get("/api/v1/presence")
        await other.sign_in(made.client, made.secret)
        forbidden = await other.client.get("/api/v1/presence")
        wrong = await other.client.post("/api/v1/passages/of/gymnasium", json={"passages": [{"id": 1}]})
        documented = other.document["paths"]

    assert (nobody.status_code, forbidden.status_code, wrong.status_code) == (401, 403, 422)
    for answer, path, method in (
        (nobody, "/api/v1/presence", "get"), (forbidden, "/api/v1/presence", "get"),
        (wrong, "/api/v1/passages/of/{system}", "post"),
    ):  # fmt: skip
        assert str(answer.status_code) in documented[path][method]["responses"]
