"""Judges a zip of OneRoster's CSV binding by the tables of the specification, which stand beside as data."""

import csv
import io
import re
import tomllib
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

BINDING = tomllib.loads((Path(__file__).parent / "csv_binding.toml").read_text("utf-8"))
GUID = re.compile(r"[0-9a-zA-Z.\-_/@]{1,255}")
Table = list[dict[str, str]]


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


FORMATS: dict[str, Callable[[str], bool]] = {
    "guid": lambda text: GUID.fullmatch(text) is not None,
    "reference": lambda text: GUID.fullmatch(text) is not None,
    "references": lambda text: all(GUID.fullmatch(each) for each in text.split(",")),
    "string": lambda text: "\r" not in text and "\n" not in text,
    "strings": lambda text: all(each.strip() for each in text.split(",")),
    "date": _is_date,
    "year": lambda text: re.fullmatch(r"\d{4}", text) is not None,
    "enumeration": lambda _text: True,
    "datetime": lambda _text: True,
}


def judged(content: bytes) -> tuple[dict[str, Table], list[str]]:
    """Return the tables of a bulk zip file, and everything in which it is not as the binding has it."""
    wrong: list[str] = []
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        wrong += [f"{name}: not at the root, or twice" for name in names if "/" in name or names.count(name) > 1]
        texts = {name.removesuffix(".csv"): archive.read(name).decode("utf-8") for name in names}
    manifest = dict(row for row in csv.reader(io.StringIO(texts.pop("manifest"), newline=""), strict=True))
    wrong += _judged_manifest(manifest, set(texts))
    tables = {name: _read(name, text, wrong) for name, text in texts.items()}
    for name, rows in tables.items():
        for number, row in enumerate(rows, 2):
            wrong += [f"{name}.csv {number}: {each}" for each in _judged_row(name, row, tables)]
        ids = [row["sourcedId"] for row in rows]
        wrong += [f"{name}.csv: an identifier twice"] if len(set(ids)) < len(ids) else []
    return tables, wrong


def _judged_manifest(manifest: dict[str, str], files: set[str]) -> list[str]:
    wrong = [f"manifest: {name} is missing" for name in BINDING["manifest"] if not manifest.get(name)]
    known = {"propertyName", *BINDING["manifest"], *BINDING["manifest_optional"]}
    wrong += [f"manifest: {name} is not known" for name in manifest if name not in known]
    said = {name.removeprefix("file."): mode for name, mode in manifest.items() if name.startswith("file.")}
    if (manifest.get("manifest.version"), manifest.get("oneroster.version")) != ("1.0", "1.2"):
        wrong.append("manifest: other versions")
    if next(iter(manifest.items())) != ("propertyName", "value"):
        wrong.append("manifest: no heading")
    if {name for name, mode in said.items() if mode == "bulk"} != files or set(said.values()) - {"bulk", "absent"}:
        wrong.append("manifest: other files than there are")
    return wrong


def _read(name: str, text: str, wrong: list[str]) -> Table:
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    if text.replace("\r\n", "").count("\n") or not text.endswith("\r\n"):
        wrong.append(f"{name}.csv: lines do not end as RFC 4180 has it")
    if rows[0] != list(BINDING["files"][name]):
        wrong.append(f"{name}.csv: other columns {rows[0]}")
    if len(rows) < 2:
        wrong.append(f"{name}.csv: no rows")
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def _judged_row(name: str, row: dict[str, str], tables: dict[str, Table]) -> list[str]:
    wrong = []
    for column, (need, form, *values) in BINDING["files"][name].items():
        text = row[column]
        if (need == "yes" and not text.strip()) or (need == "delta" and text):
            wrong.append(f"{column} is empty, or filled in a bulk file")
        elif text and not FORMATS[form](text):
            wrong.append(f"{column} is no {form}: {text}")
        elif text and form == "enumeration" and text not in values and not ("ext" in values and text[:4] == "ext:"):
            wrong.append(f"{column} is none of its words: {text}")
        elif text and form in {"reference", "references"}:
            known = {each["sourcedId"] for each in tables.get(values[0], [])}
            wrong += [f"{column} refers to nothing: {each}" for each in text.split(",") if each not in known]
    return wrong
