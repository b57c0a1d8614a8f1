"""What a school has decided about its canteen: limits, the cut-off of pre-orders, whom a till asks about."""

from tortoise import migrations
from tortoise.migrations import operations as ops

RULES = """
CREATE TABLE canteen_rule (
  school_id bigint PRIMARY KEY REFERENCES school ON DELETE RESTRICT,
  offline_limit_tiyn bigint NOT NULL CHECK (offline_limit_tiyn BETWEEN 0 AND 10000000),
  overdraft_tiyn bigint NOT NULL CHECK (overdraft_tiyn BETWEEN 0 AND 10000000),
  low_balance_tiyn bigint NOT NULL CHECK (low_balance_tiyn BETWEEN 0 AND 10000000),
  preorder_cutoff_min smallint NOT NULL CHECK (preorder_cutoff_min BETWEEN 0 AND 1440), -- of the day before
  unseen_policy text NOT NULL CHECK (unseen_policy IN ('allow', 'ask')),
  set_at timestamptz NOT NULL,
  set_by text NOT NULL
);
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0014_ratings")]
    operations = [ops.RunSQL(RULES)]
