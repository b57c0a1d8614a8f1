"""People come in by npm oidc-provider, which is certified; who is not joined to an account does not."""

from dataclasses import replace
from pathlib import Path

import httpx2

from cloud.accounts.logins import kept
from cloud.accounts.models import Account
from cloud.core.services import Services
from cloud.core.settings import Mfa
from cloud.signon.providers import ProviderGiven, add_provider
from tests.cloud.signon.factory import School, Visitor
from tests.cloud.signon.served import ANSWER_S, Program, browsing, program, serving
from tests.servers.process import free_port

SCRIPT = Path(__file__).with_name("foreign.mjs")
MAIL = "teacher@school.example"


async def comes_by(here: Services, key: int, headers: dict[str, str] | None = None) -> httpx2.Response:
    """Sign in by the provider in a new browser, and return our own answer to who comes back."""
    own = here.settings.public_url
    async with httpx2.AsyncClient(timeout=ANSWER_S, headers={"accept": "text/html", **(headers or {})}) as client:
        answer = await client.get(f"{own}/sign-in/with/{key}", params={"next": "/resources"})
        for _ in range(10):
            back = str(answer.url).startswith(f"{own}/sign-in/back/")
            if back or answer.status_code not in {302, 303}:
                return answer
            answer = await client.get(
                answer.headers["location"]
                if "://" in answer.headers["location"]
                else str(answer.url.join(answer.headers["location"]))
            )
        raise AssertionError("the provider sends in circles")


async def test_a_verified_address_finds_the_account_once_and_the_identity_ever_after(
    services: Services, school: School
) -> None:
    port = free_port()
    async with serving(replace(services, settings=replace(services.settings, mfa=Mfa.OPTIONAL))) as here:
        own = here.settings.public_url
        async with program(SCRIPT, str(port), f"{own}/sign-in/back/1") as foreign:
            assert await foreign.told() == {"listening": port}
            await Account.filter(id=school.accounts["teacher"]).update(**kept(here.vault, MAIL))
            given = ProviderGiven(
                "Қала", f"http://127.0.0.1:{port}", "esik", "a-secret-of-this-test", claim_kind="email"
            )
            key = await add_provider(here, school.it, school.school_id, given)
            await _unverified(here, foreign, key)
            await foreign.ask("person", sub="one", claims={"email": MAIL, "email_verified": True, "name": "Г. А."})
            first = await comes_by(here, key)
            assert (first.status_code, first.headers["location"]) == (303, "/resources"), first.text
            assert "esik_session=" in first.headers["set-cookie"]
            await foreign.ask("person", sub="one", claims={"email": "other@school.example", "name": "Г. А."})
            again = await comes_by(here, key)
            assert again.headers["location"] == "/resources"
            async with browsing(here) as browser:
                await _shows_the_button(browser)


async def _unverified(here: Services, foreign: Program, key: int) -> None:
    """Claim the teacher's address without its being verified, and a stranger's."""
    for claims in (
        {"email": MAIL, "email_verified": False},
        {"email": MAIL},
        {"email": "no@school.example", "email_verified": True},
    ):
        await foreign.ask("person", sub="one", claims=claims)
        refused = await comes_by(here, key)
        assert refused.status_code == 400
        assert "No account here" in refused.text or "аккаунт" in refused.text


async def _shows_the_button(browser: Visitor) -> None:
    page = await browser.get("/sign-in?next=/resources")
    assert "/sign-in/with/1?next=/resources" in page.text
