"""Who forgot a password is helped on a page that answers alike whatever there is, and is not there without mail."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest
import pytest_asyncio

from cloud.accounts.actions import add_account, change_password
from cloud.accounts.renewing import holder_of
from cloud.core.actor import Actor, Reach, Role
from cloud.people.recovering import SENDING, code_for
from tests.pages.site import Site
from tests.waiting import until_async

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]
WAIT_S = 30.0
HERE, LOGIN, OLD, NEW = "/sign-in/forgotten", "forgetful@example.kz", "river stone lamp 71", "garden window 81 river"


@pytest_asyncio.fixture(loop_scope="session", name="http")
async def _http(site: Site) -> AsyncIterator[httpx2.AsyncClient]:
    headers = {"accept": "text/html", "origin": site.address, "cookie": "esik_language=en"}
    async with httpx2.AsyncClient(base_url=site.address, headers=headers) as client:
        yield client


async def test_who_forgot_a_password_chooses_another_and_signs_in_with_it(site: Site, http: httpx2.AsyncClient) -> None:
    services, system = site.services, Actor.system("test")
    made = await add_account(services, system, LOGIN, "Бағдат", Reach(Role.GUARDIAN, site.sample.school_id))
    await change_password(services, Actor("Бағдат", made.account_id), made.password, OLD)

    begun = await http.get("/sign-in")
    asked = await http.post(HERE, data={"login": LOGIN})
    unknown = await http.post(HERE, data={"login": "nobody@example.kz"})
    holder = await holder_of(services, LOGIN)
    assert holder is not None
    form = {"login": LOGIN, "code": code_for(services, holder, LOGIN), "new": NEW, "again": NEW}
    unlike = await http.post(f"{HERE}/code", data=form | {"again": OLD})
    guessed = await http.post(f"{HERE}/code", data=form | {"code": "aaaa-bbbb-cccc"})
    done = await http.post(f"{HERE}/code", data=form)
    twice = await http.post(f"{HERE}/code", data=form)
    signed_in = await http.post("/sign-in", data={"login": LOGIN, "password": NEW})

    assert f'href="{HERE}"' in begun.text
    assert asked.text.replace(LOGIN, "") == unknown.text.replace("nobody@example.kz", "")
    statuses = [each.status_code for each in (asked, unknown, unlike, guessed, done, twice, signed_in)]
    assert statuses == [200, 200, 422, 422, 200, 422, 303]
    assert "esik_session" not in done.headers.get("set-cookie", ""), "the sign-in asks for the second step"


async def test_the_answer_waits_for_no_letter_so_that_its_time_tells_nothing(
    site: Site, http: httpx2.AsyncClient
) -> None:
    services, state, login = site.services, site.app.state, "waited@example.kz"
    made = await add_account(
        services, Actor.system("test"), login, "Бағдат", Reach(Role.GUARDIAN, site.sample.school_id)
    )
    await change_password(services, Actor("Бағдат", made.account_id), made.password, OLD)
    asked, over = asyncio.Event(), asyncio.Event()

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await over.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    address = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    state.services = replace(services, settings=replace(services.settings, smtp_url=address))
    try:
        answer = await http.post(HERE, data={"login": login})
        async with asyncio.timeout(WAIT_S):
            await asked.wait()
        is_waiting = SENDING.now > 0
    finally:
        over.set()
        state.services = services
        server.close()
    await until_async(lambda: SENDING.now == 0, WAIT_S)

    assert (answer.status_code, is_waiting) == (200, True), (
        "it was answered, and the server of mail has said nothing yet"
    )


async def test_without_mail_there_is_no_such_page(site: Site, http: httpx2.AsyncClient) -> None:
    state = site.app.state
    with_mail = state.services
    state.services = replace(with_mail, settings=replace(with_mail.settings, smtp_url=""))
    try:
        begun, page = await http.get("/sign-in"), await http.get(HERE)
        asked = await http.post(HERE, data={"login": LOGIN})
    finally:
        state.services = with_mail

    assert HERE not in begun.text
    assert [page.status_code, asked.status_code] == [404, 404]
