"""What a resource is, how it is opened, and which subjects there are."""

from enum import StrEnum

from cloud.core.i18n import N_


class ResourceKind(StrEnum):
    """What stands on the shelf."""

    RESOURCE = "resource"
    TEXTBOOK = "textbook"


class Way(StrEnum):
    """How a resource is opened."""

    LINK = "link"  # its address, without telling who comes
    OIDC = "oidc"  # it asks this platform who comes (OpenID Connect)
    LTI = "lti"  # this platform launches it (LTI 1.3)


KINDS = {ResourceKind.RESOURCE: N_("Digital resource"), ResourceKind.TEXTBOOK: N_("Electronic textbook")}
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
GRADES = range(13)  # 0 is the preparatory one
LANGUAGES = {"kk": N_("in Kazakh"), "ru": N_("in Russian"), "en": N_("in English")}
