"""Writes the tests of every fault into docs/reliability.md, from the tests that name the fault.

`python -m tests.faults.table` rewrites the last column; a test fails when it is not current.
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reliability.md"
NOT_YET = "not yet"
_TEST = re.compile(r"^(?:async )?def test_fault_(\d+(?:_and_\d+)*)_(\w+)", re.MULTILINE)
_ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \| .* \|$", re.MULTILINE)


def named_tests() -> dict[int, dict[str, list[str]]]:
    """Return the sentences of each fault's tests, by the file they stand in."""
    found: defaultdict[int, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for numbers, words in _TEST.findall(path.read_text()):
            for number in map(int, numbers.split("_and_")):
                found[number][str(path.relative_to(ROOT))].append(words.replace("_", " "))
    return {number: dict(files) for number, files in found.items()}


def written_into(page: str) -> str:
    """Return the page with the tests of today in its table."""
    known = named_tests()

    def row(match: re.Match[str]) -> str:
        number, fault, promise = match.groups()
        files = known.get(int(number), {})
        cells = [f"[{Path(file).stem}](../{file}): {'; '.join(words)}" for file, words in files.items()]
        return f"| {number} | {fault} | {promise} | {'<br>'.join(cells) or NOT_YET} |"

    return _ROW.sub(row, page)


def main() -> int:
    """Rewrite the page."""
    PAGE.write_text(written_into(PAGE.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
