"""The uplink over a real broker."""

import pytest
from structlog.testing import capture_logs

from edge_agent.sync.counters import Phase
from edge_agent.sync.mqtt import Broker
from edge_agent.sync.sender import Limits
from schemas import topics
from tests.edge_agent.sync.live import LIVE, Agent, LiveCloud
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import free_port
from tests.waiting import until_async


async def test_records_reach_the_cloud_and_are_trimmed(mosquitto_server: Mosquitto) -> None:
    agent = Agent([f"mqtt://127.0.0.1:{mosquitto_server.port}"])

    async with LiveCloud(mosquitto_server.port).running() as cloud, agent.running():
        await until_async(lambda: agent.session.phase is Phase.FLOWING)
        agent.append(*[b"record %d" % number for number in range(2_000)])
        await until_async(lambda: agent.journal.held[LIVE].tail == 2_001)

    assert cloud.model.written(LIVE) == [b"record %d" % number for number in range(2_000)]
    assert "time True within True" in agent.world.told


async def test_the_first_broker_that_answers_is_used(mosquitto_server: Mosquitto) -> None:
    agent = Agent([f"mqtt://127.0.0.1:{free_port()}", f"mqtt://127.0.0.1:{mosquitto_server.port}"])

    async with LiveCloud(mosquitto_server.port).running(), agent.running():
        agent.append(b"one")
        await until_async(lambda: agent.session.unsent == 0 and agent.session.phase is Phase.FLOWING)

    assert agent.session.counters.connections == 1


async def test_a_broker_by_which_the_cloud_greets_but_commits_nothing_is_left_for_the_next(
    mosquitto_server: Mosquitto,
) -> None:
    """As a bridge may carry small messages and not large ones."""
    urls = [f"mqtt://127.0.0.1:{mosquitto_server.port}"] * 2
    agent = Agent(urls, limits=Limits(welcome_ms=500, ack_ms=20, timeouts_max=1))

    with capture_logs() as told:
        async with LiveCloud(mosquitto_server.port, (topics.HELLO, topics.STATE)).running(), agent.running():
            agent.append(b"one")
            await until_async(
                lambda: ("link.opened", "route-1") in {(each["event"], each.get("route")) for each in told}
            )

    assert agent.session.counters.welcomes >= 1


async def test_the_last_will_tells_that_a_device_is_gone(mosquitto_server: Mosquitto) -> None:
    agent = Agent([f"mqtt://127.0.0.1:{mosquitto_server.port}"])

    async with LiveCloud(mosquitto_server.port).running() as cloud, agent.running():
        await until_async(lambda: cloud.model.online == [True])
        agent.uplink._link._socket.shutdown(2)  # type: ignore[union-attr]
        await until_async(lambda: False in cloud.model.online)
        await until_async(lambda: cloud.model.online[-1])


@pytest.mark.parametrize("url", ["http://host", "mqtt://", "host:1883", ""])
def test_an_address_that_is_no_brokers_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="mqtt://host:port"):
        Broker.parse(url)


def test_an_address_may_hold_a_user() -> None:
    assert Broker.parse("mqtt://gate-1:p%40ss@127.0.0.1:1885") == Broker("127.0.0.1", 1885, False, "gate-1", "p@ss")
    assert Broker.parse("mqtts://esik.example").port == 8883


async def test_a_journal_that_gives_nothing_again_and_again_is_asked_anew_what_it_holds() -> None:
    agent = Agent(["mqtt://127.0.0.1:1"])

    for _ in range(10):
        assert not agent.uplink._stop_link.is_set()
        await agent.uplink._read(LIVE, 0, 10)

    assert agent.uplink._stop_link.is_set()
    assert agent.uplink.last_error == "journal_unreadable"
