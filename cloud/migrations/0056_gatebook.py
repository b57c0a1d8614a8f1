"""The gates' book: what guards did, by records; and what a school has set that a fire and a lockdown do at a gate."""

from tortoise import migrations
from tortoise.migrations import operations as ops

GATEBOOK = """
CREATE TABLE gate_deed (
  shard smallint NOT NULL,
  school_id bigint NOT NULL REFERENCES school (id),
  device text NOT NULL,              -- with what follows: the record
  epoch text NOT NULL,
  seq bigint NOT NULL,
  "on" date NOT NULL,                -- the school's own day
  at timestamptz NOT NULL,
  received_at timestamptz NOT NULL,
  clock text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('visit', 'delivery', 'left', 'opened', 'hand_pass', 'collected', 'exception',
    'fire', 'lock_down', 'normal')),
  gate text NOT NULL,                -- as in records; empty for all gates
  direction text NOT NULL,
  person_id bigint REFERENCES person (id),
  staff text NOT NULL,               -- references of staff, empty for nobody
  host text NOT NULL,
  reason text NOT NULL,
  detail text NOT NULL,              -- in the guard's words, without names
  firm text NOT NULL,
  badge text NOT NULL,
  stay_min smallint NOT NULL,
  visit text NOT NULL,               -- what its two ends are joined by
  collector text NOT NULL,           -- who took a child, as the desk's roster names them
  allowed_by text NOT NULL,
  PRIMARY KEY (device, epoch, seq)
);
CREATE INDEX what_was_done_at_gates_in_these_days ON gate_deed (school_id, "on", at);
CREATE INDEX when_did_this_visitor_leave ON gate_deed (school_id, visit) WHERE kind = 'left';
CREATE INDEX with_whom_did_this_child_leave ON gate_deed (person_id, "on") WHERE person_id IS NOT NULL;
CREATE TABLE gate_rule (             -- a gate without a row: a fire opens it, a lockdown closes the way in
  gate_id bigint PRIMARY KEY REFERENCES gate (id),
  school_id bigint NOT NULL REFERENCES school (id),
  fire text NOT NULL CHECK (fire IN ('open', 'usual')),
  lockdown text NOT NULL CHECK (lockdown IN ('shut', 'shut_both', 'open', 'usual')),
  set_at timestamptz NOT NULL,
  set_by text NOT NULL
);
CREATE INDEX rules_at_gates_of_this_school ON gate_rule (school_id);
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0054_sms_callbacks")]
    operations = [ops.RunSQL(GATEBOOK)]
