"""The tables as the models have them, made by `python -m cloud.core.migrating remake`."""

from enum import Enum, IntEnum
from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index


class MovementKind(Enum):
    CARD = "card"
    HAND = "hand"
    DENIED = "denied"
    TURNED = "turned"


class CardState(Enum):
    ACTIVE = "active"
    BLOCKED = "blocked"
    RETURNED = "returned"


class Medium(Enum):
    UID = "uid"
    QR = "qr"


class Role(Enum):
    GUARDIAN = "guardian"
    GUARD = "guard"
    OFFICE = "office"
    IT = "it"
    OPERATOR = "operator"


class DeviceState(Enum):
    ACTIVE = "active"
    REVOKED = "revoked"


class PersonRole(Enum):
    STUDENT = "student"
    STAFF = "staff"


class Purpose(Enum):
    CARD = "card"
    PHOTO = "photo"


class Relation(Enum):
    MOTHER = "mother"
    FATHER = "father"
    GRANDMOTHER = "grandmother"
    GRANDFATHER = "grandfather"
    SISTER = "sister"
    BROTHER = "brother"
    TRUSTEE = "trustee"
    OTHER = "other"


class DayKind(Enum):
    HOLIDAY = "holiday"
    WORKDAY = "workday"


class Weekday(IntEnum):
    MONDAY = 1
    TUESDAY = 2
    WEDNESDAY = 3
    THURSDAY = 4
    FRIDAY = 5
    SATURDAY = 6
    SUNDAY = 7


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Account",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("login", fields.CharField(unique=True, max_length=120)),
                ("password_hash", fields.CharField(max_length=200)),
                ("must_change", fields.BooleanField(default=True)),
                ("initial_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("name", fields.CharField(max_length=180)),
                ("language", fields.CharField(default="", max_length=2)),
                ("is_active", fields.BooleanField(default=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "account",
                "app": "cloud",
                "pk_attr": "id",
                "table_description": "Someone who signs in. The login is an e-mail address, a phone number or a short name, in lower case.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Attempts",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("key", fields.CharField(unique=True, max_length=64)),
                ("failures", fields.IntField()),
                ("last_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("blocked_until", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "attempts",
                "app": "cloud",
                "indexes": [Index(fields=["last_at"], name="attempts_to_forget")],
                "pk_attr": "id",
                "table_description": "Failed sign-ins of one key: a login from an address, a login from anywhere, or an address with any login.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="School",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("code", fields.CharField(unique=True, max_length=12)),
                ("shard", fields.SmallIntField()),
                ("name_kk", fields.CharField(max_length=200)),
                ("name_ru", fields.CharField(max_length=200)),
                ("name_en", fields.CharField(max_length=200)),
                ("zone", fields.CharField(default="Asia/Almaty", max_length=40)),
                ("school_days", fields.SmallIntField(default=5)),
                ("passback", fields.CharField(default="soft", max_length=4)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "school",
                "app": "cloud",
                "pk_attr": "id",
                "table_description": "A school; `code` is its name on the wire, `shard` was drawn once and never changes.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "cloud.Account",
                        source_field="account_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("actor", fields.CharField(max_length=120)),
                (
                    "school",
                    fields.ForeignKeyField(
                        "cloud.School",
                        source_field="school_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("verb", fields.CharField(max_length=60)),
                ("subject", fields.CharField(max_length=120)),
                ("detail", fields.JSONField(encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads)),
            ],
            options={
                "table": "audit_entry",
                "app": "cloud",
                "indexes": [
                    Index(fields=["school_id", "id"], name="audit_of_a_school"),
                    Index(fields=["account_id", "id"], name="audit_of_an_account"),
                ],
                "pk_attr": "id",
                "table_description": "Something somebody did; never changed, never deleted.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Bell",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "school",
                    fields.ForeignKeyField(
                        "cloud.School",
                        source_field="school_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("shift", fields.SmallIntField()),
                ("grade", fields.SmallIntField(default=-1)),
                ("lesson", fields.SmallIntField()),
                ("starts_min", fields.SmallIntField()),
                ("ends_min", fields.SmallIntField()),
            ],
            options={
                "table": "bell",
                "app": "cloud",
                "unique_together": (("school", "shift", "grade", "lesson"),),
                "pk_attr": "id",
                "table_description": "A lesson of a shift: its number within the shift, local minutes after midnight.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CalendarDay",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "school",
                    fields.ForeignKeyField(
                        "cloud.School",
                        source_field="school_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("on", fields.DateField()),
                (
                    "kind",
                    fields.CharEnumField(
                        description="HOLIDAY: holiday\nWORKDAY: workday", enum_type=DayKind, max_length=8
                    ),
                ),
                (
                    "lessons_of",
                    fields.IntEnumField(
                        null=True,
                        description="MONDAY: 1\nTUESDAY: 2\nWEDNESDAY: 3\nTHURSDAY: 4\nFRIDAY: 5\nSATURDAY: 6\nSUNDAY: 7",
                        enum_type=Weekday,
                        generated=False,
                    ),
                ),
                ("note", fields.CharField(default="", max_length=120)),
            ],
            options={
                "table": "calendar_day",
                "app": "cloud",
                "unique_together": (("school", "on"),),
                "pk_attr": "id",
                "table_description": "A day that is not what its weekday says; a workday may follow the lessons of another weekday.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CardKey",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "school",
                    fields.ForeignKeyField(
                        "cloud.School",
                        source_field="school_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("key_encrypted", fields.BinaryField()),
                ("since", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "card_key",
                "app": "cloud",
                "indexes": [Index(fields=["school_id", "since"], name="newest_card_key_of_a_school")],
                "pk_attr": "id",
                "table_description": "A school's key for card tokens; the newest one counts.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Device",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "school",
                    fields.ForeignKeyField(
                        "cloud.School",
                        source_field="school_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("name", fields.CharField(unique=True, max_length=24)),
                (
                    "state",
                    fields.CharEnumField(
                        default=DeviceState.ACTIVE,
                        description="ACTIVE: active\nREVOKED: revoked",
                        enum_type=DeviceState,
                        max_length=8,
                    ),
                ),
                ("secret_encrypted", fields.BinaryField()),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("is_hub", fields.BooleanField(default=False)),
                ("certificate_serial", fields.CharField(default="", max_length=40)),
                ("certificate_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("key_digest", fields.CharField(null=True, max_length=64)),
                ("renewal_asked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("renewal_approved_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("command_counter", fields.BigIntField(default=0)),
                ("firmware", fields.CharField(default="", max_length=24)),
                ("boot", fields.CharField(default="", max_length=16)),
                ("roster_version", fields.BigIntField(default=0)),
                ("clock", fields.CharField(default="", max_length=5)),
                ("unsent", fields.BigIntField(default=0)),
                ("is_online", fields.BooleanField(default=False)),
                ("seen_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "device",
                "app": "cloud",
                "pk_attr": "id",
                "table_description": "An agent or a node; `name` is its name on the wire. What it last said of itself stands beside.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Gate",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "school",
                    fields.ForeignKeyField(
                        "cloud.School",
                        source_field="school_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("key", fields.CharField(max_length=16)),
                ("name_kk", fields.CharField(max_length=64)),
                ("name_ru", fields.CharField(max_length=64)),
                ("name_en", fields.CharField(max_length=64)),
                (
                    "device",
                    fields.ForeignKeyField(
                        "cloud.Device",
                        source_field="device_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("has_sensor", fields.BooleanField(default=False)),
            ],
            options={
                "table": "gate",
                "app": "cloud",
                "unique_together": (("school", "key"),),
                "pk_attr": "id",
                "table_description": "A gate or lane of a school, served by a device.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Grant",
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
                (
                    "school",
                    fields.ForeignKeyField(
                        "cloud.School",
                        source_field="school_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "role",
                    fields.CharEnumField(
                        description="GUARDIAN: guardian\nGUARD: guard\nOFFICE: office\nIT: it\nOPERATOR: operator",
                        enum_type=Role,
                        max_length=8,
                    ),
                ),
            ],
            options={
                "table": "grant_of_role",
                "app": "cloud",
                "unique_together": (("account", "school", "role"),),
                "indexes": [Index(fields=["school_id", "role"], name="grants_at_a_school")],
                "pk_attr": "id",
                "table_description": "A role of an account at a school; none for an operator.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Guardian",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "school",
                    fields.ForeignKeyField(
                        "cloud.School",
                        source_field="school_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("ref", fields.CharField(unique=True, max_length=12)),
                ("name", fields.CharField(max_length=180)),
                ("phone_encrypted", fields.BinaryField(null=True)),
                ("phone_digest", fields.CharField(null=True, max_length=64)),
                ("email_encrypted", fields.BinaryField(null=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "cloud.Account",
                        source_field="account_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "guardian",
                "app": "cloud",
                "unique_together": (("school", "phone_digest"),),
                "indexes": [Index(fields=["account_id"], name="guardians_of_an_account")],
                "pk_attr": "id",
                "table_description": "A parent or legal representative; contacts are encrypted, the account comes with the first sign-in.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RosterKey",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "school",
                    fields.ForeignKeyField(
                        "cloud.School",
                        source_field="school_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("key_encrypted", fields.BinaryField()),
                ("public_key", fields.BinaryField()),
                ("since", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "roster_key",
                "app": "cloud",
                "pk_attr": "id",
                "table_description": "A school's Ed25519 key for rosters; the newest one counts.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RosterVersion",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "school",
                    fields.ForeignKeyField(
                        "cloud.School",
                        source_field="school_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("version", fields.BigIntField()),
                ("body", fields.BinaryField()),
                ("digest", fields.CharField(max_length=64)),
                ("issued_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("not_after", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "roster_version",
                "app": "cloud",
                "unique_together": (("school", "version"),),
                "pk_attr": "id",
                "table_description": "A version of a school's roster: the snapshot's body (deflated), from which any delta is made.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SchoolClass",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "school",
                    fields.ForeignKeyField(
                        "cloud.School",
                        source_field="school_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("grade", fields.SmallIntField()),
                ("letter", fields.CharField(max_length=4)),
                ("shift", fields.SmallIntField(default=1)),
                ("school_days", fields.SmallIntField(null=True)),
                ("is_active", fields.BooleanField(default=True)),
            ],
            options={
                "table": "school_class",
                "app": "cloud",
                "unique_together": (("school", "grade", "letter"),),
                "pk_attr": "id",
                "table_description": "A class of one school year, as 5А; its shift says which bells are its own.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="FirstLesson",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "school_class",
                    fields.ForeignKeyField(
                        "cloud.SchoolClass",
                        source_field="school_class_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "weekday",
                    fields.IntEnumField(
                        description="MONDAY: 1\nTUESDAY: 2\nWEDNESDAY: 3\nTHURSDAY: 4\nFRIDAY: 5\nSATURDAY: 6\nSUNDAY: 7",
                        enum_type=Weekday,
                        generated=False,
                    ),
                ),
                ("lesson", fields.SmallIntField()),
                ("last_lesson", fields.SmallIntField()),
            ],
            options={
                "table": "first_lesson",
                "app": "cloud",
                "unique_together": (("school_class", "weekday"),),
                "pk_attr": "id",
                "table_description": "The lessons a class begins and ends with on a weekday, where they are not its shift's first and last.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Person",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "school",
                    fields.ForeignKeyField(
                        "cloud.School",
                        source_field="school_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("shard", fields.SmallIntField()),
                ("ref", fields.CharField(unique=True, max_length=12)),
                (
                    "role",
                    fields.CharEnumField(
                        description="STUDENT: student\nSTAFF: staff", enum_type=PersonRole, max_length=8
                    ),
                ),
                ("surname", fields.CharField(max_length=60)),
                ("given_name", fields.CharField(max_length=60)),
                ("patronymic", fields.CharField(default="", max_length=60)),
                ("sort_key", fields.CharField(max_length=400)),
                ("iin_encrypted", fields.BinaryField(null=True)),
                ("iin_digest", fields.CharField(null=True, max_length=64)),
                ("number", fields.CharField(null=True, max_length=40)),
                (
                    "school_class",
                    fields.ForeignKeyField(
                        "cloud.SchoolClass",
                        source_field="school_class_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("position", fields.CharField(default="", max_length=80)),
                ("is_active", fields.BooleanField(default=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "person",
                "app": "cloud",
                "unique_together": (("school", "iin_digest"), ("school", "number")),
                "indexes": [
                    Index(fields=["school_id", "sort_key"], name="people_of_a_school_by_name"),
                    Index(fields=["school_class_id"], name="people_of_a_class"),
                ],
                "pk_attr": "id",
                "table_description": "A student or a member of staff. `ref` stands for the person outside the cloud; the IIN is nowhere but here.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Card",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "school",
                    fields.ForeignKeyField(
                        "cloud.School",
                        source_field="school_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "person",
                    fields.ForeignKeyField(
                        "cloud.Person",
                        source_field="person_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("token", fields.CharField(max_length=24)),
                ("number_encrypted", fields.BinaryField()),
                (
                    "medium",
                    fields.CharEnumField(
                        default=Medium.UID, description="UID: uid\nQR: qr", enum_type=Medium, max_length=7
                    ),
                ),
                (
                    "state",
                    fields.CharEnumField(
                        default=CardState.ACTIVE,
                        description="ACTIVE: active\nBLOCKED: blocked\nRETURNED: returned",
                        enum_type=CardState,
                        max_length=8,
                    ),
                ),
                ("issued_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("not_after", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("changed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "card",
                "app": "cloud",
                "unique_together": (("school", "token"),),
                "indexes": [Index(fields=["person_id"], name="cards_of_a_person")],
                "pk_attr": "id",
                "table_description": "A card of a person. The number is kept encrypted; devices and logs know only the token.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Consent",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "person",
                    fields.ForeignKeyField(
                        "cloud.Person",
                        source_field="person_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "purpose",
                    fields.CharEnumField(description="CARD: card\nPHOTO: photo", enum_type=Purpose, max_length=8),
                ),
                ("given_on", fields.DateField()),
                ("source", fields.CharField(max_length=200)),
                ("withdrawn_on", fields.DateField(null=True)),
                ("withdrawal_source", fields.CharField(default="", max_length=200)),
                ("recorded_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "consent",
                "app": "cloud",
                "unique_together": (("person", "purpose", "given_on"),),
                "pk_attr": "id",
                "table_description": "Leave given for a purpose, by whom, when and where it is written; withdrawn by a date, never deleted.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Guardianship",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "guardian",
                    fields.ForeignKeyField(
                        "cloud.Guardian",
                        source_field="guardian_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "person",
                    fields.ForeignKeyField(
                        "cloud.Person",
                        source_field="person_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "relation",
                    fields.CharEnumField(
                        description="MOTHER: mother\nFATHER: father\nGRANDMOTHER: grandmother\nGRANDFATHER: grandfather\nSISTER: sister\nBROTHER: brother\nTRUSTEE: trustee\nOTHER: other",
                        enum_type=Relation,
                        max_length=12,
                    ),
                ),
                ("may_see", fields.BooleanField(default=True)),
                ("may_block_card", fields.BooleanField(default=True)),
                ("ended_on", fields.DateField(null=True)),
            ],
            options={
                "table": "guardianship",
                "app": "cloud",
                "unique_together": (("guardian", "person"),),
                "indexes": [Index(fields=["person_id"], name="guardians_of_a_person")],
                "pk_attr": "id",
                "table_description": "Whose guardian somebody is, and what that guardian may see and do.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Movement",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("shard", fields.SmallIntField()),
                ("position", fields.BigIntField()),
                (
                    "school",
                    fields.ForeignKeyField(
                        "cloud.School",
                        source_field="school_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "person",
                    fields.ForeignKeyField(
                        "cloud.Person",
                        source_field="person_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("on", fields.DateField()),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("received_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("direction", fields.CharField(max_length=3)),
                ("gate", fields.CharField(max_length=16)),
                (
                    "kind",
                    fields.CharEnumField(
                        description="CARD: card\nHAND: hand\nDENIED: denied\nTURNED: turned",
                        enum_type=MovementKind,
                        max_length=8,
                    ),
                ),
                ("reason", fields.CharField(default="", max_length=15)),
                (
                    "let",
                    fields.CharEnumField(
                        null=True,
                        description="CARD: card\nHAND: hand\nDENIED: denied\nTURNED: turned",
                        enum_type=MovementKind,
                        max_length=8,
                    ),
                ),
                ("let_reason", fields.CharField(default="", max_length=15)),
                ("passage", fields.CharField(default="", max_length=15)),
                ("clock", fields.CharField(max_length=5)),
                ("device", fields.CharField(max_length=24)),
                ("epoch", fields.CharField(max_length=16)),
                ("seq", fields.BigIntField()),
            ],
            options={
                "table": "movement",
                "app": "cloud",
                "unique_together": (("device", "epoch", "seq"),),
                "indexes": [
                    Index(fields=["person_id", "on"], name="movements_of_a_persons_day"),
                    Index(fields=["school_id", "on", "at"], name="last_movements_at_a_school"),
                ],
                "pk_attr": "id",
                "table_description": "Somebody at a gate: one row for a decision or hand pass, with what the sensor said of it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Presence",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("shard", fields.SmallIntField()),
                (
                    "school",
                    fields.ForeignKeyField(
                        "cloud.School",
                        source_field="school_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "person",
                    fields.ForeignKeyField(
                        "cloud.Person",
                        source_field="person_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("on", fields.DateField()),
                ("first_in_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("last_out_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("is_inside", fields.BooleanField(default=False)),
                ("late_min", fields.SmallIntField(default=0)),
                ("without_card", fields.BooleanField(default=False)),
                ("entries", fields.SmallIntField(default=0)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "presence",
                "app": "cloud",
                "unique_together": (("person", "on"),),
                "indexes": [Index(fields=["school_id", "on"], name="presence_at_a_school")],
                "pk_attr": "id",
                "table_description": "One person's day: a function of the set of that day's movements, whatever order they came in.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SignIn",
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
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "sign_in",
                "app": "cloud",
                "indexes": [Index(fields=["account_id"], name="sessions_of_an_account")],
                "pk_attr": "id",
                "table_description": "A session of a browser; only the digest of its token is kept.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Term",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "school",
                    fields.ForeignKeyField(
                        "cloud.School",
                        source_field="school_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("first_on", fields.DateField()),
                ("last_on", fields.DateField()),
            ],
            options={
                "table": "term",
                "app": "cloud",
                "unique_together": (("school", "first_on"),),
                "pk_attr": "id",
                "table_description": "A stretch of teaching; outside of all terms nobody is absent. A school without terms teaches all year.",
            },
            bases=["Model"],
        ),
    ]
