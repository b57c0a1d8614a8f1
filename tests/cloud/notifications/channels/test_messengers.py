"""The long tail over Apprise: to the operator's addresses alone, whatever a guardian types."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cloud.core.messenger_targets import TargetRefused, TargetWrong, targets_of
from cloud.core.services import Services
from cloud.core.settings import Settings, SettingWrong
from cloud.notifications.channels.messengers import MessengerSender
from simulators.sms import serving
from tests.cloud.notifications.channels.factory import told


@dataclass(slots=True)
class Hook:
    """A program that takes what Apprise posts as JSON."""

    status: int = 200
    place: str = ""
    came: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/hook/{to}", self._take, methods=["POST"])])

    async def _take(self, request: Request) -> Response:
        self.came.append((request.path_params["to"], json.loads(await request.body())))
        return Response("", self.status)


@asynccontextmanager
async def a_hook() -> AsyncIterator[Hook]:
    """Serve such a program."""
    hook = Hook()
    async with serving(hook.app) as place:
        hook.place = place.partition("/")[0]
        yield hook


def test_an_operators_messengers_are_read_from_the_setting_with_the_one_place_after_the_host() -> None:
    targets = targets_of("Ntfy=ntfys://ntfy.example.kz/{to} Viber=json://127.0.0.1:9/hook/{to}?x=1")

    assert list(targets) == ["apprise.ntfy", "apprise.viber"]
    assert targets["apprise.ntfy"].filled("class-5A") == "ntfys://ntfy.example.kz/class-5A"
    assert "ntfy.example" not in repr(targets["apprise.ntfy"])


@pytest.mark.parametrize(
    "setting",
    [
        "ntfys://ntfy.example.kz/{to}",  # no name
        "N=ntfys://{to}/topic",  # the host would be the guardian's
        "N=ntfys://x.{to}.kz/topic",
        "N=ntfys://user:{to}@host/topic",
        "N=ntfys://host/topic",
        "N=ntfys://host/{to}/{to}",
        "N={to}://host/{to}",
        "N N=ntfys://host/{to}",
    ],
)
def test_a_setting_that_lets_a_guardian_choose_the_place_is_refused_at_the_start(setting: str) -> None:
    with pytest.raises(TargetWrong):
        targets_of(setting)
    with pytest.raises(SettingWrong, match="ESIK_APPRISE_TARGETS"):
        Settings.from_environment({"ESIK_APPRISE_TARGETS": setting})


@pytest.mark.parametrize(
    "typed", ["", "a/b", "a?b", "../x", "a@b", "a:1", "a b", "%2f", "#", "я", "x" * 65, "127.0.0.1", "a\n"]
)
def test_nothing_that_a_guardian_types_leads_elsewhere(typed: str) -> None:
    (target,) = targets_of("Ntfy=ntfys://ntfy.example.kz/{to}").values()

    with pytest.raises(TargetRefused):
        target.filled(typed)


async def test_a_notice_comes_to_a_program_as_apprise_posts_it(services: Services) -> None:
    async with a_hook() as hook:
        (target,) = targets_of(f"Hook=json://{hook.place}/hook/{{to}}").values()
        sender = MessengerSender(target)
        async with told(services, sender) as school:
            parent = await school.parent(0, channels=())
            await school.address(parent, sender.name, "my-topic")

            await school.happened()
            hook.status = 500
            await school.happened()

    (to, posted), _ = hook.came
    assert to == "my-topic"
    assert posted["title"] != ""
    assert "500" in posted["message"]
    assert "https://esik.test/notices" in posted["message"]
    assert await states(services) == ["sent", "failed"]


async def test_a_scheme_that_apprise_does_not_know_is_refused_and_raises_nothing(services: Services) -> None:
    (target,) = targets_of("Odd=nosuchscheme://host/{to}").values()
    sender = MessengerSender(target)
    async with told(services, sender) as school:
        parent = await school.parent(0, channels=())
        await school.address(parent, sender.name, "x")

        await school.happened()

        assert await school.states() == [("apprise.odd", "dead", "apprise_address")]


async def states(services: Services) -> list[str]:
    """Return the states of all deliveries."""
    return [row["state"] for row in await services.database.pool.fetch("SELECT state FROM delivery ORDER BY id")]
