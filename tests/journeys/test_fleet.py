"""The fleet from end to end: a command from the page to the turnstile and back, and security events on one list.

The turnstile is simulated; everything else is the product's own, the agent as a process.
"""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from random import Random

import httpx2
import pytest

from cloud.accounts.actions import add_account
from cloud.app import create_app, serve
from cloud.core.actor import Reach, Role
from cloud.core.clock import SystemClock
from cloud.core.services import Services
from cloud.devices.actions import NewDevice, NewGate
from cloud.rosters.bundles import add_device
from cloud.worker import Worker
from schemas import topics
from simulators.turnstile import Mechanics, TurnstileServer
from tests.cloud.ingest.rows import eventually
from tests.cloud.schools.factory import SYSTEM, a_school
from tests.contract.wiretap import Wiretap
from tests.edge_agent.school_kit import AgentKit
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import free_port

NAME = "almaty5-gate-1"
PAGE = f"/schools/almaty5/device/{NAME}"
TOKEN = "token-of-it"
START_S = 20


@pytest.fixture(name="clock")
def _clock() -> SystemClock:
    return SystemClock()


@dataclass(slots=True)
class Line:
    """Everything from the page to the turnstile."""

    services: Services
    turnstile: Mechanics
    agent: AgentKit
    http: httpx2.AsyncClient
    topic: str  # of the device's commands

    async def command(self, action: str, reason: str = "") -> HTTPStatus:
        """Give a command by the page's own form."""
        form = {"action": action, "gate": "main" if reason else "", "reason": reason}
        return HTTPStatus((await self.http.post(f"{PAGE}/commands", data=form)).status_code)

    async def page(self) -> str:
        return (await self.http.get(PAGE)).text

    async def online(self) -> None:
        await eventually(lambda: self.services.database.pool.fetchval("SELECT is_online FROM device"), START_S)


@pytest.fixture(name="line")
async def _line(services: Services, mosquitto_server: Mosquitto, tmp_path: Path) -> AsyncIterator[Line]:
    """Run the cloud on a real broker, and an agent with a gate that opens a simulated turnstile."""
    port, broker = free_port(), f"mqtt://127.0.0.1:{mosquitto_server.port}"
    address = f"http://127.0.0.1:{port}"
    settings = replace(services.settings, http_port=port, public_url=address, device_mqtt_url=broker, mqtt_url=broker)
    services = replace(services, settings=settings)
    bundle = await _school(services)
    machine = TurnstileServer(Mechanics(Random(1)))
    agent = _agent(tmp_path / NAME, bundle, await machine.start())
    tasks = [asyncio.create_task(serve(create_app(services))), asyncio.create_task(Worker(services).run())]
    cookie = {"cookie": f"esik_session={TOKEN}", "origin": address, "accept": "text/html", "accept-language": "en"}
    try:
        async with httpx2.AsyncClient(base_url=address, headers=cookie, trust_env=False) as http:
            topic = topics.topic(int(str(bundle["shard"])), "almaty5", NAME, topics.CMD)
            agent.server.start()
            line = Line(services, machine.mechanics, agent, http, topic)
            await line.online()
            yield line
    finally:
        agent.server.stop()
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await machine.stop()


async def _school(services: Services) -> dict[str, object]:
    """Make a school with its IT, signed in, and a device; return the device's bundle."""
    school_id, now = await a_school(services), services.clock.now()
    account = await add_account(services, SYSTEM, "daniyar", "Данияр Ким", Reach(Role.IT, school_id))
    pool = services.database.pool
    await pool.execute("UPDATE account SET must_change = false")
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    await pool.execute(
        "INSERT INTO sign_in (account_id, token_digest, created_at, expires_at) VALUES ($1, $2, $3, $4)",
        account.account_id, digest, now, now + timedelta(days=1),
    )  # fmt: skip
    new = NewDevice(NAME, (NewGate("main", "Есік", "Вход", "Main door"),))
    made: dict[str, object] = json.loads(await add_device(services, SYSTEM, "almaty5", new))
    return made


