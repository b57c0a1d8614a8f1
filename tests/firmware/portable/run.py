"""Runs test files on the MicroPython VM: each function whose name begins with test_, by itself, and tells its name."""

import sys


def main(folder: str, names: "list[str]") -> None:
    """Run the files of a folder; an assertion that fails ends the program with its place."""
    sys.path.insert(0, folder)
    for name in names:
        module = __import__(name)
        for test in sorted(dir(module)):
            if test.startswith("test_"):
                getattr(module, test)()
                print(name + "." + test)


if len(sys.argv) > 2:  # on the WebAssembly port somebody calls main
    main(sys.argv[1], sys.argv[2:])
