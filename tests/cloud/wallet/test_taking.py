"""Files of the wallet come into a school: whose a row is, what a second file changes, and that no row is lost."""

import asyncio
import json
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cloud.cards.keys import card_key
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.i18n import Language
from cloud.core.services import Services
from cloud.people.actions import add_person
from cloud.people.bulk import PersonGiven
from cloud.people.kinds import PersonRole
from cloud.rosters.codes import code_rows
from cloud.schools.actions import add_class
from cloud.wallet.errors import FileRefused
from cloud.wallet.kinds import FileKind
from cloud.wallet.queries import VOUCHERS_MAX, imports_of, rejected_of, tabel_within, vouchers_within
from cloud.wallet.taking import CHILDS_MAX, TakenFile, take_file
from cloud.wallet.writing import rejected_csv
from schemas.tokens import QR, token
from tests.cloud.people.factory import an_iin
from tests.cloud.schools.factory import SYSTEM
from tests.cloud.wallet.factory import DAY, TABEL, VOUCHERS, WalletSchool, csv_bytes, problems, voucher

BORN = date(2015, 3, 4)
IIN = an_iin(BORN, 17)
NAMED = ("Номер ваучера", "Фамилия", "Имя", "Класс", "Дата рождения", "Действует с", "Действует по")


def counts(taken: TakenFile) -> tuple[int, int, int, int]:
    return taken.added, taken.changed, taken.same, taken.rejected


async def enter(services: Services, school: WalletSchool, iin: str | None = IIN, letter: str = "") -> int:
    """Enter Дана Ким, with an IIN and a class if they are given."""
    class_id = await add_class(services, SYSTEM, school.id, 5, letter, 1) if letter else None
    given = PersonGiven(
        role=PersonRole.STUDENT, surname="Ким", given_name="Дана", iin=iin, number=None, class_id=class_id
    )
    return await add_person(services, SYSTEM, school.id, given)


async def test_the_same_file_twice_changes_nothing_the_second_time(school: WalletSchool) -> None:
    first = await school.vouchers(voucher(1), voucher(2))
    again = await school.vouchers(voucher(1), voucher(2))
    changed = await school.vouchers(voucher(1), voucher(2, last="31.12.2026"), voucher(3))

    assert (counts(first), counts(again), counts(changed)) == ((2, 0, 0, 0), (0, 0, 2, 0), (1, 1, 1, 0))
    held = await vouchers_within(school.pool, school.id)
    assert [(each.number, str(each.last_on)) for each in held] == [
        ("SK-1", "2027-05-25"), ("SK-2", "2026-12-31"), ("SK-3", "2027-05-25"),
    ]  # fmt: skip
    assert await school.pool.fetchval("SELECT count(*) FROM wallet_voucher") == 4  # what was told before stays


async def test_a_tabel_is_taken_by_voucher_and_a_correction_stands_before_it(school: WalletSchool) -> None:
    await school.vouchers(voucher(1), voucher(2))
    first = await school.tabel(("SK-1", "01.09.2026", "present", ""), ("SK-2", "01.09.2026", "absent", "ауырды"))
    corrected = await school.tabel(("SK-1", "01.09.2026", "absent", ""), ("SK-2", "01.09.2026", "absent", "ауырды"))

    assert (counts(first), counts(corrected)) == ((2, 0, 0, 0), (0, 1, 1, 0))
    assert sorted((await tabel_within(school.pool, school.id, DAY, DAY)).values()) == [(False, ""), (False, "ауырды")]


@pytest.mark.parametrize(
    "cells",
    [
        ("SK-9", "Ким", "Дана", "", "", "01.09.2026", "25.05.2027"),
        ("SK-9", "ким ", "ДАНА", "5 «а»", "", "01.09.2026", "25.05.2027"),
        ("SK-9", "Ким", "Дана", "5A", "04.03.2015", "01.09.2026", "25.05.2027"),
    ],
)
async def test_a_child_is_found_by_name_class_and_birth_date(
    services: Services, school: WalletSchool, cells: tuple[str, ...]
) -> None:
    person_id = await enter(services, school, letter="А")

    taken = await school.vouchers(cells, heads=NAMED)

    assert problems(taken) == {}
    assert [each.person for each in await vouchers_within(school.pool, school.id)] == [person_id]


async def test_a_child_is_found_by_reference_number_and_iin_also_one_that_lost_its_zeros(
    services: Services, school: WalletSchool
) -> None:
    early = an_iin(date(2001, 1, 2), 30)
    person_id = await enter(services, school, early)
    ref = await school.pool.fetchval("SELECT ref FROM person WHERE id = $1", person_id)
    assert early.startswith("0")

    for number, key in enumerate((ref, early, early.lstrip("0"))):
        taken = await school.vouchers(("SK-9", key, "01.09.2026", f"{number + 1}.12.2026", ""))
        assert problems(taken) == {}

    (held,) = await vouchers_within(school.pool, school.id)
    assert held.person == person_id


