"""A cheap load generator: devices with presigned messages on raw sockets, in a process of its own.

`python -m tests.bench.load '{"port": 1883, "devices": 200, ...}'` prints one line of JSON when it is done. Devices are
those of `fleet`: their secrets follow from their names, so that whoever fills the registry needs no list.
"""

import json
import selectors
import socket
import struct
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from time import perf_counter, process_time, time_ns

from schemas import topics
from schemas.chain import genesis, link
from schemas.seal import UPLINK, derive, mac

BOOT = "b" * 16
RECORD = (
    '{"k":"decision","m":%d,"t":%d,"q":"ntp","g":"main","d":"%s","o":"allowed","w":"ok","r":12,"p":"%s","c":"%s",'
    '"md":"uid"}'
)
_ACK = b'"k":"ack"'
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Orders:
    """What to do. `rate` 0 floods, each device with `in_flight` messages unanswered; else so many messages a second."""

    port: int
    devices: int = 200
    first_device: int = 0
    messages: int = 100  # of each device
    batch: int = 1  # records in a message
    rate: float = 0.0
    in_flight: int = 4
    seconds: float = 10.0
    epoch: str = "0" * 15 + "1"
    repeats: int = 1  # how often each message is sent: a storm of duplicates
    persons: int = 500
    past_days: int = 0  # over how many days up to now the taps are spread
    warm_s: float = 0.5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened: records acknowledged over the time they took, and the time from sending to the ack in ms."""

    records: int
    messages: int
    seconds: float
    cpu_s: float
    unanswered: int
    latencies_ms: list[float]


def name_of(number: int) -> str:
    """Return the name of a device of the fleet."""
    return f"bench-{number:05d}"


def school_of(number: int) -> tuple[str, int]:
    """Return the code and shard of the school a device belongs to: eight devices a school."""
    return f"bench{number // 8:05d}", number // 8 % topics.SHARDS


def secret_of(name: str) -> bytes:
    """Return a device's secret."""
    return sha256(name.encode()).digest()


def person_of(device: int, number: int, persons: int) -> str:
    """Return a person reference of a device's school."""
    return f"{device // 8:06d}{number % persons:06d}"


