"""A blank card made one of a school's, or brought to the school's newest keys; the same for DESFire and NTAG 424 DNA.

Rule: every step looks first how far the card is, by its key versions, and a chip changes a key whole or not at all: so
a card that was pulled away is finished by trying again. The key that changes the others comes last.
"""

import contextlib
from dataclasses import dataclass
from random import Random

from edge_agent.cards import sun
from edge_agent.cards.conversation import CardRefuses, Conversation, Limits
from edge_agent.cards.ev2 import CommMode, NotGenuine, key_data
from edge_agent.cards.keys import ADMIN, FINDER, GATE, LINK, LINK_CODE, SPARE
from edge_agent.cards.link import LINK_BYTES, Link
from edge_agent.cards.master import Master
from edge_agent.cards.proving import proven
from edge_agent.clock import Clock
from edge_agent.readers.chip import ChipTrouble, Conversing
from edge_agent.readers.tap import Medium, is_random

APDUS_MAX, TALK_MS_MAX = 64, 30_000
GET_VERSION = 0x60
CREATE_APPLICATION, LIST_FILES, CREATE_FILE = 0xCA, 0x6F, 0xCD
CHANGE_KEY, GET_FILE_SETTINGS, CHANGE_FILE_SETTINGS, WRITE = 0xC4, 0xF5, 0x5F, 0x8D
_NO_APPLICATION = bytes(3)
_SETTINGS = bytes.fromhex("0b83")  # key 0 changes keys and makes files; three keys by AES
_FILE, _FILE_BYTES = 1, 24
_FILE_SETTINGS = bytes.fromhex("030010") + _FILE_BYTES.to_bytes(3, "little")  # encrypted; key 1 reads, key 0 the rest
_NDEF_NUMBER = 2
_BLANK = bytes(16)
_EV2 = 0x10  # the least major version of hardware that knows EV2 authentication
_DESFIRE, _NTAG = 0x01, 0x04


class CardNotMade(Exception):
    """A card cannot be made one of the school's; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Made:
    """A card that is the school's now, and has proved it."""

    uid: bytes
    medium: Medium
    version: int


