"""EV2 authentication and secure messaging, against every step that NXP AN12343 and AN12196 publish."""

from dataclasses import dataclass

import pytest

from edge_agent.cards.aes import decrypt, encrypt, padded
from edge_agent.cards.ev2 import (
    Channel,
    CommMode,
    Handshake,
    NotGenuine,
    SessionKeys,
    key_data,
    rotated,
    session_keys,
)

ZERO_KEY = bytes(16)
of = bytes.fromhex


@dataclass(frozen=True)
class Published:
    """One authentication by an all-zero key, as a document tells it."""

    rnd_a: str
    challenge: str
    response: str
    answer: str
    transaction: str
    encryption: str
    mac: str
    rnd_b: str = ""


AN12343 = Published(
    rnd_a="B04D0787C93EE0CC8CACC8E86F16C6FE",
    rnd_b="FA659AD0DCA738DD65DC7DC38612AD81",
    challenge="24677DDBD46349E623798FD729006E79",
    response="3B50445F21D21D77D500794DEB245E5A754F5F901844259F4C9B31A5C7335ACD",
    answer="04C6DBD67417ED0D31DDDE4D2E3FFAC2B4B074F638EEF7FFF9254963B65C7759",
    transaction="8CF141F3",
    encryption="63DC07286289A7A6C0334CA31C314A04",
    mac="774F26743ECE6AF5033B6AE8522946F6",
)
AN12196 = Published(
    rnd_a="13C5DB8A5930439FC3DEF9A4C675360F",
    challenge="A04C124213C186F22399D33AC2A30215",
    response="35C3E05A752E0144BAC0DE51C1F22C56B34408A23D8AEA266CAB947EA8E0118D",
    answer="3FA64DB5446D1F34CD6EA311167F5E4985B89690C04A05F17FA7AB2F08120663",
    transaction="9D00C4DF",
    encryption="1309C877509E5A215007FF0ED19CA564",
    mac="4C6626F5E72EA694202139295C7A7FC7",
)
BOTH = pytest.mark.parametrize("told", [AN12343, AN12196], ids=["AN12343", "AN12196"])


def channel(encryption: str, mac: str, transaction: str, counter: int = 0) -> Channel:
    return Channel(SessionKeys(of(encryption), of(mac)), of(transaction), counter)


def proven(told: Published) -> Handshake:
    handshake = Handshake(ZERO_KEY, of(told.rnd_a))
    handshake.respond(of(told.challenge))
    return handshake


@BOTH
def test_a_first_authentication_says_what_is_published(told: Published) -> None:
    handshake = Handshake(ZERO_KEY, of(told.rnd_a))

    assert handshake.respond(of(told.challenge)) == of(told.response)
    opened = handshake.begin(of(told.answer))
    assert opened.transaction == of(told.transaction)
    assert opened.keys == SessionKeys(of(told.encryption), of(told.mac))
    assert opened.counter == 0


def test_the_steps_between_are_those_of_an12343() -> None:
    rnd_a, rnd_b = of(AN12343.rnd_a), of(AN12343.rnd_b)

    assert decrypt(ZERO_KEY, ZERO_KEY, of(AN12343.challenge)) == rnd_b
    assert encrypt(ZERO_KEY, ZERO_KEY, rnd_a + rotated(rnd_b)) == of(AN12343.response)
    assert decrypt(ZERO_KEY, ZERO_KEY, of(AN12343.answer)) == of(AN12343.transaction) + rotated(rnd_a) + bytes(12)
    assert session_keys(ZERO_KEY, rnd_a, rnd_b) == SessionKeys(of(AN12343.encryption), of(AN12343.mac))


def test_a_further_authentication_keeps_transaction_and_count_and_changes_the_keys() -> None:
    before = proven(AN12343).begin(of(AN12343.answer))
    before.counter = 5
    rnd_a = bytes(range(16))
    handshake = Handshake(ZERO_KEY, rnd_a)
    handshake.respond(of(AN12196.challenge))

    after = handshake.go_on(encrypt(ZERO_KEY, ZERO_KEY, rotated(rnd_a)), before)

    assert (after.transaction, after.counter) == (before.transaction, 5)
    assert after.keys != before.keys


@BOTH
@pytest.mark.parametrize("spoilt_at", [0, 5, 15])
def test_a_card_that_does_not_hold_the_key_is_not_genuine(told: Published, spoilt_at: int) -> None:
    answer = bytearray(of(told.answer))
    answer[spoilt_at] ^= 1

    with pytest.raises(NotGenuine, match="does not hold the key"):
        proven(told).begin(bytes(answer))


@pytest.mark.parametrize("length", [0, 15, 17, 31, 33])
def test_messages_of_a_wrong_length_are_not_genuine(length: int) -> None:
    with pytest.raises(NotGenuine):
        Handshake(ZERO_KEY, bytes(16)).respond(bytes(length))
    with pytest.raises(NotGenuine):
        proven(AN12343).begin(bytes(length))
    with pytest.raises(NotGenuine):
        proven(AN12343).go_on(bytes(length), channel("00" * 16, "00" * 16, "00000000"))


def test_a_commands_code_and_its_answers_are_those_of_an12196() -> None:
    opened = channel("00" * 16, "8248134A386E86EB7FAF54A52E536CB6", "7A21085E")

    said = opened.protect(0xF5, b"\x02", b"", CommMode.MAC)
    told = opened.open(0, of("0040EEEE000100D1FE001F00004400004400002000006A00002A474282E7A47986"), CommMode.MAC)

    assert said == of("026597A457C8CD442C")
    assert told == of("0040EEEE000100D1FE001F00004400004400002000006A0000")
    assert opened.counter == 1


