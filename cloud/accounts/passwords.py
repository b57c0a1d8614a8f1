"""Password hashing: argon2id off the event loop, a few at a time, and as long for unknown logins as for known ones."""

import asyncio
import os
import re
import secrets
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from cloud.accounts.rules import INITIAL_ALPHABET, INITIAL_GROUP, INITIAL_GROUPS, initial_password
from cloud.accounts.turns import Lane, Turns

T = TypeVar("T")

# OWASP's first choice of 2026: 19 MiB, two passes; some 30 ms on a small server.
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
PIN = re.compile(r"[0-9]{6,8}")  # one of four, given before, is good until it is changed
# A PIN has few digits, and whoever breaks a till open has its digest: 64 MiB, three passes, four lanes (RFC 9106, 4).
# Tills check one a shift: 0.23 s of a server core's time, on a Pi spread over four cores.
PIN_HASHER = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
AT_ONCE = min(4, os.cpu_count() or 1)  # more hash no quicker. 76 MiB at most; 256 MiB of PINs
TURNS = Turns(AT_ONCE)
NICE = 5  # of the threads that hash: the event loop, and so every page, goes first where cores are few
NOBODYS = HASHER.hash(secrets.token_hex(16))
COMMON = frozenset((Path(__file__).parent / "common_passwords.txt").read_text(encoding="utf-8").split())


async def hash_password(password: str) -> str:
    """Return an argon2id hash with its parameters. Raises TooManyAtOnce."""
    return await _in_turn(Lane.WORK, "", lambda: HASHER.hash(password))


async def hash_pin(pin: str) -> str:
    """Return an argon2id hash of a till's PIN, with its parameters. Raises TooManyAtOnce."""
    return await _in_turn(Lane.WORK, "", lambda: PIN_HASHER.hash(pin))


async def verify_password(known: str | None, password: str, lane: Lane = Lane.WORK, place: str = "") -> bool:
    """Tell whether a password fits a hash; for no hash it takes as long and never does. Raises TooManyAtOnce."""
    fits = await _in_turn(lane, place, lambda: _fits(known or NOBODYS, password))
    return fits and known is not None


def needs_rehash(known: str) -> bool:
    """Tell whether a hash was made with older parameters."""
    return HASHER.check_needs_rehash(known)


def is_pin_good(pin: str) -> bool:
    """Tell whether a new PIN is one that is not guessed first: 6 to 8 digits, neither all alike nor in a row."""
    return PIN.fullmatch(pin) is not None and len(set(pin)) > 1 and pin not in "0123456789876543210"


def is_pin_old(known: str) -> bool:
    """Tell whether a PIN's hash was made with older parameters."""
    return PIN_HASHER.check_needs_rehash(known)


def _give_way() -> None:
    """Lower this thread's priority, where threads have one each."""
    if sys.platform == "linux":
        own = threading.get_native_id()
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, own, os.getpriority(os.PRIO_PROCESS, own) + NICE)


# Threads of their own: nothing else waits behind them.
THREADS = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="hashing", initializer=_give_way)


def draw_password() -> str:
    """Return a new initial password."""
    return initial_password([secrets.choice(INITIAL_ALPHABET) for _ in range(INITIAL_GROUPS * INITIAL_GROUP)])


async def _in_turn(lane: Lane, place: str, work: Callable[[], T]) -> T:
    async with TURNS.turn(lane, place):
        return await asyncio.get_running_loop().run_in_executor(THREADS, work)


def _fits(known: str, password: str) -> bool:
    try:
        return HASHER.verify(known, password)
    except (VerificationError, InvalidHashError):
        return False
