"""A simulated NTAG 424 DNA, against what NXP AN12196 publishes, and against what a real one refuses."""

import asyncio
from pathlib import Path
from random import Random

import nfc
import nfc.clf.pn532
import nfc.clf.transport
import nfc.tag
import pytest

from edge_agent.cards.aes import decrypt
from edge_agent.cards.link import Link
from edge_agent.cards.sun import Mirrored, check, mirrored, read_link
from simulators.cards import card_make
from simulators.desfire_chip import Protection
from simulators.ntag424 import NDEF, Mirror, Ntag424
from simulators.pn532 import Pn532Line
from tests.simulators.cards import Drawn

UID = bytes.fromhex("04DE5F1EACC040")
SELECT = bytes.fromhex("00A4040007D276000085010100")
SELECT_NDEF = bytes.fromhex("00A4000002E104")
READ = bytes.fromhex("00B0000000")
ZERO_KEY = bytes(16)
SEALED = "EF963FF7828658A599F3041510671E88"


def selected(chip: Ntag424) -> Ntag424:
    for apdu in (SELECT, SELECT_NDEF):
        assert chip.transmit(apdu).hex() == "9000"
    return chip


def test_it_writes_the_link_that_an12196_publishes() -> None:
    padding = decrypt(ZERO_KEY, ZERO_KEY, bytes.fromhex(SEALED))[11:]
    chip = selected(Ntag424(UID, Drawn(padding.hex())))
    chip.mirror, chip.counter = Mirror(0, 0, data_at=9, code_from=44, code_at=44), 60

    link = chip.transmit(READ)

    assert link[9:41].decode() == SEALED
    assert link[44:60].decode() == "94EED9EE65337086"


def test_each_reading_is_counted_once_and_reading_on_is_not_another() -> None:
    chip = selected(Ntag424(UID, Random(1)))
    chip.mirror = Mirror(0, 0, 9, 44, 44)

    first, again = chip.transmit(READ), chip.transmit(READ)
    chip.transmit(SELECT_NDEF)
    other = chip.transmit(READ)

    assert first == again
    assert other != first
    assert chip.counter == 2


def test_it_answers_what_an12196_sends_to_make_a_link() -> None:
    """Follow chapter 6 of the document: authentication, the NDEF file, its settings; each answer as published."""
    rnd_b = decrypt(ZERO_KEY, ZERO_KEY, bytes.fromhex("A04C124213C186F22399D33AC2A30215"))
    chip = Ntag424(UID, Drawn(rnd_b.hex(), "9D00C4DF"))
    chip.transmit(SELECT)
    chip.file(NDEF).protection = Protection.FULL

    answers = [
        chip.transmit(bytes.fromhex(apdu)).hex().upper()
        for apdu in (
            "9071000002000000",
            "90AF00002035C3E05A752E0144BAC0DE51C1F22C56B34408A23D8AEA266CAB947EA8E0118D00",
            (
                "908D00009F02000000800000421C73A27D827658AF481FDFF20A5025B559D0E3AA21E58D347F343CFFC768BFE596C706BC00F217"
                "6781D4B0242642A0FF5A42C461AAF894D9A1284B8C76BCFA658ACD40555D362E08DB15CF421B51283F9064BCBE20E96CAE545B40"
                "7C9D651A3315B27373772E5DA2367D2064AE054AF996C6F1F669170FA88CE8C4E3A4A7BBBEF0FD971FF532C3A802AF745660F2B4"
                "D1D9A8499661EBF300"
            ),
            "905F0000190261B6D97903566E84C3AE5274467E89EAD799B7C1A0EF7A0400",
        )
    ]

    assert answers == [
        "A04C124213C186F22399D33AC2A3021591AF",
        "3FA64DB5446D1F34CD6EA311167F5E4985B89690C04A05F17FA7AB2F081206639100",
        "FC222E5F7A5424529100",
        "57BFF87B1241E93D9100",
    ]
    assert chip.file(NDEF).content.startswith(b"\x00\x51\xd1\x01\x4dU\x04choose.url.com/ntag424?e=0000")
    assert chip.mirror == Mirror(meta_key=2, file_key=1, data_at=0x20, code_from=0x43, code_at=0x43)


