"""Codes of the wallet's vouchers, as tokens: what a voucher's file told, and the list that tills go by."""

from tortoise import migrations
from tortoise.migrations import operations as ops

CODES = """
ALTER TABLE wallet_voucher ADD COLUMN code text NOT NULL DEFAULT ''; -- its token; empty: the file told none
CREATE TABLE till_code (
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  source text NOT NULL,              -- what its keeper calls it
  token text NOT NULL,
  person_id bigint NOT NULL REFERENCES person ON DELETE RESTRICT,
  last_on date NOT NULL,
  PRIMARY KEY (school_id, source)
);
CREATE UNIQUE INDEX whose_code_is_this ON till_code (school_id, token);
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0022_meal_counted"), ("cloud", "0023_log_positions")]
    operations = [ops.RunSQL(CODES)]
