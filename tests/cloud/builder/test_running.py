"""Reports on a real database: the figures are right, each role sees its own, and none costs more than it may."""

from contextlib import AsyncExitStack
from datetime import timedelta

import asyncpg
import pytest

from cloud.attendance.queries import school_today
from cloud.builder import running
from cloud.builder.choice import Choice, Filter
from cloud.builder.errors import ChoiceRefused, ReportBusy, ReportCut
from cloud.builder.keeping import keep
from cloud.builder.kinds import Limits, Period, Shape
from cloud.builder.ready import ready_of
from cloud.builder.rules import SPAN_DAYS_MAX
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.rights import Right
from cloud.core.roles import Role as Roles
from cloud.core.services import Services
from cloud.register.actions import mark
from cloud.register.kinds import BY_CODE
from tests.cloud.builder.factory import TODAY, Built, held
from tests.cloud.schools.factory import SYSTEM

YESTERDAY = TODAY - timedelta(days=1)
BY_CLASS = Choice("attendance", groups=("class",), measures=("count", "people", "share:late", "average:late_min"))
LISTED = Choice("attendance", shape=Shape.ROWS, columns=("student", "class", "late_min"), sort="-late_min")


async def filled(school: Built) -> None:
    """Let 5А come on two days, one of the three late on both, and 9Ә on one."""
    for on in (YESTERDAY, TODAY):
        await school.came(school.students[0], on, late_min=12)
        await school.came(school.students[1], on)
    await school.came(school.students[3], TODAY, late_min=3)


async def test_lateness_by_class_is_counted_summed_averaged_and_shared(school: Built) -> None:
    await filled(school)

    rows = await school.reads(school.accounts["office"], BY_CLASS)

    assert rows == [["5А", "4", "2", "50.0\u00a0%", "6.0"], ["9Ә", "1", "1", "100.0\u00a0%", "3.0"]]


async def test_a_list_is_filtered_and_sorted(school: Built) -> None:
    await filled(school)
    choice = Choice(
        "attendance", Period.WEEK, shape=Shape.ROWS, columns=("day", "class", "came", "late_min"),
        filters=(Filter("late_min", least=1), Filter("class", ("5А",))), sort="-day",
    )  # fmt: skip

    rows = await school.reads(school.accounts["office"], choice)

    assert rows == [["01.09.2026", "5А", "08:12", "12"], ["31.08.2026", "5А", "08:12", "12"]]


async def test_absences_are_counted_by_the_reason_that_the_vault_holds(services: Services, school: Built) -> None:
    today = await school_today(services, SYSTEM, "almaty5", Right.PRESENCE_READ)
    refs = [row["ref"] for row in await services.database.pool.fetch("SELECT ref FROM person ORDER BY id")]
    for number, code in enumerate(("absent_ill", "absent_ill", "absent_family")):
        await mark(
            services, school.accounts["office"], today, school.classes["5А"], TODAY, refs[number], BY_CODE[code], 0
        )
    ready = ready_of("absent_by_reason")
    assert ready is not None

    rows = await school.reads(school.accounts["director"], ready.choice)

    assert rows == [["Ill", "2", "2", "66.7\u00a0%"], ["Family", "1", "1", "33.3\u00a0%"]]
    only = Choice("register", groups=("class",), measures=("count",), filters=(Filter("reason", ("family",)),))
    assert await school.reads(school.accounts["director"], only) == [["5А", "1"]]


async def test_meals_are_counted_with_their_money(school: Built) -> None:
    await school.ate(1, school.students[0], TODAY)
    await school.ate(2, school.students[3], TODAY, payment="account")
    choice = Choice("meals", groups=("payment",), measures=("count", "sum:full", "sum:budget", "sum:paid"))

    rows = await school.reads(school.accounts["canteen"], choice)

    assert rows == [["From the account", "1", "577\u00a0₸", "0\u00a0₸", "577\u00a0₸"],
                    ["Free", "1", "577\u00a0₸", "577\u00a0₸", "0\u00a0₸"]]  # fmt: skip


async def test_hours_of_staff_add_up(school: Built) -> None:
    for on in (YESTERDAY, TODAY):
        await school.came(school.staff[0], on, stayed=timedelta(hours=7, minutes=30))
    ready = ready_of("staff_hours")
    assert ready is not None

    rows = await school.reads(
        school.accounts["director"], Choice("staff_hours", groups=("staff",), measures=ready.choice.measures)
    )  # fmt: skip

    assert rows == [["Омарова Әсел", "15:00", "2", "08:00"]]


@pytest.mark.requirement("KZ456-5.15")
async def test_deeds_are_counted_by_subsystem_role_and_user(services: Services, school: Built) -> None:
    for who in ("office", "office", "director"):
        await keep(services, school.accounts[who], school.school_id, "есеп", BY_CLASS, TODAY)
    reader = school.accounts["director"]

    by_subsystem = await school.reads(
        reader, Choice("deeds", groups=("subsystem",), measures=("count", "people"), sort="-count",
                       filters=(Filter("subsystem", ("reports",)),)),
    )  # fmt: skip
    by_role = await school.reads(
        reader, Choice("deeds", groups=("role",), measures=("count",), filters=(Filter("verb", ("built.kept",)),))
    )
    by_user = await school.reads(
        reader, Choice("deeds", groups=("user", "role"), measures=("count",), sort="-count",
                       filters=(Filter("verb", ("built.kept",)),)),
    )  # fmt: skip

    assert by_subsystem == [["Reports", "3", "2"]]
    assert by_role == [["Director", "1"], ["Office", "2"]]
    assert by_user == [["Есімі office", "Office", "2"], ["Есімі director", "Director", "1"]]


