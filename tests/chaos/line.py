"""The whole line as real processes: agents, broker, worker and database, each of which can be killed and comes back."""

import asyncio
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import httpx2

from cloud.core.clock import SystemClock
from cloud.core.migrating import migrate
from cloud.core.vault import Vault, make_key_file, read_keys
from tests.chaos.street import PEOPLE, Gate
from tests.cloud.ingest.device import Device
from tests.cloud.ingest.rows import add_devices
from tests.edge_agent.school_kit import SCHOOL, SHARD, AgentKit, SchoolKit
from tests.servers.mosquitto import Mosquitto, mosquitto
from tests.servers.postgres import Durability, Postgres, postgres
from tests.servers.process import Server, ServerFailed, answers
from tests.waiting import until

GATES = {"north": "gate-1", "south": "gate-2"}
DRAIN_S = 120.0
START_S = 30.0
_RUN = "import sys; from esik.cli import main; sys.exit(main(sys.argv[1:]))"


@dataclass(slots=True)
class Line:
    """Everything between a card and a row, and how often each part was killed."""

    agents: dict[str, AgentKit]
    gates: dict[str, Gate]
    broker: Mosquitto
    database: Postgres
    worker: Server
    url: str
    kills: dict[str, int] = field(default_factory=dict)

    @property
    def parts(self) -> Mapping[str, Server]:
        """Return every process by its name."""
        agents = {name: agent.server for name, agent in self.agents.items()}
        return {**agents, "broker": self.broker.server, "worker": self.worker, "database": self.database.server}

    def kill(self, name: str) -> None:
        """Kill a part as a power cut does."""
        self.kills[name] = self.kills.get(name, 0) + 1
        self.parts[name].kill()

    def start(self, name: str) -> None:
        """Start a part again; a database whose children still hold its memory is tried again until they are gone."""

        def started() -> bool:
            with suppress(ServerFailed):
                self.parts[name].start()
            return self.parts[name].is_running

        until(started, START_S, f"{name} to be back")

    def fallen(self) -> list[str]:
        """Return the parts that ended although nobody killed them, with the end of their logs."""
        return [f"{name}: {part.log_tail()}" for name, part in self.parts.items() if not part.is_running]

    def drain(self) -> None:
        """Wait until every agent says that the cloud has everything."""
        until(lambda: all(_unsent(agent) == 0 for agent in self.agents.values()), DRAIN_S, "every journal to drain")


@contextmanager
def line(folder: Path) -> Iterator[Line]:
    """Put the line together and start it."""
    school = SchoolKit(folder, people=PEOPLE, gates=GATES, policy={"passback": "soft", "repeat_ms": 300})
    with ExitStack() as stack:
        database = stack.enter_context(postgres(Durability.FULL))
        broker = stack.enter_context(mosquitto())
        gates = {name: Gate() for name in GATES.values()}
        for gate in gates.values():
            stack.callback(gate.close)
        url = database.create("esik")
        make_key_file(folder / "cloud" / "vault.key")
        asyncio.run(_enter(url, folder / "cloud" / "vault.key"))
        made = Line(
            {name: _agent(school, name, gates[name].port, broker.port) for name in GATES.values()},
            gates, broker, database, _worker(folder / "cloud", url, broker.port), url,
        )  # fmt: skip
        for server in [made.worker, *(agent.server for agent in made.agents.values())]:
            server.start()
            stack.callback(server.stop)
        yield made


def _agent(school: SchoolKit, name: str, gate_port: int, broker_port: int) -> AgentKit:
    agent = school.agent(name, cloud_port=broker_port)
    agent.write_settings(actuator=f'{{ kind = "simulated", port = {gate_port} }}')
    return agent


def _worker(folder: Path, url: str, broker_port: int) -> Server:
    settings = {"DATABASE_URL": url, "MQTT_URL": f"mqtt://127.0.0.1:{broker_port}", "DATA": str(folder)}
    command = [
        "env", *(f"ESIK_{name}={value}" for name, value in settings.items()),
        sys.executable, "-c", _RUN, "cloud", "run", "--edition", "server", "--part", "worker",
    ]  # fmt: skip
    return Server(command, folder / "log", lambda: True)


async def _enter(url: str, key_file: Path) -> None:
    """Make the tables and enter the school's devices."""
    await migrate(url)
    pool = await asyncpg.create_pool(url, min_size=1, max_size=1)
    try:
        devices = [Device(name, school=SCHOOL, shard=SHARD, secret=_secret(name)) for name in GATES.values()]
        await add_devices(pool, Vault(*read_keys(key_file)), SystemClock(), *devices)
    finally:
        await pool.close()


def _secret(device: str) -> bytes:
    return bytes.fromhex(device.encode().hex().ljust(64, "0"))


def _unsent(agent: AgentKit) -> int:
    """Return how many records the agent has not seen acknowledged; one that does not answer has some."""
    if not answers(agent.port):
        return 1
    with suppress(httpx2.HTTPError):
        return int(agent.health()["unsent"])
    return 1
