"""Second steps that were lost, and schools that start with them gently."""

from datetime import timedelta

import pytest

from cloud.accounts.actions import reset_password, take_role
from cloud.accounts.errors import FactorRefused
from cloud.accounts.queries import actor_of
from cloud.accounts.rescuing import forget_lost, set_factor_day
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from simulators.clock import SimulatedClock
from tests.cloud.accounts.factory import SYSTEM, somebody, whole


async def test_lost_second_steps_are_taken_away_by_the_schools_it_and_by_no_other(services: Services) -> None:
    person = await (await somebody(services)).enrol()
    here, there = (
        Actor("IT", None, frozenset({Reach(Role.IT, school)})) for school in (person.school_id, person.school_id + 1)
    )
    for stranger in (there, person.actor):
        with pytest.raises(NotAllowed):
            await forget_lost(services, stranger, person.account_id)

    await forget_lost(services, here, person.account_id)

    assert await actor_of(services, person.token) is None
    assert (await whole(services, person.login)).must_enrol
    told = await services.database.pool.fetchrow(
        "SELECT actor, school_id FROM audit_entry WHERE verb = 'account.factors_forgotten'"
    )
    assert tuple(told) == ("IT", person.school_id)


async def test_an_account_without_a_role_is_nobodys_to_change(services: Services) -> None:
    person = await somebody(services)
    it = Actor("IT", None, frozenset({Reach(Role.IT, person.school_id)}))
    await take_role(services, SYSTEM, person.account_id, Reach(Role.OFFICE, person.school_id))

    with pytest.raises(NotAllowed):
        await reset_password(services, it, person.account_id)


async def test_a_school_starts_gently_until_its_day(services: Services, clock: SimulatedClock) -> None:
    person = await somebody(services)
    director = Actor("Director", None, frozenset({Reach(Role.DIRECTOR, person.school_id)}))
    today = clock.now().date()

    await set_factor_day(services, director, person.school_id, today + timedelta(days=30))

    assert not (await whole(services, person.login)).must_enrol
    clock.advance(30 * 24 * 3600)
    assert (await whole(services, person.login)).must_enrol
    with pytest.raises(FactorRefused):
        await set_factor_day(services, director, person.school_id, clock.now().date() + timedelta(days=61))
    with pytest.raises(NotAllowed):
        await set_factor_day(services, director, person.school_id + 1, today)
