"""Signing in to a resource: what is refused, what is believed once, and what dies with it."""

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from fastapi import FastAPI

from cloud.core.services import Services
from cloud.people.actions import withdraw_consent
from cloud.people.kinds import Purpose
from cloud.resources.catalogue import take_back
from cloud.signon.jose import base64url
from cloud.signon.parties import NewParty, end_party
from simulators.clock import SimulatedClock
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.signon.factory import CALLBACK, School, Visitor, answered, visitor

VERIFIER = "v" * 50
CHALLENGE = base64url(hashlib.sha256(VERIFIER.encode()).digest())
Changed = Mapping[str, str | None]


def asked(party: NewParty, **changed: str | None) -> str:
    """Return the address of an authorization, with some parameters changed or, as None, left out."""
    usual: dict[str, str | None] = {
        "client_id": party.client_id, "redirect_uri": CALLBACK, "response_type": "code",
        "scope": "openid profile class role offline_access", "state": "its-state", "nonce": "its-nonce",
        "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    }  # fmt: skip
    given = {name: value for name, value in (usual | changed).items() if value is not None}
    return f"/oidc/authorize?{urlencode(given)}"


async def code_of(browser: Visitor, party: NewParty, **changed: str | None) -> str:
    """Sign in to a client and return the code."""
    answer = await browser.get(asked(party, **changed))
    return answered(await browser.go_on(answer))["code"]


async def redeemed(app: FastAPI, party: NewParty, code: str, **changed: str | None) -> httpx2.Response:
    """Give a code back as the client does."""
    usual = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER,
        "client_id": party.client_id, "client_secret": party.secret,
    }  # fmt: skip
    given = {name: value for name, value in (usual | changed).items() if value is not None}
    return await visitor(app).client.post("/oidc/token", data=given)


async def refreshed(app: FastAPI, party: NewParty, token: str) -> httpx2.Response:
    given = {"redirect_uri": None, "code_verifier": None, "grant_type": "refresh_token", "refresh_token": token}
    return await redeemed(app, party, "", **given)


async def known(app: FastAPI, access: str) -> httpx2.Response:
    return await visitor(app).client.get("/oidc/userinfo", headers={"authorization": f"Bearer {access}"})


@pytest.fixture(name="party")
async def _party(school: School) -> NewParty:
    return await school.party()


@pytest.fixture(name="browser")
async def _browser(app: FastAPI, school: School) -> Visitor:
    return visitor(app, await school.session("student"))


async def test_a_client_learns_what_was_let_and_consented_to(app: FastAPI, party: NewParty, browser: Visitor) -> None:
    told = (await redeemed(app, party, await code_of(browser, party))).json()

    info = (await known(app, told["access_token"])).json()
    assert told["scope"] == "openid profile class role offline_access"
    assert {name: info[name] for name in info if name != "sub"} == {
        "name": "Әліби Айгерім", "given_name": "Айгерім", "family_name": "Әліби", "class_name": "5А", "grade": 5,
        "role": "student",
    }  # fmt: skip


async def test_a_child_without_a_consent_comes_in_under_a_pseudonym_alone(
    app: FastAPI, party: NewParty, school: School
) -> None:
    browser = visitor(app, await school.session("silent"))
    page = await browser.get(asked(party))
    code = answered(await browser.go_on(page))["code"]

    info = (await known(app, (await redeemed(app, party, code)).json()["access_token"])).json()

    assert "There is no consent" in page.text
    assert set(info) == {"sub", "role"}


async def test_a_consent_that_is_withdrawn_silences_tokens_that_are_out(
    app: FastAPI, party: NewParty, browser: Visitor, school: School, services: Services
) -> None:
    access = (await redeemed(app, party, await code_of(browser, party))).json()["access_token"]
    person_id, today = school.people["student"], services.clock.now().date()

    await withdraw_consent(services, SYSTEM, person_id, Purpose.RESOURCE, today, "4-өтініш")

    assert set((await known(app, access)).json()) == {"sub", "role"}


