"""What a school sets that a fire and a lockdown do at its gates: by whom, told to whom, and that a fire shuts none."""

import asyncio

import msgspec
import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.devices.errors import RuleRefused
from cloud.devices.gate_rules import FireDoes, LockdownDoes, rules_of, set_rules
from cloud.people.kinds import CHANGED
from cloud.rosters.building import rows_of
from schemas.structs import GateRow
from tests.cloud.attendance.factory import School
from tests.cloud.schools.factory import SYSTEM


@pytest.fixture
async def school(services: Services) -> School:
    school = await School(services).open(1)
    await school.pool.execute("UPDATE gate SET device_id = (SELECT id FROM device LIMIT 1)")
    return school


async def told_to_gates(school: School) -> dict[str, tuple[str, str]]:
    async with school.pool.acquire() as connection:
        rows = await rows_of(connection, school.services.vault, school.school_id, school.services.clock.now())
    found = [msgspec.json.decode(row, type=GateRow) for row in rows if row.startswith(b'["gate"')]
    return {each.id: (each.fire, each.lockdown) for each in found}


async def test_a_gate_that_nobody_has_set_is_told_as_before(school: School) -> None:
    assert {(each.fire, each.lockdown) for each in await rules_of(school.pool, school.school_id)} == {
        (FireDoes.OPEN, LockdownDoes.SHUT)
    }
    assert await told_to_gates(school) == {"main": ("", ""), "lane": ("", "")}
    await school.close()


async def test_a_rule_goes_to_the_gates_and_into_the_journal_once(school: School) -> None:
    async with await school.services.wakeups.subscribe(CHANGED) as news:
        assert await set_rules(school.services, SYSTEM, school.school_id, {"lane": ("usual", "shut_both")}) == 1
        async with asyncio.timeout(30):
            assert await anext(news) == str(school.school_id)
    assert await set_rules(school.services, SYSTEM, school.school_id, {"lane": ("usual", "shut_both")}) == 0

    assert await told_to_gates(school) == {"main": ("", ""), "lane": ("usual", "shut_both")}
    noted = await noted_of(school.services, SYSTEM, school.school_id, Wanted(verb="gates.rule_set"))
    assert [(each.subject, each.detail["fire"], each.detail["lockdown"]) for each in noted] == [
        ("gate:lane", "usual", "shut_both")
    ]
    await set_rules(school.services, SYSTEM, school.school_id, {"lane": ("open", "open")})
    assert (await told_to_gates(school))["lane"] == ("open", "open")
    await school.close()


@pytest.mark.parametrize("rule", [("shut", "shut"), ("shut_both", "shut"), ("", "shut"), ("open", ""), ("open", "x")])
async def test_a_fire_that_shuts_is_refused_with_words_and_nothing_is_changed(
    school: School, rule: tuple[str, str]
) -> None:
    with pytest.raises(RuleRefused) as refused:
        await set_rules(school.services, SYSTEM, school.school_id, {"main": ("usual", "usual"), "lane": rule})

    assert str(refused.value.message)
    assert await told_to_gates(school) == {"main": ("", ""), "lane": ("", "")}
    await school.close()


@pytest.mark.parametrize("role", [Role.GUARD, Role.OFFICE, Role.CLASS_TEACHER])
async def test_only_heads_and_it_set_rules_and_only_of_own_gates(school: School, role: Role) -> None:
    actor = Actor("x", None, frozenset({Reach(role, school.school_id)}))
    with pytest.raises(NotAllowed):
        await set_rules(school.services, actor, school.school_id, {"lane": ("open", "open")})
    deputy = Actor("x", None, frozenset({Reach(Role.DEPUTY, school.school_id)}))
    with pytest.raises(NotFound):
        await set_rules(school.services, deputy, school.school_id, {"elsewhere": ("open", "open")})

    assert await set_rules(school.services, deputy, school.school_id, {"lane": ("open", "open")}) == 1
    await school.close()