def _agent(folder: Path, bundle: dict[str, object], port: int) -> AgentKit:
    folder.mkdir()
    (folder / "bundle.json").write_text(json.dumps(bundle))
    (folder / "bundle.json").chmod(0o600)
    agent = AgentKit(folder, ["main"])
    agent.write_settings(f'{{ kind = "simulated", port = {port} }}')
    return agent


async def test_a_gate_opens_once_by_a_command_and_a_recorded_one_opens_nothing(
    line: Line, mosquitto_server: Mosquitto
) -> None:
    pool = line.services.database.pool
    assert await line.command("open_once") is HTTPStatus.UNPROCESSABLE_ENTITY  # without a reason
    async with Wiretap(mosquitto_server.port).listening(line.topic) as wiretap:
        assert await line.command("open_once", "a class came late") is HTTPStatus.SEE_OTHER
        await eventually(lambda: pool.fetchval("SELECT outcome = 'done' FROM device_command"))

        assert line.turnstile.opened == 1
        page = await line.page()
        assert "Open once" in page
        assert "a class came late" in page
        assert "Done" in page

        await wiretap.say(*wiretap.heard[0])
        line.agent.server.kill()
        await eventually(lambda: pool.fetchval("SELECT NOT is_online FROM device"), START_S)
        line.agent.server.start()
        await line.online()
        await wiretap.say(*wiretap.heard[0])

        assert await line.command("report") is HTTPStatus.SEE_OTHER
        await eventually(lambda: pool.fetchval("SELECT bool_and(outcome = 'done') FROM device_command"))

    assert line.turnstile.opened == 1
    assert [record["do"] for record in line.agent.records("command")][-1] == "report"
    audited = await pool.fetch("SELECT actor, detail FROM audit_entry WHERE verb = 'device.commanded' ORDER BY id")
    assert [row["actor"] for row in audited] == ["Данияр Ким"] * 2
    assert "a class came late" in audited[0]["detail"]


async def test_a_command_waits_for_a_device_that_restarts_but_not_longer_than_it_makes_sense(line: Line) -> None:
    pool = line.services.database.pool
    line.agent.server.stop()
    await eventually(lambda: pool.fetchval("SELECT NOT is_online FROM device"), START_S)
    assert await line.command("open_once", "late") is HTTPStatus.SEE_OTHER
    await pool.execute("UPDATE device_command SET expires_at = asked_at")
    assert await line.command("roster") is HTTPStatus.SEE_OTHER
    line.agent.server.start()

    await eventually(lambda: pool.fetchval("SELECT outcome = 'done' FROM device_command WHERE action = 'roster'"), 20)

    assert line.turnstile.opened == 0
    page = await line.page()
    assert ("No answer in time" in page) or ("Not sent" in page)


@pytest.mark.requirement("KZ456-5.20")
async def test_security_events_of_network_server_and_device_are_collected_in_one_list_and_looked_into(
    line: Line, mosquitto_server: Mosquitto
) -> None:
    pool = line.services.database.pool
    records = line.topic.removesuffix(topics.CMD) + topics.REC
    async with Wiretap(mosquitto_server.port).listening(line.topic, records) as wiretap:
        await wiretap.say(line.topic, b"0" * 32 + b"\n{}")  # in the cloud's name, which the device tells by a record
        await eventually(lambda: pool.fetchval("SELECT count(*) = 1 FROM alarm"), START_S)
        await wiretap.say(records, b"0" * 32 + b"\n{}")  # in the device's name, without its key
        await eventually(lambda: pool.fetchval("SELECT count(*) = 2 FROM alarm"), START_S)

    page = (await line.http.get("/schools/almaty5/alarms")).text
    ids = [str(row["id"]) for row in await pool.fetch("SELECT id FROM alarm")]
    answer = await line.http.post("/schools/almaty5/alarms/acknowledge", data={"ids": ",".join(ids)})
    after = (await line.http.get("/schools/almaty5/alarms")).text

    assert "Message with a wrong seal" in page
    assert "Forged answer at the device" in page
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert "No open alarms" in after
    verbs = [row["verb"] for row in await pool.fetch("SELECT verb FROM audit_entry WHERE actor = 'Данияр Ким'")]
    assert verbs == ["alarm.acknowledged"] * 2
