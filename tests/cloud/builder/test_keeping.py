"""Kept reports: whose they are, who sees them, and that each deed is noted."""

import pytest

from cloud.builder import keeping
from cloud.builder.choice import Choice
from cloud.builder.errors import ChoiceRefused
from cloud.builder.keeping import change, drop, keep, schedule, share
from cloud.builder.kinds import Every
from cloud.builder.queries import readers_of, report_of, reports_of, staff_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from tests.cloud.builder.factory import TODAY, Built

BY_CLASS = Choice("attendance", groups=("class",), measures=("count",))
DEEDS = Choice("deeds", groups=("role",), measures=("count",))


async def kept(services: Services, school: Built, who: str = "office", choice: Choice = BY_CLASS) -> int:
    return await keep(services, school.accounts[who], school.school_id, " Кешігу\n есебі ", choice, TODAY)


async def test_a_report_is_kept_changed_and_dropped_by_its_owner_alone(services: Services, school: Built) -> None:
    office, director = school.accounts["office"], school.accounts["director"]
    report_id = await kept(services, school)

    with pytest.raises(NotFound):
        await report_of(services, director, school.school_id, report_id)
    with pytest.raises(NotFound):
        await change(services, director, school.school_id, report_id, "x", BY_CLASS, TODAY)
    with pytest.raises(NotFound):
        await drop(services, director, school.school_id, report_id)
    await change(services, office, school.school_id, report_id, "Жаңа атау", DEEDS, TODAY)
    built = await report_of(services, office, school.school_id, report_id)
    await drop(services, office, school.school_id, report_id)

    assert (built.name, built.choice, built.owner) == ("Жаңа атау", DEEDS, "Есімі office")
    assert await reports_of(services, office, school.school_id) == []
    assert await school.verbs() == ["built.kept", "built.changed", "built.dropped"]


async def test_a_name_is_one_line(services: Services, school: Built) -> None:
    report_id = await kept(services, school)

    assert (await report_of(services, school.accounts["office"], school.school_id, report_id)).name == "Кешігу есебі"


async def test_a_shared_report_is_found_by_the_role_and_by_the_name(services: Services, school: Built) -> None:
    office, director, it = (school.accounts[each] for each in ("office", "director", "it"))
    report_id = await kept(services, school)
    at = (services, office, school.school_id, report_id)

    await share(*at, [Role.DIRECTOR, Role.GUARDIAN], [it.account_id or 0, office.account_id or 0])

    for who in (director, it):
        (built,) = await reports_of(services, who, school.school_id)
        assert (built.id, built.is_of(who)) == (report_id, False)
    built = await report_of(services, office, school.school_id, report_id)
    assert built.roles == [Role.DIRECTOR.value]
    assert await readers_of(services, built) == {it.account_id}
    assert await reports_of(services, school.accounts["canteen"], school.school_id) == []
    await share(*at, [], [])
    assert await reports_of(services, director, school.school_id) == []
    assert await reports_of(services, it, school.school_id) == []


async def test_a_role_elsewhere_finds_nothing_here(services: Services, school: Built) -> None:
    report_id = await kept(services, school)
    await share(services, school.accounts["office"], school.school_id, report_id, [Role.DIRECTOR], [])
    elsewhere = Actor("x", 77, frozenset({Reach(Role.DIRECTOR, school.other_school_id)}))

    assert await reports_of(services, elsewhere, school.school_id) == []
    assert await reports_of(services, elsewhere, school.other_school_id) == []
    with pytest.raises(NotFound):
        await report_of(services, elsewhere, school.school_id, report_id)


async def test_nobody_of_another_school_is_offered_or_given_a_report(services: Services, school: Built) -> None:
    stranger = await school.account("stranger", Role.OFFICE, school_id=school.other_school_id)
    office = school.accounts["office"]
    report_id = await kept(services, school)

    await share(services, office, school.school_id, report_id, [], [stranger.account_id or 0])

    built = await report_of(services, office, school.school_id, report_id)
    assert await readers_of(services, built) == frozenset()
    assert {name for _, name in await staff_of(services, office, school.school_id)} == {
        "Есімі canteen", "Есімі director", "Есімі it",
    }  # fmt: skip


async def test_what_one_may_not_see_one_cannot_keep(services: Services, school: Built) -> None:
    with pytest.raises(NotAllowed):
        await kept(services, school, "it", BY_CLASS)
    with pytest.raises(NotAllowed):
        await keep(services, Actor.system("x"), school.school_id, "x", BY_CLASS, TODAY)
    with pytest.raises(ChoiceRefused, match="name"):
        await keep(services, school.accounts["office"], school.school_id, " \n", BY_CLASS, TODAY)

    assert await school.verbs() == []


async def test_so_many_reports_are_kept_and_no_more(
    services: Services, school: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "REPORTS_MAX", 1)
    await kept(services, school)

    with pytest.raises(ChoiceRefused, match="Drop one"):
        await kept(services, school)

    assert await kept(services, school, "director")


async def test_a_rhythm_begins_with_its_next_day_and_ends(services: Services, school: Built) -> None:
    office = school.accounts["office"]
    report_id = await kept(services, school)

    await schedule(services, office, school.school_id, report_id, Every.WEEK, TODAY)
    begun = await report_of(services, office, school.school_id, report_id)
    await schedule(services, office, school.school_id, report_id, None, TODAY)
    ended = await report_of(services, office, school.school_id, report_id)

    assert (begun.every, str(begun.next_on)) == (Every.WEEK, "2026-09-07")
    assert (ended.every, ended.next_on) == (None, None)
