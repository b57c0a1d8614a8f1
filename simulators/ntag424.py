"""An NTAG 424 DNA: five AES keys, three files, EV2 authentication, and a link that it writes anew at each reading.

Written from NXP AN12196 and the data sheet NT4H2421Gx. Left out: LRP, mirrored file data, the tamper loop.
"""

from dataclasses import dataclass
from random import Random

from typing_extensions import override

from edge_agent.cards.aes import ZEROS, cmac, encrypt, short_mac
from simulators.desfire_chip import FREE, Chip, DataFile, Native, Protection, three
from simulators.desfire_session import CardKey, Declined, Status

KEYS = 5
CAPABILITIES, NDEF, PROPRIETARY = 1, 2, 3
_NAMES = {0xE103: CAPABILITIES, 0xE104: NDEF, 0xE105: PROPRIETARY}
_APPLICATION = bytes.fromhex("d2760000850101")
_CONTAINER = "001720010000ff0406e104010000000506e10500808283" + "00" * 9
_VERSIONS = "04040230001105" + "04040201021105"
_MIRRORS, _UID, _COUNTER, _ASCII = 0x40, 0x80, 0x40, 0x01
_COUNTER_MAX = 0xFFFFFF
_OK, _NOT_FOUND, _NOT_ALLOWED, _WRONG, _UNKNOWN = b"\x90\x00", b"\x6a\x82", b"\x69\x82", b"\x6a\x86", b"\x6d\x00"


@dataclass(frozen=True, slots=True)
class Mirror:
    """Where and by which keys the chip writes into the NDEF file as it is read."""

    meta_key: int
    file_key: int
    data_at: int
    code_from: int
    code_at: int

    @property
    def told(self) -> bytes:
        """What commands write it by."""
        places = b"".join(at.to_bytes(3, "little") for at in (self.data_at, self.code_from, self.code_at))
        return bytes([_UID | _COUNTER | _ASCII, 0xFF, self.meta_key << 4 | self.file_key]) + places


