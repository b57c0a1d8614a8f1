"""The file that a guardian takes home: a page to read in the own language, JSON and CSV, the photo. Pure."""

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from cloud.core.delimited import csv_of
from cloud.core.i18n import Language
from cloud.exports.meanings import meanings
from cloud.guardian.own_data import OwnData, Taken

PAGE, JSON, PHOTO = "data.html", "data.json", "photo.webp"


def zip_of(data: OwnData, page: str, language: Language) -> bytes:
    """Return the zip file; `page` is what a person reads in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(PAGE, page)
        archive.writestr(JSON, json_of(data))
        for part in data.parts:
            archive.writestr(f"csv/{part.name}.csv", csv_of([headings(part, language), *map(_texts, part.rows)]))
        if data.photo is not None:
            archive.writestr(PHOTO, data.photo)
    return out.getvalue()


def json_of(data: OwnData) -> bytes:
    """Return everything as one JSON object: tables by name, instants in UTC."""
    told = {
        "made_at": data.at.isoformat(timespec="seconds"), "school": data.child.school_names, "child": data.child.name,
        "left_out": list(data.left_out), "tables": {part.name: part.rows for part in data.parts},
    }  # fmt: skip
    return json.dumps(told, ensure_ascii=False, indent=1, default=_plain).encode()


def headings(part: Taken, language: Language) -> list[str]:
    """Return what the columns mean, in words."""
    return [meanings().of_column(part.table, column)[language.value] for column in part.columns]


def _texts(row: Mapping[str, Any]) -> list[str]:
    return ["" if value is None else str(_plain(value)) for value in row.values()]


def _plain(value: object) -> object:
    match value:
        case datetime() | date():
            return value.isoformat()
        case bool():
            return str(value).lower()
        case Decimal():
            return f"{value:f}"
        case list():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return value
