"""The printed guide: what to buy, how to wire, what to mind, how to bring it up, in three languages.

`python -m hardware` writes it into build/guide, one self-contained page a language, to be printed from any browser.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from hardware.builds import LANGUAGES, Build, BuildRefused
from hardware.drawing import draw

HERE = Path(__file__).parent
NAMES = {"kk": "Қазақша", "ru": "Русский", "en": "English"}


@dataclass(frozen=True, slots=True)
class Texts:
    """What the guide says, as it stands in hardware/texts; every sentence is a mapping of languages."""

    words: Mapping[str, Any]
    steps: Sequence[Mapping[str, Any]]
    notes: Sequence[Mapping[str, Any]]
    jig: Mapping[str, Any]
    checks: Sequence[Mapping[str, Any]]

    @staticmethod
    def load(folder: Path = HERE / "texts") -> "Texts":
        """Return the texts. Raises BuildRefused when a sentence lacks a language."""
        guide, notes, checklist = (
            tomllib.loads((folder / f"{name}.toml").read_text()) for name in ("guide", "notes", "checklist")
        )
        for path, sentence in _sentences({"guide": guide, "notes": notes, "checklist": checklist}):
            if set(sentence) != set(LANGUAGES) or not all(sentence.values()):
                raise BuildRefused(f"{path} does not stand in {', '.join(LANGUAGES)}")
        return Texts(guide["words"], guide["steps"], notes["notes"], checklist["jig"], checklist["checks"])


def write(builds: Sequence[Build], texts: Texts, folder: Path) -> list[Path]:
    """Write the guide in every language, with its drawings in it; return the files. Raises NotDrawn."""
    folder.mkdir(parents=True, exist_ok=True)
    drawings = {build.id: [_inline(path) for path in draw(build, folder)] for build in builds}
    template = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    ).get_template("guide.html")  # fmt: skip
    written = []
    for language in LANGUAGES:
        page = template.render(
            language=language, names=NAMES, builds=builds, drawings=drawings, texts=texts, words=texts.words
        )
        path = folder / f"esik-guide-{language}.html"
        path.write_text(page)
        written.append(path)
    return written


def _inline(drawing: Path) -> Markup:
    """Return a drawing without its XML head, to stand in a page."""
    text = drawing.read_text()
    return Markup(text[text.index("<svg") :])  # noqa: S704 (drawn from our own data)


def _sentences(found: object, path: str = "") -> list[tuple[str, Mapping[str, str]]]:
    """Return every mapping that holds a language, with where it stands."""
    if isinstance(found, Mapping):
        if set(found) & set(LANGUAGES):
            return [(path, found)]
        return [pair for key, value in found.items() for pair in _sentences(value, f"{path}/{key}")]
    if isinstance(found, list):
        return [pair for number, value in enumerate(found) for pair in _sentences(value, f"{path}/{number}")]
    return []
