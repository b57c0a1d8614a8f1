"""A signed code at a gate: it stands for a person's card for a while, and for nothing else."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from edge_agent.decision import Decision as Decided
from edge_agent.passes import SAME_MOMENT_MS, Passes
from edge_agent.readers.tap import Medium
from edge_agent.timekeeper import Timekeeper
from schemas import pass_text, passes
from schemas.pass_text import PassRefused
from tests.edge_agent.gate import GateBench
from tests.edge_agent.school import ALIYA, KEY, PUBLIC_KEY, SCHOOL, SILENT, card, roster

LATER_S = 3_600
ALWAYS = b'["profile","day",[[127,0,1440]],["*"]]'
ALIYAS = passes.Pass(SCHOOL, ALIYA, "5e" * 8, 0, is_single=False)


def text_of(shown: passes.Pass) -> str:
    body = shown.body()
    return passes.write(body, KEY.sign(pass_text.SIGNED + body))


class PassGate(GateBench):
    """A gate that takes passes; they are good for an hour of its clock unless said otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.pipeline._passes = Passes(SCHOOL, PUBLIC_KEY)
        self.last_s = self.timekeeper.now().wall_ms // 1_000 + LATER_S

    async def show(self, shown: passes.Pass, reader: str = "reader-in") -> Decided:
        return await self.tap(text_of(replace(shown, last_s=self.last_s)), reader, Medium.QR)


async def test_a_pass_opens_as_the_persons_card_would_and_the_record_says_by_what() -> None:
    gate = PassGate()

    decided = await gate.show(ALIYAS)

    assert (decided.is_allowed, decided.reason, decided.person) == (True, "ok", ALIYA)
    assert gate.written == [("decision", "allowed", "ok", ALIYA)]
    assert gate.log.records[0].medium == "qr"  # type: ignore[union-attr]


async def test_a_pass_gives_no_more_than_a_card() -> None:
    gate = PassGate()

    assert (await gate.show(replace(ALIYAS, ref=SILENT))).reason == "no_consent"
    assert (await gate.show(replace(ALIYAS, ref="0" * 12))).reason == "person_inactive"


async def test_a_pass_also_serves_whose_card_is_blocked() -> None:
    gate = PassGate()
    gate.roster = roster(ALWAYS, card(ALIYA, state="blocked"))

    assert (await gate.tap(ALIYA)).reason == "card_blocked"
    assert (await gate.show(ALIYAS)).is_allowed


async def test_a_pass_ends() -> None:
    gate = PassGate()

    await gate.wait(LATER_S + 1)

    assert (await gate.show(ALIYAS)).reason == "card_expired"


async def test_a_single_pass_is_used_once_but_a_scanner_may_read_it_twice_in_the_same_moment() -> None:
    gate = PassGate()
    single = replace(ALIYAS, is_single=True)

    first = await gate.show(single)
    again = await gate.show(single)
    elsewhere = await gate.show(single, "reader-out")
    await gate.wait(SAME_MOMENT_MS / 1_000 + 1)
    late = await gate.show(single)

    assert [each.reason for each in (first, again, elsewhere, late)] == ["ok", "repeat", "card_expired", "card_expired"]


async def test_a_clock_that_is_not_trusted_lets_a_pass_out_and_not_in() -> None:
    gate = PassGate()
    gate.pipeline._timekeeper = Timekeeper(gate.clock, machine="none")
    assert not gate.pipeline._timekeeper.now().is_good

    assert (await gate.show(ALIYAS)).reason == "card_expired"
    assert (await gate.show(ALIYAS, "reader-out")).is_allowed


async def test_a_single_pass_that_was_refused_is_not_used_up() -> None:
    gate = PassGate()
    gate.pipeline.mode = "lock_down"
    single = replace(ALIYAS, is_single=True)
    await gate.show(single)

    gate.pipeline.mode = "normal"
    await gate.wait(SAME_MOMENT_MS / 1_000 + 1)

    assert (await gate.show(single)).is_allowed


async def test_what_another_school_signed_or_for_another_school_is_an_unknown_card() -> None:
    gate = PassGate()
    foreign = replace(ALIYAS, school="alm006", last_s=gate.last_s).body()
    own = replace(ALIYAS, last_s=gate.last_s).body()

    for text in (
        passes.write(foreign, KEY.sign(pass_text.SIGNED + foreign)),
        passes.write(own, KEY.sign(own)),
        passes.write(own, bytes(64)),
        passes.write(own.replace(ALIYA.encode(), SILENT.encode()), KEY.sign(pass_text.SIGNED + own)),
        text_of(ALIYAS)[:-3],
        "ESIK:1",
        "ESIK:",
    ):
        decided = await gate.tap(text, medium=Medium.QR)
        assert (decided.is_allowed, decided.reason, decided.person) == (False, "card_unknown", None)


class CountingKey:
    """A key that counts how often it is asked."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key
        self.asked = 0

    def verify(self, signature: bytes, message: bytes) -> None:
        self.asked += 1
        self._key.verify(signature, message)


async def test_a_signature_is_checked_once_for_a_tap() -> None:
    gate = PassGate()
    key = CountingKey(KEY.public_key())
    gate.pipeline._passes._key = key  # type: ignore[union-attr]

    assert (await gate.show(replace(ALIYAS, is_single=True))).is_allowed
    assert key.asked == 1


async def test_a_pass_that_is_typed_as_a_cards_number_is_none() -> None:
    gate = PassGate()
    text = text_of(replace(ALIYAS, last_s=gate.last_s))

    assert not (await gate.tap(text, medium=Medium.UID)).is_allowed


@pytest.mark.parametrize("body", [b"", b"{}", b"[2]", b"[1]", b'[1,1,"","",0,0]', b'[1,"a","b","c",true,0]', b"\xff["])
def test_a_body_of_another_form_is_refused(body: bytes) -> None:
    with pytest.raises(PassRefused):
        passes.parse(body)


def test_a_text_is_of_a_codes_alphanumeric_letters_and_reads_back() -> None:
    text = text_of(ALIYAS)

    assert set(text) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
    assert passes.parse(pass_text.read(text)[0]) == ALIYAS
