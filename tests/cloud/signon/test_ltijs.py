"""A tool made with npm ltijs is launched with names and roles, asks who is in the class, and sends results back."""

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cloud.core.services import Services
from cloud.signon.tools import Tool, ToolGiven
from tests.cloud.signon.factory import EVERYTHING, School, Visitor, sent_form
from tests.cloud.signon.served import ANSWER_S, Program, browsing, program, serving
from tests.servers.process import free_port

SCRIPT = Path(__file__).with_name("tool.mjs")


def given_of(address: str) -> ToolGiven:
    """Return the tool as the school's IT enters it."""
    return ToolGiven(
        "Есептер", f"{address}/login", f"{address}/launch", f"{address}/keys", EVERYTHING, ("members", "grades")
    )


async def sent_to(browser: Visitor, client: httpx2.AsyncClient, resource_id: int) -> tuple[str, dict[str, str]]:
    """Click on a resource; return where the launch is sent to, and its fields."""
    click = await browser.get(f"/resources/{resource_id}/launch/0")
    login = await client.get(click.headers["location"])
    page = await browser.get(login.headers["location"])
    assert page.status_code == 200, page.text
    assert "form-action 'self' https: http://127.0.0.1:" in page.headers["content-security-policy"]
    return page.text.partition('action="http')[2].partition('"')[0], sent_form(page.text)


def altered(token: str, **changed: object) -> str:
    """Return a token with other claims under the old signature."""
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    packed = base64.urlsafe_b64encode(json.dumps(claims | changed).encode()).rstrip(b"=").decode()
    return f"{head}.{packed}.{signature}"


@pytest.mark.requirement("KZ456-33-1.2", part="resources")
async def test_a_tool_is_launched_asks_for_the_class_and_sends_results(services: Services, school: School) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    async with (
        serving(services) as here,
        program(SCRIPT, str(port)) as tool,
        httpx2.AsyncClient(timeout=ANSWER_S) as client,
    ):
        assert await tool.told() == {"listening": port}
        there = replace(school, services=here)
        registered, resource_id = await there.tool(given_of(address), f"{address}/launch")
        await tool.ask("register", issuer=here.settings.public_url, clientId=registered.client_id)
        async with browsing(here, await there.session("student")) as browser:
            launched = await _launched(browser, client, resource_id, address)
            _is_told(launched, registered, school)
            await _asks_for_the_class(tool, launched["user"])
            await _sends_results(here, tool, launched["user"])


async def _launched(browser: Visitor, client: httpx2.AsyncClient, resource_id: int, address: str) -> dict[str, Any]:
    """Launch the tool: refused with another nonce, without a signature, and a second time."""
    for alter in (partial(altered, nonce="another"), _unsigned):
        to, fields = await sent_to(browser, client, resource_id)
        wrong = {**fields, "id_token": alter(fields["id_token"])}
        assert f"http{to}" == f"{address}/launch"
        assert (await client.post(f"{address}/launch", data=wrong)).status_code == 401
    _, fields = await sent_to(browser, client, resource_id)
    cookies = dict(client.cookies)
    answer = await client.post(f"{address}/launch", data=fields, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    client.cookies.update(cookies)
    again = await client.post(f"{address}/launch", data=fields)
    assert (again.status_code, "NONCE" in again.text) == (401, True), again.text
    launched: dict[str, Any] = answer.json()
    return launched


def _unsigned(token: str) -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    return f"{head}.{token.split('.')[1]}."


def _is_told(launched: Mapping[str, Any], tool: Tool, school: School) -> None:
    assert (launched["name"], launched["deployment"]) == ("Әліби Айгерім", tool.deployment_id)
    assert launched["roles"][0].endswith("membership#Learner")
    assert launched["context"]["label"] == "5А"
    assert str(school.people["student"]) not in launched["user"].split("-")


async def _asks_for_the_class(tool: Program, student: str) -> None:
    listed = await tool.ask("members")
    names = {member["user_id"]: member.get("name") for member in listed["members"]}
    assert names.pop(student) == "Әліби Айгерім"
    assert list(names.values()) == [None], "a child without a consent is there, and has no name"


async def _sends_results(services: Services, tool: Program, student: str) -> None:
    first = (await tool.ask("lines"))["lineItems"][0]
    added = await tool.ask("add", label="Бақылау", most=20)
    assert (await tool.ask("score", line=first["id"], points=83, most=100, user=student))["scoreGiven"] == 83
    assert (await tool.ask("score", line=added["id"], points=18, most=20, user=student))["scoreGiven"] == 18
    results = await tool.ask("results", line=added["id"])
    assert [(each["userId"], each["resultScore"]) for each in results["scores"]] == [(student, 18)]
    assert "error" in await tool.ask("score", line=first["id"], points=1, most=100, user="nobody")
    kept = await services.database.pool.fetch("SELECT given, score_max FROM lti_score ORDER BY line_id")
    assert [(row["given"], row["score_max"]) for row in kept] == [(83, 100), (18, 20)]
