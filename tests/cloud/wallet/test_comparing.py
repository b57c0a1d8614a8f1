"""Voucher, tabel and what tills recorded, compared on a real database; differences explained; files that go out."""

import csv
import io
import json
from datetime import timedelta

import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.i18n import Language
from cloud.core.services import Services
from cloud.meals.free_meals import free_meals
from cloud.people.moving import leave
from cloud.schools.queries import school_of_id
from cloud.wallet.errors import DaysRefused, NoteRefused
from cloud.wallet.explaining import explain
from cloud.wallet.kinds import Kind, Verdict
from cloud.wallet.queries import Compared, children_named, compared, vouchers_within
from cloud.wallet.rules import sums_of
from cloud.wallet.writing import Row, differences_csv, meal_rows, meals_csv, meals_lines, tenge
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.wallet.factory import DAY, PRICE_TIYN, WalletSchool, voucher

ON = "01.09.2026"


async def look(services: Services, school: WalletSchool) -> Compared:
    return await compared(services, school.office, school.id, DAY, DAY)


async def exported(services: Services, school: WalletSchool) -> tuple[list[Row], int]:
    meals = await free_meals(school.pool, school.id, DAY, DAY)
    zone = (await school_of_id(services, school.id)).zone
    return meal_rows(meals, await vouchers_within(school.pool, school.id), zone, Language.EN)


async def test_the_three_are_compared_as_they_were_recorded_and_a_void_counts_for_nothing(
    services: Services, school: WalletSchool
) -> None:
    await school.vouchers(voucher(1), voucher(2))
    await school.tabel(("SK-1", ON, "present", ""), ("SK-2", ON, "absent", "ауырды"))
    for child in (0, 1, 2):
        await school.eat(child)
    mistaken = await school.eat(1)
    await school.canteen.send(school.canteen.voided(mistaken[-1], 0))
    await school.canteen.send(*school.canteen.sold(0, 9_000))  # a bun, paid for: no voucher's matter
    await school.canteen.project()

    found = await look(services, school)

    assert [(sorted(line.kinds), len(line.meals), line.verdict) for line in found.lines] == [
        ([], 1, Verdict.AGREED), ([Kind.ABSENT], 1, Verdict.DIFFERS), ([Kind.NO_VOUCHER], 1, Verdict.DIFFERS),
    ]  # fmt: skip
    sums = sums_of(found.lines)
    assert (sums[Verdict.AGREED].owed_tiyn, sums[Verdict.DIFFERS].owed_tiyn) == (PRICE_TIYN, 2 * PRICE_TIYN)


async def test_who_has_left_by_the_office_is_known_by_its_day(services: Services, school: WalletSchool) -> None:
    await school.vouchers(voucher(1))
    person_id = await school.pool.fetchval("SELECT id FROM person WHERE ref = $1", school.canteen.refs[0])
    await leave(services, SYSTEM, person_id)
    services.clock.advance(2 * 86_400)  # type: ignore[attr-defined]
    await school.tabel(("SK-1", ON, "present", ""), ("SK-1", "02.09.2026", "present", ""))

    found = await compared(services, school.office, school.id, DAY, DAY + timedelta(1))

    assert [sorted(line.kinds) for line in found.lines] == [[Kind.NO_MEAL], [Kind.CHILD_LEFT, Kind.NO_MEAL]]


async def test_a_difference_is_explained_with_who_and_why_until_it_differs_in_another_way(
    services: Services, school: WalletSchool
) -> None:
    await school.vouchers(voucher(1))
    await school.tabel(("SK-1", ON, "absent", ""))
    await school.eat(0)
    ref = school.canteen.refs[0]
    await explain(services, school.office, school.id, ref, DAY, "lunch", " Келді,  табельде қате ")

    explained = await look(services, school)
    await school.eat(0)
    twice = await look(services, school)
    await explain(services, school.office, school.id, ref, DAY, "lunch", "")
    taken_back = await look(services, school)

    (note,) = explained.notes_of(explained.lines[0])
    assert explained.is_explained(explained.lines[0])
    assert (note.reason, note.by) == ("Келді, табельде қате", school.office.name)
    assert twice.lines[0].kinds == {Kind.ABSENT, Kind.DOUBLE}
    assert not twice.is_explained(twice.lines[0])
    assert twice.notes_of(twice.lines[0]) == [note]
    assert taken_back.notes_of(taken_back.lines[0]) == []
    verbs = await school.pool.fetch("SELECT detail FROM audit_entry WHERE verb = 'wallet.explained' ORDER BY id")
    assert [json.loads(row["detail"])["kinds"] for row in verbs] == ["absent", "absent, double"]


