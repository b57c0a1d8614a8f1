"""Rules of accounts: logins, passwords, who may grant what, and how long signing in must wait after failures."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

from cloud.accounts.errors import LoginRefused, PasswordRefused
from cloud.core.messages import message

PASSWORD_MIN = 10
PASSWORD_MAX = 128
INITIAL_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is misread on paper
INITIAL_GROUPS, INITIAL_GROUP = 3, 4  # 59 bits
INITIAL_LASTS = timedelta(days=14)
DIFFERENT_MIN = 5
LOGIN = re.compile(r"[a-z0-9][a-z0-9._%+@-]{2,119}")
PHONE = re.compile(r"\+?[\d ()-]{10,20}")

# From one address a mistyped password costs little, guessing costs more each time. From anywhere at all an account
# is only slowed, and never for long: whoever guesses must not be able to keep its owner out.
FREE_FROM_ONE_ADDRESS = 5
FREE_FROM_ANYWHERE = 50
FREE_FACTOR = 5  # wrong codes of one account
FREE_OF_AN_ADDRESS = 100  # a whole school stands behind one
WAIT_FIRST = timedelta(seconds=15)
WAIT_MAX = timedelta(minutes=15)
WAIT_MAX_ANYWHERE = timedelta(seconds=30)
FORGOTTEN_AFTER = timedelta(hours=24)


def normal_login(text: str) -> str:
    """Return a login as it is kept: lower case; a phone number as +77001234567. Raises LoginRefused."""
    login = unicodedata.normalize("NFKC", text).strip().lower()
    if PHONE.fullmatch(login):
        digits = re.sub(r"\D", "", login)
        if len(digits) == 11 and digits[0] in "78":
            return f"+7{digits[1:]}"
        if len(digits) == 10 and digits[0] == "7":
            return f"+7{digits}"
        return f"+{digits}"
    if not LOGIN.fullmatch(login):
        raise LoginRefused
    return login


def login_or_blank(text: str) -> str:
    """Return a login as it is kept; blank, which nobody has, where it cannot be one: refusing it takes as long."""
    try:
        return normal_login(text)
    except LoginRefused:
        return ""


def check_password(password: str, login: str, name: str, common: frozenset[str]) -> None:
    """Raise PasswordRefused for a password that would be guessed (NIST SP 800-63B, 3.1.1: length and known ones)."""
    if len(password) < PASSWORD_MIN:
        raise PasswordRefused(message("The password is too short: {count} characters at least.", count=PASSWORD_MIN))
    if len(password) > PASSWORD_MAX:
        raise PasswordRefused(message("The password is too long: {count} characters at most.", count=PASSWORD_MAX))
    plain = password.lower()
    own = [login.partition("@")[0], *name.lower().split()]
    if any(len(word) > 3 and word in plain for word in own):
        raise PasswordRefused(message("The password holds your name or login. Choose other words."))
    if len(set(plain)) < DIFFERENT_MIN or plain in common or _is_run(plain):
        raise PasswordRefused(message("This password is guessed first. Three or four unrelated words are better."))


def initial_password(letters: Sequence[str]) -> str:
    """Return letters drawn from INITIAL_ALPHABET in groups that can be read out: k7mw-3hqp-x9tn."""
    groups = ("".join(letters[start : start + INITIAL_GROUP]) for start in range(0, len(letters), INITIAL_GROUP))
    return "-".join(groups)


def wait_after(failures: int, free: int, longest: timedelta) -> timedelta:
    """Return how long to wait after so many failures: nothing for the free ones, then twice as long each time."""
    over = failures - free
    if over < 0:
        return timedelta()
    return min(WAIT_FIRST * (1 << min(over, 20)), longest)


def _is_run(text: str) -> bool:
    steps = {ord(second) - ord(first) for first, second in pairwise(text)}
    return len(steps) == 1 and steps <= {-1, 0, 1}
