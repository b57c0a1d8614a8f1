"""Passkeys: made for one account at one address, and asked for by a challenge that is answered once."""

import asyncio
from dataclasses import replace

import pytest

from cloud.accounts import factors, passkeys
from cloud.accounts.beginnings import HALVES_MAX
from cloud.accounts.errors import CodeRefused, FactorRefused, HalfEnded, TooManyAttempts
from cloud.accounts.passkeys import site_of
from cloud.accounts.queries import actor_of
from cloud.accounts.rules import FREE_FACTOR
from cloud.accounts.second_step import finish_with_code, half_of
from cloud.core.actor import Role
from cloud.core.errors import NotFound
from cloud.core.services import Services
from simulators.clock import SimulatedClock
from tests.cloud.accounts.authenticator import PRESENT, SoftAuthenticator
from tests.cloud.accounts.factory import AWAY, HOME, Somebody, somebody

SITE, ORIGIN = "esik.test", "https://esik.test"
NOT_ANSWERS = ["", "{}", "[]", "null", '{"id": "\\u0000"}', '{"id": 7}', "{" * 20_000, '{"id": "AAAA"}', "\x00"]


async def with_passkey(services: Services, role: Role = Role.OFFICE) -> tuple[Somebody, SoftAuthenticator]:
    person, own = await somebody(services, role), SoftAuthenticator(SITE, ORIGIN)
    options = await passkeys.offer_passkey(services, person.actor)
    person.codes = tuple(await passkeys.add_passkey(services, person.actor, person.token, own.made(options), "Phone"))
    return person, own


async def asked(services: Services, half: str) -> str:
    return await passkeys.passkey_asked(services, await half_of(services, half))


async def test_a_passkey_is_a_second_step(services: Services) -> None:
    person, own = await with_passkey(services)
    half = await person.half()

    session = await passkeys.finish_with_passkey(services, half, own.signed(await asked(services, half)), HOME)

    actor = await actor_of(services, session.token)
    assert actor is not None
    assert not actor.must_enrol
    assert len(person.codes) == 10
    assert [row.name for row in await passkeys.passkeys_of(person.actor)] == ["Phone"]


async def test_an_answer_counts_once_and_for_its_own_challenge(services: Services) -> None:
    person, own = await with_passkey(services)
    first, second = await person.half(), await person.half()
    answer = own.signed(await asked(services, first))
    await passkeys.finish_with_passkey(services, first, answer, HOME)

    with pytest.raises(HalfEnded):
        await passkeys.finish_with_passkey(services, first, answer, AWAY)
    with pytest.raises(CodeRefused):
        await passkeys.finish_with_passkey(services, second, answer, AWAY)


async def test_a_passkey_of_another_account_opens_nothing(services: Services) -> None:
    person, _ = await with_passkey(services)
    _, others = await with_passkey(services)
    half = await person.half()

    with pytest.raises(CodeRefused):
        await passkeys.finish_with_passkey(services, half, others.signed(await asked(services, half)), HOME)


@pytest.mark.parametrize(
    "changed",
    [
        {"origin": "https://esik.test.evil.example"},
        {"origin": "http://esik.test"},
        {"site": "evil.example"},
        {"flags": PRESENT},
        {"flags": 0},
    ],
)
async def test_an_answer_for_another_address_or_without_a_finger_opens_nothing(
    services: Services, changed: dict[str, object]
) -> None:
    person, own = await with_passkey(services)
    half = await person.half()
    theirs = replace(own, **changed)  # type: ignore[arg-type]  # fields by name

    with pytest.raises(CodeRefused):
        await passkeys.finish_with_passkey(services, half, theirs.signed(await asked(services, half)), HOME)
    made = replace(theirs, credential=b"another credential 1").made(
        await passkeys.offer_passkey(services, person.actor)
    )
    with pytest.raises(FactorRefused):
        await passkeys.add_passkey(services, person.actor, person.token, made, "x")


@pytest.mark.parametrize("answer", NOT_ANSWERS)
async def test_what_is_no_answer_is_refused(services: Services, answer: str) -> None:
    person, _ = await with_passkey(services)
    await passkeys.offer_passkey(services, person.actor)

    with pytest.raises(FactorRefused):
        await passkeys.add_passkey(services, person.actor, person.token, answer, "x")
    with pytest.raises(CodeRefused):
        await passkeys.finish_with_passkey(services, await person.half(), answer, HOME)


