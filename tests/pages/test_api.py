"""The JSON API, judged by its own document; health, figures and logs of the application."""

import asyncio
from http import HTTPStatus
from typing import Any

import httpx2
import pytest
import schemathesis
import structlog
from hypothesis import HealthCheck, given, settings
from schemathesis.core.result import Ok

from tests.pages.program_routes import PREFIXES
from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

OPERATIONS = {
    "/api/v1/oauth/token",
    "/api/v1/statistics", "/api/v1/schools/{code}/statistics",
    "/api/v1/statistics/indicators", "/api/v1/schools/{code}/indicators",
    "/api/v1/reports", "/api/v1/schools/{code}/reports", "/api/v1/schools/{code}/reports/{report_id}/file.{form}",
    "/api/v1/schools/{code}/menu", "/api/v1/children/{ref}/menu", "/api/v1/children/{ref}/restrictions",
    "/api/v1/children/{ref}/statistics", "/api/v1/children/{ref}/balance", "/api/v1/notices", "/api/v1/notices/read",
    "/device/v1/roster/canteen",
    "/device/v1/roster/desk",
    "/api/v1/schools/{code}/presence", "/api/v1/children", "/api/v1/children/{ref}/timeline", "/device/v1/roster",
    "/device/v1/dish-photo/{digest}", "/device/v1/face/{digest}", "/device/v1/certificate", "/device/v1/ca",
    "/device/v1/enrol", "/device/v1/release", "/device/v1/release/{product}/{board}/{counter}",
}  # fmt: skip
EXAMPLES = 12


@pytest.mark.parametrize("who", ["office", "guardian", ""])
async def test_the_api_keeps_what_its_document_says(site: Site, who: str) -> None:
    headers = {"cookie": f"esik_session={site.sample.tokens[who]}"} if who else {}

    tried = await asyncio.to_thread(_try_everything, f"{site.address}/api/v1/openapi.json", headers)

    assert tried == OPERATIONS


async def test_the_office_reads_where_everybody_is(site: Site) -> None:
    answer = await got(site, "/api/v1/schools/almaty15/presence?limit=5", "office")

    day = answer.json()
    assert (day["school"], day["on"], day["is_school_day"], day["total"]) == ("almaty15", "2026-09-01", True, 66)
    assert len(day["people"]) == 5
    assert {"inside", "absent"} & {person["standing"] for person in day["people"]}


async def test_a_guardian_reads_the_children_and_nobody_elses(site: Site) -> None:
    children = (await got(site, "/api/v1/children", "guardian")).json()
    timeline = (await got(site, f"/api/v1/children/{site.sample.child_ref}/timeline", "guardian")).json()
    refused = await got(site, f"/api/v1/children/{site.sample.child_ref}/timeline", "stranger")

    assert {child["person"] for child in children} == {site.sample.child_ref, site.sample.sibling_ref}
    assert [day["on"] for day in timeline["days"]] == ["2026-09-01", "2026-08-31", "2026-08-29", "2026-08-28"]
    assert timeline["days"][0]["events"][0]["is_delayed"]
    assert (refused.status_code, refused.json()["code"]) == (HTTPStatus.NOT_FOUND, "not_found")


async def test_a_refusal_is_told_in_the_language_asked_for(site: Site) -> None:
    told = [(await got(site, "/api/v1/children", language=each)).json()["message"] for each in ("kk", "ru", "en")]

    assert told == ["Алдымен жүйеге кіріңіз.", "Сначала войдите.", "Sign in first."]


async def test_health_is_told_and_figures_are_prometheus_own(site: Site) -> None:
    health = await got(site, "/health")
    figures = await got(site, "/metrics")

    assert (health.status_code, health.json()["status"]) == (HTTPStatus.OK, "ok")
    assert figures.status_code == HTTPStatus.OK
    assert "esik_http_requests_total{" in figures.text
    assert site.sample.child_ref not in figures.text


async def test_logs_hold_routes_and_no_references_or_searches(site: Site) -> None:
    with structlog.testing.capture_logs() as logs:
        await got(site, f"/api/v1/children/{site.sample.child_ref}/timeline", "guardian")
        await got(site, "/schools/almaty15/office?search=Қожахмет", "office")

    assert {entry["route"] for entry in logs} >= {"/api/v1/children/{ref}/timeline", "/schools/{code}/office"}
    assert site.sample.child_ref not in str(logs)
    assert "Қожахмет" not in str(logs)


async def got(site: Site, path: str, who: str = "", language: str = "en") -> httpx2.Response:
    """Ask as a program."""
    headers = {"accept": "application/json", "accept-language": language}
    if who:
        headers["cookie"] = f"esik_session={site.sample.tokens[who]}"
    async with httpx2.AsyncClient(base_url=site.address, headers=headers) as client:
        return await client.get(path)


def _try_everything(document: str, headers: dict[str, str]) -> set[str]:
    schema = schemathesis.openapi.from_url(document)
    tried = set()
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        if operation.path.startswith(PREFIXES):
            continue  # of programs, by tokens: tests/cloud/test_programs.py
        tried.add(operation.path)

        @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def run(case: Any) -> None:
            case.call_and_validate(headers=headers)

        run()
    return tried
