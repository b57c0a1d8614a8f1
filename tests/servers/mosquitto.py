"""A mosquitto broker for one run, with limits that drop nothing unless a test asks for other ones."""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.process import Server, answers, free_port, program

# Debian's defaults drop 86 % of a burst after PUBACK (measured); these do not.
OPEN = ("allow_anonymous true",)
LIMITLESS = ("max_inflight_messages 0", "max_queued_messages 0", "set_tcp_nodelay true", "persistence false")


@dataclass(frozen=True, slots=True)
class Mosquitto:
    """A running broker on a loopback port; `server` starts, kills and stops it."""

    server: Server
    port: int
    folder: Path


@contextmanager
def mosquitto(lines: Sequence[str] = OPEN, port: int | None = None) -> Iterator[Mosquitto]:
    """Serve a broker; `lines` are the listener's part of the configuration (access, TLS), after its `listener` line."""
    folder = Path(tempfile.mkdtemp(prefix="esik-mosquitto-"))
    chosen = free_port() if port is None else port
    user = ("user root",) if os.geteuid() == 0 else ()  # else it drops to a user that cannot read a test's keys
    configuration = folder / "mosquitto.conf"
    configuration.write_text("\n".join([*user, *LIMITLESS, f"listener {chosen} {_here()}", *lines, ""]))
    command = [str(program("mosquitto", "mosquitto")), "-c", str(configuration)]
    server = Server(command, folder / "log", lambda: answers(chosen))
    try:
        server.start()
        yield Mosquitto(server, chosen, folder)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _here() -> str:
    """Return localhost where all its addresses can be listened on: who knows the name alone comes by the first."""
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo("localhost", 0, type=socket.SOCK_STREAM):
            with socket.socket(family, kind, protocol) as probe:
                probe.bind(address)
    except OSError:
        return "127.0.0.1"
    return "localhost"
