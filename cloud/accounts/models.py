"""Tables of accounts: who may sign in, as what, their sessions, failed attempts, and the audit journal."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from cloud.core.actor import Role


class Account(Model):
    """Someone who signs in. The login is an e-mail address, a phone number or a short name, in lower case."""

    id = fields.BigIntField(primary_key=True)
    login = fields.CharField(max_length=120, unique=True)
    password_hash = fields.CharField(max_length=200)
    must_change = fields.BooleanField(default=True)  # an initial password
    initial_until = fields.DatetimeField(null=True)  # when an initial password stops working
    name = fields.CharField(max_length=180)
    language = fields.CharField(max_length=2, default="")  # empty until one is chosen
    is_active = fields.BooleanField(default=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "account"


class Grant(Model):
    """A role of an account at a school; none for an operator."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "cloud.Account", related_name=False, on_delete=fields.RESTRICT
    )
    account_id: int
    school: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "cloud.School", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    school_id: int | None
    role = fields.CharEnumField(Role, max_length=16)

    class Meta:
        table = "grant_of_role"
        unique_together = (("account", "school", "role"),)
        indexes = (Index(fields=("school_id", "role"), name="grants_at_a_school"),)


class SignIn(Model):
    """A session of a browser; only the digest of its token is kept."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "cloud.Account", related_name=False, on_delete=fields.RESTRICT
    )
    account_id: int
    token_digest = fields.CharField(max_length=64, unique=True)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "sign_in"
        indexes = (Index(fields=("account_id",), name="sessions_of_an_account"),)


class Attempts(Model):
    """Failed sign-ins of one key: a login from an address, a login from anywhere, or an address with any login."""

    id = fields.BigIntField(primary_key=True)
    key = fields.CharField(max_length=64, unique=True)  # a digest: a mistyped login may be a password
    failures = fields.IntField()
    last_at = fields.DatetimeField()
    blocked_until = fields.DatetimeField()

    class Meta:
        table = "attempts"
        indexes = (Index(fields=("last_at",), name="attempts_to_forget"),)


class AuditEntry(Model):
    """Something somebody did; never changed, never deleted."""

    id = fields.BigIntField(primary_key=True)
    at = fields.DatetimeField()
    account: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "cloud.Account", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    account_id: int | None
    actor = fields.CharField(max_length=120)  # also for the system and for commands
    school: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "cloud.School", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    school_id: int | None
    verb = fields.CharField(max_length=60)
    subject = fields.CharField(max_length=120)
    detail: fields.JSONField[dict[str, str]] = fields.JSONField()

    class Meta:
        table = "audit_entry"
        indexes = (
            Index(fields=("school_id", "id"), name="audit_of_a_school"),
            Index(fields=("account_id", "id"), name="audit_of_an_account"),
        )