async def test_two_clients_cannot_compare_whom_they_know(
    app: FastAPI, party: NewParty, school: School, browser: Visitor, services: Services
) -> None:
    other = await school.party()
    subjects = []
    for each in (party, other, party):
        told = (await redeemed(app, each, await code_of(browser, each))).json()
        subjects.append((await known(app, told["access_token"])).json()["sub"])

    assert subjects[0] == subjects[2] != subjects[1]
    kept = await services.database.pool.fetch("SELECT pseudonym, member FROM subject")
    assert not any(row["member"].partition(":")[2] in row["pseudonym"].split("-") for row in kept)


async def test_a_client_learns_no_more_than_the_school_lets(app: FastAPI, school: School, browser: Visitor) -> None:
    party = await school.party(scopes=("class",))

    told = (await redeemed(app, party, await code_of(browser, party))).json()

    assert told["scope"] == "openid class offline_access"
    assert set((await known(app, told["access_token"])).json()) == {"sub", "class_name", "grade"}


async def test_an_address_that_only_begins_like_the_registered_one_gets_nothing(
    party: NewParty, browser: Visitor
) -> None:
    answer = await browser.get(asked(party, redirect_uri=f"{CALLBACK}.evil.test"))

    assert answer.status_code == 400
    assert "location" not in answer.headers


async def test_what_is_asked_wrongly_goes_back_with_the_error_the_state_and_who_answered(
    party: NewParty, browser: Visitor
) -> None:
    plain = await browser.get(asked(party, code_challenge=VERIFIER, code_challenge_method="plain"))
    silent = await browser.get(asked(party, prompt="none"))

    told = answered(plain.headers["location"])
    assert plain.headers["location"].startswith(f"{CALLBACK}?")
    assert (told["error"], told["state"], told["iss"]) == ("invalid_request", "its-state", "https://esik.test")
    assert answered(silent.headers["location"])["error"] == "consent_required"


async def test_a_code_that_comes_again_ends_every_token_of_it(
    app: FastAPI, party: NewParty, browser: Visitor, services: Services
) -> None:
    code = await code_of(browser, party)
    first = (await redeemed(app, party, code)).json()
    assert (await known(app, first["access_token"])).status_code == 200

    again = await redeemed(app, party, code)

    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert (await known(app, first["access_token"])).status_code == 401
    assert (await refreshed(app, party, first["refresh_token"])).json()["error"] == "invalid_grant"
    assert await services.database.pool.fetchval("SELECT count(*) FROM audit_entry WHERE verb = 'tokens.replayed'") == 1


