"""An authority sees which of its schools' reports came, are late or are missing, and opens those that came."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.organisation.tree import Level, NewNode, add_node, authorities_of, give_role_at_node, place_school
from cloud.reports import overview
from cloud.reports.actions import sight_of, sign
from cloud.reports.attendance import ATTENDANCE
from cloud.reports.attendance_content import Content
from cloud.reports.attendance_rules import Listed, content_of
from cloud.reports.content import School
from cloud.reports.errors import AddressRefused, ReportNotOpen
from cloud.reports.making import Made, keep
from cloud.reports.months import Month
from cloud.reports.overview import Standing, counts, standings
from cloud.reports.queries import State, report_of, sendings_of
from cloud.reports.sending import give_to_account, note_handed_over
from cloud.reports.subject import school_named
from cloud.schools.queries import school_of_id
from simulators.clock import SimulatedClock
from tests.cloud.organisation.factory import an_account, signed_in_as
from tests.cloud.reports.attending import day, facts_of
from tests.cloud.reports.factory import FIRST, MONTH
from tests.cloud.reports.test_actions import verbs
from tests.cloud.schools.factory import SYSTEM, a_school

SEPTEMBER = Month.parse(MONTH)
MADE_AT = datetime(2026, 9, 30, 22, 0, tzinfo=UTC)
IN_TIME = datetime(2026, 10, 5, 18, 0, tzinfo=UTC)  # eleven in the evening of the 5th
TOO_LATE = datetime(2026, 10, 5, 19, 0, tzinfo=UTC)  # midnight
CODES = ("school1", "school2", "school3", "school4", "school5")


class District:
    """Five schools below a district, one elsewhere, and somebody who looks at the district's."""

    def __init__(self, services: Services, clock: SimulatedClock) -> None:
        self.services, self.clock = services, clock
        self.schools: dict[str, int] = {}
        self.authority = Actor("")

    async def open(self) -> "District":
        for code, level, parent in (("kz", Level.NATIONAL, None), ("almaty", Level.REGIONAL, "kz")):
            await add_node(self.services, SYSTEM, NewNode(code, level, f"{code} басқармасы", code, code, parent))
        for code in (*CODES, "other1"):
            self.schools[code] = await a_school(self.services, code)
            await place_school(self.services, SYSTEM, self.schools[code], "almaty" if code in CODES else "kz")
        return self

    async def has_account(self) -> None:
        account = await an_account(self.services, "authority")
        await give_role_at_node(self.services, SYSTEM, account, Role.AUTHORITY, "almaty")
        self.authority = await signed_in_as(self.services, account)

    def goes_to(self, instant: datetime) -> None:
        self.clock.jump((instant - self.clock.now()).total_seconds())

    def of(self, code: str, role: Role) -> Actor:
        return Actor(role.value, reaches=frozenset({Reach(role, self.schools[code])}))

    async def makes(self, code: str, number: int = 1) -> int:
        school = await school_of_id(self.services, self.schools[code])
        content = a_content(school_named(school), number)
        made = await keep(self.services, SYSTEM, school, SEPTEMBER, Made(content))
        assert made is not None
        return made

    async def signs(self, code: str, number: int = 1) -> int:
        made, director = await self.makes(code, number), self.of(code, Role.DIRECTOR)
        report = await report_of(self.services, director, self.schools[code], made)
        await sign(self.services, director, self.schools[code], made, sight_of(report.digest, []))
        return made

    async def states(self, at: datetime, **more: object) -> Mapping[str, str]:
        services = replace(self.services, clock=SimulatedClock(started_at=at))
        rows = await standings(services, self.authority, ATTENDANCE, SEPTEMBER, **more)  # type: ignore[arg-type]
        return {row.code: row.state.value for row in rows}


def a_content(school: School, number: int) -> Content:
    who = Listed("a" * 12, "students")
    return content_of(facts_of([who], {(who.person, FIRST): day()}, school=school, number=number))


@pytest.fixture(name="district")
async def _district(services: Services, clock: SimulatedClock) -> District:
    return await District(services, clock).open()


