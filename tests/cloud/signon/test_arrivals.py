"""What an identity provider says is believed only in the browser that asked, from the provider that was asked."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from fastapi import FastAPI
from joserfc.jwk import RSAKey

from cloud.accounts.beginnings import Session, token_digest
from cloud.accounts.logins import kept
from cloud.accounts.models import Account, Grant
from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from cloud.signon import links
from cloud.signon.arrivals import back_to, begin, finish, opened_cookie
from cloud.signon.errors import PartyRefused, RequestRefused
from cloud.signon.jose import signed
from cloud.signon.providers import Provider, ProviderGiven, add_provider, end_provider, provider_of
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.signon.factory import School, answered, visitor

KEY, OTHER = RSAKey.generate_key(2048), RSAKey.generate_key(2048)


@dataclass
class Foreign:
    """A provider that says whatever a test wants, on a port of its own."""

    issuer: str = ""
    metadata: dict[str, Any] | None = None
    id_token: str = ""
    asked: str = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next((int(line[15:]) for line in head.lower().split("\r\n") if line.startswith("content-length:")), 0)
        if length:
            self.asked = (await reader.readexactly(length)).decode()
        path = head.split(" ")[1]
        told: dict[str, object] = {
            "/.well-known/openid-configuration": {
                "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/auth",
                "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys",
                "authorization_response_iss_parameter_supported": True, **(self.metadata or {}),
            },
            "/keys": {"keys": [{**KEY.as_dict(private=False), "kid": "one"}]},
            "/token": {"id_token": self.id_token},
        }  # fmt: skip
        body = json.dumps(told[path]).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def foreign() -> AsyncIterator[Foreign]:
    """Run a provider."""
    running = Foreign()
    async with await asyncio.start_server(running.answer, "127.0.0.1", 0) as server:
        running.issuer = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield running


@pytest.fixture(name="here")
def _here(services: Services) -> Services:
    """Return services of a demo: without TLS, it asks its own machine."""
    return replace(services, settings=replace(services.settings, public_url="http://127.0.0.1:1"))


async def believed(here: Services, school: School, running: Foreign, **changed: str) -> Provider:
    given = replace(ProviderGiven("Қала", running.issuer, "esik", "hush", claim_kind="iin"), **changed)
    return await provider_of(here, await add_provider(here, school.it, school.school_id, given))


def token(here: Services, running: Foreign, nonce: str, key: RSAKey = KEY, **changed: object) -> str:
    now = int(here.clock.now().timestamp())
    claims = {"iss": running.issuer, "aud": "esik", "sub": "somebody", "iat": now, "exp": now + 60, "nonce": nonce}
    return signed(key, "one", {name: value for name, value in {**claims, **changed}.items() if value is not None})


async def sent_off(here: Services, provider: Provider) -> tuple[dict[str, str], str]:
    address, cookie = await begin(here, provider, "/resources")
    return answered(address), cookie


def back(running: Foreign, asked: dict[str, str], **changed: str | None) -> list[tuple[str, str]]:
    usual = {"code": "a-code", "state": asked["state"], "iss": running.issuer}
    return [(name, value) for name, value in {**usual, **changed}.items() if value is not None]


async def test_who_comes_back_is_who_was_sent_off(here: Services, school: School) -> None:
    async with foreign() as running:
        provider = await believed(here, school, running)
        asked, cookie = await sent_off(here, provider)
        running.id_token = token(here, running, asked["nonce"])

        begun, claims = await finish(here, provider, cookie, back(running, asked))

    assert (asked["code_challenge_method"], asked["redirect_uri"]) == ("S256", back_to(here, provider.id))
    assert (begun.next, claims["sub"]) == ("/resources", "somebody")
    sent = dict(parse_qsl(running.asked))
    assert (sent["code"], sent["code_verifier"]) == ("a-code", begun.verifier)
    assert not any(word in cookie for word in (begun.state, begun.nonce, begun.verifier))


async def test_a_state_of_another_browser_is_refused(here: Services, school: School) -> None:
    async with foreign() as running:
        provider = await believed(here, school, running)
        asked, _mine = await sent_off(here, provider)
        _other, cookie = await sent_off(here, provider)
        running.id_token = token(here, running, asked["nonce"])

        for kept in (cookie, "", "made-up", cookie[:-4]):
            with pytest.raises(RequestRefused):
                await finish(here, provider, kept, back(running, asked))
    assert running.asked == "", "no code is given to anybody before the browser is known"


async def test_an_answer_of_another_issuer_is_refused_before_the_code_leaves(here: Services, school: School) -> None:
    async with foreign() as honest, foreign() as evil:
        mine, other = await believed(here, school, honest), await believed(here, school, evil)
        asked, cookie = await sent_off(here, mine)

        for changed in ({"iss": evil.issuer}, {"iss": None}, {"iss": f"{honest.issuer}/"}):
            with pytest.raises(RequestRefused):
                await finish(here, mine, cookie, back(honest, asked, **changed))
        with pytest.raises(RequestRefused):
            await finish(here, other, cookie, back(evil, asked))

    assert (honest.asked, evil.asked) == ("", "")


async def test_a_provider_that_says_it_is_another_is_not_asked(here: Services, school: School) -> None:
    async with foreign() as running:
        provider = await believed(here, school, running)
        for metadata in ({"issuer": "https://other.test"}, {"token_endpoint": "file:///etc"}, {"jwks_uri": ""}):
            running.metadata = metadata
            with pytest.raises(RequestRefused):
                await begin(here, provider, "/")


async def test_a_token_that_is_not_for_this_sign_in_is_refused(here: Services, school: School) -> None:
    async with foreign() as running:
        provider = await believed(here, school, running)
        forged: tuple[dict[str, Any], ...] = (
            {"nonce": "another"}, {"aud": "somebody else"}, {"aud": ["esik", "other"]}, {"azp": "other"},
            {"iss": "https://other.test"}, {"exp": 1}, {"sub": None}, {"sub": ""}, {"key": OTHER},
        )  # fmt: skip
        for changed in forged:
            asked, cookie = await sent_off(here, provider)
            running.id_token = token(here, running, **({"nonce": asked["nonce"]} | changed))
            with pytest.raises(RequestRefused):
                await finish(here, provider, cookie, back(running, asked))
        asked, cookie = await sent_off(here, provider)
        running.id_token = f"eyJhbGciOiJub25lIn0.{token(here, running, asked['nonce']).split('.')[1]}."
        with pytest.raises(RequestRefused):
            await finish(here, provider, cookie, back(running, asked))


async def test_a_schools_provider_signs_in_nobody_who_works_elsewhere_too(here: Services, school: School) -> None:
    async with foreign() as running:
        provider = await believed(here, school, running, claim_kind="email")
        teacher, claims = school.accounts["teacher"], {"sub": "x", "email": "teacher-1", "email_verified": True}
        await Account.filter(id=teacher).update(**kept(here.vault, "teacher-1"))
        other = await School(here).open("astana7")

        come = await links.come_in(here, provider, claims, "")
        assert isinstance(come, Session)
        assert (
            await here.database.pool.fetchval(
                "SELECT count(*) FROM sign_in WHERE token_digest = $1", token_digest(come.token)
            )
            == 1
        )

        await Grant(account_id=teacher, school_id=other.school_id, role=Role.TEACHER).save()
        with pytest.raises(RequestRefused):
            await links.come_in(here, provider, claims, "")
        await Account.filter(id=other.accounts["student"]).update(**kept(here.vault, "student-x"))
        with pytest.raises(RequestRefused):
            await links.come_in(here, provider, {"sub": "y", "email": "student-x", "email_verified": True}, "")


async def test_a_provider_that_names_another_schools_address_signs_nobody_in(here: Services, school: School) -> None:
    async with foreign() as running:
        provider = await believed(here, school, running, claim_kind="email")
        other = await School(here).open("astana7")
        theirs = "teacher@other.example"
        await Account.filter(id=other.accounts["teacher"]).update(**kept(here.vault, theirs))

        with pytest.raises(RequestRefused):
            await links.come_in(here, provider, {"sub": "x", "email": theirs, "email_verified": True}, "")

        counted = "SELECT (SELECT count(*) FROM identity_link) + (SELECT count(*) FROM sign_in)"
        assert await here.database.pool.fetchval(counted) == 0


@pytest.mark.parametrize("after", ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)"])
async def test_an_arrival_goes_on_to_our_own_pages_alone(
    here: Services, school: School, after: str, app: FastAPI
) -> None:
    async with foreign() as running:
        provider = await believed(here, school, running)
        app.state.services = here
        sent = await visitor(app, address="http://127.0.0.1:1").client.get(
            f"/sign-in/with/{provider.id}", params={"next": after}
        )

        begun = opened_cookie(here, sent.cookies["esik_arrival"].strip('"'))

    assert begun is not None
    assert begun.next == "/"


async def test_an_identity_is_joined_to_one_account_and_parted_from_it(here: Services, school: School) -> None:
    async with foreign() as running:
        provider = await believed(here, school, running, claim_kind="")
        student = Actor("a student", school.accounts["student"], frozenset({Reach(Role.STUDENT, school.school_id)}))
        silent = Actor("another", school.accounts["silent"], frozenset({Reach(Role.STUDENT, school.school_id)}))
        with pytest.raises(RequestRefused):
            await links.come_in(here, provider, {"sub": "x", "email": "a@b.kz", "email_verified": True}, "")

        await links.join(here, student, provider, "x")
        assert isinstance(await links.come_in(here, provider, {"sub": "x"}, ""), Session)
        with pytest.raises(RequestRefused):
            await links.join(here, silent, provider, "x")

        await links.part(here, student, provider.id)
        with pytest.raises(RequestRefused):
            await links.come_in(here, provider, {"sub": "x"}, "")


async def test_a_closed_account_and_an_ended_provider_let_nobody_in(here: Services, school: School) -> None:
    async with foreign() as running:
        provider = await believed(here, school, running)
        student = Actor("a student", school.accounts["student"], frozenset({Reach(Role.STUDENT, school.school_id)}))
        await links.join(here, student, provider, "x")
        await here.database.pool.execute("UPDATE account SET is_active = false WHERE id = $1", student.account_id)
        with pytest.raises(RequestRefused):
            await links.come_in(here, provider, {"sub": "x"}, "")

        await end_provider(here, school.it, school.school_id, provider.id)
        assert await here.database.pool.fetchval("SELECT count(*) FROM identity_link") == 0


async def test_a_secret_is_sealed_and_a_misfit_is_refused(here: Services, school: School) -> None:
    async with foreign() as running:
        provider = await believed(here, school, running)
        for changed in ({"algorithm": "none"}, {"algorithm": "HS256"}, {"claim_kind": "name"}, {"client_id": ""}):
            with pytest.raises(PartyRefused):
                await believed(here, school, running, **changed)
        installation = await add_provider(here, SYSTEM, None, ProviderGiven("Ел", running.issuer, "esik"))

    assert b"hush" not in (provider.secret_encrypted or b"")
    assert (await provider_of(here, installation)).school_id is None
    assert urlsplit(provider.issuer).hostname == "127.0.0.1"
