"""Tables of attendance: movements as the records tell them, and each person's day computed from them."""

from enum import Enum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class MovementKind(Enum):
    """How we know of a movement."""

    CARD = "card"  # allowed, and passed where the gate has a sensor
    HAND = "hand"  # let through by the guard
    DENIED = "denied"
    TURNED = "turned"  # allowed, but nobody went through


class Movement(Model):
    """Somebody at a gate: one row for a decision or hand pass, with what the sensor said of it.

    There is no person where the gate did not know the card. `seq` is the decision's number, or the passage's where no
    decision is named; `shard` and `position` are of the record that told of it first.
    """

    id = fields.BigIntField(primary_key=True)
    shard = fields.SmallIntField()
    position = fields.BigIntField()
    school: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "cloud.School", related_name=False, on_delete=fields.RESTRICT
    )
    school_id: int
    person: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "cloud.Person", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    person_id: int | None
    on = fields.DateField()  # the school's own day
    at = fields.DatetimeField()  # corrected
    received_at = fields.DatetimeField()
    direction = fields.CharField(max_length=3)
    gate = fields.CharField(max_length=16)
    kind = fields.CharEnumField(MovementKind, max_length=8)
    reason = fields.CharField(max_length=24, default="")
    let = fields.CharEnumField(MovementKind, max_length=8, null=True)  # how the gate let, if that is known
    let_reason = fields.CharField(max_length=24, default="")
    passage = fields.CharField(max_length=15, default="")  # what the sensor saw, if it spoke
    clock = fields.CharField(max_length=5)
    is_double = fields.BooleanField(db_default=False)  # one card cannot have done this and the movement before
    device = fields.CharField(max_length=24)
    epoch = fields.CharField(max_length=16)
    seq = fields.BigIntField()

    class Meta:
        table = "movement"
        unique_together = (("device", "epoch", "seq"),)
        indexes = (
            Index(fields=("person_id", "on"), name="movements_of_a_persons_day"),
            Index(fields=("school_id", "on", "at"), name="last_movements_at_a_school"),
        )


class Presence(Model):
    """One person's day: a function of the set of that day's movements, whatever order they came in."""

    id = fields.BigIntField(primary_key=True)
    shard = fields.SmallIntField()
    school: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "cloud.School", related_name=False, on_delete=fields.RESTRICT
    )
    school_id: int
    person: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "cloud.Person", related_name=False, on_delete=fields.RESTRICT
    )
    person_id: int
    on = fields.DateField()
    first_in_at = fields.DatetimeField(null=True)
    last_out_at = fields.DatetimeField(null=True)
    is_inside = fields.BooleanField(default=False)
    late_min = fields.SmallIntField(default=0)  # after the class's own first lesson
    without_card = fields.BooleanField(default=False)
    entries = fields.SmallIntField(default=0)
    updated_at = fields.DatetimeField()

    class Meta:
        table = "presence"
        unique_together = (("person", "on"),)
        indexes = (Index(fields=("school_id", "on"), name="presence_at_a_school"),)
