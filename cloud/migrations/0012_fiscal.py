"""Cashboxes of schools, and the receipts that the tax service is told of, each once."""

from tortoise import migrations
from tortoise.migrations import operations as ops

FISCAL = """
CREATE TABLE cashbox (
  school_id bigint PRIMARY KEY REFERENCES school (id),
  number text NOT NULL UNIQUE,       -- the provider's own, as SWK00030725
  url text NOT NULL,
  keys_encrypted bytea NOT NULL,     -- login, password and key of the provider's service, as JSON
  added_at timestamptz NOT NULL
);
CREATE TABLE fiscal_receipt (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school (id),
  payment_id bigint NOT NULL UNIQUE REFERENCES payment (id),
  external text NOT NULL UNIQUE,     -- our own number of it: told again, it is the same receipt
  amount_tiyn bigint NOT NULL CHECK (amount_tiyn > 0),
  asked_at timestamptz NOT NULL,
  tries integer NOT NULL DEFAULT 0,
  next_at timestamptz NOT NULL,      -- not before
  number text NOT NULL DEFAULT '',   -- the tax service's; empty until it is registered
  link text NOT NULL DEFAULT '',     -- where the payer sees it
  registered_at timestamptz,
  refused text NOT NULL DEFAULT ''   -- why the provider will not have it; somebody must look
);
CREATE INDEX which_receipts_wait ON fiscal_receipt (school_id, id) WHERE registered_at IS NULL AND refused = '';
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0011_topups")]
    operations = [ops.RunSQL(FISCAL)]
