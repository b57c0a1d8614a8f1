"""The Wi-Fi of a node: joined, and joined again when it is gone; asked without ever waiting."""

import asyncio

LOOK_S = 1.0
JOIN_S = 10  # looks between two attempts to join

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Station(Protocol):
        """`network.WLAN` as a station."""

        def active(self, wanted: bool) -> object: ...
        def connect(self, ssid: str, password: str | None) -> object: ...
        def isconnected(self) -> bool: ...
        def status(self, what: str) -> int: ...
        def ifconfig(self) -> tuple[str, str, str, str]: ...


class Wifi:
    """One access point. `station` is None on a node that has another network, which is taken to be there."""

    def __init__(self, station: "Station | None", ssid: str, password: str) -> None:
        self.joins = 0
        self._station = station
        self._ssid = ssid
        self._password = password

    def is_online(self) -> bool:
        """Tell whether there is a network."""
        return self._station is None or self._station.isconnected()

    def signal_dbm(self) -> "int | None":
        """Return how strongly the access point is heard, if that is known."""
        if self._station is None or not self._station.isconnected():
            return None
        try:
            return max(-150, min(0, self._station.status("rssi")))
        except (OSError, ValueError):
            return None

    def name_server(self) -> "str | None":
        """Return who tells addresses in this network, None when that is left to the machine."""
        if self._station is None or not self._station.isconnected():
            return None
        return self._station.ifconfig()[3]

    async def run(self) -> None:
        """Keep the node in its Wi-Fi, for ever."""
        looks = JOIN_S
        while True:
            if self.is_online():
                looks = JOIN_S  # once it is gone, join at once
            elif looks >= JOIN_S:
                looks = 0
                self._join()
            looks += 1
            await asyncio.sleep(LOOK_S)

    def _join(self) -> None:
        if self._station is None:
            return
        self.joins += 1
        try:
            self._station.active(True)
            self._station.connect(self._ssid, self._password or None)
        except OSError:  # it is joining already, or its driver is not ready: the next attempt finds out
            return
