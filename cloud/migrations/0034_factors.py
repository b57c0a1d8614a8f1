"""Second steps of signing in: apps of codes, passkeys, recovery codes, half sessions, and from when a school needs them."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("cloud", "0033_anonymity")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Authenticator",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "account",
                    fields.OneToOneField(
                        "cloud.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("secret_encrypted", fields.BinaryField(null=True)),
                ("last_step", fields.BigIntField(default=0)),
                ("since_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("pending_encrypted", fields.BinaryField(null=True)),
                ("pending_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "authenticator",
                "app": "cloud",
                "pk_attr": "id",
                "table_description": "An app that shows codes (RFC 6238) of one account; its secret is sealed in the vault.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="FactorRule",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "school",
                    fields.OneToOneField(
                        "cloud.School",
                        source_field="school_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("staff_from", fields.DateField()),
                ("set_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "factor_rule",
                "app": "cloud",
                "pk_attr": "id",
                "table_description": "From which day a school's staff need a second factor; without a row, they do now.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="HalfSignIn",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "cloud.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("token_digest", fields.CharField(unique=True, max_length=64)),
                ("challenge", fields.BinaryField()),
                ("wrong", fields.SmallIntField(default=0)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "half_sign_in",
                "app": "cloud",
                "indexes": [
                    Index(fields=["account_id"], name="halves_of_an_account"),
                    Index(fields=["expires_at"], name="halves_to_forget"),
                ],
                "pk_attr": "id",
                "table_description": "A sign-in between its two steps; it stands apart from sessions, so that its token opens nothing by mistake.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Passkey",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "cloud.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("credential", fields.CharField(unique=True, max_length=1400)),
                ("public_key", fields.BinaryField()),
                ("sign_count", fields.BigIntField()),
                ("name", fields.CharField(max_length=60)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("used_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "passkey",
                "app": "cloud",
                "indexes": [Index(fields=["account_id"], name="passkeys_of_an_account")],
                "pk_attr": "id",
                "table_description": "A key pair of which a phone, a computer or a token keeps the private half (WebAuthn).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PasskeyOffer",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "account",
                    fields.OneToOneField(
                        "cloud.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("challenge", fields.BinaryField()),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "passkey_offer",
                "app": "cloud",
                "pk_attr": "id",
                "table_description": "A challenge that a new passkey of an account has to answer; one at a time.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RecoveryCode",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "cloud.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("digest", fields.CharField(max_length=64)),
                ("made_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("used_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "recovery_code",
                "app": "cloud",
                "unique_together": (("account", "digest"),),
                "pk_attr": "id",
                "table_description": "One of the codes on paper for the day when everything else is lost; only its keyed digest is kept.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="SignIn",
            name="device",
            field=fields.CharField(db_default="", max_length=60),
        ),
        ops.AddField(
            model_name="SignIn",
            name="must_enrol",
            field=fields.BooleanField(db_default=False),
        ),
        ops.AddField(
            model_name="SignIn",
            name="seen_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
    ]