def test_a_key_is_changed_as_an12196_publishes_it() -> None:
    chip = Ntag424(UID, Random(1))
    chip.transmit(SELECT)
    session = chip.session
    session.number, session._transaction, session._counter = 0, bytes.fromhex("7614281A"), 2
    session._encryption = bytes.fromhex("4CF3CB41A22583A61E89B158D252FC53")
    session._mac = bytes.fromhex("5529860B2FC5FB6154B7F28361D30BF9")

    other = chip.transmit(
        bytes.fromhex("90C4000029022CF362B7BF4311FF3BE1DAA295E8C68DE09050560D19B9E16C2393AE9CD1FAC75D0CE20BCD1D06E600")
    )
    own = chip.transmit(
        bytes.fromhex("90C400002900C0EB4DEEFEDDF0B513A03A95A75491818580503190D4D05053FF75668A01D6FDA6610234BDED643200")
    )

    assert (other.hex().upper(), own.hex().upper()) == ("203BB55D1089D5879100", "9100")
    assert chip.keys[2].value.hex().upper() == "F3847D627727ED3BC9C4CC050489B966"
    assert chip.keys[0].value.hex().upper() == "5004BF991F408672B1EF00F08F9E8647"
    assert (chip.keys[2].version, chip.keys[0].version) == (1, 1)


@pytest.mark.parametrize(
    ("apdu", "answer"),
    [
        ("00A4000002E105", "9000"),
        ("00A4000002E109", "6a82"),
        ("00A4040007D276000085010000", "6a82"),
        ("00B0810000", "6a86"),
        ("00CA000000", "6d00"),
        ("905100000000", "91ae"),
        ("90C4000001000", "91ae"),
        ("90F500000109", "91f0"),
    ],
)
def test_what_it_answers_without_a_key(apdu: str, answer: str) -> None:
    chip = selected(Ntag424(UID, Random(1)))

    assert chip.transmit(bytes.fromhex(apdu + "0" * (len(apdu) % 2))).hex() == answer


def test_the_file_of_its_own_is_read_by_nobody_without_a_key() -> None:
    chip = selected(Ntag424(UID, Random(1)))
    chip.transmit(bytes.fromhex("00A4000002E105"))

    assert chip.transmit(READ).hex() == "6982"


async def test_a_phones_library_reads_the_link_and_each_time_another_one(tmp_path: Path) -> None:
    """Libraries that are not ours, nfcpy and ndeflib, read it as a phone does; the link is believed by its code."""
    line = Pn532Line(Random(1), tmp_path / "pn532")
    path = line.plug()
    line.present(card_make(UID.hex(), "ntag424"))
    chip = line.drawer.chip_of(card_make(UID.hex(), "ntag424"))
    assert isinstance(chip, Ntag424)
    link = Link()
    chip._files[NDEF].content[: len(link.content)] = link.content
    chip.mirror = Mirror(2, 3, *(int.from_bytes(link.settings[at : at + 3], "little") for at in (6, 9, 12)))

    links = [await asyncio.to_thread(_read_as_a_phone, path) for _ in range(2)]
    line.unplug()

    messages = [read_link(each) for each in links]
    said = [mirrored(ZERO_KEY, message) for message in messages if message is not None]
    assert said == [Mirrored(UID, 1), Mirrored(UID, 2)]
    for message, mirror in zip(messages, said, strict=True):
        assert message is not None
        assert mirror is not None
        check(ZERO_KEY, mirror, message)


def _read_as_a_phone(path: str) -> str:
    frontend = nfc.ContactlessFrontend()
    frontend.device = nfc.clf.pn532.init(nfc.clf.transport.TTY(path))
    frontend.device._path = path
    try:
        tag = nfc.tag.activate(frontend, frontend.sense(nfc.clf.RemoteTarget("106A")))
        return str(tag.ndef.records[0].iri)
    finally:
        frontend.close()
