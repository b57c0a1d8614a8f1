"""From an empty agent to its first tap by a printed QR code alone, and a broken reader replaced by another code.

The cloud's pages, mosquitto with mutual TLS, the agent's own program, Chromium and the QR decoder are real; readers are
named pipes. Nothing secret is typed: the code goes from the picture into the page, as a scanner types it.
"""

import asyncio
import contextlib
import json
import os
import stat
import sys
import time
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import pytest
from playwright.async_api import BrowserContext, expect

from cloud.accounts.actions import add_account, change_password
from cloud.app import create_app, serve
from cloud.brokers import mosquitto as broker_files
from cloud.brokers.mosquitto import MosquittoPlace
from cloud.cards.actions import give_card
from cloud.core.actor import Actor, Reach, Role
from cloud.core.clock import SystemClock
from cloud.core.services import Services
from cloud.core.settings import Mfa
from cloud.devices.actions import NewGate, add_gate
from cloud.devices.ca import init
from cloud.devices.invitations import Wanted, invite
from cloud.people.actions import give_consent
from cloud.people.kinds import Purpose
from cloud.worker import Worker
from edge_agent.clock import SystemClock as AgentClock
from edge_agent.enrolling import Enrolling, Place
from firmware.tools.enrolling import EnrolmentRefused
from schemas.enrolment import read_code
from tests.cloud.people.factory import a_student
from tests.cloud.schools.factory import SYSTEM, a_school
from tests.contract.test_renewing import LISTENER
from tests.servers.chromium import chromium
from tests.servers.mosquitto import mosquitto
from tests.servers.process import Server, answers, free_port
from tests.servers.qr import read_qr

ESIK = "import sys; from esik.cli import main; sys.exit(main(sys.argv[1:]))"
UID = "04A1B2C3D4E5F6"
LOGIN, PASSWORD = "it@almaty5.kz", "қар жауды таң атты"
ENROLMENT_S_MAX = 60.0
SETTINGS = """
bundle = "bundle.json"
folder = "kept"
readers = [{ name = "in", driver = "line", path = "READER" }]
status = { port = PORT }
log = { format = "text" }
[[gates]]
id = "*"
readers = [{ name = "in", direction = "in" }]
actuator = { kind = "none" }
"""


@pytest.fixture(name="clock")
def _clock() -> SystemClock:
    """Let the cloud go by the real time, as the agent does."""
    return SystemClock()


@dataclass(slots=True)
class Machine:
    """A machine fresh from the box: the program, the settings that every machine has, no bundle."""

    folder: Path
    port: int = field(default_factory=free_port)
    server: Server = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        os.mkfifo(self.folder / "reader")
        text = SETTINGS.replace("READER", str(self.folder / "reader")).replace("PORT", str(self.port))
        (self.folder / "agent.toml").write_text(text)
        command = [sys.executable, "-c", ESIK, "edge", "run", "--config", str(self.folder / "agent.toml")]
        self.server = Server(command, self.folder / "log", lambda: answers(self.port))

    @property
    def first_page(self) -> str:
        return f"http://127.0.0.1:{self.port}/?lang=en"

    async def health(self) -> dict[str, Any]:
        async with httpx2.AsyncClient(trust_env=False) as client:
            try:
                told: dict[str, Any] = (await client.get(f"http://127.0.0.1:{self.port}/health")).json()
            except httpx2.HTTPError:
                return {}
        return told

    async def until(self, **wanted: object) -> None:
        deadline = time.monotonic() + 30
        while not wanted.items() <= (told := await self.health()).items():
            assert time.monotonic() < deadline, f"{told}\n{self.log()}"
            await asyncio.sleep(0.05)

    async def until_roster(self) -> None:
        """Wait until the agent has its school's first roster."""
        deadline = time.monotonic() + 20
        while not (await self.health()).get("roster"):
            assert time.monotonic() < deadline, self.log()
            await asyncio.sleep(0.05)

    async def shown(self, text: str) -> None:
        """Send a code to the first page, as its form does; the agent starts then."""
        async with httpx2.AsyncClient(trust_env=False, timeout=30.0) as client:
            await client.post(self.first_page, data={"code": text})

    def tap(self) -> None:
        descriptor = os.open(self.folder / "reader", os.O_WRONLY | os.O_NONBLOCK)
        with os.fdopen(descriptor, "wb") as pipe:
            pipe.write(UID.encode() + b"\n")

    def log(self) -> str:
        return (self.folder / "log").read_text()


@dataclass(slots=True)
class School:
    """The running cloud with one school."""

    services: Services
    school_id: int
    folder: Path

    @property
    def url(self) -> str:
        return self.services.settings.public_url

    async def code(self) -> str:
        """Return the text of a code for the main door."""
        return (await invite(self.services, SYSTEM, self.school_id, Wanted(["main"]))).code.text()

    async def decisions(self) -> list[tuple[str, str, str]]:
        """Return device, reason and gate of every decision that is committed."""
        rows = await self.services.database.pool.fetch(
            "SELECT device, record FROM record WHERE kind = 'decision' ORDER BY position"
        )
        told = [(row["device"], json.loads(row["record"])) for row in rows]
        return [(device, record["w"], record["g"]) for device, record in told]

    async def until_decided(self, *wanted: tuple[str, str, str]) -> None:
        deadline = time.monotonic() + 20
        while (found := await self.decisions()) != list(wanted):
            assert time.monotonic() < deadline, found
            await asyncio.sleep(0.05)

    async def alarms(self) -> set[tuple[str, str]]:
        """Return device and kind of every alarm of the school."""
        rows = await self.services.database.pool.fetch(
            "SELECT device, kind FROM alarm WHERE school_id = $1", self.school_id
        )
        return {(row["device"], row["kind"]) for row in rows}


