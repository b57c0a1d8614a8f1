"""Payments as they came, the numbers parents type to pay, and what was promised back to leavers."""

from tortoise import migrations
from tortoise.migrations import operations as ops

PAYMENTS = """
CREATE TABLE payment_number (
  person_id bigint PRIMARY KEY REFERENCES person (id),
  number text NOT NULL UNIQUE,       -- nine digits, the last one checks
  drawn_at timestamptz NOT NULL
);
CREATE TABLE payment (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school (id),
  person_id bigint NOT NULL REFERENCES person (id),
  provider text NOT NULL,            -- kaspi, or cash at the office
  txn text NOT NULL,                 -- the provider's own number; of cash, of the form that was sent
  amount_tiyn bigint NOT NULL CHECK (amount_tiyn > 0),
  paid_at timestamptz NOT NULL,      -- as the provider tells
  received_at timestamptz NOT NULL,
  receipt bigint NOT NULL,           -- the ledger's number of it
  taken_by text NOT NULL,            -- as in the audit journal
  UNIQUE (provider, txn)
);
CREATE INDEX what_was_paid_at_this_school ON payment (school_id, received_at);
CREATE INDEX what_was_paid_for_this_person ON payment (person_id, received_at);
"""

BACK = """
CREATE TABLE giving_back (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school (id),
  person_id bigint NOT NULL REFERENCES person (id),
  amount_tiyn bigint NOT NULL CHECK (amount_tiyn > 0),
  paper text NOT NULL,               -- where it was asked for
  promised_at timestamptz NOT NULL,
  promised_by text NOT NULL,
  way text NOT NULL DEFAULT '',      -- cash or bank; empty until it is paid
  paid_at timestamptz,
  paid_by text NOT NULL DEFAULT ''
);
CREATE INDEX what_is_promised_back_at_this_school ON giving_back (school_id, promised_at);
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0010_ledger")]
    operations = [ops.RunSQL(PAYMENTS), ops.RunSQL(BACK)]