async def test_a_refresh_token_that_comes_again_ends_every_token_of_it(
    app: FastAPI, party: NewParty, browser: Visitor
) -> None:
    first = (await redeemed(app, party, await code_of(browser, party))).json()
    second = (await refreshed(app, party, first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]

    stolen = await refreshed(app, party, first["refresh_token"])

    assert stolen.json()["error"] == "invalid_grant"
    assert (await refreshed(app, party, second["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await known(app, second["access_token"])).status_code == 401


async def test_a_code_without_what_it_is_bound_to_is_burnt(app: FastAPI, party: NewParty, browser: Visitor) -> None:
    unbound: tuple[Changed, ...] = (
        {"code_verifier": "w" * 50}, {"code_verifier": CHALLENGE}, {"code_verifier": None},
        {"redirect_uri": "https://books.test/other"}, {"redirect_uri": None},
    )  # fmt: skip
    for changed in unbound:
        code = await code_of(browser, party)

        wrong = await redeemed(app, party, code, **changed)

        assert wrong.json()["error"] == "invalid_grant", changed
        assert (await redeemed(app, party, code)).json()["error"] == "invalid_grant", changed


async def test_a_code_of_one_client_is_worth_nothing_to_another(
    app: FastAPI, party: NewParty, school: School, browser: Visitor
) -> None:
    other = await school.party()

    stolen = await redeemed(app, other, await code_of(browser, party))

    assert stolen.json()["error"] == "invalid_grant"


async def test_who_does_not_know_the_secret_is_no_client(app: FastAPI, party: NewParty, browser: Visitor) -> None:
    code = await code_of(browser, party)
    wrong: tuple[Changed, ...] = (
        {"client_secret": None}, {"client_secret": "wrong"}, {"client_id": "nobody"}, {"client_id": None},
    )  # fmt: skip
    for changed in wrong:
        answer = await redeemed(app, party, code, **changed)

        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), changed


async def test_codes_and_tokens_are_over_soon(
    app: FastAPI, party: NewParty, browser: Visitor, clock: SimulatedClock
) -> None:
    late, code = await code_of(browser, party), await code_of(browser, party)
    told = (await redeemed(app, party, code)).json()
    clock.advance(61)
    assert (await redeemed(app, party, late)).json()["error"] == "invalid_grant"

    clock.advance(told["expires_in"])

    assert (await known(app, told["access_token"])).status_code == 401
    assert (await refreshed(app, party, told["refresh_token"])).status_code == 200


END_OF_IT: dict[str, str] = {
    "session": "DELETE FROM sign_in",
    "account": "UPDATE account SET is_active = false",
    "student": "UPDATE person SET is_active = false",
    "role": "DELETE FROM grant_of_role",
}


@pytest.mark.parametrize("what", [*END_OF_IT, "resource", "party"])
async def test_tokens_die_with_what_they_hang_on(
    app: FastAPI, party: NewParty, browser: Visitor, school: School, services: Services, what: str
) -> None:
    told = (await redeemed(app, party, await code_of(browser, party))).json()

    if what == "resource":
        resource_id = await services.database.pool.fetchval("SELECT id FROM resource")
        await take_back(services, school.methodologist, school.school_id, resource_id)
    elif what == "party":
        await end_party(services, school.it, school.school_id, party.id)
    else:
        await services.database.pool.execute(END_OF_IT[what])

    assert (await known(app, told["access_token"])).status_code == 401
    assert (await refreshed(app, party, told["refresh_token"])).status_code in {400, 401}


async def test_a_stranger_to_the_school_signs_in_to_nothing_of_it(
    app: FastAPI, party: NewParty, services: Services
) -> None:
    other = await School(services).open("astana7")
    browser = visitor(app, await other.session("student"))

    answer = await browser.get(asked(party))

    assert answered(answer.headers["location"])["error"] == "access_denied"


async def test_nobody_signed_in_is_led_to_the_sign_in_and_back(app: FastAPI, party: NewParty) -> None:
    answer = await visitor(app).get(asked(party))
    silent = await visitor(app).get(asked(party, prompt="none"))

    onward = answered(answer.headers["location"])["next"]
    assert onward.startswith("/oidc/onward?client_id=")
    assert answered(silent.headers["location"])["error"] == "login_required"


async def test_who_is_asked_says_no_and_nothing_is_told(party: NewParty, browser: Visitor) -> None:
    query = asked(party).partition("?")[2]

    page = await browser.send("/oidc/authorize", query=query, says="no")

    assert "error=access_denied" in page.text
    assert "code=" not in page.text


async def test_a_form_of_another_site_lets_nothing_go(party: NewParty, browser: Visitor, services: Services) -> None:
    query = asked(party).partition("?")[2]

    answer = await browser.client.post(
        "/oidc/authorize", data={"query": query, "says": "yes"},
        headers={**browser.headers, "origin": "https://evil.test"},
    )  # fmt: skip

    assert answer.status_code == 403
    assert await services.database.pool.fetchval("SELECT count(*) FROM resource_release") == 0


async def test_nothing_of_it_is_kept_that_opens_anything(
    app: FastAPI, party: NewParty, browser: Visitor, services: Services
) -> None:
    code = await code_of(browser, party)
    told: dict[str, Any] = (await redeemed(app, party, code)).json()

    rows = await services.database.pool.fetch("SELECT to_jsonb(g)::text AS kept FROM oidc_grant g")
    rows += await services.database.pool.fetch("SELECT to_jsonb(t)::text AS kept FROM oidc_token t")
    rows += await services.database.pool.fetch("SELECT to_jsonb(p)::text AS kept FROM relying_party p")
    kept = "\n".join(row["kept"] for row in rows)

    assert not any(secret in kept for secret in (code, told["access_token"], told["refresh_token"], party.secret))


async def test_signing_out_leads_to_no_address_that_was_not_registered(party: NewParty, browser: Visitor) -> None:
    for after in ("https://evil.test/", f"{CALLBACK}", "//evil.test"):
        query = urlencode({"client_id": party.client_id, "post_logout_redirect_uri": after, "state": "x"})

        page = await browser.send("/oidc/end-session", query=query)
        again = await browser.get(f"/oidc/end-session?{query}")

        assert "evil.test" not in page.text
        assert again.headers["location"] == "/sign-in?out=1"
