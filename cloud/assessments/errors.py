"""What is refused about banks of questions, tests and attempts."""

from http import HTTPStatus

from cloud.core.errors import Refused


class QuestionRefused(Refused):
    """This is no question that can be asked."""

    code = "question_refused"


class AnswerRefused(Refused):
    """This is no answer to the question."""

    code = "answer_refused"


class TestRefused(Refused):
    """A test cannot be so."""

    __test__ = False  # pytest's tests are others
    code = "test_refused"


class AttemptRefused(Refused):
    """No attempt can be begun or gone on with, or not so."""

    code = "attempt_refused"


class AttemptOver(Refused):
    """The time is up, or the work was handed in: no answer is taken any more."""

    status = HTTPStatus.CONFLICT
    code = "attempt_over"


class MarkingRefused(Refused):
    """Points cannot be given so."""

    code = "marking_refused"
