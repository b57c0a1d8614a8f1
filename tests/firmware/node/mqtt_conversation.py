"""A conversation with a broker on MicroPython: five messages go out and come back."""

import asyncio
import sys

from firmware.node.clock import Clock
from firmware.node.mqtt import Broker, Link, Message


async def converse(port: int) -> None:
    link = Link(Clock(), 5)
    topic = "esik/v1/07/alm005/gate-1/ack"
    await link.open(Broker("127.0.0.1", port), "gate-1-vm", Message(topic + "/will", b"gone"), [topic])
    came = 0
    for number in range(5):
        payload = bytes([number]) * (number * 255)
        await link.publish(Message(topic, payload))
        came += (await link.receive()).payload == payload
    sys.stdout.write(f"{came} of 5 messages came back\n")
    await link.close()
    sys.stdout.write("open\n" if link.is_open else "closed\n")


asyncio.run(converse(int(sys.argv[1])))
