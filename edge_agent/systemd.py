"""Tells systemd that the agent is ready, alive and stopping, by datagrams to the socket that it names."""

import contextlib
import socket


class Notifier:
    """Speaks the protocol of sd_notify(3); what cannot be told is not worth stopping for."""

    def __init__(self, address: str) -> None:
        """`address` is a path, or begins with @ for a name without one; empty when nobody listens."""
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) if address else None

    def ready(self, status: str) -> None:
        self._tell("READY=1", f"STATUS={status}")

    def alive(self, status: str) -> None:
        self._tell("WATCHDOG=1", f"STATUS={status}")

    def stopping(self) -> None:
        self._tell("STOPPING=1")

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()

    def _tell(self, *lines: str) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.sendto("\n".join(lines).encode(), self._address)
