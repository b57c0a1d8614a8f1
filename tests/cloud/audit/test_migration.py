"""What was noted before there were chains is linked in the order in which it came, and goes on from there."""

import asyncpg

from cloud.audit.verifying import verify_audit
from cloud.core.database import address
from cloud.core.migrating import migrate, names

SCHOOLS = """
INSERT INTO school (id, code, shard, name_kk, name_ru, name_en, zone, school_days, passback, created_at)
SELECT n, 'school' || n, 1, 'м', 'ш', 's', 'Asia/Almaty', 5, 'soft', now() FROM generate_series(1, 2) AS n
"""
ENTRIES = """
INSERT INTO audit_entry (at, actor, school_id, verb, subject, detail)
SELECT now(), 'Ким', nullif(n % 3, 0), 'card.blocked', 'card:' || n, '{"a": "b"}' FROM generate_series(1, 20) AS n
"""


async def test_entries_of_before_are_linked_and_later_ones_follow(empty_database: str) -> None:
    chained = next(name for name in names() if name.endswith("_audit_chain"))
    await migrate(empty_database, names()[names().index(chained) - 1])
    async with asyncpg.create_pool(**address(empty_database), min_size=1, max_size=2) as pool:
        await pool.execute(SCHOOLS)
        await pool.execute(ENTRIES)

        await migrate(empty_database)
        await pool.execute(ENTRIES)

        found: list[str] = []
        counted = await verify_audit(pool, lambda place, what: found.append(f"{place}: {what}"))
        assert found == []
        assert (counted.entries, counted.chains) == (40, 3)
