"""A day of the calendar may be another for a grade or a class, and may have its own hours; who reads plans sees it."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

ONCE = """
CREATE UNIQUE INDEX one_day_for_each ON calendar_day (school_id, "on", grade, coalesce(school_class_id, 0));
ALTER TABLE calendar_day ADD CONSTRAINT who_is_a_grade_or_a_class CHECK (grade = -1 OR school_class_id IS NULL);
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0058_alerts_by_gate")]
    operations = [
        ops.AddField("CalendarDay", "grade", fields.SmallIntField(db_default=-1, default=-1)),
        ops.AddField(
            "CalendarDay",
            "school_class",
            fields.ForeignKeyField(
                "cloud.SchoolClass",
                related_name=False,
                null=True,
                on_delete=fields.RESTRICT,
                source_field="school_class_id",
            ),
        ),
        ops.AddField("CalendarDay", "from_min", fields.SmallIntField(null=True)),
        ops.AddField("CalendarDay", "until_min", fields.SmallIntField(null=True)),
        ops.RemoveConstraint("CalendarDay", fields=["school", "on"]),
        ops.AddField("School", "calendar_number", fields.BigIntField(db_default=0, default=0)),
        ops.RunSQL(ONCE),
    ]
