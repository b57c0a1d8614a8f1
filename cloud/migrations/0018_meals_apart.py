"""Which devices were tills and when, what tills told that may not count, claims, refusals, and shifts device by device.

Rule: a device that is a till when this migration runs has been one from the beginning, as far as its records go.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

TILLS = """
CREATE TABLE till_place (
  school_id bigint NOT NULL REFERENCES school (id),
  till text NOT NULL,
  device text NOT NULL,
  since_at timestamptz NOT NULL,
  until_at timestamptz,              -- none while it is one
  PRIMARY KEY (school_id, device, till, since_at)
);
CREATE UNIQUE INDEX where_does_this_till_stand ON till_place (school_id, till) WHERE until_at IS NULL;
INSERT INTO till_place (school_id, till, device, since_at, until_at)
SELECT till.school_id, key, device.name, '2000-01-01', ended_at FROM till JOIN device ON device.id = device_id;
"""

APART = """
CREATE TABLE meal_odd (
  school_id bigint NOT NULL REFERENCES school (id),
  device text NOT NULL,
  epoch text NOT NULL,
  seq bigint NOT NULL,
  why text NOT NULL,                 -- not_till, no_shift, same_id
  record text NOT NULL,              -- sale, void, refund
  id text NOT NULL,
  sale text NOT NULL,                -- of a sale its own id
  shift text NOT NULL,               -- this and the next three of a sale only
  meal text NOT NULL,
  payment text NOT NULL,
  ref text NOT NULL,                 -- of who ate
  is_known boolean NOT NULL,
  amount_tiyn bigint NOT NULL,
  is_unconfirmed boolean NOT NULL,
  staff text NOT NULL,               -- this and the next of a void or refund only
  reason text NOT NULL,
  clock text NOT NULL,
  at timestamptz NOT NULL,
  "on" date NOT NULL,
  decision text NOT NULL DEFAULT '' CHECK (decision IN ('', 'accepted', 'refused')),
  decided_at timestamptz,
  decided_by text NOT NULL DEFAULT '',
  decided_why text NOT NULL DEFAULT '',
  PRIMARY KEY (device, epoch, seq),
  CHECK ((decision = '') = (decided_at IS NULL))
);
CREATE INDEX what_waits_for_a_decision ON meal_odd (school_id, why, at DESC) WHERE decision = '';
CREATE INDEX what_waits_for_this_shift ON meal_odd (school_id, device, shift) WHERE decision = '';
CREATE TABLE meal_claim (
  school_id bigint NOT NULL REFERENCES school (id),
  device text NOT NULL,              -- the hub, which answered
  epoch text NOT NULL,
  seq bigint NOT NULL,
  sale text NOT NULL,                -- that was asked for, and may never have come
  person_id bigint REFERENCES person (id),
  meal text NOT NULL,
  "on" date NOT NULL,
  is_granted boolean NOT NULL,
  amount_tiyn bigint NOT NULL,       -- of the account
  is_by_right boolean NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (device, epoch, seq)
);
CREATE INDEX what_was_claimed_for_this_day ON meal_claim (school_id, "on");
CREATE TABLE meal_refusal (
  school_id bigint NOT NULL REFERENCES school (id),
  device text NOT NULL,
  epoch text NOT NULL,
  seq bigint NOT NULL,
  person_id bigint NOT NULL REFERENCES person (id),
  meal text NOT NULL,
  reason text NOT NULL,
  clock text NOT NULL,
  at timestamptz NOT NULL,
  "on" date NOT NULL,
  PRIMARY KEY (device, epoch, seq)
);
CREATE INDEX what_was_refused_on_this_day ON meal_refusal (school_id, "on");
CREATE INDEX what_was_this_person_refused ON meal_refusal (person_id, "on");
"""

SHIFTS = """
ALTER TABLE till_shift DROP CONSTRAINT till_shift_pkey, ADD PRIMARY KEY (school_id, device, id),
  ADD COLUMN opened_epoch text,      -- where its opening stands among the records of its device
  ADD COLUMN opened_seq bigint,
  ADD COLUMN named_on date;          -- the day as the cashier named it, where the clock did not know
CREATE INDEX which_shift_was_open_here ON till_shift (school_id, device, opened_epoch, opened_seq);
CREATE INDEX which_shifts_were_named_for_this_day ON till_shift (school_id, named_on) WHERE named_on IS NOT NULL;
ALTER TABLE meal_change ADD COLUMN clock text NOT NULL DEFAULT 'ntp';
CREATE INDEX what_was_taken_back_here ON meal_change (school_id, device, epoch, seq);
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0017_wallet")]
    operations = [ops.RunSQL(TILLS), ops.RunSQL(APART), ops.RunSQL(SHIFTS)]
