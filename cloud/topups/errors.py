"""What top-ups refuse."""

from http import HTTPStatus

from cloud.core.errors import Refused
from cloud.core.messages import message


class PaymentAltered(Refused):
    """A payment that was taken comes again with another sum or for another account."""

    status = HTTPStatus.CONFLICT
    code = "payment_altered"

    def __init__(self) -> None:
        super().__init__(
            message("This payment was taken before with another sum or for another account. It is not taken again.")
        )


class PayerLeft(Refused):
    """The person has left the school: nothing more is taken, what is there is given back."""

    status = HTTPStatus.CONFLICT
    code = "payer_left"

    def __init__(self) -> None:
        super().__init__(
            message("This person has left the school. No money is taken any more; give back what is left.")
        )


class StillHere(Refused):
    """Only what a leaver has left is given back."""

    status = HTTPStatus.CONFLICT
    code = "still_here"

    def __init__(self) -> None:
        super().__init__(message("This person still belongs to the school. Note first that the person has left."))


class NothingHeld(Refused):
    """There is not as much as is to be taken away."""

    status = HTTPStatus.CONFLICT
    code = "nothing_held"

    def __init__(self) -> None:
        super().__init__(
            message("There is not that much on the account. Look at the balance and write a smaller amount.")
        )


class NotSiblings(Refused):
    """Money goes only between children of one guardian at one school."""

    code = "not_siblings"

    def __init__(self) -> None:
        super().__init__(
            message("These two have no guardian in common on record. Add the guardian to both children first.")
        )


class PaidAlready(Refused):
    """What was promised back is paid once, or withdrawn."""

    status = HTTPStatus.CONFLICT
    code = "paid_already"

    def __init__(self) -> None:
        super().__init__(message("This was paid out or withdrawn already. Open the page again."))
