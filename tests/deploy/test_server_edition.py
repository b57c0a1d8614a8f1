"""The server edition as an operator starts it: Debian's PostgreSQL and mosquitto, mutual TLS, separate processes."""

import contextlib
import json
import os
import signal
import socket
import ssl
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from cloud.core.clock import SystemClock
from cloud.core.vault import Vault
from cloud.devices.ca import Authority, init
from tests.cloud.cli.esik import START_S, called, running
from tests.cloud.imports.factory import file
from tests.servers.postgres import Postgres
from tests.servers.process import Server, answers, free_port, program
from tests.waiting import until

pytestmark = pytest.mark.xdist_group("server_edition")  # one service for all of them, which takes ten seconds to start
CARD = "04A1B2C3D4E5F6"  # of a student with a consent, in the factory's spreadsheet
GATE = "main=Негізгі кіру|Главный вход|Main entrance"
SCHOOL = "demo2026"
_ESIK = "import sys; from esik.cli import main; sys.exit(main(sys.argv[1:]))"
REFUSED = (aiomqtt.MqttError, OSError)
HOLES = """
SELECT count(*) FROM watermark, generate_series(1, upto) AS seq WHERE NOT EXISTS (
  SELECT FROM record WHERE record.device = watermark.device AND record.epoch = watermark.epoch AND record.seq = seq.seq
)
"""
MET = """
SELECT (SELECT count(*) FROM newcomer.met) >= count(*) AND count(*) > 0 FROM record
"""


@dataclass(frozen=True, slots=True)
class Site:
    """A server edition that runs, and the bundle of its one device."""

    database: str
    postgres: Postgres
    port: int
    bundle: dict[str, Any]
    folder: Path
    settings: dict[str, Any]

    def ask(self, statement: str) -> str:
        return self.postgres.sql(statement, self.database)

    def tls(self, certificate: str = "", key: str = "") -> ssl.SSLContext:
        """Return a context that trusts the site's authority and shows a certificate, if one is given."""
        made = ssl.create_default_context(cadata=self.bundle["ca_pem"])
        if certificate:
            shown, secret = self.folder / "shown.pem", self.folder / "shown.key"
            shown.write_text(certificate)
            secret.write_text(key)
            made.load_cert_chain(shown, secret)
        return made

    async def publish(self, tls: ssl.SSLContext | None) -> None:
        """Publish a message as the device. Raises MqttError when the broker wants nothing of it."""
        topic = f"esik/v1/{self.bundle['shard']:02d}/{SCHOOL}/{self.bundle['device']}/state"
        async with aiomqtt.Client("127.0.0.1", self.port, tls_context=tls, identifier="probe", timeout=3.0) as client:
            await client.publish(topic, b"x", qos=1)


