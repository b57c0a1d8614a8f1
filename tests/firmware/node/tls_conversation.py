"""A node's TLS on MicroPython: connects with the certificates of a bundle, and sends one message to itself.

Arguments: the bundle's file, and for each attempt the name that the broker's certificate must bear.
"""

import asyncio
import json
import sys

from firmware.node.clock import Clock
from firmware.node.mqtt import Broker, Link, LinkFailed, Message
from firmware.node.tls import context

with open(sys.argv[1]) as file:  # noqa: PTH123  MicroPython has no Path
    BUNDLE = json.loads(file.read())
TOPIC = "esik/v1/07/alm005/gate-1/state"


def tls() -> object:
    return context(BUNDLE["ca_pem"], BUNDLE["certificate_pem"], BUNDLE["key_pem"])


async def attempt(host: str) -> None:
    link = Link(Clock(), 5)
    cloud = BUNDLE["cloud"]
    try:
        await link.open(Broker(cloud["mqtt_host"], cloud["mqtt_port"], tls, host), "gate-1-vm", None, [TOPIC])
        await link.publish(Message(TOPIC, b"x" * 900))
        heard = await link.receive()
        sys.stdout.write(f"came back {len(heard.payload)}\n")
    except LinkFailed as error:
        sys.stdout.write(f"failed {error}\n")
    await link.close()


async def main() -> None:
    for host in sys.argv[2:]:
        await attempt(host)


asyncio.run(main())
