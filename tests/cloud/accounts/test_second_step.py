"""The second step of signing in: codes that are taken once, half sessions that open nothing, and recovery codes."""

import asyncio

import pytest

from cloud.accounts import factors
from cloud.accounts.actions import give_role, reset_password, sign_in
from cloud.accounts.beginnings import HALVES_MAX, Session
from cloud.accounts.errors import CodeRefused, FactorRefused, HalfEnded, SignInRefused, TooManyAttempts
from cloud.accounts.queries import actor_of
from cloud.accounts.rules import FREE_FACTOR
from cloud.accounts.second_step import WRONG_MAX, finish_with_code, half_of
from cloud.audit.verbs import VERBS
from cloud.core.actor import Reach, Role
from cloud.core.rights import Right
from cloud.core.services import Services
from simulators.clock import SimulatedClock
from tests.cloud.accounts.factory import AWAY, HOME, SYSTEM, Somebody, somebody, whole

STEP_S = 30


@pytest.fixture(name="office")
async def _office(services: Services, clock: SimulatedClock) -> Somebody:
    """Return somebody of an office with an app, whose next code was not used yet."""
    office = await (await somebody(services)).enrol()
    clock.advance(2 * STEP_S)
    return office


def _reach(role: Role, school_id: int) -> Reach:
    return Reach(role, None if role is Role.OPERATOR else school_id)


async def verbs(services: Services, subject: int) -> list[str]:
    rows = await services.database.pool.fetch(
        "SELECT verb FROM audit_entry WHERE subject = $1 ORDER BY id", f"account:{subject}"
    )
    return [row["verb"] for row in rows]


@pytest.mark.requirement("KZ456-5.11", part="mfa")
async def test_a_password_alone_opens_nothing_and_the_code_everything(services: Services, office: Somebody) -> None:
    half = await office.half()
    assert await actor_of(services, half) is None

    session = await finish_with_code(services, half, office.code(), HOME, "Firefox, Linux")

    actor = await actor_of(services, session.token)
    assert actor is not None
    assert not actor.must_enrol
    assert actor.can(Right.PEOPLE_KEEP, office.school_id)
    assert set(await verbs(services, office.account_id)) <= set(VERBS)


async def test_a_code_is_taken_once(services: Services, office: Somebody) -> None:
    code = office.code()
    await finish_with_code(services, await office.half(), code, HOME)

    with pytest.raises(CodeRefused):
        await finish_with_code(services, await office.half(), code, HOME)


