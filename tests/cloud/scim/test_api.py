"""SCIM over HTTP: judged by scim2's own tester; what a directory may and may not; closing ends sessions at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from http import HTTPStatus

import httpx2
import pytest

from cloud.accounts.logins import kept
from cloud.accounts.models import Account, Authenticator, Grant, RecoveryCode, SignIn
from cloud.accounts.queries import actor_of
from cloud.core.roles import Role
from cloud.core.services import Services
from cloud.integrity.granted import compare_roles
from cloud.scim.schemas import PATCH, ROOT, USER
from cloud.tokens.scopes import Scope
from tests.cloud.serving import served
from tests.cloud.tokens.factory import program, school, token

USERS = f"{ROOT}/Users"
WAIT_S = 60.0  # a busy machine


async def test_the_tester_of_scim2_finds_nothing_wrong(services: Services) -> None:
    made = await token(services, await school(services), Scope.ACCOUNTS_READ, Scope.ACCOUNTS_WRITE)
    async with served(services) as address:
        results = await asyncio.to_thread(_judge, f"{address}{ROOT}", made.secret)

    wrong = [result[1:] for result in results if result[0] not in ("SUCCESS", "SKIPPED")]
    assert wrong == []
    for kind in ("User", "Group"):
        assert sum((status, of) == ("SUCCESS", kind) for status, of, _, _ in results) > 10, kind


async def test_a_closed_account_has_no_session_any_more(services: Services) -> None:
    at = await school(services)
    async with provisioner(services, at) as client:
        made = (await client.post(USERS, json=user("gulnar", roles=[{"value": "teacher"}]))).json()
        session = await session_of(services, int(made["id"]))
        before = await actor_of(services, session)
        change = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": False}]}

        closed = await client.patch(f"{USERS}/{made['id']}", json=change)

        assert before is not None
        assert closed.json()["active"] is False
        assert await actor_of(services, session) is None


async def test_a_directory_reaches_staff_of_its_own_school_and_nobody_else(services: Services) -> None:
    at, other = await school(services), await school(services, "astana7")
    own = await account(services, "teacher", (Role.TEACHER, at))
    hidden = [
        await account(services, "elsewhere", (Role.TEACHER, other)),
        await account(services, "both", (Role.TEACHER, at), (Role.TEACHER, other)),
        await account(services, "director", (Role.DIRECTOR, at)),
        await account(services, "it", (Role.IT, at), (Role.TEACHER, at)),
        await account(services, "mother", (Role.GUARDIAN, at), (Role.TEACHER, at)),
        await account(services, "operator", (Role.OPERATOR, None)),
        await account(services, "nobody"),
    ]
    async with provisioner(services, at) as client:
        seen = (await client.get(USERS)).json()
        answers = [await client.get(f"{USERS}/{each}") for each in hidden]
        answers += [await client.delete(f"{USERS}/{each}") for each in hidden]
        taken = await client.post(USERS, json=user("director"))

    assert [each["id"] for each in seen["Resources"]] == [str(own)]
    assert {answer.status_code for answer in answers} == {HTTPStatus.NOT_FOUND}
    assert (taken.status_code, taken.json()["scimType"]) == (HTTPStatus.CONFLICT, "uniqueness")
    assert await Account.filter(is_active=False).count() == 0


@pytest.mark.parametrize("role", ["director", "it", "operator", "guardian", "student", "authority", "everything"])
async def test_no_token_makes_somebody_who_could_do_more_than_it(services: Services, role: str) -> None:
    at = await school(services)
    async with provisioner(services, at) as client:
        refused = await client.post(USERS, json=user("evil", roles=[{"value": role}]))

    assert (refused.status_code, refused.json()["scimType"]) == (HTTPStatus.BAD_REQUEST, "invalidValue")
    assert await Account.filter(name="evil").count() == 0


async def test_a_page_of_accounts_is_made_by_the_database_and_one_is_found_by_its_login(services: Services) -> None:
    at = await school(services)
    ids = [await account(services, f"teacher{number}", (Role.TEACHER, at)) for number in range(5)]
    async with provisioner(services, at) as client:
        page = (await client.get(USERS, params={"startIndex": 3, "count": 2})).json()
        beyond = (await client.get(USERS, params={"startIndex": 9})).json()
        none = (await client.get(USERS, params={"count": 0})).json()
        named = (await client.get(USERS, params={"filter": 'USERNAME eq "Teacher3"'})).json()

    shown = [(each["totalResults"], [one["id"] for one in each["Resources"]]) for each in (page, beyond, none, named)]
    assert shown == [(5, [str(ids[2]), str(ids[3])]), (5, []), (5, []), (1, [str(ids[3])])]


async def test_who_may_only_look_changes_nothing(services: Services) -> None:
    at = await school(services)
    own = await account(services, "teacher", (Role.TEACHER, at))
    made = await token(services, at, Scope.ACCOUNTS_READ)
    async with program(services, made.secret) as client:
        refused = [
            await client.post(USERS, json=user("new")),
            await client.put(f"{USERS}/{own}", json=user("new")),
            await client.delete(f"{USERS}/{own}"),
        ]

    assert {answer.status_code for answer in refused} == {HTTPStatus.FORBIDDEN}
    assert {answer.json()["status"] for answer in refused} == {"403"}


async def test_what_was_removed_is_not_there_and_is_opened_again_under_its_name(services: Services) -> None:
    at = await school(services)
    async with provisioner(services, at) as client:
        first = (await client.post(USERS, json=user("gulnar", roles=[{"value": "nurse"}]))).json()
        await client.delete(f"{USERS}/{first['id']}")
        gone = await client.get(f"{USERS}/{first['id']}")
        twice = await client.delete(f"{USERS}/{first['id']}")
        again = await client.post(USERS, json=user("gulnar"))

    assert (gone.status_code, twice.status_code) == (HTTPStatus.NOT_FOUND, HTTPStatus.NOT_FOUND)
    assert (again.status_code, again.json()["id"]) == (HTTPStatus.CREATED, first["id"])
    assert again.json()["active"] is True


@pytest.mark.parametrize("way", ["post", "patch", "put"])
async def test_an_account_that_is_opened_again_has_nothing_of_before_but_its_name(services: Services, way: str) -> None:
    at = await school(services)
    async with provisioner(services, at) as client:
        made = (await client.post(USERS, json=user("gulnar", roles=[{"value": "office"}]))).json()
        known, address = int(made["id"]), f"{USERS}/{made['id']}"
        await Account.filter(id=known).update(password_hash="a password that was known", must_change=False)
        await Authenticator(account_id=known, secret_encrypted=b"x").save()
        await RecoveryCode(account_id=known, digest="x", made_at=services.clock.now()).save()
        off, on = ({"schemas": [PATCH], "Operations": [{"op": "replace", "value": {"active": each}}]}
                   for each in (False, True))  # fmt: skip
        await (client.delete(address) if way == "post" else client.patch(address, json=off))

        match way:
            case "post":
                again = await client.post(USERS, json=user("gulnar"))
            case "patch":
                again = await client.patch(address, json=on)
            case _:
                again = await client.put(address, json=user("gulnar", roles=[{"value": "nurse"}]))

    account = await Account.get(id=known)
    roles = [grant.role.value for grant in await Grant.filter(account_id=known)]
    assert (again.json()["id"], again.json()["active"]) == (made["id"], True)
    assert (account.must_change, account.password_hash.startswith("$argon2id$")) == (True, True)
    assert roles == (["nurse"] if way == "put" else [])
    told: list[str] = []
    await compare_roles(services, lambda _place, what: told.append(what))
    assert told == [], "the journal knows which roles it lost"
    assert not await Authenticator.exists(account_id=known)
    assert not await RecoveryCode.exists(account_id=known)


async def test_what_cannot_be_done_whole_is_not_done_at_all(services: Services) -> None:
    at = await school(services)
    async with provisioner(services, at) as client:
        made = (await client.post(USERS, json=user("gulnar", roles=[{"value": "nurse"}]))).json()
        await services.database.pool.execute(
            "ALTER TABLE grant_of_role ADD CONSTRAINT no_tutors CHECK (role <> 'tutor') NOT VALID"
        )
        roles = [{"value": "office"}, {"value": "tutor"}]
        failed = [
            await client.put(f"{USERS}/{made['id']}", json=user("gulnar", displayName="Гүлнар", roles=roles)),
            await client.post(USERS, json=user("another", roles=roles)),
        ]
        after = (await client.get(USERS)).json()["Resources"]

    assert [answer.status_code for answer in failed] == [HTTPStatus.INTERNAL_SERVER_ERROR] * 2
    assert [(each["displayName"], each["roles"]) for each in after] == [("gulnar", [{"value": "nurse"}])]


async def test_what_became_more_than_a_directory_may_give_is_not_opened_again(services: Services) -> None:
    at = await school(services)
    async with provisioner(services, at) as client:
        first = (await client.post(USERS, json=user("gulnar"))).json()
        await client.delete(f"{USERS}/{first['id']}")
        await Grant(account_id=int(first["id"]), school_id=at, role=Role.DIRECTOR).save()
        again = await client.post(USERS, json=user("gulnar"))

    assert again.status_code == HTTPStatus.CONFLICT
    assert not (await Account.get(id=int(first["id"]))).is_active


async def test_a_change_of_what_was_changed_meanwhile_is_refused(services: Services) -> None:
    at = await school(services)
    async with provisioner(services, at) as client:
        made = await client.post(USERS, json=user("gulnar"))
        address, tag = f"{USERS}/{made.json()['id']}", made.headers["etag"]
        first = await client.put(address, json=user("gulnar", displayName="Гүлнар"), headers={"if-match": tag})
        second = await client.put(address, json=user("gulnar", displayName="Әлия"), headers={"if-match": tag})
        same = await client.get(address, headers={"if-none-match": first.headers["etag"]})

    assert (first.status_code, second.status_code) == (HTTPStatus.OK, HTTPStatus.PRECONDITION_FAILED)
    assert same.status_code == HTTPStatus.NOT_MODIFIED


async def test_a_directory_that_sends_more_than_is_kept_is_served(services: Services) -> None:
    at = await school(services)
    sent = user("gulnar", name={"givenName": "Гүлнар", "familyName": "Оспанова"}, emails=[{"value": "a@b.kz"}])
    async with provisioner(services, at) as client:
        made = await client.post(USERS, json=sent)
        broken = await client.post(USERS, content=b"{", headers={"content-type": "application/json"})
        found = await client.get(USERS, params={"filter": 'userName eq "gulnar"', "attributes": "userName"})

    assert made.json()["displayName"] == "Оспанова Гүлнар"
    assert "emails" not in made.json()
    assert (broken.status_code, broken.json()["scimType"]) == (HTTPStatus.BAD_REQUEST, "invalidSyntax")
    assert found.json()["Resources"] == [{"schemas": [USER], "id": made.json()["id"], "userName": "gulnar"}]


@asynccontextmanager
async def provisioner(services: Services, at: int) -> AsyncIterator[httpx2.AsyncClient]:
    """Ask with a token that may change accounts."""
    made = await token(services, at, Scope.ACCOUNTS_READ, Scope.ACCOUNTS_WRITE)
    async with program(services, made.secret) as client:
        yield client


def user(login: str, **more: object) -> dict[str, object]:
    """Return a user as a directory sends one."""
    return {"schemas": [USER], "userName": login, **more}


async def account(services: Services, login: str, *roles: tuple[Role, int | None]) -> int:
    """Write an account with roles, and return its id."""
    made = await Account.create(
        password_hash="!", must_change=False, name=login, created_at=services.clock.now(), **kept(services.vault, login)
    )
    for role, school_id in roles:
        await Grant(account_id=made.id, school_id=school_id, role=role).save()
    return int(made.id)


async def session_of(services: Services, account_id: int) -> str:
    """Let an account be signed in, and return the token of its session."""
    now = services.clock.now()
    await SignIn(
        account_id=account_id, token_digest=sha256(b"session").hexdigest(), created_at=now,
        expires_at=now.replace(year=now.year + 1),
    ).save()  # fmt: skip
    return "session"


def _judge(address: str, secret: str) -> list[tuple[str, str, str, str]]:
    # Imported here: it takes three seconds, in every process of a run that collects this file.
    from scim2_client.engines.httpx2 import SyncSCIMClient
    from scim2_tester import check_server

    headers = {"authorization": f"Bearer {secret}"}
    with httpx2.Client(base_url=address, headers=headers, timeout=WAIT_S) as asking:
        results = check_server(SyncSCIMClient(asking))
    return [(each.status.name, each.resource_type or "", each.title or "", each.reason or "") for each in results]
