"""Numbers that parents type to pay, and the limits of a payment. Pure."""

import random
from collections.abc import Sequence

from cloud.core.errors import Refused
from cloud.core.messages import message
from cloud.core.money import tiyn_of

NUMBER_DIGITS = 9  # the last one checks the others
PAYMENT_MAX_TIYN = 500_000_00  # half a million tenge: more is a mistyped point, or not for lunches
# Damm's quasigroup of order 10: every mistyped digit and every two that changed places are noticed (H. M. Damm, 2004).
_DAMM = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)


class AmountRefused(Refused):
    """What was typed is no amount that can be paid."""

    code = "amount_refused"


def draw_number(rng: random.Random) -> str:
    """Return a number for a child's account: eight digits, not counted up, and the digit that checks them."""
    head = str(rng.randrange(10 ** (NUMBER_DIGITS - 2), 10 ** (NUMBER_DIGITS - 1)))
    return head + str(_checked([int(digit) for digit in head]))


def is_number(text: str) -> bool:
    """Tell whether a number can be one of ours; of a mistyped one it cannot."""
    is_digits = len(text) == NUMBER_DIGITS and text.isascii() and text.isdigit()
    return is_digits and _checked([int(digit) for digit in text]) == 0


def shown(number: str) -> str:
    """Return a number as people read it aloud: 123 456 789."""
    return " ".join(number[place : place + 3] for place in range(0, len(number), 3))


def amount_typed(text: str) -> int:
    """Return the tiyn of an amount that somebody typed. Raises AmountRefused."""
    amount = tiyn_of(text)
    if amount is None or amount == 0:
        raise AmountRefused(message("Write an amount of tenge above zero, as 1500 or 1500.50."))
    return check_amount(amount)


def check_amount(amount_tiyn: int) -> int:
    """Return an amount that may be paid at once. Raises AmountRefused."""
    if not 0 < amount_tiyn <= PAYMENT_MAX_TIYN:
        most = PAYMENT_MAX_TIYN // 100
        raise AmountRefused(message("At most {most} tenge go at once. Check the amount.", most=most))
    return amount_tiyn


def _checked(digits: Sequence[int]) -> int:
    interim = 0
    for digit in digits:
        interim = _DAMM[interim][digit]
    return interim
