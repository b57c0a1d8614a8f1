"""What is done with a report: nothing that was signed changes, whoever tries, and the director signs what was seen."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.i18n import Language
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.ledger.reasons import FormSpoilt
from cloud.reports.actions import (
    CorrectionGiven,
    address_typed,
    checked,
    correct,
    make_asked,
    renew,
    sight_of,
    sign,
    supplement,
)
from cloud.reports.content import Remark, Tally, canonical
from cloud.reports.errors import AddressRefused, CorrectionRefused, MonthRefused, ReportNotOpen
from cloud.reports.files import Form, file_of
from cloud.reports.making import make_due
from cloud.reports.meals import MEALS
from cloud.reports.months import Month
from cloud.reports.queries import (
    State,
    changed_since,
    corrections_of,
    named_lines,
    report_of,
    reports_of,
    signed_of_digest,
)
from cloud.schools.models import SchoolClass
from simulators.clock import SimulatedClock
from tests.cloud.meals.factory import overruled
from tests.cloud.reports.factory import FIRST, NEXT, School, noon
from tests.cloud.schools.factory import SYSTEM

LESS = CorrectionGiven("free", FIRST, -1, -1, 0, -577_00, "Бала келмеген, касса қателескен")

FORM = "0" * 32  # the word of a form

MORE = """
INSERT INTO report_correction (report_id, kind, students, meals, parents_tiyn, budget_tiyn, reason, at, by_name)
SELECT id, 'free', 0, 1, 0, 0, 'x', now(), 'x' FROM report
"""


STATEMENTS = [
    "UPDATE report SET signed_by = 'Басқа'",
    "UPDATE report SET signed_at = NULL, document = NULL, document_digest = NULL",
    "UPDATE report SET content = 'x', digest = sha256('x')",
    "DELETE FROM report",
    "TRUNCATE report CASCADE",
    "UPDATE report_correction SET reason = 'x'",
    "DELETE FROM report_correction",
    "TRUNCATE report_correction",
    MORE,
    "UPDATE report_file SET body = 'x'",
    "DELETE FROM report_file",
    "TRUNCATE report_file",
]


async def drafted(services: Services, school: School) -> int:
    """Let two children eat, and return the report of the month."""
    await school.ate(0, FIRST)
    await school.ate(1, FIRST)
    await school.projected()
    await make_due(services, MEALS)
    (row,) = await reports_of(services, school.office, school.school_id, MEALS)
    return row.id


async def seen_by(services: Services, school: School, report_id: int) -> str:
    report = await report_of(services, school.director, school.school_id, report_id)
    return sight_of(report.digest, await corrections_of(services.database.pool, report_id))


async def signed_by_director(services: Services, school: School, report_id: int) -> str:
    seen = await seen_by(services, school, report_id)
    return await sign(services, school.director, school.school_id, report_id, seen)


async def verbs(services: Services) -> Sequence[str]:
    rows = await services.database.pool.fetch("SELECT verb FROM audit_entry WHERE verb LIKE 'report.%' ORDER BY id")
    return [row["verb"] for row in rows]


async def test_a_correction_is_a_line_with_who_and_why_and_is_signed_with_the_rest(
    services: Services, school: School
) -> None:
    report_id = await drafted(services, school)

    await correct(services, school.office, school.school_id, report_id, LESS, FORM)
    digest = await signed_by_director(services, school, report_id)

    report = await report_of(services, school.office, school.school_id, report_id)
    assert report.document is not None
    assert report.document.content.totals.free == Tally(2, 2, 2 * 577_00, 0, 2 * 577_00, 0)
    assert report.document.corrected.free == Tally(1, 1, 577_00, 0, 577_00, 0)
    assert [(each.by, each.reason) for each in report.document.corrections] == [("Гүлнар Ахметова", LESS.reason)]
    assert (report.state, report.document_digest, report.signed_by) == (State.SIGNED, digest, "Бақыт Оразов")
    assert await verbs(services) == ["report.made", "report.corrected", "report.signed"]
    assert (await signed_of_digest(services, digest)).signed_by == "Бақыт Оразов"


async def test_an_authority_is_told_the_lines_of_a_report_without_the_names(services: Services, school: School) -> None:
    report = await report_of(services, school.director, school.school_id, await drafted(services, school))
    authority = Actor("Әкімдік", reaches=frozenset({Reach(Role.AUTHORITY, school.school_id)}))
    lines = [Remark("unconfirmed", FIRST, student=school.refs[0])]

    ((_, shown),) = await named_lines(services, school.director, report, lines)
    ((_, hidden),) = await named_lines(services, authority, report, lines)

    assert authority.can(Right.REPORTS_READ, school.school_id)
    assert (bool(shown), hidden) == (True, "")


async def test_a_form_of_correction_that_is_sent_twice_corrects_once(services: Services, school: School) -> None:
    report_id = await drafted(services, school)

    await asyncio.gather(*(correct(services, school.office, school.school_id, report_id, LESS, FORM) for _ in range(3)))
    with pytest.raises(FormSpoilt):
        await correct(services, school.office, school.school_id, report_id, LESS, "")

    assert len(await corrections_of(services.database.pool, report_id)) == 1
    assert (await verbs(services)).count("report.corrected") == 1
    await correct(services, school.office, school.school_id, report_id, LESS, "1" * 32)
    assert len(await corrections_of(services.database.pool, report_id)) == 2


async def test_who_may_not_sign_does_not_an_operator_neither(services: Services, school: School) -> None:
    report_id = await drafted(services, school)
    seen = await seen_by(services, school, report_id)
    stranger = Actor("Бөтен", None, frozenset({Reach(Role.DIRECTOR, school.school_id + 1)}))

    for actor in (school.office, SYSTEM, stranger):
        with pytest.raises(NotAllowed):
            await sign(services, actor, school.school_id, report_id, seen)


async def test_what_changed_since_it_was_seen_is_not_signed(services: Services, school: School) -> None:
    report_id = await drafted(services, school)
    seen = await seen_by(services, school, report_id)
    await correct(services, school.office, school.school_id, report_id, LESS, FORM)

    with pytest.raises(ReportNotOpen):
        await sign(services, school.director, school.school_id, report_id, seen)


async def test_a_report_is_signed_once_by_two_at_once(services: Services, school: School) -> None:
    report_id = await drafted(services, school)
    seen = await seen_by(services, school, report_id)

    ends = await asyncio.gather(
        *(sign(services, school.director, school.school_id, report_id, seen) for _ in range(3)), return_exceptions=True
    )

    assert sorted(type(end).__name__ for end in ends) == ["ReportNotOpen", "ReportNotOpen", "str"]


async def test_what_is_signed_takes_nothing_more(services: Services, school: School) -> None:
    report_id = await drafted(services, school)
    await signed_by_director(services, school, report_id)

    with pytest.raises(ReportNotOpen):
        await correct(services, school.office, school.school_id, report_id, LESS, FORM)
    with pytest.raises(ReportNotOpen):
        await renew(services, school.office, school.school_id, report_id)


async def test_the_database_itself_keeps_what_is_signed(services: Services, school: School) -> None:
    report_id = await drafted(services, school)
    await correct(services, school.office, school.school_id, report_id, LESS, FORM)
    await signed_by_director(services, school, report_id)
    await file_of(services, school.office, school.school_id, report_id, Form.XLSX, Language.RU)
    before = await report_of(services, school.office, school.school_id, report_id)

    for statement in STATEMENTS:
        with pytest.raises(asyncpg.RestrictViolationError):
            await services.database.pool.execute(statement)

    assert await report_of(services, school.office, school.school_id, report_id) == before


async def test_content_that_is_not_what_its_checksum_says_is_not_taken(services: Services, school: School) -> None:
    await drafted(services, school)

    with pytest.raises(asyncpg.CheckViolationError):
        await services.database.pool.execute("UPDATE report SET content = 'x'")


async def test_a_draft_is_made_anew_with_what_came_and_keeps_its_corrections(
    services: Services, school: School
) -> None:
    report_id = await drafted(services, school)
    await correct(services, school.office, school.school_id, report_id, LESS, FORM)
    await school.ate(2, FIRST + timedelta(days=2))
    await school.projected()

    changed = await changed_since(services, await report_of(services, school.office, school.school_id, report_id))
    await renew(services, school.office, school.school_id, report_id)

    report = await report_of(services, school.office, school.school_id, report_id)
    assert changed is not None
    assert changed.totals.free.meals == 3
    assert report.content.totals.free.meals == 3
    assert await changed_since(services, report) is None
    assert len(await corrections_of(services.database.pool, report_id)) == 1


async def test_a_month_in_which_nothing_changed_is_not_made_anew_to_see_that(
    services: Services, school: School
) -> None:
    report_id = await drafted(services, school)
    report = await report_of(services, school.office, school.school_id, report_id)
    async with services.database.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")  # no trigger sees it
        await connection.execute("UPDATE meal_sale SET is_void = true")

    unseen = await changed_since(services, report)
    await school.ate(2, Month.of(FIRST).after.first_on)  # another month
    await school.told(noon(FIRST), overruled(school.sold(0, 1)[1]))  # of a sale that never comes
    await school.projected()
    elsewhere = await changed_since(services, report)
    await school.ate(1, FIRST + timedelta(days=3))
    await school.projected()

    assert (unseen, elsewhere) == (None, None)
    assert await changed_since(services, report) is not None


@pytest.mark.parametrize("what", ["a right", "a day", "a name", "a void", "a rule"])
async def test_whatever_a_report_is_made_of_is_told_when_it_changes(
    services: Services, school: School, what: str
) -> None:
    sale = await school.ate(0, FIRST)
    await school.projected()
    await make_due(services, MEALS)
    (row,) = await reports_of(services, school.office, school.school_id, MEALS)
    report = await report_of(services, school.office, school.school_id, row.id)
    pool = services.database.pool
    match what:
        case "a right":
            await pool.execute("UPDATE entitlement SET ended_at = $1", noon(FIRST) - timedelta(days=9))
        case "a day":
            await pool.execute(
                "INSERT INTO calendar_day (school_id, \"on\", kind, note) VALUES ($1, $2, 'holiday', '')",
                school.school_id, FIRST,
            )  # fmt: skip
        case "a name":
            await pool.execute("UPDATE meal SET name_kk = 'Басқа'")
        case "a void":
            await school.told(noon(FIRST), school.voided(sale, 0))
        case _:
            await school.told(noon(FIRST), overruled(sale))
    await school.projected()

    assert await changed_since(services, report) is not None


async def test_a_child_that_went_to_a_grade_without_the_right_makes_a_report_another_one(
    services: Services, school: School
) -> None:
    pool = services.database.pool
    fifth, eleventh = [
        await SchoolClass.create(school_id=school.school_id, grade=grade, letter="Я") for grade in (5, 11)
    ]
    await pool.execute("UPDATE person SET school_class_id = $1", fifth.id)
    await pool.execute("DELETE FROM entitled")
    await pool.execute("UPDATE entitlement SET grades = '{5}'")
    await school.ate(0, FIRST)
    await school.projected()
    await make_due(services, MEALS)
    (row,) = await reports_of(services, school.office, school.school_id, MEALS)
    report = await report_of(services, school.office, school.school_id, row.id)

    before = await changed_since(services, report)
    await pool.execute("UPDATE person SET school_class_id = $1 WHERE ref = $2", eleventh.id, school.refs[0])
    after = await changed_since(services, report)

    assert (before, after is None) == (None, False)


async def test_late_records_are_told_and_make_a_supplement_while_the_signed_one_stays(
    services: Services, school: School, clock: SimulatedClock
) -> None:
    report_id = await drafted(services, school)
    digest = await signed_by_director(services, school, report_id)
    signed = await report_of(services, school.office, school.school_id, report_id)
    assert await changed_since(services, signed) is None
    clock.advance(5 * 86_400)
    item, sale = school.sold(2, 577_00, payment="free")
    await school.told(noon(FIRST), item, sale, received=NEXT + timedelta(days=5))
    await school.projected()

    changed = await changed_since(services, signed)
    second = await supplement(services, school.office, school.school_id, report_id)

    assert changed is not None
    assert (changed.records, changed.totals.free.meals) == (2, 3)
    follows = await report_of(services, school.office, school.school_id, second)
    assert follows.content.before is not None
    assert (follows.content.before.digest, follows.content.before.totals.free.meals) == (digest, 2)
    assert (follows.number, follows.content.totals.free.meals) == (2, 3)
    assert await report_of(services, school.office, school.school_id, report_id) == signed
    with pytest.raises(ReportNotOpen):
        await supplement(services, school.office, school.school_id, report_id)
    with pytest.raises(ReportNotOpen):
        await supplement(services, school.office, school.school_id, second)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(LESS, reason=" "), replace(LESS, on=FIRST - timedelta(days=1)), replace(LESS, meals=100_000),
        replace(LESS, budget_tiyn=10**13), replace(LESS, students=0, meals=0, budget_tiyn=0),
    ],
)  # fmt: skip
def test_a_correction_that_cannot_be_is_refused(wrong: CorrectionGiven) -> None:
    with pytest.raises(CorrectionRefused):
        checked(wrong, Month.of(FIRST), MEALS)


async def test_another_schools_report_is_not_there(services: Services, school: School) -> None:
    report_id = await drafted(services, school)
    other = Actor("Басқа кеңсе", None, frozenset({Reach(Role.OFFICE, school.school_id + 1)}))

    with pytest.raises(NotAllowed):
        await report_of(services, other, school.school_id, report_id)
    with pytest.raises(NotFound):
        await report_of(services, other, school.school_id + 1, report_id)
    with pytest.raises(NotFound):
        await correct(services, other, school.school_id + 1, report_id, LESS, FORM)


async def test_a_month_that_is_not_over_or_has_its_report_is_not_made(services: Services, school: School) -> None:
    await drafted(services, school)
    today = (NEXT + timedelta(hours=5)).date()

    for text in ("2026-10", "2026-09", "2026-9", "2031-01"):
        with pytest.raises(MonthRefused):
            await make_asked(services, school.office, school.school_id, MEALS, text, today)
    made = await make_asked(services, school.office, school.school_id, MEALS, "2026-08", today)

    report = await report_of(services, school.office, school.school_id, made)
    assert report.content.totals.together == Tally()
    assert canonical(report.content)


@pytest.mark.parametrize("typed", ["", "x", "a@b", "a@b.kz\nBcc: c@d.kz", "a b@c.kz", "@c.kz", f"{'a' * 300}@c.kz"])
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(AddressRefused):
        address_typed(typed)
