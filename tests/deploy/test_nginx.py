"""The pages behind nginx as it is set up for a server: what it must pass on, what it must hold back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus

import httpx2

from cloud.core.actor import Role
from cloud.core.services import Services
from tests.cloud.accounts.factory import GOOD, Somebody, somebody
from tests.cloud.serving import served
from tests.servers.nginx import Nginx, nginx
from tests.servers.process import free_port

MB = 1_000_000
LAST = "SELECT detail->>'address' FROM audit_entry WHERE verb = 'account.sign_in_failed' ORDER BY id DESC LIMIT 1"


@dataclass(slots=True)
class Behind:
    """The application behind the proxy, a client of it, and somebody of the office who is signed in."""

    proxy: Nginx
    direct: str
    client: httpx2.AsyncClient
    office: Somebody
    code: str

    @property
    def origin(self) -> dict[str, str]:
        return {"origin": str(self.client.base_url).rstrip("/")}

    @property
    def signed_in(self) -> dict[str, str]:
        return {"cookie": f"__Host-esik_session={self.office.token}"}


@asynccontextmanager
async def behind(services: Services) -> AsyncIterator[Behind]:
    """Serve the application by the name that the proxy has."""
    tls_port = free_port()
    public = f"https://localhost:{tls_port}"
    office = await (await somebody(services, Role.OFFICE)).enrol()
    code = await services.database.pool.fetchval("SELECT code FROM school WHERE id = $1", office.school_id)
    async with served(services, public) as direct:
        with nginx(int(direct.rpartition(":")[2]), tls_port) as proxy:
            async with httpx2.AsyncClient(base_url=public, verify=proxy.trust, trust_env=False, timeout=20.0) as client:
                yield Behind(proxy, direct, client, office, code)


async def test_who_comes_without_tls_is_sent_to_it_and_told_to_come_so_always(services: Services) -> None:
    async with behind(services) as site:
        plain = await site.client.get(f"http://localhost:{site.proxy.port}/sign-in?next=/")
        page = await site.client.get("/sign-in")

    assert (plain.status_code, plain.headers["location"]) == (
        HTTPStatus.MOVED_PERMANENTLY,
        "https://localhost/sign-in?next=/",
    )
    assert page.status_code == HTTPStatus.OK
    assert page.headers["strict-transport-security"] == "max-age=31536000"


async def test_a_sign_in_gets_a_cookie_for_tls_alone(services: Services) -> None:
    async with behind(services) as site:
        done = await site.client.post(
            "/sign-in", data={"login": site.office.login, "password": GOOD}, headers=site.origin
        )

    assert done.status_code == HTTPStatus.SEE_OTHER
    assert "secure" in done.headers["set-cookie"].lower()


async def test_nobody_chooses_from_which_address_a_password_was_guessed(services: Services) -> None:
    async with behind(services) as site:
        forged = {"x-forwarded-for": "198.51.100.7", "x-forwarded-proto": "http", "forwarded": "for=198.51.100.7"}
        await site.client.post(
            "/sign-in", data={"login": site.office.login, "password": "wrong horse"}, headers=site.origin | forged
        )

        assert await services.database.pool.fetchval(LAST) == "127.0.0.1"


async def test_what_a_live_page_hears_is_held_back_by_nothing(services: Services) -> None:
    async with behind(services) as site:
        headers = site.signed_in | {"accept": "text/event-stream"}
        async with site.client.stream("GET", f"/schools/{site.code}/office/live", headers=headers) as stream:
            heard = await anext(stream.aiter_text())

    assert stream.headers["content-type"].startswith("text/event-stream")
    assert heard


async def test_a_large_spreadsheet_passes_and_a_larger_one_goes_no_further_than_the_proxy(services: Services) -> None:
    async with behind(services) as site:
        answers = [
            await site.client.post(
                f"/schools/{site.code}/import",
                files={"file": ("a.xlsx", bytes(size))},
                headers=site.signed_in | site.origin,
            )
            for size in (10 * MB, 13 * MB)
        ]

    passed, refused = answers
    assert "nginx" not in passed.text
    assert refused.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert "nginx" in refused.text


async def test_while_the_pages_are_away_everybody_is_told_so_in_three_languages() -> None:
    nobody, tls_port = free_port(), free_port()
    with nginx(nobody, tls_port) as proxy:
        async with httpx2.AsyncClient(base_url=f"https://localhost:{tls_port}", verify=proxy.trust) as client:
            away = await client.get("/schools/almaty5/office")
            by_name = await client.get("/away.html")

    assert (away.status_code, by_name.status_code) == (HTTPStatus.BAD_GATEWAY, HTTPStatus.NOT_FOUND)
    for words in ("Кіреберістер мен кассалар жұмыс істей береді", "Турникеты и кассы работают", "Gates and tills"):
        assert words in away.text
    assert "//" not in away.text.partition("<body>")[2]  # nothing comes from elsewhere


async def test_no_log_keeps_an_address_that_opens_a_timetable_or_a_certificate(services: Services) -> None:
    asked = ("/timetable/a-secret.ics", "/certificates/a-secret", "/certificates/a-secret/document")
    async with behind(services) as site:
        for path in asked:
            await site.client.get(path)
            await site.client.get(f"http://localhost:{site.proxy.port}{path}")
        page = await site.client.get("/certificates/a-secret")
        for _ in range(2):
            await site.client.get("/sign-in")
        logged = site.proxy.logged()

    assert "GET /sign-in" in logged
    assert "a-secret" not in logged
    assert page.headers.get_list("referrer-policy") == ["strict-origin"]


async def test_no_log_keeps_such_an_address_while_the_pages_are_away() -> None:
    nobody, tls_port = free_port(), free_port()
    with nginx(nobody, tls_port) as proxy:
        async with httpx2.AsyncClient(base_url=f"https://localhost:{tls_port}", verify=proxy.trust) as client:
            away = await client.get("/timetable/a-secret.ics")
            for _ in range(2):
                await client.get("/schools/almaty5/office")
            logged = proxy.logged()

    assert away.status_code == HTTPStatus.BAD_GATEWAY
    assert "GET /schools/almaty5/office" in logged
    assert "a-secret" not in logged


async def test_figures_are_for_the_machine_itself(services: Services) -> None:
    async with behind(services) as site, httpx2.AsyncClient(trust_env=False) as itself:
        from_outside = await site.client.get("/metrics")
        from_inside = await itself.get(f"{site.direct}/metrics")

    assert (from_outside.status_code, from_inside.status_code) == (HTTPStatus.FORBIDDEN, HTTPStatus.OK)
