"""Tables of people: students and staff, and their guardians; answers about consents are written in plain SQL."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from cloud.people.kinds import PersonRole, Relation


class Person(Model):
    """A student or a member of staff. `ref` stands for the person outside the cloud; the IIN is nowhere but here."""

    id = fields.BigIntField(primary_key=True)
    school: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "cloud.School", related_name=False, on_delete=fields.RESTRICT
    )
    school_id: int
    shard = fields.SmallIntField()
    ref = fields.CharField(max_length=12, unique=True)
    role = fields.CharEnumField(PersonRole, max_length=8)
    surname = fields.CharField(max_length=60)
    given_name = fields.CharField(max_length=60)
    patronymic = fields.CharField(max_length=60, default="")
    sort_key = fields.CharField(max_length=400)  # by the Kazakh alphabet
    iin_encrypted = fields.BinaryField(null=True)
    iin_digest = fields.CharField(max_length=64, null=True)  # finds the same person again without decrypting
    number = fields.CharField(max_length=40, null=True)  # the school's own number of the person
    sourced_id = fields.CharField(max_length=255, null=True)  # another system's, by which its lists find the person
    school_class: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "cloud.SchoolClass", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    school_class_id: int | None
    position = fields.CharField(max_length=80, default="")  # of staff
    is_active = fields.BooleanField(default=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "person"
        unique_together = (("school", "iin_digest"), ("school", "number"))
        indexes = (
            Index(fields=("school_id", "sort_key"), name="people_of_a_school_by_name"),
            Index(fields=("school_class_id",), name="people_of_a_class"),
        )

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.surname, self.given_name, self.patronymic) if part)


class Guardian(Model):
    """A parent or legal representative; contacts are encrypted, the account comes with the first sign-in."""

    id = fields.BigIntField(primary_key=True)
    school: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "cloud.School", related_name=False, on_delete=fields.RESTRICT
    )
    school_id: int
    ref = fields.CharField(max_length=12, unique=True)
    name = fields.CharField(max_length=180)
    phone_encrypted = fields.BinaryField(null=True)
    phone_digest = fields.CharField(max_length=64, null=True)
    email_encrypted = fields.BinaryField(null=True)
    account: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "cloud.Account", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    account_id: int | None
    created_at = fields.DatetimeField()

    class Meta:
        table = "guardian"
        unique_together = (("school", "phone_digest"),)
        indexes = (Index(fields=("account_id",), name="guardians_of_an_account"),)


class Guardianship(Model):
    """Whose guardian somebody is, and what that guardian may see and do."""

    id = fields.BigIntField(primary_key=True)
    guardian: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "cloud.Guardian", related_name=False, on_delete=fields.RESTRICT
    )
    guardian_id: int
    person: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "cloud.Person", related_name=False, on_delete=fields.RESTRICT
    )
    person_id: int
    relation = fields.CharEnumField(Relation, max_length=12)
    may_see = fields.BooleanField(default=True)
    may_block_card = fields.BooleanField(default=True)
    ended_on = fields.DateField(null=True)

    class Meta:
        table = "guardianship"
        unique_together = (("guardian", "person"),)
        indexes = (Index(fields=("person_id",), name="guardians_of_a_person"),)
