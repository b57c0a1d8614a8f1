"""A reader that is on the wall already: OSDP v2 with a secure channel, over RS-485.

A card is taken only from a reader that has proved its key: a reader that was put in its place is not listened to.
"""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import osdp
import structlog
from typing_extensions import override

from edge_agent.clock import Clock
from edge_agent.readers.credentials import ByteOrder
from edge_agent.readers.osdp_card import CardBits, credential
from edge_agent.readers.osdp_key import KeyRefused, known_keys
from edge_agent.readers.osdp_line import CardRead, Condition, Done, Key, Lost, News, Order, OsdpLine, Place, Proven
from edge_agent.readers.supervised import DeviceLost, SupervisedReader
from edge_agent.readers.tap import Medium, Tap, Verdict

NEWS_MAX = 64
REPEAT_MS = 1_000  # readers send a card that stays again and again; what comes sooner is the same tap
_TENTHS = 10  # how long a light shows, in tenths of a second
_Color = osdp.CommandLEDColor
_LIGHTS = {
    Verdict.GRANTED: _Color.Green,
    Verdict.UNKNOWN: _Color.Red,
    Verdict.REFUSED: _Color.Red,
    Verdict.REPEAT: _Color.Amber,
}
_BEEPS = {Verdict.GRANTED: (1, 1), Verdict.UNKNOWN: (3, 2), Verdict.REFUSED: (3, 2)}  # tenths of a second, how often
log = structlog.get_logger()


class OsdpReader(SupervisedReader):
    """Yields the cards that a reader reads, and shows by its light and sound what became of them."""

    def __init__(
        self,
        name: str,
        place: Place,
        key_file: Path,
        clock: Clock,
        *,
        bits: CardBits = CardBits.WHOLE,
        byte_order: ByteOrder = ByteOrder.CARD,
    ) -> None:
        super().__init__(name, place.path, clock)
        self._place = place
        self._key_file = key_file
        self._bits = bits
        self._byte_order = byte_order
        self._line: OsdpLine | None = None
        self._attempts = 0
        self._seen: tuple[bytes, int] = (b"", 0)  # the card that was read last, and when
        self._condition = Condition(is_open=False, is_powerless=False)
        self._warnings: list[str] = []

    @override
    async def _session(self) -> AsyncGenerator[Tap, None]:
        coming: asyncio.Queue[News] = asyncio.Queue(NEWS_MAX)
        self._line = self._open(coming)
        try:
            while True:
                match await coming.get():
                    case Proven():
                        self._attempts = 0
                        self._found()
                    case CardRead(bits=bits, content=content):
                        if tap := self._read(bits, content):
                            yield tap
                    case Condition() as condition:
                        self._note(condition)
                    case Lost(reason=reason):
                        raise DeviceLost(reason)
                    case Done():
                        pass
        finally:
            line, self._line = self._line, None
            await asyncio.to_thread(line.close)

    def answer(self, tap: Tap, verdict: Verdict) -> None:
        """Show at the reader what was decided."""
        if self._line is None or tap.reader != self._name:
            return
        self._line.order(light(_LIGHTS[verdict]))
        if verdict in _BEEPS:
            self._line.order(sound(*_BEEPS[verdict]))

    def take_warnings(self) -> list[str]:
        """Return what is wrong with the reader itself since the last call: its housing, its power."""
        warnings, self._warnings = self._warnings, []
        return warnings

    def _open(self, coming: "asyncio.Queue[News]") -> OsdpLine:
        """Open the line with the key that is due: of two, while one is being changed, each in its turn."""
        loop = asyncio.get_running_loop()

        def put(news: News) -> None:
            if coming.full():
                coming.get_nowait()  # the oldest: who stands there now matters, and the line's end above all
            coming.put_nowait(news)

        def hear(news: News) -> None:
            loop.call_soon_threadsafe(put, news)

        try:
            keys = known_keys(self._key_file)
        except KeyRefused as refused:
            raise DeviceLost(str(refused)) from None
        key = keys[self._attempts % len(keys)]
        self._attempts += 1
        return OsdpLine(self._place, key, self._clock, hear, Key.PROVEN)

    def _read(self, bits: int, content: bytes) -> Tap | None:
        uid = credential(bits, content, self._bits)
        if uid is None:
            log.warning("osdp.bits", reader=self._name, bits=bits)  # how many, never which
            self._refuse()
            return None
        uid = uid[::-1] if self._byte_order is ByteOrder.REVERSED else uid
        now_ms = self._clock.monotonic_ms()
        (last, at_ms), self._seen = self._seen, (uid, now_ms)
        return None if uid == last and now_ms - at_ms < REPEAT_MS else self._tap(uid, Medium.UID)

    def _note(self, condition: Condition) -> None:
        before, self._condition = self._condition, condition
        if condition.is_open and not before.is_open:
            self._warnings.append(f"{self._name}: housing opened")
        if condition.is_powerless and not before.is_powerless:
            self._warnings.append(f"{self._name}: power fails")
        if condition != before:
            log.warning(
                "osdp.condition", reader=self._name, is_open=condition.is_open, is_powerless=condition.is_powerless
            )


def light(color: int) -> Order:
    """Return the order to show a colour for a second."""
    return {
        "command": osdp.Command.LED, "reader": 0, "led_number": 0, "temporary": True, "control_code": 2,
        "on_count": _TENTHS, "off_count": 0, "on_color": color, "off_color": _Color.Black, "timer_count": _TENTHS,
    }  # fmt: skip


def sound(tenths: int, times: int) -> Order:
    """Return the order to beep."""
    return {
        "command": osdp.Command.Buzzer, "reader": 0, "control_code": 2,
        "on_count": tenths, "off_count": 1, "rep_count": times,
    }  # fmt: skip
