"""The test vectors of releases: a signed manifest with its payload, what is refused, and whom a release fits."""

import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas import release

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(96, 128)))
CONTENTS = {"main.py": b"print('esik')\n", "node/gate.py": b"OPEN = 1\n", "node/empty.py": b""}
NOTES = {"kk": "Қақпа жылдамырақ ашылады.", "ru": "Турникет открывается быстрее.", "en": "The gate opens sooner."}


def manifest(**changes: object) -> dict[str, Any]:
    """Return a manifest of the files above, changed."""
    rows = [[path, len(content), hashlib.sha256(content).hexdigest()] for path, content in CONTENTS.items()]
    made: dict[str, Any] = {
        "format": 1, "counter": 7, "product": "node", "board": "esp32-s3", "version": "0.4.0", "journal": 1,
        "size": sum(map(len, CONTENTS.values())), "files": rows, "notes": NOTES,
    }  # fmt: skip
    return made | changes


def signed(body: bytes) -> bytes:
    """Return a manifest file of any body, properly signed."""
    return KEY.sign(release.CONTEXT + body).hex().encode() + b"\n" + body


def releases() -> dict[str, Any]:
    """Return the vectors."""
    good = release.pack(manifest(), KEY.sign)
    return {
        "public_key": KEY.public_key().public_bytes_raw().hex(),
        "manifest": good.decode(),
        "payload": b"".join(CONTENTS.values()).hex(),
        "offsets": [0, 14, 23],
        "refused": [{"reason": reason, "file": file.decode()} for reason, file in _refused(good)],
        "fits": [
            {"reason": reason, "product": product, "board": board, "held": held, "journal": journal}
            for reason, product, board, held, journal in (
                ("", "node", "esp32-s3", 6, 1),
                ("", "node", "esp32-s3", 0, 2),
                ("product", "agent", "esp32-s3", 6, 1),
                ("board", "node", "rp2040", 6, 1),
                ("counter", "node", "esp32-s3", 7, 1),
                ("counter", "node", "esp32-s3", 8, 1),
                ("journal", "node", "esp32-s3", 6, 0),
            )
        ],
    }


def _refused(good: bytes) -> list[tuple[str, bytes]]:
    digest = "00" * 32
    places = (
        "../a", "/a", "a/../b", "a//b", ".a", "a.", "a/", "", "a\\b", "a b", "a/b/c/d/e/f/g/h/i/j/k/l/m",
        "x" * 201, "é",
    )  # fmt: skip
    found: list[tuple[str, list[list[object]]]] = [("path", [[path, 23, digest]]) for path in (*places, 1)]
    found += [
        ("path", [["a", 11, digest], ["A", 12, digest]]),
        ("path", [["a/b", 11, digest], ["a", 12, digest]]),
        ("malformed", [["a", 22, digest]]),
        ("malformed", [["a", -1, digest], ["b", 24, digest]]),
        ("malformed", [["a", 23, digest[:-1]]]),
        ("malformed", [["a", 23, digest[:-1] + "G"]]),
        ("malformed", [["a", 23]]),
        ("malformed", [["a", True, digest], ["b", 22, digest]]),
        ("malformed", []),
    ]
    wrong: list[dict[str, object]] = [
        {"format": 2}, {"counter": 0}, {"counter": True}, {"product": "till"}, {"board": ""}, {"board": "a b"},
        {"version": "x" * 25}, {"journal": -1}, {"size": 0}, {"size": 24}, {"files": {}}, {"notes": {}},
        {"notes": {**NOTES, "kk": ""}}, {"notes": {**NOTES, "en": "x" * 1_001}},
    ]  # fmt: skip
    files = [(reason, signed(json.dumps(manifest(files=row)).encode())) for reason, row in found]
    files += [("malformed", signed(json.dumps(manifest(**changes)).encode())) for changes in wrong]
    files += [("malformed", signed(body)) for body in (b"[]", b"{", b"", b"1")]
    return [*files, ("malformed", good[65:]), ("malformed", b""), ("malformed", good[:100])]
