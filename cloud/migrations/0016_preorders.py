"""What is ordered ahead: for a child, a day and a meal, dishes in the versions that were in the menu then."""

from tortoise import migrations
from tortoise.migrations import operations as ops

ORDERS = """
CREATE TABLE preorder (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  person_id bigint NOT NULL REFERENCES person ON DELETE RESTRICT,
  "on" date NOT NULL,
  meal text NOT NULL,
  ordered_at timestamptz NOT NULL,
  ordered_by text NOT NULL,
  cancelled_at timestamptz,          -- also when another order took its place
  cancelled_by text NOT NULL DEFAULT '',
  FOREIGN KEY (school_id, meal) REFERENCES meal ON DELETE RESTRICT
);
CREATE UNIQUE INDEX which_order_holds ON preorder (person_id, "on", meal) WHERE cancelled_at IS NULL;
CREATE INDEX what_is_ordered_for_this_day ON preorder (school_id, "on") WHERE cancelled_at IS NULL;
CREATE TABLE preorder_dish (
  preorder_id bigint NOT NULL REFERENCES preorder ON DELETE RESTRICT,
  place smallint NOT NULL,
  dish_id bigint NOT NULL,
  version integer NOT NULL,
  PRIMARY KEY (preorder_id, dish_id),
  FOREIGN KEY (dish_id, version) REFERENCES dish_version ON DELETE RESTRICT
);
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0015_canteen_rule")]
    operations = [ops.RunSQL(ORDERS)]
