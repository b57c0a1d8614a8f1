"""Another school's office opens an account under a mother's number first: it reads nothing; she takes the child in."""

import re
from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio

from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]
PHONE = "+77018887766"
CHILD = "student00021"
PASSWORD, OWN = re.compile(r"[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}"), "river stone lamp 71"


@pytest_asyncio.fixture(loop_scope="session", name="http")
async def _http(site: Site) -> AsyncIterator[httpx2.AsyncClient]:
    headers = {"accept": "text/html", "origin": site.address}
    async with httpx2.AsyncClient(base_url=site.address, headers=headers) as client:
        yield client


async def test_another_schools_office_that_knows_the_password_reads_no_child_until_the_holder_has_the_code(
    site: Site, http: httpx2.AsyncClient
) -> None:
    first = await opened_way_in(site, http, "other_office", "astana7", site.sample.stranger_ref)
    holder = await signed_in(http, first)
    code = await opened_way_in(site, http, "office", "almaty15", CHILD)

    before = await http.get(f"/children/{CHILD}", headers=holder)
    guessed = await http.post("/account/child", headers=holder, data={"code": first})
    taken = await http.post("/account/child", headers=holder, data={"code": code})
    after = await http.get(f"/children/{CHILD}", headers=holder)

    assert [each.status_code for each in (before, guessed, taken, after)] == [404, 422, 303, 200]
    assert "does not fit" in guessed.text


async def opened_way_in(site: Site, http: httpx2.AsyncClient, who: str, school: str, ref: str) -> str:
    """Enter a guardian with the number, and return what the office is shown to hand over: a password, or a code."""
    person = f"/schools/{school}/people/{ref}"
    headers = {"cookie": f"esik_session={site.sample.tokens[who]}; esik_language=en"}
    await http.post(f"{person}/guardians", headers=headers, data={"name": "Мадина Сейтова", "phone": PHONE})
    guardian = await site.services.database.pool.fetchval("SELECT max(id) FROM guardian")
    shown = await http.post(f"{person}/guardians/{guardian}/account", headers=headers)
    found = PASSWORD.search(shown.text)
    assert found is not None
    return found[0]


async def signed_in(http: httpx2.AsyncClient, password: str) -> dict[str, str]:
    """Return the cookies of who signed in by a first password and chose another one."""
    begun = await http.post("/sign-in", data={"login": PHONE, "password": password})
    form = {"current": password, "new": OWN, "again": OWN}
    cookie = {"cookie": begun.headers["set-cookie"].partition(";")[0]}
    http.cookies.clear()
    changed = await http.post("/account/password", headers=cookie, data=form)
    http.cookies.clear()
    return {"cookie": changed.headers["set-cookie"].partition(";")[0] + "; esik_language=en"}
