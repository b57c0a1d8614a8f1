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
    NOTICES = "notices"  # being told; each guardian answers for what goes to the own phone
    CODE = "code"  # being known in another way: by a code on a phone or on paper
    DATA = "data"  # keeping personal data at all; a refusal refuses every other purpose
    RESOURCE = "resource"  # name and class go to a digital resource that the child opens
    MFA_OFF = "mfa_off"  # a student under sixteen signs in without a second factor
    TEST_LOG = "test_log"  # what the page notices about its window goes to the teacher of a test


class Says(Enum):
    """An answer; a withdrawal is a no after a yes."""

    YES = "yes"
    NO = "no"


class Way(Enum):
    """How an answer came."""

    APP = "app"
    PAPER = "paper"
    IMPORT = "import"


class FamilyRight(Enum):
    """What a guardian may about a child; a court's limit takes some of it."""

    SEE = "see"  # the days at the gate, and a code for the phone
    MEALS = "meals"  # what was eaten
    PAY = "pay"  # the balance, and how to top it up
    LIMIT = "limit"  # what is not sold to the child
    ORDER = "order"
    BLOCK = "block"  # the card
    CONSENT = "consent"
    NOTICES = "notices"


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


REPRESENTATIVES = frozenset({Relation.MOTHER, Relation.FATHER, Relation.TRUSTEE})  # only they consent for a child
