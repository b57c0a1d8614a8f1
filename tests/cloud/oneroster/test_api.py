"""OneRoster's rostering service over HTTP: every address, the standard's words, and one school only."""

import json
from http import HTTPStatus
from typing import Any

import pytest

from cloud.core.services import Services
from cloud.oneroster.api import router
from cloud.oneroster.kinds import Kind
from cloud.people.consents import Answer, put_answers
from cloud.people.kinds import Purpose, Says, Way
from cloud.people.models import Person
from cloud.schools.models import SchoolClass
from cloud.tokens.scopes import ONEROSTER, Scope
from cloud.tokens.web import TOKEN_PATH
from simulators.clock import SimulatedClock
from tests.cloud.oneroster.factory import ROOT, person, reader, roster
from tests.cloud.tokens.factory import program, school, token

pytestmark = pytest.mark.asyncio


@pytest.mark.requirement("KZ456-16")
@pytest.mark.requirement("KZ456-5.1")
async def test_another_program_reads_the_roster_with_a_token_of_an_hour(services: Services) -> None:
    made = await token(services, await roster(services), Scope.ROSTER_READ, Scope.ROSTER_NAMES)
    async with program(services) as client:
        form = {
            "grant_type": "client_credentials", "scope": f"{ONEROSTER}roster.readonly",
            "client_id": made.client, "client_secret": made.secret,
        }  # fmt: skip
        access = (await client.post(TOKEN_PATH, data=form)).json()["access_token"]
        client.headers["authorization"] = f"Bearer {access}"

        students = (await client.get(f"{ROOT}/students")).json()["users"]
        enrollments = (await client.get(f"{ROOT}/enrollments")).json()["enrollments"]
        teachers = (await client.get(f"{ROOT}/teachers")).json()["users"]

    assert [(each["familyName"], each["grades"]) for each in students] == [
        ("Сұлтан", ["05"]), ("Қожахмет", ["05"]), ("Иванова", ["06"]),
    ]  # fmt: skip
    assert [each["user"]["sourcedId"] for each in enrollments] == [each["sourcedId"] for each in students]
    assert [each["familyName"] for each in teachers] == ["Оспанова"]


@pytest.mark.parametrize("says", [None, Says.YES, Says.NO])
async def test_a_student_is_named_with_consent_only_unless_the_token_names_all(
    services: Services, says: Says | None
) -> None:
    at = await roster(services)
    await Person.filter(school_id=at, given_name="Әлия").update(number="1042")
    child = await Person.get(school_id=at, given_name="Әлия")
    if says is not None:
        answer = Answer(
            person_id=child.id, purpose=Purpose.RESOURCE, says=says, on=services.clock.now().date(), way=Way.PAPER
        )
        async with services.database.pool.acquire() as connection:
            await put_answers(services, connection, [answer])

    async with reader(services, at, Scope.ROSTER_READ) as asked, reader(services, at) as all_named:
        shown, whole = [(await client.get(f"{ROOT}/users/{child.ref}")).json()["user"] for client in (asked, all_named)]
        staff = (await asked.get(f"{ROOT}/teachers")).json()["users"]

    named = ("Сұлтан", "Әлия", "1042")
    assert told(shown) == (named if says is Says.YES else (child.ref, "", None))
    assert told(whole) == named
    assert shown["grades"] == ["05"]
    assert [each["familyName"] for each in staff] == ["Оспанова"]


def told(user: dict[str, Any]) -> tuple[str, str, str | None]:
    """Return what names somebody."""
    return user["familyName"], user["givenName"], user.get("identifier")


async def test_every_object_has_the_standards_shape_and_every_reference_leads_to_it(services: Services) -> None:
    at = await roster(services)
    async with reader(services, at) as client:
        for kind in Kind:
            about = kind.described
            answer = await client.get(f"{ROOT}/{about.path}", params={"limit": 10_000})
            assert answer.status_code == HTTPStatus.OK
            page = about.many_shape.model_validate(answer.json())
            assert page.model_dump(exclude_none=True, by_alias=True) == answer.json()
            for href in {found for each in answer.json()[about.many] for found in hrefs(each)}:
                one = await client.get(href)
                assert one.status_code == HTTPStatus.OK, href


