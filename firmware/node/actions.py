"""What a node's session wants done: tuples that begin with one of these words; and what it counts."""

PUBLISH = "publish"  # a Message
DISCONNECT = "disconnect"  # why
REPORT = "report"  # an alarm's reason, its detail
LEARN_TIME = "learn_time"  # wall_ms, monotonic_ms
FETCH_ROSTER = "fetch_roster"  # its version
OBEY = "obey"  # a Command; its counter has to be stored first
HEAR = "hear"  # what is new, other than a roster
NEW_EPOCH = "new_epoch"  # somebody else writes under this epoch: begin another, and tell this alarm there


class Command:
    """What a person at the school's desk wants done at once."""

    def __init__(self, id: str, counter: int, action: str, gate: "str | None") -> None:  # noqa: A002
        self.id = id
        self.counter = counter
        self.action = action
        self.gate = gate


class Counters:
    """What was counted since the start, for a person who looks for trouble."""

    def __init__(self) -> None:
        self.hellos = self.welcomes = self.batches = self.gaps = self.acks = self.nacks = self.timeouts = 0
        self.refused = 0  # messages whose seal, shape, nonce, bound or digest did not fit
        self.rollbacks = self.stuck = self.commands_refused = 0