@dataclass(slots=True)
class Desk:
    """The school's IT at a browser."""

    school: School
    context: BrowserContext

    async def printed(self) -> bytes:
        """Sign in, choose the main door, and return the picture of its code on the sheet."""
        page = await self.context.new_page()
        await page.goto(f"{self.school.url}/sign-in")
        await page.locator("input[name=login]").fill(LOGIN)
        await page.locator("input[name=password]").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("link", name="By a code to scan").first.click()
        await page.locator("input[name=door]").check()
        await page.get_by_role("button", name="Make codes and show the sheet").click()
        await page.emulate_media(media="print")
        return await page.locator(".code-card .qr").screenshot()

    async def scanned(self, text: str, machine: Machine) -> None:
        """Type a code into the first page of a machine, as a scanner does."""
        page = await self.context.new_page()
        await page.goto(machine.first_page)
        await expect(page.locator("[autofocus]")).to_be_focused()  # what comes before it is lost
        await page.keyboard.type(text)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading")).to_contain_text("Done", timeout=20_000)
        await page.close()


@pytest.fixture(name="school")
async def _school(services: Services, tmp_path: Path) -> AsyncIterator[School]:
    port, http_port, now = free_port(), free_port(), services.clock.now()
    settings = replace(
        services.settings, http_port=http_port, public_url=f"http://127.0.0.1:{http_port}",
        device_mqtt_url=f"mqtts://localhost:{port}", mfa=Mfa.OPTIONAL,
    )  # fmt: skip
    services = replace(services, settings=settings)
    init(settings.data / "ca", services.vault, now)
    school_id = await a_school(services)
    await add_gate(services, SYSTEM, school_id, NewGate("main", "Басты кіреберіс", "Главный вход", "Main entrance"))
    student = await a_student(services, school_id)
    await give_consent(services, SYSTEM, student, Purpose.CARD, now.date(), "paper of today")
    await give_card(services, SYSTEM, student, UID)
    made = await add_account(services, SYSTEM, LOGIN, "Данияр Ким", Reach(Role.IT, school_id))
    await change_password(services, Actor(LOGIN, made.account_id), made.password, PASSWORD)
    place = MosquittoPlace(tmp_path / "broker", port, ("localhost",))
    files = await broker_files.write(services, place, now)
    listener = [
        line for line in (place.folder / "mosquitto.conf").read_text().splitlines() if line.startswith(LISTENER)
    ]
    settings = replace(
        settings, mqtt_url=settings.device_mqtt_url, mqtt_ca=settings.data / "ca" / "root.pem",
        mqtt_certificate=files.ingest_certificate, mqtt_key=files.ingest_key,
    )  # fmt: skip
    services = replace(services, settings=settings)
    with mosquitto(listener, port):
        async with running(serve(create_app(services))), running(Worker(services).run()):
            yield School(services, school_id, tmp_path)


@contextlib.asynccontextmanager
async def running(program: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Run a program until the end of the block."""
    task = asyncio.create_task(program)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@contextlib.asynccontextmanager
async def switched_on(machine: Machine) -> AsyncIterator[Machine]:
    await asyncio.to_thread(machine.server.start)
    try:
        yield machine
    finally:
        await asyncio.to_thread(machine.server.stop)


@pytest.mark.requirement("KZ456-11")
async def test_an_agent_from_the_box_enrols_by_the_printed_code_alone_and_its_first_tap_arrives(school: School) -> None:
    async with chromium() as browser, switched_on(Machine(school.folder / "agent")) as machine:
        desk = Desk(school, await browser.new_context(reduced_motion="reduce", locale="en-US"))
        await machine.until(status="not_enrolled")
        began = time.monotonic()

        text = read_qr(await desk.printed(), school.folder)
        await desk.scanned(text, machine)
        await machine.until(device="almaty5-main", link="flowing")
        await machine.until_roster()
        machine.tap()
        await school.until_decided(("almaty5-main", "ok", "main"))

        took_s = time.monotonic() - began
        bundle = machine.folder / "bundle.json"
        assert took_s < ENROLMENT_S_MAX
        assert stat.S_IMODE(bundle.stat().st_mode) == 0o600
        assert json.loads(bundle.read_text())["gates"] == ["main"]
        for secret in (text, text.rpartition(";")[2], json.loads(bundle.read_text())["secret"]):
            assert secret not in machine.log()


@pytest.mark.requirement("KZ456-5.20")
async def test_a_broken_reader_is_replaced_by_scanning_its_doors_new_code_and_what_is_tried_with_the_old_is_alarmed(
    school: School,
) -> None:
    async with switched_on(Machine(school.folder / "old")) as old, switched_on(Machine(school.folder / "new")) as new:
        text = await school.code()
        await old.shown(text)
        await old.until(device="almaty5-main", link="flowing")

        await new.shown(await school.code())
        await new.until(device="almaty5-main-2", link="flowing")
        await new.until_roster()
        new.tap()
        await school.until_decided(("almaty5-main-2", "ok", "main"))
        old.tap()
        await old.until(link="refused")
        thief = Place(school.folder / "thief" / "bundle.json", school.folder / "thief" / "kept", "0.1.0", "test")
        with pytest.raises(EnrolmentRefused, match="Another device used this code already"):
            await Enrolling(read_code(text), thief, AgentClock(), Random(1)).enrol()

        assert await school.decisions() == [("almaty5-main-2", "ok", "main")]
        assert await school.alarms() >= {("almaty5-main", "device_revoked"), ("almaty5-main", "code_used")}
