"""People keep the identifier that another system has for them, so that its lists find them again."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

UNIQUE = "CREATE UNIQUE INDEX person_of_a_sourced_id ON person (school_id, sourced_id)"


class Migration(migrations.Migration):
    dependencies = [("cloud", "0042_text_message")]
    operations = [
        ops.AddField("Person", "sourced_id", fields.CharField(max_length=255, null=True)),
        ops.RunSQL(UNIQUE),
    ]