@pytest.fixture(name="site", scope="module")
def _site(postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Do what docs/operations.md says: tables, authority, school, people, device, broker, and the service's parts."""
    folder, port, http_port = tmp_path_factory.mktemp("server"), free_port(), free_port()
    data, broker = folder / "data", folder / "broker"
    settings = {
        "edition": "server", "data": data, "database_url": postgres_server.create("server_edition"),
        "mqtt_url": f"mqtts://127.0.0.1:{port}", "mqtt_ca": data / "ca" / "root.pem",
        "mqtt_certificate": broker / "ingest.pem", "mqtt_key": broker / "ingest.key",
        "http_port": http_port, "public_url": f"http://127.0.0.1:{http_port}",
    }  # fmt: skip
    (folder / "school.xlsx").write_bytes(file())
    for words in (
        ["migrate"],
        ["ca", "init"],
        ["school", "add", SCHOOL, "--kk", "Мектеп", "--ru", "Школа", "--en", "School"],
        ["import", str(folder / "school.xlsx"), "--school", SCHOOL],
        ["device", "add", "demo-gate", "--school", SCHOOL, "--out", str(folder / "bundle.json"), "--gate", GATE],
        ["broker", str(broker), "--port", str(port), "--host", "127.0.0.1"],
    ):
        done = called(*words, **settings)
        assert done.returncode == 0, f"{words}: {done.stderr}{done.stdout}"
    bundle = json.loads((folder / "bundle.json").read_bytes())
    with contextlib.ExitStack() as stack:
        stack.enter_context(_mosquitto(broker, port))
        web = stack.enter_context(running(folder / "web", "--part", "web", settings=settings))
        worker = stack.enter_context(running(folder / "worker", "--part", "worker", settings=settings))
        until(web.is_up, START_S, "the pages")
        until(lambda: "esik cloud is ready" in worker.text(), START_S, "the worker")
        yield Site("server_edition", postgres_server, port, bundle, folder, settings)
    postgres_server.drop("server_edition")


@contextlib.contextmanager
def _mosquitto(folder: Path, port: int) -> Iterator[Server]:
    configuration = folder / "mosquitto.conf"
    if os.geteuid() == 0:  # else it drops to a user that cannot read a test's keys
        configuration.write_text("user root\n" + configuration.read_text())
    command = [str(program("mosquitto", "mosquitto")), "-c", str(configuration)]
    server = Server(command, folder / "log", lambda: answers(port))
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def _agent(folder: Path) -> Iterator[None]:
    """Run an agent with the site's bundle; a card is held to its reader again and again."""
    taps = [{"at_ms": 2_000 * number, "credential": CARD, "medium": "uid"} for number in range(1, 300)]
    (folder / "taps").write_text("".join(json.dumps(tap) + "\n" for tap in taps))
    (folder / "agent.toml").write_text(
        f"""
        bundle = "bundle.json"
        folder = "kept"
        readers = [{{ name = "main-in", driver = "replay", path = "{folder / "taps"}" }}]
        status = {{ is_on = false }}
        [[gates]]
        id = "main"
        readers = [{{ name = "main-in", direction = "in" }}]
        actuator = {{ kind = "none" }}
        """
    )
    command = [sys.executable, "-c", _ESIK, "edge", "run", "--config", str(folder / "agent.toml")]
    agent = Server(command, folder / "agent.log", (folder / "kept").exists)
    agent.start()
    try:
        yield
    finally:
        agent.stop()


@pytest.mark.requirement("KZ456-11")
def test_a_tap_at_a_gate_becomes_a_presence_by_way_of_mosquitto_and_mutual_tls(site: Site) -> None:
    with _agent(site.folder):
        until(lambda: site.ask("SELECT is_inside FROM presence") == "t", START_S, "the student's presence")

    assert site.ask("SELECT surname FROM person JOIN presence ON person_id = person.id") == "Әліби"
    assert site.ask("SELECT count(*) > 1 AND count(DISTINCT device) = 1 FROM record") == "t"
    told = b"".join(path.read_bytes() for path in site.folder.glob("*.log"))
    assert CARD.encode() not in told.upper()


@pytest.mark.requirement("KZ456-6.2")
def test_a_second_worker_and_more_pages_share_the_load_of_a_running_service(site: Site) -> None:
    shares = "SELECT string_agg(count::text, ' ') FROM (SELECT count(*) FROM shard_lease GROUP BY holder) AS share"
    more_pages = {**site.settings, "http_port": free_port()}

    with (
        running(site.folder / "worker-2", "--part", "worker", settings=site.settings),
        running(site.folder / "web-2", "--part", "web", settings=more_pages) as web,
    ):
        until(web.is_up, START_S, "more pages")
        until(lambda: site.ask(shares) == "32 32", START_S, "each worker to hold half of the shards")

    until(lambda: site.ask(shares) == "64", START_S, "the first worker to hold all of them again")


@pytest.mark.requirement("KZ456-6.2")
def test_a_third_worker_takes_its_part_while_taps_come_and_none_is_lost_when_it_is_killed(site: Site) -> None:
    def shares() -> list[int]:
        return sorted(map(int, site.ask("SELECT count(*) FROM shard_lease GROUP BY holder").split()))

    with _agent(site.folder):
        until(lambda: site.ask("SELECT count(*) > 3 FROM record") == "t", START_S, "taps")
        with (
            running(site.folder / "worker-2", "--part", "worker", settings=site.settings),
            running(site.folder / "worker-3", "--part", "worker", settings=site.settings) as third,
        ):
            until(lambda: shares() == [20, 22, 22], START_S, "three workers to share")
            before = int(site.ask("SELECT count(*) FROM record"))
            until(lambda: int(site.ask("SELECT count(*) FROM record")) > before, START_S, "taps by three")

            third.end(signal.SIGKILL)

            until(lambda: shares() == [32, 32], START_S, "two to have all of them")
            after = int(site.ask("SELECT count(*) FROM record"))
            until(lambda: int(site.ask("SELECT count(*) FROM record")) > after, START_S, "taps by two")

    assert site.ask(HOLES) == "0"


@pytest.mark.requirement("KZ456-6.1")
def test_a_new_component_follows_the_log_from_its_beginning_and_disturbs_nobody(site: Site) -> None:
    made = "SELECT md5(string_agg(movement::text, ',' ORDER BY id)) FROM movement WHERE id <= {0}"
    with _agent(site.folder):
        until(lambda: site.ask("SELECT count(*) > 0 FROM movement") == "t", START_S, "taps")
        last = site.ask("SELECT max(id) FROM movement")
        before = site.ask(made.format(last))
        with _newcomer(site) as component:
            until(lambda: site.ask(MET) == "t", START_S, "the new component to have met all that ever came")
            component.kill()
            at = int(site.ask("SELECT count(*) FROM record"))
            until(lambda: int(site.ask("SELECT count(*) FROM record")) > at, START_S, "taps while it is gone")
            component.start()
            until(lambda: site.ask(MET) == "t", START_S, "it to go on where it stood")

    assert site.ask(made.format(last)) == before, "what the others made is as it was"
    assert site.ask("SELECT count(*) FROM newcomer.met WHERE kind = 'decision'") != "0"
    assert called("verify", **site.settings).returncode == 0
    assert "newcomer" in called("status", **site.settings).stdout, "its place is told with the others'"


@contextlib.contextmanager
def _newcomer(site: Site) -> Iterator[Server]:
    command = [sys.executable, "-m", "tests.deploy.newcomer", str(site.settings["database_url"])]
    there = "SELECT to_regclass('newcomer.met') IS NOT NULL"
    component = Server(command, site.folder / "newcomer.log", lambda: site.ask(there) == "t")
    component.start()
    try:
        yield component
    finally:
        component.stop()


@pytest.mark.requirement("KZ456-11")
async def test_the_broker_takes_nobody_without_tls_or_without_a_certificate_of_its_own_authority(
    site: Site, tmp_path: Path
) -> None:
    await site.publish(site.tls(site.bundle["certificate_pem"], site.bundle["key_pem"]))

    with pytest.raises(REFUSED):
        await site.publish(None)
    with pytest.raises(REFUSED):
        await site.publish(site.tls())
    init(tmp_path / "ca", Vault(bytes(32)), SystemClock().now())
    stranger = Authority.load(tmp_path / "ca", Vault(bytes(32))).for_device("demo-gate", SystemClock().now())
    with pytest.raises(REFUSED):
        await site.publish(site.tls(stranger.certificate_pem, stranger.key_pem))


@pytest.mark.requirement("KZ456-11")
@pytest.mark.parametrize(
    ("version", "is_taken"), [("TLSv1_1", False), ("TLSv1_2", True), ("TLSv1_3", True)], ids=["1.1", "1.2", "1.3"]
)
def test_the_broker_speaks_tls_1_2_and_newer_only(site: Site, version: str, *, is_taken: bool) -> None:
    made = site.tls(site.bundle["certificate_pem"], site.bundle["key_pem"])
    made.set_ciphers("DEFAULT@SECLEVEL=0")  # so that it is the broker that refuses, not we
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        made.minimum_version = made.maximum_version = ssl.TLSVersion[version]

    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as plain:
        refused = contextlib.nullcontext() if is_taken else pytest.raises(ssl.SSLError, match="alert protocol version")
        with refused, made.wrap_socket(plain, server_hostname="127.0.0.1") as secured:
            assert secured.version() == version.replace("_", ".")
