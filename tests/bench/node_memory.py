"""What a whole stand-alone gate takes of memory on the MicroPython VM: put together, and connected over TLS.

The VM is the real one, with 64-bit words, and its TLS is mbedTLS, as on a board. What TLS takes is not in MicroPython's
heap: neither here nor on an ESP32 (docs/firmware.md). Where `requirements/micropython.sh --words32` has brought the
same VM with a board's words, it is measured, too. Nothing was measured on a board.
"""

import json
import tempfile
from pathlib import Path

from schemas.roster import row
from schemas.seal import HTTP, derive
from tests.bench.firmware import CARDS, HEAP, HOW, ROOTS, compile_into
from tests.bench.table import Figure, at_least
from tests.contract.test_tls import secure_bundle
from tests.edge_agent.school import RULES
from tests.edge_agent.sync.model import IDENTITY, SECRET
from tests.edge_agent.sync.test_hub_tls import FAR
from tests.faults.test_wire import DAY, NOW, Ca, secured
from tests.firmware.node.node_school import node_file
from tests.firmware.vm import STAND_INS, VM, VM_32, run_vm
from tests.servers.mosquitto import mosquitto
from tests.servers.node import run_node

PROBE = Path(__file__).with_name("node_probe_tls.py")
WORDS = Path(__file__).with_name("node_words.mjs")
OUTSIDE = "outside of MicroPython's heap, 64-bit words"


def memory() -> list[Figure]:
    """Measure a gate with 10,000 cards before, and while, it is connected to a broker over mutual TLS."""
    with tempfile.TemporaryDirectory() as folder:
        place, ca = Path(folder), Ca("bench")
        _write(place)
        with mosquitto(secured(place, ca, NOW - DAY, FAR)) as server:
            (place / "bundle.json").write_text(json.dumps(secure_bundle(place, server.port, ca)))
            figures = _probed(place, VM)
            narrow = _of_32_bits(_probed(place, VM_32)) if VM_32.exists() else []
        on_a_board = float(run_node(WORDS, str(place / "lib"), *ROOTS))
    return [
        Figure("node: used by modules, as on a board", on_a_board, "bytes", "MicroPython's WebAssembly, 32-bit words"),
        Figure("node: used by the whole gate", figures["free_empty"] - figures["free_gate"], "bytes", HOW),
        Figure("node: free, put together", figures["free_gate"], "bytes", f"{HOW}; every object of the gate"),
        at_least("node: free with TLS", figures["free_tls"], "bytes", f"{HOW}; connected", floor=20_000),
        Figure("node: TLS, while it stands", figures["allocated"], "bytes", f"{OUTSIDE}; malloc_info(3)"),
        Figure("node: TLS, most", figures["resident"], "bytes", f"{OUTSIDE}; growth of RssAnon with a handshake"),
        *narrow,
    ]


MEASUREMENTS = (memory,)


def _probed(place: Path, vm: Path) -> dict[str, float]:
    """Return what the probe tells of a gate whose flash is as new."""
    for flash in place.glob("flash-*"):
        flash.unlink()
    path = f"{STAND_INS}:{place / 'lib'}:.frozen"
    told = run_vm(str(PROBE), str(place / "lib"), str(place), board=place, path=path, heap=HEAP, vm=vm)
    figures = {name: float(figure) for name, figure in (line.split() for line in told.splitlines())}
    assert figures["cards"] == CARDS
    return figures


def _of_32_bits(figures: dict[str, float]) -> list[Figure]:
    how = HOW.replace("64-bit", "32-bit")
    used = figures["free_empty"] - figures["free_gate"]
    return [
        Figure("node: used by the whole gate, words as on a board", used, "bytes", how),
        Figure("node: the same with TLS", figures["free_empty"] - figures["free_tls"], "bytes", f"{how}; connected"),
    ]


def _write(place: Path) -> None:
    """Write the compiled program, and what stands in the board's flash."""
    compile_into(place / "lib")
    refs = [f"k3v9x0a{number:05d}" for number in range(CARDS)]
    rows = [row("policy", "", RULES), row("profile", "all", [[127, 0, 1440]], ["*"])]
    rows += [row("person", ref, "Somebody", "1А", "student", 1, 1, "all") for ref in refs]
    rows += [row("card", f"{number:024x}", ref, "active", 0) for number, ref in enumerate(refs)]
    (place / "roster").write_bytes(node_file(rows, key=derive(SECRET, HTTP), school=IDENTITY.school))
    gate = {"board": "gate_esp32s3", "gate": "main", "direction": "in", "reader": "pn532-i2c"}  # nobody asks it
    (place / "node.json").write_text(json.dumps(gate))
