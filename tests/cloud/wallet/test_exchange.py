"""Meals are told to the wallet's desk, over a poor line and through a folder: each once, to the tiyn, never not at all.

The desk is a simulator of our own: nothing here was tried against the live system.
"""

import random
from pathlib import Path

import pytest

from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.wallet.columns import EXPORTED
from cloud.wallet.desk import Fetched, FolderDesk, Told, WalletAway
from cloud.wallet.exchange import Unread, take_waiting, tell_meals
from cloud.wallet.kinds import FileKind
from cloud.wallet.taking import TakenFile
from simulators.clock import SimulatedClock
from simulators.wallet import POOR_LINE, SimulatedWallet, WalletFaults
from tests.cloud.meals.factory import sale_id
from tests.cloud.wallet.factory import DAY, PRICE_TIYN, VOUCHERS, WalletSchool, csv_bytes, voucher

DAYS = (DAY, DAY)
TRIES_MAX = 200


@pytest.fixture(name="wallet")
def _wallet(clock: SimulatedClock) -> SimulatedWallet:
    return SimulatedWallet(clock, random.Random(7))


async def tell(services: Services, school: WalletSchool, wallet: SimulatedWallet) -> int:
    """Tell meals until none is left, as a person would who tries again; return how many were taken."""
    taken = 0
    for _ in range(TRIES_MAX):
        try:
            told = await tell_meals(services, school.office, school.id, wallet, DAYS)
        except WalletAway:
            continue
        taken += told.taken
        if told.taken == 0 and not told.refused:
            return taken
    raise AssertionError("the wallet never heard all of it")


async def test_each_meal_is_told_once_and_one_that_is_taken_back_later_is_told_as_such(
    services: Services, school: WalletSchool, wallet: SimulatedWallet
) -> None:
    await school.vouchers(voucher(1), voucher(2))
    first, second = await school.eat(0), await school.eat(1)
    mistaken = await school.eat(0)
    await school.eat(2)  # without a voucher
    await school.canteen.send(school.canteen.voided(mistaken[-1], 0))
    await school.canteen.project()

    assert await tell(services, school, wallet) == 2
    assert wallet.owed_tiyn == 2 * PRICE_TIYN
    await school.canteen.send(school.canteen.voided(second[-1], 0))
    await school.canteen.project()

    assert await tell(services, school, wallet) == 1
    assert wallet.owed_tiyn == PRICE_TIYN
    assert {told.sale for told in wallet.book.values() if not told.is_back} == {sale_id(first[-1]), sale_id(second[-1])}
    assert wallet.times_heard == 3


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_over_a_poor_line_the_wallets_book_ends_equal_to_ours_to_the_tiyn(
    services: Services, school: WalletSchool, wallet: SimulatedWallet, seed: int
) -> None:
    wallet.rng, wallet.faults = random.Random(seed), POOR_LINE
    await school.vouchers(voucher(1), voucher(2), voucher(3))
    for number in range(6):
        await school.eat(number % 3, PRICE_TIYN + number)

    await tell(services, school, wallet)

    assert wallet.owed_tiyn == 6 * PRICE_TIYN + 15
    assert (len(wallet.book), wallet.quarrels) == (6, 0)


async def test_what_the_wallet_refuses_is_told_with_its_reason_and_again_the_next_time(
    services: Services, school: WalletSchool, wallet: SimulatedWallet
) -> None:
    await school.vouchers(voucher(1), voucher(2))
    await school.eat(0)
    (*_, sale) = await school.eat(1)
    wallet.refuses = {"SK-2": "no such voucher"}

    told = await tell_meals(services, school.office, school.id, wallet, DAYS)
    wallet.refuses = {}
    again = await tell_meals(services, school.office, school.id, wallet, DAYS)

    assert (told.taken, told.refused) == (1, {sale_id(sale): "no such voucher"})
    assert (again.taken, again.refused, wallet.owed_tiyn) == (1, {}, 2 * PRICE_TIYN)


async def test_a_desk_that_is_away_leaves_everything_to_be_told(
    services: Services, school: WalletSchool, wallet: SimulatedWallet
) -> None:
    wallet.faults = WalletFaults(lost_before=1.0)
    await school.vouchers(voucher(1))
    await school.eat(0)

    for ask in (
        tell_meals(services, school.office, school.id, wallet, DAYS),
        take_waiting(services, school.office, school.id, wallet),
    ):
        with pytest.raises(WalletAway):
            await ask

    wallet.faults = WalletFaults()
    assert await tell(services, school, wallet) == 1


async def test_files_that_wait_are_taken_once_and_one_that_cannot_be_read_stays(
    services: Services, school: WalletSchool, wallet: SimulatedWallet
) -> None:
    good = Fetched("vouchers-1.csv", FileKind.VOUCHERS, csv_bytes(VOUCHERS, voucher(1)))
    bad = Fetched("tabel-1.csv", FileKind.TABEL, b"\xff\xfe\x00")
    wallet.waiting["almaty5"] = [bad, good]

    outcomes = await take_waiting(services, school.office, school.id, wallet)

    assert isinstance(outcomes[0], Unread)
    assert isinstance(outcomes[1], TakenFile)
    assert (outcomes[0].name, outcomes[1].added) == ("tabel-1.csv", 1)
    assert wallet.waiting["almaty5"] == [bad]


async def test_a_folder_is_a_desk_too(services: Services, school: WalletSchool, tmp_path: Path) -> None:
    desk = FolderDesk(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "vouchers-2026.csv").write_bytes(csv_bytes(VOUCHERS, voucher(1)))
    (tmp_path / "in" / "notes.txt").write_text("nothing of ours")
    await school.eat(0)

    outcomes = await take_waiting(services, school.office, school.id, desk)
    told = await tell_meals(services, school.office, school.id, desk, DAYS)
    nothing = await tell_meals(services, school.office, school.id, desk, DAYS)

    assert [outcome.added for outcome in outcomes if isinstance(outcome, TakenFile)] == [1]
    assert (told.taken, nothing.taken) == (1, 0)
    names = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())  # noqa: ASYNC240
    assert [name.partition("-")[0] for name in names] == ["in/notes.txt", "out/meals", "taken/vouchers"]
    assert "SK-1,2026-09-01,lunch" in (tmp_path / names[1]).read_text()


async def test_a_sending_that_begins_as_an_earlier_one_and_goes_on_otherwise_is_written_too(tmp_path: Path) -> None:
    desk = FolderDesk(tmp_path)
    meals = [Told(f"T1-{number}", False, dict.fromkeys(EXPORTED, str(number))) for number in range(3)]

    for batch in ([meals[0], meals[1]], [meals[0], meals[2]], [meals[0], meals[2]]):
        await desk.send("almaty5", batch)

    written = [path.read_text().count("\n") for path in (tmp_path / "out").iterdir()]
    assert written == [3, 3]
    assert any("2,2,2" in path.read_text() for path in (tmp_path / "out").iterdir())


async def test_only_the_office_speaks_with_the_wallet(
    services: Services, school: WalletSchool, wallet: SimulatedWallet
) -> None:
    with pytest.raises(NotAllowed):
        await tell_meals(services, school.canteen_cook, school.id, wallet, DAYS)
    wallet.waiting["almaty5"] = [Fetched("tabel.csv", FileKind.TABEL, b"x")]
    with pytest.raises(NotAllowed):
        await take_waiting(services, school.canteen_cook, school.id, wallet)
