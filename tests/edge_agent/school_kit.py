"""A small school for tests of whole agents: keys, a roster, and agents as processes whose readers are named pipes."""

import json
import os
import sqlite3
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edge_agent.bundle import read_bundle
from edge_agent.roster import KINDS
from edge_agent.sealed import Sealed
from schemas.roster import CANTEEN, DESK, body_of, pack, row
from schemas.tokens import UID, token
from tests.servers.process import Server, answers, free_port

SCHOOL, SHARD = "alm005", 7
CARD_KEY = bytes(range(32))
DAY_MS = 86_400_000
_RUN = "import sys; from esik.cli import main; sys.exit(main(sys.argv[1:]))"


def uid_of(number: int) -> bytes:
    return bytes.fromhex(f"04a1b2c3d4e5{number:02x}")


def kind_of(line: bytes) -> str:
    """Return the kind of a roster's row."""
    return str(json.loads(line)[0])


def ref_of(number: int) -> str:
    return f"person{number:06d}"


@dataclass(slots=True)
class SchoolKit:
    """Signs rosters and writes what agents are started with."""

    folder: Path
    people: int = 5
    gates: Mapping[str, str] = field(default_factory=lambda: {"north": "gate-1"})  # gate -> device
    policy: Mapping[str, object] = field(default_factory=dict)
    cards: Sequence[tuple[str, bytes, str]] = ()  # of other media: letter, credential, whose; as UIDs they are nobody's
    more: Sequence[bytes] = ()  # rows of the rosters besides, of the doors' and of the canteen's
    desk: Sequence[bytes] = ()  # rows of the guard's desk's roster
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def roster(self, version: int = 1) -> bytes:
        """Return a signed snapshot in which everybody may pass everywhere at any time."""
        rules = {"passback": "hard", "passback_reset_ms": 0, "repeat_ms": 1_000, "expired": "allow", **self.policy}
        rows = [row("policy", "", rules), row("profile", "all", [[127, 0, 1440]], ["*"])]
        for gate, device in self.gates.items():
            rows.append(row("gate", gate, {"kk": f"{gate} қақпа", "ru": f"{gate} вход", "en": f"{gate} gate"}, device))
        for number in range(self.people):
            rows.append(row("person", ref_of(number), f"Person {number}", "5A", "student", 1, 1, "all"))
            if uid_of(number) not in {credential for _, credential, _ in self.cards}:
                rows.append(row("card", token(CARD_KEY, UID, uid_of(number)), ref_of(number), "active", 0))
        rows += [row("card", token(CARD_KEY, letter, number), ref, "active", 0) for letter, number, ref in self.cards]
        return self._signed([*rows, *(line for line in self.more if kind_of(line) in KINDS)], version)

    def canteen(self, version: int = 1) -> bytes:
        """Return a signed snapshot of the canteen's roster."""
        return self._signed([line for line in self.more if kind_of(line) not in KINDS], version, kind=CANTEEN)

    def _signed(self, rows: Sequence[bytes], version: int, **more: object) -> bytes:
        now_ms = time.time_ns() // 1_000_000
        header: dict[str, object] = {
            "school": SCHOOL, "version": version, "base": 0, "issued_ms": now_ms, "not_after_ms": now_ms + 30 * DAY_MS,
        }  # fmt: skip
        body = body_of(list(rows))
        return pack(header | more, body, body, self.key.sign)

    def agent(
        self,
        device: str,
        *,
        cloud_port: int = 1,
        hub: Mapping[str, object] | None = None,
        pems: Mapping[str, str] = MappingProxyType({}),
    ) -> "AgentKit":
        """Write bundle, settings and roster of one agent, with two readers at each of its gates."""
        made = AgentKit(self.folder / device, [gate for gate, owner in self.gates.items() if owner == device])
        made.folder.mkdir()
        bundle = {
            "version": 1, "device": device, "school": SCHOOL, "shard": SHARD,
            "secret": device.encode().hex().ljust(64, "0"),
            "roster_public_key": self.public_key.hex(), "card_key": CARD_KEY.hex(),
            "cloud": {
                "mqtt_host": "127.0.0.1", "mqtt_port": cloud_port, "mqtt_tls": False, "http_url": "http://127.0.0.1:1",
            },
            "hub": hub, "ca_pem": None, "certificate_pem": None, "key_pem": None, **pems,
        }  # fmt: skip
        path = made.folder / "bundle.json"
        path.write_text(json.dumps(bundle))
        path.chmod(0o600)
        made.write_settings()
        made.put_roster(self.roster())
        if any(kind_of(line) == "till" for line in self.more):
            made.put_side(CANTEEN, self.canteen(), Sealed(read_bundle(path).rest_key))
        if self.desk:
            made.put_side(DESK, self._signed(self.desk, 1, kind=DESK), Sealed(read_bundle(path).rest_key))
        return made


