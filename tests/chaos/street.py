"""What people see in chaos: a street of them showing cards at every reader, and gates that open or do not."""

import socketserver
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from random import Random
from typing import Self

from typing_extensions import override

from tests.edge_agent.school_kit import AgentKit, uid_of

PEOPLE = 60
PAUSE_S = 0.1  # between two taps of the whole street, on the average
CONTACT_S = 0.05
_never = threading.Event()


class Gate(socketserver.ThreadingTCPServer):
    """A turnstile that people go through at once; it counts how often it was opened, as they see it."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Wires)
        self.opened = 0
        threading.Thread(target=self.serve_forever, name="gate", daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class _Wires(socketserver.StreamRequestHandler):
    server: Gate

    @override
    def handle(self) -> None:
        with suppress(OSError):
            for line in self.rfile:
                relay, name, state = line.split()
                if (relay, state) == (b"relay", b"on") and name != b"red":
                    self.server.opened += 1
                    self._pass(name)

    def _pass(self, name: bytes) -> None:
        """Let the contact close for as long as it takes to be believed."""
        for state in (b"closed", b"open"):
            self.wfile.write(b"contact " + name + b" " + state + b"\n")
            _never.wait(CONTACT_S)


class Street:
    """Shows cards at random readers until the block is left; a reader whose agent is dead does not beep."""

    def __init__(self, agents: Sequence[AgentKit], seed: int) -> None:
        self.shown: Counter[str] = Counter()
        self._agents = agents
        self._rng = Random(seed)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._walk, name="street", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _walk(self) -> None:
        while not self._over.wait(self._rng.expovariate(1 / PAUSE_S)):
            agent = self._rng.choice(self._agents)
            reader = f"{self._rng.choice(agent.gates)}-{self._rng.choice(('in', 'out'))}"
            with suppress(OSError):
                agent.tap(reader, uid_of(self._rng.randrange(PEOPLE)))
                self.shown[agent.folder.name] += 1
