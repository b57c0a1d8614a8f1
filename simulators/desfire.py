"""A DESFire EV2 or EV3: applications with AES keys, standard data files, EV2 authentication.

Left out, for nothing of ours asks for it: keys by DES (the card's own master key is one until somebody changes it, so
nobody is authenticated outside an application), D40, the older authentications, and files of other kinds.
"""

from dataclasses import dataclass, field
from random import Random

from typing_extensions import override

from simulators.desfire_chip import Chip, DataFile, Native, Protection, three
from simulators.desfire_session import CardKey, Declined, Status

APPLICATIONS_MAX, KEYS_MAX, FILES_MAX, FILE_BYTES_MAX = 28, 14, 32, 4_096
_AES = 0x80
_EV2, _EV3 = "04010112001805", "04010133001605"
_SOFTWARE = "04010103001805"
_ISO_NOT_FOUND, _ISO_UNKNOWN = b"\x6a\x82", b"\x6d\x00"
_NO_APPLICATION = bytes(3)


@dataclass(slots=True)
class Application:
    """One application: keys, settings and files."""

    settings: int
    keys: list[CardKey]
    files: dict[int, DataFile] = field(default_factory=dict)

    @property
    def is_free_to_create(self) -> bool:
        return bool(self.settings & 0x04)


class Desfire(Chip):
    """One card."""

    def __init__(self, uid: bytes, rng: Random, *, has_random_uid: bool = False, generation: int = 2) -> None:
        super().__init__(uid, rng, has_random_uid=has_random_uid)
        self.applications: dict[bytes, Application] = {}
        self._generation = generation
        self._selected = _NO_APPLICATION

    @property
    @override
    def keys(self) -> list[CardKey]:
        return [] if self._selected == _NO_APPLICATION else self._here().keys

    @property
    @override
    def hardware(self) -> bytes:
        return bytes.fromhex((_EV2 if self._generation == 2 else _EV3) + _SOFTWARE)

    @override
    def commands(self) -> dict[int, Native]:
        return super().commands() | {
            0x5A: Native(self._select, 3, Protection.PLAIN),
            0x6A: Native(lambda _: b"".join(self.applications), 0, Protection.MAC),
            0xCA: Native(self._create_application, 5, Protection.MAC),
            0x6F: Native(lambda _: bytes(self._here().files), 0, Protection.MAC),
            0xCD: Native(self._create_file, 7, Protection.MAC),
        }

    @override
    def file(self, number: int) -> DataFile:
        files = self._here().files
        if number not in files:
            raise Declined(Status.FILE_NOT_FOUND)
        return files[number]

    @override
    def lose_power(self) -> None:
        super().lose_power()
        self._selected = _NO_APPLICATION

    @override
    def iso(self, apdu: bytes) -> bytes:
        return _ISO_NOT_FOUND if apdu[1] == 0xA4 else _ISO_UNKNOWN

    def _here(self) -> Application:
        if self._selected not in self.applications:
            raise Declined(Status.PERMISSION_DENIED)
        return self.applications[self._selected]

    def _select(self, sent: bytes) -> bytes:
        if len(sent) != 3:
            raise Declined(Status.LENGTH_ERROR)
        if sent != _NO_APPLICATION and sent not in self.applications:
            raise Declined(Status.APPLICATION_NOT_FOUND)
        self.session.end()
        self._selected = sent
        return b""

    def _create_application(self, sent: bytes) -> bytes:
        if len(sent) != 5:
            raise Declined(Status.LENGTH_ERROR)
        number, settings, second = sent[:3], sent[3], sent[4]
        count = second & 0x0F
        if self._selected != _NO_APPLICATION:
            raise Declined(Status.PERMISSION_DENIED)
        if not second & _AES or not 1 <= count <= KEYS_MAX or len(self.applications) >= APPLICATIONS_MAX:
            raise Declined(Status.PARAMETER_ERROR)
        if number == _NO_APPLICATION or number in self.applications:
            raise Declined(Status.DUPLICATE)
        self.applications[number] = Application(settings, [CardKey() for _ in range(count)])
        return b""

    def _create_file(self, sent: bytes) -> bytes:
        here = self._here()
        if len(sent) != 7:
            raise Declined(Status.LENGTH_ERROR)
        if not here.is_free_to_create:
            self.require(0)
        size = three(sent[4:7])
        if sent[0] in here.files:
            raise Declined(Status.DUPLICATE)
        if sent[0] >= FILES_MAX or not 0 < size <= FILE_BYTES_MAX or sent[1] not in {0, 1, 3}:
            raise Declined(Status.PARAMETER_ERROR)
        made = DataFile(bytearray(size), Protection(sent[1]), 0, 0, 0, 0)
        made.set_rights(sent[2:4])
        here.files[sent[0]] = made
        return b""
