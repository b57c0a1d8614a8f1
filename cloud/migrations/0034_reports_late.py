"""Letters that tell a school that its report is late; and how often the meals of a month changed, so that a report knows.

Rule: whatever way a sale comes into its table or changes there, its month is counted on, once for a statement.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

LATE = """
ALTER TABLE report_recipient ADD COLUMN late_to text[] NOT NULL DEFAULT '{}'; -- addresses at the school
ALTER TABLE report_sending DROP CONSTRAINT report_sending_way_check,
  ADD CONSTRAINT report_sending_way_check CHECK (way IN ('mail', 'hand', 'late'));
"""
MONTHS = """
CREATE TABLE meal_month (
  school_id bigint NOT NULL REFERENCES school (id),
  month date NOT NULL CHECK (extract(day FROM month) = 1),
  number bigint NOT NULL,            -- grows whenever a meal of the month comes or changes
  PRIMARY KEY (school_id, month)
);
ALTER TABLE report ADD COLUMN mark text NOT NULL DEFAULT ''; -- of its month, when it was made; of older ones none
CREATE FUNCTION meal_month_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO meal_month AS kept (school_id, month, number)
  SELECT DISTINCT school_id, date_trunc('month', "on")::date, 1 FROM moved
  ON CONFLICT (school_id, month) DO UPDATE SET number = kept.number + 1;
  RETURN NULL;
END $$;
CREATE FUNCTION meal_month_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO meal_month AS kept (school_id, month, number)
  SELECT school_id, date_trunc('month', "on")::date, 1 FROM moved
  UNION SELECT school_id, date_trunc('month', "on")::date, 1 FROM was
  ON CONFLICT (school_id, month) DO UPDATE SET number = kept.number + 1;
  RETURN NULL;
END $$;
CREATE FUNCTION meal_month_is_overruled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO meal_month AS kept (school_id, month, number)
  SELECT DISTINCT sale.school_id, date_trunc('month', sale."on")::date, 1 FROM moved
  JOIN meal_sale AS sale ON sale.school_id = moved.school_id AND sale.id = moved.sale
  ON CONFLICT (school_id, month) DO UPDATE SET number = kept.number + 1;
  RETURN NULL;
END $$;
CREATE TRIGGER month_moves AFTER INSERT ON meal_sale REFERENCING NEW TABLE AS moved
  FOR EACH STATEMENT EXECUTE FUNCTION meal_month_moves();
CREATE TRIGGER month_shrinks AFTER DELETE ON meal_sale REFERENCING OLD TABLE AS moved
  FOR EACH STATEMENT EXECUTE FUNCTION meal_month_moves();
CREATE TRIGGER month_changes AFTER UPDATE ON meal_sale REFERENCING OLD TABLE AS was NEW TABLE AS moved
  FOR EACH STATEMENT EXECUTE FUNCTION meal_month_changes();
CREATE TRIGGER month_is_overruled AFTER INSERT ON meal_override REFERENCING NEW TABLE AS moved
  FOR EACH STATEMENT EXECUTE FUNCTION meal_month_is_overruled();
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0034_factors")]
    operations = [ops.RunSQL(LATE), ops.RunSQL(MONTHS)]
