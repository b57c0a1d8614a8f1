"""Tables of profiles, portfolios, goals, recommendations and certificates, as they go out in an export."""

from cloud.advice.kinds import ANSWER as ADVICE_ANSWER
from cloud.advice.kinds import WORDS as ADVICE_WORDS
from cloud.exports.shapes import Sealed, Secret, Table, through
from cloud.portfolio.awards import ADDRESS as AWARD_ADDRESS
from cloud.portfolio.awards import DOCUMENT as AWARD
from cloud.portfolio.awards import KEY as AWARD_KEY
from cloud.portfolio.goals import GOAL, STEP
from cloud.portfolio.kinds import ANSWER as ENTRY_ANSWER
from cloud.portfolio.kinds import FILE as ENTRY_FILE
from cloud.portfolio.kinds import TITLE as ENTRY_TITLE
from cloud.portfolio.kinds import VALUE as FIELD
from cloud.portfolio.kinds import WORDS as ENTRY_WORDS

PROFILES = (
    Table("profile_field", sealed={"value_encrypted": Sealed(FIELD, Secret.HEALTH)}),
    Table(
        "portfolio_entry",
        sealed={
            "title_encrypted": Sealed(ENTRY_TITLE, Secret.CONTACT),
            "words_encrypted": Sealed(ENTRY_WORDS, Secret.CONTACT),
            "answer_encrypted": Sealed(ENTRY_ANSWER, Secret.CONTACT),
        },
    ),
    Table(
        "portfolio_file",
        sealed={"content_encrypted": Sealed(ENTRY_FILE)},
        files={"content_encrypted": "documents/portfolio-{id}.{media}"},
    ),
    Table("goal", sealed={"title_encrypted": Sealed(GOAL, Secret.CONTACT)}),
    Table("goal_step", through("goal_id", "goal"), sealed={"title_encrypted": Sealed(STEP, Secret.CONTACT)}),
    Table("goal_note", through("goal_id", "goal")),
    Table("advice_threshold"),
    Table(  # a goal stands before it
        "recommendation",
        sealed={
            "words_encrypted": Sealed(ADVICE_WORDS, Secret.CONTACT),
            "answer_encrypted": Sealed(ADVICE_ANSWER, Secret.CONTACT),
        },
    ),
    Table("exam"),
    Table("exam_result", through("exam_id", "exam")),
    Table("fitness_value"),
    Table("award_key", sealed={"private_encrypted": Sealed(AWARD_KEY)}),
    Table(
        "award",
        sealed={
            "address_encrypted": Sealed(AWARD_ADDRESS, Secret.CONTACT),
            "document_encrypted": Sealed(AWARD, Secret.CONTACT),
        },
    ),
    Table("award_revocation"),
)
