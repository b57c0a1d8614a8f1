"""The page of roles: what its forms do, and for whom."""

import pytest
from playwright.async_api import expect

from cloud.accounts.actions import audit
from cloud.accounts.queries import account_of_login, actor_of
from cloud.core.rights import Right
from tests.cloud.schools.factory import SYSTEM
from tests.pages.asking import ask
from tests.pages.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("pages")]

ROLES = "/schools/almaty15/roles"


async def test_the_director_gives_a_role_and_takes_it_back(site: Site) -> None:
    nurse = await id_of(site, "nurse")
    held = []

    for act in ("give", "take"):
        assert await posted(site, "director", act, account=nurse, role="guard") == 303
        actor = await actor_of(site.services, site.sample.tokens["nurse"])
        assert actor is not None
        held.append(actor.can(Right.GATES_WATCH, site.sample.school_id))

    assert held == [True, False]


@pytest.mark.parametrize(
    ("who", "whose", "role", "status"),
    [
        ("office", "nurse", "director", 403),  # not among those that the office gives
        ("it", "nurse", "director", 403),
        ("director", "director", "it", 403),  # the own roles
        ("director", "nurse", "operator", 403),
        ("director", "other_office", "guard", 404),  # of another school
        ("director", "guardian", "guard", 404),  # no staff
        ("director", "nurse", "king", 422),
    ],
)
async def test_what_somebody_may_not_give_is_refused(site: Site, who: str, whose: str, role: str, status: int) -> None:
    before = await grants(site)

    assert await posted(site, who, "give", account=await id_of(site, whose), role=role) == status

    assert await grants(site) == before


async def test_an_operator_gives_a_school_its_director_and_it_and_no_other_role(site: Site) -> None:
    deputy = await id_of(site, "deputy")
    page = await site.open(ROLES, "operator")

    answers = [await posted(site, "operator", act, account=deputy, role="it") for act in ("give", "take")]
    refused = await posted(site, "operator", "give", account=deputy, role="nurse")

    offered = await page.locator("#give-role option").all_inner_texts()
    assert offered == ["Director", "School IT"]
    assert await page.get_by_role("heading", name="Name a class").count() == 0
    assert (answers, refused) == ([303, 303], 403)


async def test_an_operator_reads_no_parents_name_among_the_changes_of_roles(site: Site) -> None:
    async with site.services.database.transaction() as connection:
        for role, name in (("guardian", "guardian"), ("nurse", "nurse")):
            await audit(
                connection, SYSTEM, "account.added", f"account:{await id_of(site, name)}", {"role": role},
                school_id=site.sample.school_id, at=site.services.clock.now(),
            )  # fmt: skip

    told = {
        who: await (await site.open(ROLES, who)).locator("table", has_text="How roles changed").inner_text()
        for who in ("operator", "director")
    }

    assert ["Parent" in text for text in told.values()] == [False, True]
    assert all("Nurse" in text for text in told.values())


async def test_a_class_teacher_sees_the_own_class_and_no_other_child(site: Site) -> None:
    page = await site.open("/schools/almaty15/class", "class_teacher")

    shown = await page.locator("tbody tr").count()
    of_class = await site.services.database.pool.fetchval(
        "SELECT count(*) FROM person JOIN class_of_account AS own ON own.school_class_id = person.school_class_id"
        " WHERE person.is_active AND own.account_id = $1",
        await id_of(site, "class_teacher"),
    )
    assert shown == of_class > 0


async def test_who_was_given_over_and_was_not_seen_to_go_out_is_not_called_inside(site: Site) -> None:
    page = await site.open("/schools/almaty15/class", "class_teacher")

    row = page.locator("tbody tr", has_text="Child collected")

    await expect(row).to_contain_text("Given over, no exit seen")
    await expect(row.locator("td .badge-of", has_text="Inside")).to_have_count(0)


async def posted(site: Site, who: str, act: str, **form: object) -> int:
    """Return how a form of the page is answered."""
    fields = {key: str(value) for key, value in form.items()}
    return await ask(site.app, "POST", f"{ROLES}/{act}", site.sample.tokens[who], fields)


async def id_of(site: Site, login: str) -> int:
    return await account_of_login(site.services, login)


async def grants(site: Site) -> int:
    return int(await site.services.database.pool.fetchval("SELECT count(*) FROM grant_of_role"))
