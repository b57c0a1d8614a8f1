"""What keeps the pages safe: guesses slow down, sessions end, nothing is too big, and no log tells anybody's data."""

import asyncio
import logging
from collections.abc import AsyncIterator
from http import HTTPStatus

import httpx2
import pytest
import pytest_asyncio
import structlog
from fastapi import FastAPI
from structlog.testing import capture_logs

from cloud.accounts.actions import add_account, change_password
from cloud.accounts.queries import account_of_login
from cloud.core import live
from cloud.core.actor import Actor, Reach, Role
from cloud.core.guarding import FORM_MAX, UPLOAD_MAX, Figures, Guarding
from tests.cloud.accounts.factory import whole
from tests.pages.site import Site
from tests.pages.test_ways import NEW
from tests.waiting import until_async

# What a page can leave in a browser besides cookies.
LEFT_BEHIND = """async () => [
  ...Object.keys(localStorage), ...Object.keys(sessionStorage),
  ...(await indexedDB.databases()).map((each) => each.name), ...(await caches.keys().catch(() => [])),
  ...(await navigator.serviceWorker.getRegistrations()).map((each) => each.scope),
]"""
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

SYSTEM = Actor.system("test")
SECRET = "Сейтқали Асан 870501300123"
FREE = 5


@pytest_asyncio.fixture(loop_scope="session", name="http")
async def _http(site: Site) -> AsyncIterator[httpx2.AsyncClient]:
    headers = {"accept": "text/html", "accept-language": "ru", "origin": site.address}
    async with httpx2.AsyncClient(base_url=site.address, headers=headers) as client:
        yield client


async def test_guessing_slows_down_and_says_for_how_long(site: Site, http: httpx2.AsyncClient) -> None:
    made = await somebody(site, "guessed@example.kz")
    guess = {"login": made[0], "password": "no such password"}

    answers = [await http.post("/sign-in", data=guess) for _ in range(FREE + 1)]
    right = await http.post("/sign-in", data={"login": made[0], "password": made[1]})
    other = await http.post("/sign-in", data={"login": "other@example.kz", "password": "no such password"})

    assert [answer.status_code for answer in answers] == [HTTPStatus.UNAUTHORIZED] * FREE + [429]
    assert "Слишком много неверных паролей" in answers[-1].text
    assert (right.status_code, int(right.headers["retry-after"])) == (429, 15)
    assert "set-cookie" not in right.headers
    assert other.status_code == HTTPStatus.UNAUTHORIZED
    site.clock.jump(16)
    try:
        assert (await http.post("/sign-in", data={"login": made[0], "password": made[1]})).status_code == 303
    finally:
        site.clock.jump(-16)


async def test_a_session_is_out_of_reach_of_scripts_and_ends_with_the_sign_out(
    site: Site, http: httpx2.AsyncClient
) -> None:
    login, password = await somebody(site, "session@example.kz")
    begun = await http.post("/sign-in", data={"login": login, "password": password})
    cookie, _known = begun.headers.get_list("set-cookie")
    token = cookie.partition(";")[0]
    http.cookies.clear()
    signed_in = await http.get("/account", headers={"cookie": token})

    await http.post("/sign-out", headers={"cookie": token})
    signed_out = await http.get("/account", headers={"cookie": token})

    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert signed_in.status_code == HTTPStatus.OK
    assert signed_out.status_code == HTTPStatus.SEE_OTHER
    assert (
        await site.services.database.pool.fetchval("SELECT count(*) FROM sign_in WHERE token_digest = $1", token) == 0
    )


async def test_a_new_password_ends_the_other_sessions(site: Site, http: httpx2.AsyncClient) -> None:
    login, password = await somebody(site, "twice@example.kz")
    elsewhere = await whole(site.services, login, password)
    account_id = await account_of_login(site.services, login)

    await change_password(site.services, Actor("Twice", account_id), password, NEW)

    answer = await http.get("/account", headers={"cookie": f"esik_session={elsewhere.token}"})
    assert answer.status_code == HTTPStatus.SEE_OTHER


