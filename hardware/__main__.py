"""`python -m hardware [folder]` writes the printed guide."""

import sys
from pathlib import Path

from hardware.builds import load_all
from hardware.guide import Texts, write

DEFAULT = Path("build/guide")


def main(words: list[str]) -> int:
    """Write the guide and say where it is."""
    for path in write(load_all(), Texts.load(), Path(words[0]) if words else DEFAULT):
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
