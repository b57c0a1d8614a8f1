"""A canteen's rosters for tests of who keeps them: few rows, signed by the school of `tests.edge_agent.school`."""

from pathlib import Path

from edge_agent.sealed import Sealed
from edge_agent.slots import CanteenSlots
from schemas.roster import CANTEEN, body_of, difference, pack, row
from tests.edge_agent.school import ALIYA, KEY, NAMES, PUBLIC_KEY, SCHOOL, header

DEVICE, HUB = "till-1", "hub-1"
REST_KEY = b"k" * 32
PIN_HASH = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$Vu2A1bNUmKT6FUnJSGBWpQxNkCwEnBl6rGFGzj6GZxw"
TILL = row("till", "till-1", NAMES, DEVICE, "set")
SIGNED: dict[str, object] = {"kind": CANTEEN}


def rows(balance_tiyn: int = 100) -> list[bytes]:
    return sorted(
        [
            row("account", ALIYA, balance_tiyn, 0, -1, [], [], []),
            row("meal", "lunch", NAMES, 660, 840),
            row("staff", "cashier00000", "Сәуле", PIN_HASH, ["cashier"]),
        ]
    )


OLD, NEW = rows(), rows(50)


def snapshot(lines: list[bytes], **changes: object) -> bytes:
    """Return a signed snapshot of the canteen's roster, version 7 unless changed."""
    body = body_of(lines)
    return pack(header(**(SIGNED | changes)), body, body, KEY.sign)  # type: ignore[arg-type] # test's own words


def delta(old: list[bytes], new: list[bytes], **changes: object) -> bytes:
    """Return a signed delta of it, from version 7 to 8 unless changed."""
    body = b"".join(line + b"\n" for line in difference(old, new))
    made = header(**(SIGNED | {"version": 8, "base": 7} | changes))  # type: ignore[arg-type] # test's own words
    return pack(made, body, body_of(new), KEY.sign)


def slots(folder: Path, key: bytes = REST_KEY) -> CanteenSlots:
    return CanteenSlots(folder, SCHOOL, PUBLIC_KEY, Sealed(key))
