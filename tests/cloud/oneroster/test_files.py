"""The roster as files: what the CSV binding's own tables demand, the same names as by REST, and one school only."""

import io
import zipfile
from http import HTTPStatus

import pytest

from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.oneroster.files import UNNAMED, roster_file
from cloud.oneroster.rows import Naming
from cloud.people.consents import Answer, put_answers
from cloud.people.kinds import Purpose, Says, Way
from cloud.people.models import Person
from cloud.schools.models import SchoolClass
from cloud.tokens.scopes import Scope
from tests.cloud.oneroster.csv_judge import BINDING, judged
from tests.cloud.oneroster.factory import reader, roster
from tests.cloud.tokens.factory import it_of, program, school, token

pytestmark = pytest.mark.asyncio
PATH = "/api/v1/roster/oneroster.zip"


@pytest.mark.requirement("KZ456-16")
async def test_another_program_takes_the_roster_as_files_that_the_standards_tables_find_nothing_wrong_with(
    services: Services,
) -> None:
    async with reader(services, await roster(services)) as client:
        answer = await client.get(PATH)

    tables, wrong = judged(answer.content)
    assert wrong == []
    assert answer.headers["content-type"] == "application/zip"
    assert {name: len(rows) for name, rows in tables.items()} == {
        "orgs": 1, "academicSessions": 5, "courses": 2, "classes": 2, "users": 6, "roles": 6, "enrollments": 3,
    }  # fmt: skip
    assert [(row["familyName"], row["givenName"], row["grades"]) for row in tables["users"]][:2] == [
        ("Сұлтан", "Әлия", "05"), ("Қожахмет", "Тимур", "05"),
    ]  # fmt: skip
    assert [row["role"] for row in tables["roles"]] == [*["student"] * 3, "teacher", "principal", "ext:staff"]
    (first,) = [row for row in tables["academicSessions"] if row["type"] == "term" and row["startDate"] == "2026-09-01"]
    assert first["endDate"] == "2026-10-26", "the day after the last one: the end is exclusive"


async def test_the_judge_finds_what_is_not_as_the_binding_has_it(services: Services) -> None:
    async with reader(services, await roster(services)) as client:
        whole = (await client.get(PATH)).content

    assert len(BINDING["manifest"]) == 23
    for name, old, new in (
        ("users.csv", "sourcedId,status", "status,sourcedId"),
        ("users.csv", ",true,", ",yes,"),
        ("enrollments.csv", "-class-", "-klass-"),
        ("academicSessions.csv", "2026-10-26", "26.10.2026"),
        ("orgs.csv", "almaty15,,", "almaty15,active,"),
        ("roles.csv", "almaty150000-student", "almaty150000:student"),
        ("manifest.csv", "file.users,bulk", "file.users,absent"),
        ("manifest.csv", "oneroster.version,1.2", "oneroster.version,1.1"),
    ):
        assert judged(changed(whole, name, old, new))[1], (name, old)


@pytest.mark.parametrize("says", [None, Says.YES, Says.NO])
async def test_a_student_is_named_with_consent_only_unless_all_are_asked_for(
    services: Services, says: Says | None
) -> None:
    at = await roster(services)
    child = await Person.get(school_id=at, given_name="Әлия")
    await Person.filter(id=child.id).update(number="1042", patronymic="Серікқызы")
    if says is not None:
        answer = Answer(
            person_id=child.id, purpose=Purpose.RESOURCE, says=says, on=services.clock.now().date(), way=Way.PAPER
        )
        async with services.database.pool.acquire() as connection:
            await put_answers(services, connection, [answer])

    async with reader(services, at, Scope.ROSTER_READ) as asked, reader(services, at) as all_named:
        files = [(await client.get(PATH)).content for client in (asked, all_named)]
    files += [await roster_file(services, it_of(at), at, naming) for naming in (Naming.CONSENTED, Naming.ALL)]

    named = ("Сұлтан", "Әлия", "Серікқызы", "1042")
    shown = [told(content, child.ref) for content in files]
    assert shown[::2] == [named if says is Says.YES else (child.ref, UNNAMED, "", "")] * 2
    assert shown[1::2] == [named] * 2
    assert all(judged(content)[1] == [] for content in files)
    if says is not Says.YES:
        assert all("Сұлтан".encode() not in unpacked(content) for content in files[::2])


