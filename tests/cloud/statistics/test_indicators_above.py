"""The indicators of many schools: added up node by node, by the day that was counted last."""

from datetime import date, timedelta

import pytest

from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.organisation.tree import Level, NewNode, add_node, place_school
from cloud.statistics.indicators import Shares
from cloud.statistics.indicators_above import SharesAbove, indicators_above
from tests.cloud.reports.factory import FIRST
from tests.cloud.schools.factory import SYSTEM, a_school
from tests.cloud.statistics.factory import authority_of, teacher_of

TREE = (("kz", Level.NATIONAL, None), ("almaty", Level.REGIONAL, "kz"), ("auezov", Level.MUNICIPAL, "almaty"))
PLACES = {"one15": "auezov", "two15": "auezov", "three15": "almaty", "four15": None}
KEEP = "INSERT INTO indicator_day VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"


async def keep(services: Services, school_id: int, on: date, *figures: int) -> None:
    await services.database.pool.execute(KEEP, school_id, on, *figures, services.clock.now())


@pytest.fixture(name="ids")
async def _ids(services: Services) -> dict[str, int]:
    """Write four schools: two of a municipality, one right below the region, one below nothing and never counted."""
    for code, level, parent in TREE:
        await add_node(services, SYSTEM, NewNode(code, level, code, code, code, parent))
    ids = {}
    for name, node in PLACES.items():
        ids[name] = await a_school(services, name)
        if node is not None:
            await place_school(services, SYSTEM, ids[name], node)
    await keep(services, ids["one15"], FIRST - timedelta(days=1), 90, 1, 1, 1, 9, 1)
    await keep(services, ids["one15"], FIRST, 100, 60, 20, 80, 10, 9)
    await keep(services, ids["two15"], FIRST - timedelta(days=10), 50, 5, 5, 5, 5, 5)
    await keep(services, ids["three15"], FIRST - timedelta(days=40), 70, 7, 7, 7, 7, 7)
    return ids


def below(above: SharesAbove) -> dict[str, tuple[int, int, Shares]]:
    return {each.node.code if each.node else "": (each.schools, each.counted, each.shares) for each in above.below}


@pytest.mark.requirement("KBR-indicators")
async def test_the_nation_is_what_its_regions_come_to_by_the_last_day_of_each_school(
    services: Services, ids: dict[str, int]
) -> None:
    both = Shares(150, 65, 25, 85, 15, 14)

    nation = await indicators_above(services, Actor.system("test"), "", FIRST)
    region = await indicators_above(services, Actor.system("test"), "almaty", FIRST)

    assert nation.shares == both
    assert below(nation) == {"kz": (3, 2, both), "": (1, 0, Shares())}
    assert below(region) == {"auezov": (2, 2, both)}
    assert {each.code: each.on for each in region.schools} == {
        "one15": FIRST, "two15": FIRST - timedelta(days=10), "three15": None,
    }  # fmt: skip


async def test_an_earlier_day_is_told_as_it_was(services: Services, ids: dict[str, int]) -> None:
    before = await indicators_above(services, Actor.system("test"), "auezov", FIRST - timedelta(days=1))

    assert before.shares == Shares(140, 6, 6, 6, 14, 6)


async def test_nothing_beyond_the_reach_is_counted(services: Services, ids: dict[str, int]) -> None:
    above = await indicators_above(services, authority_of(ids["two15"]), "", FIRST)

    assert ([each.code for each in above.schools], above.shares.students) == (["two15"], 50)
    with pytest.raises(NotFound):
        await indicators_above(services, authority_of(ids["four15"]), "kz", FIRST)
    with pytest.raises(NotAllowed):
        await indicators_above(services, teacher_of(ids["one15"], 1), "", FIRST)
