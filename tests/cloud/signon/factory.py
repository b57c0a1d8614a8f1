"""A school whose students and teacher have accounts, clients and tools with resources, and browsers signed in."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx2
from fastapi import FastAPI

from cloud.accounts.logins import kept
from cloud.accounts.models import Account, Grant, SignIn
from cloud.accounts.web import COOKIE, HOST_COOKIE
from cloud.core.actor import Actor, Reach, Role
from cloud.core.services import Services
from cloud.people.actions import give_consent
from cloud.people.kinds import Purpose
from cloud.resources.catalogue import add_resource, publish
from cloud.resources.kinds import Way
from cloud.resources.rules import ResourceGiven
from cloud.schools.actions import add_class
from cloud.signon.parties import NewParty, PartyGiven, add_party
from cloud.signon.tools import Tool, ToolGiven, add_tool
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM, a_school

CALLBACK = "https://books.test/callback"
EVERYTHING = ("profile", "class", "role")
META = re.compile(r'<meta http-equiv="refresh" content="0;url=([^"]*)">')
QUERY = re.compile(r'name="query" value="([^"]*)"')
FIELD = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')
BROWSER = {"accept": "text/html", "accept-language": "en"}


@dataclass
class School:
    """A school with a grade 5, a student of it with consent, one without, and a teacher; each has an account."""

    services: Services
    school_id: int = 0
    class_id: int = 0
    accounts: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)

    @property
    def it(self) -> Actor:
        return self.actor(Role.IT)

    @property
    def methodologist(self) -> Actor:
        return self.actor(Role.METHODOLOGIST)

    def actor(self, role: Role) -> Actor:
        return Actor(f"the {role.value}", None, frozenset({Reach(role, self.school_id)}))

    async def open(self, code: str = "almaty5") -> "School":
        """Write the school."""
        self.school_id = await a_school(self.services, code)
        self.class_id = await add_class(self.services, SYSTEM, self.school_id, 5, "А")
        for number, name in enumerate(("student", "silent"), start=1):
            self.people[name] = await a_student(self.services, self.school_id, str(number), self.class_id)
            self.accounts[name] = await self.account(name, Role.STUDENT)
            await self.services.database.pool.execute(
                "INSERT INTO student_account (person_id, account_id) VALUES ($1, $2)",
                self.people[name],
                self.accounts[name],
            )
        self.accounts["teacher"] = await self.account("teacher", Role.TEACHER)
        await self.consent("student")
        return self

    async def account(self, name: str, role: Role) -> int:
        """Write an account with a role at the school."""
        now = self.services.clock.now()
        account = await Account.create(
            password_hash="x",
            must_change=False,
            name="Гүлнар Ахметова",
            created_at=now,
            **kept(self.services.vault, f"{name}-{self.school_id}"),
        )
        await Grant(account_id=account.id, school_id=self.school_id, role=role).save()
        return int(account.id)

    async def consent(self, name: str) -> None:
        """Note that a parent agreed to tell resources a child's name and class."""
        today = (self.services.clock.now() + timedelta(hours=5)).date()
        await give_consent(self.services, SYSTEM, self.people[name], Purpose.RESOURCE, today, "3-өтініш")

    async def session(self, name: str) -> str:
        """Sign somebody in and return the cookie's token."""
        now, token = self.services.clock.now(), f"token-of-{name}-{self.school_id}"
        digest = hashlib.sha256(token.encode()).hexdigest()
        lasts = timedelta(days=1)
        account_id = self.accounts[name]
        await SignIn.filter(token_digest=digest).delete()
        await SignIn(account_id=account_id, token_digest=digest, created_at=now, expires_at=now + lasts).save()
        return token

    async def party(
        self, *redirect_uris: str, scopes: Sequence[str] = EVERYTHING, keeps_secret: bool = True, logout: str = ""
    ) -> NewParty:
        """Set up a client, and publish a textbook for grade 5 that it opens."""
        uris = "\n".join(redirect_uris or (CALLBACK,))
        given = PartyGiven("Кітап", uris, logout, scopes, keeps_secret)
        made = await add_party(self.services, self.it, self.school_id, given)
        start = f"{(redirect_uris or (CALLBACK,))[0]}/start"
        await self.resource(Way.OIDC, start, made.id)
        return made

    async def tool(self, given: ToolGiven, target: str) -> tuple[Tool, int]:
        """Register a tool, and publish a resource for grade 5 that it opens."""
        tool = await add_tool(self.services, self.it, self.school_id, given)
        return tool, await self.resource(Way.LTI, target, tool.id)

    async def resource(self, way: Way, address: str, key: int = 0) -> int:
        """Add and publish a textbook for grade 5."""
        given = ResourceGiven("textbook", "Математика 5", "mathematics", "kk", way, address, key, (5,))
        resource_id = await add_resource(self.services, self.methodologist, self.school_id, given)
        await publish(self.services, self.methodologist, self.school_id, resource_id)
        return resource_id


class Visitor:
    """A browser without scripts: a cookie, and pages whose forms and links it follows."""

    def __init__(self, client: httpx2.AsyncClient, token: str = "") -> None:
        name = HOST_COOKIE if client.base_url.scheme == "https" else COOKIE
        self.client, self.headers = client, {**BROWSER, **({"cookie": f"{name}={token}"} if token else {})}

    async def get(self, address: str) -> httpx2.Response:
        return await self.client.get(address, headers=self.headers)

    async def send(self, address: str, **fields: str) -> httpx2.Response:
        origin = str(self.client.base_url).rstrip("/")
        return await self.client.post(address, data=fields, headers={**self.headers, "origin": origin})

    async def go_on(self, answer: httpx2.Response) -> str:
        """Go on from an authorization to where it leads outside: told what is learnt, yes, and back."""
        if answer.status_code == 200 and (query := QUERY.search(answer.text)):
            answer = await self.send("/oidc/authorize", query=unescape(query[1]), says="yes")
        if answer.status_code == 200 and (meta := META.search(answer.text)):
            answer = await self.get(unescape(meta[1]))
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])


def visitor(app: FastAPI, token: str = "", address: str = "https://esik.test") -> Visitor:
    """Return a browser that asks the application without a network between."""
    transport = httpx2.ASGITransport(app=app)
    return Visitor(httpx2.AsyncClient(transport=transport, base_url=address), token)


def sent_form(text: str) -> dict[str, str]:
    """Return the hidden fields of a page's form."""
    form = text.partition(" data-send>")[2].partition("</form>")[0]
    return {unescape(name): unescape(value) for name, value in FIELD.findall(form)}


def answered(address: str) -> dict[str, str]:
    """Return the parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
