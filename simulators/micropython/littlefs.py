"""The file system of a simulated board: LittleFS in a file, as on an ESP32: a cut or a full board is as on one."""

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