async def test_who_may_not_read_names_sees_accounts_by_their_numbers(services: Services, school: Built) -> None:
    await keep(services, school.accounts["office"], school.school_id, "есеп", BY_CLASS, TODAY)
    auditor = Actor("Аудитор", 9_000, frozenset({Reach(Role.AUDITOR, school.school_id)}))
    choice = Choice("deeds", groups=("user",), measures=("count",), filters=(Filter("verb", ("built.kept",)),))

    rows = await school.reads(auditor, choice)

    assert rows == [[f"account:{school.accounts['office'].account_id}", "1"]]


async def test_a_class_teacher_sees_the_own_class_alone_by_name(school: Built) -> None:
    await filled(school)

    counted, listed = [await school.reads(school.teacher(), each) for each in (BY_CLASS, LISTED)]
    others = await school.reads(school.teacher("9Ә"), BY_CLASS)

    assert [row[0] for row in counted] == ["5А"]
    assert {row[1] for row in listed} == {"5А"}
    assert listed[0][0] == "Әліби Айгерім"
    assert [row[0] for row in others] == ["9Ә"]


async def test_an_authority_gets_counts_and_nobody_by_name(school: Built) -> None:
    await filled(school)

    rows = await school.reads(school.authority(), BY_CLASS)
    named = await school.asks(
        school.authority(), Choice("attendance", groups=("student", "class"), measures=("count",))
    )

    assert rows[0][:2] == ["5А", "4"]
    assert (named.choice.groups, list(named.left_out), named.names) == (("class",), ["Student"], False)
    with pytest.raises(NotAllowed, match="one by one"):
        await school.asks(school.authority(), LISTED)


async def test_another_school_and_another_role_see_nothing(school: Built) -> None:
    await filled(school)
    elsewhere = Actor("x", 5, frozenset({Reach(Role.DIRECTOR, school.other_school_id)}))
    nobody = Actor("x", 6, frozenset({Reach(Roles.GUARDIAN, school.school_id)}))

    for who in (elsewhere, nobody, school.accounts["it"], school.accounts["canteen"]):
        with pytest.raises(NotAllowed):
            await school.asks(who, BY_CLASS)


async def test_a_query_is_cut_off_at_its_limit_and_says_what_to_narrow(school: Built) -> None:
    await school.crowd(TODAY)
    choice = Choice(
        "passages", Period.DAYS, TODAY - timedelta(days=SPAN_DAYS_MAX - 1), TODAY,
        groups=("hour", "person", "class"), measures=("people", "count"),
    )  # fmt: skip

    with pytest.raises(ReportCut, match="fewer days: these are 400"):
        await school.asks(school.accounts["office"], choice, Limits(seconds_max=0.001))

    assert (await school.asks(school.accounts["office"], choice)).rows


async def test_rows_end_at_their_limit_and_it_is_told(school: Built) -> None:
    await filled(school)

    cut = await school.asks(school.accounts["office"], LISTED, Limits(rows_max=2))
    whole = await school.asks(school.accounts["office"], LISTED, Limits(rows_max=5))

    assert (len(cut.rows), cut.is_cut) == (2, True)
    assert (len(whole.rows), whole.is_cut) == (5, False)


async def test_one_report_of_a_person_runs_at_a_time(services: Services, school: Built) -> None:
    office = school.accounts["office"]
    async with held(services, running.PERSON_LOCKS, office.account_id or 0):
        with pytest.raises(ReportBusy, match="of yours"):
            await school.asks(office, BY_CLASS, Limits(waits_s=0.01))
        others = await school.asks(school.accounts["director"], BY_CLASS, Limits(waits_s=0.01))

    assert others.rows == []
    assert (await school.asks(office, BY_CLASS)).rows == []


async def test_a_few_reports_of_the_service_run_at_a_time(services: Services, school: Built) -> None:
    async with AsyncExitStack() as places:
        for place in range(2):
            await places.enter_async_context(held(services, running.SERVICE_LOCKS, place))
        with pytest.raises(ReportBusy, match="2 reports"):
            await school.asks(school.accounts["office"], BY_CLASS, Limits(at_once=2))

    assert (await school.asks(school.accounts["office"], BY_CLASS, Limits(at_once=2))).rows == []


async def test_a_report_can_only_read(services: Services, school: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    async def writing(connection: asyncpg.Connection, _statement: object) -> None:
        await connection.execute("UPDATE person SET surname = 'x'")

    monkeypatch.setattr(running, "_fetched", writing)

    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await school.asks(school.accounts["office"], BY_CLASS)


async def test_what_is_not_known_here_is_told(school: Built) -> None:
    with pytest.raises(ChoiceRefused, match="not known here"):
        await school.asks(school.accounts["office"], Choice("weather", measures=("count",)))
