"""Up to which record of each device the sales are in the books, for tills to count beside a balance what is not."""

from tortoise import migrations
from tortoise.migrations import operations as ops

COUNTED = """
CREATE TABLE meal_counted (
  school_id bigint NOT NULL REFERENCES school ON DELETE RESTRICT,
  device text NOT NULL,
  epoch text NOT NULL,
  seq bigint NOT NULL,               -- the newest record of a till's that was met
  newest_at timestamptz NOT NULL,    -- when the cloud had received it: orders a device's epochs
  PRIMARY KEY (school_id, device, epoch)
);
INSERT INTO meal_counted
SELECT school_id, device, epoch, max(seq), max(at) FROM (
  SELECT school_id, device, epoch, seq, at FROM meal_sale
  UNION ALL SELECT school_id, device, epoch, seq, at FROM meal_change
) AS met GROUP BY 1, 2, 3;
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0021_reports")]
    operations = [ops.RunSQL(COUNTED)]
