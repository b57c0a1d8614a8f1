"""Faults of the wire between agent and broker: restarts, half-open links, late acknowledgements, false brokers."""

import asyncio
import contextlib
import datetime as dt
import gc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from edge_agent.sync.counters import Phase
from edge_agent.sync.tls import Credentials
from simulators.proxy import Cable, Proxy
from tests.edge_agent.sync.live import LIVE, Agent, LiveCloud
from tests.servers.mosquitto import Mosquitto, mosquitto
from tests.waiting import until_async

DAY = dt.timedelta(days=1)
NOW = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)


@contextlib.asynccontextmanager
async def proxied(port: int) -> AsyncIterator[tuple[Proxy, str]]:
    proxy = Proxy("127.0.0.1", port)
    listening = await proxy.start()
    try:
        yield proxy, f"mqtt://127.0.0.1:{listening}"
    finally:
        await proxy.stop()


def is_drained(agent: Agent) -> bool:
    return agent.session.phase is Phase.FLOWING and agent.journal.held[LIVE].tail == agent.journal.held[LIVE].head + 1


async def test_fault_15_a_broker_killed_and_restarted_empty_loses_nothing(mosquitto_server: Mosquitto) -> None:
    agent = Agent([f"mqtt://127.0.0.1:{mosquitto_server.port}"])
    cloud = LiveCloud(mosquitto_server.port)
    async with cloud.running(), agent.running():
        await until_async(lambda: agent.session.phase is Phase.FLOWING)
        agent.append(*[b"before %d" % number for number in range(200)])

        mosquitto_server.server.kill()
        await until_async(lambda: agent.session.phase is Phase.OFFLINE)
        agent.append(*[b"during %d" % number for number in range(200)])
        mosquitto_server.server.start()
        await cloud.connect()
        await until_async(lambda: is_drained(agent), 20)

    assert len(cloud.model.written(LIVE)) == 400


async def test_fault_16_each_restart_of_the_broker_makes_progress_and_leaves_nothing_behind(
    mosquitto_server: Mosquitto,
) -> None:
    """Six restarts in a row; the ten minutes of the fault's own wording belong to make chaos."""
    agent = Agent([f"mqtt://127.0.0.1:{mosquitto_server.port}"])
    cloud = LiveCloud(mosquitto_server.port)
    objects = []
    async with cloud.running(), agent.running():
        for turn in range(6):
            agent.append(b"turn %d" % turn)
            await until_async(lambda: is_drained(agent), 20)
            gc.collect()
            objects.append(len(gc.get_objects()))
            mosquitto_server.server.kill()
            await until_async(lambda: agent.session.phase is Phase.OFFLINE)
            mosquitto_server.server.start()
            await cloud.connect()

    assert cloud.model.written(LIVE) == [b"turn %d" % turn for turn in range(6)]
    assert objects[-1] < objects[1] * 1.05


async def test_fault_17_the_brokers_acknowledgement_without_the_clouds_trims_nothing(
    mosquitto_server: Mosquitto,
) -> None:
    agent = Agent([f"mqtt://127.0.0.1:{mosquitto_server.port}"])
    cloud = LiveCloud(mosquitto_server.port)
    async with cloud.running(), agent.running():
        await until_async(lambda: agent.session.phase is Phase.FLOWING)
        cloud.is_up = False
        agent.append(b"acknowledged by the broker")
        await until_async(lambda: agent.session.counters.timeouts >= 1)
        assert agent.journal.trims == 0

        cloud.is_up = True
        await until_async(lambda: is_drained(agent), 20)

    assert cloud.model.written(LIVE) == [b"acknowledged by the broker"]


class StrangeBroker:
    """Accepts all, carries nothing, acknowledges every publish three times over and with an unknown number besides."""

    def __init__(self) -> None:
        self.connections = 0
        self.publishes = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                kind, body = await self._packet(reader)
                writer.write(self._answer(kind, body))
        writer.close()

    async def _packet(self, reader: asyncio.StreamReader) -> tuple[int, bytes]:
        kind = (await reader.readexactly(1))[0]
        length, shift, more = 0, 0, True
        while more:
            digit = (await reader.readexactly(1))[0]
            length |= (digit & 127) << shift
            shift, more = shift + 7, bool(digit & 128)
        return kind, await reader.readexactly(length)

    def _answer(self, kind: int, body: bytes) -> bytes:
        match kind >> 4:
            case 1:
                return bytes([0x20, 2, 0, 0])
            case 8:
                return bytes([0x90, 5, *body[:2], 1, 1, 1])
            case 3:
                self.publishes += 1
                start = 2 + int.from_bytes(body[:2], "big")
                return (bytes([0x40, 2]) + body[start : start + 2]) * 3 + bytes([0x40, 2, 0xFD, 0xE8])
            case _:
                return b""


async def test_fault_17_double_and_unknown_acknowledgements_are_ignored_without_a_reconnect_storm() -> None:
    broker = StrangeBroker()
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
    agent = Agent([f"mqtt://127.0.0.1:{server.sockets[0].getsockname()[1]}"])
    async with agent.running():
        agent.append(b"kept")
        await until_async(lambda: broker.publishes >= 3)  # the state, and two hellos: nobody welcomes
    server.close()

    assert broker.connections == 1
    assert agent.journal.held[LIVE].tail == 1


