"""Reports of attendance beside those of meals, and reports that go to the account of the authority.

A list shows the few members of a report that it needs without reading the whole: they are kept beside it.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops

SUBJECTS = """
ALTER TABLE report ADD CONSTRAINT report_subject_check CHECK (subject IN ('meals', 'attendance')),
  ADD COLUMN glance bytea;           -- canonical JSON of what lists show; of reports of before none: it is in content
ALTER TABLE report_correction DROP CONSTRAINT report_correction_kind_check,
  ADD CONSTRAINT report_correction_kind_check CHECK (kind IN ('free', 'subsidised', 'students', 'staff')),
  ADD COLUMN class_name text NOT NULL DEFAULT '', -- if it is about one
  ADD COLUMN came integer NOT NULL DEFAULT 0,     -- days on which somebody came, as those below
  ADD COLUMN late integer NOT NULL DEFAULT 0,
  ADD COLUMN not_seen integer NOT NULL DEFAULT 0;
"""
WAYS = """
ALTER TABLE report_sending DROP CONSTRAINT report_sending_way_check,
  ADD CONSTRAINT report_sending_way_check CHECK (way IN ('mail', 'hand', 'account', 'late'));
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0059_days_out_of_order")]
    operations = [ops.RunSQL(SUBJECTS), ops.RunSQL(WAYS)]
