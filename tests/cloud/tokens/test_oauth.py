"""The grant of client credentials, over HTTP as RFC 6749 tells it."""

import base64
from http import HTTPStatus

from cloud.core.services import Services
from cloud.tokens.scopes import Scope
from cloud.tokens.web import TOKEN_PATH
from tests.cloud.tokens.factory import program, school, token


def basic(client: str, secret: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{client}:{secret}".encode()).decode()}


async def test_a_client_trades_its_secret_by_basic_or_in_the_form(services: Services) -> None:
    made = await token(services, await school(services), Scope.ROSTER_READ)
    form = {"grant_type": "client_credentials"}
    async with program(services) as client:
        by_basic = await client.post(TOKEN_PATH, data=form, headers=basic(made.client, made.secret))
        own = {"client_id": made.client, "client_secret": made.secret}
        in_form = await client.post(TOKEN_PATH, data={**form, **own})

    for answer in (by_basic, in_form):
        assert answer.status_code == HTTPStatus.OK
        assert answer.headers["cache-control"] == "no-store"
        told = answer.json()
        assert (told["token_type"], told["expires_in"], told["scope"]) == ("Bearer", 3600, "roster.read")


async def test_who_is_not_known_or_asks_for_another_grant_is_told_by_the_standards_words(services: Services) -> None:
    made = await token(services, await school(services), Scope.ROSTER_READ)
    right = basic(made.client, made.secret)
    async with program(services) as client:
        answers = [
            await client.post(TOKEN_PATH, data=data, headers=headers)
            for data, headers in (
                ({"grant_type": "password"}, right),
                ({"grant_type": "client_credentials"}, basic(made.client, "esik_wrong")),
                ({"grant_type": "client_credentials"}, {"authorization": "Basic !!!"}),
                ({"grant_type": "client_credentials", "scope": "accounts.write"}, right),
                ({"grant_type": "client_credentials"}, {}),
            )
        ]

    assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [
        (400, "unsupported_grant_type"), (401, "invalid_client"), (401, "invalid_client"), (400, "invalid_scope"),
        (401, "invalid_client"),
    ]  # fmt: skip
    assert answers[1].headers["www-authenticate"].startswith("Basic")


async def test_a_token_in_the_address_lets_nobody_in(services: Services) -> None:
    made = await token(services, await school(services), Scope.ROSTER_READ)
    own = {"client_id": made.client, "client_secret": made.secret, "grant_type": "client_credentials"}
    async with program(services) as client:
        answer = await client.post(TOKEN_PATH, params=own)

    assert answer.status_code == HTTPStatus.BAD_REQUEST
