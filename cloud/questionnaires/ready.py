"""Questionnaires that stand ready in three languages: a school makes a draft of one and changes what it likes."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cloud.questionnaires.kinds import LANGUAGES, Audience, Given, Kind, QuestionGiven

FILE = Path(__file__).parent / "ready.toml"
LASTS = timedelta(days=13)


@dataclass(frozen=True, slots=True)
class Ready:
    """One that stands ready."""

    key: str
    audience: Audience
    titles: Mapping[str, str]
    intros: Mapping[str, str]
    questions: Sequence[QuestionGiven]

    def given(self, today: date) -> Given:
        """Return the draft that begins today."""
        return Given(self.audience, self.titles, self.intros, today, today + LASTS)


@cache
def all_ready() -> Mapping[str, Ready]:
    """Return all of them, by key."""
    found = tomllib.loads(FILE.read_text(encoding="utf-8"))["questionnaire"]
    return {each["key"]: _ready(each) for each in found}


def _ready(each: Mapping[str, Any]) -> Ready:
    texts = {language: each[language] for language in LANGUAGES}
    return Ready(
        each["key"], Audience(each["audience"]), {language: text[0] for language, text in texts.items()},
        {language: text[1] for language, text in texts.items()}, [_question(question) for question in each["question"]],
    )  # fmt: skip


def _question(each: Mapping[str, Any]) -> QuestionGiven:
    words = {language: each[language][0] for language in LANGUAGES}
    options = {language: tuple(each[language][1:]) for language in LANGUAGES}
    return QuestionGiven(Kind(each["kind"]), words, options, each.get("required", True), each.get("most", 0))