async def test_a_code_typed_on_two_machines_at_once_opens_one(services: Services, office: Somebody) -> None:
    code, halves = office.code(), [await office.half() for _ in range(4)]

    outcomes = await asyncio.gather(
        *(finish_with_code(services, half, code, HOME) for half in halves), return_exceptions=True
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["CodeRefused"] * 3 + ["Session"]


async def test_no_code_of_before_is_taken_after_a_newer_one(
    services: Services, office: Somebody, clock: SimulatedClock
) -> None:
    overheard = office.code()
    clock.advance(STEP_S)
    await finish_with_code(services, await office.half(), office.code(), HOME)

    with pytest.raises(CodeRefused):
        await finish_with_code(services, await office.half(), overheard, AWAY)


async def test_half_a_session_ends_after_some_wrong_codes_or_minutes_and_when_it_was_used(
    services: Services, office: Somebody, clock: SimulatedClock
) -> None:
    wrong, late, used = [await office.half() for _ in range(3)]
    await finish_with_code(services, used, office.code(), HOME)
    for _ in range(WRONG_MAX):
        with pytest.raises(CodeRefused):
            await finish_with_code(services, wrong, "AAAA", HOME)

    for token in (wrong, used, "nonsense"):
        with pytest.raises(HalfEnded):
            await half_of(services, token)
    await half_of(services, late)
    clock.advance(301)
    with pytest.raises(HalfEnded):
        await half_of(services, late)


async def test_guessing_codes_is_slowed_down_and_recovery_codes_still_let_the_owner_in(
    services: Services, office: Somebody, clock: SimulatedClock
) -> None:
    for number in range(5):
        with pytest.raises(CodeRefused):
            await finish_with_code(services, await office.half(), f"00000{number}", AWAY)

    with pytest.raises(TooManyAttempts):
        await finish_with_code(services, await office.half(), office.code(), AWAY)
    assert (await finish_with_code(services, await office.half(), office.codes[0], HOME)).token
    clock.advance(16)
    assert (await finish_with_code(services, await office.half(), office.code(), HOME)).token


async def test_a_burst_at_one_half_has_no_more_tries_than_codes_one_after_the_other(
    services: Services, office: Somebody
) -> None:
    half = await office.half()

    outcomes = await asyncio.gather(
        *(finish_with_code(services, half, "AAAA", AWAY) for _ in range(4 * WRONG_MAX)), return_exceptions=True
    )

    told = [type(outcome) for outcome in outcomes]
    assert (told.count(CodeRefused), told.count(HalfEnded)) == (WRONG_MAX, 3 * WRONG_MAX)
    assert (await verbs(services, office.account_id)).count("account.second_step_failed") == WRONG_MAX


async def test_a_burst_over_many_halves_of_an_account_waits_as_one_does(services: Services, office: Somebody) -> None:
    halves = [await office.half() for _ in range(HALVES_MAX)]

    outcomes = await asyncio.gather(
        *(finish_with_code(services, half, "000000", AWAY) for half in halves * 2), return_exceptions=True
    )

    told = [type(outcome) for outcome in outcomes]
    assert told.count(CodeRefused) == FREE_FACTOR
    assert set(told) == {CodeRefused, TooManyAttempts}


async def test_a_reset_account_of_a_lost_phone_sets_up_a_new_second_step(services: Services, office: Somebody) -> None:
    half, other = await office.half(), await (await somebody(services)).enrol()

    given = await reset_password(services, SYSTEM, office.account_id)

    with pytest.raises(HalfEnded):
        await finish_with_code(services, half, office.codes[0], HOME)
    begun = await sign_in(services, office.login, given.password, HOME)
    assert isinstance(begun, Session)
    assert begun.must_enrol
    assert await actor_of(services, office.token) is None
    assert await services.database.pool.fetchval("SELECT count(*) FROM recovery_code") == len(other.codes)
    assert (await verbs(services, office.account_id))[-3:] == [
        "account.password_reset", "account.factors_forgotten", "account.signed_in"
    ]  # fmt: skip
    assert await actor_of(services, other.token) is not None


async def test_a_recovery_code_opens_once_however_it_is_typed(services: Services, office: Somebody) -> None:
    typed = f"  {office.codes[3].upper().replace('-', ' ')} "
    assert (await finish_with_code(services, await office.half(), typed, HOME)).token

    with pytest.raises(CodeRefused):
        await finish_with_code(services, await office.half(), office.codes[3], HOME)

    assert (await factors.factors_of(services, office.actor)).codes_left == 9
    assert "account.recovery_code_used" in await verbs(services, office.account_id)


async def test_a_recovery_code_is_of_one_account(services: Services, office: Somebody) -> None:
    other = await (await somebody(services)).enrol()

    with pytest.raises(CodeRefused):
        await finish_with_code(services, await office.half(), other.codes[0], HOME)


async def test_new_recovery_codes_put_an_end_to_the_old(services: Services, office: Somebody) -> None:
    new = await factors.make_codes(services, office.actor)

    assert len(set(new) | set(office.codes)) == 20
    with pytest.raises(CodeRefused):
        await finish_with_code(services, await office.half(), office.codes[0], HOME)
    assert (await finish_with_code(services, await office.half(), new[0], HOME)).token


@pytest.mark.parametrize("role", [Role.OFFICE, Role.GUARD, Role.OPERATOR, Role.STUDENT])
async def test_who_needs_a_second_step_is_led_to_it_and_may_nothing_before(services: Services, role: Role) -> None:
    person = await somebody(services, role)

    assert person.actor.must_enrol
    assert person.actor.reaches == frozenset()

    await person.enrol()

    free = await actor_of(services, person.token)
    assert free is not None
    assert not free.must_enrol
    assert role in {reach.role for reach in free.reaches}


async def test_a_guardian_chooses_whether_to_have_a_second_step(services: Services, clock: SimulatedClock) -> None:
    parent = await somebody(services, Role.GUARDIAN)
    assert not parent.actor.must_enrol

    await parent.enrol()
    clock.advance(2 * STEP_S)
    await finish_with_code(services, await parent.half(), parent.code(), HOME)
    await factors.drop_app(services, parent.actor)

    assert (await whole(services, parent.login)).token
    assert (await factors.factors_of(services, parent.actor)).codes_left == 0, "they stood in for the app"


@pytest.mark.parametrize("role", [Role.OFFICE, Role.DIRECTOR, Role.OPERATOR])
async def test_a_guardians_session_of_a_password_alone_never_becomes_one_of_staff(
    services: Services, role: Role
) -> None:
    parent = await somebody(services, Role.GUARDIAN)

    await give_role(services, SYSTEM, parent.account_id, _reach(role, parent.school_id))

    assert await actor_of(services, parent.token) is None
    assert (await whole(services, parent.login)).must_enrol


async def test_a_familys_long_session_never_becomes_one_of_staff_also_with_a_second_step(services: Services) -> None:
    parent = await (await somebody(services, Role.GUARDIAN)).enrol()

    await give_role(services, SYSTEM, parent.account_id, Reach(Role.OFFICE, parent.school_id))

    assert await actor_of(services, parent.token) is None


async def test_a_session_with_a_second_step_stays_when_a_role_is_given_and_one_of_a_parent_of_two_schools_too(
    services: Services, office: Somebody
) -> None:
    parent = await somebody(services, Role.GUARDIAN)

    await give_role(services, SYSTEM, office.account_id, Reach(Role.DIRECTOR, office.school_id))
    await give_role(services, SYSTEM, parent.account_id, Reach(Role.GUARDIAN, office.school_id))

    assert await actor_of(services, office.token) is not None
    assert await actor_of(services, parent.token) is not None


async def test_staff_do_not_take_their_last_second_step_away(services: Services, office: Somebody) -> None:
    with pytest.raises(FactorRefused):
        await factors.drop_app(services, office.actor)

    assert (await factors.factors_of(services, office.actor)).app_since is not None


async def test_a_session_that_waited_for_the_second_step_ends_when_another_sets_it_up(services: Services) -> None:
    office = await somebody(services)
    thief = await whole(services, office.login, address=AWAY)
    assert thief.must_enrol

    await office.enrol()

    assert await actor_of(services, thief.token) is None
    assert await actor_of(services, office.token) is not None


async def test_an_app_counts_from_its_first_code_on_and_the_old_one_until_then(
    services: Services, office: Somebody, clock: SimulatedClock
) -> None:
    secret, old = await factors.start_app(services, office.actor, office.token), office.secret
    with pytest.raises(CodeRefused):
        await factors.confirm_app(services, office.actor, office.token, "000000")
    assert (await finish_with_code(services, await office.half(), office.code(), HOME)).token

    clock.advance(2 * STEP_S)
    office.secret = secret
    assert await factors.confirm_app(services, office.actor, office.token, office.code()) == ()

    clock.advance(2 * STEP_S)
    assert (await finish_with_code(services, await office.half(), office.code(), HOME)).token
    office.secret = old
    with pytest.raises(CodeRefused):
        await finish_with_code(services, await office.half(), office.code(), HOME)


async def test_what_weakens_an_account_asks_for_the_password_again_after_some_minutes(
    services: Services, office: Somebody, clock: SimulatedClock
) -> None:
    token = (await finish_with_code(services, await office.half(), office.code(), HOME)).token
    await factors.confirm_owner(services, office.actor, token, "")
    clock.advance(601)

    with pytest.raises(SignInRefused):
        await factors.confirm_owner(services, office.actor, token, "")
    with pytest.raises(SignInRefused):
        await factors.confirm_owner(services, office.actor, token, "wrong password")


async def test_secrets_and_codes_stand_in_the_tables_only_sealed(services: Services, office: Somebody) -> None:
    kept = await services.database.pool.fetch("SELECT * FROM authenticator")
    codes = await services.database.pool.fetch("SELECT digest FROM recovery_code")

    assert office.secret not in kept[0]["secret_encrypted"]
    assert office.codes[0].replace("-", "") not in str(codes)