async def test_who_left_and_what_is_no_more_are_left_out_and_nothing_refers_to_them(services: Services) -> None:
    at = await roster(services)
    await Person.filter(school_id=at, given_name="Әлия").update(is_active=False)
    await SchoolClass.filter(school_id=at, grade=6).update(is_active=False)

    tables, wrong = judged(await roster_file(services, it_of(at), at, Naming.ALL))

    assert wrong == []
    assert "Әлия" not in {row["givenName"] for row in tables["users"]}
    assert [len(tables[name]) for name in ("classes", "courses", "enrollments")] == [1, 1, 1]


async def test_a_school_without_people_has_the_files_that_it_has(services: Services) -> None:
    at = await school(services)

    tables, wrong = judged(await roster_file(services, it_of(at), at, Naming.ALL))

    assert wrong == []
    assert sorted(tables) == ["academicSessions", "orgs"]


async def test_what_somebody_typed_is_no_formula_and_no_line_of_its_own(services: Services) -> None:
    at = await roster(services)
    await Person.filter(school_id=at, given_name="Әлия").update(number='=HYPERLINK("x")')
    await Person.filter(school_id=at, given_name="Тимур").update(number="7;\r\n+1,5")

    tables, wrong = judged(await roster_file(services, it_of(at), at, Naming.ALL))

    assert wrong == []
    assert [row["identifier"] for row in tables["users"]][:2] == ['\'=HYPERLINK("x")', "7;' +1,5"]


async def test_only_it_takes_it_by_hand_and_the_journal_says_whom_it_names(services: Services) -> None:
    at, other = await roster(services), await school(services, "astana7")
    for role in (Role.DIRECTOR, Role.OFFICE, Role.TEACHER, Role.GUARDIAN):
        with pytest.raises(NotAllowed):
            await roster_file(services, Actor("x", None, frozenset({Reach(role, at)})), at, Naming.CONSENTED)
    with pytest.raises(NotAllowed):
        await roster_file(services, it_of(other), at, Naming.CONSENTED)

    await roster_file(services, it_of(at), at, Naming.ALL)

    auditor = Actor("Auditor", None, frozenset({Reach(Role.DIRECTOR, at)}))
    entry = (await noted_of(services, auditor, at, Wanted()))[0]
    assert (entry.verb, entry.detail["names"], entry.detail["users"]) == ("roster.taken", "all", "6")


async def test_a_token_without_the_roster_takes_no_file(services: Services) -> None:
    made = await token(services, await roster(services), Scope.PRESENCE_READ)
    async with program(services, made.secret) as client, program(services) as nobody:
        answers = [await client.get(PATH), await nobody.get(PATH)]

    assert [answer.status_code for answer in answers] == [HTTPStatus.FORBIDDEN, HTTPStatus.UNAUTHORIZED]


async def test_nothing_is_in_the_files_but_what_a_class_list_needs(services: Services) -> None:
    at = await roster(services)
    await Person.filter(school_id=at).update(iin_encrypted=b"\x01secret")

    content = await roster_file(services, it_of(at), at, Naming.ALL)

    tables, _ = judged(content)
    assert b"secret" not in unpacked(content)
    for column in ("email", "sms", "phone", "agentSourcedIds", "password", "userMasterIdentifier", "userIds"):
        assert {row[column] for row in tables["users"]} == {""}


def told(content: bytes, ref: str) -> tuple[str, ...]:
    """Return what names somebody in a file."""
    (row,) = [each for each in judged(content)[0]["users"] if each["sourcedId"] == ref]
    return row["familyName"], row["givenName"], row["middleName"], row["identifier"]


def unpacked(content: bytes) -> bytes:
    """Return all that stands in a zip file."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())


def changed(content: bytes, name: str, old: str, new: str) -> bytes:
    """Return a zip file with one text of one file replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(out, "w") as other:
        for each in archive.namelist():
            text = archive.read(each).decode()
            assert each != name or old in text
            other.writestr(each, text.replace(old, new) if each == name else text)
    return out.getvalue()
