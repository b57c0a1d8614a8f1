"""OneRoster's gradebook over HTTP: what teachers wrote, in the standard's words, of one school and its year."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import httpx2
import pytest

from cloud.core.services import Services
from cloud.journal.kinds import Kind
from cloud.oneroster.gradebook import GRADES_ROOT
from cloud.oneroster.gradebook_api import router
from cloud.oneroster.graded_kinds import GradedKind
from cloud.people.consents import Answer, put_answers
from cloud.people.kinds import Purpose, Says, Way
from cloud.tokens.scopes import Scope
from tests.cloud.journal.factory import TODAY, Journal, journal
from tests.cloud.oneroster.factory import roster
from tests.cloud.oneroster.test_api import hrefs, minor
from tests.cloud.tokens.factory import program, token

# What the information model of the gradebook service asks of each object.
BASE = {"sourcedId", "status", "dateLastModified"}
REQUIRED = {
    GradedKind.CATEGORY: BASE | {"title"},
    GradedKind.LINE_ITEM: BASE | {"title", "assignDate", "dueDate", "class", "school", "category"},
    GradedKind.RESULT: BASE | {"lineItem", "student", "scoreStatus", "scoreDate"},
    GradedKind.SCORE_SCALE: BASE | {"title", "type", "class", "scoreScaleValue"},
}


@pytest.fixture(name="opened")
async def _opened(services: Services) -> Journal:
    """Open a school where two have points of a lesson and one of a SOR; a lesson without points stands beside."""
    opened = await journal(services)
    lesson = await opened.lesson()
    sor = await opened.lesson(number=2, kind=Kind.SOR, most=20)
    await opened.lesson(number=3)
    await opened.type(lesson, 0, "о 9")
    await opened.type(lesson, 1, "7")
    await opened.type(lesson, 1, "8")
    await opened.type(sor, 0, "15")
    await opened.type(lesson, 2, "н")
    return opened


@asynccontextmanager
async def asking(opened: Journal, *scopes: Scope) -> AsyncIterator[httpx2.AsyncClient]:
    """Ask with a token that may read marks; of everybody where no scopes are named."""
    named = scopes or (Scope.MARKS_READ, Scope.ROSTER_READ, Scope.ROSTER_NAMES)
    made = await token(opened.services, opened.school.id, *named)
    async with program(opened.services, made.secret) as client:
        yield client


async def got(client: httpx2.AsyncClient, path: str, **query: str) -> list[dict[str, Any]]:
    answer = await client.get(f"{GRADES_ROOT}/{path}", params=query)
    assert answer.status_code == HTTPStatus.OK, answer.text
    (records,) = answer.json().values()
    return list(records)


@pytest.mark.requirement("KZ456-16")
async def test_another_program_reads_points_as_they_stand(opened: Journal) -> None:
    async with asking(opened) as client:
        results = await got(client, "results", sort="score")
        items = {each["sourcedId"]: each for each in await got(client, "lineItems")}

    told = [(each["student"]["sourcedId"], each["score"], each.get("late")) for each in results]
    assert told == [
        (opened.refs[1], 8.0, None), (opened.refs[0], 9.0, "true"), (opened.refs[0], 15.0, None),
    ]  # fmt: skip
    assert [items[each["lineItem"]["sourcedId"]]["resultValueMax"] for each in results] == [10.0, 10.0, 20.0]
    assert {each["scoreDate"] for each in results} == {str(TODAY)}
    assert [each["sourcedId"] for each in results] == [
        f"{each['student']['sourcedId']}-{each['lineItem']['sourcedId'].removeprefix('almaty5-')}" for each in results
    ]
    assert len(items) == 2, "a lesson without points is no work"
    assert {each["category"]["sourcedId"] for each in items.values()} == {
        "almaty5-category-formative", "almaty5-category-sor",
    }  # fmt: skip


async def test_every_object_has_the_standards_shape_and_every_reference_leads_to_it(opened: Journal) -> None:
    async with asking(opened) as client:
        for kind in GradedKind:
            about = kind.described
            answer = await client.get(f"{GRADES_ROOT}/{about.path}", params={"limit": 10_000})
            page = about.many_shape.model_validate(answer.json())
            assert page.model_dump(exclude_none=True, by_alias=True) == answer.json()
            records = answer.json()[about.many]
            assert records
            for record in records:
                assert set(record) >= REQUIRED[kind]
                one = await client.get(f"{GRADES_ROOT}/{about.path}/{record['sourcedId']}")
                assert one.json() == {about.one: record}
            for href in {found for each in records for found in hrefs(each)}:
                assert (await client.get(href)).status_code == HTTPStatus.OK, href


async def test_every_address_answers_and_one_of_another_school_is_not_there(opened: Journal) -> None:
    await roster(opened.services, "astana7")
    async with asking(opened) as client:
        item = (await got(client, "lineItems"))[0]
        result = (await got(client, "results"))[0]
        class_id = f"almaty5-class-{opened.studies.class_id}"
        own = {
            "categories": "almaty5-category-sor", "lineItems": item["sourcedId"], "results": result["sourcedId"],
            "scoreScales": f"almaty5-scale-{opened.studies.class_id}", "students": opened.refs[0],
        }  # fmt: skip
        for route in router.routes:
            path = route.path  # type: ignore[attr-defined]
            behind = path.partition("{sourced_id}")[0].rstrip("/").rpartition("/")[2]
            known = {"class_id": class_id, "sourced_id": own.get(behind, "")}
            assert (await client.get(path.format(**known))).status_code == HTTPStatus.OK, path
            if "{" in path:
                foreign = {"class_id": "astana7-class-1", "sourced_id": "astana7-lesson-1"}
                answer = await client.get(path.format(**foreign))
                assert (answer.status_code, minor(answer.json())) == (HTTPStatus.NOT_FOUND, "unknownobject"), path


async def test_pages_of_results_that_the_database_makes_are_those_of_the_whole_list(opened: Journal) -> None:
    async with asking(opened) as client:
        whole = await got(client, "results", sort="sourcedId")
        pages = [
            await client.get(f"{GRADES_ROOT}/results", params={"limit": 2, "offset": offset}) for offset in (0, 2, 4)
        ]

    assert [each for page in pages for each in page.json()["results"]] == whole
    assert {page.headers["x-total-count"] for page in pages} == {"3"} == {str(len(whole))}


async def test_points_are_told_of_who_consented_alone_unless_the_token_names_all(opened: Journal) -> None:
    services = opened.services
    answer = Answer(
        person_id=opened.studies.student_ids[1], purpose=Purpose.RESOURCE, says=Says.YES, on=TODAY, way=Way.PAPER
    )
    async with services.database.pool.acquire() as connection:
        await put_answers(services, connection, [answer])

    async with asking(opened, Scope.MARKS_READ) as client:
        results = await got(client, "results")
        page = await client.get(f"{GRADES_ROOT}/results")

    assert [each["student"]["sourcedId"] for each in results] == [opened.refs[1]]
    assert page.headers["x-total-count"] == "1"


async def test_points_that_are_taken_away_and_a_lesson_that_is_called_off_are_told_as_gone(opened: Journal) -> None:
    async with asking(opened) as client:
        sor, first, second = await got(client, "results", sort="score", orderBy="desc")
        seen_at = max(each["dateLastModified"] for each in await got(client, "lineItems"))
        opened.services.clock.advance(60)  # type: ignore[attr-defined]  # simulated
        await opened.type(int(first["sourcedId"].rpartition("-")[2]), 0, "о")
        off = int(sor["sourcedId"].rpartition("-")[2])
        await opened.services.database.pool.execute("UPDATE lesson SET is_off = true WHERE id = $1", off)

        changed = await got(client, "results", filter=f"dateLastModified>'{seen_at}'")
        items = await got(client, "lineItems", filter=f"dateLastModified>'{seen_at}'")
        left = await got(client, "results", sort="score")
        page = await client.get(f"{GRADES_ROOT}/results")

    assert [(each["sourcedId"], each["status"], each.get("score")) for each in changed] == [
        (first["sourcedId"], "tobedeleted", None)
    ]
    assert [(each["sourcedId"], each["status"]) for each in items] == [(sor["lineItem"]["sourcedId"], "tobedeleted")], (
        "what belonged to it goes with it"
    )
    assert {each["sourcedId"] for each in left} == {first["sourcedId"], second["sourcedId"]}
    assert page.headers["x-total-count"] == "2"


async def test_a_token_of_the_roster_reads_no_marks_and_nobody_writes_any(opened: Journal) -> None:
    async with asking(opened, Scope.ROSTER_READ, Scope.ROSTER_NAMES) as client:
        refused = await client.get(f"{GRADES_ROOT}/results")
    async with asking(opened) as client:
        written = await client.put(f"{GRADES_ROOT}/results/one", json={})

    assert (refused.status_code, minor(refused.json())) == (HTTPStatus.FORBIDDEN, "forbidden")
    assert written.status_code == HTTPStatus.METHOD_NOT_ALLOWED


async def test_a_scale_says_by_which_percents_marks_come(opened: Journal) -> None:
    async with asking(opened) as client:
        (scale,) = await got(client, f"classes/almaty5-class-{opened.studies.class_id}/scoreScales")

    assert [(each["itemValueLHS"], each["itemValueRHS"]) for each in scale["scoreScaleValue"]] == [
        ("2", "0-39"), ("3", "40-64"), ("4", "65-84"), ("5", "85-100"),
    ]  # fmt: skip


@pytest.mark.parametrize(("asked", "scores"), [("score>='9'", [9.0, 15.0]), ("score<'10'", [8.0, 9.0]),
                                                 ("score='8'", [8.0]), ("score>'nan'", [])],
                         ids=["least", "below", "equal", "no_number"])  # fmt: skip
async def test_scores_are_compared_as_numbers(opened: Journal, asked: str, scores: list[float]) -> None:
    async with asking(opened) as client:
        found = await got(client, "results", filter=asked, sort="score")

    assert [each["score"] for each in found] == scores
