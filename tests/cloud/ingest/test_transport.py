"""Packets to the broker: what this service writes itself is what the MQTT library would have written."""

from types import SimpleNamespace

import pytest
from gmqtt import Message
from gmqtt.mqtt.constants import MQTTv311
from gmqtt.mqtt.package import PublishPacket

from cloud.ingest.transport import publish_packet

TOPIC = "esik/v1/07/alm005/қақпа/ack"
OVERHEAD = 2 + len(TOPIC.encode())


@pytest.mark.parametrize("remaining", [OVERHEAD, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152])
def test_a_packet_is_the_same_as_the_librarys_at_every_width_of_its_length(remaining: int) -> None:
    payload = bytes(remaining - OVERHEAD)
    _, theirs = PublishPacket.build_package(Message(TOPIC, payload, qos=0), SimpleNamespace(proto_ver=MQTTv311))
    assert publish_packet(TOPIC, payload) == bytes(theirs)
