"""Tables of questionnaires, video lessons and what is often asked, as they go out in an export."""

from cloud.calls.kinds import ADDRESS
from cloud.calls.kinds import SECRET as CALL_SECRET
from cloud.exports.shapes import Sealed, Secret, Table, through
from cloud.questionnaires.kinds import SAID, SHEET

_OF_QUESTION = (
    "question_id IN (SELECT id FROM questionnaire_question WHERE questionnaire_id IN"
    " (SELECT id FROM questionnaire WHERE school_id = $1))"
)
_OF_QUESTIONNAIRE = through("questionnaire_id", "questionnaire")
ASKING = (
    Table("questionnaire"),
    Table("questionnaire_class", _OF_QUESTIONNAIRE),
    Table("questionnaire_question", _OF_QUESTIONNAIRE),
    Table("questionnaire_sheet", _OF_QUESTIONNAIRE, sealed={"answers_encrypted": Sealed(SHEET, Secret.CONTACT)}),
    Table("questionnaire_answerer", _OF_QUESTIONNAIRE),
    Table("questionnaire_count", _OF_QUESTION),
    Table("questionnaire_said", _OF_QUESTION, sealed={"words_encrypted": Sealed(SAID, Secret.CONTACT)}),
    Table("call_server", sealed={"secret_encrypted": Sealed(CALL_SECRET)}),
    Table("call"),
    Table("call_visit", through("call_id", "call")),
    Table("call_recording", through("call_id", "call"), sealed={"address_encrypted": Sealed(ADDRESS, Secret.CONTACT)}),
    Table("faq_entry"),
    Table("faq_vote", through("entry_id", "faq_entry")),
)
