"""Words and shapes of all that is about learning: subjects and plans, timetables, journals, portfolios, tests."""

from cloud.core.asking_words import ASKING_SIGNS
from cloud.core.assessment_words import ASSESSMENT_SIGNS, ASSESSMENT_WORDS
from cloud.core.homework_words import HOMEWORK_SIGNS
from cloud.core.journal_words import JOURNAL_SIGNS, JOURNAL_WORDS
from cloud.core.portfolio_words import PORTFOLIO_SIGNS, PORTFOLIO_WORDS
from cloud.core.practice_words import PRACTICE_SIGNS, PRACTICE_WORDS
from cloud.core.study_words import STUDY_SIGNS
from cloud.core.timetable_words import TIMETABLE_SIGNS

LEARNING_SIGNS = {
    **STUDY_SIGNS, **TIMETABLE_SIGNS, **JOURNAL_SIGNS, **HOMEWORK_SIGNS, **PORTFOLIO_SIGNS, **ASSESSMENT_SIGNS,
    **PRACTICE_SIGNS, **ASKING_SIGNS,
}  # fmt: skip
LEARNING_WORDS = {**JOURNAL_WORDS, **PORTFOLIO_WORDS, **ASSESSMENT_WORDS, **PRACTICE_WORDS}
