"""Tables of rosters: every version that was issued, as it was signed."""

from tortoise import fields
from tortoise.models import Model


class RosterKey(Model):
    """A school's Ed25519 key for rosters; the newest one counts."""

    id = fields.BigIntField(primary_key=True)
    school: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "cloud.School", related_name=False, on_delete=fields.RESTRICT
    )
    school_id: int
    key_encrypted = fields.BinaryField()
    public_key = fields.BinaryField()
    since = fields.DatetimeField()

    class Meta:
        table = "roster_key"


class RosterVersion(Model):
    """A version of a school's roster: the snapshot's body (deflated), from which any delta is made."""

    id = fields.BigIntField(primary_key=True)
    school: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "cloud.School", related_name=False, on_delete=fields.RESTRICT
    )
    school_id: int
    kind = fields.CharField(max_length=8, db_default="doors")
    version = fields.BigIntField()  # of either kind, no number twice
    body = fields.BinaryField()
    digest = fields.CharField(max_length=64)
    issued_at = fields.DatetimeField()
    not_after = fields.DatetimeField()

    class Meta:
        table = "roster_version"
        unique_together = (("school", "version"),)
