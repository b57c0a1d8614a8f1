"""What a session tells of itself, for metrics and the status page: where it stands, and what it counted."""

from dataclasses import dataclass, fields
from enum import Enum


class Phase(Enum):
    """Where a session stands."""

    OFFLINE = "offline"
    GREETING = "greeting"
    FLOWING = "flowing"
    REFUSED = "refused"


@dataclass(slots=True)
class Counters:
    """Totals since the agent started; each is a metric `esik_sync_<name>_total`."""

    connections: int = 0
    hellos: int = 0
    welcomes: int = 0
    batches_sent: int = 0
    records_sent: int = 0
    records_resent: int = 0
    gaps_sent: int = 0
    acks_accepted: int = 0
    acks_old: int = 0
    acks_forged: int = 0
    acks_foreign: int = 0
    acks_ahead: int = 0
    acks_mismatched: int = 0
    welcomes_stale: int = 0
    nacks: int = 0
    timeouts: int = 0
    rollbacks: int = 0
    epochs_stuck: int = 0
    messages_refused: int = 0
    commands_refused: int = 0

    def named(self) -> dict[str, int]:
        """Return every counter by its name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}
