"""Who ties people by SQL (guardian, account, class) is found at night; what the product ties is in the journal."""

import asyncpg
import pytest

from cloud.accounts.actions import add_account, give_role, take_role
from cloud.accounts.keeping import delete_account
from cloud.audit.queries import Wanted, noted_of
from cloud.audit.ties import tell_all_once
from cloud.consents.answering import answer
from cloud.core.actor import Reach, Role
from cloud.core.database import address
from cloud.core.migrating import migrate, names
from cloud.core.services import Services
from cloud.erasure.actions import erase_due
from cloud.imports.actions import import_school
from cloud.integrity.checking import ALARM, check_everything
from cloud.integrity.granted import compare_ties
from cloud.organisation.classes import give_class, take_class
from cloud.people.actions import add_guardian, end_guardianship, open_guardian_account
from cloud.people.bulk import GuardianGiven
from cloud.people.family import lift_limit, note_limit, set_rights
from cloud.people.joining import take_in
from cloud.people.kinds import FamilyRight, Purpose, Relation, Says
from cloud.people.moving import leave
from cloud.people.opening import open_apart, open_students
from cloud.people.sharing import end_share, share
from cloud.schools.actions import add_class
from tests.cloud.audit.test_migration import SCHOOLS
from tests.cloud.imports.factory import STUDENTS, Rows, file
from tests.cloud.people.factory import a_student
from tests.cloud.people.family_factory import a_family
from tests.cloud.schools.factory import SYSTEM, a_school

NANNY, AUNT = GuardianGiven("Бибі Нұр", "+77015550000"), GuardianGiven("Дана Нұр", "+77015550001")
BY_SQL = {
    "a guardian more": (
        ("INSERT INTO guardianship (guardian_id, person_id, relation, may_see, may_block_card)"
         " VALUES ({mother}, {other}, 'mother', true, true)"),
        "family:{mother}:{other}", "stands as see+"),
    "a right more": ("UPDATE guardianship SET may_pay = true WHERE guardian_id = {father} AND person_id = {child}",
                     "family:{father}:{child}", "stands as see+pay///"),
    "an end undone": ("UPDATE guardianship SET ended_on = NULL WHERE guardian_id = {father} AND person_id = {other}",
                      "family:{father}:{other}", "stands as see+"),
    "another's account": ("UPDATE guardian SET account_id = {teacher} WHERE id = {mother}",
                          "guardian:{mother}", "stands as {teacher}"),
    "an account tied to a child": ("UPDATE student_account SET account_id = {teacher} WHERE person_id = {child}",
                                   "student:{child}", "stands as {teacher}"),
    "a child's account gone": ("DELETE FROM student_account", "student:{child}", "in the journal"),
    "another class": ("UPDATE person SET school_class_id = {class} WHERE id = {other}",
                      "class:{other}", "stands as {class}"),
    "no class": ("UPDATE person SET school_class_id = NULL", "class:{child}", "is {class} in the journal"),
    "a court's limit taken out": ("DELETE FROM family_limit", "limit:{limit}", "is {father}/{child}/pay// in the"),
    "a court's limit lifted": ("UPDATE family_limit SET lifted_at = now()", "limit:{limit}", "//lifted, and no deed"),
    "a class for a teacher": ("UPDATE class_of_account SET role = 'tutor'",
                              "teaches:{teacher}:{class}", "stands as tutor"),
}  # fmt: skip


async def differences(services: Services) -> list[tuple[str, str]]:
    told: list[tuple[str, str]] = []
    await compare_ties(services, lambda place, what: told.append((place, what)))
    return told


async def told_last(services: Services, school_id: int) -> list[str]:
    """Return the ties that the newest entry about some tells."""
    newest = (each for each in await noted_of(services, SYSTEM, school_id, Wanted()) if "ties" in each.detail)
    return next(newest).detail["ties"].split(" ")


