"""A tool made with PyLTI1p3 believes what this platform says, and sends results back; what is forged it refuses."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import RSAKey
from pylti1p3.cookie import CookieService
from pylti1p3.exception import LtiException
from pylti1p3.grade import Grade
from pylti1p3.message_launch import MessageLaunch
from pylti1p3.oidc_login import OIDCLogin
from pylti1p3.redirect import Redirect
from pylti1p3.request import Request
from pylti1p3.session import SessionService
from pylti1p3.tool_config.dict import ToolConfDict
from typing_extensions import override

from cloud.core.services import Services
from cloud.signon.tools import Tool, ToolGiven
from tests.cloud.signon.factory import EVERYTHING, School, Visitor, sent_form
from tests.cloud.signon.served import browsing, serving

LAUNCH = "http://127.0.0.1:1/launch"
SENT_AT, EARLIER = "2026-11-29T10:00:00+05:00", "2026-11-29T09:00:00+05:00"


@dataclass
class Asked(Request):
    """A request as the library reads it; what it keeps is the browser's session with the tool."""

    given: dict[str, str]
    kept: dict[str, Any]

    @property
    @override
    def session(self) -> dict[str, Any]:
        return self.kept

    @override
    def is_secure(self) -> bool:
        return False

    @override
    def get_param(self, key: str) -> str:
        return self.given.get(key, "")


@dataclass
class Cookies(CookieService):
    """The browser's cookies with the tool."""

    kept: dict[str, Any]

    @override
    def get_cookie(self, name: str) -> str | None:
        return self.kept.get(f"cookie {name}")

    @override
    def set_cookie(self, name: str, value: str | int, exp: int | None = 3600) -> None:
        self.kept[f"cookie {name}"] = value


class Launching(MessageLaunch[Any, Any, Any, Any]):
    """A launch as the library checks it."""

    @override
    def _get_request_param(self, key: str) -> str:
        return str(self._request.get_param(key))


class Login(OIDCLogin[Any, Any, Any, Any, Any]):
    """A login as the library begins it; where it leads is asked for, and nothing is redirected."""

    @override
    def get_redirect(self, url: str) -> Redirect[Any]:
        raise NotImplementedError


@dataclass
class ToolSide:
    """The tool and one browser's session with it."""

    config: ToolConfDict
    kept: dict[str, Any] = field(default_factory=dict)

    def login(self, address: str) -> str:
        """Return where the tool sends a browser that begins to sign in."""
        asked = Asked(dict(parse_qsl(urlsplit(address).query)), self.kept)
        login = Login(asked, self.config, SessionService(asked), Cookies(self.kept))
        return login._prepare_redirect_url(LAUNCH)

    def launched(self, fields: dict[str, str]) -> MessageLaunch[Any, Any, Any, Any]:
        """Return a launch that the library believes. Raises LtiException."""
        asked = Asked(fields, self.kept)
        return Launching(asked, self.config, SessionService(asked), Cookies(self.kept)).validate()


@contextlib.asynccontextmanager
async def keys_served(key: rsa.RSAPrivateKey) -> AsyncIterator[str]:
    """Serve a tool's public keys, and return their address."""
    public = {**RSAKey.import_key(key.public_key()).as_dict(private=False), "kid": "tool", "alg": "RS256", "use": "sig"}
    public["kid"] = RSAKey.import_key(key.public_key()).thumbprint()
    body = json.dumps({"keys": [public]}).encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = (
            f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n"
        )
        writer.write(head.encode() + b"\r\n" + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/keys"


def config_of(issuer: str, tool: Tool, key: rsa.RSAPrivateKey) -> ToolConfDict:
    """Return the tool's settings about this platform."""
    config = ToolConfDict(
        {
            issuer: [
                {
                    "default": True, "client_id": tool.client_id, "auth_login_url": f"{issuer}/lti/authorize",
                    "auth_token_url": f"{issuer}/lti/token", "key_set_url": f"{issuer}/oidc/keys", "key_set": None,
                    "deployment_ids": [tool.deployment_id],
                }
            ]
        }
    )  # fmt: skip
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public = (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
    config.set_private_key(issuer, pem, client_id=tool.client_id)
    config.set_public_key(issuer, public, client_id=tool.client_id)
    return config


@pytest.mark.requirement("KZ456-33-1.13")
async def test_a_teachers_and_a_students_launch_are_believed_and_a_result_comes_back(
    services: Services, school: School
) -> None:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    async with serving(services) as here, keys_served(key) as keys:
        there = replace(school, services=here)
        given = ToolGiven("Есептер", LAUNCH, LAUNCH, keys, EVERYTHING, ("members", "grades"))
        tool, resource_id = await there.tool(given, LAUNCH)
        side = ToolSide(config_of(here.settings.public_url, tool, key))
        async with browsing(here, await there.session("teacher")) as browser:
            teacher = await _launched(side, browser, resource_id)
            assert teacher.check_teacher_access()
            assert not teacher.check_student_access()
        async with browsing(here, await there.session("student")) as browser:
            student = await _launched(side, browser, resource_id)
            assert student.check_student_access()
            await _refuses_what_is_forged(side, browser, resource_id)
        subject = student.get_launch_data()["sub"]
        await asyncio.to_thread(_asks_and_sends, student, subject)
        kept = await here.database.pool.fetchrow("SELECT given, score_max, person_id FROM lti_score")
        assert (kept["given"], kept["score_max"], kept["person_id"]) == (8, 10, school.people["student"])


async def _sent(side: ToolSide, browser: Visitor, resource_id: int) -> dict[str, str]:
    click = await browser.get(f"/resources/{resource_id}/launch/0")
    page = await browser.get(side.login(click.headers["location"]))
    return sent_form(page.text)


async def _launched(side: ToolSide, browser: Visitor, resource_id: int) -> MessageLaunch[Any, Any, Any, Any]:
    fields = await _sent(side, browser, resource_id)
    return await asyncio.to_thread(side.launched, fields)


async def _refuses_what_is_forged(side: ToolSide, browser: Visitor, resource_id: int) -> None:
    """Bring a launch into another browser, which kept another nonce and another state."""
    fields = await _sent(side, browser, resource_id)
    elsewhere = ToolSide(side.config)
    with pytest.raises(LtiException, match="State not found"):
        await asyncio.to_thread(elsewhere.launched, fields)
    elsewhere.kept[f"cookie {fields['state']}"] = fields["state"]
    with pytest.raises(LtiException, match="Invalid Nonce"):
        await asyncio.to_thread(elsewhere.launched, fields)


def _asks_and_sends(launch: MessageLaunch[Any, Any, Any, Any], subject: str) -> None:
    members = launch.get_nrps().get_members()
    assert {member["user_id"]: member.get("name") for member in members}[subject] == "Әліби Айгерім"
    grades = launch.get_ags()
    grade = Grade().set_score_given(8).set_score_maximum(10).set_user_id(subject).set_timestamp(SENT_AT)
    grades.put_grade(grade.set_activity_progress("Completed").set_grading_progress("FullyGraded"))
    assert [each["resultScore"] for each in grades.get_grades()] == [8]
    with pytest.raises(LtiException):
        grades.put_grade(grade.set_score_given(1).set_timestamp(EARLIER))
