"""Roles and ties of people that stand are compared with the deeds that made them: who changes one by SQL is found.

Rule: it only reads, of one instant. Of each role of an account at a school or a node, and of each tie, the last deed in
the audit journal counts; that the journal is whole is looked at apart, before.
"""

from cloud.audit.verifying import HOURS_S, Tell
from cloud.core.services import Services

GIVEN, TAKEN, DELETED = ("account.added", "account.role_given"), "account.role_taken", "account.deleted"
DIFFERENCES_MAX = 1_000
# A deed names a node by its code; the one that made an account for it by its number. Journals of before tell that an
# account was deleted, and no role of it.
_COMPARED = """
WITH deed AS (
  SELECT id, verb, subject, school_id, detail->>'role' AS role, CASE verb WHEN 'account.added' THEN
    (SELECT code FROM org_node WHERE org_node.id::text = detail->>'node') ELSE detail->>'node' END AS node
  FROM audit_entry WHERE verb = ANY($1) AND detail ? 'role'
), last AS (
  SELECT DISTINCT ON (subject, school_id, node, role) * FROM deed ORDER BY subject, school_id, node, role, id DESC
), told AS (
  SELECT subject, school_id, node, role FROM last WHERE verb <> $2 AND NOT EXISTS (
    SELECT FROM audit_entry AS gone WHERE gone.verb = $3 AND gone.subject = last.subject AND gone.id > last.id)
), held AS (
  SELECT 'account:' || account_id AS subject, held.school_id, code AS node, role::text
  FROM grant_of_role AS held LEFT JOIN org_node ON org_node.id = held.node_id
), compared AS (
  SELECT true AS is_held, * FROM (TABLE held EXCEPT TABLE told) AS more
  UNION ALL SELECT false, * FROM (TABLE told EXCEPT TABLE held) AS less
)
SELECT is_held, subject, role, coalesce('at school ' || school_id, 'at ' || node, 'everywhere') AS place,
  (SELECT count(*) FROM held) AS count
FROM (VALUES (0)) AS one LEFT JOIN compared ON true ORDER BY subject, role, school_id, node LIMIT $4
"""

# Of each tie the last that was told, beside how it stands (the view `tie`), both as `kind:number=what it says`.
_TIES = """
WITH told AS (
  SELECT DISTINCT ON (school_id, split_part(told, '=', 1)) school_id, told
  FROM audit_entry, string_to_table(detail->>'ties', ' ') AS told WHERE detail ? 'ties'
  ORDER BY school_id, split_part(told, '=', 1), audit_entry.id DESC
), held AS MATERIALIZED (
  SELECT school_id, told FROM tie WHERE told NOT LIKE '%='
), compared AS (
  SELECT true AS is_held, * FROM (TABLE held EXCEPT TABLE told) AS more
  UNION ALL SELECT false, * FROM (TABLE told EXCEPT TABLE held) AS less WHERE told NOT LIKE '%='
)
SELECT is_held, split_part(told, '=', 1) AS place, split_part(told, '=', 2) AS says,
  (SELECT count(*) FROM held) AS count
FROM (VALUES (0)) AS one LEFT JOIN compared ON true ORDER BY told, is_held LIMIT $1
"""


async def compare_roles(services: Services, tell: Tell) -> int:
    """Compare each role with the journal; `tell` hears of each that differs. Return how many roles stand."""
    verbs = [*GIVEN, TAKEN]
    rows = await services.database.pool.fetch(_COMPARED, verbs, TAKEN, DELETED, DIFFERENCES_MAX, timeout=HOURS_S)
    for row in rows:
        if row["is_held"] is True:
            tell(row["subject"], f"the role {row['role']} {row['place']} stands, and no deed in the journal gave it")
        elif row["is_held"] is False:
            tell(row["subject"], f"the role {row['role']} {row['place']} is gone, and no deed in the journal took it")
    return int(rows[0]["count"])


async def compare_ties(services: Services, tell: Tell) -> int:
    """Compare each tie of people with the journal; `tell` hears of each that differs. Return how many stand."""
    rows = await services.database.pool.fetch(_TIES, DIFFERENCES_MAX, timeout=HOURS_S)
    for row in rows:
        if row["is_held"] is True:
            tell(row["place"], f"stands as {row['says']}, and no deed in the journal made it so")
        elif row["is_held"] is False:
            tell(row["place"], f"is {row['says']} in the journal, and no deed there ended that")
    return int(rows[0]["count"])