async def test_what_is_too_big_or_endless_is_refused_before_it_is_read(site: Site, http: httpx2.AsyncClient) -> None:
    file = await told_before_the_body(
        site, "/schools/almaty15/import", "multipart/form-data; boundary=x", UPLOAD_MAX + 1
    )
    form = await told_before_the_body(site, "/sign-in", "application/x-www-form-urlencoded", FORM_MAX + 1)
    no_file = await told_before_the_body(
        site, "/schools/almaty15/import", "application/x-www-form-urlencoded", FORM_MAX + 1
    )

    async def endless() -> AsyncIterator[bytes]:
        yield b"login=x"

    chunked = await http.post("/sign-in", content=endless())

    assert file.startswith("HTTP/1.1 413")
    assert "Жіберілген тым үлкен: ең көбі 11 МБ." in file
    assert [answer.split(" ")[1] for answer in (form, no_file)] == ["413"] * 2
    assert chunked.status_code == HTTPStatus.LENGTH_REQUIRED


async def told_before_the_body(site: Site, path: str, kind: str, length: int) -> str:
    """Send the head of a request, and return what is answered to it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", site.services.settings.http_port)
    lines = (f"POST {path} HTTP/1.1", "host: esik", "accept: text/html", "accept-language: kk", f"content-type: {kind}")
    writer.write("\r\n".join((*lines, f"content-length: {length}", "", "")).encode())
    told = await asyncio.wait_for(reader.readuntil(b"</html>"), 30)
    writer.close()
    return told.decode()


async def test_a_word_that_is_no_method_gets_no_figure_of_its_own(site: Site, http: httpx2.AsyncClient) -> None:
    for word in ("SPAM1", "SPAM2"):
        await http.request(word, "/health")

    told = (await http.get("/metrics")).text

    assert "SPAM" not in told
    assert 'method="other"' in told


async def test_a_form_of_another_site_is_told_in_the_readers_language(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/preferences", data={"theme": "dark"}, headers={"origin": "https://evil.example"})

    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert "Эта форма отправлена с другого сайта" in answer.text


async def test_a_form_of_the_own_name_without_tls_is_another_sites(site: Site) -> None:
    app = FastAPI()
    app.state.services, app.state.pages = site.services, site.app.state.pages
    app.add_api_route("/write", lambda: None, methods=["POST"])
    app.add_middleware(Guarding, clock=site.clock, figures=Figures(), is_secure=True)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="https://esik") as client:
        answers = [
            await client.post("/write", headers={"origin": f"{scheme}://esik", "cookie": "esik_session=x"})
            for scheme in ("http", "https")
        ]

    assert [answer.status_code for answer in answers] == [HTTPStatus.FORBIDDEN, HTTPStatus.OK]


async def test_no_answer_leads_to_the_host_that_a_request_names(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/children/student00000/", headers={"host": "evil.example"})

    assert (answer.status_code, answer.headers.get("location")) == (HTTPStatus.NOT_FOUND, None)


async def test_our_own_mistake_is_told_in_the_readers_language_and_nobodys_data_stand_in_a_log(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken() -> None:
        try:
            await site.services.database.pool.execute("SELECT $1::int", SECRET)
        except Exception as error:
            raise RuntimeError(SECRET) from error

    app = FastAPI()
    app.state.services, app.state.pages = site.services, site.app.state.pages
    app.add_api_route("/broken", broken)
    app.add_middleware(Guarding, clock=site.clock, figures=Figures(), is_secure=True)
    transport = httpx2.ASGITransport(app=app)
    with capture_logs() as logs, caplog.at_level(logging.DEBUG):
        async with httpx2.AsyncClient(transport=transport, base_url="http://esik") as client:
            answer = await client.get("/broken", headers={"accept": "text/html", "accept-language": "ru"})

    assert answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert "Это наша ошибка, она записана" in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    failed = next(entry for entry in logs if entry["event"] == "request.failed")
    assert (failed["route"], failed["error"][0]) == ("/broken", "RuntimeError")
    assert failed["at"][-1].endswith("broken")
    assert SECRET not in str(logs) + caplog.text + answer.text


async def test_what_people_type_and_what_they_are_called_stands_in_no_log(site: Site, http: httpx2.AsyncClient) -> None:
    person = f"/schools/almaty15/people/{site.sample.child_ref}"
    office = {"cookie": f"esik_session={site.sample.tokens['office']}"}
    with structlog.testing.capture_logs() as logs:
        await http.post("/sign-in", data={"login": "+7 701 999 88 77", "password": "тайный пароль"})
        await http.get("/schools/almaty15/office?search=Қожахмет", headers=office)
        await http.get(person, headers=office)
        await http.post(f"{person}/guardians", headers=office, data={"name": "Тест Тестов", "phone": "87019998877x"})
        await http.post(f"{person}/cards", headers=office, data={"number": "04ZZ"})

    told = str(logs)
    assert len(logs) == 5
    assert {entry["status"] for entry in logs} == {200, 401, 422}
    for private in ("9998877", "999 88 77", "тайный", "Қожахмет", "Тест", "04ZZ", site.sample.child_ref, "Үсенов"):
        assert private not in told


async def somebody(site: Site, login: str) -> tuple[str, str]:
    """Make an account and return its login and password."""
    reach = Reach(Role.GUARDIAN, site.sample.other_school_id)
    made = await add_account(site.services, SYSTEM, login, "Бағдат", reach)
    assert made.login == login
    return made.login, made.password


async def test_pages_of_people_are_kept_by_no_browser_and_assets_are(site: Site, http: httpx2.AsyncClient) -> None:
    office = {"cookie": f"esik_session={site.sample.tokens['office']}"}
    private = (
        "/schools/almaty15/office",
        "/schools/almaty15/office.csv",
        "/api/v1/schools/almaty15/presence",
        "/go/today",
        f"/schools/almaty15/people/{site.sample.child_ref}/photo/{site.sample.photo}.webp",
    )
    kept = [(await http.get(path, headers=office)).headers["cache-control"] for path in private]
    asset = site.app.state.pages.assets.address("esik.css")

    assert kept == ["no-store"] * len(private)
    assert "immutable" in (await http.get(asset)).headers["cache-control"]


async def test_one_reader_cannot_take_everybodys_place(
    site: Site, http: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "STREAMS_OF_ONE_MAX", 1)
    site.app.state.feed.hang_up()  # a page that another test has closed may be kept live until the next pulse
    await until_async(lambda: not site.app.state.feed.open_streams)
    guardian = {"cookie": f"esik_session={site.sample.tokens['guardian']}", "accept": "text/event-stream"}
    office = {"cookie": f"esik_session={site.sample.tokens['office']}", "accept": "text/event-stream"}

    async with http.stream("GET", "/live", headers=guardian) as first:
        heard = first.aiter_text()  # let go of, it would end the stream
        await anext(heard)
        second = await http.get("/live", headers=guardian)
        async with http.stream("GET", "/schools/almaty15/office/live", headers=office) as others:
            assert others.status_code == HTTPStatus.OK

    assert second.status_code == HTTPStatus.SERVICE_UNAVAILABLE


@pytest.mark.requirement("KZ456-5.3")
@pytest.mark.parametrize(
    ("who", "paths"),
    [
        ("guardian", ("/", "/notices", "/account")),
        ("guard", ("/schools/almaty15/gate",)),
        ("it", ("/schools/almaty15/devices", "/schools/almaty15/programs")),
    ],
)
async def test_pages_leave_nothing_on_the_readers_computer_but_three_cookies_and_what_the_app_keeps(
    site: Site, who: str, paths: tuple[str, ...]
) -> None:
    left = set()
    for path in paths:
        page = await site.open(path, who)
        left |= set(await page.evaluate(LEFT_BEHIND))
        left |= {f"cookie {each['name']}" for each in await page.context.cookies()}
        assert await page.locator("object, embed, applet, iframe").count() == 0

    # What is kept of a person's first page ends with the session: tests/pages/test_app.py.
    assert left <= {"cookie esik_session", "cookie esik_language", "cookie esik_theme", "esik-kept"}