class Device:
    """One connection and the messages it will send."""

    def __init__(self, number: int, orders: Orders) -> None:
        self.name = name_of(number)
        school, shard = school_of(number)
        self.topics = {channel: topics.topic(shard, school, self.name, channel) for channel in (topics.REC, topics.ACK)}
        self.packets = list(_packets(number, self.topics[topics.REC], orders))
        self.batch = orders.batch
        self.epoch = orders.epoch.encode()
        self.sent = 0  # messages
        self.acked = 0  # messages
        self.sent_at: deque[float] = deque()
        self.inbox = b""
        self.socket = socket.create_connection(("127.0.0.1", orders.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(_connect(self.name) + _subscribe(self.topics[topics.ACK]))
        _expect(self.socket, 4 + 5)  # CONNACK and SUBACK
        self.socket.setblocking(False)

    def send(self, upto: int, now_s: float) -> None:
        """Send messages up to a number, in one go."""
        upto = min(upto, len(self.packets))
        if upto <= self.sent:
            return
        data = b"".join(self.packets[self.sent : upto])
        self.sent_at.extend([now_s] * (upto - self.sent))
        self.sent = upto
        while data:
            try:
                data = data[self.socket.send(data) :]
            except BlockingIOError:
                selectors.select.select([], [self.socket], [], 1.0)  # type: ignore[attr-defined]

    def receive(self, now_s: float, latencies: list[float]) -> int:
        """Read what came; return how many more messages are acknowledged."""
        data = self.inbox + self.socket.recv(65536)
        upto, position = 0, 0
        while len(data) - position >= 2:
            length, start = data[position + 1], position + 2
            if length & 0x80:
                length, start = (length & 0x7F) | (data[start] << 7), start + 1
            if start + length > len(data):
                break
            if data[position] & 0xF0 == 0x30:
                upto = max(upto, _acked(data[start : start + length], self.epoch))
            position = start + length
        self.inbox = data[position:]
        fresh = upto // self.batch - self.acked
        if fresh <= 0:
            return 0
        self.acked += fresh
        latencies.extend([(now_s - self.sent_at.popleft()) * 1_000 for _ in range(fresh)])
        return fresh


def run(orders: Orders) -> Outcome:
    """Connect, wait for the others to be ready, send, and return when all is answered or the time is over."""
    devices = [Device(number, orders) for number in range(orders.first_device, orders.first_device + orders.devices)]
    selector = selectors.DefaultSelector()
    for device in devices:
        selector.register(device.socket, selectors.EVENT_READ, device)
    latencies: list[float] = []
    selector.select(orders.warm_s)
    cpu_s, began_s = process_time(), perf_counter()
    acked = (
        _flood(orders, devices, selector, latencies) if not orders.rate else _pace(orders, devices, selector, latencies)
    )
    seconds = perf_counter() - began_s
    unanswered = sum(device.sent - device.acked for device in devices)
    for device in devices:
        device.socket.close()
    return Outcome(acked * orders.batch, acked, seconds, process_time() - cpu_s, unanswered, latencies)


def _flood(orders: Orders, devices: list[Device], selector: selectors.BaseSelector, latencies: list[float]) -> int:
    began_s = perf_counter()
    ends_s, acked, wanted = began_s + orders.seconds, 0, sum(len(device.packets) for device in devices)
    for device in devices:
        device.send(orders.in_flight, began_s)
    while acked < wanted and (now_s := perf_counter()) < ends_s:
        for key, _ in selector.select(0.1):
            device = key.data
            if fresh := device.receive(now_s, latencies):
                acked += fresh
                device.send(device.acked + orders.in_flight, now_s)
    return acked


def _pace(orders: Orders, devices: list[Device], selector: selectors.BaseSelector, latencies: list[float]) -> int:
    began_s = perf_counter()
    due, acked, count = 0, 0, len(devices)
    total = min(int(orders.rate * orders.seconds), count * orders.messages)
    while True:
        now_s = perf_counter()
        should = min(total, int((now_s - began_s) * orders.rate))
        while due < should:
            device = devices[due % count]
            device.send(device.sent + 1, began_s + due / orders.rate)
            due += 1
        for key, _ in selector.select(0.0005 if due < total else 0.05):
            acked += key.data.receive(perf_counter(), latencies)
        if acked >= total or now_s - began_s > orders.seconds + 10:
            return acked


def _packets(number: int, topic: str, orders: Orders) -> Iterator[bytes]:
    """Make the MQTT packets of a device: each a sealed batch."""
    name, epoch = name_of(number), orders.epoch
    key, digest = derive(secret_of(name), UPLINK), genesis(name, epoch)
    now_ms, last = time_ns() // 1_000_000, orders.messages * orders.batch
    for message in range(orders.messages):
        previous, lines = digest.hex(), []
        for record in range(message * orders.batch, (message + 1) * orders.batch):
            person = person_of(number, number % 8 * 61 + record, orders.persons)
            at_ms = now_ms - orders.past_days * _DAY_MS * (last - record) // last
            line = (RECORD % (1_000 + record, at_ms, "out" if record & 1 else "in", person, "c" * 24)).encode()
            digest = link(digest, line)
            lines.append(line)
        head = (
            f'{{"k":"batch","dv":"{name}","e":"{epoch}","s":{message * orders.batch + 1},"n":{orders.batch},'
            f'"pd":"{previous}","b":"{BOOT}","m":5000,"t":{now_ms},"q":"ntp"}}'
        )
        body = b"\n".join([head.encode(), *lines])
        sealed = mac(key, body).hex()[:32].encode() + b"\n" + body
        yield _publish(topic, sealed, message % 65_535 + 1) * orders.repeats


def _acked(publish: bytes, epoch: bytes) -> int:
    if _ACK not in publish or epoch not in publish:  # late answers to an earlier run are none of this one's
        return 0
    at = publish.index(b'"u":') + 4
    return int(publish[at : publish.index(b",", at)])


def _publish(topic: str, payload: bytes, packet_id: int) -> bytes:
    body = struct.pack("!H", len(topic)) + topic.encode() + struct.pack("!H", packet_id) + payload
    return b"\x32" + _length(len(body)) + body


def _connect(client_id: str) -> bytes:
    body = struct.pack("!H4sBBHH", 4, b"MQTT", 4, 2, 600, len(client_id)) + client_id.encode()
    return b"\x10" + _length(len(body)) + body


def _subscribe(topic: str) -> bytes:
    body = struct.pack("!HH", 1, len(topic)) + topic.encode() + b"\x00"
    return b"\x82" + _length(len(body)) + body


def _length(number: int) -> bytes:
    digits = bytearray()
    while True:
        number, digit = number >> 7, number & 0x7F
        digits.append(digit | (0x80 if number else 0))
        if not number:
            return bytes(digits)


def _expect(sock: socket.socket, count: int) -> None:
    sock.settimeout(10)
    while count > 0:
        count -= len(sock.recv(count))


def main() -> None:
    orders = Orders(**json.loads(sys.argv[1]))
    print(json.dumps(asdict(run(orders))), flush=True)


if __name__ == "__main__":
    main()
