"""What is measured of a stand-alone gate on the MicroPython VM: memory, flash, and the time of its journal and roster.

The VM is the real one, with 64-bit words: objects take up to twice what they take on a board, bytecode the same. Its
times are this machine's. Nothing was measured on a board.
"""

import tempfile
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware.node.ed25519 import Key
from firmware.tools.boardfiles import compiled, modules_for
from schemas.compact import compact
from schemas.pass_text import SIGNED
from schemas.passes import Pass
from schemas.roster import pack, row
from schemas.seal import mac
from tests.bench.table import Figure, at_least, at_most
from tests.edge_agent.school import MONDAY_8_MS, SCHOOL
from tests.firmware.node.multiplications import in_steps
from tests.firmware.vm import STAND_INS, run_vm

PROBE = Path(__file__).with_name("node_probe.py")
ROOTS = ("firmware.node.standalone_parts", "firmware.boards.gate_esp32s3")
CARDS = 10_000
LAST_REF = f"k3v9x0a{CARDS - 1:05d}"
KEY = bytes(range(32))
HEAP = "320k"  # 64-bit words take more room than a board's
HOW = f"MicroPython VM, {HEAP} of heap, 64-bit words"


def node() -> list[Figure]:
    """Measure a gate with 10,000 records in its journal and 10,000 cards in its roster."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        compile_into(place / "lib")
        file, tokens = _roster()
        (place / "roster").write_bytes(file)
        (place / "tokens").write_text("\n".join(tokens[::200]))
        path = f"{STAND_INS}:{place / 'lib'}:.frozen"
        told = run_vm(
            str(PROBE),
            str(place / "lib"),
            str(place / "roster"),
            str(place / "tokens"),
            *(part.hex() for part in _pass()),
            LAST_REF,
            board=place,
            path=path,
            heap=HEAP,
        )
    figures = {name: float(figure) for name, figure in (line.split() for line in told.splitlines())}
    assert figures["recovered"] == CARDS
    assert figures["cards"] == CARDS
    return [*_memory(figures), *_flash(figures), *_times(figures), *_passes(figures)]


MEASUREMENTS = (node,)


def _memory(figures: dict[str, float]) -> list[Figure]:
    return [
        Figure("node: used by modules", figures["free_empty"] - figures["free_boot"], "bytes", HOW),
        Figure("node: free after boot", figures["free_boot"], "bytes", f"{HOW}; all modules of the gate loaded"),
        Figure("node: free with 10,000 records", figures["free_journal"], "bytes", f"{HOW}; journal recovered"),
        at_least(
            "node: free with 10,000 cards too", figures["free_roster"], "bytes", f"{HOW}; TLS has memory of its own",
            floor=20_000,
        ),
    ]  # fmt: skip


def _flash(figures: dict[str, float]) -> list[Figure]:
    return [
        at_least("node: records of a board of 4 MB", figures["capacity"], "records", "a journal of 1 MB", floor=10_000),
        Figure("node: flash for a record", figures["append_bytes_mean"], "bytes", "mean of decisions and passages"),
        at_most("node: flash for a record, most", figures["append_bytes_most"], "bytes", "with headers", ceiling=256),
    ]


def _times(figures: dict[str, float]) -> list[Figure]:
    return [
        Figure("node: append", figures["append_us"], "us", "CPU of the VM; flash is a file"),
        Figure("node: decision", figures["decide_us"], "us", "CPU of the VM; one of 10,000 cards"),
        Figure("node: recovery of 10,000 records", figures["recovery_ms"], "ms", "CPU of the VM"),
        Figure("node: a record read for sending", figures["drain_us"], "us", "CPU of the VM; seven at a time"),
        Figure("node: a roster of 10,000 cards taken", figures["flip_ms"], "ms", "CPU of the VM; verified and flipped"),
    ]


def _passes(figures: dict[str, float]) -> list[Figure]:
    return [
        Figure("node: a pass checked", figures["pass_us"] / 1000, "ms", "CPU of the VM; in steps, beside all else"),
        Figure("node: its longest step", figures["pass_step_us"] / 1000, "ms", "between two turns"),
        at_most(
            "node: field multiplications of it", sum(in_steps(_prepared(), *_pass()[1:])), "products",
            "256 by 256 bits and reduced; counted, not timed", ceiling=1_850,
        ),
        Figure("node: its key prepared", figures["pass_prepare_us"] / 1000, "ms", "CPU of the VM; once, at the start"),
        Figure("node: a person looked for", figures["search_us"] / 1000, "ms", "CPU of the VM; all of 10,000 cards"),
        Figure(
            "node: used by passes", figures["free_before_pass"] - figures["free_pass"], "bytes",
            f"{HOW}; with a scanner only: modules, and the sums of the key",
        ),
    ]  # fmt: skip


def _pass() -> tuple[bytes, bytes, bytes]:
    """Return a school's key, and what it signs of a pass with the signature."""
    signer = Ed25519PrivateKey.from_private_bytes(KEY)
    message = SIGNED + Pass(SCHOOL, LAST_REF, "5e" * 8, MONDAY_8_MS // 1_000, is_single=True).body()
    return signer.public_key().public_bytes_raw(), message, signer.sign(message)


def _prepared() -> Key:
    key = Key(_pass()[0])
    for _ in key.preparing():
        pass
    return key


def compile_into(folder: Path) -> None:
    """Write the gate's program into a folder as it stands on a board."""
    for name in modules_for(*ROOTS):
        file = compiled(name)
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)


def _roster() -> tuple[bytes, list[str]]:
    rng = Random(1)
    tokens = [rng.randbytes(12).hex() for _ in range(CARDS)]
    refs = [f"k3v9x0a{number:05d}" for number in range(CARDS)]
    rules = {"passback": "off", "passback_reset_ms": 0, "repeat_ms": 5_000, "expired": "allow"}
    rows = [row("policy", "", rules), row("profile", "day", [[127, 0, 1440]], ["*"])]
    rows += [row("card", token, ref, "active", 0) for token, ref in zip(tokens, refs, strict=True)]
    rows += [row("person", ref, "Somebody", "1А", "student", 1, 1, "day") for ref in refs]
    body = compact(sorted(rows))
    header: dict[str, object] = {"school": SCHOOL, "version": 7, "base": 0, "issued_ms": 0}
    header["not_after_ms"] = MONDAY_8_MS + 86_400_000
    return pack(header, body, body, lambda message: mac(KEY, message)), tokens
