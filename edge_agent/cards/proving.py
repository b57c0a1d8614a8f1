"""What is said to a card at a gate: it proves the key that only this school's cards hold, or it is not believed.

Rule: at most eight APDUs and one and a half seconds. A card that claims nothing is left to its UID; one that leaves in
the middle is no tap; one that claims to be ours and cannot prove it is told apart from a stranger's.
"""

import contextlib
from collections.abc import Callable
from random import Random

from edge_agent.cards import sun
from edge_agent.cards.conversation import CardRefuses, Conversation, Limits
from edge_agent.cards.counters import Counters
from edge_agent.cards.ev2 import NotGenuine
from edge_agent.cards.keys import FINDER, GATE, KeyRing, SchoolKeys
from edge_agent.cards.link import LINK_BYTES
from edge_agent.clock import Clock
from edge_agent.readers.chip import CardGone, ChipTrouble, Conversing
from edge_agent.readers.proving import Proof
from edge_agent.readers.tap import Medium, is_random

APDUS_MAX, TALK_MS_MAX = 8, 1_500


class CardProver:
    """Knows a school's keys and what its chips counted last."""

    def __init__(
        self, ring: KeyRing, counters: Counters, token: Callable[[bytes], str], clock: Clock, rng: Random
    ) -> None:
        """`token` names a chip's UID for the counters; `rng` is a source that nobody can guess."""
        self._ring = ring
        self._counters = counters
        self._token = token
        self._clock = clock
        self._rng = rng

    def prove(self, chip: Conversing) -> Proof | None:
        try:
            uid = _held(chip)
            if uid is None:
                return None
            talk = Conversation(chip, self._rng, self._clock, Limits(APDUS_MAX, TALK_MS_MAX))
            if talk.select_application(self._ring.application):
                return self._believed(lambda: self._desfire(talk, uid), uid, Medium.DESFIRE)
            return self._linked(talk, uid)
        finally:
            with contextlib.suppress(ChipTrouble):
                chip.release()

    def _believed(self, prove: Callable[[], bytes], claimed: bytes, medium: Medium) -> Proof:
        try:
            return Proof(prove(), medium)
        except NotGenuine as doubt:
            return Proof(claimed, medium, str(doubt))
        except CardRefuses as refusal:
            return Proof(claimed, medium, f"it refuses: {refusal}")

    def _desfire(self, talk: Conversation, uid: bytes) -> bytes:
        """Return the UID that a card proved; raise NotGenuine or CardRefuses."""
        keys = self._keys_of(talk)
        if is_random(uid):
            talk.authenticate(FINDER, keys.finder)
            uid = talk.card_uid()
        return proven(talk, keys, uid)

    # Chips that write links

    def _linked(self, talk: Conversation, uid: bytes) -> Proof | None:
        content = talk.read_ndef_file(LINK_BYTES) if talk.select_ndef_application() else None
        message = sun.read_link(content.decode("latin-1")) if content else None
        if message is None:
            return None
        for keys in self._ring.versions:
            said = sun.mirrored(keys.link, message)
            if said is not None and _is_ours(keys, said, message):
                return self._believed(lambda: self._chip(talk, uid, keys, said), said.uid, Medium.SUN)  # noqa: B023
        return None  # a stranger's link, or nonsense: who cannot make ours claims nothing

    def _chip(self, talk: Conversation, uid: bytes, keys: SchoolKeys, said: sun.Mirrored) -> bytes:
        """Return the UID that a chip proved; raise NotGenuine or CardRefuses.

        The link alone would let pass who caught one and shows it first; so the chip proves its key besides.
        """
        token = self._token(said.uid)
        if not is_random(uid) and uid != said.uid:
            raise NotGenuine("the link is another chip's")
        if said.counter <= self._counters.last(token, keys.version):
            raise NotGenuine("the link was shown before")
        uid = proven(talk, self._keys_of(talk), said.uid)
        self._counters.keep(token, keys.version, said.counter)
        return uid

    def _keys_of(self, talk: Conversation) -> SchoolKeys:
        """Return the keys that a card was made by, as it says; the proof is still to come."""
        version = talk.key_version(GATE)
        keys = self._ring.of_version(version)
        if keys is None:
            raise NotGenuine(f"its key is of version {version}, which we lack")
        return keys


def _held(chip: Conversing) -> bytes | None:
    """Hold the card and return its UID; None for one that takes no APDUs. Raise CardGone when there is none.

    At the edge of a field a card may miss the first word: what could prove itself is asked once more, lest it be taken
    for a stranger's UID.
    """
    uid = chip.hold()
    if uid is not None:
        return uid
    seen = chip.sense()
    if seen is None:
        raise CardGone("the card left before it said a word")
    return chip.hold() if len(seen) == sun.UID_BYTES or is_random(seen) else None


def proven(talk: Conversation, keys: SchoolKeys, uid: bytes) -> bytes:
    """Return the UID after the card proved the key made for it, and said the same UID within the session."""
    talk.authenticate(GATE, keys.gate_key(uid))
    if talk.card_uid() != uid:
        raise NotGenuine("it proves another card's key")
    return uid


def _is_ours(keys: SchoolKeys, said: sun.Mirrored, message: sun.Message) -> bool:
    try:
        sun.check(keys.link_key(said.uid), said, message)
    except NotGenuine:
        return False
    return True
