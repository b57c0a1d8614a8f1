"""A school has two rosters: the doors', and the canteen's for its tills."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("cloud", "0018_meals_apart")]
    operations = [
        ops.AddField(model_name="RosterVersion", name="kind", field=fields.CharField(max_length=8, db_default="doors")),
    ]