async def a_tied_school(services: Services) -> dict[str, int]:
    """Add a family, a class with a teacher, a child's account, a limit and an end; return who is who by number."""
    family = await a_family(services)
    class_id = await add_class(services, SYSTEM, family.school_id, 5, "А")
    assert await a_student(services, family.school_id, "1", class_id) == family.child_id
    other = await a_student(services, family.school_id, "2")
    father = GuardianGiven("Ерлан Әліби", "+77015556551")
    assert await add_guardian(services, SYSTEM, other, father, Relation.FATHER) == family.father_id
    await end_guardianship(services, SYSTEM, family.father_id, other, family.today)
    await set_rights(services, SYSTEM, family.father_id, family.child_id, [FamilyRight.SEE])
    limit = await note_limit(services, SYSTEM, family.father_id, family.child_id, [FamilyRight.PAY], "court 5")
    await open_students(services, SYSTEM, family.school_id, class_id)
    reach = Reach(Role.CLASS_TEACHER, family.school_id)
    teacher = (await add_account(services, SYSTEM, "teacher", "Teacher", reach)).account_id
    await give_class(services, SYSTEM, family.school_id, teacher, Role.CLASS_TEACHER, class_id)
    return {
        "mother": family.mother_id, "father": family.father_id, "child": family.child_id, "other": other,
        "class": class_id, "teacher": teacher, "limit": limit, "school": family.school_id,
    }  # fmt: skip


async def test_every_tie_that_the_product_makes_changes_and_ends_is_in_the_journal(services: Services) -> None:
    who = await a_tied_school(services)
    school, child, mother, class_id = who["school"], who["child"], who["mother"], who["class"]
    tutor = Reach(Role.TUTOR, school)

    await give_role(services, SYSTEM, who["teacher"], tutor)
    await give_class(services, SYSTEM, school, who["teacher"], Role.TUTOR, class_id)
    await take_class(services, SYSTEM, school, who["teacher"], Role.CLASS_TEACHER, class_id)
    assert await differences(services) == []
    await take_role(services, SYSTEM, who["teacher"], tutor)
    await lift_limit(services, SYSTEM, who["limit"], "court 6")
    await add_guardian(services, SYSTEM, child, NANNY, Relation.OTHER)
    aunt = await add_guardian(services, SYSTEM, child, AUNT, Relation.OTHER)
    await open_apart(services, SYSTEM, aunt)
    await a_student(services, school, "1", await add_class(services, SYSTEM, school, 6, "Б"))
    await leave(services, SYSTEM, child)
    await end_guardianship(services, SYSTEM, mother, child, services.clock.now().date())

    assert await differences(services) == []
    assert (await check_everything(services)).counted["ties"] == 11


async def test_what_parents_share_and_end_and_whom_a_code_lets_in_is_in_the_journal(services: Services) -> None:
    here, there = await a_family(services), await a_family(services, "almaty6", "66")
    rights, phone = [FamilyRight.SEE], "+77015556660"

    await share(services, here.mother, here.ref, NANNY, Relation.OTHER, rights, here.today)
    nanny = await services.database.pool.fetchval("SELECT max(id) FROM guardian")
    await end_share(services, here.mother, here.ref, nanny)
    guardian_id = await add_guardian(services, SYSTEM, here.child_id, GuardianGiven("Сәуле", phone), Relation.OTHER)
    way_in = await open_guardian_account(services, SYSTEM, guardian_id)
    await take_in(services, there.mother, str(way_in.code))

    assert await differences(services) == []


async def test_who_is_deleted_or_made_nameless_is_tied_to_nothing(services: Services) -> None:
    here, there = await a_family(services), await a_family(services, "almaty6", "66")
    class_id = await add_class(services, SYSTEM, there.school_id, 5, "А")
    await a_student(services, there.school_id, "1", class_id)
    await open_students(services, SYSTEM, there.school_id, class_id)
    account_id = int(here.mother.account_id or 0)

    await give_role(services, SYSTEM, account_id, Reach(Role.CLASS_TEACHER, there.school_id))
    await give_class(services, SYSTEM, there.school_id, account_id, Role.CLASS_TEACHER, class_id)
    await delete_account(services, SYSTEM, account_id)
    await answer(services, there.mother, there.ref, Purpose.DATA, Says.NO, 1)
    await erase_due(services)

    assert await differences(services) == []
    assert await told_last(services, here.school_id) == [f"guardian:{here.mother_id}="]