async def test_fault_24_a_half_open_connection_is_noticed_within_one_and_a_half_keepalives(
    mosquitto_server: Mosquitto,
) -> None:
    keepalive_s = 2
    loop = asyncio.get_running_loop()
    async with LiveCloud(mosquitto_server.port).running(), proxied(mosquitto_server.port) as (proxy, url):
        agent = Agent([url], keepalive_s=keepalive_s)
        async with agent.running():
            await until_async(lambda: agent.session.phase is Phase.FLOWING)
            proxy.stall()
            stalled_s = loop.time()
            await until_async(lambda: agent.session.phase is Phase.OFFLINE, 30)
            noticed_s = loop.time() - stalled_s
            proxy.plug()
            await until_async(lambda: agent.session.phase is Phase.FLOWING)
            assert proxy.connections == 1

    assert noticed_s <= 1.5 * keepalive_s
    assert proxy.cable is Cable.PLUGGED
    assert agent.session.counters.connections == 2


async def test_fault_24_a_quiet_but_living_connection_is_kept(mosquitto_server: Mosquitto) -> None:
    async with LiveCloud(mosquitto_server.port).running(), proxied(mosquitto_server.port) as (proxy, url):
        agent = Agent([url], keepalive_s=1)
        async with agent.running():
            await until_async(lambda: agent.session.phase is Phase.FLOWING)
            carried = proxy.carried
            await until_async(lambda: proxy.carried >= carried + 4 * 4, 10)  # four pings, two bytes a side

    assert agent.session.counters.connections == 1


class Ca:
    """A certificate authority of one test."""

    def __init__(self, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.certificate = self._sign(self.name, self.key.public_key(), NOW - DAY, NOW + 3650 * DAY, is_ca=True)

    def _sign(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, start: dt.datetime, end: dt.datetime, *, is_ca: bool
    ) -> x509.Certificate:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(self.key, hashes.SHA256())
        )

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def issue(self, folder: Path, name: str, start: dt.datetime, end: dt.datetime) -> tuple[Path, Path]:
        """Write a certificate and its key into `folder`; return their paths."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        signed = self._sign(subject, key.public_key(), start, end, is_ca=False)
        paths = folder / f"{name}.crt", folder / f"{name}.key"
        paths[0].write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        paths[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return paths


def secured(folder: Path, ca: Ca, start: dt.datetime, end: dt.datetime) -> list[str]:
    """Return a broker's lines for mutual TLS with a certificate of these dates."""
    certificate, key = ca.issue(folder, "broker", start, end)
    (folder / "ca.pem").write_text(ca.pem)
    return [
        f"cafile {folder / 'ca.pem'}",
        f"certfile {certificate}",
        f"keyfile {key}",
        "require_certificate true",
        "use_identity_as_username true",
    ]


async def test_fault_25_a_broker_of_another_ca_gets_nothing_and_the_agent_goes_on(tmp_path: Path) -> None:
    ours, theirs = Ca("ours"), Ca("theirs")
    certificate, key = ours.issue(tmp_path, "gate-1", NOW - DAY, NOW + DAY)
    with mosquitto(secured(tmp_path, theirs, NOW - DAY, NOW + 3650 * DAY)) as server:
        agent = Agent([f"mqtts://localhost:{server.port}"], credentials=Credentials(ours.pem, certificate, key))
        async with agent.running():
            agent.append(b"kept")
            await until_async(lambda: "certificate verify failed" in agent.uplink.last_error)

    assert agent.session.counters.hellos == 0
    assert agent.journal.held[LIVE].head == 1


async def test_mutual_tls_lets_our_own_broker_in(tmp_path: Path) -> None:
    ours = Ca("ours")
    certificate, key = ours.issue(tmp_path, "gate-1", NOW - DAY, NOW + 3650 * DAY)
    with mosquitto(secured(tmp_path, ours, NOW - DAY, NOW + 3650 * DAY)) as server:
        agent = Agent([f"mqtts://localhost:{server.port}"], credentials=Credentials(ours.pem, certificate, key))
        async with agent.running():
            await until_async(lambda: agent.session.phase is Phase.GREETING)

    assert agent.uplink.last_error == ""


@pytest.mark.parametrize(("days", "is_let_in"), [(3650, True), (-500, False)])
async def test_fault_27_tls_works_through_the_floor_when_the_clock_is_not_to_be_trusted(
    tmp_path: Path, days: int, is_let_in: bool
) -> None:
    """A certificate begins in the future, as any does for a machine in 1970; one that ended before the floor fails."""
    ours = Ca("ours")
    certificate, key = ours.issue(tmp_path, "gate-1", NOW - DAY, NOW + 3650 * DAY)
    end = NOW + days * DAY
    with mosquitto(secured(tmp_path, ours, end - 300 * DAY, end)) as server:
        agent = Agent([f"mqtts://localhost:{server.port}"], credentials=Credentials(ours.pem, certificate, key))
        agent.world.is_good = False
        async with agent.running():
            await until_async(lambda: agent.session.phase is Phase.GREETING or bool(agent.uplink.last_error))

    assert (agent.uplink.last_error == "") is is_let_in
    assert is_let_in or "before the time floor" in agent.uplink.last_error
