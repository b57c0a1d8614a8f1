"""What a session wants done: its outputs, for whoever drives it (transport, simulated world, load generator)."""

from dataclasses import dataclass

from schemas.structs import Cmd


@dataclass(frozen=True, slots=True)
class Publish:
    """Send `payload` on `topic` over the present connection; whether the broker acknowledges it means nothing."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Read:
    """Read up to `limit` entries of `epoch` after `after_seq`, and answer with `Session.read`."""

    epoch: str
    after_seq: int
    limit: int


@dataclass(frozen=True, slots=True)
class Trim:
    """Forget the records of `epoch` up to `upto` if `digest` fits the chain there; answer with `Session.trimmed`.

    `digest` is None when the cloud has more of a closed epoch than this journal: forget all of it.
    """

    epoch: str
    upto: int
    digest: bytes | None


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Give this connection up; `reason` is for logs and metrics."""

    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """Write an alarm record with this reason (of schemas' alarm) and detail."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class LearnTime:
    """The cloud's wall time was `wall_ms` when ours was `monotonic_ms`, give or take `error_ms`."""

    wall_ms: int
    monotonic_ms: int
    error_ms: int


@dataclass(frozen=True, slots=True)
class FetchRoster:
    """The cloud has a newer roster: this version."""

    version: int


@dataclass(frozen=True, slots=True)
class Obey:
    """Store the command's counter, then do what it says."""

    cmd: Cmd


@dataclass(frozen=True, slots=True)
class Hear:
    """The cloud has news of this kind, other than a roster."""

    what: str


Action = Publish | Read | Trim | Disconnect | Report | LearnTime | FetchRoster | Obey | Hear
