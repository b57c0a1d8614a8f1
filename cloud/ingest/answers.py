"""Answers to devices: collected while a window is judged, one an epoch, and sealed at its end."""

from collections.abc import Callable, Sequence

import msgspec

from cloud.ingest.messages import Greeted, Refused, Sender
from cloud.ingest.plan import Reply
from cloud.ingest.state import Key, Mark
from schemas.seal import seal
from schemas.structs import Ack, Nack, Welcome, WelcomeMark

RETRY_MS = {"device_revoked": 3_600_000, "wrong_school": 600_000, "seal": 60_000, "busy": 2_000, "malformed": 1_000}
_encode = msgspec.json.encode
_Waiting = dict[tuple[str, Key], Sender]


class Answers:
    """What this window's devices are told. Acks and watermarks of one epoch are told once, as they stand at its end."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms
        self._committed: _Waiting = {}
        self._out_of_order: _Waiting = {}
        self._chain_broken: _Waiting = {}
        self._refused: dict[tuple[str, str, str | None], Reply] = {}
        self._sealed: list[Reply] = []

    def committed(self, sender: Sender, answers: str, key: Key) -> None:
        """Acknowledge an epoch, up to where it stands when the window is judged."""
        self._committed[answers, key] = sender

    def kept(self, sender: Sender, answers: str, key: Key, upto: int, digest: bytes) -> None:
        """Acknowledge what went into quarantine, in the words of the chain it came with."""
        frame = Ack(epoch=key[1], upto=upto, digest=digest.hex())
        self._sealed.append(_reply(sender, answers, frame))

    def out_of_order(self, sender: Sender, answers: str, key: Key) -> None:
        """Tell a device where to begin again."""
        self._out_of_order[answers, key] = sender

    def chain_broken(self, sender: Sender, answers: str, key: Key) -> None:
        """Tell a device that its chain does not continue ours."""
        self._chain_broken[answers, key] = sender

    def welcome(self, greeted: Greeted, marks: Sequence[WelcomeMark], roster: int) -> None:
        """Answer a hello with what is committed before this window's records."""
        frame = Welcome(nonce=greeted.hello.nonce, marks=list(marks), wall_ms=self._now_ms, roster=roster)
        self._sealed.append(_reply(greeted.sender, greeted.answers, frame))

    def refused(self, refused: Refused) -> None:
        """Say why a message was not taken; once a window for each kind of trouble."""
        assert refused.sender is not None, "without a key no answer can be sealed"  # noqa: S101
        frame = Nack(code=refused.code, retry_after_ms=RETRY_MS.get(refused.code, 0), epoch=refused.epoch)
        where = (refused.answers, refused.code, refused.epoch)
        self._refused[where] = _reply(refused.sender, refused.answers, frame)

    def sealed(self, mark_of: Callable[[Key], Mark]) -> list[Reply]:
        """Return the sealed answers; `mark_of` gives the marks as the plan leaves them."""
        replies = self._sealed
        for (answers, key), sender in self._committed.items():
            mark = mark_of(key)
            replies.append(_reply(sender, answers, Ack(epoch=key[1], upto=mark.upto, digest=mark.digest.hex())))
        for code, waiting in (("out_of_order", self._out_of_order), ("chain_broken", self._chain_broken)):
            for (answers, key), sender in waiting.items():
                replies.append(_reply(sender, answers, _told_mark(code, key, mark_of(key))))
        return replies + list(self._refused.values())


def _told_mark(code: str, key: Key, mark: Mark) -> Nack:
    wait_ms = RETRY_MS["malformed"] if code == "chain_broken" else 0
    broken = code == "chain_broken"
    return Nack(
        code="chain_broken" if broken else "out_of_order",
        retry_after_ms=wait_ms,
        epoch=key[1],
        upto=mark.upto,
        digest=mark.digest.hex(),
    )


def _reply(sender: Sender, answers: str, frame: Ack | Nack | Welcome) -> Reply:
    return Reply(answers, seal(sender.downlink_key, _encode(frame)))
