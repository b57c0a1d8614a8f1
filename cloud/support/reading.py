"""How questions are read: the columns, the opening of what lies sealed, and how words are judged."""

from collections.abc import Mapping
from typing import Any

from cloud.core.messages import message
from cloud.core.services import Services
from cloud.core.texts import has_unseen, paragraphs
from cloud.support.kinds import Question, QuestionRefused, Topic

WORDS, ANSWER = "support_question.words", "support_question.answer"
TEXT_MIN, TEXT_MAX = 5, 2_000
COLUMNS = """
SELECT question.id, coalesce(school.code, '') AS school, coalesce({name}, '') AS school_name, question.account_id,
  account.name AS asker, asked_at, topic, page, words_encrypted, passed_at, answered_at, answered_by, answer_encrypted,
  seen_at
FROM support_question AS question JOIN account ON account.id = question.account_id
LEFT JOIN school ON school.id = question.school_id
"""


def columns_in(language: str) -> str:
    """Return the beginning of a statement that reads questions; schools' names are in a language."""
    return COLUMNS.format(name={"ru": "name_ru", "en": "name_en"}.get(language, "name_kk"))


def opened(services: Services, row: Mapping[str, Any]) -> Question:
    """Return a question as it was written."""
    vault, named, answer = services.vault, str(row["id"]), row["answer_encrypted"]
    kept = {key: value for key, value in dict(row).items() if not key.endswith("_encrypted")}
    return Question(
        **{
            **kept, "topic": Topic(row["topic"]), "words": vault.decrypt(row["words_encrypted"], WORDS, named),
            "answer": "" if answer is None else vault.decrypt(answer, ANSWER, named),
        }
    )  # fmt: skip


def checked_words(text: str) -> str:
    """Return words as they are kept: paragraphs stay, other blanks become one. Raises QuestionRefused."""
    words = paragraphs(text)
    if not TEXT_MIN <= len(words) <= TEXT_MAX or has_unseen(words):
        raise QuestionRefused(
            message(
                "Say it in {least} to {most} letters, so that the other side understands.",
                least=TEXT_MIN,
                most=TEXT_MAX,
            )
        )
    return words
