"""The card at a reader head, as whoever lets it prove itself asks it: from a thread, over the head's line."""

import asyncio
from collections.abc import Callable, Coroutine

from edge_agent.readers.chip import CardGone, ChipTrouble
from schemas import head

ANSWER_S = 2.0
Carry = Callable[[bytes], Coroutine[None, None, head.ApduAnswer]]


class HeadCard:
    """A Conversing chip for one tap. `carry` brings an APDU to the card, in the loop; it raises CardGone."""

    def __init__(self, uid: bytes, carry: Carry, loop: asyncio.AbstractEventLoop) -> None:
        self._uid = uid
        self._carry = carry
        self._loop = loop

    def sense(self) -> bytes | None:
        return self._uid

    def hold(self) -> bytes | None:
        told = self._ask(b"")
        return None if told.status == head.NO_APDUS else self._believed(told)

    def exchange(self, apdu: bytes) -> bytes:
        return self._believed(self._ask(apdu))

    def release(self) -> None:
        """Leave it to the answer that the head gets for the tap."""

    def close(self) -> None:
        """Close nothing: the line is the reader's."""

    def _ask(self, apdu: bytes) -> head.ApduAnswer:
        return asyncio.run_coroutine_threadsafe(self._carry(apdu), self._loop).result(ANSWER_S)

    @staticmethod
    def _believed(told: head.ApduAnswer) -> bytes:
        match told.status:
            case head.OK:
                return told.answer
            case head.CHIP_TROUBLE:
                raise ChipTrouble("the head's card reader failed in the middle")
            case _:
                raise CardGone("the card left the head's reader")
