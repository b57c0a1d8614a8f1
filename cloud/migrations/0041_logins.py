"""Logins are sealed, and found by a keyed digest; who was deleted has none."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from cloud.core.sealing_columns import DigestColumn, SealColumn

# A mark in the place of a login, which nobody can type, stood for who was deleted.
NAMELESS = """
ALTER TABLE account ALTER COLUMN login DROP NOT NULL;
UPDATE account SET login = NULL WHERE starts_with(login, '!');
"""
# Writing the table anew leaves nothing of what was dropped in its file.
CLOSED = """
ALTER TABLE account
  ADD CONSTRAINT login_is_found_and_shown CHECK ((login_digest IS NULL) = (login_encrypted IS NULL));
CLUSTER account USING account_pkey;
"""


class Migration(migrations.Migration):
    dependencies = [("cloud", "0040_register")]
    operations = [
        ops.RunSQL(NAMELESS),
        ops.AddField("Account", "login_digest", fields.CharField(max_length=64, unique=True, null=True)),
        ops.AddField("Account", "login_encrypted", fields.BinaryField(null=True)),
        SealColumn("account", "login", "account.login"),
        DigestColumn("account", "login", "account.login"),
        ops.RemoveField("Account", "login"),  # a program's own views of it go too
        ops.RunSQL(CLOSED),
    ]
