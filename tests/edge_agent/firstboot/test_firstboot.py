"""The first page takes a code however it comes, says what became of it in three languages, and starts the agent."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from random import Random

import httpx2
import pytest
from starlette.testclient import TestClient

from edge_agent.bundle import Bundle
from edge_agent.clock import SystemClock
from edge_agent.firstboot.app import FORM_BYTES_MAX, create_first_app
from edge_agent.firstboot.desk import _LATIN_KEYS, _RUSSIAN_KEYS, FirstDesk, Phase, Standing, accepted
from edge_agent.firstboot.running import Beginning, first_boot
from edge_agent.firstboot.texts import TEXTS, sentence
from edge_agent.settings import load
from edge_agent.systemd import Notifier
from firmware.tools.enrolling import FOREIGN, EnrolmentRefused
from schemas.enrolment import Code, CodeRefused
from tests.edge_agent.issuing import Issuing
from tests.servers.process import free_port
from tests.waiting import until_async

CODE = Code("https://esik.example", "ab" * 16, "almaty5", ("main",), "almaty5-main", bytes(range(16)))
HERE = "http://127.0.0.1:8450"
REASONS = (
    "no_code", "damaged", "unsafe", "gate_foreign", "unreachable", "pin_wrong", "unusable", "unwritten", "busy",
    "failed",
)  # fmt: skip


class Asked:
    """The cloud's part: what it was asked with, and what it says."""

    def __init__(self, folder: Path, reason: str = "") -> None:
        self.bundle = Issuing.begin(folder / "ca").bundle("almaty5-main")
        self.reason = reason
        self.codes: list[Code] = []
        self.may_answer = asyncio.Event()

    async def ask(self, code: Code) -> Bundle:
        self.codes.append(code)
        await self.may_answer.wait()
        if self.reason:
            raise EnrolmentRefused(self.reason, "because")
        return self.bundle


@pytest.fixture(name="asked")
def _asked(tmp_path: Path) -> Asked:
    return Asked(tmp_path)


def pages(asked: Asked, gates: Sequence[str] = ("main",)) -> TestClient:
    asked.may_answer.set()
    return TestClient(create_first_app(FirstDesk(gates, asked.ask)), base_url=HERE)


def test_a_code_that_was_pasted_enrols_the_agent_and_the_page_says_who_it_is(asked: Asked) -> None:
    with pages(asked) as client:
        answer = client.post("/?lang=en", data={"code": f" {CODE.text()}\r\n"})

        assert answer.history[0].status_code == 303
        assert "The device is enrolled: <strong>almaty5-main</strong>" in answer.text
        assert client.get("/health").json()["enrolment"] == "enrolled"
    assert CODE.token.hex() not in answer.text + str(answer.url)
    assert [code.token for code in asked.codes] == [CODE.token]


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("reason", [*REASONS, *FOREIGN, "refused", "something_new"])
def test_every_refusal_is_said_in_every_language(asked: Asked, language: str, reason: str) -> None:
    asked.reason = reason
    with pages(asked) as client:
        answer = client.post(f"/?lang={language}", data={"code": CODE.text()})

    told = TEXTS[language][sentence(reason)]  # type: ignore[index]
    assert f'<html lang="{language}">' in answer.text
    assert f'<p role="alert">{told}</p>' in answer.text.replace("&#39;", "'")


def test_every_text_stands_in_every_language_and_none_was_left_in_english() -> None:
    assert TEXTS["kk"].keys() == TEXTS["ru"].keys() == TEXTS["en"].keys()
    for key, english in TEXTS["en"].items():
        assert TEXTS["kk"][key] not in {english, TEXTS["ru"][key]} or key == "code", key
        assert TEXTS["ru"][key] != english, key


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"content-length": str(FORM_BYTES_MAX + 1)},
    ],
)
def test_a_page_from_elsewhere_cannot_send_a_code_nor_anybody_a_long_one(asked: Asked, headers: dict[str, str]) -> None:
    with pages(asked) as client:
        answer = client.post("/", data={"code": CODE.text()}, headers=headers)

        assert answer.status_code == 403
        assert client.get("/health").json()["enrolment"] == "waiting"
    assert asked.codes == []


