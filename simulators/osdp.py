"""A reader on the wall, on a pseudo-terminal: the peripheral side is libosdp's own, the line and the hand ours."""

import asyncio
import os
import tty
from pathlib import Path
from typing import Any

import osdp
import osdp_sys

COMMANDS = "card BITS HEX, tamper on|off, power on|off, plug, unplug, status"
_REFRESH_S = 0.01
_KINDS = {osdp.Command.LED: "led", osdp.Command.Buzzer: "buzzer", osdp.Command.Keyset: "key"}
_COLORS = {0: "black", 1: "red", 2: "green", 3: "amber"}
_SHOWN_MAX = 20
_CAPABILITIES = [
    (osdp.Capability.LEDControl, 1, 1),
    (osdp.Capability.AudibleControl, 1, 1),
    (osdp.Capability.ContactStatusMonitoring, 1, 1),
]


class OsdpPeripheral:
    """A reader with an address; without a key it is in installation mode. Belongs to the running event loop.

    The key that it is given is kept in `key_file`, as a reader keeps it over a power cut. `link` is kept as a symbolic
    link to the pseudo-terminal while the cable is in.
    """

    def __init__(self, address: int, key_file: Path, link: Path | None = None) -> None:
        self.shown: list[str] = []  # what it was ordered to show
        self._address = address
        self._key_file = key_file
        self._link = link
        self._condition = [0, 0]
        self._wire: _Wire | None = None
        self._peripheral: osdp_sys.PeripheralDevice | None = None
        self._timer: asyncio.TimerHandle | None = None

    def plug(self) -> str:
        """Put the cable in, unless it is; return the pseudo-terminal's path."""
        if self._wire is None:
            self._wire = _Wire()
            if self._link is not None:
                self._link.unlink(missing_ok=True)
                self._link.symlink_to(self._wire.path)
            self._peripheral = self._start(self._wire)
            self._refresh()
        return self._wire.path

    def unplug(self) -> None:
        """Pull the cable."""
        if self._wire is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._peripheral = None
        self._wire.close()
        self._wire = None
        if self._link is not None:
            self._link.unlink(missing_ok=True)

    def obey(self, line: str) -> str:
        """Do what a command line says; return the answer."""
        match line.split():
            case ["card", bits, content] if bits.isdigit():
                self._submit(event=osdp.Event.CardRead, reader_no=0, direction=0, format=osdp.CardFormat.Wiegand,
                             length=int(bits), data=bytes.fromhex(content))  # fmt: skip
            case [("tamper" | "power") as what, ("on" | "off") as word]:
                self._condition[what == "power"] = int(word == "on")
                self._submit(
                    event=osdp.Event.Status, type=osdp.StatusReportType.Local, report=bytes(self._condition)
                )  # fmt: skip
            case ["plug"]:
                self.plug()
            case ["unplug"]:
                self.unplug()
            case ["status"]:
                pass
            case words:
                return f"not understood: {' '.join(words)[:40]!r}; commands: {COMMANDS}"
        is_secure = self._peripheral is not None and bool(self._peripheral.is_sc_active())
        return f"{self._wire.path if self._wire else 'unplugged'} secure={is_secure} shown={','.join(self.shown)}"

    def _start(self, wire: "_Wire") -> "osdp_sys.PeripheralDevice":
        osdp_sys.set_loglevel(osdp.LogLevel.Emergency)
        key = bytes.fromhex(self._key_file.read_text()) if self._key_file.exists() else None
        flags = [osdp.LibFlag.EnforceSecure] if key else [osdp.LibFlag.InstallMode]
        identity = osdp.PdId(1, 1, 0x00E51C, 1, 1)
        told = osdp.PDInfo(self._address, wire, scbk=key, flags=flags, id=identity)
        peripheral = osdp_sys.PeripheralDevice(told.get(), capabilities=osdp.PDCapabilities(_CAPABILITIES).get())
        peripheral.set_command_callback(self._take)
        return peripheral

    def _submit(self, **event: object) -> None:
        if self._peripheral is not None:
            self._peripheral.submit_event(event)

    def _take(self, command: dict[str, Any]) -> tuple[int, None]:
        kind = _KINDS.get(command["command"], "other")
        if kind == "key":
            self._key_file.write_text(command["data"].hex())
        shown = f"{kind}:{_COLORS.get(command['on_color'], '?')}" if kind == "led" else kind
        self.shown = [*self.shown, shown][-_SHOWN_MAX:]
        return 0, None

    def _refresh(self) -> None:
        if self._peripheral is not None:
            self._peripheral.refresh()
            self._timer = asyncio.get_running_loop().call_later(_REFRESH_S, self._refresh)


class _Wire(osdp.Channel):  # type: ignore[misc] # libosdp has no types
    """A pseudo-terminal, both ends held, so that the simulator's own does not fail while no host has it."""

    def __init__(self) -> None:
        super().__init__()
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)

    def read(self, max_bytes: int) -> bytes:
        """Return what has come."""
        try:
            return os.read(self._master, max_bytes)
        except OSError:
            return b""

    def write(self, buf: bytes) -> int:
        """Send; return how much went."""
        try:
            return os.write(self._master, bytes(buf))
        except OSError:
            return 0

    def flush(self) -> None:
        """Have nothing to forget."""

    def close(self) -> None:
        os.close(self._master)
        os.close(self._slave)
