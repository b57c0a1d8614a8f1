"""One small school for tests of the gate: rosters, signed files, stamps and cards."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.roster import Roster
from edge_agent.timekeeper import Quality, Stamp
from schemas.roster import body_of, difference, pack, row

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC_KEY = KEY.public_key().public_bytes_raw()
SCHOOL = "alm005"
MONDAY_8_MS = 1_788_145_200_000  # Monday 31 August 2026, 8:00 in Almaty
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
ALIYA, BORIS, GUARD, GONE, SILENT, NIGHT = (
    f"{name:0<12}" for name in ("aliya", "boris", "guard", "gone", "mum", "nina")
)
RULES: dict[str, object] = {"passback": "hard", "passback_reset_ms": 0, "repeat_ms": 5_000, "expired": "allow"}
NAMES = {"kk": "Есік", "ru": "Вход", "en": "Door"}


def token_of(ref: str) -> str:
    """Return the token of a person's card."""
    return ref.encode().hex()


def person(ref: str, *, role: str = "student", active: int = 1, consent: int = 1, profile: str = "day") -> bytes:
    return row("person", ref, ref.title(), "1А" if role == "student" else "", role, active, consent, profile)


def card(ref: str, *, state: str = "active", not_after_ms: int = 0) -> bytes:
    return row("card", token_of(ref), ref, state, not_after_ms)


def rows_with(*changed: bytes, **rules: object) -> list[bytes]:
    """Return the school's rows, with changed ones in place of those of the same key."""
    rows = [
        row("policy", "", RULES | rules),
        row("gate", "main", NAMES, "gate-1"),
        row("gate", "yard", NAMES, "gate-2"),
        row("profile", "day", [[31, 7 * 60, 19 * 60]], ["*"]),
        row("profile", "night", [[127, 0, 1440]], ["yard"]),
        *(person(ref) for ref in (ALIYA, BORIS)),
        person(GUARD, role="staff"),
        person(GONE, active=0),
        person(SILENT, consent=0),
        person(NIGHT, profile="night"),
        *(card(ref) for ref in (ALIYA, BORIS, GUARD, GONE, SILENT, NIGHT)),
    ]
    keyed = {tuple(line.split(b",")[:2]): line for line in [*rows, *changed]}
    return sorted(keyed.values())


def header(version: int = 7, base: int = 0, **changes: object) -> dict[str, object]:
    made: dict[str, object] = {
        "school": SCHOOL,
        "version": version,
        "base": base,
        "issued_ms": MONDAY_8_MS - DAY_MS,
        "not_after_ms": MONDAY_8_MS + 30 * DAY_MS,
    }
    return made | changes


def snapshot(rows: list[bytes] | None = None, **changes: object) -> bytes:
    """Return a signed snapshot file."""
    body = body_of(rows_with() if rows is None else rows)
    return pack(header(**changes), body, body, KEY.sign)  # type: ignore[arg-type] # test's own words


def delta(old: list[bytes], new: list[bytes], **changes: object) -> bytes:
    """Return a signed delta file from one version's rows to another's."""
    body = b"".join(line + b"\n" for line in difference(old, new))
    made: dict[str, object] = {"version": 8, "base": 7}
    return pack(header(**(made | changes)), body, body_of(new), KEY.sign)  # type: ignore[arg-type] # test's own words


def roster(*changed: bytes, version: int = 7, not_after_ms: int = MONDAY_8_MS + 30 * DAY_MS, **rules: object) -> Roster:
    """Return a roster of the school."""
    return Roster.parse(header(version, not_after_ms=not_after_ms), rows_with(*changed, **rules))


def at(after_ms: int = 0, quality: Quality = "ntp", *, booted_ms: int = 3_600_000) -> Stamp:
    """Return a stamp so long after Monday 8:00; the machine has run for an hour by then."""
    return Stamp(booted_ms + after_ms, MONDAY_8_MS + after_ms, quality)
