"""A disk that is really full while a backup is written: it is said in words, no half file stays, the older ones do."""

import subprocess
import sys
from pathlib import Path

import pytest

from cloud.cli.telling import Status
from cloud.core.clock import SystemClock
from cloud.core.services import open_services
from cloud.core.settings import Edition, Settings
from cloud.core.vault import make_key_file
from tests.cloud.cli.esik import COMMAND_S, ROOT, environment, told
from tests.cloud.schools.factory import a_school

OLDER = "esik-2026-11-01T023000Z.zip"
LINES = """
INSERT INTO audit_entry (at, actor, verb, subject, detail)
SELECT now(), 'test', 'card.given', md5(n::text), '{}'::jsonb FROM generate_series(1, 5000) n
"""
ESIK = f"{sys.executable} -c 'import sys; from esik.cli import main; sys.exit(main(sys.argv[1:]))' cloud"
LIMIT_KIB = 64
# A file system of its own, of so much, seen by this command only. As it is gone afterwards, what is in it is told last.
SMALL = f"""
mount -t tmpfs -o size={LIMIT_KIB}k tmpfs "$1" || exit 99
printf older >"$1/{OLDER}"
{ESIK} backup "$1" --keep-days 1; status=$?
ls -A "$1"; cat "$1"/*; exit $status
"""


@pytest.fixture(name="words")
async def _words(database_url: str, tmp_path: Path) -> dict[str, object]:
    """Return the settings of a service whose backup takes more room than there is."""
    settings = Settings(data=tmp_path / "data", edition=Edition.SERVER, database_url=database_url)
    make_key_file(settings.vault_key_file)
    async with open_services(settings, SystemClock()) as services:
        await a_school(services)
        await services.database.pool.execute(LINES)
    (tmp_path / "backups").mkdir()
    return {
        "edition": "server", "data": settings.data, "database_url": database_url, "mqtt_url": "mqtt://127.0.0.1:1",
    }  # fmt: skip


def sh(words: dict[str, object], before: list[str], script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*before, "sh", "-c", script, "sh", str(folder)], capture_output=True, text=True, check=False,
        timeout=COMMAND_S, env=environment(words), cwd=ROOT,
    )  # fmt: skip


def test_a_file_system_without_room_keeps_the_older_backups_and_no_half_one(
    words: dict[str, object], tmp_path: Path
) -> None:
    done = sh(words, ["unshare", "--mount"], SMALL, tmp_path / "backups")
    if done.returncode in {1, 99} and "esik cloud" not in done.stderr:
        pytest.skip("this machine lets nobody mount")

    assert done.returncode == Status.FAILED
    assert "No space left on device. Make room, or choose another folder." in told(done)
    assert done.stdout == f"{OLDER}\nolder", "the older one is there, whole, and nothing else"


def test_a_limit_on_files_is_told_as_a_full_disk_is(words: dict[str, object], tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    (folder / OLDER).write_text("older")

    done = sh(words, [], f'ulimit -f {2 * LIMIT_KIB}; exec {ESIK} backup "$1" --keep-days 1', folder)

    assert done.returncode == Status.FAILED
    assert "cannot be written: File too large" in told(done)
    assert [each.name for each in folder.iterdir()] == [OLDER]


def test_an_export_that_finds_no_room_leaves_nothing_either(words: dict[str, object], tmp_path: Path) -> None:
    out = tmp_path / "backups" / "own.zip"

    done = sh(words, [], f'ulimit -f 8; exec {ESIK} export "$1/own.zip" --school almaty5', out.parent)

    assert done.returncode == Status.FAILED
    assert "cannot be written" in told(done)
    assert list(out.parent.iterdir()) == []
