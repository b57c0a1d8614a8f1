"""From a tap to the figures that a director, an authority and its programs read, by page and by API."""

import re

from cloud.core.actor import Role
from cloud.core.services import Services
from cloud.organisation.tree import Level, NewNode, add_node, give_role_at_node, place_school
from tests.cloud.organisation.factory import an_account, begin_session
from tests.cloud.reports.attending import STAFF, came, in_class
from tests.cloud.reports.factory import FIRST, School
from tests.cloud.reports.test_whole_way import browsing, session_of
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.statistics.factory import counted

PAGE, API = "/schools/almaty5/statistics", "/api/v1/schools/almaty5/statistics"
TILE = re.compile(r'<a class="tile[^"]*" href="([^"]*)"><b>([^<]*)</b>')


async def _authority(services: Services, school: School) -> str:
    """Put the school below a municipal authority that has an account; return the token of its session."""
    for code, level, parent in (
        ("kz", Level.NATIONAL, None), ("almaty", Level.REGIONAL, "kz"), ("auezov", Level.MUNICIPAL, "almaty"),
    ):  # fmt: skip
        await add_node(services, SYSTEM, NewNode(code, level, code, code, code, parent))
    await place_school(services, SYSTEM, school.school_id, "auezov")
    account = await an_account(services, "authority")
    await give_role_at_node(services, SYSTEM, account, Role.AUTHORITY, "almaty")
    await begin_session(services, account)
    return f"token-of-{account}"


async def test_what_gates_and_tills_told_is_read_by_day_and_month_at_school_and_above(
    services: Services, school: School
) -> None:
    class_id = await in_class(services, school)
    aliya, bolat, _ = school.refs
    await came(school, aliya, FIRST)
    await came(school, bolat, FIRST, "08:14:00")
    await came(school, STAFF, FIRST, "07:30:00", "17:00:00")
    await school.ate(0, FIRST, came=False)
    await counted(services, school)
    director = await session_of(services, Role.DIRECTOR, school.school_id, "Бақыт Оразов")

    async with browsing(services, director) as page:
        day = await page.get(f"{PAGE}?by=day&on={FIRST}")
        month = await page.get(f"{PAGE}?by=month&on={FIRST}")
        of_class = await page.get(f"{PAGE}/classes/{class_id}?by=day&on={FIRST}")
        told = (await page.get(f"{API}?by=day&on={FIRST}")).json()
        led = [await page.get(address.replace("&amp;", "&")) for address, _ in TILE.findall(day.text)]
    async with browsing(services, await _authority(services, school)) as page:
        region = await page.get(f"/region?by=day&on={FIRST}")
        below = await page.get(f"/region?node=auezov&by=day&on={FIRST}")
        seen = await page.get(f"{PAGE}?by=day&on={FIRST}")
        small = await page.get(f"{PAGE}/classes/{class_id}?by=day&on={FIRST}")
        above = (await page.get(f"/api/v1/statistics?node=auezov&by=day&on={FIRST}")).json()

    assert [figure for _, figure in TILE.findall(day.text)] == ["66.7 %", "33.3 %", "50.0 %", "33.3 %", "9.5"]
    assert [answer.status_code for answer in (month, of_class, *led)] == [200] * (2 + 5)
    figures = told["students"]
    assert [figures[name] for name in ("expected", "came", "late", "not_seen", "ate", "free")] == [3, 2, 1, 1, 1, 1]
    assert (figures["reasons"]["unexplained"], told["staff"]["inside_min"], told["meals"]) == (1, 570, {"lunch": 1})
    assert "<h1>auezov</h1>" in region.text  # the lowest over all that the authority reaches
    assert f"{PAGE}?by=day&amp;on={FIRST}" in below.text
    assert "So few that they could be told apart" in seen.text
    assert small.status_code == 403
    assert (above["students"]["came"], above["students"]["reasons"], above["schools"][0]["school"]) == (
        2,
        None,
        "almaty5",
    )


async def test_a_page_of_days_that_have_not_come_shows_today_and_nothing_counted_says_so(
    services: Services, school: School
) -> None:
    director = await session_of(services, Role.DIRECTOR, school.school_id, "Бақыт Оразов")

    async with browsing(services, director) as page:
        later = await page.get(f"{PAGE}?by=day&on=2030-01-01")
        odd = await page.get(f"{PAGE}?on=yesterday")

    assert "Nothing is counted of these days" in later.text
    assert "October 1, 2026" in later.text
    assert odd.status_code == 200