class Maker:
    """Makes cards of one school, by its newest keys."""

    def __init__(self, master: Master, school: str, link: Link, clock: Clock, rng: Random) -> None:
        self._master = master
        self._school = school
        self._link = link
        self._clock = clock
        self._rng = rng
        self._newest = master.school_keys(school, master.version_of(school))

    def make(self, chip: Conversing) -> Made | None:
        """Make the card in the field; None when there is none. Raises CardNotMade, CardGone or ChipTrouble."""
        try:
            shown = chip.hold()
            if shown is None:
                return None
            talk = Conversation(chip, self._rng, self._clock, Limits(APDUS_MAX, TALK_MS_MAX))
            return self._make(talk, shown)
        except NotGenuine:
            raise CardNotMade("its keys are not from this master key: it was made elsewhere, or is a copy") from None
        except CardRefuses as refusal:
            raise CardNotMade(f"it refuses to be made: {refusal}") from None
        finally:
            with contextlib.suppress(ChipTrouble):
                chip.release()

    def _make(self, talk: Conversation, shown: bytes) -> Made:
        kind, generation = _kind(talk)
        if kind == _NTAG:
            return self._make_ntag(talk, shown)
        if kind != _DESFIRE or generation < _EV2:
            raise CardNotMade("it is neither a DESFire EV2 or EV3 nor an NTAG 424 DNA: give another card")
        return self._make_desfire(talk, shown)

    # DESFire

    def _make_desfire(self, talk: Conversation, shown: bytes) -> Made:
        place = self._newest.application
        if not talk.select_application(place):
            talk.select_application(_NO_APPLICATION)
            talk.command(CREATE_APPLICATION, place + _SETTINGS, mode=CommMode.MAC)
            if not talk.select_application(place):
                raise CardNotMade("it does not keep the application: is it full?")
        versions = [talk.key_version(number) for number in (ADMIN, GATE, FINDER)]
        uid = self._enter_desfire(talk, shown, versions)
        self._write_file(talk)
        self._change_keys(talk, Medium.DESFIRE, uid, versions)
        talk.select_application(place)
        return Made(proven(talk, self._newest, uid), Medium.DESFIRE, self._newest.version)

    def _enter_desfire(self, talk: Conversation, shown: bytes, versions: list[int]) -> bytes:
        """Authenticate by the key that changes the others; return the card's own UID."""
        uid = shown
        if is_random(shown) and versions[ADMIN]:
            talk.authenticate(FINDER, self._keys(Medium.DESFIRE, versions[FINDER], shown)[FINDER])
            uid = talk.card_uid()
        return self._enter(talk, Medium.DESFIRE, uid, versions[ADMIN])

    def _write_file(self, talk: Conversation) -> None:
        """Write whose card it is, for who finds one in a drawer; gates do not read it."""
        if _FILE not in talk.command(LIST_FILES, mode=CommMode.MAC):
            talk.command(CREATE_FILE, bytes([_FILE]) + _FILE_SETTINGS, mode=CommMode.MAC)
        content = b"esik1 " + self._school.encode()
        where = bytes([_FILE]) + bytes(3) + len(content).to_bytes(3, "little")
        talk.command(WRITE, where, content, mode=CommMode.FULL)

    # NTAG 424 DNA

    def _make_ntag(self, talk: Conversation, shown: bytes) -> Made:
        if not talk.select_ndef_application():
            raise CardNotMade("it has no application for links: give another chip")
        versions = [talk.key_version(number) for number in range(SPARE + 1)]
        uid = shown
        if is_random(shown) and versions[ADMIN]:
            uid = self._linked_uid(talk, versions[LINK])
        uid = self._enter(talk, Medium.SUN, uid, versions[ADMIN])
        self._write_link(talk, is_newest=versions[LINK] == self._newest.version)
        self._change_keys(talk, Medium.SUN, uid, versions)
        talk.select_ndef_application()
        return Made(proven(talk, self._newest, uid), Medium.SUN, self._newest.version)

    def _linked_uid(self, talk: Conversation, version: int) -> bytes:
        """Return the UID that a chip with random UIDs writes into its link."""
        content = talk.read_ndef_file(LINK_BYTES) or b""
        message = sun.read_link(content.decode("latin-1"))
        key = self._keys(Medium.SUN, version, bytes(sun.UID_BYTES))[LINK]
        said = sun.mirrored(key, message) if message is not None else None
        if said is None:
            raise NotGenuine("its link is not readable")
        return said.uid

    def _write_link(self, talk: Conversation, *, is_newest: bool) -> None:
        """Write the link and have it mirrored: which begins the chip's count anew, as gates take from new keys only."""
        told = talk.command(GET_FILE_SETTINGS, bytes([_NDEF_NUMBER]), mode=CommMode.MAC)
        is_mirrored = told[1:4] + told[7:] == self._link.settings
        if is_newest and not is_mirrored:
            raise CardNotMade("its link is of another form: `esik cards rotate` first, then make it anew")
        content = self._link.content
        where = bytes([_NDEF_NUMBER]) + bytes(3) + len(content).to_bytes(3, "little")
        talk.command(WRITE, where, content, mode=CommMode.PLAIN)
        if not is_mirrored:
            talk.command(CHANGE_FILE_SETTINGS, bytes([_NDEF_NUMBER]), self._link.settings, mode=CommMode.FULL)

    # Keys

    def _enter(self, talk: Conversation, medium: Medium, uid: bytes, version: int) -> bytes:
        """Authenticate by the key that changes the others; return the card's own UID."""
        talk.authenticate(ADMIN, self._keys(medium, version, uid)[ADMIN])
        said = talk.card_uid()
        if said != uid and not is_random(uid):
            raise NotGenuine("it says another UID than it shows")
        return said

    def _change_keys(self, talk: Conversation, medium: Medium, uid: bytes, versions: list[int]) -> None:
        """Bring every key to the newest version; the one that the session stands on comes last."""
        newest = self._newest.version
        news = self._keys(medium, newest, uid)
        for number in sorted(news, reverse=True):
            version = versions[number]
            if version == newest:
                continue
            if number == ADMIN:
                talk.end_session(CHANGE_KEY, bytes([number]), key_data(news[number], newest, old=None))
                continue
            old = self._keys(medium, version, uid)[number]
            talk.command(CHANGE_KEY, bytes([number]), key_data(news[number], newest, old), mode=CommMode.FULL)

    def _keys(self, medium: Medium, version: int, uid: bytes) -> dict[int, bytes]:
        """Return a card's keys of one version by their numbers; those of a blank card are zeros."""
        numbers = (ADMIN, GATE, FINDER) if medium is Medium.DESFIRE else (ADMIN, GATE, LINK, LINK_CODE, SPARE)
        if version == 0:
            return dict.fromkeys(numbers, _BLANK)
        if version > self._newest.version:
            known = self._newest.version
            raise CardNotMade(f"its keys are of version {version}, the master key is at {known}: take the newer file")
        keys = self._master.school_keys(self._school, version)
        admin, spare = (self._master.own_key(self._school, version, uid, purpose) for purpose in (b"admin", b"spare"))
        if medium is Medium.DESFIRE:
            return {ADMIN: admin, GATE: keys.gate_key(uid), FINDER: keys.finder}
        return {
            ADMIN: admin, GATE: keys.gate_key(uid), LINK: keys.link, LINK_CODE: keys.link_key(uid), SPARE: spare,
        }  # fmt: skip


def _kind(talk: Conversation) -> tuple[int, int]:
    """Return what kind of chip it is, and the major version of its hardware."""
    hardware = talk.parts(GET_VERSION)[0]
    return hardware[1], hardware[3]
