"""The broker comes up on its port, keeps it through a kill, and tells why it could not start."""

import aiomqtt
import pytest

from tests.servers.mosquitto import Mosquitto, mosquitto
from tests.servers.process import ServerFailed, answers


async def test_a_message_goes_through_before_and_after_a_kill(mosquitto_server: Mosquitto) -> None:
    first = await _there_and_back(mosquitto_server.port, b"one")
    mosquitto_server.server.kill()
    assert not answers(mosquitto_server.port)
    mosquitto_server.server.start()
    second = await _there_and_back(mosquitto_server.port, b"two")

    assert (first, second) == (b"one", b"two")


def test_a_wrong_line_is_told_from_the_brokers_log() -> None:
    with pytest.raises(ServerFailed, match="no_such_option"), mosquitto(["no_such_option true"]):
        pass


async def _there_and_back(port: int, payload: bytes) -> object:
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe("loop", qos=1)
        await client.publish("loop", payload, qos=1)
        return (await anext(aiter(client.messages))).payload
