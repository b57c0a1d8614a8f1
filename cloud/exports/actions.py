"""What is done with exports: a school takes everything with it that is its own, at one instant, in open files.

Rule: an IIN or a card's number is exported only when it was asked for by name; what was left out stands in the export.
"""

import json
import zipfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.files import whole
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.exports.shapes import Secret
from cloud.exports.tables import EXPORTS, RECORD_FILES
from cloud.exports.writing import write_records, write_table
from cloud.schools.queries import SchoolRow, school_of_id

PACKAGE, README = "datapackage.json", "README.txt"
TOLD = """\
Everything that {name} ({code}) has in this service, at {at}.

{package}  names every file and column (https://datapackage.org).
*.csv             Tables: UTF-8, commas, a heading, instants in UTC, an empty cell for what is not known. A text that a
                  spreadsheet would take for a formula begins with an apostrophe.
*.jsonl           One JSON object a line: `record` is what the device wrote; `record_base64` where that is no JSON.

Left out, because nobody asked for it: {left_out}.
Left out always: passwords, sessions, the keys of devices and cards.
"""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: rows by file, and the secrets that were left out."""

    rows: dict[str, int]
    left_out: list[str]


async def export_school(
    services: Services, actor: Actor, school_id: int, file: Path, secrets: Collection[Secret] = ()
) -> Exported:
    """Write a school's export, a zip file for its owner only, whole or not at all; the audit journal says who did.

    Raises NotAllowed, NotFound or NotWritten.
    """
    actor.require(Right.SCHOOL_EXPORT, school_id)
    school = await school_of_id(services, school_id)
    with whole(file) as out:
        exported = await _write(services, school, out, secrets)
        asked = ", ".join(sorted(secret.value for secret in secrets)) or "none"
        detail = {"rows": str(sum(exported.rows.values())), "secrets": asked}
        async with services.database.transaction() as connection:
            await audit(
                connection, actor, "school.exported", f"school:{school.code}", detail,
                school_id=school_id, at=services.clock.now(),
            )  # fmt: skip
    return exported


async def _write(services: Services, school: SchoolRow, out: BinaryIO, secrets: Collection[Secret]) -> Exported:
    rows: dict[str, int] = {}
    resources: list[dict[str, object]] = []
    left_out = sorted(secret.value for secret in set(Secret).difference(secrets))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        async with (
            services.database.pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            for export in EXPORTS:
                resource, count = await write_table(connection, school.id, archive, export, services.vault, secrets)
                resources.append(resource)
                rows[export.name] = count
            for name, (about, query) in RECORD_FILES.items():
                rows[name] = await write_records(connection, school.id, archive, name, query)
                resources.append({"name": name, "path": f"{name}.jsonl", "format": "jsonl", "description": about})
        package = {"name": f"esik-{school.code}", "resources": resources, "left_out": left_out}
        archive.writestr(PACKAGE, json.dumps(package, indent=1, ensure_ascii=False))
        archive.writestr(README, _told(services, school, left_out))
    return Exported(rows, left_out)


def _told(services: Services, school: SchoolRow, left_out: list[str]) -> str:
    at = services.clock.now().isoformat(timespec="seconds")
    omitted = ", ".join(f"{each}s" for each in left_out) or "nothing"
    return TOLD.format(name=school.name_en, code=school.code, at=at, package=PACKAGE, left_out=omitted)
