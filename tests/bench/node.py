"""What is measured of a stand-alone gate's whole program on the MicroPython VM: a tap to the relay, and a backlog.

The VM is the real one; its times are this machine's, and its flash is a file. Nothing was measured on a board.
"""

import asyncio
import json
import tempfile
from hashlib import sha256
from pathlib import Path

from schemas.roster import row
from schemas.seal import HTTP, derive
from schemas.tokens import UID, token
from tests.bench.table import Figure, at_least, at_most, percentile
from tests.edge_agent.school import RULES
from tests.edge_agent.sync.live import LiveCloud
from tests.edge_agent.sync.model import IDENTITY, SECRET
from tests.firmware.node.node_school import node_file
from tests.firmware.vm import ROOT, run_vm
from tests.servers.mosquitto import mosquitto

PROGRAM = ROOT / "tests/firmware/portable/node_pace.py"
HEAP = "640k"  # nothing is compiled beforehand here
CARDS, TAPS, BACKLOG, WHOLE = 10_000, 40, 3_000, 50_000
CARD_KEY = bytes(range(32, 64))
HOW = "MicroPython VM, flash is a file"


def pace() -> list[Figure]:
    """Measure taps against a roster of 10,000 cards, and a backlog that goes to a broker and a cloud in memory."""
    with tempfile.TemporaryDirectory() as folder, mosquitto() as server:
        place = Path(folder)
        _write(place, server.port)
        told = asyncio.run(_run(place, server.port))
    figures = [(name, float(value)) for name, value in (line.split() for line in told.splitlines())]
    taps_ms = [value / 1000 for name, value in figures if name == "tap_us"]
    last = dict(figures)
    pace_per_s = last["drained"] / last["drain_ms"] * 1000
    return [
        Figure("node: tap to relay, median", percentile(taps_ms, 0.5), "ms", f"{HOW}; token, 10,000 cards, journal"),
        at_most("node: tap to relay, most", max(taps_ms), "ms", f"{HOW}; {TAPS} taps, without radio", ceiling=300),
        at_least("node: backlog drained", pace_per_s, "records/s", f"{HOW}; 1 KiB, one under way", floor=50),
        Figure("node: a backlog of 50,000", WHOLE / pace_per_s, "s", f"by the pace of {last['drained']:.0f} records"),
    ]


MEASUREMENTS = (pace,)


async def _run(place: Path, port: int) -> str:
    arguments = (str(place), str(place / "roster"), str(place / "uids"), str(BACKLOG))
    async with LiveCloud(port).running():
        return await asyncio.to_thread(run_vm, str(PROGRAM), *arguments, board=place, heap=HEAP, timeout_s=180.0)


def _write(place: Path, port: int) -> None:
    """Write what the board's flash holds: bundle, settings, roster; and the cards that are shown."""
    uids = [sha256(b"%d" % number).digest()[:7] for number in range(CARDS)]
    refs = [f"k3v9x0a{number:05d}" for number in range(CARDS)]
    rows = [row("policy", "", RULES), row("profile", "all", [[127, 0, 1440]], ["*"])]
    rows += [row("person", ref, "Somebody", "1А", "student", 1, 1, "all") for ref in refs]
    rows += [
        row("card", token(CARD_KEY, UID, uid), ref, "active", 0) for uid, ref in zip(uids, refs, strict=True)
    ]  # fmt: skip
    cloud = {"mqtt_host": "127.0.0.1", "mqtt_port": port, "mqtt_tls": False, "http_url": "http://127.0.0.1:9"}
    bundle = {
        "version": 1, "device": IDENTITY.device, "school": IDENTITY.school, "shard": IDENTITY.shard,
        "secret": SECRET.hex(), "roster_public_key": "00" * 32, "card_key": CARD_KEY.hex(), "cloud": cloud, "hub": None,
        "ca_pem": None, "certificate_pem": None, "key_pem": None,
    }  # fmt: skip
    gate = {"board": "gate_esp32s3", "gate": "main", "direction": "in", "has_sensor": False, "open_ms": 100}
    gate["reader"] = "pn532-i2c"  # nobody asks it: taps are given to the gate
    (place / "bundle.json").write_text(json.dumps(bundle))
    (place / "node.json").write_text(json.dumps(gate))
    (place / "roster").write_bytes(node_file(rows, key=derive(SECRET, HTTP), school=IDENTITY.school))
    (place / "uids").write_text("\n".join(uid.hex() for uid in uids[:: CARDS // TAPS]))