async def test_every_address_answers_and_one_of_another_school_is_not_there(services: Services) -> None:
    at, other = await roster(services), await roster(services, "astana7")
    own, foreign = await identifiers(services, at, "almaty15"), await identifiers(services, other, "astana7")
    async with reader(services, at) as client:
        for route in router.routes:
            path = route.path  # type: ignore[attr-defined]
            assert (await client.get(filled(path, own))).status_code == HTTPStatus.OK, path
            if "{" in path:
                answer = await client.get(filled(path, foreign))
                assert answer.status_code == HTTPStatus.NOT_FOUND, path
                assert minor(answer.json()) == "unknownobject"


@pytest.mark.parametrize(("path", "total"), [("users", 6), ("students", 3)])
async def test_pages_that_the_database_makes_are_those_of_the_whole_list(
    services: Services, path: str, total: int
) -> None:
    at = await roster(services)
    async with reader(services, at) as client:
        whole = (await client.get(f"{ROOT}/{path}", params={"sort": "sourcedId", "limit": 100})).json()["users"]
        pages = [await client.get(f"{ROOT}/{path}", params={"limit": 2, "offset": at}) for at in range(0, 8, 2)]

    assert [each for page in pages for each in page.json()["users"]] == whole
    assert {page.headers["x-total-count"] for page in pages} == {str(total)} == {str(len(whole))}


async def test_pages_say_how_many_there_are_and_where_the_next_is(services: Services) -> None:
    at = await roster(services)
    async with reader(services, at) as client:
        seen, address = [], f"{ROOT}/users?limit=2&sort=familyName&filter=status%3D%27active%27"
        while address:
            answer = await client.get(address)
            assert answer.headers["x-total-count"] == "6"
            seen += [each["familyName"] for each in answer.json()["users"]]
            address = next_of(answer.headers["link"])

    assert seen == sorted(seen, key=str.casefold)
    assert len(set(seen)) == 6


async def test_what_is_refused_is_told_in_the_standards_words(services: Services) -> None:
    at = await roster(services)
    without = await token(services, at, Scope.PRESENCE_READ)
    async with reader(services, at) as client, program(services, without.secret) as stranger:
        answers = [
            await client.get(f"{ROOT}/users?filter=iin='1'"),
            await client.get(f"{ROOT}/users?fields=iin"),
            await client.get(f"{ROOT}/users?limit=0"),
            await client.get(f"{ROOT}/users/nobody"),
            await stranger.get(f"{ROOT}/users"),
            await client.get(f"{ROOT}/users", headers={"authorization": "Bearer esik_made-up"}),
            await client.get(f"{ROOT}/users", headers={"authorization": "Basic eDp5"}),
        ]
    async with program(services, without.secret, per_minute=1) as hasty:
        await hasty.get(f"{ROOT}/users")
        answers.append(await hasty.get(f"{ROOT}/users"))

    assert [(answer.status_code, minor(answer.json())) for answer in answers] == [
        (400, "invalid_filter_field"), (400, "invalid_selection_field"), (422, "invaliddata"), (404, "unknownobject"),
        (403, "forbidden"), (401, "unauthorisedrequest"), (401, "unauthorisedrequest"), (429, "server_busy"),
    ]  # fmt: skip
    assert answers[7].headers["retry-after"] == "60"
    assert "error=" in answers[5].headers["www-authenticate"]


