"""Who sees what: a page shows nobody more than their own, and says the same whether there is nothing or no right."""

from collections.abc import AsyncIterator
from http import HTTPStatus

import httpx2
import pytest
import pytest_asyncio

from cloud.accounts.logins import login_digest
from tests.pages.asking import ask
from tests.pages.routes import ROUTES
from tests.pages.site import Site
from tests.pages.test_routes import FORM, address_of

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

SCHOOL = "/schools/almaty15"
PAGE = {"accept": "text/html"}


@pytest_asyncio.fixture(loop_scope="session", name="http")
async def _http(site: Site) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=site.address, headers=PAGE, follow_redirects=False) as client:
        yield client


async def test_a_school_that_is_not_there_answers_as_one_without_rights(site: Site, http: httpx2.AsyncClient) -> None:
    assert await status_of(site, http, "/schools/nowhere/gate", "guard") == HTTPStatus.NOT_FOUND
    assert await status_of(site, http, "/schools/astana7/gate", "guard") == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("path", ["", "/live"])
async def test_a_parent_does_not_find_another_parents_child(site: Site, http: httpx2.AsyncClient, path: str) -> None:
    own, other = site.sample.child_ref, site.sample.stranger_ref

    assert await status_of(site, http, f"/children/{own}{path}", "guardian") == HTTPStatus.OK
    assert await status_of(site, http, f"/children/{other}{path}", "guardian") == HTTPStatus.NOT_FOUND
    assert await status_of(site, http, f"/children/{own}{path}", "stranger") == HTTPStatus.NOT_FOUND
    assert await status_of(site, http, f"/children/{own}{path}", "guard") == HTTPStatus.NOT_FOUND


async def test_the_office_does_not_find_another_schools_person(site: Site, http: httpx2.AsyncClient) -> None:
    address = f"{SCHOOL}/people/{site.sample.stranger_ref}"

    assert await status_of(site, http, address, "office") == HTTPStatus.NOT_FOUND


async def test_another_parents_card_cannot_be_blocked(site: Site, http: httpx2.AsyncClient) -> None:
    address = f"/children/{site.sample.child_ref}/cards/{site.sample.card_id}/block"

    answer = await http.post(address, headers={**cookie(site, "stranger"), "origin": site.address})

    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert await state_of_card(site) == "active"


async def test_without_a_session_a_person_is_led_to_the_sign_in_and_a_program_is_told(
    http: httpx2.AsyncClient,
) -> None:
    page = await http.get(f"{SCHOOL}/office")
    program = await http.get("/api/v1/children")
    stream = await http.get("/live", headers={"accept": "text/html, text/event-stream"})

    assert (page.status_code, page.headers["location"]) == (303, "/sign-in?next=%2Fschools%2Falmaty15%2Foffice")
    assert (program.status_code, program.json()["code"]) == (401, "sign_in_needed")
    assert stream.status_code == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "null"},
        {},
    ],
)
async def test_a_form_of_another_site_changes_nothing(
    site: Site, http: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    address = f"/children/{site.sample.child_ref}/cards/{site.sample.card_id}/block"

    answer = await http.post(address, headers={**cookie(site, "guardian"), **headers})

    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert await state_of_card(site) == "active"


async def test_every_answer_carries_the_headers_that_keep_browsers_safe(site: Site, http: httpx2.AsyncClient) -> None:
    for path in ("/sign-in", "/nothing", "/assets/esik.css", "/health", "/api/v1/children"):
        answer = await http.get(path)

        assert "script-src 'self'" in answer.headers["content-security-policy"], path
        assert "unsafe" not in answer.headers["content-security-policy"], path
        assert answer.headers["x-content-type-options"] == "nosniff", path
    private = await http.get(f"{SCHOOL}/office", headers=cookie(site, "office"))
    assert private.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
async def test_no_choice_leads_to_another_site(http: httpx2.AsyncClient, target: str) -> None:
    answer = await http.post("/preferences", data={"language": "ru", "back": target})

    assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def status_of(site: Site, http: httpx2.AsyncClient, path: str, who: str) -> int:
    """Return the status of a page for somebody; a stream is left after its head."""
    async with http.stream("GET", path, headers=cookie(site, who)) as answer:
        return answer.status_code


def cookie(site: Site, who: str) -> dict[str, str]:
    return {"cookie": f"esik_session={site.sample.tokens[who]}"}


async def state_of_card(site: Site) -> str:
    state = await site.services.database.pool.fetchval("SELECT state FROM card WHERE id = $1", site.sample.card_id)
    return str(state)


OF_ONE_CHILD = [key for key in ROUTES if "{ref}" in key]


@pytest.mark.parametrize("key", OF_ONE_CHILD)
async def test_the_reference_of_a_child_of_another_school_opens_nothing(site: Site, key: str) -> None:
    method, path = address_of(site, key)
    stranger = path.replace(site.sample.child_ref, site.sample.stranger_ref)
    form = FORM if method == "POST" else None

    for who in ("guardian", "office", "nurse", "guard", "director", "it", "pedagogue", "class_teacher", "operator"):
        status = await ask(site.app, method, stranger, site.sample.tokens[who], form)
        assert status in {HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN}, who


async def test_a_live_page_ends_when_its_account_is_closed(site: Site, http: httpx2.AsyncClient) -> None:
    pool, guard = site.services.database.pool, login_digest(site.services.vault, "guard")
    async with http.stream(
        "GET", f"{SCHOOL}/gate/live", headers={**cookie(site, "guard"), "accept": "text/event-stream"}
    ) as answer:
        lines = answer.aiter_lines()
        await anext(lines)
        try:
            await pool.execute("UPDATE account SET is_active = false WHERE login_digest = $1", guard)
            await pool.execute("SELECT pg_notify('esik_presence', $1)", f"{site.sample.school_id}:*")
            told = [line async for line in lines]
        finally:
            await pool.execute("UPDATE account SET is_active = true WHERE login_digest = $1", guard)

    assert sum(line.startswith("id:") for line in told) <= 1, "at most what was being drawn"
