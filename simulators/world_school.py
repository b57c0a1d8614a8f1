"""The school of a simulated world: its people, their cards, and the roster that every gate goes by."""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from edge_agent.readers.tap import Tap
from edge_agent.roster import Roster
from schemas import tokens
from schemas.roster import body_of, row
from schemas.seal import derive
from schemas.topics import SHARDS

SCHOOL = "alm005"
SHARD = sum(SCHOOL.encode()) % SHARDS
CARD_KEY = bytes(range(32))
PEOPLE = 24
BEGINS_MS = 1_788_228_000_000  # 1 September 2026, seven in the morning in Almaty
_YEAR_MS = 366 * 86_400_000


@dataclass(frozen=True, slots=True)
class Keys:
    """What a device shares with the cloud."""

    uplink: bytes
    downlink: bytes


@lru_cache(maxsize=64)
def keys_of(device: str) -> Keys:
    """Return a device's keys."""
    secret = sha256(device.encode()).digest()
    return Keys(derive(secret, "uplink"), derive(secret, "downlink"))


def uid_of(number: int) -> bytes:
    """Return the UID of a person's card; numbers from `PEOPLE` on are strangers'."""
    return b"\x04" + number.to_bytes(6, "big")


@lru_cache(maxsize=256)
def _token(credential: bytes) -> str:
    return tokens.token(CARD_KEY, tokens.UID, credential)


def token_of(tap: Tap) -> str:
    """Return a tap's card token."""
    return _token(tap.credential)


@lru_cache(maxsize=8)
def roster_of(gates: tuple[tuple[str, str], ...]) -> Roster:
    """Return the roster for these gates: (gate, device)."""
    names = {"kk": "Қақпа", "ru": "Вход", "en": "Gate"}
    rules = {"passback": "soft", "passback_reset_ms": 0, "repeat_ms": 3_000, "expired": "allow", "utc_offset_min": 300}
    rows = [
        row("policy", "", rules),
        *(row("gate", gate, names, device) for gate, device in gates),
        row("profile", "always", [[127, 0, 1440]], ["*"]),
    ]
    for number in range(PEOPLE):
        ref = f"person{number:06d}"
        rows.append(row("person", ref, f"Оқушы {number}", "5A", "student", 1, 1, "always"))
        rows.append(row("card", _token(uid_of(number)), ref, "active", 0))
    header = {"school": SCHOOL, "version": 1, "issued_ms": BEGINS_MS, "not_after_ms": BEGINS_MS + _YEAR_MS}
    return Roster.parse(header, [bytes(line) for line in body_of(rows).splitlines()])
