"""Tables of questionnaires, video lessons and what is often asked, as they go out in an export.

Rule: of an anonymous questionnaire nothing goes out that its results do not show, nothing while it goes on, and never
who answered: two exports, or a view that is looked at all the time, would tell what one person said.
"""

from cloud.calls.kinds import ADDRESS
from cloud.calls.kinds import SECRET as CALL_SECRET
from cloud.exports.shapes import Sealed, Secret, Table, through
from cloud.questionnaires.kinds import SAID, SHEET

_IS_OVER = "(ended_at IS NOT NULL OR last_on < (now() - interval '1 day')::date)"  # wherever the school is
_OF_QUESTION = (
    "question_id IN (SELECT id FROM questionnaire_question WHERE questionnaire_id IN"  # noqa: S608 (texts of ours)
    f" (SELECT id FROM questionnaire WHERE school_id = $1 AND {_IS_OVER}"
)
_SHOWN = f"{_OF_QUESTION})) AND shown_answers > 0"
_NONE_WAITS = (
    f"{_OF_QUESTION} AND shown_answers >= (SELECT count(*) FROM questionnaire_answerer WHERE"  # noqa: S608
    " questionnaire_id = questionnaire.id) AND NOT EXISTS (SELECT FROM questionnaire_count JOIN questionnaire_question"
    " AS counted ON counted.id = questionnaire_count.question_id WHERE counted.questionnaire_id = questionnaire.id"
    " AND answers > questionnaire_count.shown_answers)))"
)
_OF_QUESTIONNAIRE = through("questionnaire_id", "questionnaire")
_NOTHING = "$1::bigint IS NULL"  # no row: the table stands in an export, and goes out empty
ASKING = (
    Table("questionnaire"),
    Table("questionnaire_class", _OF_QUESTIONNAIRE),
    Table("questionnaire_question", _OF_QUESTIONNAIRE),
    Table("questionnaire_sheet", _OF_QUESTIONNAIRE, sealed={"answers_encrypted": Sealed(SHEET, Secret.CONTACT)}),
    Table("questionnaire_answerer", _NOTHING),  # who answered an anonymous one
    Table("questionnaire_count", _SHOWN, shown={"answers": "shown_answers"}),
    Table("questionnaire_said", _NONE_WAITS, sealed={"words_encrypted": Sealed(SAID, Secret.CONTACT)}),
    Table("call_server", sealed={"secret_encrypted": Sealed(CALL_SECRET)}),
    Table("call"),
    Table("call_visit", through("call_id", "call")),
    Table("call_recording", through("call_id", "call"), sealed={"address_encrypted": Sealed(ADDRESS, Secret.CONTACT)}),
    Table("faq_entry"),
    Table("faq_vote", through("entry_id", "faq_entry")),
)
