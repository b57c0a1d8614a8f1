"""Ties of people as the audit journal tells them, so that the nightly check finds what no deed made.

What stands at the update is told once, as it is: what was changed by SQL before is not found.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

# One row a tie, written by numbers alone: `kind:number=what it says`; a family's has two numbers. What says nothing is
# no tie: it is told where there was one before.
VIEW = """
CREATE VIEW tie AS
SELECT person.school_id, 'family'::text AS kind, guardian_id AS of_id, person_id AS to_id,
  'family:' || guardian_id || ':' || person_id || '=' || concat_ws('+',
    CASE WHEN may_see THEN 'see' END, CASE WHEN may_see_meals THEN 'meals' END, CASE WHEN may_pay THEN 'pay' END,
    CASE WHEN may_limit THEN 'limit' END, CASE WHEN may_order THEN 'order' END,
    CASE WHEN may_block_card THEN 'block' END, CASE WHEN may_consent THEN 'consent' END,
    CASE WHEN may_get_notices THEN 'notices' END)
  || '/' || coalesce(to_char(until_on, 'YYYY-MM-DD'), '') || '/' || coalesce(to_char(ended_on, 'YYYY-MM-DD'), '')
  || '/' || coalesce(shared_by::text, '') AS told
FROM guardianship JOIN person ON person.id = person_id
UNION ALL
SELECT school_id, 'guardian', id, 0, 'guardian:' || id || '=' || coalesce(account_id::text, '') FROM guardian
UNION ALL
SELECT school_id, 'student', person.id, 0, 'student:' || person.id || '=' || coalesce(account_id::text, '')
FROM person LEFT JOIN student_account ON person_id = person.id
UNION ALL
SELECT school_id, 'class', id, 0, 'class:' || id || '=' || coalesce(school_class_id::text, '') FROM person
UNION ALL
SELECT person.school_id, 'limit', family_limit.id, 0,
  'limit:' || family_limit.id || '=' || guardian_id || '/' || person_id || '/' || array_to_string(takes, '+')
  || '/' || coalesce(to_char(until_on, 'YYYY-MM-DD'), '') || '/' || CASE WHEN lifted_at IS NULL THEN '' ELSE 'lifted' END
FROM family_limit JOIN person ON person.id = person_id
UNION ALL
SELECT school_id, 'teaches', account_id, school_class_id,
  'teaches:' || account_id || ':' || school_class_id || '=' || string_agg(role, '+' ORDER BY role)
FROM class_of_account JOIN school_class ON school_class.id = school_class_id
GROUP BY school_id, account_id, school_class_id;
"""
STANDING = """
INSERT INTO audit_entry (at, actor, school_id, verb, subject, detail)
SELECT now(), 'update', school_id, 'ties.noted', 'school:' || school_id,
  jsonb_build_object('ties', string_agg(told, ' ' ORDER BY told))
FROM (
  SELECT school_id, told, (row_number() OVER (PARTITION BY school_id ORDER BY told) - 1) / 500 AS part FROM tie
  WHERE told NOT LIKE '%='
) AS standing GROUP BY school_id, part ORDER BY school_id, part
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0044_absences")]
    operations = [ops.RunSQL(VIEW), ops.RunSQL(STANDING)]
