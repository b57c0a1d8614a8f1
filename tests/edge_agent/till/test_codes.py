"""A signed code at the till: a second identification that stands for the child's card, once, and for nobody else."""

from dataclasses import replace

import pytest

from edge_agent.passes import SAME_MOMENT_MS, Passes
from edge_agent.readers.tap import Medium, Tap
from edge_agent.rows import Rows
from edge_agent.till.foreign import ListedCodes, is_listed
from edge_agent.till.stage import Stage
from edge_agent.timekeeper import Quality
from schemas.passes import Pass
from schemas.roster import body_of, row
from tests.edge_agent.school import ALIYA, BORIS, GONE, PUBLIC_KEY, SCHOOL, SILENT, card
from tests.edge_agent.test_passes import text_of
from tests.edge_agent.till.bench import PIN, STAFF, TillBench
from tests.edge_agent.till.canteen import CASHIER, NOON_MS, ROWS, TODAY

LASTS_S = 60


class CodeTill(TillBench):
    """A till with the school's key and an open shift; `code` is what a phone shows at noon."""

    def __init__(self, *changed: bytes, clock: Quality = "ntp") -> None:
        super().__init__(*changed, clock=clock)
        self.desk.around = replace(self.desk.around, pass_of=Passes(SCHOOL, PUBLIC_KEY).take)

    def code(self, ref: str = ALIYA, serial: str = "5e" * 8, school: str = SCHOOL) -> str:
        return text_of(Pass(school, ref, serial, NOON_MS // 1_000 + LASTS_S, is_single=True))

    async def scan(self, text: str, medium: Medium = Medium.QR) -> Stage:
        return await self.desk.tap(Tap("screen", text.encode(), medium, self.clock.monotonic_ms()))

    def later(self) -> None:
        self.clock.advance(SAME_MOMENT_MS / 1_000 + 1)


async def test_a_code_sells_the_free_meal_as_the_childs_card_would() -> None:
    till = CodeTill(card(ALIYA, state="blocked"))  # the card is lost, which is why there is a code
    await till.open()

    stage = await till.scan(till.code())
    (sale,) = await till.sell()

    assert (stage.kind, stage.ref) == ("buyer", ALIYA)
    (written,) = till.written("sale")
    assert (written["id"], written["p"], written["pay"]) == (sale, ALIYA, "free")


async def test_a_photo_of_a_code_gives_nothing_to_a_second_child_and_no_second_meal() -> None:
    till = await CodeTill().open()
    photo = till.code()
    await till.scan(photo)
    await till.sell()

    till.later()
    second_child = await till.scan(photo)
    fresh = await till.scan(till.code(serial="5f" * 8))
    judgement = till.desk.look().judgement

    assert (second_child.kind, second_child.reason) == ("turned", "card_expired")
    assert fresh.ref == ALIYA  # whoever holds the phone, it is her meal
    assert judgement is not None
    assert [objection.reason for objection in judgement.objections] == ["had_it"]
    assert not judgement.is_by_right


async def test_a_scanner_that_reads_a_code_twice_in_a_moment_shows_the_same_child() -> None:
    till = await CodeTill().open()

    stages = [await till.scan(till.code()) for _ in range(2)]

    assert [stage.ref for stage in stages] == [ALIYA, ALIYA]


async def test_a_code_ends_with_its_minute() -> None:
    till = await CodeTill().open()
    text = till.code()

    till.clock.advance(LASTS_S + 1)

    assert (await till.scan(text)).reason == "card_expired"


@pytest.mark.parametrize(
    ("ref", "reason"), [(SILENT, "no_consent"), (GONE, "person_inactive"), ("0" * 12, "person_inactive")]
)
async def test_a_code_gives_no_more_than_a_card_and_nothing_without_consent(ref: str, reason: str) -> None:
    till = await CodeTill().open()

    stage = await till.scan(till.code(ref))

    assert (stage.kind, stage.reason) == ("turned", reason)


async def test_what_the_school_did_not_sign_is_nobodys_code() -> None:
    till = await CodeTill().open()
    text = till.code()
    forged = text[:-1] + ("A" if text[-1] != "A" else "B")

    for shown in (forged, till.code(school="alm006"), text.lower(), "ESIK:", "ESIK:ҚАЗ", text + text):
        assert (await till.scan(shown)).reason == "card_unknown", shown
    assert (await till.scan(text, Medium.UID)).reason == "card_unknown"  # a card that was written so


async def test_without_a_clock_that_is_right_a_code_identifies_nobody_and_the_child_is_found_by_name() -> None:
    till = CodeTill(clock="floor")
    await till.shifts.open(CASHIER, PIN, TODAY)

    stage = await till.scan(till.code(BORIS))
    found = till.desk.present(BORIS)

    assert (stage.kind, stage.reason) == ("turned", "card_expired")
    assert (found.kind, found.ref) == ("buyer", BORIS)


WALLETS = "https://wallet.example/v/0123456789abcdef"


class ListedTill(TillBench):
    """A till whose canteen's roster lists a code of the state's wallet as a person's, until half an hour after noon."""

    def __init__(self, ref: str, clock: Quality = "ntp") -> None:
        super().__init__(clock=clock)
        assert self.roster is not None
        listed = row("card", WALLETS.encode().hex()[:24], ref, "active", NOON_MS + 1_800_000)
        self.roster = self.roster.joined(Rows(self.roster.header, body_of([*ROWS, *STAFF, listed])))
        codes = ListedCodes(lambda: self.roster)
        self.desk.around = replace(
            self.desk.around, pass_of=codes.holder, token=lambda tap: tap.credential.hex()[:24]
        )  # fmt: skip

    async def show(self, medium: Medium = Medium.QR) -> Stage:
        return await self.desk.tap(Tap("till", WALLETS.encode(), medium, self.clock.monotonic_ms()))


async def test_a_code_of_the_states_wallet_that_is_listed_names_its_child_and_gives_one_meal() -> None:
    till = await ListedTill(ALIYA).open()

    stage = await till.show()
    await till.sell()
    again = await till.show()
    judgement = till.desk.look().judgement

    assert (stage.kind, stage.ref, again.ref) == ("buyer", ALIYA, ALIYA)
    assert judgement is not None
    assert [objection.reason for objection in judgement.objections] == ["had_it"]


async def test_a_listed_code_ends_needs_consent_and_a_clock_and_is_read_as_a_code_only() -> None:
    ended, silent = await ListedTill(ALIYA).open(), await ListedTill(SILENT).open()
    doubtful = ListedTill(ALIYA, clock="floor")
    await doubtful.shifts.open(CASHIER, PIN, TODAY)
    written_card = await (await ListedTill(ALIYA).open()).show(Medium.UID)

    ended.clock.advance(1_801)

    assert (await ended.show()).reason == "card_expired"
    assert (await silent.show()).reason == "no_consent"
    assert (await doubtful.show()).reason == "card_expired"
    assert written_card.reason == "card_unknown"


async def test_a_scanner_that_types_finds_a_listed_code_before_it_asks_for_a_barcode() -> None:
    till = await ListedTill(ALIYA).open()
    tap = Tap("screen", WALLETS.encode(), Medium.QR, till.clock.monotonic_ms())
    token = till.desk.around.token

    assert is_listed(till.roster, token(tap))
    assert not is_listed(till.roster, token(replace(tap, credential=b"4870001112223")))
    assert not is_listed(None, token(tap))
