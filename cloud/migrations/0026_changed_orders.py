"""How often orders ahead of a child were made for a day is counted, those in whose place another one is too."""

from tortoise import migrations
from tortoise.migrations import operations as ops

SQL = """
CREATE INDEX how_often_was_this_day_ordered ON preorder (person_id, "on");
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0025_marks_and_diets")]
    operations = [ops.RunSQL(SQL)]
