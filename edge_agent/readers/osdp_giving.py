"""Giving an OSDP reader its key: the first one, in place of the maker's, or the next.

Rule: the new key is on this disk before the reader is told, and the old one goes only when the reader has proved the
new one. Whatever is cut in between, one of the two opens the channel.
"""

import queue
from pathlib import Path

import osdp

from edge_agent.clock import Clock
from edge_agent.readers.osdp_key import known_keys, make_pending, pending, read_key, take_pending
from edge_agent.readers.osdp_line import CardRead, Condition, Done, Key, Lost, News, Order, OsdpLine, Place, Proven
from edge_agent.readers.supervised import DeviceLost

_WAIT_S = 15.0
_SCBK = 1


class GivingRefused(Exception):
    """A reader was not given its key; the message says why and what to do."""


def install(place: Place, key_file: Path, clock: Clock) -> None:
    """Give a reader in installation mode its first key. Raises GivingRefused, KeyRefused, DeviceLost.

    The key goes over the wire under the maker's key, which everybody knows: nobody may listen meanwhile.
    """
    if key_file.exists():
        raise GivingRefused(f"{key_file} holds a key already: use `rotate`, or remove the file if its reader is gone")
    key = make_pending(key_file)
    _talk(place, key, clock, Key.GIVEN, None)
    _talk(place, key, clock, Key.PROVEN, None)
    take_pending(key_file)


def rotate(place: Place, key_file: Path, clock: Clock) -> None:
    """Give a reader the next key, within the secure channel. Raises GivingRefused, KeyRefused, DeviceLost."""
    if not pending(key_file).exists():
        old, new = read_key(key_file), make_pending(key_file)
        _talk(place, old, clock, Key.PROVEN, keyset(new))
    elif not _has(place, read_key(pending(key_file)), clock):  # it was cut before: which one has the reader?
        _talk(place, known_keys(key_file)[0], clock, Key.PROVEN, keyset(read_key(pending(key_file))))
    _talk(place, read_key(pending(key_file)), clock, Key.PROVEN, None)
    take_pending(key_file)


def keyset(key: bytes) -> Order:
    """Return the order to take a key."""
    return {"command": osdp.Command.Keyset, "type": _SCBK, "data": key}


def _has(place: Place, key: bytes, clock: Clock) -> bool:
    try:
        _talk(place, key, clock, Key.PROVEN, None)
    except DeviceLost:
        return False
    return True


def _talk(place: Place, key: bytes, clock: Clock, ask: Key, order: Order | None) -> None:
    """Open the channel, give one order if there is one, and close it. Raises DeviceLost, GivingRefused."""
    coming: queue.Queue[News] = queue.Queue()
    line = OsdpLine(place, key, clock, coming.put, ask)
    try:
        while True:
            match coming.get(timeout=_WAIT_S):
                case Proven():
                    if order is None:
                        return
                    line.order(order)
                case Done(is_ok=is_ok):
                    if not is_ok:
                        raise GivingRefused("the reader refused the key; it keeps the one that it has")
                    return
                case Lost(reason=reason):
                    raise DeviceLost(reason)
                case CardRead() | Condition():
                    pass
    finally:
        line.close()
