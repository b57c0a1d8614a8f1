"""The ledger is recomputed from its lines and compared with what is kept beside them."""

from dataclasses import dataclass

from cloud.core.actor import Actor, Role
from cloud.core.services import Services

FOUND_MAX = 100
_WRONG = """
SELECT 'balance' AS what, kind || ':' || part AS which, balance_tiyn::text AS kept,
  coalesce(summed, 0)::text AS computed
FROM ledger_account LEFT JOIN (
  SELECT account_id, sum(amount_tiyn) AS summed FROM ledger_line
  JOIN ledger_entry ON ledger_entry.id = entry_id WHERE school_id = $1 GROUP BY account_id
) AS lines ON account_id = ledger_account.id
WHERE school_id = $1 AND balance_tiyn <> coalesce(summed, 0)
UNION ALL
SELECT 'entry', key, total_tiyn || ' in ' || entry.lines,
  coalesce(sum(amount_tiyn) FILTER (WHERE amount_tiyn > 0), 0) || ' in ' || count(account_id)
FROM ledger_entry AS entry LEFT JOIN ledger_line ON entry_id = entry.id WHERE school_id = $1 GROUP BY entry.id
HAVING count(account_id) <> entry.lines OR coalesce(sum(amount_tiyn), 0) <> 0
  OR coalesce(sum(amount_tiyn) FILTER (WHERE amount_tiyn > 0), 0) <> total_tiyn
UNION ALL
SELECT 'count', 'entries', coalesce((SELECT entries FROM ledger_head WHERE school_id = $1), 0)::text,
  count(*) || ' up to ' || coalesce(max(number), 0)
FROM ledger_entry WHERE school_id = $1
HAVING count(*) <> coalesce((SELECT entries FROM ledger_head WHERE school_id = $1), 0)
  OR count(*) <> coalesce(max(number), 0)
LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """What is kept is not what the lines say: a balance, the total and number of an entry's lines, or the count."""

    what: str
    which: str
    kept: str
    computed: str


async def check(services: Services, actor: Actor, school_id: int) -> list[Discrepancy]:
    """Return what is wrong with a school's ledger: nothing, unless somebody wrote around the database's guards.

    Raises NotAllowed.
    """
    actor.require(Role.OFFICE, school_id)
    rows = await services.database.pool.fetch(_WRONG, school_id, FOUND_MAX)
    return [Discrepancy(**row) for row in rows]