async def test_who_is_not_found_or_not_alone_is_told_with_what_to_add(services: Services, school: WalletSchool) -> None:
    await enter(services, school)

    taken = await school.vouchers(
        ("SK-1", "Әліби", "Айгерім", "", "", "01.09.2026", "25.05.2027"),  # three of that name
        ("SK-2", "Ким", "Дана", "", "05.03.2015", "01.09.2026", "25.05.2027"),
        ("SK-3", "Ким", "Дина", "", "", "01.09.2026", "25.05.2027"),
        ("SK-4", "Ким", "Дана", "", "04.03.2015", "01.09.2026", "25.05.2027"),
        heads=NAMED,
    )
    keyed = await school.vouchers(("SK-5", "990101300000", "01.09.2026", "25.05.2027", ""))
    unknown = await school.tabel(("SK-77", "01.09.2026", "present", ""))

    told = problems(taken)
    assert "Several students fit" in told[2]
    assert "date of birth" in told[3]
    assert (set(told), counts(taken)) == ({2, 3, 4}, (1, 0, 0, 3))
    assert "Enter the child first" in problems(keyed)[2]
    assert "Nobody has this voucher" in problems(unknown)[2]


async def test_rows_that_quarrel_are_told_and_the_first_one_holds(school: WalletSchool) -> None:
    taken = await school.vouchers(
        voucher(1), voucher(1), voucher(1, price="600"),
        ("SK-1b", "1", "01.01.2027", "25.05.2027", ""),
        ("SK-2", "2", "01.09.2026", "25.05.2027", ""),
    )  # fmt: skip
    stolen = await school.vouchers(("SK-2", "3", "01.09.2026", "25.05.2027", ""))
    days = await school.tabel(("SK-2", "01.09.2026", "present", ""), ("SK-2", "01.09.2026", "absent", ""))

    assert counts(taken) == (2, 0, 1, 2)
    assert "Row 2 says something else" in problems(taken)[4]
    assert "the voucher SK-1 for the same meal" in problems(taken)[5]
    assert "another child's" in problems(stolen)[2]
    assert (counts(days), "Row 2" in problems(days)[3]) == ((1, 0, 0, 1), True)


async def test_an_annulled_voucher_makes_room_for_another(school: WalletSchool) -> None:
    heads = (*VOUCHERS, "Состояние")
    await school.vouchers(voucher(1))

    taken = await school.vouchers(
        (*voucher(1), "аннулирован"), ("SK-1b", "1", "01.09.2026", "25.05.2027", "", "active"), heads=heads
    )

    assert (counts(taken), problems(taken)) == ((1, 1, 0, 0), {})


async def test_a_child_has_so_many_vouchers_for_a_meal_and_annulled_ones_are_none_of_them(school: WalletSchool) -> None:
    heads = (*VOUCHERS, "Состояние")
    days = [str(DAY + timedelta(days=number)) for number in range(CHILDS_MAX + 1)]
    annulled = [(f"A-{number}", "1", days[0], days[-1], "", "annulled") for number in range(1_000)]
    rows = [(f"SK-{number}", "1", day, day, "", "active") for number, day in enumerate(days)]

    taken = await school.vouchers(*annulled, *rows, heads=heads)
    freed = await school.vouchers((*rows[0][:5], "annulled"), rows[-1], heads=heads)

    assert counts(taken) == (1_000 + CHILDS_MAX, 0, 0, 1)
    assert f"{CHILDS_MAX} vouchers for this meal" in problems(taken)[1_000 + CHILDS_MAX + 2]
    assert counts(freed) == (1, 1, 0, 0)


async def test_time_that_a_childs_annulled_vouchers_take_grows_with_their_number_only(school: WalletSchool) -> None:
    heads = (*VOUCHERS, "Состояние")
    rows = [(f"A-{number}", "1", "01.09.2026", "25.05.2027", "", "annulled") for number in range(20_000)]

    async with asyncio.timeout(60):  # were each compared with all before it, many minutes
        taken = await school.vouchers(*rows, heads=heads)

    assert counts(taken) == (20_000, 0, 0, 0)


async def test_a_file_that_brings_more_vouchers_than_a_school_may_have_is_refused_whole(school: WalletSchool) -> None:
    await school.vouchers(voucher(1))
    fill = """
    INSERT INTO wallet_voucher (school_id, import_id, at, number, person_id, meal, first_on, last_on, price_tiyn,
      is_annulled, code)
    SELECT school_id, import_id, at, 'F-' || n, person_id, meal, first_on, last_on, price_tiyn, true, ''
    FROM wallet_voucher, generate_series(2, $1) AS n
    """
    await school.pool.execute(fill, VOUCHERS_MAX)

    with pytest.raises(FileRefused, match="at most"):
        await school.vouchers(voucher(2))
    known = await school.vouchers(voucher(1, price="600"))

    assert counts(known) == (0, 1, 0, 0)
    assert await school.pool.fetchval("SELECT count(*) FROM wallet_import") == 2


