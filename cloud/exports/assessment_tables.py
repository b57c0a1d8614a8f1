"""Tables of banks of questions, tests, attempts and answers, as they go out in an export."""

from cloud.assessments.kinds import REMARK, WORDS
from cloud.exports.shapes import Sealed, Table, through

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
)
