"""What runs inside the MicroPython VM of a simulated board: its file system, and programs that come one by one.

It is started as `micropython raw_repl_vm.py IMAGE BYTES PLATFORM MACHINE VERSION PARTITION ...`. The file system is
LittleFS in a file, as on an ESP32, so that a cut or a full board is as on one. Programs come on standard input, each as
a line with its length and its bytes; each is answered as the raw REPL does, by what it printed, 04, what went wrong,
and 04.
"""

import io
import sys

from littlefs import mount


class Implementation:
    """What sys.implementation says on a board of this kind."""

    def __init__(self, machine, version):
        self.name = "micropython"
        self.version = tuple(map(int, version.split("."))) if version else real.implementation.version
        self._machine = machine
        self._mpy = real.implementation._mpy  # noqa: SLF001 # a number that programs ask for


class Sys:
    """The module sys as the board has it."""

    def __init__(self, platform, machine, version):
        self.platform = platform
        self.implementation = Implementation(machine, version)
        for name in dir(real):
            if not hasattr(self, name):
                setattr(self, name, getattr(real, name))


class Reset(BaseException):
    """The board is reset: the VM ends, and the simulated board starts anew."""


class ToLoader(Reset):
    """The board is reset, and waits for a download."""


class Machine:
    """What programs that copy files ask of the module machine."""

    def reset(self):
        raise Reset

    def bootloader(self, *_):
        raise ToLoader


class Partition:
    """A data partition of the board's flash."""

    TYPE_DATA = 1
    labels = ()

    def __init__(self, label):
        self._label = label

    @classmethod
    def find(cls, *_):
        return [cls(label) for label in cls.labels]

    def info(self):
        return (1, 0x40, 0, 0, self._label, False)


class Esp32:
    """The module esp32."""

    Partition = Partition


def run(program, names):
    """Run a program; return what went wrong, as MicroPython tells it."""
    try:
        exec(compile(program, "<stdin>", "exec"), names)  # noqa: S102 # it is a prompt
    except (Exception, KeyboardInterrupt, SystemExit) as error:  # noqa: BLE001 # all are told
        told = io.StringIO()
        real.print_exception(error, told)
        return told.getvalue()
    return ""


def main(path, size, platform, machine, version, *labels):
    mount(path, int(size))
    real.path[:] = ["", ".frozen", "/lib"]
    real.modules["sys"] = Sys(platform, machine, version)
    real.modules["machine"] = Machine()
    if platform == "esp32":
        Partition.labels = labels
        real.modules["esp32"] = Esp32()
    names = {"__name__": "__main__"}
    asked, answered = real.stdin.buffer, real.stdout.buffer
    while True:
        try:
            line = asked.readline()
            if not line:
                return
            trouble = run(asked.read(int(line)), names)
            answered.write(b"\x04" + trouble.encode() + b"\x04")
        except KeyboardInterrupt:
            pass  # nothing was running
        except ToLoader:
            real.exit(3)
        except Reset:
            return


real = sys
main(*sys.argv[1:])