@pytest.mark.requirement("KZ456-33-1.12")
async def test_an_authority_sees_which_reports_came_are_late_or_are_missing_and_of_no_other_school(
    services: Services, district: District
) -> None:
    await district.has_account()
    district.goes_to(MADE_AT)
    signed = {code: await district.signs(code) for code in ("school1", "school2", "school3", "other1")}
    await district.makes("school4")
    district.goes_to(IN_TIME)
    office = district.of("school1", Role.OFFICE)
    await give_to_account(services, office, district.schools["school1"], signed["school1"])
    before = await district.states(IN_TIME)
    district.goes_to(TOO_LATE)
    office = district.of("school2", Role.OFFICE)
    note = "Папка, кіріс № 7"
    await note_handed_over(services, office, district.schools["school2"], signed["school2"], note, "0" * 32)

    after = await district.states(TOO_LATE)

    waits = dict.fromkeys(CODES[1:], "waiting")
    assert before == {"school1": "came"} | waits
    assert after == {
        "school1": "came", "school2": "came_late", "school3": "late", "school4": "late", "school5": "missing",
    }  # fmt: skip
    assert await counts(services, district.authority, ATTENDANCE, SEPTEMBER) == {
        Standing.CAME: 1, Standing.CAME_LATE: 1, Standing.WAITING: 0, Standing.LATE: 2, Standing.MISSING: 1,
    }  # fmt: skip
    assert await district.states(TOO_LATE, state=Standing.MISSING) == {"school5": "missing"}


async def test_a_report_that_goes_to_the_account_is_sent_once_and_told(services: Services, district: District) -> None:
    district.goes_to(MADE_AT)
    drafted, signed = await district.makes("school4"), await district.signs("school1")
    office, school_id = district.of("school1", Role.OFFICE), district.schools["school1"]
    with pytest.raises(AddressRefused):
        await give_to_account(services, office, school_id, signed)  # nobody has an account yet
    await district.has_account()

    for _ in range(2):
        await give_to_account(services, office, school_id, signed)
    with pytest.raises(ReportNotOpen):
        await give_to_account(
            services, district.of("school4", Role.OFFICE), district.schools["school4"], drafted
        )  # fmt: skip
    with pytest.raises(NotAllowed):
        await give_to_account(services, district.authority, school_id, signed)

    (sending,) = await sendings_of(services, signed)
    assert (sending.way, sending.note, sending.sent_at) == ("account", "almaty басқармасы", services.clock.now())
    assert [each.name_ru for each in await authorities_of(services, school_id)] == ["almaty"]
    assert (await report_of(services, district.authority, school_id, signed)).state is State.SENT
    assert (await verbs(services)).count("report.to_account") == 1


async def test_a_month_that_was_corrected_after_sending_comes_as_a_supplement(
    services: Services, district: District
) -> None:
    await district.has_account()
    district.goes_to(MADE_AT)
    office, school_id = district.of("school1", Role.OFFICE), district.schools["school1"]
    first = await district.signs("school1")
    await give_to_account(services, office, school_id, first)
    second = await district.signs("school1", 2)
    (before,) = await standings(services, district.authority, ATTENDANCE, SEPTEMBER, Standing.CAME)

    district.goes_to(TOO_LATE)
    await give_to_account(services, office, school_id, second)

    (after,) = await standings(services, district.authority, ATTENDANCE, SEPTEMBER, Standing.CAME)
    assert (before.report_id, before.number, before.sent_at) == (first, 1, MADE_AT)
    assert (after.report_id, after.number, after.sent_at) == (first, 2, MADE_AT)  # the first one was in time


async def test_who_reaches_no_school_is_told_nothing_and_pages_follow_by_code(
    services: Services, district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    await district.has_account()
    monkeypatch.setattr(overview, "PAGE_SIZE", 2)

    with pytest.raises(NotAllowed):
        await standings(services, Actor("x"), ATTENDANCE, SEPTEMBER)
    with pytest.raises(NotAllowed):
        await counts(services, district.of("school1", Role.CANTEEN), ATTENDANCE, SEPTEMBER)

    assert list(await district.states(MADE_AT)) == ["school1", "school2"]
    assert list(await district.states(MADE_AT, after="school4")) == ["school5"]
