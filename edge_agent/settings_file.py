"""Reads a TOML file into frozen dataclasses, and names every mistake in it with its line.

Rule: the dataclasses say everything: a field's type, its limits and its description (`msgspec.Meta`), and its default;
a table whose fields depend on its `kind` is a union of dataclasses, each with `kind: Literal[...]`. A dataclass that
raises ValueError when it is made refuses its table; a `field` on the error says which setting it is about.
"""

import difflib
import json
import tomllib
import types
from collections.abc import Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from msgspec import Meta

from edge_agent.settings_lines import Place, line_of, lines_of

FILE_BYTES_MAX = 256 * 1024
T = TypeVar("T")


class SettingsRefused(ValueError):
    """The settings cannot be used; `mistakes` are sentences, each with file and line."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong at a place; the text goes on from the setting's name."""

    place: Place
    text: str


class TomlFile:
    """One file: its content, its lines, and the mistakes found so far."""

    def __init__(self, path: Path) -> None:
        """Read and parse. Raises SettingsRefused."""
        self.path = path
        self.mistakes: list[Mistake] = []
        text = _text_of(path)
        try:
            self._root = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise SettingsRefused([_syntax(path, str(error))]) from error
        self._lines = lines_of(text)

    def read(self, kind: type[T]) -> T | None:
        """Return the whole file as this dataclass, or None after noting what is wrong."""
        made = self._table(kind, self._root, ())
        return made if isinstance(made, kind) else None

    def note(self, place: Place, text: str) -> None:
        """Note a mistake at a place."""
        self.mistakes.append(Mistake(place, text))

    def refuse(self) -> None:
        """Raise SettingsRefused if anything was noted, in the order of lines."""
        if self.mistakes:
            placed = sorted((line_of(self._lines, mistake.place), mistake) for mistake in self._unique())
            raise SettingsRefused([f"{self.path.name}, line {line}: {_told(mistake)}" for line, mistake in placed])

    def _unique(self) -> Sequence["_Sortable"]:
        return [_Sortable(mistake.place, mistake.text) for mistake in dict.fromkeys(self.mistakes)]

    # Tables

    def _table(self, kind: Any, value: object, place: Place) -> object:
        if not isinstance(value, dict):
            self.note(place, f"must be a table, not {_shown(value)}")
            return None
        hints = get_type_hints(kind, include_extras=True)
        self._note_unknown(value, list(hints), place)
        made: dict[str, object] = {}
        before = len(self.mistakes)
        for field in fields(kind):
            if field.name in value:
                made[field.name] = self._value(hints[field.name], value[field.name], (*place, field.name))
            elif not _has_default(field):
                self.note(place, f"needs {field.name}: {_description(hints[field.name])}")
        return self._made(kind, made, place) if len(self.mistakes) == before else None

    def _made(self, kind: Any, values: dict[str, object], place: Place) -> object:
        try:
            return kind(**values)
        except ValueError as error:
            field = getattr(error, "field", None)
            said = str(getattr(error, "reason", error))
            self.note((*place, field) if field else place, f"cannot be used: {said}")
            return None

    def _note_unknown(self, value: dict[str, object], known: Sequence[str], place: Place) -> None:
        for name in value:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint = f"did you mean {near[0]}?" if near else "known here: " + ", ".join(known)
                self.note((*place, name), f"is not a setting; {hint}")

    def _tagged(self, kinds: Sequence[Any], value: object, place: Place) -> object:
        """Read a table as the dataclass its `kind` names."""
        by_name = {get_args(_bare(get_type_hints(kind, include_extras=True)["kind"])[0])[0]: kind for kind in kinds}
        names = _or(by_name)
        if not isinstance(value, dict):
            self.note(place, f"must be a table with kind = {names}, not {_shown(value)}")
            return None
        if "kind" not in value:
            self.note(place, f"needs kind: {names}")
            return None
        chosen = by_name.get(value["kind"]) if isinstance(value["kind"], str) else None
        if chosen is None:
            self.note((*place, "kind"), f"must be {names}, not {_shown(value['kind'])}")
            return None
        return self._table(chosen, value, place)

    # Values

    def _value(self, hint: Any, value: object, place: Place) -> object:
        wanted, meta = _bare(hint)
        if is_dataclass(wanted):
            return self._table(wanted, value, place)
        if get_origin(wanted) in (Union, types.UnionType):
            return self._tagged(get_args(wanted), value, place)
        if get_origin(wanted) is tuple:
            return self._array(get_args(wanted)[0], meta, value, place)
        complaint = _complaint(wanted, meta, value)
        if complaint:
            self.note(place, f"must be {complaint}, not {_shown(value)}")
            return None
        return self._converted(wanted, value)

    def _converted(self, wanted: Any, value: object) -> object:
        if wanted is Path:
            return self.path.parent / str(value)
        if isinstance(wanted, type) and issubclass(wanted, Enum):
            return wanted(value)
        return value

    def _array(self, hint: Any, meta: Meta | None, value: object, place: Place) -> object:
        if not isinstance(value, list):
            self.note(place, f"must be an array, not {_shown(value)}")
            return None
        least = (meta.min_length if meta else None) or 0
        if len(value) < least:
            self.note(place, f"must have at least {least} member")
        return tuple(self._value(hint, member, (*place, index)) for index, member in enumerate(value))


