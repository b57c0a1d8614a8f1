"""What a till finds in the roster."""

import pytest

from edge_agent.till.book import Book
from schemas.roster import row
from tests.edge_agent.school import ALIYA, BORIS, GONE, GUARD, HOUR_MS, MONDAY_8_MS, at
from tests.edge_agent.till.canteen import DEVICE, OTHER, TODAY, account, book, canteen, names, right

HASH = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"


def test_a_till_knows_itself_and_the_others_by_their_devices() -> None:
    found = book()

    assert found.till is not None
    assert (found.till.id, found.till.mode) == ("till-1", "set")
    assert found.tills == {DEVICE, OTHER}
    assert Book(canteen(), "gate-1").till is None


@pytest.mark.parametrize(
    ("hours", "meal"), [(-2, "breakfast"), (0, "breakfast"), (1.6, "lunch"), (4, "lunch"), (14, "lunch")]
)
def test_the_meal_of_now_is_the_one_that_is_on_or_comes_next(hours: float, meal: str) -> None:
    found = book().meal_at(at(int(hours * HOUR_MS)))

    assert found is not None
    assert found.key == meal


def test_a_day_is_the_schools_and_lasts_from_midnight_to_midnight_there() -> None:
    day = book().day(at(0))

    assert (day.name, day.from_ms, day.to_ms) == (TODAY, MONDAY_8_MS - 8 * HOUR_MS, MONDAY_8_MS + 16 * HOUR_MS)
    assert book().day(at(16 * HOUR_MS - 1)).name == TODAY
    assert book().day(at(16 * HOUR_MS)).name == "2026-09-01"


def test_a_cashiers_word_for_the_day_is_believed_only_while_the_clock_is_not_right() -> None:
    named = book().day(at(0, "floor"), "2026-09-02")
    assert (named.name, named.to_ms - MONDAY_8_MS) == ("2026-09-02", 64 * HOUR_MS)
    assert book().day(at(0), "2026-09-02").name == TODAY
    assert book().day(at(0, "floor")).name == TODAY


def test_a_day_that_no_calendar_has_lasts_no_time() -> None:
    day = book().day_named("2026-02-30")

    assert (day.from_ms, day.to_ms) == (0, 0)


def test_a_menu_offers_the_set_first_and_dishes_by_their_barcode() -> None:
    menu = book().menu(TODAY, "lunch")

    assert menu.set is not None
    assert menu.set.is_set
    assert [dish.id for dish in menu.dishes] == ["lunch-set/3", "milk-soup/1", "bun/2", "tea/1"]
    assert menu.by_barcode("4870001112223") == menu.dish("bun/2")
    assert menu.by_barcode("") is None
    assert menu.dish("bun/1") is None


def test_a_day_without_a_menu_offers_nothing() -> None:
    assert book().menu("2026-09-05", "lunch").dishes == ()


def test_what_a_menu_names_and_the_roster_does_not_know_is_not_offered() -> None:
    changed = row("menu", f"{TODAY} lunch", ["bun/9", "tea/1", "tea"], "gone/1")

    menu = book(changed).menu(TODAY, "lunch")

    assert [dish.id for dish in menu.dishes] == ["tea/1"]
    assert menu.set is None


def test_a_dish_that_is_the_menus_set_is_one_though_it_names_no_parts() -> None:
    menu = book(row("menu", f"{TODAY} lunch", ["tea/1"], "milk-soup/1")).menu(TODAY, "lunch")

    assert [(dish.key, dish.is_set) for dish in menu.dishes] == [("milk-soup", True), ("tea", False)]


def test_who_has_two_rights_eats_by_the_better_one() -> None:
    rights = [["lunch", "subsidised", "2026-08-01", "2026-12-31", 100], ["lunch", "free", TODAY, TODAY, 500]]

    found = book(row("right", BORIS, rights)).buyer(BORIS, TODAY, "lunch")

    assert found is not None
    assert found.right is not None
    assert (found.right.is_free, found.right.price_tiyn) == (True, 0)


def test_a_right_is_of_its_meal_and_its_days() -> None:
    assert _has_right("lunch", TODAY)
    assert not _has_right("breakfast", TODAY)
    assert not _has_right("lunch", "2026-07-31")


def _has_right(meal: str, day: str) -> bool:
    found = book(right(ALIYA)).buyer(ALIYA, day, meal)
    assert found is not None
    return found.right is not None


def test_a_buyer_is_who_belongs_to_the_school() -> None:
    child, guard = book(account(BORIS, 5)).buyer(BORIS, TODAY, "lunch"), book().buyer(GUARD, TODAY, "lunch")

    assert child is not None
    assert guard is not None
    assert (child.is_staff, guard.is_staff, guard.account) == (False, True, None)
    assert book().buyer(GONE, TODAY, "lunch") is None
    assert book().buyer("nobody000000", TODAY, "lunch") is None


@pytest.mark.parametrize(
    ("words", "found"),
    [("ali", [ALIYA]), ("ALIYA 1а", [ALIYA]), ("1а bor", [BORIS]), ("zz", []), (" ", []), ("gone", [])],
)
def test_people_are_found_by_the_beginnings_of_name_and_class(words: str, found: list[str]) -> None:
    assert [person.ref for person in book().find(words)] == found


def test_cashiers_are_listed_by_name() -> None:
    rows = [row("staff", GUARD, "Болат", HASH, ["cashier"]), row("staff", ALIYA, "Айгүл", HASH, ["cashier", "guard"])]
    other = row("staff", BORIS, "Wall", HASH, ["guard"])

    assert [staff.name for staff in book(*rows, other).staff("cashier")] == ["Айгүл", "Болат"]


def test_a_till_of_another_name_is_found_by_its_device() -> None:
    renamed = Book(canteen(row("till", "bar", names("Bar"), "pos-9", "basket")), "pos-9")

    assert renamed.till is not None
    assert renamed.till.id == "bar"
