"""Groups of SCIM: roles at a school, given and taken by a directory as far as its token reaches, and noted."""

from http import HTTPStatus

import httpx2
import pytest

from cloud.accounts.models import Grant
from cloud.accounts.queries import actor_of
from cloud.audit.queries import Wanted, noted_of
from cloud.core.actor import Actor, Reach
from cloud.core.roles import Role
from cloud.core.services import Services
from cloud.scim.schemas import GROUP, PATCH, ROOT
from cloud.tokens.scopes import Scope
from tests.cloud.scim.test_api import USERS, account, provisioner, session_of, user
from tests.cloud.tokens.factory import program, school, token

GROUPS = f"{ROOT}/Groups"


async def test_a_directory_reads_who_has_which_role_at_its_school_and_nobody_else(services: Services) -> None:
    at, other = await school(services), await school(services, "astana7")
    own = await account(services, "teacher", (Role.TEACHER, at))
    nurse = await account(services, "nurse", (Role.NURSE, at), (Role.TEACHER, at))
    await account(services, "elsewhere", (Role.TEACHER, other))
    await account(services, "director", (Role.DIRECTOR, at), (Role.TEACHER, at))
    async with provisioner(services, at) as client:
        seen = (await client.get(GROUPS)).json()
        named = (await client.get(GROUPS, params={"filter": 'displayName eq "Nurse"'})).json()
        without = (await client.get(f"{GROUPS}/teacher", params={"excludedAttributes": "members"})).json()
        nowhere = [await client.get(f"{GROUPS}/{each}") for each in ("director", "it", "operator", "guard", "x")]

    assert [(each["displayName"], members(each)) for each in seen["Resources"]] == [
        ("teacher", [own, nurse]), ("nurse", [nurse]),
    ]  # fmt: skip
    assert [each["id"] for each in named["Resources"]] == ["nurse"]
    assert "members" not in without
    assert {answer.status_code for answer in nowhere} == {HTTPStatus.NOT_FOUND}


async def test_a_member_that_is_added_has_the_role_and_one_that_is_taken_has_it_no_more(services: Services) -> None:
    at = await school(services)
    async with provisioner(services, at) as client:
        first, second = [(await client.post(USERS, json=user(login))).json()["id"] for login in ("gulnar", "dana")]
        made = await client.post(GROUPS, json=group("teacher", first, externalId="e-1"))
        added = await patch(client, "teacher", {"op": "add", "path": "members", "value": [{"value": second}]})
        both = await roles_of(int(first)), await roles_of(int(second))
        taken = await patch(client, "teacher", {"op": "remove", "path": f'members[value eq "{first}"]'})
        kept = await patch(client, "teacher", {"op": "remove", "path": "members", "value": []})
        shown = (await client.get(f"{USERS}/{second}")).json()

    assert (made.status_code, made.json()["externalId"], members(made.json())) == (201, "e-1", [int(first)])
    assert members(added.json()) == [int(first), int(second)]
    assert both == (["teacher"], ["teacher"])
    assert members(taken.json()) == members(kept.json()) == [int(second)]
    assert shown["roles"] == [{"value": "teacher"}]
    assert (await roles_of(int(first)), await roles_of(int(second))) == ([], ["teacher"])


