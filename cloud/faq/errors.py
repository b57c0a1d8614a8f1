"""What is refused about questions that are often asked."""

from cloud.core.errors import Refused


class FaqRefused(Refused):
    """A question with its answer cannot be so."""

    code = "faq_refused"
