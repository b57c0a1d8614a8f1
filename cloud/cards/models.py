"""Tables of cards: which card is whose, and the school's key that turns a number into a token."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from cloud.cards.kinds import CardState, Medium


class CardKey(Model):
    """A school's key for card tokens; the newest one counts."""

    id = fields.BigIntField(primary_key=True)
    school: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "cloud.School", related_name=False, on_delete=fields.RESTRICT
    )
    school_id: int
    key_encrypted = fields.BinaryField()
    since = fields.DatetimeField()

    class Meta:
        table = "card_key"
        indexes = (Index(fields=("school_id", "since"), name="newest_card_key_of_a_school"),)


class Card(Model):
    """A card of a person. The number is kept encrypted; devices and logs know only the token."""

    id = fields.BigIntField(primary_key=True)
    school: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "cloud.School", related_name=False, on_delete=fields.RESTRICT
    )
    school_id: int
    person: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "cloud.Person", related_name=False, on_delete=fields.RESTRICT
    )
    person_id: int
    token = fields.CharField(max_length=24)
    number_encrypted = fields.BinaryField()
    medium = fields.CharEnumField(Medium, max_length=7, default=Medium.UID)
    state = fields.CharEnumField(CardState, max_length=8, default=CardState.ACTIVE)
    issued_at = fields.DatetimeField()
    not_after = fields.DatetimeField(null=True)
    changed_at = fields.DatetimeField()

    class Meta:
        table = "card"
        unique_together = (("school", "token"),)
        indexes = (Index(fields=("person_id",), name="cards_of_a_person"),)