@dataclass(slots=True)
class AgentKit:
    """One agent's files, and the process when it runs."""

    folder: Path
    gates: Sequence[str]
    port: int = field(default_factory=free_port)
    server: Server = field(init=False)

    def __post_init__(self) -> None:
        command = [sys.executable, "-c", _RUN, "edge", "run", "--config", str(self.config)]
        self.server = Server(command, self.folder / "log", lambda: answers(self.port))

    @property
    def config(self) -> Path:
        return self.folder / "agent.toml"

    def write_settings(self, actuator: str = '{ kind = "none" }', more: str = "") -> None:
        """Write agent.toml: a named pipe for each reader, a status page."""
        text = (
            f'bundle = "bundle.json"\nfolder = "kept"\n[status]\nport = {self.port}\n[log]\nformat = "text"\n{more}\n'
        )
        for gate in self.gates:
            names = []
            for direction in ("in", "out"):
                name = f"{gate}-{direction}"
                pipe = self.folder / name
                if not pipe.exists():
                    os.mkfifo(pipe)
                names.append(f'{{ name = "{name}", direction = "{direction}" }}')
                text += f'[[readers]]\nname = "{name}"\ndriver = "line"\npath = "{pipe}"\n'
            text += f'[[gates]]\nid = "{gate}"\nreaders = [{", ".join(names)}]\nactuator = {actuator}\n'
        self.config.write_text(text)

    def put_roster(self, file: bytes) -> None:
        slots = self.folder / "kept" / "roster"
        slots.mkdir(parents=True, exist_ok=True)
        (slots / "roster-a").write_bytes(file)

    def put_side(self, kind: str, file: bytes, sealed: Sealed) -> None:
        slots = self.folder / "kept" / kind
        slots.mkdir(parents=True, exist_ok=True)
        (slots / "roster-a").write_bytes(sealed.sealed(file, kind))

    def tap(self, reader: str, uid: bytes) -> None:
        """Show a card."""
        descriptor = os.open(self.folder / reader, os.O_WRONLY | os.O_NONBLOCK)
        with os.fdopen(descriptor, "wb") as pipe:
            pipe.write(uid.hex().encode() + b"\n")

    def has_tapped(self, reader: str, uid: bytes) -> bool:
        """Show a card; tell whether there was a reader to show it to."""
        try:
            self.tap(reader, uid)
        except OSError:  # nobody reads the pipe yet
            return False
        return True

    def health(self) -> dict[str, Any]:
        answer: dict[str, Any] = httpx2.get(f"http://127.0.0.1:{self.port}/health", trust_env=False).json()
        return answer

    def metrics(self) -> str:
        return httpx2.get(f"http://127.0.0.1:{self.port}/metrics", trust_env=False).text

    def records(self, kind: str = "") -> list[dict[str, Any]]:
        """Return the records in the journal, in order; of one kind if given."""
        with sqlite3.connect(f"file:{self.folder}/kept/journal.db?mode=ro", uri=True) as db:
            rows = db.execute("SELECT record FROM entries ORDER BY ep, seq").fetchall()
        db.close()
        records = [json.loads(record) for (record,) in rows if record]
        return [record for record in records if not kind or record["k"] == kind]