async def test_what_changed_since_the_last_look_is_found_by_its_date(services: Services, clock: SimulatedClock) -> None:
    at = await roster(services)
    five, six = await SchoolClass.filter(school_id=at).order_by("grade")
    async with reader(services, at) as client:
        await client.get(f"{ROOT}/users")
        await client.get(f"{ROOT}/enrollments")
        looked_at = clock.now().isoformat().replace("+00:00", "Z")
        clock.advance(3600)
        child = await Person.get(given_name="Тимур")
        await Person.filter(id=child.id).update(school_class_id=six.id)
        await Person.filter(given_name="Мария").update(is_active=False)
        await person(services, at, "newcomer0001", "Жаңа", "Бала", five.id)
        clock.advance(3600)

        since = {"filter": f"dateLastModified>'{looked_at}'"}
        users = (await client.get(f"{ROOT}/users", params=since)).json()["users"]
        moved = (await client.get(f"{ROOT}/enrollments", params=since)).json()["enrollments"]
        again = (await client.get(f"{ROOT}/enrollments", params=since)).json()["enrollments"]

    assert {(each["givenName"], each["status"]) for each in users} == {
        ("Тимур", "active"), ("", "tobedeleted"), ("Бала", "active"),
    }  # fmt: skip
    assert sorted((each["sourcedId"], each["status"]) for each in moved if child.ref in each["sourcedId"]) == sorted(
        [(f"{child.ref}-{five.id}", "tobedeleted"), (f"{child.ref}-{six.id}", "active")]
    )
    assert moved == again, "a look alone changes no date"


async def test_nothing_is_told_but_what_a_class_list_needs(services: Services) -> None:
    at = await roster(services)
    await Person.filter(school_id=at).update(iin_digest=None, iin_encrypted=b"\x01secret")
    async with reader(services, at) as client:
        told = json.dumps([(await client.get(f"{ROOT}/{kind.described.path}")).json() for kind in Kind]).casefold()
        demographics = await client.get(f"{ROOT}/demographics")

    assert demographics.status_code == HTTPStatus.NOT_FOUND
    for word in ("iin", "phone", "sms", "birth", "password", "agents", "demographics", "secret"):
        assert word not in told


async def test_a_school_without_terms_or_people_has_a_year(services: Services) -> None:
    at = await school(services)
    async with reader(services, at) as client:
        sessions = (await client.get(f"{ROOT}/academicSessions")).json()["academicSessions"]
        users = await client.get(f"{ROOT}/users")

    assert [(each["title"], each["schoolYear"]) for each in sessions] == [("2026–2027", "2027")]
    assert (users.json(), users.headers["x-total-count"]) == ({"users": []}, "0")


async def identifiers(services: Services, at: int, code: str) -> dict[str, str]:
    """Return an identifier of each kind at a school, by the part of the address that it stands behind."""
    five = await SchoolClass.get(school_id=at, grade=5)
    student = await Person.get(school_id=at, given_name="Әлия")
    teacher = await Person.get(school_id=at, given_name="Гүлнар")
    return {
        "orgs": code, "schools": code, "classes": f"{code}-class-{five.id}", "courses": f"{code}-grade-5",
        "academicSessions": f"{code}-year-2026", "terms": f"{code}-term-2026-09-01",
        "gradingPeriods": f"{code}-period-2026-09-01", "users": student.ref, "students": student.ref,
        "teachers": teacher.ref, "enrollments": f"{student.ref}-{five.id}",
    }  # fmt: skip


def filled(path: str, known: dict[str, str]) -> str:
    """Return an address with what is there in its places."""
    parts = path.split("/")
    return "/".join(known[parts[place - 1]] if part.startswith("{") else part for place, part in enumerate(parts))


def hrefs(value: Any) -> set[str]:
    """Return every reference within a value."""
    if isinstance(value, list):
        return {found for each in value for found in hrefs(each)}
    if not isinstance(value, dict):
        return set()
    own = {value["href"]} if "href" in value else set()
    return own | {found for each in value.values() for found in hrefs(each)}


def minor(told: Any) -> str:
    """Return the standard's code of a refusal."""
    (field,) = told["imsx_CodeMinor"]["imsx_codeMinorField"]
    assert (told["imsx_codeMajor"], told["imsx_severity"]) == ("failure", "error")
    return str(field["imsx_codeMinorFieldValue"])


def next_of(link: str) -> str:
    """Return the address of the next page, or nothing."""
    pages = (part.split("; ") for part in link.split(", "))
    return next((address.strip("<>") for address, rel in pages if rel == 'rel="next"'), "")
