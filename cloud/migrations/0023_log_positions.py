"""Where the log has openings of shifts and what was taken back: whatever starts came between, their order is known."""

from tortoise import migrations
from tortoise.migrations import operations as ops

POSITIONS = """
ALTER TABLE meal_change ADD COLUMN position bigint NOT NULL DEFAULT 0; -- 0: of the office, which stands in no log
ALTER TABLE meal_odd ADD COLUMN position bigint NOT NULL DEFAULT 0;
ALTER TABLE till_shift ADD COLUMN opened_position bigint;
UPDATE meal_change SET position = record.position FROM record
  WHERE record.device = meal_change.device AND record.epoch = meal_change.epoch AND record.seq = meal_change.seq;
UPDATE meal_odd SET position = record.position FROM record
  WHERE record.device = meal_odd.device AND record.epoch = meal_odd.epoch AND record.seq = meal_odd.seq;
UPDATE till_shift SET opened_position = record.position FROM record
  WHERE record.device = till_shift.device AND record.epoch = opened_epoch AND record.seq = opened_seq;
DROP INDEX which_shift_was_open_here;
DROP INDEX what_was_taken_back_here;
ALTER TABLE till_shift DROP COLUMN opened_epoch, DROP COLUMN opened_seq;
CREATE INDEX which_shift_was_open_here ON till_shift (school_id, device, opened_position);
CREATE INDEX what_was_taken_back_here ON meal_change (school_id, device, position);
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0022_meal_counted")]
    operations = [ops.RunSQL(POSITIONS)]
