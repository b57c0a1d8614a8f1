"""Who belongs to a simulated school, drawn from a seed: students of two shifts, families, staff, each with a card."""

from random import Random

from simulators.school import Member

CARD_LENGTH = 7
FIRST_SHIFT, SECOND_SHIFT = (8 * 60, 13 * 60 + 10), (13 * 60 + 30, 18 * 60 + 40)  # first bell, end of the last lesson
STAFF_PER_HUNDRED = 8
SIBLINGS_PER_HUNDRED = 25
SECOND_SHIFT_PER_HUNDRED = 40


def draw_members(count: int, rng: Random) -> list[Member]:
    """Return `count` members; their cards have UIDs of seven bytes, none twice."""
    members: list[Member] = []
    family = 0
    for number in range(1, count + 1):
        staff = rng.randrange(100) < STAFF_PER_HUNDRED
        bells = SECOND_SHIFT if not staff and rng.randrange(100) < SECOND_SHIFT_PER_HUNDRED else FIRST_SHIFT
        family += rng.randrange(100) >= SIBLINGS_PER_HUNDRED
        name = f"{'staff' if staff else 'student'}-{number:05}"
        members.append(Member(name, _uid(number, rng), *bells, family="" if staff else f"family-{family}", staff=staff))
    return members


def _uid(number: int, rng: Random) -> bytes:
    """Return a UID as NXP gives them (its first byte is 04); the number in it makes it the only one."""
    return b"\x04" + rng.randbytes(CARD_LENGTH - 5) + number.to_bytes(4)
