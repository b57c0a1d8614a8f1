"""Postings of a school with three children, drawn by hypothesis, each under a key of its own."""

from datetime import timedelta

from hypothesis import strategies as st

from cloud.ledger.kinds import EntryKind
from cloud.ledger.postings import OFFICE, clearing, top_up, transfer
from cloud.ledger.rules import Account, Posting
from tests.cloud.ledger.factory import NOON, meal

REFS = ("aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc")
_amounts = st.integers(1, 10**9)
_refs = st.sampled_from(REFS)
_days = st.integers(0, 40).map(lambda days: NOON + timedelta(days=days, minutes=7 * days))
_payers = _refs.map(Account.of)
_kinds = st.sampled_from([EntryKind.SALE, EntryKind.VOID, EntryKind.REFUND])

_top_ups = st.builds(
    lambda at, ref, amount, source: top_up("key", at, ref, amount, source),
    _days, _refs, _amounts, st.sampled_from([OFFICE, clearing("kaspi"), clearing("bank")]),
)  # fmt: skip
_meals = st.builds(
    lambda kind, at, payer, paid, subsidy: meal(kind, "key", at, payer, paid_tiyn=paid, subsidy_tiyn=subsidy),
    _kinds, _days, _payers, _amounts, st.sampled_from([0, 277_00, 577_00]),
)  # fmt: skip
_transfers = st.builds(
    lambda at, pair, amount: transfer("key", at, giver=pair[0], taker=pair[1], amount_tiyn=amount),
    _days, st.permutations(REFS), _amounts,
)  # fmt: skip


def _with_keys(made: list[Posting]) -> list[Posting]:
    return [Posting(f"k:{number}", each.kind, each.at, each.lines) for number, each in enumerate(made)]


postings = st.lists(st.one_of(_top_ups, _meals, _transfers), min_size=1, max_size=12).map(_with_keys)
