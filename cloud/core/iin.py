"""The date of birth that an IIN begins with, and the context under which the vault seals IINs."""

from datetime import date

IIN = "person.iin"
CENTURIES = {1: 1800, 2: 1800, 3: 1900, 4: 1900, 5: 2000, 6: 2000}
ADULT_ENOUGH = 16  # years; from this birthday on nobody else decides about the second step (KZ456-5.11)


def born_on(iin: str) -> date | None:
    """Return the date of birth in an IIN; for a foreigner's (seventh digit 0) the youngest that fits."""
    digits = [int(digit) for digit in iin]
    century = CENTURIES.get(digits[6], 2000 if digits[6] == 0 else None)
    if century is None:
        return None
    try:
        return date(century + int(iin[:2]), int(iin[2:4]), int(iin[4:6]))
    except ValueError:
        return None


def is_under_sixteen(born: date, today: date) -> bool:
    """Tell whether the sixteenth birthday is still to come; who was born on 29 February has it on 1 March."""
    turns = (born.month, born.day)
    return (today.year - born.year, (today.month, today.day) >= turns) < (ADULT_ENOUGH, True)
