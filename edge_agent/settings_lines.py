"""Finds the line on which each key of a TOML file stands, which tomllib does not tell.

Rule: the text is one that tomllib has taken; what this scanner does not know it passes over, and never fails on.
"""

from collections import Counter

Place = tuple[str | int, ...]
_SPACE = " \t"
_BLANK = " \t\r\n"
_QUOTES = ('"""', "'''", '"', "'")


def lines_of(text: str) -> dict[Place, int]:
    """Return the line, counted from 1, of each key and each member of an array by its place from the root."""
    return _Scanner(text).scan()


def line_of(lines: dict[Place, int], place: Place) -> int:
    """Return the line of a place, or of what is nearest above it; 1 when nothing is."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


class _Scanner:
    """One walk over the text; `_at` is where it stands."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._lines: dict[Place, int] = {}
        self._tables: Counter[Place] = Counter()  # how many [[tables]] a name has so far

    def scan(self) -> dict[Place, int]:
        table: Place = ()
        while self._skip(_BLANK):
            if self._next() == "[":
                table = self._header()
            else:
                self._pair(table)
        return self._lines

    def _header(self) -> Place:
        line, start = self._line(), self._at
        is_array = self._text.startswith("[[", start)
        self._at += 2 if is_array else 1
        names = self._names("]")
        self._at += 2 if is_array else 1
        table = self._resolved(names[:-1])
        last = (*table, *names[-1:])
        self._lines.setdefault(last, line)
        if is_array:
            self._tables[last] += 1
        resolved = self._resolved(names)
        self._lines[resolved] = line
        return resolved

    def _resolved(self, names: Place) -> Place:
        """Return the place a header's names mean: of an array of tables, the newest one."""
        place: Place = ()
        for name in names:
            place = (*place, name)
            if self._tables[place]:
                place = (*place, self._tables[place] - 1)
        return place

    def _pair(self, table: Place) -> None:
        line, start = self._line(), self._at
        names = self._names("=")
        place = table
        for name in names:
            place = (*place, name)
            self._lines.setdefault(place, line)
        self._at += 1
        self._value(place)
        self._at = max(self._at, start + 1)

    def _names(self, end: str) -> Place:
        """Read a key, dotted or quoted, up to the character that ends it."""
        names: list[str] = []
        while self._skip(_SPACE + ".") and self._next() != end and self._next() not in "\r\n":
            if self._next() in "\"'":
                names.append(self._string())
            else:
                names.append(self._bare(_BLANK + "." + end + "\"'"))
        return tuple(names)

    def _value(self, place: Place) -> None:
        self._skip(_SPACE)
        match self._next():
            case "[":
                self._array(place)
            case "{":
                self._inline_table(place)
            case '"' | "'":
                self._string()
            case _:
                self._bare(",]}#\r\n")

    def _array(self, place: Place) -> None:
        self._at += 1
        index = 0
        while self._skip(_BLANK + ",") and self._next() != "]":
            self._lines[*place, index] = self._line()
            self._value((*place, index))
            index += 1
        self._at += 1

    def _inline_table(self, place: Place) -> None:
        self._at += 1
        while self._skip(_BLANK + ",") and self._next() != "}":
            self._pair(place)
        self._at += 1

    def _string(self) -> str:
        """Pass over a string and return what stands between its quotes, escapes as they are written."""
        quote = next(quote for quote in _QUOTES if self._text.startswith(quote, self._at))
        start = self._at = self._at + len(quote)
        while self._next() and not self._text.startswith(quote, self._at):
            self._at += 2 if self._next() == "\\" and quote[0] == '"' else 1
        text = self._text[start : self._at]
        self._at += len(quote)
        while self._next() == quote[0] and len(quote) == 3:  # A multi-line string may end with quotes of its own.
            self._at += 1
        return text

    def _bare(self, ends: str) -> str:
        start = self._at
        while self._next() and self._next() not in ends:
            self._at += 1
        return self._text[start : self._at]

    def _skip(self, characters: str) -> bool:
        """Pass over characters, and comments where line feeds are among them; tell whether any text is left."""
        while self._next():
            if self._next() == "#" and "\n" in characters:
                self._bare("\n")
            elif self._next() in characters:
                self._at += 1
            else:
                return True
        return False

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _line(self) -> int:
        return self._text.count("\n", 0, self._at) + 1