async def test_each_role_that_a_directory_gives_or_takes_stands_in_the_journal(services: Services) -> None:
    at = await school(services)
    async with provisioner(services, at) as client:
        known = (await client.post(USERS, json=user("gulnar"))).json()["id"]
        await client.post(GROUPS, json=group("nurse", known))
        await client.put(f"{GROUPS}/nurse", json=group("nurse"))

    director = Actor("Director", None, frozenset({Reach(Role.DIRECTOR, at)}))
    told = [
        entry for entry in await noted_of(services, director, at, Wanted()) if entry.verb.startswith("account.role")
    ]
    assert [(entry.verb, entry.actor) for entry in told] == [
        ("account.role_taken", "program: Electronic diary"), ("account.role_given", "program: Electronic diary"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["director", "it", "operator", "guardian", "student", "authority", "Everyone"])
async def test_no_group_gives_more_than_a_token_may(services: Services, name: str) -> None:
    at = await school(services)
    own = await account(services, "teacher", (Role.TEACHER, at))
    async with provisioner(services, at) as client:
        refused = await client.post(GROUPS, json=group(name, str(own)))

    assert (refused.status_code, refused.json()["scimType"]) == (HTTPStatus.BAD_REQUEST, "invalidValue")
    assert await roles_of(own) == ["teacher"]


async def test_nobody_whom_the_token_does_not_see_becomes_a_member_or_loses_a_role(services: Services) -> None:
    at, other = await school(services), await school(services, "astana7")
    own = await account(services, "teacher", (Role.TEACHER, at))
    hidden = [
        await account(services, "elsewhere", (Role.TEACHER, other)),
        await account(services, "director", (Role.DIRECTOR, at), (Role.TEACHER, at)),
        await account(services, "operator", (Role.OPERATOR, None)),
    ]
    async with provisioner(services, at) as client:
        refused = [await client.put(f"{GROUPS}/teacher", json=group("teacher", str(own), str(each))) for each in hidden]
        refused += [await client.post(GROUPS, json=group("nurse", str(own), str(each))) for each in hidden]
        refused += [await client.post(GROUPS, json=group("nurse", each)) for each in ("x", "-1", "9" * 30)]
        emptied = await client.put(f"{GROUPS}/teacher", json=group("teacher"))

    assert {answer.status_code for answer in refused} == {HTTPStatus.BAD_REQUEST}
    assert "members" not in emptied.json()
    assert await roles_of(own) == []
    assert [await roles_of(each) for each in hidden] == [["teacher"], ["director", "teacher"], ["operator"]]


async def test_a_group_that_is_removed_takes_the_role_from_all_and_leaves_the_accounts(services: Services) -> None:
    at = await school(services)
    async with provisioner(services, at) as client:
        known = (await client.post(USERS, json=user("gulnar", roles=[{"value": "guard"}]))).json()["id"]
        twice = await client.post(GROUPS, json=group("guard"))
        gone = await client.delete(f"{GROUPS}/guard")
        again = await client.delete(f"{GROUPS}/guard")
        left = await client.get(f"{USERS}/{known}")

    assert (twice.status_code, twice.json()["scimType"]) == (HTTPStatus.CONFLICT, "uniqueness")
    assert (gone.status_code, again.status_code) == (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND)
    assert left.json()["active"] is True
    assert "roles" not in left.json()


async def test_who_gets_a_first_role_at_work_signs_in_again(services: Services) -> None:
    at = await school(services)
    async with provisioner(services, at) as client:
        known = (await client.post(USERS, json=user("gulnar"))).json()["id"]
        session = await session_of(services, int(known))
        before = await actor_of(services, session)
        await client.post(GROUPS, json=group("teacher", known))

    assert before is not None
    assert await actor_of(services, session) is None


async def test_a_role_is_given_to_all_who_are_named_or_to_nobody(services: Services) -> None:
    at = await school(services)
    async with provisioner(services, at) as client:
        ids = [(await client.post(USERS, json=user(login))).json()["id"] for login in ("first", "second")]
        await services.database.pool.execute(
            f"ALTER TABLE grant_of_role ADD CONSTRAINT not_both CHECK (account_id <> {int(ids[1])}) NOT VALID"
        )
        failed = await client.post(GROUPS, json=group("tutor", *ids))
        after = (await client.get(GROUPS)).json()

    assert failed.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert after["totalResults"] == 0
    assert await roles_of(int(ids[0])) == []


async def test_a_group_that_was_changed_meanwhile_and_another_name_are_refused(services: Services) -> None:
    at = await school(services)
    async with provisioner(services, at) as client:
        made = await client.post(GROUPS, json=group("teacher"))
        tag = {"if-match": made.headers["etag"]}
        await client.put(f"{GROUPS}/teacher", json=group("teacher", externalId="e"), headers=tag)
        late = await client.put(f"{GROUPS}/teacher", json=group("teacher"), headers=tag)
        renamed = await client.put(f"{GROUPS}/teacher", json=group("nurse"))

    assert late.status_code == HTTPStatus.PRECONDITION_FAILED
    assert (renamed.status_code, renamed.json()["scimType"]) == (HTTPStatus.BAD_REQUEST, "mutability")


async def test_who_may_only_look_changes_no_group(services: Services) -> None:
    at = await school(services)
    own = await account(services, "teacher", (Role.TEACHER, at))
    made = await token(services, at, Scope.ACCOUNTS_READ)
    async with program(services, made.secret) as client:
        refused = [
            await client.post(GROUPS, json=group("nurse", str(own))),
            await client.put(f"{GROUPS}/teacher", json=group("teacher")),
            await client.delete(f"{GROUPS}/teacher"),
        ]

    assert {answer.status_code for answer in refused} == {HTTPStatus.FORBIDDEN}
    assert await roles_of(own) == ["teacher"]


def group(name: str, *ids: str, **more: object) -> dict[str, object]:
    """Return a group as a directory sends one."""
    return {"schemas": [GROUP], "displayName": name, "members": [{"value": each} for each in ids], **more}


async def patch(client: httpx2.AsyncClient, name: str, *operations: dict[str, object]) -> httpx2.Response:
    """Change a group."""
    return await client.patch(f"{GROUPS}/{name}", json={"schemas": [PATCH], "Operations": list(operations)})


def members(shown: dict[str, list[dict[str, str]]]) -> list[int]:
    """Return the ids of the accounts of a group."""
    return [int(each["value"]) for each in shown.get("members", [])]


async def roles_of(account_id: int) -> list[str]:
    """Return the roles of an account, anywhere."""
    return sorted(grant.role.value for grant in await Grant.filter(account_id=account_id))
