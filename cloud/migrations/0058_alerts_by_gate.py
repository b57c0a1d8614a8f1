"""Alerts of absence know through which gate a child usually comes, and who is expected again after all."""

from tortoise import migrations
from tortoise.migrations import operations as ops

BY_GATE = """
ALTER TABLE alert_rule ADD COLUMN gate_share smallint NOT NULL DEFAULT 30;
ALTER TABLE alert_rule ALTER COLUMN gate_share DROP DEFAULT;
ALTER TABLE alert_watch ADD COLUMN gates_on date;  -- the day for which the usual gates were reckoned
ALTER TABLE alert_round ADD COLUMN parts jsonb NOT NULL DEFAULT '[]'; -- [gate, absent, expected, is stopped], 0: none
UPDATE alert_round SET parts = jsonb_build_array(jsonb_build_array(0, absent, expected, state <> 'told'));
ALTER TABLE alert_round ALTER COLUMN parts DROP DEFAULT;
ALTER TABLE alert_round DROP CONSTRAINT alert_round_why_check;
ALTER TABLE alert_round ADD CONSTRAINT alert_round_why_check
  CHECK (why IN ('', 'class', 'school', 'gate', 'gate_share', 'behind'));
CREATE TABLE usual_gate (            -- reckoned anew each school day
  person_id bigint PRIMARY KEY REFERENCES person (id),
  school_id bigint NOT NULL REFERENCES school (id),
  gate_id bigint NOT NULL REFERENCES gate (id), -- of most days' first arrivals
  is_steady boolean NOT NULL         -- and of nearly all of them
);
CREATE INDEX usual_gates_of_a_school ON usual_gate (school_id);
CREATE TABLE expected_again (        -- whose excuse ended on its day; gone when the alerts have looked
  school_id bigint NOT NULL REFERENCES school (id),
  person_id bigint NOT NULL REFERENCES person (id),
  "on" date NOT NULL,
  PRIMARY KEY (school_id, person_id, "on")
);
"""

# The same answer as before (0030), found by the index: it is asked of each guardian of each child that is told of.
# Who never said no to all processing, which is nearly everybody, is not asked whose no stands.
QUICKER = """
CREATE OR REPLACE FUNCTION consented_to_notices(person_id bigint, guardian_id bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
SELECT coalesce(
  (SELECT says FROM consent_answer AS answer
    WHERE answer.person_id = $1 AND purpose = 'notices' AND answer.guardian_id = $2
    ORDER BY "on" DESC, id DESC LIMIT 1),
  (SELECT says FROM consent_answer AS answer
    WHERE answer.person_id = $1 AND purpose = 'notices' AND answer.guardian_id IS NULL
    ORDER BY "on" DESC, id DESC LIMIT 1),
  'no'
) = 'yes' AND CASE
  WHEN EXISTS (
    SELECT FROM consent_answer AS answer WHERE answer.person_id = $1 AND purpose = 'data' AND says = 'no'
  ) THEN NOT is_refused($1, 'data')
  ELSE true
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0056_gatebook")]
    operations = [ops.RunSQL(BY_GATE), ops.RunSQL(QUICKER)]
