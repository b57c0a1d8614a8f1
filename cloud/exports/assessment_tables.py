"""Tables of banks of questions, tests, attempts with answers and logs, and practice, as they go out in an export."""

from cloud.assessments.kinds import REMARK, WORDS
from cloud.exports.shapes import Sealed, Table, through
from cloud.practice.kinds import WORDS as PRACTICE_WORDS

ASSESSMENTS = (
    Table("bank_question"),
    Table("assessment"),
    Table("assessment_given"),
    Table("assessment_question", through("given_id", "assessment_given")),
    Table("assessment_attempt"),
    Table(
        "assessment_answer",
        through("attempt_id", "assessment_attempt"),
        sealed={"words_encrypted": Sealed(WORDS), "remark_encrypted": Sealed(REMARK)},
    ),
    Table("practice_theme"),
    Table("practice_attempt"),
    Table(
        "practice_answer",
        through("attempt_id", "practice_attempt"),
        sealed={"words_encrypted": Sealed(PRACTICE_WORDS)},
    ),
    Table("sitting_watch"),
    Table("sitting_log"),
    Table("sitting_event", through("attempt_id", "sitting_log", "attempt_id")),
)
