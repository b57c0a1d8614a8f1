"""Writes `docs/rights.md` from the table of rights, in the pages' three languages: `python -m tests.repo.rights`."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from cloud.core.i18n import Language, translate
from cloud.core.rights import GRANTS, TABLE, Thing, Within
from cloud.core.rights_words import REACHES, THINGS
from cloud.core.roles import Role
from cloud.core.words import word
from tests.repo.sources import ROOT

DOCUMENT = ROOT / "docs" / "rights.md"
HEAD = """# Who may do what

Written by `python -m tests.repo.rights` from `cloud/core/rights.py`; do not edit. A test takes every page and every
address of the API with every role and compares the answer with this table. Қазақша: [төменде](#қазақша). По-русски:
[ниже](#русский).

"""
ABOUT = {
    Language.EN: "What is not written here nobody may. Within a right a guardian has only what the school or the other "
    "parent left: see the child's page. Each look at an IIN and each change stands in the audit journal.",
    Language.KK: "Мұнда жазылмағанды ешкім істей алмайды. Құқық шегінде өкілге мектеп немесе екінші ата-ана қалдырғаны "
    "ғана рұқсат: баланың бетін қараңыз. ЖСН-ге әр қарау және әр өзгеріс аудит журналында тұрады.",
    Language.RU: "Что здесь не написано, того не может никто. В пределах права представителю доступно лишь то, что "
    "оставила школа или второй родитель: см. страницу ребёнка. Каждый просмотр ИИН и каждое изменение стоят в журнале.",
}
COLUMNS = {
    Language.EN: ("What", "Who, and how far"),
    Language.KK: ("Не", "Кім және қай шекте"),
    Language.RU: ("Что", "Кто и в каких пределах"),
}
NOBODY = {
    Language.EN: "only the program itself",
    Language.KK: "тек бағдарламаның өзі",
    Language.RU: "только сама программа",
}
GIVING = {
    Language.EN: ("Who gives and takes roles", "Who", "Which roles"),
    Language.KK: ("Рөлдерді кім береді және қайтарып алады", "Кім", "Қандай рөлдер"),
    Language.RU: ("Кто даёт и забирает роли", "Кто", "Какие роли"),
}
NOT_OWN = {
    Language.EN: "Nobody changes the own roles; the last director and the last IT of a school cannot be removed. Who "
    "gave or took what, to whom and when is kept, and shown on the page of roles.",
    Language.KK: "Ешкім өз рөлдерін өзгертпейді; мектептің соңғы директоры мен соңғы IT маманын алып тастауға "
    "болмайды. Кім, кімге, қашан, не бергені не алғаны сақталады және рөлдер бетінде көрінеді.",
    Language.RU: "Никто не меняет своих ролей; последнего директора и последнего ИТ-специалиста школы убрать нельзя. "
    "Кто, кому, когда и что дал или забрал, хранится и видно на странице ролей.",
}


def document() -> str:
    """Return the page."""
    return HEAD + "\n".join(line for language in (Language.EN, Language.KK, Language.RU) for line in _part(language))


def _part(language: Language) -> Iterator[str]:
    yield from (f"## {language.own_name}", "", ABOUT[language], "")
    for thing in Thing:
        yield from (f"### {translate(language, THINGS[thing])}", "", *_table(COLUMNS[language]))
        for row in TABLE.values():
            if row.thing is thing:
                yield f"| {translate(language, row.words)} | {_who(language, row.who) or NOBODY[language]} |"
        yield ""
    title, *columns = GIVING[language]
    yield from (f"### {title}", "", NOT_OWN[language], "", *_table(columns))
    for role, granted in GRANTS.items():
        yield f"| {_role(language, role)} | {_roles(language, granted)} |"
    yield ""


def _table(columns: Sequence[str]) -> list[str]:
    return ["| " + " | ".join(columns) + " |", "| " + " | ".join("---" for _ in columns) + " |"]


def _who(language: Language, who: Mapping[Role, Within]) -> str:
    by_reach = {within: [role for role in Role if who.get(role) is within] for within in Within}
    return "; ".join(
        f"{_roles(language, roles)}: {translate(language, REACHES[within])}"
        for within, roles in by_reach.items()
        if roles
    )


def _roles(language: Language, roles: Collection[Role]) -> str:
    return ", ".join(_role(language, role) for role in Role if role in roles)


def _role(language: Language, role: Role) -> str:
    return translate(language, word(f"role_{role.value}"))


if __name__ == "__main__":
    DOCUMENT.write_text(document())
