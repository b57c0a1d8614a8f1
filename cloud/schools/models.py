"""Tables of schools: their calendar, shifts, bells and classes."""

from enum import Enum, IntEnum

from tortoise import fields
from tortoise.models import Model


class Weekday(IntEnum):
    """Days as `date.isoweekday` counts them."""

    MONDAY = 1
    TUESDAY = 2
    WEDNESDAY = 3
    THURSDAY = 4
    FRIDAY = 5
    SATURDAY = 6
    SUNDAY = 7


class DayKind(Enum):
    """What a day of the calendar is, where it is not what its weekday says."""

    HOLIDAY = "holiday"
    WORKDAY = "workday"


class School(Model):
    """A school; `code` is its name on the wire, `shard` was drawn once and never changes."""

    id = fields.BigIntField(primary_key=True)
    code = fields.CharField(max_length=12, unique=True)
    shard = fields.SmallIntField()
    name_kk = fields.CharField(max_length=200)
    name_ru = fields.CharField(max_length=200)
    name_en = fields.CharField(max_length=200)
    zone = fields.CharField(max_length=40, default="Asia/Almaty")
    school_days = fields.SmallIntField(default=5)  # five-day or six-day week
    passback = fields.CharField(max_length=4, default="soft")  # off, soft, hard: the roster's policy
    calendar_number = fields.BigIntField(default=0, db_default=0)  # how often bells, terms and days were set
    created_at = fields.DatetimeField()

    class Meta:
        table = "school"


class CalendarDay(Model):
    """A day that is not what its weekday says; a workday may follow the lessons of another weekday."""

    id = fields.BigIntField(primary_key=True)
    school: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "cloud.School", related_name=False, on_delete=fields.RESTRICT
    )
    school_id: int
    on = fields.DateField()
    kind = fields.CharEnumField(DayKind, max_length=8)
    lessons_of = fields.IntEnumField(Weekday, null=True)
    lessons = fields.SmallIntField(null=True)  # of a shortened day: so many of each shift
    lesson_min = fields.SmallIntField(null=True)  # and so many minutes each
    from_min = fields.SmallIntField(null=True)  # nobody begins before it, in local minutes after midnight
    until_min = fields.SmallIntField(null=True)  # and nobody stays after it
    note = fields.CharField(max_length=120, default="")
    grade = fields.SmallIntField(default=-1, db_default=-1)  # for one grade only; -1 for all, or for a class
    school_class: fields.ForeignKeyNullableRelation[Model] = fields.ForeignKeyField(
        "cloud.SchoolClass", related_name=False, null=True, on_delete=fields.RESTRICT
    )
    school_class_id: int | None

    class Meta:
        table = "calendar_day"  # a day is set once for each; the index is in migration 0059


class Term(Model):
    """A stretch of teaching; outside of all terms nobody is absent. A school without terms teaches all year."""

    id = fields.BigIntField(primary_key=True)
    school: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "cloud.School", related_name=False, on_delete=fields.RESTRICT
    )
    school_id: int
    first_on = fields.DateField()
    last_on = fields.DateField()

    class Meta:
        table = "term"
        unique_together = (("school", "first_on"),)


class Bell(Model):
    """A lesson of a shift: its number within the shift, local minutes after midnight."""

    id = fields.BigIntField(primary_key=True)
    school: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "cloud.School", related_name=False, on_delete=fields.RESTRICT
    )
    school_id: int
    shift = fields.SmallIntField()  # 1, 2 or 3
    grade = fields.SmallIntField(default=-1)  # bells of one grade only; -1 for the grades that have none of their own
    lesson = fields.SmallIntField()
    starts_min = fields.SmallIntField()
    ends_min = fields.SmallIntField()

    class Meta:
        table = "bell"
        unique_together = (("school", "shift", "grade", "lesson"),)


class SchoolClass(Model):
    """A class of one school year, as 5А; its shift says which bells are its own."""

    id = fields.BigIntField(primary_key=True)
    school: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "cloud.School", related_name=False, on_delete=fields.RESTRICT
    )
    school_id: int
    grade = fields.SmallIntField()  # 0 (preparatory) to 12
    letter = fields.CharField(max_length=4)
    shift = fields.SmallIntField(default=1)
    school_days = fields.SmallIntField(null=True)  # a first grade has a five-day week in a six-day school
    is_active = fields.BooleanField(default=True)

    class Meta:
        table = "school_class"
        unique_together = (("school", "grade", "letter"),)

    @property
    def name(self) -> str:
        return f"{self.grade}{self.letter}"


class FirstLesson(Model):
    """The lessons a class begins and ends with on a weekday, where they are not its shift's first and last."""

    id = fields.BigIntField(primary_key=True)
    school_class: fields.ForeignKeyRelation[Model] = fields.ForeignKeyField(
        "cloud.SchoolClass", related_name=False, on_delete=fields.RESTRICT
    )
    school_class_id: int
    weekday = fields.IntEnumField(Weekday)
    lesson = fields.SmallIntField()
    last_lesson = fields.SmallIntField()

    class Meta:
        table = "first_lesson"
        unique_together = (("school_class", "weekday"),)
