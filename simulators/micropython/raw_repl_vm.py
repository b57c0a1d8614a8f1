"""What runs inside the MicroPython VM of a simulated board: its file system, and programs that come one by one.

It is started as `micropython raw_repl_vm.py IMAGE BYTES PLATFORM MACHINE VERSION PARTITION ...`. The file system is
LittleFS in a file, as on an ESP32, so that a cut or a full board is as on one. Programs come on standard input, each as
a line with its length and its bytes; each is answered as the raw REPL does, by what it printed, 04, what went wrong,
and 04.
"""

import io
import sys

import vfs

SECTOR = 4096


class Flash:
    """A block device over a file, for LittleFS."""

    def __init__(self, path, size):
        self._file = open(path, "r+b")
        self._count = size // SECTOR

    def readblocks(self, number, buffer, offset=0):
        self._file.seek(number * SECTOR + offset)
        self._file.readinto(buffer)

    def writeblocks(self, number, buffer, offset=None):
        self._file.seek(number * SECTOR + (offset or 0))
        self._file.write(buffer)
        self._file.flush()

    def ioctl(self, operation, _):
        return {4: self._count, 5: SECTOR}.get(operation, 0)


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


def mount(path, size):
    """Put the board's file system in place of the machine's own."""
    flash = Flash(path, size)
    try:
        system = vfs.VfsLfs2(flash)
    except OSError:
        vfs.VfsLfs2.mkfs(flash)
        system = vfs.VfsLfs2(flash)
    vfs.umount("/")
    vfs.mount(system, "/")


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