@pytest.mark.parametrize(
    ("session", "code", "header", "plain", "said", "answer"),
    [
        (
            ("7A93D6571E4B180FCA6AC90C9A7488D4", "FC4AF159B62E549B5812394CAB1918CC", "7614281A", 0),
            0x8D,
            "030000000A0000",
            "0102030405060708090A",
            "030000000A00006B5E6804909962FC4E3FF5522CF0F8436C0C53315B9C73AA",
            "C26D236E4A7C046D",
        ),
        (
            ("1309C877509E5A215007FF0ED19CA564", "4C6626F5E72EA694202139295C7A7FC7", "9D00C4DF", 1),
            0x5F,
            "02",
            "4000E0C1F121200000430000430000",
            "0261B6D97903566E84C3AE5274467E89EAD799B7C1A0EF7A04",
            "57BFF87B1241E93D",
        ),
        (
            ("4CF3CB41A22583A61E89B158D252FC53", "5529860B2FC5FB6154B7F28361D30BF9", "7614281A", 2),
            0xC4,
            "02",
            "F3847D627727ED3BC9C4CC050489B96601789DFADC",
            "022CF362B7BF4311FF3BE1DAA295E8C68DE09050560D19B9E16C2393AE9CD1FAC75D0CE20BCD1D06E6",
            "203BB55D1089D587",
        ),
    ],
    ids=["WriteData", "ChangeFileSettings", "ChangeKey"],
)
def test_an_encrypted_command_is_that_of_an12196(
    session: tuple[str, str, str, int], code: int, header: str, plain: str, said: str, answer: str
) -> None:
    opened = channel(*session)

    assert opened.protect(code, of(header), of(plain), CommMode.FULL) == of(said)
    assert opened.open(0, of(answer), CommMode.FULL) == b""


def test_a_uid_comes_encrypted_as_in_an12196() -> None:
    opened = channel("2B4D963C014DC36F24F69A50A394F875", "379D32130CE61705DD5FD8C36B95D764", "DF055522")

    assert opened.protect(0x51, b"", b"", CommMode.FULL) == of("8E2C155ADDA99BE3")
    answer = of("70756055688505B52A5E26E59E329CD6595F672298EA41B7")
    assert opened.open(0, answer, CommMode.FULL) == of("04958CAA5C5E80")


def test_the_data_of_a_changed_key_are_those_of_an12196() -> None:
    other = key_data(of("F3847D627727ED3BC9C4CC050489B966"), 1, old=ZERO_KEY)
    own = key_data(of("5004BF991F408672B1EF00F08F9E8647"), 1, old=None)
    opened = channel("4CF3CB41A22583A61E89B158D252FC53", "5529860B2FC5FB6154B7F28361D30BF9", "7614281A", 3)

    assert padded(other) == of("F3847D627727ED3BC9C4CC050489B96601789DFADC8000000000000000000000")
    assert opened.protect(0xC4, b"\x00", own, CommMode.FULL) == of(
        "00C0EB4DEEFEDDF0B513A03A95A75491818580503190D4D05053FF75668A01D6FDA6610234BDED6432"
    )


def test_the_old_key_is_mixed_into_the_new_one() -> None:
    data = key_data(b"\x0f" * 16, 7, old=b"\xf1" * 16)

    assert data[:17] == b"\xfe" * 16 + b"\x07"


@pytest.mark.parametrize("spoilt_at", [0, 16, 23])
def test_an_answer_that_was_changed_on_the_way_is_not_genuine(spoilt_at: int) -> None:
    opened = channel("2B4D963C014DC36F24F69A50A394F875", "379D32130CE61705DD5FD8C36B95D764", "DF055522")
    answer = bytearray(of("70756055688505B52A5E26E59E329CD6595F672298EA41B7"))
    answer[spoilt_at] ^= 1

    with pytest.raises(NotGenuine, match="check code"):
        opened.open(0, bytes(answer), CommMode.FULL)


def test_an_answer_heard_before_is_not_genuine_again() -> None:
    opened = channel("2B4D963C014DC36F24F69A50A394F875", "379D32130CE61705DD5FD8C36B95D764", "DF055522")
    answer = of("70756055688505B52A5E26E59E329CD6595F672298EA41B7")
    opened.open(0, answer, CommMode.FULL)

    with pytest.raises(NotGenuine):
        opened.open(0, answer, CommMode.FULL)


def test_a_status_that_was_changed_on_the_way_is_not_genuine() -> None:
    opened = channel("2B4D963C014DC36F24F69A50A394F875", "379D32130CE61705DD5FD8C36B95D764", "DF055522")

    with pytest.raises(NotGenuine):
        opened.open(0x9D, of("70756055688505B52A5E26E59E329CD6595F672298EA41B7"), CommMode.FULL)


def test_what_is_not_protected_goes_as_it_is() -> None:
    opened = channel("00" * 16, "00" * 16, "00000000")

    assert opened.protect(0x64, b"\x01", b"", CommMode.PLAIN) == b"\x01"
    assert opened.open(0, b"\x05", CommMode.PLAIN) == b"\x05"
    assert opened.counter == 1


def test_keys_never_show_in_text() -> None:
    assert "1309C877" not in repr(SessionKeys(of(AN12196.encryption), of(AN12196.mac))).upper()
