"""Sales at tills with their lines, what was taken back of them, why some were made all the same, and shifts."""

from tortoise import migrations
from tortoise.migrations import operations as ops

SALES = """
CREATE TABLE meal_sale (
  school_id bigint NOT NULL REFERENCES school (id),
  id text NOT NULL,                  -- drawn by the till
  device text NOT NULL,
  epoch text NOT NULL,
  seq bigint NOT NULL,
  shift text NOT NULL,
  meal text NOT NULL,
  payment text NOT NULL,             -- account, free, subsidised, cash
  person_id bigint REFERENCES person (id), -- of who ate; of cash nobody
  is_known boolean NOT NULL,         -- false: for a person that the school does not have; nothing was posted
  amount_tiyn bigint NOT NULL,       -- what the payer pays
  full_tiyn bigint NOT NULL,         -- what its lines cost
  returned_tiyn bigint NOT NULL,     -- of the amount
  is_void boolean NOT NULL,
  is_unconfirmed boolean NOT NULL,
  clock text NOT NULL,
  at timestamptz NOT NULL,
  "on" date NOT NULL,
  PRIMARY KEY (school_id, id)
);
CREATE INDEX what_did_this_person_eat ON meal_sale (person_id, "on");
CREATE INDEX what_was_sold_on_this_day ON meal_sale (school_id, "on");
CREATE INDEX what_was_sold_in_this_shift ON meal_sale (school_id, shift);
CREATE TABLE meal_line (
  school_id bigint NOT NULL REFERENCES school (id),
  sale text NOT NULL,                -- which may come later, or never
  device text NOT NULL,
  epoch text NOT NULL,
  seq bigint NOT NULL,
  dish text NOT NULL,
  version integer NOT NULL,
  count smallint NOT NULL,
  price_tiyn bigint NOT NULL,
  PRIMARY KEY (device, epoch, seq)
);
CREATE INDEX what_is_in_this_sale ON meal_line (school_id, sale);
CREATE TABLE meal_change (
  school_id bigint NOT NULL REFERENCES school (id),
  id text NOT NULL,
  kind text NOT NULL,                -- void, refund
  sale text NOT NULL,                -- which may come later, or never
  device text NOT NULL,
  epoch text NOT NULL,
  seq bigint NOT NULL,
  amount_tiyn bigint NOT NULL,       -- as the till told it
  given_tiyn bigint,                 -- of it, what remained; none while the sale is not known
  staff text NOT NULL,
  reason text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (school_id, id)
);
CREATE INDEX what_became_of_this_sale ON meal_change (school_id, sale);
"""

SHIFTS = """
CREATE TABLE meal_override (
  school_id bigint NOT NULL REFERENCES school (id),
  sale text NOT NULL,
  device text NOT NULL,
  epoch text NOT NULL,
  seq bigint NOT NULL,
  rule text NOT NULL,                -- what spoke against the sale
  staff text NOT NULL,
  why text NOT NULL,
  PRIMARY KEY (device, epoch, seq)
);
CREATE INDEX why_was_this_sold ON meal_override (school_id, sale);
CREATE TABLE till_shift (
  school_id bigint NOT NULL REFERENCES school (id),
  id text NOT NULL,
  device text NOT NULL,
  till text NOT NULL,
  staff text NOT NULL,
  opened_at timestamptz,
  closed_at timestamptz,
  amount_tiyn bigint,                -- as the till counted at closing
  cash_tiyn bigint,
  count integer,
  PRIMARY KEY (school_id, id)
);
CREATE INDEX which_shifts_were_there ON till_shift (school_id, coalesce(opened_at, closed_at));
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0012_fiscal")]
    operations = [ops.RunSQL(SALES), ops.RunSQL(SHIFTS)]
