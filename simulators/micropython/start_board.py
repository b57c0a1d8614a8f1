"""Starts a simulated board as a board starts: its file system is mounted, `/boot.py` runs, then `/main.py`.

`micropython start_board.py FOLDER BYTES [FROM]`: the board's folder (see `board`), whose file `files` holds a file
system of so many bytes. With a third word nothing is started: what stands in that folder of the PC is written onto the
board, as whoever flashes it does. The two files share their names, as on every board; what fails leaves the board at
its prompt, where only a timer or the power starts it again.
"""

import os
import sys
import time

import board  # noqa: F401  what stands for hardware is loaded while the PC's own files can be reached
import esp32  # noqa: F401
import littlefs
import machine
import network  # noqa: F401
import vfs

HARDWARE = "/hardware"
PC = "/pc"
PIECE = 1024


def mount(folder, size):
    """Mount what the board has, and its folder for what stands for its hardware."""
    littlefs.mount(folder + "/files", size)
    vfs.mount(vfs.VfsPosix(folder), HARDWARE)
    os.putenv("ESIK_BOARD", HARDWARE)


def copy(source, target):
    """Write a folder's files onto the board."""
    for name, kind, *_ in os.ilistdir(source):
        if kind == 0x4000:
            os.mkdir(target + name)
            copy(source + name + "/", target + name + "/")
            continue
        with open(source + name, "rb") as given, open(target + name, "wb") as made:
            while piece := given.read(PIECE):
                made.write(piece)


def run(path, names):
    """Run a file as the board does; tell whether it came to its end."""
    try:
        with open(path) as file:
            program = file.read()
        exec(compile(program, path, "exec"), names)  # noqa: S102
    except SystemExit:
        machine.reset()  # a soft one
    except Exception as error:  # noqa: BLE001  it is told, and the prompt is there
        sys.print_exception(error)
        return False
    return True


def main(folder, size, source=None):
    mount(folder, int(size))
    if source is not None:
        vfs.mount(vfs.VfsPosix(source), PC)
        copy(PC + "/", "/")
        return
    sys.path[:] = ["", ".frozen", "/lib"]
    names = {"__name__": "__main__"}
    if run("/boot.py", names):
        print("runs", sys.path[0])
        run("/main.py", names)
    print("prompt")
    while True:
        time.sleep(1)


main(*sys.argv[1:])
