"""What people are to a school, and what is agreed with them: the words other slices may use."""

from enum import Enum

CHANGED = "esik_people"  # channel: who may pass has changed, or what is shown of them; the payload is the school's id


class PersonRole(Enum):
    """What a person is at the school; the values stand in rosters."""

    STUDENT = "student"
    STAFF = "staff"


class Purpose(Enum):
    """What a consent is for."""

    CARD = "card"  # being known by a card at gates and tills
    PHOTO = "photo"


class Relation(Enum):
    """What a guardian is to a child."""

    MOTHER = "mother"
    FATHER = "father"
    GRANDMOTHER = "grandmother"
    GRANDFATHER = "grandfather"
    SISTER = "sister"
    BROTHER = "brother"
    TRUSTEE = "trustee"  # appointed by law
    OTHER = "other"
