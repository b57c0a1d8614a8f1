"""What a resource is, how it is opened, who verified it on which ground, and which subjects there are."""

from enum import StrEnum

from cloud.core.i18n import N_


class ResourceKind(StrEnum):
    """What stands on the shelf."""

    RESOURCE = "resource"
    TEXTBOOK = "textbook"
    LESSON = "lesson"


class Way(StrEnum):
    """How a resource is opened."""

    LINK = "link"  # its address, without telling who comes
    OIDC = "oidc"  # it asks this platform who comes (OpenID Connect)
    LTI = "lti"  # this platform launches it (LTI 1.3)


class Ground(StrEnum):
    """By what the content of a resource is verified."""

    LIST = "list"  # it stands in a list that an authority approved
    REVIEW = "review"  # the school's methodologist went through it


KINDS = {
    ResourceKind.RESOURCE: N_("Digital resource"),
    ResourceKind.TEXTBOOK: N_("Electronic textbook"),
    ResourceKind.LESSON: N_("Digital lesson"),
}
GROUNDS = {
    Ground.LIST: N_("It stands in a list that an authority approved"),
    Ground.REVIEW: N_("Looked through at the school"),
}
WAYS = {
    Way.LINK: N_("Link: it is not told who opens it"),
    Way.OIDC: N_("Signed in by OpenID Connect"),
    Way.LTI: N_("Launched by LTI 1.3"),
}
SUBJECTS = {
    "general": N_("All subjects"),
    "kazakh": N_("Kazakh language and literature"),
    "russian": N_("Russian language and literature"),
    "english": N_("English"),
    "languages": N_("Other languages"),
    "mathematics": N_("Mathematics"),
    "algebra": N_("Algebra"),
    "geometry": N_("Geometry"),
    "informatics": N_("Informatics"),
    "science": N_("Natural science"),
    "physics": N_("Physics"),
    "chemistry": N_("Chemistry"),
    "biology": N_("Biology"),
    "geography": N_("Geography"),
    "history": N_("History of Kazakhstan and the world"),
    "law": N_("Law and civics"),
    "arts": N_("Music and arts"),
    "technology": N_("Technology"),
    "sport": N_("Physical education"),
}
# Codes of the state's list of subjects (cloud/studies/kinds.py) and of courses: under which subject of the catalogue
# each one's resources stand.
OF_STUDIES = {
    "literacy": "kazakh", "mother_tongue": "kazakh", "kazakh": "kazakh", "literary_reading": "kazakh",
    "kazakh_literature": "kazakh", "kazakh_t2": "kazakh", "russian": "russian", "russian_literature": "russian",
    "russian_t2": "russian", "english": "english", "mathematics": "mathematics", "algebra": "algebra",
    "analysis": "algebra", "geometry": "geometry", "digital_literacy": "informatics", "informatics": "informatics",
    "cognition": "science", "natural_science": "science", "geography": "geography", "biology": "biology",
    "physics": "physics", "chemistry": "chemistry", "history": "history", "world_history": "history", "law": "law",
    "competencies": "law", "business": "law", "graphics": "technology", "artistic_labour": "technology",
    "fine_art": "arts", "music": "arts", "physical_education": "sport", "military_training": "sport",
}  # fmt: skip
GRADES = range(13)  # 0 is the preparatory one
LANGUAGES = {"kk": N_("in Kazakh"), "ru": N_("in Russian"), "en": N_("in English")}
