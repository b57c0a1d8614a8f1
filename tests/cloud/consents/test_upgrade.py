"""After an upgrade the guardians whom the school had entered may answer, whatever they are to the child."""

import asyncpg

from cloud.core.database import address
from cloud.core.migrating import migrate, names

BEFORE = """
INSERT INTO school (id, code, shard, name_kk, name_ru, name_en, zone, school_days, passback, created_at)
VALUES (1, 'school1', 1, 'м', 'ш', 's', 'Asia/Almaty', 5, 'soft', now());
INSERT INTO person (id, school_id, shard, ref, role, surname, given_name, patronymic, sort_key, position, is_active,
  created_at) VALUES (1, 1, 1, 'ref1', 'student', 'Әліби', 'Айгерім', '', '', '', true, now());
INSERT INTO guardian (id, school_id, ref, name, created_at)
VALUES (1, 1, 'g1', 'Сәуле', now()), (2, 1, 'g2', 'Ерлан', now());
INSERT INTO guardianship (guardian_id, person_id, relation, may_see, may_block_card)
VALUES (1, 1, 'other', true, true), (2, 1, 'other', false, false);
"""


async def test_who_was_a_guardian_before_and_may_see_the_child_may_consent(empty_database: str) -> None:
    before = names()[names().index("0030_consents") - 1]
    await migrate(empty_database, before)
    async with asyncpg.create_pool(**address(empty_database), min_size=1, max_size=2) as pool:
        await pool.execute(BEFORE)

        await migrate(empty_database)

        rows = await pool.fetch("SELECT guardian_id, may_consent FROM guardianship_at(now()) ORDER BY 1")
        assert [tuple(row) for row in rows] == [(1, True), (2, False)]
