"""What forms of questionnaires say: the head of one, a question, and the sheet that somebody fills in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Form
from starlette.datastructures import FormData

from cloud.core.days import day_of
from cloud.core.messages import message
from cloud.questionnaires.errors import QuestionnaireRefused
from cloud.questionnaires.kinds import (
    LANGUAGES,
    Audience,
    Given,
    Kind,
    Question,
    QuestionGiven,
    Questionnaire,
)

Short = Annotated[str, Form(max_length=20)]
Line = Annotated[str, Form(max_length=600)]
Long = Annotated[str, Form(max_length=4_000)]


@dataclass(frozen=True, slots=True)
class HeadForm:
    """The head of a questionnaire, as it was typed."""

    audience: Short = "parents"
    anonymous: Short = ""
    fewest: Short = "5"
    first: Short = ""
    last: Short = ""
    title_kk: Line = ""
    title_ru: Line = ""
    title_en: Line = ""
    intro_kk: Long = ""
    intro_ru: Long = ""
    intro_en: Long = ""
    roles: Annotated[tuple[str, ...], Form(max_length=40)] = ()
    classes: Annotated[tuple[int, ...], Form(max_length=500)] = ()

    def given(self) -> Given:
        """Return what was meant. Raises QuestionnaireRefused."""
        first_on, last_on = day_of(self.first), day_of(self.last)
        if first_on is None or last_on is None:
            raise QuestionnaireRefused(message("This is no day that can be: write it as 01.09.2026."))
        if self.audience not in set(Audience) or any(not 0 < each < 2**63 for each in self.classes):
            raise QuestionnaireRefused(message("Choose one of what is offered."))
        return Given(
            Audience(self.audience), dict(zip(LANGUAGES, (self.title_kk, self.title_ru, self.title_en), strict=True)),
            dict(zip(LANGUAGES, (self.intro_kk, self.intro_ru, self.intro_en), strict=True)), first_on, last_on,
            bool(self.anonymous), _whole(self.fewest), self.roles, self.classes,
        )  # fmt: skip

    def said(self, name: str, language: str) -> str:
        """Return what a field of a language says."""
        return str(getattr(self, f"{name}_{language}"))


@dataclass(frozen=True, slots=True)
class QuestionForm:
    """A question, as it was typed; options one a line."""

    question: Annotated[int, Form(ge=0, le=2**62)] = 0
    kind: Short = "one"
    required: Short = ""
    most: Short = ""
    words_kk: Line = ""
    words_ru: Line = ""
    words_en: Line = ""
    options_kk: Long = ""
    options_ru: Long = ""
    options_en: Long = ""

    def given(self) -> QuestionGiven:
        """Return what was meant. Raises QuestionnaireRefused."""
        if self.kind not in set(Kind):
            raise QuestionnaireRefused(message("Choose one of what is offered."))
        options = (self.options_kk, self.options_ru, self.options_en)
        return QuestionGiven(
            Kind(self.kind), dict(zip(LANGUAGES, (self.words_kk, self.words_ru, self.words_en), strict=True)),
            {language: each.splitlines() for language, each in zip(LANGUAGES, options, strict=True)},
            bool(self.required), _whole(self.most or "0"),
        )  # fmt: skip

    def said(self, name: str, language: str) -> str:
        """Return what a field of a language says."""
        return str(getattr(self, f"{name}_{language}"))


def head_of(found: Questionnaire) -> HeadForm:
    """Return the form of a questionnaire as it stands."""
    given = found.given
    texts = {f"{name}_{language}": texts[language] for name, texts in (("title", given.titles), ("intro", given.intros))
             for language in LANGUAGES}  # fmt: skip
    return HeadForm(
        given.audience.value, "yes" if given.is_anonymous else "", str(given.fewest), given.first_on.isoformat(),
        given.last_on.isoformat(), roles=tuple(given.roles), classes=tuple(given.classes), **texts,
    )  # fmt: skip


def form_of(question: Question) -> QuestionForm:
    """Return the form of a question as it stands."""
    given = question.given
    texts = {f"words_{language}": given.words[language] for language in LANGUAGES}
    texts |= {f"options_{language}": "\n".join(given.options[language]) for language in LANGUAGES}
    return QuestionForm(
        question.id, given.kind.value, "yes" if given.is_required else "", str(given.most or ""), **texts
    )  # fmt: skip


def answers_in(form: FormData) -> Mapping[int, Sequence[str]]:
    """Return what the fields `q1`, `q2`, ... of a sheet say, by the number of the question."""
    answers: dict[int, list[str]] = {}
    for name, value in form.multi_items():
        number = name.removeprefix("q")
        if (
            name.startswith("q")
            and number.isascii()
            and number.isdigit()
            and len(number) < 19
            and isinstance(value, str)
        ):
            answers.setdefault(int(number), []).append(value[:4_000])
    return answers


def _whole(text: str) -> int:
    plain = text.strip()
    if not (plain.isascii() and plain.isdigit() and len(plain) < 9):
        raise QuestionnaireRefused(message("Write a whole number."))
    return int(plain)