async def test_a_copied_authenticator_whose_count_goes_back_is_refused(services: Services) -> None:
    person, own = await with_passkey(services)
    copy = replace(own)
    for _ in range(2):
        half = await person.half()
        await passkeys.finish_with_passkey(services, half, own.signed(await asked(services, half)), HOME)

    half = await person.half()
    with pytest.raises(CodeRefused):
        await passkeys.finish_with_passkey(services, half, copy.signed(await asked(services, half)), AWAY)


async def test_wrong_answers_make_their_own_address_wait_and_nobody_else(
    services: Services, clock: SimulatedClock
) -> None:
    person, own = await with_passkey(services)
    for _ in range(FREE_FACTOR):
        with pytest.raises(CodeRefused):
            await passkeys.finish_with_passkey(services, await person.half(), '{"id": "AAAA"}', AWAY)

    for answer in ('{"id": "AAAA"}', own.signed(await asked(services, half := await person.half()))):
        with pytest.raises(TooManyAttempts):
            await passkeys.finish_with_passkey(services, half, answer, AWAY)
    assert (await finish_with_code(services, await person.half(), person.codes[0], AWAY)).token
    half = await person.half()
    assert (await passkeys.finish_with_passkey(services, half, own.signed(await asked(services, half)), HOME)).token
    clock.advance(16)
    half = await person.half()
    assert (await passkeys.finish_with_passkey(services, half, own.signed(await asked(services, half)), AWAY)).token


async def test_a_burst_of_wrong_answers_has_no_more_tries_than_one_after_the_other(services: Services) -> None:
    person, _ = await with_passkey(services)
    halves = [await person.half() for _ in range(HALVES_MAX)]

    outcomes = await asyncio.gather(
        *(passkeys.finish_with_passkey(services, half, "{}", AWAY) for half in halves * 2), return_exceptions=True
    )

    told = [type(outcome) for outcome in outcomes]
    assert told.count(CodeRefused) == FREE_FACTOR
    assert set(told) == {CodeRefused, TooManyAttempts}


async def test_an_offer_is_answered_once_and_soon(services: Services, clock: SimulatedClock) -> None:
    person = await somebody(services, Role.GUARDIAN)
    first, second = SoftAuthenticator(SITE, ORIGIN), SoftAuthenticator(SITE, ORIGIN)
    options = await passkeys.offer_passkey(services, person.actor)
    await passkeys.add_passkey(services, person.actor, person.token, first.made(options), "one")

    with pytest.raises(FactorRefused):
        await passkeys.add_passkey(services, person.actor, person.token, second.made(options), "two")
    late = await passkeys.offer_passkey(services, person.actor)
    clock.advance(301)
    with pytest.raises(FactorRefused):
        await passkeys.add_passkey(services, person.actor, person.token, second.made(late), "two")


async def test_staff_keep_one_second_step_and_nobody_drops_anothers(services: Services) -> None:
    person, _ = await with_passkey(services)
    other, _ = await with_passkey(services)
    (own,), (theirs,) = await passkeys.passkeys_of(person.actor), await passkeys.passkeys_of(other.actor)

    with pytest.raises(NotFound):
        await passkeys.drop_passkey(services, person.actor, theirs.id)
    with pytest.raises(FactorRefused):
        await passkeys.drop_passkey(services, person.actor, own.id)
    await person.enrol()
    await passkeys.drop_passkey(services, person.actor, own.id)

    assert await passkeys.passkeys_of(person.actor) == []
    assert (await factors.factors_of(services, person.actor)).app_since is not None


@pytest.mark.parametrize(
    ("address", "is_offered"),
    [
        ("https://esik.test", True),
        ("http://localhost:8000", True),
        ("http://esik.test", False),
        ("https://10.0.0.5", False),
        ("http://127.0.0.1:8000", False),
    ],
)
def test_passkeys_are_offered_where_browsers_make_them(services: Services, address: str, is_offered: bool) -> None:
    assert (site_of(replace(services.settings, public_url=address)) is not None) is is_offered
