"""A mark on movements that one card cannot have made."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("cloud", "0004_invitations")]
    operations = [
        ops.AddField(model_name="Movement", name="is_double", field=fields.BooleanField(db_default=False)),
    ]
