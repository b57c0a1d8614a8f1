"""What parents think of a meal that their child took: of the food, of the service, once."""

from tortoise import migrations
from tortoise.migrations import operations as ops

RATINGS = """
CREATE TABLE meal_rating (
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  person_id bigint NOT NULL REFERENCES person ON DELETE RESTRICT,
  "on" date NOT NULL,
  meal text NOT NULL,
  food smallint NOT NULL CHECK (food BETWEEN 1 AND 5),
  service smallint NOT NULL CHECK (service BETWEEN 1 AND 5),
  comment text NOT NULL,
  rated_at timestamptz NOT NULL,
  rated_by text NOT NULL,
  PRIMARY KEY (person_id, "on", meal)
);
CREATE INDEX what_is_thought_of_the_canteen ON meal_rating (school_id, "on");
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0013_meals")]
    operations = [ops.RunSQL(RATINGS)]
