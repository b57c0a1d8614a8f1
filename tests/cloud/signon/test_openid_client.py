"""A resource made with npm openid-client, which is certified, signs people in here as in any other provider."""

from dataclasses import replace
from pathlib import Path

import pytest

from cloud.core.services import Services
from tests.cloud.signon.factory import School, Visitor, answered
from tests.cloud.signon.served import Program, browsing, program, serving

SCRIPT = Path(__file__).with_name("relying_party.mjs")
CALLBACK, AFTER = "http://127.0.0.1:1/callback", "http://127.0.0.1:1/after"
SCOPE = "openid profile class role offline_access"


@pytest.mark.requirement("KZ456-9")
@pytest.mark.requirement("KZ456-33-1.13")
@pytest.mark.requirement("KZ456-33-1.2", part="textbooks")
async def test_a_student_reaches_a_textbook_by_one_click_signed_in(services: Services, school: School) -> None:
    async with serving(services) as here, program(SCRIPT) as books:
        there = replace(school, services=here)
        party = await there.party(CALLBACK, logout=AFTER)
        issuer = here.settings.public_url
        metadata = await books.ask("discover", issuer=issuer, clientId=party.client_id, secret=party.secret)
        assert metadata["issuer"] == issuer, metadata
        async with browsing(here, await there.session("student")) as browser:
            shelf = await browser.get("/resources")
            click = await browser.get("/resources/1/open")

            assert "Математика 5" in shelf.text
            assert click.headers["location"].startswith(f"{CALLBACK}/start?iss=")

            begun = await books.ask("begin", redirectUri=CALLBACK, scope=SCOPE)
            back = await browser.go_on(await browser.get(begun["url"]))
            signed_in = await books.ask("finish", url=back, state=begun["state"])
            claims = signed_in["claims"]
            assert (claims["name"], claims["class_name"], claims["role"]) == ("Әліби Айгерім", "5А", "student")
            assert answered(back)["iss"] == issuer

            info = await books.ask("userinfo", access=signed_in["access_token"], subject=claims["sub"])
            assert info["given_name"] == "Айгерім"
            again = await books.ask("refresh", token=signed_in["refresh_token"])
            assert again["refresh_token"] != signed_in["refresh_token"]

            await _asked_no_more(books, browser)
            await _stolen(books, signed_in["refresh_token"], again["refresh_token"])
            await _leaves(books, browser, signed_in["id_token"])


async def _asked_no_more(books: Program, browser: Visitor) -> None:
    """Sign in once more: the second time nothing is asked."""
    begun = await books.ask("begin", redirectUri=CALLBACK, scope=SCOPE, prompt="none")
    answer = await browser.get(begun["url"])
    silent = await books.ask("finish", url=answer.headers["location"], state=begun["state"])
    assert silent["claims"]["role"] == "student"
    other = await books.ask("begin", redirectUri=CALLBACK, scope=SCOPE)
    mixed = await books.ask("finish", url=answer.headers["location"], state=other["state"])
    assert "state" in mixed["cause"]


async def _stolen(books: Program, used: str, current: str) -> None:
    """Show a used refresh token: the one that came after it is dead too."""
    assert (await books.ask("refresh", token=used))["cause"] == "invalid_grant"
    assert (await books.ask("refresh", token=current))["cause"] == "invalid_grant"


async def _leaves(books: Program, browser: Visitor, id_token: str) -> None:
    """Sign out from the resource: gone here too, without a question."""
    leaving = await books.ask("leave", idToken=id_token, after=AFTER, state="bye")
    page = await browser.get(leaving["url"])
    assert f"{AFTER}?state=bye" in page.text
    assert (await browser.get("/resources")).status_code == 303