@dataclass(frozen=True, slots=True)
class _Sortable(Mistake):
    """A mistake that sorts by its place as it is written."""

    def __lt__(self, other: Mistake) -> bool:
        return (written(self.place), self.text) < (written(other.place), other.text)


def written(place: Place) -> str:
    """Return a place as people write it: gates[0].open_ms."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _told(mistake: Mistake) -> str:
    return f"{written(mistake.place)} {mistake.text}".strip()


def _text_of(path: Path) -> str:
    try:
        content = path.read_bytes()
        if len(content) > FILE_BYTES_MAX:
            raise SettingsRefused([f"{path}: is longer than {FILE_BYTES_MAX} bytes; this is not a settings file"])
        return content.decode()
    except OSError as error:
        raise SettingsRefused([f"{path}: cannot be read ({error.strerror}); name another file by --config"]) from error
    except UnicodeDecodeError as error:
        raise SettingsRefused([f"{path}: is not UTF-8 at byte {error.start}; save it as UTF-8"]) from error


def _syntax(path: Path, text: str) -> str:
    """Return tomllib's complaint in our form: it ends with (at line 3, column 5)."""
    said, _, where = text.partition(" (at line ")
    line = where.partition(",")[0]
    return f"{path.name}, line {line if line.isdigit() else 'last'}: is not TOML: {said[:1].lower()}{said[1:]}"


def _bare(hint: Any) -> tuple[Any, Meta | None]:
    """Return a hint's type and its limits."""
    if get_origin(hint) is not Annotated:
        return hint, None
    metas = [extra for extra in get_args(hint)[1:] if isinstance(extra, Meta)]
    return get_args(hint)[0], metas[0] if metas else None


def _description(hint: Any) -> str:
    meta = _bare(hint)[1]
    return (meta.description if meta else None) or "see docs/settings.md"


def _has_default(field: "Field[Any]") -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING


def _complaint(wanted: Any, meta: Meta | None, value: object) -> str:
    """Return what a value must be, or an empty string when it is."""
    if get_origin(wanted) is Literal:
        return "" if value in get_args(wanted) else _or(get_args(wanted))
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        choices = [member.value for member in wanted]
        return "" if value in choices else _or(choices)
    if wanted is bool:
        return "" if isinstance(value, bool) else "true or false"
    if wanted is int:
        return _whole_number(meta, value)
    return _string(wanted, meta, value)


def _whole_number(meta: Meta | None, value: object) -> str:
    low, high = (meta.ge, meta.le) if meta else (None, None)
    is_right = isinstance(value, int) and not isinstance(value, bool)
    if is_right and (low is None or value >= low) and (high is None or value <= high):  # type: ignore[operator]
        return ""
    return "a whole number" if low is None else f"a whole number from {low} to {high}"


def _string(wanted: Any, meta: Meta | None, value: object) -> str:
    least, most = ((meta.min_length if meta else None) or 0, (meta.max_length if meta else None) or 4096)
    if isinstance(value, str) and max(least, 1 if wanted is Path else 0) <= len(value) <= most:
        return ""
    if wanted is Path:
        return "a path in quotes"
    return f"a text in quotes of {least} to {most} characters"


def _or(names: Any) -> str:
    quoted = [f'"{name}"' for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def _shown(value: object) -> str:
    match value:
        case dict():
            return "a table"
        case list():
            return "an array"
        case _:
            return json.dumps(value, default=str, ensure_ascii=False)[:60]
