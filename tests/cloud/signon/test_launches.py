"""A launch of a tool belongs to one browser, one resource and one use; a tool asks for its own courses alone."""

import base64
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI

from cloud.core.services import Services
from cloud.erasure.actions import erase_due
from cloud.people.consents import Answer, put_answers
from cloud.people.kinds import Purpose, Says, Way
from cloud.signon.contexts import context_for, members_of
from cloud.signon.errors import Declined
from cloud.signon.fetching import NotFetched, fetch_json, target_of
from cloud.signon.lines import lines_of, put_score
from cloud.signon.subjects import subject_for
from cloud.signon.tools import Tool, ToolGiven
from simulators.clock import SimulatedClock
from tests.cloud.signon.factory import EVERYTHING, School, Visitor, answered, sent_form, visitor

LAUNCH = "https://tool.test/launch"
GIVEN = ToolGiven("Есептер", LAUNCH, LAUNCH, "https://tool.test/keys", EVERYTHING, ("members", "grades"))
SCORE = {
    "scoreGiven": 8, "scoreMaximum": 10, "activityProgress": "Completed", "gradingProgress": "FullyGraded",
    "timestamp": "2026-08-31T10:00:00+05:00",
}  # fmt: skip


@pytest.fixture(name="tool")
async def _tool(school: School) -> Tool:
    return (await school.tool(GIVEN, LAUNCH))[0]


@pytest.fixture(name="browser")
async def _browser(app: FastAPI, school: School) -> Visitor:
    return visitor(app, await school.session("student"))


async def begun(browser: Visitor, tool: Tool, **changed: str) -> str:
    """Click on the resource; return what the tool then asks, with some parameters changed."""
    told = answered((await browser.get("/resources/1/launch/0")).headers["location"])
    assert (told["iss"], told["lti_deployment_id"]) == ("https://esik.test", tool.deployment_id)
    usual = {
        "scope": "openid", "response_type": "id_token", "response_mode": "form_post", "prompt": "none",
        "client_id": told["client_id"], "redirect_uri": LAUNCH, "state": "its-state", "nonce": "its-nonce",
        "login_hint": told["login_hint"], "lti_message_hint": told["lti_message_hint"],
    }  # fmt: skip
    return f"/lti/authorize?{urlencode(usual | changed)}"


async def test_a_launch_is_told_once(browser: Visitor, tool: Tool) -> None:
    asked = await begun(browser, tool)

    first, again = await browser.get(asked), await browser.get(asked)

    assert set(sent_form(first.text)) == {"id_token", "state"}
    assert sent_form(again.text)["error"] == "invalid_request"


async def test_a_launch_of_another_browser_is_told_nothing(
    app: FastAPI, browser: Visitor, tool: Tool, school: School
) -> None:
    asked = await begun(browser, tool)
    other = visitor(app, await school.session("silent"))

    stolen, nobody = await other.get(asked), await visitor(app).get(asked)

    assert sent_form(stolen.text)["error"] == "access_denied"
    assert nobody.status_code == 400


async def test_what_a_tool_asks_wrongly_is_declined(browser: Visitor, tool: Tool) -> None:
    wrong: tuple[dict[str, str], ...] = (
        {"nonce": ""}, {"state": ""}, {"response_type": "code"}, {"response_mode": "query"}, {"prompt": "login"},
        {"login_hint": "another"}, {"lti_message_hint": "another"}, {"nonce": "n" * 300},
    )  # fmt: skip
    for changed in wrong:
        page = await browser.get(await begun(browser, tool, **changed))

        assert "error" in sent_form(page.text), changed
    resembling = await browser.get(await begun(browser, tool, redirect_uri=f"{LAUNCH}.evil.test"))
    assert (resembling.status_code, sent_form(resembling.text)) == (400, {})


async def test_a_launch_is_over_after_five_minutes(browser: Visitor, tool: Tool, clock: SimulatedClock) -> None:
    asked = await begun(browser, tool)
    clock.advance(301)

    assert sent_form((await browser.get(asked)).text)["error"] == "invalid_request"


async def test_a_tool_asks_for_its_own_courses_alone(services: Services, school: School, tool: Tool) -> None:
    other = (await school.tool(GIVEN, LAUNCH))[0]

    assert (await context_for(services, tool, f"1-{school.class_id}")).class_name == "5А"
    for mine, text in ((other, f"1-{school.class_id}"), (tool, "1-999"), (tool, "x"), (tool, f"2-{school.class_id}")):
        with pytest.raises(Declined):
            await context_for(services, mine, text)


