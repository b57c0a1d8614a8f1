"""What cards refuse."""

from http import HTTPStatus
from typing import Self

from cloud.core.errors import Refused
from cloud.core.messages import Message, message


class CardNumberWrong(Refused):
    """What was read or typed is no card number; the message never repeats it."""

    code = "card_number_wrong"

    def __init__(self) -> None:
        super().__init__(
            message("A card number is 8, 14 or 20 hexadecimal digits, as 04A1B2C3D4E5F6. Read the card with a reader.")
        )


class CardTaken(Refused):
    """The card is somebody else's already; whose, is told only to whom may know."""

    status = HTTPStatus.CONFLICT
    code = "card_taken"

    def __init__(self, holder: str | None) -> None:
        super().__init__(_taken(holder))
        self.holder = holder


class CardOfNobody(Refused):
    """A chip that draws a new number at every reading, or one that was never written, can be nobody's."""

    code = "card_of_nobody"

    @classmethod
    def drawn(cls) -> Self:
        """Say that the number was drawn for one reading (ISO/IEC 14443-3, 6.5.4)."""
        return cls(
            message(
                "A number of eight digits that begins with 08 is made up anew at each reading, as phones do: the gate "
                "would never know it again. Give a card with a fixed number."
            )
        )

    @classmethod
    def blank(cls) -> Self:
        """Say that the number was never written."""
        return cls(message("This is the number of an empty card: all its digits are the same. Give another card."))


def _taken(holder: str | None) -> Message:
    if holder is None:
        return message("This card belongs to somebody else. Give another card, or ask the school's office.")
    return message("This card belongs to {holder}. Take it back there first, or give another card.", holder=holder)
