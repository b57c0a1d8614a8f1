"""The embedded broker's rounds: a message reaches every hearer, whoever comes or goes while it is carried."""

import asyncio
from collections import deque
from collections.abc import Callable

import pytest
from amqtt.session import Session
from typing_extensions import override

from cloud.brokers.access import Access
from cloud.brokers.strict import StrictBroker

TOPIC = "esik/v1/07/alm005/gate-1/ack"
FILTERS = (TOPIC, "esik/v1/07/alm005/+/ack", "esik/v1/07/#")


class Restless(Access):
    """Rules that let anybody do anything; something happens while they are asked who may hear."""

    happens: Callable[[], object] = staticmethod(lambda: None)

    @override
    def may_subscribe(self, user: str, topic_filter: str) -> bool:
        return True

    @override
    def may_hear(self, user: str, topic: str) -> bool:
        self.happens()
        return True


@pytest.fixture(name="access")
def _access() -> Restless:
    return Restless()


@pytest.fixture(name="broker")
async def _broker(access: Restless) -> StrictBroker:
    plugins = {"cloud.brokers.doorkeeper.Doorkeeper": {"access": access}}
    return StrictBroker({"listeners": {"default": {"type": "tcp", "bind": "127.0.0.1:0"}}, "plugins": plugins})


async def hearer(broker: StrictBroker, name: str, topic_filter: str) -> Session:
    """Return a session that is away, so that what it is to get is kept in its queue."""
    session = Session()
    session.client_id = session.username = name
    session.clean_session = False
    await broker.add_subscription((topic_filter, 1), session)
    return session


async def carry(broker: StrictBroker, topic: str) -> None:
    """Carry one message round."""
    broker._broadcast_queue.put_nowait({"session": None, "topic": topic, "data": b"x"})
    await broker._run_broadcast(deque())


async def test_who_leaves_takes_no_message_from_others(broker: StrictBroker, access: Restless) -> None:
    hearers = [await hearer(broker, f"hearer-{number}", name) for number, name in enumerate(FILTERS)]
    leaving = await hearer(broker, "leaving", "elsewhere")
    access.happens = lambda: asyncio.ensure_future(broker._del_all_subscriptions(leaving))

    await carry(broker, TOPIC)

    assert [each.retained_messages.qsize() for each in hearers] == [1, 1, 1]
    assert "elsewhere" not in broker.subscriptions


async def test_who_comes_takes_no_message_from_others(broker: StrictBroker, access: Restless) -> None:
    hearers = [await hearer(broker, f"hearer-{number}", name) for number, name in enumerate(FILTERS)]
    access.happens = lambda: broker.subscriptions.setdefault("elsewhere", [])

    await carry(broker, TOPIC)

    assert [each.retained_messages.qsize() for each in hearers] == [1, 1, 1]


async def test_who_leaves_one_filter_takes_no_message_from_who_stands_behind(
    broker: StrictBroker, access: Restless
) -> None:
    hearers = [await hearer(broker, f"hearer-{number}", TOPIC) for number in range(3)]
    access.happens = lambda: broker._del_subscription(TOPIC, hearers[0])

    await carry(broker, TOPIC)

    assert [each.retained_messages.qsize() for each in hearers[1:]] == [1, 1]
    assert [session.client_id for session, _ in broker.subscriptions[TOPIC]] == ["hearer-1", "hearer-2"]
