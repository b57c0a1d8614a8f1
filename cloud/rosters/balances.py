"""What a school holds for its people, and up to which record of each till that knows its sales.

Rule: both are read by one statement, so that they are of one moment: a till counts beside a balance what is not in it.
"""

from dataclasses import dataclass, field

import asyncpg

from cloud.ledger.rules import held

ACCOUNTS_MAX = 20_000
DEVICES_MAX = 200
EPOCHS_MAX = 32  # of a device, as a row can say: the newest; an older one of which no more comes is known whole
_READ = """
SELECT 'held' AS what, part AS name, '' AS epoch, balance_tiyn AS value FROM (
  SELECT part, balance_tiyn FROM ledger_account WHERE school_id = $1 AND kind = 'child' ORDER BY part LIMIT $2
) AS accounts
UNION ALL
SELECT 'counted', device, epoch, seq FROM (
  SELECT device, epoch, seq, row_number() OVER (PARTITION BY device ORDER BY newest_at DESC, epoch) AS age
  FROM meal_counted WHERE school_id = $1
) AS epochs WHERE age <= $3
ORDER BY what, name, epoch LIMIT $2 + $3 * $4
"""


@dataclass(slots=True)
class Balances:
    """Of one moment: what is held, by reference, and what of each device is in it, as (epoch, number)."""

    held_tiyn: dict[str, int] = field(default_factory=dict)
    counted: dict[str, list[tuple[str, int]]] = field(default_factory=dict)


async def balances_of(connection: asyncpg.Connection, school_id: int) -> Balances:
    """Return a school's balances; who may have them is the caller's to check."""
    found = Balances()
    for row in await connection.fetch(_READ, school_id, ACCOUNTS_MAX, EPOCHS_MAX, DEVICES_MAX):
        if row["what"] == "held":
            found.held_tiyn[row["name"]] = held(row["value"])
        else:
            found.counted.setdefault(row["name"], []).append((row["epoch"], row["value"]))
    return found
