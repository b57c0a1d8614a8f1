"""What is refused about questionnaires."""

from http import HTTPStatus

from cloud.core.errors import Refused


class QuestionnaireRefused(Refused):
    """A questionnaire or a question of it cannot be so."""

    code = "questionnaire_refused"


class QuestionnaireClosed(Refused):
    """A questionnaire does not take this now: it is open already, is over, or was answered."""

    status = HTTPStatus.CONFLICT
    code = "questionnaire_closed"


class AnswerRefused(Refused):
    """An answer cannot be so."""

    code = "answer_refused"
