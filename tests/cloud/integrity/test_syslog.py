"""Security events go to a real rsyslog, each once, also after the line broke; what it keeps is what was told."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from cloud.accounts.actions import audit
from cloud.core.clock import SystemClock
from cloud.core.services import Services
from cloud.devices.alarms import note_alarm
from cloud.integrity.syslog import forward
from tests.cloud.ingest.rows import eventually
from tests.cloud.schools.factory import SYSTEM, a_school
from tests.servers.process import Server, answers, free_port, program
from tests.waiting import until_async

CONFIGURATION = """
module(load="imtcp")
template(name="parsed" type="list") {{
  constant(value="{{") property(name="pri" format="jsonf" outname="pri")
  constant(value=",") property(name="app-name" format="jsonf" outname="app")
  constant(value=",") property(name="hostname" format="jsonf" outname="host")
  constant(value=",") property(name="msgid" format="jsonf" outname="msgid")
  constant(value=",") property(name="protocol-version" format="jsonf" outname="version")
  constant(value=",") property(name="msg" format="jsonf" outname="msg") constant(value="}}\\n")
}}
input(type="imtcp" address="127.0.0.1" port="{port}" ruleset="kept")
ruleset(name="kept") {{ action(type="omfile" file="{file}" template="parsed" asyncWriting="off" flushOnTXEnd="on") }}
"""


@pytest.fixture(name="clock")
def _clock() -> SystemClock:
    return SystemClock()


@dataclass(slots=True)
class Collector:
    """A running rsyslog and what it has kept."""

    port: int
    file: Path
    server: Server

    def kept(self) -> list[dict[str, str]]:
        """Return the messages as rsyslog parsed them."""
        return [json.loads(line) for line in self.file.read_text().splitlines()] if self.file.exists() else []


@pytest.fixture(name="collector")
def _collector(tmp_path: Path) -> Iterator[Collector]:
    port = free_port()
    configuration, file = tmp_path / "rsyslog.conf", tmp_path / "events.jsonl"
    configuration.write_text(CONFIGURATION.format(port=port, file=file))
    command = [str(program("rsyslogd", "rsyslog")), "-n", "-f", str(configuration), "-i", str(tmp_path / "pid")]
    server = Server(command, tmp_path / "log", lambda: answers(port))
    server.start()
    yield Collector(port, file, server)
    server.stop()


@asynccontextmanager
async def forwarding(services: Services, port: int) -> AsyncIterator[None]:
    settings = replace(services.settings, syslog_url=f"tcp://127.0.0.1:{port}")
    task = asyncio.create_task(forward(replace(services, settings=settings), lambda: True))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def deed(services: Services, school_id: int, subject: str) -> None:
    async with services.database.transaction() as connection:
        detail = {"words": 'қазақша, тырнақша " және\nжол'}
        await audit(connection, SYSTEM, "device.revoked", subject, detail, school_id=school_id, at=services.clock.now())


async def has_noted(services: Services, count: int) -> bool:
    told = await services.database.pool.fetchval("SELECT told FROM syslog_cursor")
    return told is not None and len(json.loads(told)) == count


@pytest.mark.requirement("KZ456-5.20")
async def test_a_real_collector_reads_each_event_once(services: Services, collector: Collector) -> None:
    school_id = await a_school(services)
    await deed(services, school_id, "device:gate-1")
    async with services.database.transaction() as connection:
        await note_alarm(connection, school_id, "gate-1", "device_revoked", "", services.clock.now())
    async with forwarding(services, collector.port):
        await until_async(lambda: len(collector.kept()) == 2, timeout_s=30)
        await eventually(lambda: has_noted(services, 2))  # else they may go again: the line broke in their midst
    await deed(services, school_id, "device:gate-2")
    async with forwarding(services, collector.port):
        await until_async(lambda: len(collector.kept()) == 3, timeout_s=30)
        await deed(services, school_id, "device:gate-3")
        await until_async(lambda: len(collector.kept()) == 4, timeout_s=30)

    kept = collector.kept()
    assert [(each["app"], each["host"], each["version"]) for each in kept] == [("esik", "esik.test", "1")] * 4
    assert sorted(each["msgid"] for each in kept) == ["device_revoked"] * 4
    told = [json.loads(each["msg"]) for each in kept]
    assert sorted(each["whom"] for each in told) == ["device:gate-1", "device:gate-2", "device:gate-3", "gate-1"]
    assert {(each["pri"], now["severity"]) for each, now in zip(kept, told, strict=True)} == {
        ("85", "notice"), ("82", "severe"),
    }  # fmt: skip
    assert {json.loads(each["detail"])["words"] for each in told if each["source"] == "audit"} == {
        'қазақша, тырнақша " және\nжол'
    }
