"""The printed guide: whole in every language, with every build drawn."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from cloud.core.catalogues import read
from cloud.core.i18n import Language
from hardware.builds import BuildRefused, load_all
from hardware.drawing import parts_of, plan_of
from hardware.guide import HERE, Texts, write

# Names, commands and units that are the same in every language.
SAME = re.compile(
    r"<svg.*?</svg>|<style>.*?</style>|<code>.*?</code>|<[^>]*>|Esik|English|IT|QR|USB?D?|UART|SPI|PN532|DS3231|microSD|TVS"
    r"|Raspberry Pi|NC|DIN|Wi-Fi|IP65|esik device flash|Adafruit|Espressif|Songle|Lite-On|Kingbright|Murata|Mean Well"
    r"|https|MicroPython|release\.pub|docs/[a-z]+\.md|--scanner"
    r"|Littelfuse|SanDisk|Grow|APC|FTDI|Touch Display|[A-Z0-9]*\d[A-Za-z0-9.-]*|[A-Z0-9]+-[\w-]+",
    re.DOTALL,
)


READ_PT = 8.0  # what a caption is printed in


def test_the_guide_is_whole_in_every_language_and_draws_every_build(tmp_path: Path) -> None:
    builds = load_all()

    pages = {path.stem[-2:]: path.read_text() for path in write(builds, Texts.load(), tmp_path)}

    assert set(pages) == {"kk", "ru", "en"}
    for language, page in pages.items():
        assert page.count("<svg") == sum(len(parts_of(build)) for build in builds)
        assert min(printed_pt(page)) >= READ_PT
        assert f'<html lang="{language}">' in page
        if language != "en":
            assert re.findall(r"[A-Za-z]{3,}", SAME.sub(" ", page)) == []


def printed_pt(page: str) -> list[float]:
    """Return how large the labels of each drawing stand on A4 between margins of 16 mm."""
    widths = [float(width) for width in re.findall(r'<svg width="(\d+)pt"', page)]
    assert set(re.findall(r'font-size="([\d.]+)"', page)) == {"14.00"}
    return [14 * (210 - 2 * 16) / 25.4 * 72 / width for width in widths]


def test_every_wire_is_in_a_drawing() -> None:
    for build in load_all():
        drawn: list[dict[str, Any]] = [plan_of(part)["cables"] for part in parts_of(build)]
        assert sum(cable["wirecount"] for cables in drawn for cable in cables.values()) == len(build.wires)


def test_a_sentence_without_a_language_is_refused(tmp_path: Path) -> None:
    for path in (HERE / "texts").glob("*.toml"):
        (tmp_path / path.name).write_text(path.read_text())
    notes = tmp_path / "notes.toml"
    notes.write_text(notes.read_text().replace('en = "Surges"', 'en = ""'))
    assert tomllib.loads(notes.read_text())

    with pytest.raises(BuildRefused, match="notes/notes/1/title does not stand in kk, ru, en"):
        Texts.load(tmp_path)


@pytest.mark.parametrize("language", [Language.KK, Language.RU])
def test_the_guide_calls_pages_and_signs_as_they_are_called(language: Language) -> None:
    known = {message.string for message in read(language) if isinstance(message.string, str)}
    quoted = {
        name
        for step in Texts.load().steps
        for said in re.findall(r"«([^»]+)»", step["text"][language.value])
        for name in said.split(" → ")
    }

    assert quoted
    assert quoted <= known