class Ntag424(Chip):
    """One chip."""

    def __init__(self, uid: bytes, rng: Random, *, has_random_uid: bool = False) -> None:
        super().__init__(uid, rng, has_random_uid=has_random_uid)
        self.counter = 0
        self.mirror: Mirror | None = None
        self._rng = rng
        self._keys = [CardKey() for _ in range(KEYS)]
        self._files = {
            CAPABILITIES: DataFile(bytearray.fromhex(_CONTAINER), Protection.PLAIN, FREE, 0, 0, 0),
            NDEF: DataFile(bytearray(256), Protection.PLAIN, FREE, FREE, FREE, 0),
            PROPRIETARY: DataFile(bytearray(128), Protection.FULL, 2, 3, 3, 0),
        }
        self._is_selected = False
        self._open = 0  # the file that ISO commands read
        self._is_counted = False
        self._padding = b""

    @property
    @override
    def keys(self) -> list[CardKey]:
        return self._keys if self._is_selected else []

    @property
    @override
    def hardware(self) -> bytes:
        return bytes.fromhex(_VERSIONS)

    @override
    def commands(self) -> dict[int, Native]:
        return super().commands() | {0x5F: Native(self._change_file_settings, 1, Protection.FULL)}

    @override
    def file(self, number: int) -> DataFile:
        if not self._is_selected:
            raise Declined(Status.PERMISSION_DENIED)
        if number not in self._files:
            raise Declined(Status.FILE_NOT_FOUND)
        return self._files[number]

    @override
    def lose_power(self) -> None:
        super().lose_power()
        self._is_selected, self._open, self._is_counted = False, 0, False

    @override
    def transmit(self, apdu: bytes) -> bytes:
        if apdu[:2] not in {b"\x00\xb0", b"\x90\xad"}:
            self._is_counted = False  # reading on is one reading
        return super().transmit(apdu)

    # The commands of ISO/IEC 7816-4

    @override
    def iso(self, apdu: bytes) -> bytes:
        match apdu[1]:
            case 0xA4:
                return self._iso_select(apdu)
            case 0xB0:
                return self._iso_read(apdu)
            case 0xD6:
                return self._iso_write(apdu)
            case _:
                return _UNKNOWN

    def _iso_select(self, apdu: bytes) -> bytes:
        told = apdu[5 : 5 + apdu[4]] if len(apdu) > 5 else b""
        self.session.end()
        if apdu[2] == 0x04:
            self._is_selected, self._open = told == _APPLICATION, 0
            return _OK if self._is_selected else _NOT_FOUND
        number = _NAMES.get(int.from_bytes(told)) if self._is_selected and apdu[2] == 0x00 else None
        if number is None:
            return _NOT_FOUND
        self._open = number
        return _OK

    def _iso_read(self, apdu: bytes) -> bytes:
        if self._open not in self._files or apdu[2] & 0x80:
            return _WRONG
        found = self._files[self._open]
        if FREE not in {found.read, found.read_write}:
            return _NOT_ALLOWED
        begin, length = int.from_bytes(apdu[2:4]), apdu[4] if len(apdu) > 4 and apdu[4] else 256
        if begin >= len(found.content):
            return _WRONG
        return self.shown(found)[begin : begin + length] + _OK

    def _iso_write(self, apdu: bytes) -> bytes:
        if self._open not in self._files or apdu[2] & 0x80:
            return _WRONG
        found, begin, content = self._files[self._open], int.from_bytes(apdu[2:4]), apdu[5 : 5 + apdu[4]]
        if FREE not in {found.write, found.read_write}:
            return _NOT_ALLOWED
        if begin + len(content) > len(found.content):
            return _WRONG
        found.content[begin : begin + len(content)] = content
        return _OK

    # The link

    @override
    def shown(self, found: DataFile) -> bytes:
        """Return a file as it is read: the NDEF file with what the chip writes into it."""
        mirror = self.mirror
        if mirror is None or found is not self._files[NDEF] or self.session.number is not None:
            return bytes(found.content)
        if not self._is_counted:
            if self.counter >= _COUNTER_MAX:
                raise Declined(Status.BOUNDARY_ERROR)
            self.counter += 1
            self._is_counted, self._padding = True, self._rng.randbytes(5)
        return self._mirrored(bytes(found.content), mirror)

    def _mirrored(self, content: bytes, mirror: Mirror) -> bytes:
        counted = self.uid + self.counter.to_bytes(3, "little")
        data = encrypt(self._keys[mirror.meta_key].value, ZEROS, b"\xc7" + counted + self._padding)
        content = _put(content, mirror.data_at, data)
        session_key = cmac(self._keys[mirror.file_key].value, b"\x3c\xc3\x00\x01\x00\x80" + counted)
        return _put(content, mirror.code_at, short_mac(session_key, content[mirror.code_from : mirror.code_at]))

    @override
    def mirrored_settings(self, found: DataFile) -> tuple[int, bytes]:
        if self.mirror is None or found is not self._files[NDEF]:
            return 0, b""
        return _MIRRORS, self.mirror.told

    def _change_file_settings(self, sent: bytes) -> bytes:
        """Change rights and protection of a file and, of the NDEF file, what is mirrored (data sheet, 10.7.1)."""
        found = self.file(sent[0] if sent else 0)
        self.require(found.change)
        if len(sent) < 4:
            raise Declined(Status.LENGTH_ERROR)
        mirror = self._mirror_of(sent[4:], found) if sent[1] & _MIRRORS else None
        if sent[1] & 3 not in {0, 1, 3}:
            raise Declined(Status.PARAMETER_ERROR)
        if sent[0] == NDEF:
            self.mirror, self.counter = mirror, 0 if mirror is not None else self.counter
        found.protection = Protection(sent[1] & 3)
        found.set_rights(sent[2:4])
        return b""

    def _mirror_of(self, told: bytes, found: DataFile) -> Mirror:
        """Read which mirrors are asked for; only the encrypted UID and count with a code are known here."""
        if len(told) != 12 or told[0] != _UID | _COUNTER | _ASCII or found is not self._files[NDEF]:
            raise Declined(Status.PARAMETER_ERROR)
        made = Mirror(told[2] >> 4, told[2] & 0xF, three(told[3:6]), three(told[6:9]), three(told[9:12]))
        is_ordered = made.code_from <= made.code_at and made.data_at + 32 <= made.code_at
        if max(made.meta_key, made.file_key) >= KEYS or not is_ordered or made.code_at + 16 > len(found.content):
            raise Declined(Status.PARAMETER_ERROR)
        return made


def _put(content: bytes, at: int, written: bytes) -> bytes:
    letters = written.hex().upper().encode()
    return content[:at] + letters + content[at + len(letters) :]
