"""Receipts: what stands on one, and the queue before the printer.

Rule: nothing waits for paper. A sale is done before its receipt, which can be printed again; a printer that does not
answer is told of, and holds up nobody.
"""

import asyncio
import importlib
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from edge_agent.status.snapshot import Language
from edge_agent.till.sales import Sold, Totals
from edge_agent.till.texts import TEXTS

WIDTH = 32  # letters of the usual font on paper of 58 mm
QUEUE_MAX = 32
log = structlog.get_logger()


class Printer(Protocol):
    """Something that prints lines and cuts; it may block, and raises OSError."""

    def print(self, lines: Sequence[str]) -> None: ...


def printer_at(place: str) -> Printer:
    """Return the printer at a device's path, or at `host` or `host:port`; only then its library is loaded."""
    module = importlib.import_module("edge_agent.till.escpos_printer")
    printer: Printer = module.EscposPrinter(place)
    return printer


class Receipts:
    """The queue before a printer."""

    def __init__(self, printer: Printer | None) -> None:
        self.is_in_trouble = False
        self._printer = printer
        self._waiting: asyncio.Queue[Sequence[str]] = asyncio.Queue(QUEUE_MAX)

    @property
    def has_printer(self) -> bool:
        return self._printer is not None

    def put(self, lines: Sequence[str]) -> bool:
        """Let this be printed; tell whether there is a printer with room for it."""
        if self._printer is None or self._waiting.full():
            return False
        self._waiting.put_nowait(lines)
        return True

    async def run(self) -> None:
        """Print what comes, until cancelled; what cannot be printed now is not printed later by itself."""
        while True:
            lines = await self._waiting.get()
            assert self._printer is not None, "without a printer nothing is put here"  # noqa: S101
            try:
                await asyncio.to_thread(self._printer.print, lines)
            except OSError as error:
                log.warning("receipt.unprinted", error=f"{type(error).__name__}: {error}")
                self.is_in_trouble = True
            else:
                self.is_in_trouble = False


def of_sales(
    sales: Sequence[Sold], name_of: Callable[[str, int], str], heading: Sequence[str], language: Language
) -> list[str]:
    """Return a receipt's lines; `name_of(dish, version)` names a dish, `heading` is the till, the cashier, the time."""
    texts = TEXTS[language]
    lines = [*(line[:WIDTH].center(WIDTH).rstrip() for line in heading), "-" * WIDTH]
    for sold in sales:
        for item in sold.items:
            lines.append(name_of(item.dish, item.version)[:WIDTH])
            lines.append(_row(f"{item.count} x {_sum(item.price_tiyn)}", _sum(item.count * item.price_tiyn)))
        if sold.is_by_right:
            lines.append(_row(texts["subsidy"], _sum(sold.sale.amount_tiyn - sold.full_tiyn)))
    lines += ["-" * WIDTH, _row(texts["to_pay"], _sum(sum(sold.sale.amount_tiyn for sold in sales)))]
    ways = {"cash": texts["by_cash"], "account": texts["by_account"], "subsidised": texts["subsidised"]}
    lines += dict.fromkeys(ways.get(sold.sale.payment, texts["free"]) for sold in sales)
    return [*lines, "", texts["not_fiscal"][:WIDTH]]


def of_totals(totals: Totals, heading: Sequence[str], language: Language) -> list[str]:
    """Return the lines of a closed shift."""
    texts = TEXTS[language]
    return [
        *(line[:WIDTH].center(WIDTH).rstrip() for line in (*heading, texts["totals"])),
        "-" * WIDTH,
        _row(texts["count"], str(totals.count)),
        _row(texts["free_count"], str(totals.free_count)),
        _row(texts["subsidised_count"], str(totals.subsidised_count)),
        _row(texts["by_account"], _sum(totals.account_tiyn)),
        _row(texts["by_cash"], _sum(totals.cash_tiyn)),
        _row(texts["subsidy_owed"], _sum(totals.subsidy_tiyn)),
        _row(texts["void_count"], str(totals.void_count)),
        _row(texts["refund_sum"], _sum(totals.refund_tiyn)),
        "-" * WIDTH,
        _row(texts["total"], _sum(totals.amount_tiyn)),
        texts["not_fiscal"][:WIDTH],
    ]


def _row(left: str, right: str) -> str:
    room = WIDTH - len(right) - 1
    return f"{left[:room]:<{room}} {right}"


def _sum(amount_tiyn: int) -> str:
    """Return a sum as printers can write it: tenge and tiyn, without a sign of money."""
    whole, rest = divmod(abs(amount_tiyn), 100)
    return f"{'-' if amount_tiyn < 0 else ''}{whole},{rest:02d}"
