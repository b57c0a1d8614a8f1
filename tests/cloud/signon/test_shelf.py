"""The shelf and the catalogue: verified content is found by who it is for, and marked by who may."""

import pytest
from fastapi import FastAPI

from cloud.core.actor import Role
from cloud.core.services import Services
from cloud.resources.kinds import Way
from cloud.resources.verifying import verify
from tests.cloud.signon.factory import School, Visitor, visitor

ONE = "/schools/almaty5/resources/of/{}"


async def staff(app: FastAPI, school: School, role: Role) -> Visitor:
    """Sign somebody in who works at the school."""
    school.accounts[role.value] = await school.account(role.value, role)
    return visitor(app, await school.session(role.value))


@pytest.mark.requirement("KBR-4.3")
@pytest.mark.requirement("KBR-4.4")
@pytest.mark.parametrize("who", ["student", "teacher"])
async def test_who_studies_or_teaches_finds_verified_free_content_and_is_signed_in_to_it(
    app: FastAPI, school: School, services: Services, who: str
) -> None:
    await school.party()
    await school.resource(Way.LINK, "https://elsewhere.test/unverified")
    await services.database.pool.execute("UPDATE resource SET is_free = true, title = 'Алгебра' WHERE way = 'oidc'")
    await verify(services, school.methodologist, school.school_id, 1, "list", "Бекітілген тізбе")
    browser = visitor(app, await school.session(who))

    everything, chosen = await browser.get("/resources"), await browser.get("/resources?verified=true")
    opened = await browser.get("/resources/1/open")

    assert ("Алгебра" in everything.text, "Математика 5" in everything.text) == (True, True)
    assert ("Алгебра" in chosen.text, "Математика 5" in chosen.text) == (True, False)
    assert "Free of charge" in chosen.text
    assert opened.headers["location"] == "https://books.test/callback/start?iss=https%3A%2F%2Fesik.test"


async def test_a_methodologist_marks_content_as_verified_and_takes_it_back(app: FastAPI, school: School) -> None:
    resource_id = await school.resource(Way.LINK, "https://books.test/1")
    browser, here = await staff(app, school, Role.METHODOLOGIST), ONE.format(resource_id)

    refused = await browser.send(f"{here}/verify", ground="list", paper="")
    marked = await browser.send(f"{here}/verify", ground="review", paper="Қорытынды № 5")
    shown = (await browser.get(here)).text
    await browser.send(f"{here}/unverify")

    assert (refused.status_code, marked.status_code) == (422, 303)
    assert "Looked through at the school: Қорытынды № 5" in shown
    assert "Nobody has said yet that its content was verified." in (await browser.get(here)).text


async def test_the_office_keeps_the_catalogue_and_marks_nothing(app: FastAPI, school: School) -> None:
    resource_id = await school.resource(Way.LINK, "https://books.test/1")
    browser, here = await staff(app, school, Role.OFFICE), ONE.format(resource_id)

    answer = await browser.send(f"{here}/verify", ground="review", paper="Қорытынды № 5")

    assert answer.status_code == 404
    assert "Mark as verified" not in (await browser.get(here)).text


async def test_who_has_no_shelf_in_the_menu_finds_a_resource_under_the_catalogue(app: FastAPI, school: School) -> None:
    await school.resource(Way.LINK, "https://books.test/1")
    browser = await staff(app, school, Role.DEPUTY)

    page = (await browser.get("/resources")).text

    assert 'href="/go/resources" aria-current="page"' in page


@pytest.mark.parametrize(
    ("query", "found"), [("", True), ("?subject=mathematics&grade=5", True), ("?subject=history", False),
                         ("?grade=9", False), ("?language=ru", False), ("?verified=true", False)],
    ids=["all", "fits", "subject", "grade", "language", "verified"],
)  # fmt: skip
async def test_the_catalogue_is_chosen_from_by_subject_grade_and_language(
    app: FastAPI, school: School, query: str, found: bool
) -> None:
    await school.resource(Way.LINK, "https://books.test/1")
    browser = await staff(app, school, Role.OFFICE)

    page = (await browser.get(f"/schools/almaty5/resources{query}")).text

    assert ("Математика 5" in page, "Nothing was found" in page) == (found, not found)


async def test_usage_is_shown_and_taken_out_without_names(app: FastAPI, school: School) -> None:
    resource_id = await school.resource(Way.LINK, "https://books.test/1")
    await visitor(app, await school.session("student")).get(f"/resources/{resource_id}/open")
    browser, here = await staff(app, school, Role.DIRECTOR), "/schools/almaty5/resources/usage"

    page, sheet = await browser.get(f"{here}?by=day"), await browser.get(f"{here}.csv?by=day")

    assert (page.status_code, "Математика 5" in page.text, "Айгерім" in page.text) == (200, True, False)
    assert sheet.text.splitlines()[1].endswith("Математика 5,Electronic textbook,Mathematics,in Kazakh,no,1,0")