def test_on_loopback_the_page_answers_to_the_machines_own_names_only(asked: Asked) -> None:
    with pages(asked) as client:
        assert client.get("/", headers={"host": "evil.example"}).status_code == 400
        page = client.get("/")

    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "same-origin"
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("gates", [("main",), ("*",)])
def test_a_code_is_for_the_doors_of_the_settings(gates: tuple[str, ...]) -> None:
    assert accepted(CODE.text(), gates).device == "almaty5-main"


@pytest.mark.parametrize(
    ("gates", "doors"), [(("yard",), ("main",)), (("main", "yard"), ("main",)), (("*",), ("a", "b"))]
)
def test_another_doors_code_is_refused_before_the_cloud_hears_of_it(
    gates: tuple[str, ...], doors: tuple[str, ...]
) -> None:
    code = Code(CODE.url, CODE.pin, CODE.school, doors, CODE.device, CODE.token)

    with pytest.raises(CodeRefused) as refused:
        accepted(code.text(), gates)

    assert refused.value.reason == "gate_foreign"


def test_a_scanner_that_types_on_a_russian_keyboard_is_understood() -> None:
    typed = CODE.text().translate(str.maketrans(_LATIN_KEYS, _RUSSIAN_KEYS))

    assert typed.startswith("УЫШЛ1ж")
    assert accepted(typed, ["main"]).token == CODE.token


async def test_one_code_is_asked_for_at_a_time(asked: Asked) -> None:
    desk = FirstDesk(["main"], asked.ask)
    first = asyncio.create_task(desk.take(CODE.text()))
    await until_async(lambda: asked.codes, what="the question")

    second = await desk.take(CODE.text())
    asked.may_answer.set()

    assert second.phase is Phase.ASKING
    assert (await first).phase is Phase.ENROLLED
    assert (await desk.take(CODE.text())).phase is Phase.ENROLLED
    assert len(asked.codes) == 1


async def test_a_failure_that_nobody_thought_of_is_a_refusal_and_the_next_code_is_taken(asked: Asked) -> None:
    failures = [RuntimeError("of a library")]

    async def ask(code: Code) -> Bundle:
        if failures:
            raise failures.pop()
        return await asked.ask(code)

    asked.may_answer.set()
    desk = FirstDesk(["main"], ask)

    assert await desk.take(CODE.text()) == Standing(Phase.REFUSED, "failed")
    assert (await desk.take(CODE.text())).phase is Phase.ENROLLED


SETTINGS = """
bundle = "bundle.json"
folder = "kept"
readers = [{ name = "codes", driver = "replay", path = "TAPS", medium = "qr" }]
status = { port = PORT }
[[gates]]
id = "main"
readers = [{ name = "codes", direction = "in" }]
actuator = { kind = "none" }
"""


ODD = Code("https://\u200b", CODE.pin, CODE.school, CODE.gates, CODE.device, CODE.token)  # a name that IDNA refuses


@pytest.mark.parametrize(("code", "reason"), [(f"{CODE.text()}x", "damaged"), (ODD.text(), "unreachable")])
async def test_a_code_shown_to_the_gates_own_scanner_is_taken_while_the_page_says_so(
    tmp_path: Path, code: str, reason: str
) -> None:
    taps, port = tmp_path / "taps", free_port()
    (tmp_path / "agent.toml").write_text(SETTINGS.replace("TAPS", str(taps)).replace("PORT", str(port)))
    taps.write_text(f'{{"at_ms": 0, "credential": "{code}", "medium": "qr"}}\n')
    given = Beginning(load(tmp_path / "agent.toml"), "0.1.0", "test", SystemClock(), Random(1), Notifier(""))
    stop = asyncio.Event()
    waiting = asyncio.create_task(first_boot(given, stop))
    told: dict[str, str] = {}

    async def look() -> None:
        async with httpx2.AsyncClient() as client:
            while told.get("enrolment") != "refused":
                try:
                    told.update((await client.get(f"http://127.0.0.1:{port}/health")).json())
                except httpx2.ConnectError:
                    await asyncio.sleep(0.02)

    await asyncio.wait_for(look(), 30)
    stop.set()

    assert await waiting is False
    assert told == {"status": "not_enrolled", "enrolment": "refused", "reason": reason}
