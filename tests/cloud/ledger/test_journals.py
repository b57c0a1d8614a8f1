"""The export is judged by the programs it is for: hledger and beancount find the ledger's own balances, to the tiyn."""

import csv
import json
import random
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from cloud.core.actor import Actor, Reach, Role
from cloud.core.errors import NotAllowed
from cloud.core.services import Services
from cloud.ledger.journals import Program, journal, name_of, whole_journal
from cloud.ledger.kinds import AccountKind, EntryKind
from cloud.ledger.postings import OFFICE, clearing, leave, payout, settlement, top_up, transfer
from cloud.ledger.rules import Account, Posting
from tests.cloud.ledger.factory import DAY, NOON, children, meal, posted
from tests.cloud.schools.factory import SYSTEM

TILL = Account(AccountKind.CASH, "till-1")
# beancount has no program of its own that prints balances since its version 3.
BEANCOUNT = """
import json, sys
from beancount import loader
from beancount.core import realization
entries, errors, options = loader.load_file(sys.argv[1])
assert not errors, errors
real = realization.realize(entries)
print(json.dumps({each.account: str(each.balance.get_currency_units("KZT").number)
  for each in realization.iter_children(real) if not each.balance.is_empty()}))
"""


async def test_both_programs_find_the_balances_of_the_ledger(services: Services, tmp_path: Path) -> None:
    school_id, refs = await children(services, 6)
    await posted(services, school_id, *a_month(refs, random.Random(7)))
    kept = await services.database.pool.fetch(
        "SELECT kind, part, balance_tiyn FROM ledger_account WHERE school_id = $1 AND balance_tiyn <> 0", school_id
    )
    own = {name_of(Account(AccountKind(row["kind"]), row["part"])): row["balance_tiyn"] for row in kept}

    files = {program: tmp_path / f"{program}.journal" for program in Program}
    for program, file in files.items():
        file.write_text("".join([text async for text in journal(services, SYSTEM, school_id, program)]))

    assert hledger_balances(files[Program.HLEDGER]) == own
    assert beancount_balances(files[Program.BEANCOUNT]) == own
    assert len(own) > len(refs)


async def test_a_journal_that_was_tampered_with_is_refused_by_both(services: Services, tmp_path: Path) -> None:
    school_id, (ref, _) = await children(services)
    await posted(services, school_id, top_up("cash:1", NOON, ref, 500_50, OFFICE))
    for program, command in (
        (Program.HLEDGER, ["hledger", "check", "--strict", "-f"]),
        (Program.BEANCOUNT, [str(Path(sys.executable).parent / "bean-check")]),
    ):
        text = "".join([each async for each in journal(services, SYSTEM, school_id, program)])
        head, _, tail = text.partition("500.50 KZT\n")
        file = tmp_path / f"{program}.journal"

        file.write_text(text)
        assert refusal_of(command, file) == ""
        file.write_text(head + "600.50 KZT\n" + tail.replace("-500.50", "-600.50", 1))
        assert "500.50" in refusal_of(command, file)


async def test_a_journal_names_nobody_and_an_empty_ledger_is_an_empty_journal(services: Services) -> None:
    school_id, (ref, _) = await children(services)
    empty = [text async for text in journal(services, SYSTEM, school_id, Program.HLEDGER)]
    await posted(services, school_id, top_up("cash:1", NOON, ref, 500_50, OFFICE))

    told = "".join([text async for text in journal(services, SYSTEM, school_id, Program.HLEDGER)])

    assert empty == []
    assert ref.upper() in told
    assert "Әліби" not in told


async def test_no_connection_waits_for_a_slow_reader_of_a_journal(services: Services) -> None:
    school_id, (ref, _) = await children(services)
    await posted(services, school_id, top_up("cash:1", NOON, ref, 500_50, OFFICE))
    pool = services.database.pool
    whole = "".join([text async for text in journal(services, SYSTEM, school_id, Program.HLEDGER)])

    pieces = await whole_journal(services, SYSTEM, school_id, Program.HLEDGER)

    assert pool.get_idle_size() == pool.get_size()
    assert b"".join(pieces).decode() == whole


async def test_the_journal_is_for_the_office_only(services: Services) -> None:
    school_id, _ = await children(services)
    guard = Actor("Guard", None, frozenset({Reach(Role.GUARD, school_id)}))

    with pytest.raises(NotAllowed):
        _ = [text async for text in journal(services, guard, school_id, Program.BEANCOUNT)]
    with pytest.raises(NotAllowed):
        await whole_journal(services, guard, school_id, Program.BEANCOUNT)


def a_month(refs: list[str], rng: random.Random) -> list[Posting]:
    """Return 600 postings of every kind on 30 days, in no order."""
    made: list[Posting] = []
    for number in range(594):
        at = NOON + DAY * rng.randrange(30)
        ref, other = rng.sample(refs, 2)
        paid = rng.randrange(1, 811_00)
        account = rng.choice([Account.of(ref), Account.of(ref), TILL])
        kind = rng.choice([EntryKind.SALE] * 3 + [EntryKind.VOID, EntryKind.REFUND])
        made.append(
            rng.choice(
                [
                    top_up(f"k:{number}", at, ref, paid, rng.choice([OFFICE, clearing("kaspi")])),
                    meal(kind, f"k:{number}", at, account, paid_tiyn=paid, subsidy_tiyn=rng.choice([0, 577_00])),
                    transfer(f"k:{number}", at, giver=ref, taker=other, amount_tiyn=paid),
                ]
            )
        )
    for number, ref in enumerate(refs):
        made.append(leave(f"leave:{number}", NOON + DAY * 40, ref, 1 + number))
    return [*made, payout("payout:1", NOON + DAY * 41, 3, OFFICE), settlement("s:1", NOON + DAY * 41, "kaspi", 9_99)]


def refusal_of(command: list[str], file: Path) -> str:
    """Return what a program says against a journal."""
    done = subprocess.run([*command, file], check=False, capture_output=True, text=True)
    assert (done.returncode == 0) == (done.stderr == "")
    return done.stderr


def hledger_balances(file: Path) -> dict[str, int]:
    """Return the balances that hledger finds, in tiyn; its strictest check goes before."""
    subprocess.run(["hledger", "check", "--strict", "ordereddates", "-f", file], check=True, capture_output=True)
    told = subprocess.run(
        ["hledger", "balance", "--flat", "-N", "-O", "csv", "-f", file], check=True, capture_output=True, text=True
    ).stdout
    rows = list(csv.reader(told.splitlines()))[1:]
    return {account: in_tiyn(balance.removesuffix(" KZT")) for account, balance in rows}


def beancount_balances(file: Path) -> dict[str, int]:
    """Return the balances that beancount finds, in tiyn, without any error."""
    told = subprocess.run([sys.executable, "-c", BEANCOUNT, file], check=True, capture_output=True, text=True).stdout
    return {account: in_tiyn(number) for account, number in json.loads(told).items()}


def in_tiyn(tenge: str) -> int:
    return int(Decimal(tenge) * 100)