async def test_a_score_is_of_a_student_of_the_course_and_the_latest_stays(
    services: Services, school: School, tool: Tool
) -> None:
    course = await context_for(services, tool, f"1-{school.class_id}")
    line = str((await lines_of(services, tool, course))[0].id)
    student = await subject_for(services, tool.key, f"person:{school.people['student']}")
    teacher = await subject_for(services, tool.key, f"account:{school.accounts['teacher']}")
    await put_score(services, tool, course, line, SCORE | {"userId": student})

    wrong: tuple[dict[str, Any], ...] = (
        {"userId": teacher}, {"userId": "nobody"}, {"userId": student, "timestamp": "2026-08-31T09:00:00+05:00"},
        {"userId": student, "timestamp": "yesterday"}, {"userId": student, "timestamp": "2026-08-31T11:00:00"},
        {"userId": student, "scoreGiven": -1}, {"userId": student, "scoreMaximum": 0},
        {"userId": student, "scoreGiven": "8"}, {"userId": student, "gradingProgress": "Great"},
        {"userId": student, "comment": "x" * 2_000},
    )  # fmt: skip
    for changed in wrong:
        with pytest.raises(Declined):
            await put_score(services, tool, course, line, SCORE | changed)
    kept = await services.database.pool.fetch("SELECT given, person_id FROM lti_score")
    assert [(row["given"], row["person_id"]) for row in kept] == [(8, school.people["student"])]


@pytest.mark.parametrize(
    "address",
    ["http://tool.test/keys", "https://127.0.0.1/keys", "https://localhost/keys", "https://[::1]/keys", "file:///etc"],
)
async def test_nothing_inside_the_network_is_asked_for_a_tools_keys(services: Services, address: str) -> None:
    with pytest.raises(NotFetched):
        await fetch_json(services, address)


@pytest.mark.parametrize("found", [["10.0.0.1"], ["93.184.215.14", "127.0.0.1"], ["64:ff9b::7f00:1"], ["nobody"], []])
async def test_a_name_that_leads_inside_is_not_connected_to(services: Services, found: list[str]) -> None:
    async def resolve(_host: str, _port: int) -> list[str]:
        return found

    with pytest.raises(NotFetched):
        await target_of(services, "https://tool.test/keys", resolve)


async def test_what_was_checked_is_connected_to_and_its_name_is_not_asked_again(services: Services) -> None:
    async def resolve(_host: str, _port: int) -> list[str]:
        return ["93.184.215.14"]

    target = await target_of(services, "https://tool.test:8443/keys?a=b", resolve)

    assert target.url == "https://93.184.215.14:8443/keys?a=b"
    assert (target.headers, target.extensions) == ({"host": "tool.test:8443"}, {"sni_hostname": "tool.test"})


async def test_what_resources_knew_a_child_by_goes_with_its_data_and_the_class_list_too(
    services: Services, school: School, tool: Tool
) -> None:
    course = await context_for(services, tool, f"1-{school.class_id}")
    line = str((await lines_of(services, tool, course))[0].id)
    known = {each["user_id"] for each in (await members_of(services, tool, course, "x"))["members"]}
    subject = await subject_for(services, tool.key, f"person:{school.people['silent']}")
    await put_score(services, tool, course, line, SCORE | {"userId": subject})
    refusal = Answer(
        person_id=school.people["silent"], purpose=Purpose.DATA, says=Says.NO, on=services.clock.now().date(),
        way=Way.PAPER,
    )  # fmt: skip
    async with services.database.pool.acquire() as connection:
        await put_answers(services, connection, [refusal])

    assert await erase_due(services) == 1

    left = {each["user_id"] for each in (await members_of(services, tool, course, "x"))["members"]}
    assert known - left == {subject}
    assert await services.database.pool.fetchval("SELECT count(*) FROM lti_score") == 0
    member = f"person:{school.people['silent']}"
    assert await services.database.pool.fetchval("SELECT count(*) FROM subject WHERE member = $1", member) == 0


async def test_an_assertion_that_nobody_signed_gets_no_token(app: FastAPI, tool: Tool) -> None:
    body = base64.urlsafe_b64encode(f'{{"iss":"{tool.client_id}"}}'.encode()).rstrip(b"=").decode()
    given = {
        "grant_type": "client_credentials", "scope": "https://purl.imsglobal.org/spec/lti-ags/scope/score",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": f"eyJhbGciOiJub25lIn0.{body}.",
    }  # fmt: skip

    answer = await visitor(app).client.post("/lti/token", data=given)
    members = await visitor(app).client.get("/lti/contexts/1-1/members", headers={"authorization": "Bearer made-up"})

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert members.status_code == 401
