"""Marks of single dishes in a rating; restrictions that the school sets by a document, beside those of parents."""

from tortoise import migrations
from tortoise.migrations import operations as ops

MARKS = """
CREATE TABLE dish_rating (
  person_id bigint NOT NULL,
  "on" date NOT NULL,
  meal text NOT NULL,
  dish text NOT NULL,             -- its key, of the meal as it was sold
  mark smallint NOT NULL CHECK (mark BETWEEN 1 AND 5),
  PRIMARY KEY (person_id, "on", meal, dish),
  FOREIGN KEY (person_id, "on", meal) REFERENCES meal_rating ON DELETE RESTRICT
);
"""

DIETS = """
ALTER TABLE restriction
  ADD COLUMN is_school boolean NOT NULL DEFAULT false,
  ADD COLUMN document text NOT NULL DEFAULT '',
  ADD CHECK (is_school = (document <> ''));
DROP INDEX which_restrictions_hold;
CREATE UNIQUE INDEX which_restrictions_hold ON restriction (person_id, kind, value, is_school) WHERE lifted_at IS NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0024_wallet_codes")]
    operations = [ops.RunSQL(MARKS), ops.RunSQL(DIETS)]
