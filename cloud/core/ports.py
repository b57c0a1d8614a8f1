"""Places to listen at; one that another program has is told in a line, with the setting that names another."""

import socket

from cloud.core.errors import Refused
from cloud.core.messages import message
from cloud.core.settings import variable

BACKLOG = 1024


class PortTaken(Refused):
    """A part of the service cannot listen where it should."""

    code = "port_taken"

    def __init__(self, host: str, port: int, setting: str) -> None:
        super().__init__(
            message(
                "Another program listens on {host}:{port} already. Set {setting} to a free port.",
                host=host, port=port, setting=variable(setting),
            )
        )  # fmt: skip


def listen(host: str, port: int, setting: str) -> socket.socket:
    """Return a socket that listens there; `setting` is the one that names the port. Raises PortTaken.

    It says that it is TCP: asyncio sends at once, by TCP_NODELAY, on such sockets only, and an answer of two writes
    would wait 40 ms for the acknowledgement of the first.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, protocol)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise PortTaken(host, port, setting) from None
    return listening