async def test_rejected_rows_come_back_as_they_came_and_can_be_sent_again_once_mended(
    services: Services, school: WalletSchool
) -> None:
    taken = await school.vouchers(voucher(1), ("=SK", "2", "01.09.2026", "25.05.2027", ""), ("SK-9", IIN, "x", "y", ""))

    rejected = await rejected_of(services, school.office, school.id, taken.id)
    text = rejected_csv(rejected, Language.RU).decode("utf-8-sig")
    again = await school.take(FileKind.VOUCHERS, text.replace("'=SK", "SK-2").encode())

    assert [(row.number, row.cells[:2]) for row in rejected.rows] == [(3, ["=SK", "2"]), (4, ["SK-9", IIN])]
    assert "Это не дата" in text
    assert "'=SK" in text  # no formula
    assert (counts(again), again.ignored) == ((1, 0, 0, 1), [])
    who_read = await school.pool.fetchrow("SELECT actor, detail FROM audit_entry WHERE verb = 'wallet.rejected_read'")
    assert (who_read["actor"], json.loads(who_read["detail"])) == (school.office.name, {})


async def test_a_vouchers_code_is_told_to_tills_as_a_token_until_it_ends_and_to_nobody_else(
    services: Services, school: WalletSchool
) -> None:
    heads, code = (*VOUCHERS, "Код", "Состояние"), "https://wallet.example/v/0123456789abcdef"
    await school.vouchers((*voucher(1), code, ""), heads=heads)
    key = await card_key(services, school.id)

    (row,) = await code_rows(school.pool, school.id, DAY)
    again = await school.vouchers((*voucher(1), code, ""), heads=heads)
    stolen = await school.vouchers((*voucher(2), code, ""), heads=heads)
    short = await school.vouchers((*voucher(3), "4870001112223", ""), heads=heads)

    last_ms = int(datetime(2027, 5, 26, tzinfo=ZoneInfo("Asia/Almaty")).timestamp() * 1_000) - 1
    assert json.loads(row) == ["card", token(key, QR, code.encode()), school.canteen.refs[0], "active", last_ms]
    assert counts(again) == (0, 0, 1, 0)
    assert "another voucher" in problems(stolen)[2]
    assert "16 to 200" in problems(short)[2]
    assert await code_rows(school.pool, school.id, date(2027, 5, 26)) == []
    for table in ("wallet_voucher", "till_code", "audit_entry"):
        rows = await school.pool.fetch(f"SELECT t::text FROM {table} AS t")  # noqa: S608 (our own names)
        assert [each["t"] for each in rows if code in each["t"]] == []

    moved = await school.vouchers((*voucher(1), code, "annulled"), (*voucher(2), code, ""), heads=heads)

    assert (counts(moved), problems(moved)) == ((1, 1, 0, 0), {})
    assert [json.loads(each)[2] for each in await code_rows(school.pool, school.id, DAY)] == [school.canteen.refs[1]]


async def test_an_iin_stands_nowhere_but_in_its_encrypted_column_and_the_encrypted_rows(
    services: Services, school: WalletSchool
) -> None:
    await enter(services, school)
    await school.vouchers(("SK-9", IIN, "01.09.2026", "25.05.2027", ""), ("SK-8", IIN, "wrong", "", ""))
    await school.tabel(("SK-9", "01.09.2026", "present", ""))

    for table in ("wallet_import", "wallet_voucher", "wallet_tabel", "audit_entry"):
        rows = await school.pool.fetch(f"SELECT t::text FROM {table} AS t")  # noqa: S608 (our own names)
        assert [row["t"] for row in rows if IIN in row["t"]] == []
        assert rows != []


async def test_files_are_the_offices_and_another_schools_are_not_found(
    services: Services, school: WalletSchool
) -> None:
    canteen = Actor("cook", None, frozenset({Reach(Role.CANTEEN, school.id)}))
    elsewhere = Actor("office", None, frozenset({Reach(Role.OFFICE, school.id + 1)}))
    taken = await school.vouchers(("SK-1", "77", "01.09.2026", "25.05.2027", ""))

    for actor in (canteen, elsewhere):
        with pytest.raises(NotAllowed):
            await take_file(services, actor, school.id, FileKind.TABEL, csv_bytes(TABEL))
        with pytest.raises(NotAllowed):
            await rejected_of(services, actor, school.id, taken.id)
    with pytest.raises(NotFound):
        await rejected_of(services, elsewhere, school.id + 1, taken.id)
    (row,) = await imports_of(services, school.office, school.id)
    assert (row.kind, row.count, row.rejected, row.by) == (FileKind.VOUCHERS, 1, 1, school.office.name)
