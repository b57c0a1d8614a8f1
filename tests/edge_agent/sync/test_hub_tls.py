"""The hub's broker and its bridge under mutual TLS: who may be behind it, and how it shows itself to the cloud."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typing_extensions import override

from edge_agent.sync.counters import Phase
from edge_agent.sync.hub import HubSettings, TlsFiles
from edge_agent.sync.mqtt import Broker, Link
from edge_agent.sync.tls import Credentials, context
from schemas import topics
from tests.edge_agent.sync.live import LIVE, Agent, LiveCloud
from tests.edge_agent.sync.model import IDENTITY
from tests.edge_agent.sync.test_hub import running_hub
from tests.faults.test_wire import DAY, NOW, Ca, secured
from tests.servers.mosquitto import Mosquitto, mosquitto
from tests.servers.process import free_port
from tests.waiting import until_async

FAR = NOW + 3650 * DAY


class SecuredCloud(LiveCloud):
    """The model cloud behind a broker that wants certificates."""

    def __init__(self, port: int, ca: Ca, folder: Path) -> None:
        super().__init__(port)
        certificate, key = ca.issue(folder, "cloud", NOW - DAY, FAR)
        self._tls = context(Credentials(ca.pem, certificate, key), is_clock_good=True)

    @override
    async def connect(self) -> None:
        broker = Broker("localhost", self._port, is_tls=True)
        self._link = Link(broker, "cloud", self._heard, tls=self._tls)
        await self._link.open([topics.everyone(channel) for channel in (topics.REC, topics.HELLO, topics.STATE)])


@contextlib.asynccontextmanager
async def secured_hub(tmp_path: Path, ca: Ca, cloud: Mosquitto) -> AsyncIterator[HubSettings]:
    """Run gate-2's broker, bridged to the cloud's with gate-2's certificate."""
    certificate, key = ca.issue(tmp_path, "gate-2", NOW - DAY, FAR)
    hub = HubSettings(
        device="gate-2", school=IDENTITY.school, shard=IDENTITY.shard, port=free_port(), folder=tmp_path / "hub",
        cloud=Broker("localhost", cloud.port, is_tls=True), tls=TlsFiles(tmp_path / "ca.pem", certificate, key),
    )  # fmt: skip
    async with running_hub(hub):
        yield hub


async def test_records_go_up_and_acks_come_down_through_two_brokers_that_want_certificates(tmp_path: Path) -> None:
    ca = Ca("ours")
    access = tmp_path / "acl"
    school = f"esik/v1/{IDENTITY.shard:02}/{IDENTITY.school}"
    access.write_text(f"user cloud\ntopic readwrite esik/v1/#\nuser gate-2\ntopic readwrite {school}/#\n")
    lines = [*secured(tmp_path, ca, NOW - DAY, FAR), f"acl_file {access}"]
    credentials = Credentials(ca.pem, *ca.issue(tmp_path, "gate-1", NOW - DAY, FAR))
    with mosquitto(lines) as server:
        async with SecuredCloud(server.port, ca, tmp_path).running() as cloud, secured_hub(tmp_path, ca, server) as hub:
            agent = Agent([f"mqtts://127.0.0.1:{hub.port}"], credentials=credentials)
            route = agent.routes[0]
            broker = Broker("127.0.0.1", hub.port, is_tls=True, name="gate-2")
            agent.routes[0] = type(route)("hub", broker)
            async with agent.running():
                agent.append(*[b"record %d" % number for number in range(50)])
                await until_async(lambda: agent.session.phase is Phase.FLOWING and agent.session.unsent == 0, 30)

    assert len(cloud.model.written(LIVE)) == 50


@pytest.mark.parametrize("name", ["gate-3", None])
async def test_a_broker_with_another_devices_certificate_is_not_the_hub(tmp_path: Path, name: str | None) -> None:
    """By name its certificate must be the hub's; without a name, as for the cloud, it must be for the address."""
    ca = Ca("ours")
    credentials = Credentials(ca.pem, *ca.issue(tmp_path, "gate-1", NOW - DAY, FAR))
    with mosquitto(secured(tmp_path, ca, NOW - DAY, FAR)) as server:
        agent = Agent([f"mqtts://127.0.0.1:{server.port}"], credentials=credentials)
        agent.routes[0] = type(agent.routes[0])("hub", Broker("127.0.0.1", server.port, is_tls=True, name=name))
        async with agent.running():
            await until_async(lambda: bool(agent.uplink.last_error))

    assert ("'gate-3' was expected" if name else "certificate verify failed") in agent.uplink.last_error
    assert agent.session.counters.hellos == 0