async def test_a_list_tells_the_ties_that_it_changes_and_covers_nothing_up(services: Services) -> None:
    school = await a_school(services)
    await import_school(services, SYSTEM, school, file())
    assert await differences(services) == []
    aigerim, dana = [row["id"] for row in await services.database.pool.fetch(
        "SELECT id FROM person WHERE number = ANY ('{1,2}') ORDER BY number")]  # fmt: skip
    await services.database.pool.execute("UPDATE guardianship SET may_pay = NOT may_pay WHERE person_id = $1", dana)

    rows: Rows = [STUDENTS, ["Әліби", "Айгерім", "Серікқызы", None, "1", "7Ә"]]
    changed = file(students=rows, guardians=[["Child (IIN or number)", "Full name", "Phone"]])
    assert (await import_school(services, SYSTEM, school, changed)).was_written

    seventh = await services.database.pool.fetchval("SELECT id FROM school_class WHERE grade = 7")
    assert await told_last(services, school) == [f"class:{aigerim}={seventh}"]
    assert {place.rpartition(":")[2] for place, _ in await differences(services)} == {str(dana)}


@pytest.mark.requirement("KZ456-5.16")
@pytest.mark.parametrize(("statement", "place", "what"), BY_SQL.values(), ids=list(BY_SQL))
async def test_an_operator_who_ties_people_by_sql_is_found_by_the_nightly_check(
    services: Services, statement: str, place: str, what: str
) -> None:
    who = await a_tied_school(services)
    assert await differences(services) == []

    await services.database.pool.execute(statement.format(**who))

    check = await check_everything(services)
    assert any(each == place.format(**who) and what.format(**who) in told for each, told in check.found), check.found
    assert place.format(**who).split(":")[0] in str(
        await services.database.pool.fetchval("SELECT detail FROM alarm WHERE kind = $1", ALARM)
    )


async def test_what_stands_at_the_update_is_told_as_it_is(empty_database: str) -> None:
    await migrate(empty_database, names()[names().index("0045_ties") - 1])
    async with asyncpg.create_pool(**address(empty_database), min_size=1, max_size=2) as pool:
        await pool.execute(SCHOOLS)
        await pool.execute("INSERT INTO school_class (id, school_id, grade, letter, shift, is_active)"
                           " VALUES (1, 1, 5, 'А', 1, true)")  # fmt: skip
        await pool.execute(
            "INSERT INTO person (school_id, shard, ref, role, surname, given_name, patronymic, sort_key, position,"
            " is_active, created_at, school_class_id) SELECT 1 + n % 2, 1, 'r' || n, 'student', 'a', 'b', '', 'a', '',"
            " true, now(), nullif(1 - n % 2, 0) FROM generate_series(1, 1200) AS n"
        )

        await migrate(empty_database)

        told = await pool.fetch("SELECT school_id, detail->>'ties' AS ties FROM audit_entry ORDER BY id")
        assert [(row["school_id"], len(row["ties"].split(" "))) for row in told] == [(1, 500), (1, 100)]
        assert told[0]["ties"].startswith("class:")


async def test_a_journal_that_tells_of_no_ties_is_told_those_that_stand_and_only_once(services: Services) -> None:
    school, pool = await a_school(services), services.database.pool
    row = "INSERT INTO guardian (school_id, ref, name, account_id, created_at) VALUES ($1, $2, 'x', $3, now())"
    account = (await add_account(services, SYSTEM, "somebody", "Somebody", Reach(Role.GUARDIAN, school))).account_id
    found = []

    for ref in ("before", "after"):
        await pool.execute(row, school, ref, account)
        async with services.database.transaction() as connection:
            await tell_all_once(connection, SYSTEM, school, services.clock.now())
        found.append(len(await differences(services)))

    assert found == [0, 1], "the second was not there when the ties were told"
