"""Openings are counted by day, role and grade, and tell of nobody who it was."""

from datetime import timedelta

import pytest
from fastapi import FastAPI

from cloud.core.actor import Role
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.resources.kinds import Way
from cloud.resources.usage import Openings, Usage, usage_of
from cloud.signon.tools import ToolGiven
from simulators.clock import SimulatedClock
from tests.cloud.signon.factory import School, visitor

TOOL = ToolGiven("Есептер", "https://tool.test/login", "https://tool.test", "https://tool.test/keys", (), ())


async def used(school: School, role: Role = Role.DIRECTOR) -> Usage:
    """Return how the catalogue was used today and yesterday; the chart goes back a week."""
    today = (school.services.clock.now() + timedelta(hours=5)).date()
    since = today - timedelta(days=1)
    return await usage_of(
        school.services, school.actor(role), school.school_id, since, today, today - timedelta(days=6)
    )  # fmt: skip


@pytest.mark.requirement("KBR-4.4")
async def test_openings_add_up_by_day_by_role_and_by_grade(app: FastAPI, school: School, clock: SimulatedClock) -> None:
    book, other = [await school.resource(Way.LINK, f"https://books.test/{each}") for each in (1, 2)]
    unopened = await school.resource(Way.LINK, "https://books.test/3")
    browsers = {name: visitor(app, await school.session(name)) for name in ("student", "silent", "teacher")}

    for name, resource_id in (("student", book), ("silent", book), ("student", other), ("teacher", book)):
        assert (await browsers[name].get(f"/resources/{resource_id}/open")).status_code == 303
    clock.jump(86_400)
    assert (await visitor(app, await school.session("student")).get(f"/resources/{book}/open")).status_code == 303

    usage = await used(school)
    assert usage.openings == Openings(4, 1)
    assert list(usage.by_day.values()) == [Openings(3, 1), Openings(1, 0)]
    assert usage.by_grade == [(5, 4)]
    assert [(each.id, each.openings) for each in usage.by_resource] == [
        (book, Openings(3, 1)), (other, Openings(1, 0)),
    ]  # fmt: skip
    assert (usage.unopened, unopened not in {each.id for each in usage.by_resource}) == (1, True)


async def test_a_tool_is_counted_when_it_is_launched_and_what_is_on_no_shelf_is_not(
    app: FastAPI, school: School
) -> None:
    _, resource_id = await school.tool(TOOL, "https://tool.test/launch")
    browser = visitor(app, await school.session("student"))

    await browser.get(f"/resources/{resource_id}/open")
    before = (await used(school)).openings.count
    await browser.get(f"/resources/{resource_id}/launch/0")
    missing = await browser.get(f"/resources/{resource_id + 1}/open")

    assert (before, (await used(school)).openings.count, missing.status_code) == (0, 1, 404)


async def test_what_is_kept_names_nobody(app: FastAPI, school: School, services: Services) -> None:
    book = await school.resource(Way.LINK, "https://books.test/1")

    await visitor(app, await school.session("student")).get(f"/resources/{book}/open")

    (kept,) = await services.database.pool.fetch("SELECT * FROM resource_opening")
    assert set(kept.keys()) == {"resource_id", "on", "role", "grade", "count"}


@pytest.mark.parametrize("role", [Role.TEACHER, Role.STUDENT, Role.GUARDIAN, Role.AUTHORITY])
async def test_whose_work_it_is_not_sees_no_usage(school: School, role: Role) -> None:
    with pytest.raises(NotAllowed):
        await used(school, role)