async def test_what_agrees_or_is_nobodys_cannot_be_explained(services: Services, school: WalletSchool) -> None:
    await school.vouchers(voucher(1))
    await school.tabel(("SK-1", ON, "present", ""))
    await school.eat(0)
    ref = school.canteen.refs[0]

    with pytest.raises(NoteRefused, match="Nothing differs"):
        await explain(services, school.office, school.id, ref, DAY, "lunch", "why")
    with pytest.raises(NoteRefused, match="too long"):
        await explain(services, school.office, school.id, ref, DAY, "lunch", "a" * 201)
    with pytest.raises(NotFound):
        await explain(services, school.office, school.id, "0" * 12, DAY, "lunch", "why")
    for role in (Role.CANTEEN, Role.GUARDIAN, Role.GUARD):
        actor = Actor("nosy", None, frozenset({Reach(role, school.id)}))
        with pytest.raises(NotAllowed):
            await explain(services, actor, school.id, ref, DAY, "lunch", "why")
        with pytest.raises(NotAllowed):
            await compared(services, actor, school.id, DAY, DAY)


@pytest.mark.parametrize("days", [62, -1])
async def test_more_days_than_two_months_are_not_compared_at_once(
    services: Services, school: WalletSchool, days: int
) -> None:
    with pytest.raises(DaysRefused, match="62 at most"):
        await compared(services, school.office, school.id, DAY, DAY + timedelta(days))


async def test_the_export_names_children_by_voucher_and_leaves_out_meals_without_one(
    services: Services, school: WalletSchool
) -> None:
    await school.vouchers(voucher(1))
    await school.eat(0)
    await school.eat(1)

    rows, without = await exported(services, school)

    (row,) = csv.DictReader(io.StringIO(meals_csv(rows).decode("utf-8-sig")))
    assert row == json.loads(meals_lines(rows)) == rows[0]
    assert (row["voucher"], row["day"], row["meal"], without) == ("SK-1", "2026-09-01", "lunch", 1)
    assert (row["at"], row["is_time_sure"]) == ("2026-09-01T12:00:00+05:00", "yes")
    assert (row["price_tenge"], row["paid_tenge"], row["owed_tenge"]) == ("577.00", "0.00", "577.00")
    assert (row["dishes"], row["payment"], row["till"]) == ("set × 1", "free", "till-1")
    assert school.canteen.refs[0] not in meals_csv(rows).decode()


async def test_differences_go_out_as_a_table_in_the_readers_language(services: Services, school: WalletSchool) -> None:
    await school.tabel((school.canteen.refs[0], ON, "present", ""), heads=("ИИН", "Дата", "Посещение", "Причина"))
    await school.eat(0)
    await explain(services, school.office, school.id, school.canteen.refs[0], DAY, "lunch", "=ваучер в пути")
    found = await look(services, school)
    children = await children_named(school.pool, school.id, [line.place.person for line in found.lines])

    text = differences_csv(found, found.lines, children, {"lunch": "Обед"}, Language.RU).decode("utf-8-sig")

    _, cells = csv.reader(io.StringIO(text))
    assert cells[:4] == ["2026-09-01", "Әліби Айгерім", "", "Обед"]
    assert cells[5:8] == ["присутствует", "1", "577.00"]
    assert cells[8:] == ["Питание без ваучера", "'=ваучер в пути", school.office.name]


@pytest.mark.parametrize(("tiyn", "text"), [(0, "0.00"), (5, "0.05"), (57_700, "577.00"), (-150, "-1.50")])
def test_money_goes_out_in_tenge_with_two_decimals(tiyn: int, text: str) -> None:
    assert tenge(tiyn) == text
