"""A simulated DESFire, against what NXP AN12343 publishes, and against what a real one refuses."""

from random import Random

import pytest

from edge_agent.cards.aes import decrypt, encrypt
from simulators.desfire import Desfire
from simulators.desfire_session import CardKey, Declined, Status
from tests.simulators.cards import Drawn

UID = bytes.fromhex("04A1B2C3D4E5F6")
AID = bytes.fromhex("4B5345")
CREATE = bytes.fromhex("90CA000005") + AID + bytes.fromhex("0B8300")
SELECT = bytes.fromhex("905A000003") + AID + b"\x00"
FIRST = bytes.fromhex("9071000002000000")
NON_FIRST = bytes.fromhex("90770000010000")
ZERO_KEY = bytes(16)


def wrapped(code: int, sent: bytes = b"") -> bytes:
    return bytes([0x90, code, 0, 0, len(sent)]) + sent + b"\x00" if sent else bytes([0x90, code, 0, 0, 0])


@pytest.fixture
def card() -> Desfire:
    card = Desfire(UID, Random(1))
    assert card.transmit(CREATE).hex() == "9100"
    assert card.transmit(SELECT).hex() == "9100"
    return card


def authenticate(card: Desfire, first: bytes = FIRST, key: bytes = ZERO_KEY) -> bytes:
    """Authenticate as a reader; return the card's last answer."""
    challenge = card.transmit(first)
    if challenge[-1] != Status.MORE:
        return challenge
    rnd_b = decrypt(key, ZERO_KEY, challenge[:16])
    return card.transmit(wrapped(0xAF, encrypt(key, ZERO_KEY, bytes(16) + rnd_b[1:] + rnd_b[:1])))


def test_it_answers_an_authentication_as_an12343_publishes_it() -> None:
    card = Desfire(UID, Drawn("FA659AD0DCA738DD65DC7DC38612AD81", "8CF141F3"))
    card.transmit(CREATE)
    card.transmit(SELECT)

    challenge = card.transmit(FIRST)
    answer = card.transmit(
        wrapped(0xAF, bytes.fromhex("3B50445F21D21D77D500794DEB245E5A754F5F901844259F4C9B31A5C7335ACD"))
    )

    assert challenge.hex().upper() == "24677DDBD46349E623798FD729006E79" + "91AF"
    assert answer.hex().upper() == "04C6DBD67417ED0D31DDDE4D2E3FFAC2B4B074F638EEF7FFF9254963B65C7759" + "9100"


@pytest.mark.parametrize(("generation", "kind"), [(2, 0x12), (3, 0x33)])
def test_it_says_which_generation_it_is_in_three_parts(generation: int, kind: int) -> None:
    card = Desfire(UID, Random(1), generation=generation)

    parts = [card.transmit(wrapped(0x60)), card.transmit(wrapped(0xAF)), card.transmit(wrapped(0xAF))]

    assert [part[-1] for part in parts] == [Status.MORE, Status.MORE, Status.OK]
    assert parts[0][3] == kind
    assert parts[2][:7] == UID


def test_with_random_uids_it_tells_nobody_its_own() -> None:
    card = Desfire(UID, Random(1), has_random_uid=True)

    card.transmit(wrapped(0x60))
    card.transmit(wrapped(0xAF))

    assert UID not in card.transmit(wrapped(0xAF))


def test_a_new_key_has_version_zero_and_a_fourth_key_is_none(card: Desfire) -> None:
    assert card.transmit(wrapped(0x64, b"\x02")).hex() == "009100"
    assert card.transmit(wrapped(0x64, b"\x03"))[-1] == Status.NO_SUCH_KEY


def test_an_application_is_made_once_and_one_that_is_not_there_is_not_selected(card: Desfire) -> None:
    card.transmit(wrapped(0x5A, bytes(3)))

    assert card.transmit(CREATE)[-1] == Status.DUPLICATE
    assert card.transmit(wrapped(0x5A, b"\x01\x02\x03"))[-1] == Status.APPLICATION_NOT_FOUND
    assert card.transmit(wrapped(0x6A)) == AID + b"\x91\x00"


@pytest.mark.parametrize("code", [0x0A, 0x1A, 0xAA])
def test_the_older_authentications_are_not_there(card: Desfire, code: int) -> None:
    assert card.transmit(wrapped(code, b"\x00"))[-1] == Status.ILLEGAL_COMMAND


def test_nobody_is_authenticated_outside_an_application_where_the_key_is_by_des() -> None:
    assert Desfire(UID, Random(1)).transmit(FIRST)[-1] == Status.AUTHENTICATION_ERROR


def test_a_further_authentication_wants_a_first_one(card: Desfire) -> None:
    assert card.transmit(NON_FIRST)[-1] == Status.ILLEGAL_COMMAND
    assert authenticate(card)[-1] == Status.OK
    assert authenticate(card, NON_FIRST)[-1] == Status.OK


def test_its_uid_is_told_to_those_who_proved_a_key_only(card: Desfire) -> None:
    assert card.transmit(wrapped(0x51))[-1] == Status.AUTHENTICATION_ERROR
    authenticate(card)
    assert card.transmit(wrapped(0x51))[-1] == Status.INTEGRITY_ERROR, "without the command's code"


def test_guesses_cost_delays_and_end_at_some_time(card: Desfire) -> None:
    answers = [authenticate(card, key=b"\x01" * 16)[-1] for _ in range(60)]

    assert answers[:50] == [Status.AUTHENTICATION_ERROR] * 50
    assert Status.AUTHENTICATION_DELAY in answers[50:]
    key = CardKey(in_all=1_000)
    with pytest.raises(Declined, match="PERMISSION_DENIED"):
        key.admit()


def test_the_right_key_is_forgiven_what_was_tried_before(card: Desfire) -> None:
    for _ in range(20):
        authenticate(card, key=b"\x01" * 16)

    assert authenticate(card)[-1] == Status.OK
    assert card.keys[0].in_a_row == 0
    assert card.keys[0].in_all == 10


def test_a_challenge_is_never_the_same(card: Desfire) -> None:
    assert card.transmit(FIRST) != card.transmit(FIRST)


def test_out_of_the_field_it_forgets_who_it_talked_to_and_keeps_what_was_written(card: Desfire) -> None:
    authenticate(card)
    card.lose_power()

    assert not card.session.is_open
    assert card.transmit(SELECT).hex() == "9100"


@pytest.mark.parametrize(
    ("apdu", "answer"),
    [("90", "6700"), ("00A4040007D276000085010100", "6a82"), ("00B0000000", "6d00"), ("8051000000", "6e00")],
)
def test_what_is_no_native_command_is_refused(card: Desfire, apdu: str, answer: str) -> None:
    assert card.transmit(bytes.fromhex(apdu)).hex() == answer
