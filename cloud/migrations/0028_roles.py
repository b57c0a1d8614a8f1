"""Roles have longer names than eight letters: class teachers, methodologists and the others of a school."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from cloud.core.actor import Role

ROLES = "\n".join(f"{role.name}: {role.value}" for role in Role)


class Migration(migrations.Migration):
    dependencies = [("cloud", "0027_reports_once")]
    operations = [
        ops.AlterField(
            model_name="Grant",
            name="role",
            field=fields.CharEnumField(description=ROLES, enum_type=Role, max_length=16),
        ),
    ]
