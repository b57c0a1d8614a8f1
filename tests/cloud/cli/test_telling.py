"""Every operator's command tells alike: an answer in JSON, a dry run that changes nothing, a bar, a status."""

import asyncio
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from cloud.cli.telling import ANSWERS, Course, Status
from cloud.core.clock import SystemClock
from cloud.core.database import address
from cloud.core.migrating import migrate, names
from cloud.core.services import open_services
from cloud.core.settings import Edition, Settings
from cloud.core.vault import add_key, make_key_file
from cloud.devices import ca
from cloud.imports.actions import import_school
from tests.cloud.cli.esik import COMMAND_S, ROOT, called, environment, told
from tests.cloud.cli.test_archive import contents, sent
from tests.cloud.imports.factory import file
from tests.cloud.ingest.device import Device, opened, tapped
from tests.cloud.ingest.rows import add_devices
from tests.cloud.schools.factory import SYSTEM, a_school

OPERATIONS = ROOT / "docs" / "operations.md"
KEPT = """
INSERT INTO quarantine (shard, school_id, device, epoch, seq, received_at, reason, digest, record)
SELECT shard, school_id, device, epoch, 99, received_at, 'unknown', digest, $1 FROM record LIMIT 1
"""


class Site:
    """The server edition with a school of some people and records."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.folder = folder
        self.words = {
            "edition": "server", "database_url": settings.database_url, "data": settings.data,
            "mqtt_url": "mqtt://127.0.0.1:1", "backup_folder": folder / "backups",
        }  # fmt: skip

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return called(*words, **self.words)

    def answer(self, *words: str) -> dict[str, Any]:
        """Return the answer in JSON of a command that went well."""
        done = self.run(*words, "--json")
        assert (done.returncode, done.stderr) == (Status.DONE, ""), done.stdout
        (line,) = done.stdout.splitlines()
        return dict(json.loads(line))

    def hold(self) -> None:
        """Let a record wait in quarantine that this program can read."""
        asyncio.run(execute(self.settings.database_url, KEPT, tapped(77)))

    def kept(self) -> tuple[dict[str, list[str]], dict[str, bytes]]:
        """Return every row of the database, and every file of the folder."""
        rows = asyncio.run(contents(self.settings.database_url))
        return rows, {str(path): path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}


async def execute(url: str, statement: str, *values: object) -> None:
    connection = await asyncpg.connect(**address(url))
    try:
        await connection.execute(statement, *values)
    finally:
        await connection.close()


@pytest.fixture(name="site")
async def _site(database_url: str, tmp_path: Path) -> Site:
    settings = Settings(data=tmp_path / "data", edition=Edition.SERVER, database_url=database_url)
    make_key_file(settings.vault_key_file)
    (tmp_path / "backups").mkdir()
    async with open_services(settings, SystemClock()) as services:
        ca.init(settings.data / "ca", services.vault, services.clock.now())
        school_id = await a_school(services)
        await import_school(services, SYSTEM, school_id, file())
        shard = await services.database.pool.fetchval("SELECT shard FROM school")
        device = Device(school="almaty5", shard=shard).write(opened(), *[tapped(number) for number in range(9)])
        await add_devices(services.database.pool, services.vault, services.clock, device)
        await sent(services, device, 1, 10)
    return Site(settings, tmp_path)


def table_of(heading: str) -> list[list[str]]:
    """Return the rows of the first table under a heading of the page for operators."""
    _, _, after = OPERATIONS.read_text().partition(f"\n{heading}\n")
    assert after, f"{heading} does not stand in it"
    lines = after.partition("\n##")[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("|")]
    return rows[2:]


def test_the_page_for_operators_has_every_status_and_every_answer() -> None:
    statuses = {int(row[0].strip("` ")) for row in table_of("### What a command ends with")}
    answers = {
        row[0].strip("` "): tuple(re.findall(r"`(\w+)`", row[1])) for row in table_of("### What a command answers")
    }

    assert statuses == {each.value for each in Status}
    assert answers == dict(ANSWERS)


def test_every_command_answers_in_json_with_the_keys_that_are_told(site: Site, tmp_path: Path) -> None:
    answers = {"status": site.answer("status"), "migrate": site.answer("migrate")}
    answers["backup"] = site.answer("backup", str(tmp_path / "esik.zip"))
    answers["restore"] = site.answer("restore", str(tmp_path / "esik.zip"), "--over")
    answers["drill"] = site.answer("drill", str(tmp_path / "esik.zip"))
    answers["verify"] = site.answer("verify")
    answers["export"] = site.answer("export", str(tmp_path / "own.zip"), "--school", "almaty5")
    site.hold()
    answers["quarantine list"] = site.answer("quarantine", "list")
    answers["quarantine retry"] = site.answer("quarantine", "retry")
    answers["keys rotate"] = site.answer("keys", "rotate")
    answers["keys reseal"] = site.answer("keys", "reseal")
    answers["keys retire"] = site.answer("keys", "retire")
    doctor = site.run("doctor", "--json")  # nothing runs here: it says so, and ends with 1
    answers["doctor"] = json.loads(doctor.stdout)

    assert {name: tuple(each) for name, each in answers.items()} == dict(ANSWERS)
    assert (doctor.returncode, answers["doctor"]["status"]) == (Status.FAILED, Status.FAILED)
    assert answers["backup"]["rows"] == answers["restore"]["rows"] == answers["drill"]["rows"] > 20
    assert answers["verify"]["counted"]["records"] == 10
    assert answers["quarantine list"]["held"][0]["reason"] == "unknown"
    assert answers["quarantine retry"]["records"] == 1
    assert answers["keys rotate"]["values"] == sum(answers["keys rotate"]["columns"].values()) > 0
    assert answers["keys reseal"]["values"] == 0
    assert len(answers["keys retire"]["retired"]) == 1


@pytest.mark.parametrize(
    ("words", "is_right"),
    [
        (("migrate",), lambda told: told["applied"] == []),
        (("backup", "backups"), lambda told: told["rows"] is None and told["keys"]),
        (("restore", "esik.zip", "--over"), lambda told: told["rows"] > 20 and told["against"] == []),
        (("export", "own.zip", "--school", "almaty5"), lambda told: told["rows"] > 5 and "iin" in told["left_out"]),
        (("quarantine", "retry"), lambda told: (told["records"], told["which"][0]["first_seq"]) == (1, 99)),
        (("keys", "rotate"), lambda told: told["columns"]["person.iin_encrypted"] == 2),
        (("keys", "reseal"), lambda told: told["values"] > 0),  # what the service binds to its rows within the hour
        (("keys", "retire"), lambda told: told["retired"] == []),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else "",
)
def test_a_dry_run_tells_what_would_be_and_changes_nothing(
    site: Site, words: tuple[str, ...], is_right: Callable[[dict[str, Any]], bool]
) -> None:
    site.answer("backup", str(site.folder / "esik.zip"))
    site.hold()
    there = [str(site.folder / word) if word in {"backups", "esik.zip", "own.zip"} else word for word in words]
    before = site.kept()

    answered = site.answer(*there, "--dry-run")
    spoken = site.run(*there, "--dry-run")

    assert answered["dry_run"] is True
    assert is_right(answered), answered
    assert spoken.returncode == Status.DONE
    assert spoken.stdout
    assert site.kept() == before


def test_a_dry_run_of_migrate_names_what_an_older_database_lacks(empty_database: str, tmp_path: Path) -> None:
    asyncio.run(migrate(empty_database, names()[2]))
    words = {"edition": "server", "database_url": empty_database, "data": tmp_path, "mqtt_url": "mqtt://127.0.0.1:1"}

    dry = called("migrate", "--dry-run", **words)
    again = json.loads(called("migrate", "--dry-run", "--json", **words).stdout)

    assert dry.stdout.splitlines() == [f"would apply {name}" for name in names()[3:]]
    assert again == {"dry_run": True, "applied": names()[3:]}


def test_a_dry_run_of_restore_says_all_that_stands_against_it(site: Site, tmp_path: Path) -> None:
    site.answer("backup", str(tmp_path / "esik.zip"))
    key = site.settings.vault_key_file
    key.write_text("0" * 64 + "\n")

    done = site.run("restore", str(tmp_path / "esik.zip"), "--dry-run")
    answered = json.loads(site.run("restore", str(tmp_path / "esik.zip"), "--dry-run", "--json").stdout)

    assert done.returncode == Status.FAILED
    assert [line for line in done.stdout.splitlines() if line.startswith("it does not fit: ")] == [
        f"it does not fit: {each}" for each in answered["against"]
    ]
    assert ["another key" in answered["against"][0], "--over" in answered["against"][1]] == [True, True]
    whole = (tmp_path / "esik.zip").read_bytes()
    middle = whole.index(b"tables/record.csv") + 200
    (tmp_path / "bad.zip").write_bytes(whole[:middle] + bytes(8) + whole[middle + 8 :])
    assert "damaged in table" in told(site.run("restore", str(tmp_path / "bad.zip"), "--over", "--dry-run"))


def test_a_key_that_is_used_still_is_not_retired(site: Site) -> None:
    add_key(site.settings.vault_key_file)

    dry = site.run("keys", "retire", "--dry-run")
    done = site.run("keys", "retire")

    assert (dry.returncode, done.returncode) == (Status.FAILED, Status.FAILED)
    assert "person.iin_encrypted: 2 are sealed with an older key still" in dry.stdout
    assert "person.iin_encrypted 2" in told(done)
    assert told(done).endswith("Run `esik cloud keys reseal` first.")


def test_each_kind_of_end_has_its_status(site: Site) -> None:
    done, failed, wrong = site.run("status"), site.run("restore", "no.zip"), site.run("backup", "--keep-days", "none")
    unset = called("migrate", **{**site.words, "http_port": "eighty"})

    ends = (done.returncode, failed.returncode, wrong.returncode, unset.returncode)
    assert ends == (Status.DONE, Status.FAILED, Status.USAGE, Status.SETTINGS)
    assert failed.stdout == unset.stdout == ""
    assert done.stderr == ""


def test_a_database_that_lets_a_user_do_nothing_is_told_in_one_line(site: Site) -> None:
    own = site.settings.database_url
    asyncio.run(execute(own, "DROP ROLE IF EXISTS telling_reader; CREATE ROLE telling_reader LOGIN; "
                        "GRANT SELECT ON tortoise_migrations TO telling_reader"))  # fmt: skip
    try:
        done = called("status", **{**site.words, "database_url": own.replace("//esik@", "//telling_reader@")})
    finally:
        asyncio.run(execute(own, "DROP OWNED BY telling_reader; DROP ROLE telling_reader"))

    assert done.returncode == Status.FAILED
    assert told(done).startswith("the database says: permission denied")


def test_who_waits_at_a_terminal_sees_a_bar_and_a_file_holds_none(site: Site, tmp_path: Path) -> None:
    waiting, shown = pty.openpty()
    command = [sys.executable, "-c", "from esik.cli import main; import sys; sys.exit(main(sys.argv[1:]))"]
    settings = {**environment(site.words), "TERM": "xterm", "COLUMNS": "100"}

    with subprocess.Popen(
        [*command, "cloud", "backup", str(tmp_path / "esik.zip")], stdout=subprocess.PIPE, stderr=shown, env=settings,
        cwd=ROOT,
    ) as process:  # fmt: skip
        answered, _ = process.communicate(timeout=COMMAND_S)
    os.close(shown)
    seen = _read(waiting)
    silent = site.run("backup", str(tmp_path / "again.zip"))

    assert process.returncode == 0
    assert "writing" in seen
    assert "100%" in seen
    assert answered.decode().startswith("wrote ")
    assert (silent.returncode, silent.stderr) == (0, "")


def test_a_course_goes_on_only_and_ends_with_the_whole() -> None:
    heard: list[tuple[str, int, int]] = []
    course = Course(lambda *each: heard.append(each), {"person": 10, "record": 90, "empty": 0})

    course.within("person", 4)
    course.within("person", 400)
    course.finish("person")
    course.within("record", 45)
    course.finish("record")
    course.finish("empty")

    assert heard == [
        ("person", 4, 100), ("person", 10, 100), ("person", 10, 100), ("record", 55, 100), ("record", 100, 100),
        ("empty", 100, 100),
    ]  # fmt: skip


def _read(terminal: int) -> str:
    """Return what a terminal was shown, when nobody writes to it any more."""
    shown = b""
    try:
        while block := os.read(terminal, 1 << 16):
            shown += block
    except OSError:  # the other end is closed
        pass
    os.close(terminal)
    return shown.decode(errors="replace")
