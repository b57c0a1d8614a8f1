"""Tables of accounts: who may sign in, as what, with what besides a password, their sessions, and the audit journal."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from cloud.core.actor import Role


class Account(Model):
    """Someone who signs in. The login is an e-mail address, a phone number or a short name, in lower case.

    Rule: it is kept by `cloud.accounts.logins` alone; an account that was deleted has none.
    """

    id = fields.BigIntField(primary_key=True)
    login_digest = fields.CharField(max_length=64, unique=True, null=True)
    login_encrypted = fields.BinaryField(null=True)
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
    seen_at = fields.DatetimeField(null=True)  # roughly: written once in some minutes
    device = fields.CharField(max_length=60, db_default="")  # as its owner knows it again: "Firefox, Windows"
    must_enrol = fields.BooleanField(db_default=False)  # a second factor must be set up before anything opens

    class Meta:
        table = "sign_in"
        indexes = (Index(fields=("account_id",), name="sessions_of_an_account"),)


class HalfSignIn(Model):
    """A sign-in between its two steps; it stands apart from sessions, so that its token opens nothing by mistake."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "cloud.Account", related_name=False, on_delete=fields.RESTRICT
    )
    account_id: int
    token_digest = fields.CharField(max_length=64, unique=True)
    challenge = fields.BinaryField()  # what a passkey has to sign
    wrong = fields.SmallIntField(default=0)
    expires_at = fields.DatetimeField()

    class Meta:
        table = "half_sign_in"
        indexes = (
            Index(fields=("account_id",), name="halves_of_an_account"),
            Index(fields=("expires_at",), name="halves_to_forget"),
        )


class Authenticator(Model):
    """An app that shows codes (RFC 6238) of one account; its secret is sealed in the vault."""

    id = fields.BigIntField(primary_key=True)
    account: fields.OneToOneRelation[Model] = fields.OneToOneField(
        "cloud.Account", related_name=False, on_delete=fields.RESTRICT
    )
    account_id: int
    secret_encrypted = fields.BinaryField(null=True)  # none before the first code was typed in
    last_step = fields.BigIntField(default=0)  # of the last code that was accepted: no older one is, nor that one again
    since_at = fields.DatetimeField(null=True)
    pending_encrypted = fields.BinaryField(null=True)  # a secret that was shown, and is waiting for its first code
    pending_at = fields.DatetimeField(null=True)

    class Meta:
        table = "authenticator"


class RecoveryCode(Model):
    """One of the codes on paper for the day when everything else is lost; only its keyed digest is kept."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "cloud.Account", related_name=False, on_delete=fields.RESTRICT
    )
    account_id: int
    digest = fields.CharField(max_length=64)
    made_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "recovery_code"
        unique_together = (("account", "digest"),)


class Passkey(Model):
    """A key pair of which a phone, a computer or a token keeps the private half (WebAuthn)."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "cloud.Account", related_name=False, on_delete=fields.RESTRICT
    )
    account_id: int
    credential = fields.CharField(max_length=1400, unique=True)  # its id, as base64url
    public_key = fields.BinaryField()
    sign_count = fields.BigIntField()
    name = fields.CharField(max_length=60)
    created_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "passkey"
        indexes = (Index(fields=("account_id",), name="passkeys_of_an_account"),)


class PasskeyOffer(Model):
    """A challenge that a new passkey of an account has to answer; one at a time."""

    id = fields.BigIntField(primary_key=True)
    account: fields.OneToOneRelation[Model] = fields.OneToOneField(
        "cloud.Account", related_name=False, on_delete=fields.RESTRICT
    )
    account_id: int
    challenge = fields.BinaryField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "passkey_offer"


class FactorRule(Model):
    """From which day a school's staff need a second factor; without a row, they do now."""

    id = fields.BigIntField(primary_key=True)
    school: fields.OneToOneRelation[Model] = fields.OneToOneField(
        "cloud.School", related_name=False, on_delete=fields.RESTRICT
    )
    school_id: int
    staff_from = fields.DateField()
    set_at = fields.DatetimeField()

    class Meta:
        table = "factor_rule"


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
