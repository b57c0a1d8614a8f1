"""Tables of the fleet: devices with their keys, and the gates they serve."""

from enum import Enum

from tortoise import fields
from tortoise.models import Model


class DeviceState(Enum):
    """Whether a device is believed."""

    ACTIVE = "active"
    REVOKED = "revoked"


class Device(Model):
    """An agent or a node; `name` is its name on the wire. What it last said of itself stands beside."""

    id = fields.BigIntField(primary_key=True)
    school: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "cloud.School", related_name=False, on_delete=fields.RESTRICT
    )
    school_id: int
    name = fields.CharField(max_length=24, unique=True)
    state = fields.CharEnumField(DeviceState, max_length=8, default=DeviceState.ACTIVE)
    secret_encrypted = fields.BinaryField()
    revoked_at = fields.DatetimeField(null=True)
    is_hub = fields.BooleanField(default=False)  # runs its school's own broker
    certificate_serial = fields.CharField(max_length=40, default="")
    certificate_until = fields.DatetimeField(null=True)
    key_digest = fields.CharField(max_length=64, null=True)  # of the certificate's public key: no other is certified
    renewal_asked_at = fields.DatetimeField(null=True)  # so late that a person must approve it
    renewal_approved_at = fields.DatetimeField(null=True)
    command_counter = fields.BigIntField(default=0)
    firmware = fields.CharField(max_length=24, default="")
    boot = fields.CharField(max_length=16, default="")
    roster_version = fields.BigIntField(default=0)
    clock = fields.CharField(max_length=5, default="")
    unsent = fields.BigIntField(default=0)
    is_online = fields.BooleanField(default=False)
    seen_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "device"


class Gate(Model):
    """A gate or lane of a school, served by a device."""

    id = fields.BigIntField(primary_key=True)
    school: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "cloud.School", related_name=False, on_delete=fields.RESTRICT
    )
    school_id: int
    key = fields.CharField(max_length=16)  # as in records
    name_kk = fields.CharField(max_length=64)
    name_ru = fields.CharField(max_length=64)
    name_en = fields.CharField(max_length=64)
    device: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "cloud.Device", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    device_id: int | None
    has_sensor = fields.BooleanField(default=False)  # has told whether somebody really went through

    class Meta:
        table = "gate"
        unique_together = (("school", "key"),)
