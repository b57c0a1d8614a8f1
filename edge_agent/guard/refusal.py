"""What a desk says when it does not do what it was asked."""

from collections.abc import Sequence


class NotDone(Exception):
    """Nothing was done; `reason` is a word of the texts, `about` fills the sentence."""

    def __init__(self, reason: str, about: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.about = tuple(about)
