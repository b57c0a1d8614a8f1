"""Two tills of one school with the cloud cut off: one free meal for one child, by the hub, over mutual TLS."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.edge_agent.school_kit import SchoolKit
from tests.edge_agent.till.canteen import LUNCH_TIYN
from tests.edge_agent.till.till_kit import FREE, PAYING, TillKit, canteen_rows
from tests.journeys.test_hub import Authority
from tests.servers.process import free_port
from tests.waiting import until

NAMES = ("till-1", "till-2")


@contextmanager
def two_tills(folder: Path) -> Iterator[tuple[TillKit, TillKit]]:
    """Run two tills with open shifts, the first of them the hub, once they hear each other."""
    authority = Authority()
    school = SchoolKit(folder, gates={}, policy={"hub": "till-1"}, more=canteen_rows(NAMES))
    hub = {"device": "till-1", "mqtt_host": "127.0.0.1", "mqtt_port": free_port(), "mqtt_tls": True}
    first, second = (TillKit.of_school(school, name, hub=hub, pems=authority.bundle(name)) for name in NAMES)
    try:
        for till in (first, second):
            till.kit.server.start()
        for till in (first, second):
            until(lambda till=till: not is_away(till), 30, "the tills to find the hub")  # type: ignore[misc]
            till.open()
        yield first, second
    finally:
        for till in (first, second):
            till.kit.server.stop()


def is_away(till: TillKit) -> bool:
    return "hub_away" in [concern["what"] for concern in till.kit.health()["concerns"]]


def pays(till: TillKit) -> list[tuple[str, bool]]:
    return [(sale["pay"], sale.get("u", False)) for sale in till.kit.records("sale")]


def test_one_child_at_two_tills_in_the_same_second_eats_one_free_meal(tmp_path: Path) -> None:
    with two_tills(tmp_path) as (first, second), ThreadPoolExecutor(2) as both:
        until(lambda: "Person 2" in second.tap(PAYING, "Person 2"))
        assert second.sell(second.page(), LUNCH_TIYN) == 200  # the way to the hub is there
        pages = [till.tap(FREE, "Person 1") for till in (first, second)]

        answers = list(both.map(lambda each: each[0].sell(each[1]), zip((first, second), pages, strict=True)))

        assert sorted(answers) == [200, 409]
        assert sorted([*pays(first), *pays(second)]) == [("account", False), ("free", False)]
        assert [record["o"] for record in first.kit.records("claim")].count("granted") == 2


def test_without_the_hub_a_till_sells_the_meal_and_says_that_nobody_confirmed_it(tmp_path: Path) -> None:
    with two_tills(tmp_path) as (first, second):
        first.kit.server.kill()
        until(lambda: is_away(second), 20)

        assert second.sell(second.tap(FREE, "Person 1")) == 200
        page = second.tap(PAYING, "Person 2")

        assert pays(second) == [("free", True)]
        assert "Above the limit for sales without a link" in page


def test_what_a_till_sold_alone_before_its_power_failed_the_others_know_once_it_is_back(tmp_path: Path) -> None:
    with two_tills(tmp_path) as (first, second):
        first.kit.server.kill()
        until(lambda: is_away(second), 20)
        assert second.sell(second.tap(FREE, "Person 1")) == 200
        second.kit.server.kill()

        for till in (first, second):
            till.kit.server.start()

        until(lambda: "Already had it today" in first.tap(FREE, "Person 1"), 60, what="the other till to know it")
