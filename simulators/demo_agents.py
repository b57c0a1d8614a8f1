"""The agents of a demonstration: what is written for each before it starts, and how they are asked afterwards."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx2
from prometheus_client.parser import text_string_to_metric_families

from simulators.demo_children import Child
from simulators.demo_street import DIRECTIONS, Lane, Wires


@dataclass(frozen=True, slots=True)
class AgentFigures:
    """What an agent says of itself: decisions since it started, records that wait, what it works with."""

    opened: int
    refused: int
    unsent: int
    roster: int
    readers_ready: int

    @property
    def taps(self) -> int:
        return self.opened + self.refused


@dataclass(frozen=True, slots=True)
class DemoAgent:
    """One agent: its device's name, the lanes it serves, and the port of its status page."""

    device: str
    lanes: Sequence[Lane]
    folder: Path
    port: int
    guard_port: int = 0  # of the guard's desk; 0: there is none
    list_port: int = 0  # of the muster list that phones would be shown

    @property
    def guard_url(self) -> str:
        """Return where the guard's desk is; empty where there is none."""
        return f"http://127.0.0.1:{self.guard_port}" if self.guard_port else ""

    @property
    def readers(self) -> int:
        """How many readers it has."""
        return sum(len(lane.readers) for lane in self.lanes)

    @property
    def config(self) -> Path:
        return self.folder / "agent.toml"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def child(self) -> Child:
        """Return the program."""
        return Child(self.device, ["edge", "run", "--config", str(self.config)], self.folder / "agent.log")

    def write(self, bundle: Mapping[str, object], wires: Wires) -> None:
        """Write bundle and settings; the way to the cloud leads through the cable."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "bundle.json"
        path.touch(0o600)
        path.write_text(json.dumps(bundle))
        self.config.write_text("\n".join(self.settings(wires)) + "\n")

    def settings(self, wires: Wires) -> list[str]:
        """Return the lines of its settings."""
        return [
            'bundle = "bundle.json"',
            'folder = "kept"',
            "[status]",
            f"port = {self.port}",
            "[sync]",
            f'brokers = ["mqtts://127.0.0.1:{wires.broker_port}"]',
            f'http_url = "http://127.0.0.1:{wires.http_port}"',
            "keepalive_s = 10",
            "[log]",
            'format = "text"',
            *self._desk(),
            *(line for lane in self.lanes for line in self._lane(lane)),
        ]

    def _desk(self) -> list[str]:
        if not self.guard_port:
            return []
        ports = [f"port = {self.guard_port}", f"lan_port = {self.list_port}"]
        return ["[guard]", "is_on = true", 'lan_host = "127.0.0.1"', *ports]

    def _lane(self, lane: Lane) -> list[str]:
        lines = []
        for path in lane.links.values():
            lines += ["[[readers]]", f'name = "{path.name}"', 'driver = "pn532"', f'path = "{path}"']
        readers = ", ".join(f'{{ name = "{lane.gate}-{way}", direction = "{way}" }}' for way in DIRECTIONS)
        actuator = f'{{ kind = "simulated", port = {lane.turnstile_port} }}'
        return [*lines, "[[gates]]", f'id = "{lane.gate}"', f"readers = [{readers}]", f"actuator = {actuator}"]

    async def figures(self, client: httpx2.AsyncClient) -> AgentFigures | None:
        """Return the figures of now; None while it does not answer."""
        try:
            return _figures((await client.get(f"{self.url}/metrics")).text)
        except (httpx2.HTTPError, OSError, ValueError):
            return None


def _figures(exposition: str) -> AgentFigures:
    sums: Counter[str] = Counter()
    for family in text_string_to_metric_families(exposition):
        for sample in family.samples:
            sums[sample.name + sample.labels.get("outcome", "")] += int(sample.value)
    return AgentFigures(
        opened=sums["esik_edge_decisions_totalallowed"],
        refused=sums["esik_edge_decisions_totaldenied"],
        unsent=sums["esik_edge_unsent_records"],
        roster=sums["esik_edge_roster_version"],
        readers_ready=sums["esik_edge_reader_ready"],
    )
