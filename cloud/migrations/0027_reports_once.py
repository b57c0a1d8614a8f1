"""A form of a report counts once however often it is sent: its corrections and sendings bear the form's own word."""

from tortoise import migrations
from tortoise.migrations import operations as ops

ONCE = """
ALTER TABLE report_correction ADD COLUMN once text; -- none: from before
CREATE UNIQUE INDEX a_form_corrects_once ON report_correction (report_id, once);
ALTER TABLE report_sending ADD COLUMN once text;
CREATE UNIQUE INDEX a_form_sends_once ON report_sending (report_id, once);
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0026_changed_orders")]
    operations = [ops.RunSQL(ONCE)]
