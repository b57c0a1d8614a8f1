"""`python -m hardware [folder]` writes the printed guide."""

import argparse
import sys
from pathlib import Path

from hardware.builds import load_all
from hardware.guide import Texts, write

DEFAULT = Path("build/guide")


def main(words: list[str]) -> int:
    """Write the guide and say where it is."""
    parser = argparse.ArgumentParser(prog="python -m hardware", description="Write the printed guide as HTML and PDF.")
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT, help=f"where to (default: {DEFAULT})")
    for path in write(load_all(), Texts.load(), parser.parse_args(words).folder):
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
