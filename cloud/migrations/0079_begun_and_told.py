"""Video lessons: when the teacher began one, and whether a student came from a parent's account; up to when weeks are told.

A week's notice goes on where the last one ended, so that moving its day leaves no mark untold and tells none twice.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

CALLS = """
ALTER TABLE call ADD COLUMN led_at timestamptz; -- when its teacher first began it; none: nobody comes in before that
ALTER TABLE call_visit
  ADD COLUMN by_family boolean NOT NULL DEFAULT false; -- from a parent's account: somebody grown may sit there too
"""
WEEKS = "ALTER TABLE digest_head ADD COLUMN told_until timestamptz; -- what was written later is for the next notice"


class Migration(migrations.Migration):
    dependencies = [("cloud", "0078_resources_used")]
    operations = [ops.RunSQL(CALLS), ops.RunSQL(WEEKS)]
