"""Writes the test vectors in `schemas/vectors`: messages, seals, chains, batches and rosters, from fixed seeds.

Run `python -m tests.schemas.make_vectors` after a change of the contract; a test fails while a file is stale. The files
are for whoever writes a device in another language.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas import chain, codec, compact, requests, roster, seal, tokens, topics
from schemas.generate import HERE, load, rows
from tests.schemas.enrolment_vectors import enrolments
from tests.schemas.pass_vectors import passes
from tests.schemas.release_vectors import releases
from tests.schemas.till_vectors import desk_rows, till_rows

FOLDER = HERE / "vectors"
SECRET = bytes(range(32))
SCHOOL_KEY = bytes(range(32, 64))
ROSTER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(64, 96)))
DEVICE, SCHOOL, SHARD = "gate-1", "alm005", 7
EPOCH, BOOT, NONCE = "0123456789abcdef", "fedcba9876543210", "00ff00ff00ff00ff"
DIGEST = "00112233445566778899aabbccddeeff"
PERSON, STAFF = "k3v9x0a7m2qd", "zr81mmv0c5tb"
WALL_MS = 1_790_000_000_000
TAG = {"monotonic_ms": 81234, "wall_ms": WALL_MS, "clock": "ntp"}

CREDENTIALS = (
    (tokens.UID, bytes.fromhex("04a1b2c3d4e5f6")),
    (tokens.UID, bytes.fromhex("9f3c21d0")),
    (tokens.UID, b""),  # every UID that was drawn by lot
    (tokens.QR, "ESIK:2WMZ-7Қ".encode()),
    (tokens.DESFIRE, bytes.fromhex("04a1b2c3d4e5f6")),
    (tokens.SUN, bytes.fromhex("04a1b2c3d4e5f6")),
)

EXAMPLES: dict[str, dict[str, Any]] = {
    "open": {
        **TAG,
        "boot": BOOT,
        "previous_epoch": "fedc000000000001",
        "previous_head": 7,
        "previous_digest": DIGEST,
        "reason": "start",
        "firmware": "0.1.0",
    },
    "decision": {
        **TAG,
        "gate": "main",
        "direction": "in",
        "outcome": "allowed",
        "reason": "ok",
        "roster": 12,
        "person": PERSON,
    },
    "passage": {
        **TAG,
        "gate": "main",
        "direction": "in",
        "outcome": "passed",
        "person": PERSON,
        "epoch": "fedc000000000001",
        "decision_seq": 2,
    },
    "hand_pass": {**TAG, "gate": "main", "direction": "in", "person": PERSON, "staff": STAFF, "reason": "forgotten"},
    "collected": {**TAG, "gate": "main", "person": PERSON, "staff": STAFF, "collector": "c105"},
    "visitor": {
        **TAG,
        "gate": "main",
        "direction": "in",
        "id": NONCE,
        "staff": STAFF,
        "host": PERSON,
        "purpose": "delivery",
        "badge": "17",
        "stay_min": 60,
        "firm": "Сүт",
    },
    "manual_open": {
        **TAG,
        "gate": "main",
        "direction": "in",
        "staff": STAFF,
        "reason": "load",
        "detail": "нан мен сүт",
    },
    "regime": {**TAG, "turn": 3, "mode": "lock_down", "staff": STAFF},
    "muster": {**TAG, "id": NONCE, "turn": 1, "outcome": "begun", "staff": STAFF},
    "roll_call": {**TAG, "id": NONCE, "turn": 5, "outcome": "here", "person": PERSON, "phone": BOOT[:8]},
    "sale": {
        **TAG,
        "id": NONCE,
        "shift": BOOT,
        "meal": "lunch",
        "amount_tiyn": 57_700,
        "payment": "account",
        "person": PERSON,
    },
    "item": {**TAG, "sale": NONCE, "dish": "lunch-1-4", "version": 3, "count": 1, "price_tiyn": 57_700},
    "override": {**TAG, "sale": NONCE, "rule": "no_money", "staff": STAFF, "why": "аш бала"},
    "refusal": {**TAG, "meal": "lunch", "person": PERSON, "reason": "had_it"},
    "void": {**TAG, "id": BOOT, "sale": NONCE, "amount_tiyn": 57_700, "staff": STAFF, "reason": "Қате түрттім"},
    "refund": {**TAG, "id": BOOT, "sale": NONCE, "amount_tiyn": 100, "staff": STAFF, "reason": "cold soup"},
    "claim": {
        **TAG,
        "id": NONCE,
        "person": PERSON,
        "meal": "lunch",
        "day": "2026-09-21",
        "outcome": "granted",
        "amount_tiyn": 0,
        "by_right": True,
    },
    "shift": {
        **TAG,
        "id": BOOT,
        "till": "till-1",
        "outcome": "closed",
        "staff": STAFF,
        "amount_tiyn": 5_770_000,
        "cash_tiyn": 57_700,
        "count": 100,
    },
    "alarm": {**TAG, "reason": "forced_open", "detail": 'a "quoted" \\ word', "gate": "main"},
    "loss": {**TAG, "reason": "disk_full", "count": 3, "from_ms": WALL_MS - 9000, "to_ms": WALL_MS},
    "health": {
        **TAG,
        "uptime_s": 81,
        "unsent": 0,
        "disk_free_mb": 14_000,
        "roster": 12,
        "firmware": "0.1.0",
        "temperature_c": -7,
        "wear_pct": 30,
        "signal_dbm": -67,
    },
    "command": {**TAG, "id": NONCE, "action": "open_once", "outcome": "done"},
    "batch": {
        "device": DEVICE,
        "epoch": EPOCH,
        "first_seq": 1,
        "count": 3,
        "previous_digest": chain.genesis(DEVICE, EPOCH).hex(),
        "boot": BOOT,
        **TAG,
    },
    "gap": {
        "device": DEVICE,
        "epoch": EPOCH,
        "first_seq": 4,
        "last_seq": 6,
        "digest_after": DIGEST,
        "reason": "unreadable",
        **TAG,
    },
    "hello": {
        "device": DEVICE,
        "nonce": NONCE,
        "boot": BOOT,
        "epochs": [{"epoch": "fedc000000000001", "tail": 5, "head": 7}, {"epoch": EPOCH, "tail": 1, "head": 3}],
        "roster": 12,
        "firmware": "0.1.0",
        **TAG,
    },
    "state": {"boot": BOOT, "online": True},
    "welcome": {
        "nonce": NONCE,
        "marks": [
            {"epoch": "fedc000000000001", "upto": 6, "digest": DIGEST},
            {"epoch": EPOCH, "upto": 0, "digest": chain.genesis(DEVICE, EPOCH).hex()},
        ],
        "wall_ms": WALL_MS + 40,
        "roster": 13,
    },
    "ack": {"epoch": EPOCH, "upto": 3, "digest": DIGEST},
    "nack": {"code": "out_of_order", "retry_after_ms": 0, "epoch": EPOCH, "upto": 3, "digest": DIGEST},
    "notice": {"what": "roster", "roster": 13, "wall_ms": WALL_MS},
    "cmd": {"id": NONCE, "counter": 4, "expires_ms": WALL_MS + 30_000, "action": "open_once", "gate": "main"},
    "peer_hello": {"device": DEVICE, "nonce": NONCE, "marks": [{"device": "gate-2", "epoch": EPOCH, "upto": 41}]},
    "peer_done": {"nonce": NONCE, "count": 17},
    "claim_ask": {
        "nonce": NONCE,
        "id": BOOT,
        "person": PERSON,
        "meal": "lunch",
        "day": "2026-09-21",
        "amount_tiyn": 0,
        "by_right": True,
    },
    "claim_told": {"nonce": NONCE, "outcome": "had_it"},
}
ROSTER_ROWS = [
    roster.row(
        "policy", "", {"passback": "soft", "passback_reset_ms": 43_200_000, "repeat_ms": 5000, "expired": "allow"}
    ),
    roster.row(
        "gate", "main", {"kk": "Басты есік", "ru": "Главный вход", "en": "Main door"}, DEVICE, "open", "shut_both"
    ),
    roster.row("profile", "day", [[31, 420, 1140]], ["*"]),
    roster.row("person", PERSON, "Әлия Қасымова", "1А", "student", 1, 1, "day"),
    roster.row("card", "ab" * 12, PERSON, "active", 0),
    *till_rows(PERSON, STAFF, DEVICE)[:1],
]
CANTEEN_ROWS = till_rows(PERSON, STAFF, DEVICE)[1:]
DESK_ROWS = desk_rows(PERSON, STAFF)
Sign = Callable[[bytes], bytes]
NEXT_ROWS = [*ROSTER_ROWS[:4], *ROSTER_ROWS[5:], roster.row("card", "cd" * 12, PERSON, "active", WALL_MS)]


def messages() -> list[dict[str, Any]]:
    """Return one valid line of every kind, in hexadecimal and as text, with its fields by long names."""
    out = []
    for kind, fields in EXAMPLES.items():
        line = codec.encode(kind, fields)
        out.append({"kind": kind, "fields": fields, "line": line.decode(), "hex": line.hex()})
    return out


def refused() -> list[dict[str, str]]:
    """Return lines that are wrong in one way each, and the error our codec gives."""
    out = []
    for kind, schema in (load("records") | load("frames")).items():
        line = json.loads(codec.encode(kind, EXAMPLES[kind]))
        for what, wrong in _spoiled(kind, line, schema):
            text = wrong if isinstance(wrong, str) else json.dumps(wrong, separators=(",", ":"), ensure_ascii=False)
            out.append({"kind": kind, "what": what, "line": text, "error": _error(text)})
    return out


def _spoiled(kind: str, line: dict[str, Any], schema: dict[str, Any]) -> Iterator[tuple[str, object]]:
    yield "unknown field", {**line, "zz": 1}
    yield "unknown kind", {**line, "k": "dance"}
    yield "later version", {**line, "v": 2}
    yield "not an object", [line]
    yield "cut short", json.dumps(line)[:-1]
    for short, field in schema["properties"].items():
        if short == "k" or short not in line:
            continue
        if short in schema["required"]:
            yield f"no {field['title']}", {name: value for name, value in line.items() if name != short}
        yield f"{field['title']} of another type", {**line, short: {"a": 1}}
        for limit, step in (("minimum", -1), ("maximum", 1)):
            if limit in field:
                yield f"{field['title']} beyond its {limit}", {**line, short: field[limit] + step}
        if field.get("type") == "string":
            yield f"{field['title']} too long", {**line, short: "0" * 300}
    if kind in load("records") and "x" in schema["properties"]:
        yield "more than 200 bytes", {**line, "x": "Ұ" * 48, "g": "Ұ" * 16}


def _error(text: str) -> str:
    try:
        codec.decode(text.encode())
    except codec.WireError as error:
        return str(error)
    raise AssertionError("not refused: " + text)


def seals() -> dict[str, Any]:
    """Return keys, seals and card tokens."""
    keys = {label: seal.derive(SECRET, label) for label in (seal.UPLINK, seal.DOWNLINK, seal.HTTP)}
    body = codec.encode("ack", EXAMPLES["ack"])
    message = seal.seal(keys["downlink"], body)
    return {
        "secret": SECRET.hex(),
        "keys": {label: key.hex() for label, key in keys.items()},
        "sealed": {"key": "downlink", "body": body.decode(), "message": message.decode(), "hex": message.hex()},
        "broken": [
            {"what": "changed body", "hex": (message[:-2] + b"1}").hex()},
            {"what": "key of the other direction", "hex": seal.seal(keys["uplink"], body).hex()},
            {"what": "no seal", "hex": body.hex()},
            {"what": "no line feed", "hex": message.replace(b"\n", b" ").hex()},
            {"what": "cut", "hex": message[:32].hex()},
        ],
        "card_tokens": [_card_token(medium, credential) for medium, credential in CREDENTIALS],
        "request": _request(keys["http"]),
    }


def _card_token(medium: str, credential: bytes) -> dict[str, str]:
    return {
        "card_key": SCHOOL_KEY.hex(),
        "medium": medium,
        "credential": credential.hex(),
        "token": tokens.token(SCHOOL_KEY, medium, credential),
    }


def _request(key: bytes) -> dict[str, Any]:
    target, time_ms, body = "/device/v1/roster?base=12", WALL_MS, b'{"a":1}'
    return {
        "method": "GET",
        "target": target,
        "headers": requests.headers(key, DEVICE, "GET", target, NONCE, time_ms),
        "post": {
            "body": body.decode(),
            "signature": requests.signature(key, "POST", target, NONCE, str(time_ms), body),
        },
        "answer": {
            "status": 200,
            "body": body.decode(),
            "headers": requests.answer_headers(key, 200, NONCE, time_ms + 40, body),
        },
    }


def batches() -> dict[str, Any]:
    """Return the chain over three records, and the sealed batch, gap, hello and answers that bring them."""
    records = [codec.encode(kind, EXAMPLES[kind]) for kind in ("open", "decision", "passage")]
    digests = [chain.genesis(DEVICE, EPOCH)]
    for record in records:
        digests.append(chain.link(digests[-1], record))
    uplink, downlink = seal.derive(SECRET, seal.UPLINK), seal.derive(SECRET, seal.DOWNLINK)
    batch = seal.seal(uplink, b"\n".join([codec.encode("batch", EXAMPLES["batch"]), *records]))
    ack = codec.encode("ack", {"epoch": EPOCH, "upto": 3, "digest": digests[3].hex()})
    out: dict[str, Any] = {
        "device": DEVICE,
        "school": SCHOOL,
        "shard": SHARD,
        "epoch": EPOCH,
        "secret": SECRET.hex(),
        "genesis": digests[0].hex(),
        "records": [record.decode() for record in records],
        "digests": [digest.hex() for digest in digests[1:]],
        "topics": {name: topics.topic(SHARD, SCHOOL, DEVICE, name) for name in topics.CHANNELS},
        "batch": {"text": batch.decode(), "hex": batch.hex()},
        "ack": {"text": seal.seal(downlink, ack).decode(), "hex": seal.seal(downlink, ack).hex()},
    }
    for kind, key in (("hello", uplink), ("gap", uplink), ("state", uplink), ("welcome", downlink), ("nack", downlink)):
        message = seal.seal(key, codec.encode(kind, EXAMPLES[kind]))
        out[kind] = {"text": message.decode(), "hex": message.hex()}
    return out


def rosters() -> dict[str, Any]:
    """Return a signed snapshot, a delta on it, and files that are refused for one reason each."""
    head = {"school": SCHOOL, "version": 12, "base": 0, "issued_ms": WALL_MS, "not_after_ms": WALL_MS + 864_000_000}
    body, after = roster.body_of(ROSTER_ROWS), roster.body_of(NEXT_ROWS)
    snapshot = roster.pack(head, body, body, ROSTER_KEY.sign)
    change = b"".join(line + b"\n" for line in roster.difference(ROSTER_ROWS, NEXT_ROWS))
    delta = roster.pack(head | {"version": 13, "base": 12}, change, after, ROSTER_KEY.sign)
    small = compact.compact(ROSTER_ROWS)
    canteen, desk = roster.body_of(CANTEEN_ROWS), roster.body_of(DESK_ROWS)
    http = seal.derive(SECRET, seal.HTTP)

    def sign(message: bytes) -> bytes:
        return hmac.digest(http, message, hashlib.sha256)

    return {
        "school": SCHOOL,
        "now_ms": WALL_MS + 1000,
        "public_key": ROSTER_KEY.public_key().public_bytes_raw().hex(),
        "http_key": http.hex(),
        "snapshot": snapshot.decode(),
        "snapshot_hmac": roster.pack(head, body, body, sign).decode(),
        "rows": [line.decode() for line in sorted(ROSTER_ROWS)],
        "delta": delta.decode(),
        "compact_hex": roster.pack(head, small, small, sign).hex(),
        "compact_card": {"token": "ab" * 12, "person": PERSON, "until_s": 0, "flags": 14, "profile": 0},
        "rows_after_delta": [line.decode() for line in sorted(NEXT_ROWS)],
        "canteen": roster.pack(head | {"kind": roster.CANTEEN}, canteen, canteen, ROSTER_KEY.sign).decode(),
        "canteen_rows": [line.decode() for line in sorted(CANTEEN_ROWS)],
        "desk": roster.pack(head | {"kind": roster.DESK}, desk, desk, ROSTER_KEY.sign).decode(),
        "desk_rows": [line.decode() for line in sorted(DESK_ROWS)],
        "refused": _refused_rosters(head, body, sign),
        "kinds": sorted(rows()),
    }


def _refused_rosters(head: dict[str, Any], body: bytes, sign: Sign) -> list[dict[str, str]]:
    def packed(changes: dict[str, Any], content: bytes = body, promised: bytes = body) -> bytes:
        return roster.pack(head | changes, content, promised, sign)

    wrong = {
        "truncated": packed({})[:-30],
        "malformed": b"[]\n",
        "signature": packed({}).replace(b'"version":12', b'"version":99'),
        "school": packed({"school": "ast001"}),
        "kind": packed({"kind": roster.CANTEEN}),
        "version": packed({"version": 11}),
        "expired": packed({"not_after_ms": WALL_MS - 1}),
        "digest": packed({}, body.replace(b'"active"', b'"Active"')),
        "empty": packed({}, ROSTER_ROWS[0] + b"\n", ROSTER_ROWS[0] + b"\n"),
        "base": packed({"base": 5}, b'["-","card","' + b"ab" * 12 + b'"]\n'),
    }
    return [{"reason": reason, "file": data.decode()} for reason, data in wrong.items()]


def bundles() -> dict[str, Any]:
    """Return bundles that are good, with and without TLS and hub, and ones that are wrong in one way each."""
    plain = {"mqtt_host": "127.0.0.1", "mqtt_port": 1883, "mqtt_tls": False}
    keys = {"secret": SECRET, "roster_public_key": ROSTER_KEY.public_key().public_bytes_raw(), "card_key": SCHOOL_KEY}
    bundle = {
        "version": 1,
        "device": DEVICE,
        "school": SCHOOL,
        "shard": SHARD,
        **{name: key.hex() for name, key in keys.items()},
        "cloud": {**plain, "http_url": "http://127.0.0.1:8000"},
        "hub": None,
        "ca_pem": None,
        "certificate_pem": None,
        "key_pem": None,
    }
    pem = "-----BEGIN CERTIFICATE-----\n(base64)\n-----END CERTIFICATE-----\n"
    secure: dict[str, Any] = {
        "cloud": {"mqtt_host": "esik.example", "mqtt_port": 8883, "mqtt_tls": True, "http_url": "https://esik.example"},
        "hub": {"device": "gate-2", "mqtt_host": "10.0.0.2", "mqtt_port": 8883, "mqtt_tls": True},
        **dict.fromkeys(("ca_pem", "certificate_pem", "key_pem"), pem),
    }
    wrong: dict[str, dict[str, Any]] = {
        "later version": {"version": 2},
        "secret too short": {"secret": "00" * 31},
        "secret in capitals": {"secret": "AB" * 32},
        "shard that is none": {"shard": 64},
        "unknown member": {"iin": ""},
        "address with a slash at its end": {"cloud": {**plain, "http_url": "http://127.0.0.1:8000/"}},
        "hub without a name": {"hub": plain},
        "TLS without a CA": {**secure, "ca_pem": None},
        "TLS on the hub without a key": {"hub": secure["hub"]},
    }
    return {
        "valid": [bundle, bundle | secure],
        "refused": [{"what": what, "bundle": bundle | changes} for what, changes in wrong.items()],
    }


def written() -> dict[Path, str]:
    """Return every vector file and the text it must have."""
    made = {
        "messages": messages(),
        "refused": refused(),
        "seals": seals(),
        "batches": batches(),
        "rosters": rosters(),
        "bundles": bundles(),
        "releases": releases(),
        "enrolments": enrolments(),
        "passes": passes(),
    }
    return {FOLDER / f"{name}.json": _pretty(found) for name, found in made.items()}


def _pretty(found: object) -> str:
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for path, text in written().items():
        path.write_text(text)
