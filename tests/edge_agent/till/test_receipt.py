"""Receipts are printed as python-escpos writes them for its dummy printer; a printer that is away holds up nobody."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import httpx2
import pytest

from edge_agent.till.app import OWN_PAGE, create_till_app
from edge_agent.till.receipt import QUEUE_MAX, WIDTH, Receipts, printer_at
from tests.edge_agent.school import ALIYA
from tests.edge_agent.till.screen import ROWS, ShownTill
from tests.waiting import until_async

TOUCH = {"x-requested-by": OWN_PAGE, "sec-fetch-site": "same-origin"}
CUT = b"\x1dV"


def written(lines: Sequence[str]) -> bytes:
    """Load what knows all printers of the world when one prints: it takes every process of a run half a second."""
    from edge_agent.till import escpos_printer

    return escpos_printer.written(lines)


class NotingPrinter:
    """Keeps what it is told to print, or is away."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.printed: list[list[str]] = []
        self.is_away = is_away

    def print(self, lines: Sequence[str]) -> None:
        if self.is_away:
            raise ConnectionError("no paper feed")
        self.printed.append(list(lines))


async def test_a_receipt_of_a_free_and_a_paid_sale_says_who_pays_what() -> None:
    till = await ShownTill(*ROWS).open()
    till.desk.put("lunch-set/3")
    till.desk.put("kompot/1", 2)
    await till.tap(ALIYA)

    lines = till.screen.receipt(await till.sell(), "ru")

    assert all(len(line) <= WIDTH for line in lines)
    text = "\n".join(lines)
    rows = [(line.split("  ")[0], line.split()[-1]) for line in lines if "," in line]
    assert rows == [
        ("1 x 577,00", "577,00"), ("Из бюджета", "-577,00"), ("2 x 70,00", "140,00"), ("К оплате", "140,00"),
    ]  # fmt: skip
    assert "Айгүл Сейітова" in text
    assert "Не фискальный чек" in text


def test_a_printer_is_sent_letters_that_it_knows_and_a_cut() -> None:
    sent = written(["Түскі ас: көже, қатық", "Обед 577,00"])

    text = sent.decode("cp866", "replace")
    assert "Туски ас: коже, катык" in text
    assert "Обед 577,00" in text
    assert "?" not in text
    assert CUT in sent


async def test_a_printer_on_the_network_is_sent_the_same() -> None:
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.read())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    await asyncio.to_thread(printer_at(f"127.0.0.1:{port}").print, ["one"])
    await until_async(lambda: got)
    server.close()

    assert got == [written(["one"])]


def test_a_printer_is_a_file_and_one_that_is_not_there_is_an_error_of_the_world(tmp_path: Path) -> None:
    device = tmp_path / "lp0"
    device.touch()

    printer_at(str(device)).print(["one"])

    assert b"one" in device.read_bytes()
    with pytest.raises(OSError, match=r"."):
        printer_at(str(tmp_path / "lacking" / "lp1")).print(["one"])
    with pytest.raises(OSError, match=r"."):
        printer_at("127.0.0.1:1").print(["one"])


async def test_a_printer_that_is_away_is_told_of_until_it_prints_again() -> None:
    printer = NotingPrinter(is_away=True)
    receipts = Receipts(printer)
    running = asyncio.ensure_future(receipts.run())
    assert receipts.put(["one"])
    await until_async(lambda: receipts.is_in_trouble)
    printer.is_away = False
    receipts.put(["two"])
    await until_async(lambda: not receipts.is_in_trouble)
    running.cancel()

    assert printer.printed == [["two"]]


def test_without_a_printer_or_with_a_full_queue_nothing_is_kept() -> None:
    receipts = Receipts(NotingPrinter())
    taken = [receipts.put(["x"]) for _ in range(QUEUE_MAX + 1)]

    assert taken == [True] * QUEUE_MAX + [False]
    assert not Receipts(None).put(["x"])
    assert not Receipts(None).has_printer


async def test_cash_sales_and_closings_print_by_themselves_and_others_on_a_touch() -> None:
    printer, till = NotingPrinter(), await ShownTill(*ROWS).open()
    till.screen.receipts = Receipts(printer)
    running = asyncio.ensure_future(till.screen.receipts.run())
    transport = httpx2.ASGITransport(create_till_app(till.pages))
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=TOUCH) as client:
        till.desk.put("tea/1")
        look = till.desk.look()
        await client.post("/act/sell?lang=ru", json={"turn": look.stage.turn, "amount": 5_000, "payer": "cash"})
        await till.tap(ALIYA)
        sold = await till.sell()
        await client.post("/act/print?lang=ru", json={"sale": ",".join(sold)})
        await client.post("/act/close?lang=ru", json={})
        refused = await client.post("/act/print?lang=ru", json={"sale": ""})
        await until_async(lambda: len(printer.printed) >= 3)
    running.cancel()

    assert refused.json()["reason"] == "no_sale"
    assert any("Айгүл Сейітова" in line for line in printer.printed[2])
    assert [any(word in line for line in lines) for lines, word in zip(
        printer.printed, ("Наличными", "Бесплатно", "Итоги смены"), strict=False
    )] == [True, True, True]  # fmt: skip
