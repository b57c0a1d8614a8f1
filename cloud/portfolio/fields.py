"""The fields of a student's profile: to which group each belongs, its words, and how it is written. Pure.

Rule: what the list of people, guardians, orders on meals or transfers already say has no field here; it is shown from
where it stands. What is sensitive is a group of its own, which fewer roles see.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cloud.core.i18n import N_


class Group(StrEnum):
    """Who may see a field is one question for a whole group."""

    MAIN = "main"
    EXTRA = "extra"
    SENSITIVE = "sensitive"


class Shape(StrEnum):
    """How a field is typed, and kept."""

    LINE = "line"
    DAY = "day"  # kept as 2015-09-01
    PHONE = "phone"  # kept as +77011234567
    EMAIL = "email"
    CHOICE = "choice"  # kept as a code of its options
    YES = "yes"  # yes, or nothing


@dataclass(frozen=True, slots=True)
class Field:
    """A field; its options are code and words."""

    key: str
    group: Group
    words: str
    shape: Shape = Shape.LINE
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_long(self) -> bool:
        """Tell whether what it says is long, so that its place in a form is wide."""
        return self.key in LONG or (self.group is Group.SENSITIVE and self.shape is Shape.LINE)


SEXES = {"female": N_("Female"), "male": N_("Male")}
TONGUES = {
    "kk": N_("Kazakh"), "ru": N_("Russian"), "uz": N_("Uzbek"), "ug": N_("Uyghur"), "tg": N_("Tajik"),
    "other": N_("Another language"),
}  # fmt: skip
FORMS = {
    "day": N_("By day, at school"), "evening": N_("In the evening"), "home": N_("At home"),
    "distance": N_("At a distance"),
}  # fmt: skip
PAPERS = {
    "birth": N_("Birth certificate"), "card": N_("Identity card"), "passport": N_("Passport"),
    "other": N_("Another document"),
}  # fmt: skip
HEALTH = {
    "1": N_("First group"), "2": N_("Second group"), "3": N_("Third group"), "4": N_("Fourth group"),
    "5": N_("Fifth group"),
}  # fmt: skip
FAMILIES = {
    "both": N_("Both parents"), "one": N_("One parent"), "large": N_("Family with many children"),
    "low_income": N_("Family of low income"), "trustee": N_("Under a trustee or guardian by law"),
    "orphan": N_("Orphan, or without the care of parents"), "other": N_("Another status"),
}  # fmt: skip
FIELDS = (
    Field("born_on", Group.MAIN, N_("Date of birth"), Shape.DAY),
    Field("sex", Group.MAIN, N_("Sex"), Shape.CHOICE, SEXES),
    Field("birth_place", Group.MAIN, N_("Place of birth")),
    Field("citizenship", Group.MAIN, N_("Citizenship")),
    Field("native_language", Group.MAIN, N_("Native language"), Shape.CHOICE, TONGUES),
    Field("file_number", Group.MAIN, N_("Number of the personal file")),
    Field("form_of_study", Group.MAIN, N_("Form of study"), Shape.CHOICE, FORMS),
    Field("phone", Group.MAIN, N_("Mobile phone"), Shape.PHONE),
    Field("phone_home", Group.MAIN, N_("Phone at home"), Shape.PHONE),
    Field("email", Group.MAIN, N_("E-mail"), Shape.EMAIL),
    Field("insurance_number", Group.MAIN, N_("Insurance number")),
    Field("tax_number", Group.MAIN, N_("Tax number")),
    Field("identity_kind", Group.MAIN, N_("Identity document"), Shape.CHOICE, PAPERS),
    Field("identity_number", Group.MAIN, N_("Number of the document")),
    Field("identity_on", Group.MAIN, N_("Document issued on"), Shape.DAY),
    Field("identity_by", Group.MAIN, N_("Document issued by")),
    Field("registration", Group.MAIN, N_("Address of registration")),
    Field("address", Group.MAIN, N_("Address of living")),
    Field("individual_study", Group.EXTRA, N_("Studies by an individual plan"), Shape.YES),
    Field("external_study", Group.EXTRA, N_("External study"), Shape.YES),
    Field("long_treatment", Group.SENSITIVE, N_("Study during long treatment: where, until when")),
    Field("adapted_programme", Group.SENSITIVE, N_("Adapted programme: which, by whose conclusion")),
    Field("health_restriction", Group.SENSITIVE, N_("Health restrictions")),
    Field("health_group", Group.SENSITIVE, N_("Health group"), Shape.CHOICE, HEALTH),
    Field("disability", Group.SENSITIVE, N_("Disability: group, until when")),
    Field("internal_register", Group.SENSITIVE, N_("Internal register of the school: since when, why")),
    Field("juvenile_register", Group.SENSITIVE, N_("Register of juvenile affairs: since when, why")),
    Field("family_status", Group.SENSITIVE, N_("Social status of the family"), Shape.CHOICE, FAMILIES),
)  # fmt: skip
LONG = ("identity_kind", "identity_by", "registration", "address")
# What everybody's profile can say: one that says all of it, and date of birth and sex, counts as filled.
NEEDED = ("citizenship", "native_language", "form_of_study", "identity_number", "address")
BY_IIN = ("born_on", "sex")
BY_KEY = {each.key: each for each in FIELDS}


def fields_of(group: Group) -> tuple[Field, ...]:
    """Return the fields of a group, in their order."""
    return tuple(each for each in FIELDS if each.group is group)
