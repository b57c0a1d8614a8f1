"""What stands in plans: languages of teaching, and what a lesson of a thematic plan is."""

from enum import StrEnum

from cloud.core.i18n import N_

# Of teaching, as the law on languages in education knows them; a class may be taught in another one.
TEACHING = {
    "kk": N_("Kazakh"),
    "ru": N_("Russian"),
    "en": N_("English"),
    "ug": N_("Uyghur"),
    "uz": N_("Uzbek"),
    "tg": N_("Tajik"),
}


class ThemeKind(StrEnum):
    """What is done in the hours of a theme; the values stand in the table, as those of lessons do."""

    LESSON = "lesson"
    SOR = "sor"  # summative assessment for a unit
    SOCH = "soch"  # summative assessment for a quarter


KINDS = {
    ThemeKind.LESSON: N_("Lesson"),
    ThemeKind.SOR: N_("SOR: summative assessment for a unit"),
    ThemeKind.SOCH: N_("SOCH: summative assessment for a quarter"),
}
