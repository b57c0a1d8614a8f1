"""What authorities see: node by node down the tree, as far as they reach, and schools that stand below none."""

from dataclasses import dataclass

import pytest

from cloud.core.actor import Actor
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.services import Services
from cloud.organisation.tree import Level, NewNode, add_node, place_school
from cloud.statistics.comparing import Above, seen_above
from cloud.statistics.kinds import Figures, Key, Kind
from cloud.statistics.rules import SCHOOL, STAFF
from cloud.statistics.spans import By, stretch_of
from tests.cloud.reports.factory import FIRST
from tests.cloud.schools.factory import SYSTEM, a_school
from tests.cloud.statistics.factory import authority_of, director_of, put

DAY = stretch_of(By.DAY, FIRST)
TREE = (
    ("kz", Level.NATIONAL, None), ("almaty", Level.REGIONAL, "kz"), ("astana", Level.REGIONAL, "kz"),
    ("auezov", Level.MUNICIPAL, "almaty"), ("bostandyk", Level.MUNICIPAL, "almaty"),
)  # fmt: skip
PLACES = {"one": "auezov", "two": "auezov", "three": "bostandyk", "four": "astana", "five": None}


@dataclass(frozen=True)
class Country:
    """Five schools by name; the fifth stands below no authority, the fourth has few students."""

    ids: dict[str, int]

    def authority(self, *names: str) -> Actor:
        return authority_of(*(self.ids[name] for name in names))


@pytest.fixture(name="country")
async def _country(services: Services) -> Country:
    for code, level, parent in TREE:
        await add_node(services, SYSTEM, NewNode(code, level, code, code, code, parent))
    ids = {}
    for number, (name, node) in enumerate(PLACES.items()):
        ids[name] = school_id = await a_school(services, f"{name}{number}")
        people = 10 if name == "four" else 100
        came = 50 + number if people == 100 else 8
        await put(
            services, school_id, FIRST, SCHOOL, Figures(people=people, taught=people, expected=people, came=came, ill=2)
        )
        await put(services, school_id, FIRST, STAFF, Figures(people=9, came=9, timed=9, inside_min=480 * 9))
        await put(services, school_id, FIRST, Key(Kind.CLASS, 1), Figures(people=people, came=came))
        if node is not None:
            await place_school(services, SYSTEM, school_id, node)
    return Country(ids)


def below(above: Above) -> dict[str, tuple[int, int]]:
    return {each.node.code if each.node else "": (each.schools, each.figures.came) for each in above.below}


async def test_the_nation_is_told_by_regions_and_a_school_without_a_node_beside_them(
    services: Services, country: Country
) -> None:
    nation = await seen_above(services, Actor.system("test"), "", DAY)

    assert nation.node is None
    assert below(nation) == {"kz": (4, 50 + 51 + 52 + 8), "": (1, 54)}
    assert nation.figures.came == 50 + 51 + 52 + 8 + 54
    assert nation.staff.inside_min == 5 * 480 * 9
    kz = await seen_above(services, Actor.system("test"), "kz", DAY)
    assert below(kz) == {"almaty": (3, 153), "astana": (1, 8)}


async def test_one_goes_down_from_region_to_municipality_to_schools(services: Services, country: Country) -> None:
    region = country.authority("one", "two", "three")

    start = await seen_above(services, region, "", DAY)
    down = await seen_above(services, region, "auezov", DAY)

    assert start.node is not None
    assert (start.node.code, list(start.way), below(start)) == (
        "almaty", [], {"auezov": (2, 101), "bostandyk": (1, 52)},
    )  # fmt: skip
    assert [each.code for each in down.way] == ["almaty"]
    assert ([each.code for each in down.schools], down.below, down.figures.came) == (["one0", "two1"], [], 101)


async def test_nothing_beyond_the_reach_is_counted_or_found(services: Services, country: Country) -> None:
    municipal = country.authority("three")

    above = await seen_above(services, municipal, "kz", DAY)

    assert (above.figures.came, [each.code for each in above.schools]) == (52, ["three2"])
    for code in ("auezov", "nowhere"):
        with pytest.raises(NotFound):
            await seen_above(services, municipal, code, DAY)
    with pytest.raises(NotAllowed):
        await seen_above(services, Actor("x"), "", DAY)


async def test_why_children_of_a_small_school_were_absent_is_in_no_sum(services: Services, country: Country) -> None:
    above = await seen_above(services, Actor.system("test"), "kz", DAY)

    assert above.figures.ill == 3 * 2
    assert {each.code: each.figures.ill for each in above.schools} == {"one0": 2, "two1": 2, "three2": 2, "four3": 0}
    assert {each.node.code: each.figures.ill for each in above.below if each.node} == {"almaty": 6, "astana": 0}


async def test_who_works_at_one_school_sees_it_alone(services: Services, country: Country) -> None:
    above = await seen_above(services, director_of(country.ids["five"]), "", DAY)

    assert ([each.code for each in above.schools], above.node) == (["five4"], None)


async def test_where_nothing_was_counted_schools_stand_with_nothing(services: Services, country: Country) -> None:
    above = await seen_above(services, country.authority("one"), "", stretch_of(By.DAY, FIRST.replace(month=5)))

    assert [(each.code, each.figures) for each in above.schools] == [("one0", Figures())]
