"""An installation is made, upgraded, broken, restored and audited by the page for operators alone.

The commands are the page's own; `tests/deploy/book.py` says what of this machine is not as the page's.
"""

import json
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.cloud.cli.esik import START_S
from tests.cloud.imports.factory import file
from tests.deploy.book import Reader, Units, block, blocks_of, own_ports
from tests.deploy.machine import Machine, a_machine
from tests.deploy.test_server_edition import CARD
from tests.deploy.test_server_files import command
from tests.servers.process import Server
from tests.waiting import until

SECTIONS = (
    "One machine", "A server", "A school, its people and its devices", "Authorities above the schools",
    "Backup and restore", "Upgrade", "The operator's commands",
)  # fmt: skip
RETURN_S = 180.0  # an agent looks for a cloud that was away every minute and a quarter, at the latest
BACKUP, UPGRADE, SCHOOL = "Backup and restore", "Upgrade", "A school, its people and its devices"
INSIDE = "SELECT coalesce(bool_or(is_inside), false) FROM presence"
LOST = """
SELECT count(*) FROM generate_series(1, (SELECT max(upto) FROM watermark)) AS seq
WHERE NOT EXISTS (SELECT FROM record WHERE record.seq = seq.seq)
  AND NOT EXISTS (SELECT FROM loss WHERE seq.seq BETWEEN first_seq AND last_seq)
"""
_EDGE = "import sys; from esik.cli import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture(name="machine")
def _machine(tmp_path: Path) -> Iterator[Machine]:
    with a_machine(tmp_path) as made:
        (made.root / "media/safe").mkdir(parents=True)
        yield made


@contextmanager
def an_agent(folder: Path, bundle: Path) -> Iterator[Server]:
    """Run the agent of a gate at which a card is held to the reader again and again."""
    folder.mkdir()
    taps = [{"at_ms": 2_000 * number, "credential": CARD, "medium": "uid"} for number in range(1, 3_000)]
    (folder / "taps").write_text("".join(json.dumps(tap) + "\n" for tap in taps))
    (folder / "agent.toml").write_text(
        f"""
        bundle = "{bundle}"
        folder = "kept"
        readers = [{{ name = "main-in", driver = "replay", path = "{folder / "taps"}" }}]
        status = {{ is_on = false }}
        [[gates]]
        id = "main"
        readers = [{{ name = "main-in", direction = "in" }}]
        actuator = {{ kind = "none" }}
        """
    )
    run = [sys.executable, "-c", _EDGE, "edge", "run", "--config", str(folder / "agent.toml")]
    agent = Server(run, folder / "agent.log", (folder / "kept").exists)
    agent.start()
    try:
        yield agent
    finally:
        agent.stop()


@pytest.mark.requirement("KZ456-8")
def test_an_installation_is_made_upgraded_broken_restored_and_audited_by_its_page_alone(
    machine: Machine, tmp_path: Path
) -> None:
    units, desk = Units(machine), tmp_path / "desk"
    desk.mkdir()
    reader = Reader(machine, units, desk)
    with ExitStack() as stack:
        stack.callback(units.stop)
        install(reader)
        bundle = school(reader)
        stack.enter_context(an_agent(tmp_path / "agent", bundle))
        until(lambda: records(machine) > 3, START_S, "the first taps")
        until(lambda: machine.postgres.sql(INSIDE, "esik") == "t", START_S, "the student's presence")
        back_up(reader)
        kept = records(machine)
        until(lambda: records(machine) > kept + 2, START_S, "taps that no backup has")

        upgrade(reader)
        lose(reader)
        restore(reader, kept)

        until(lambda: records(machine) > kept + 2, RETURN_S, "what the gate still had")
        assert machine.postgres.sql(LOST, "esik") == "0", "each record is there, or stands as a loss"
        audit(reader)


def records(machine: Machine) -> int:
    return int(machine.postgres.sql("SELECT count(*) FROM record", "esik"))


def install(reader: Reader) -> None:
    """Install, take the root key away, start the units, make a first backup, and let the doctor look."""
    told = reader.type(block("A server", "sudo apt-get install git"))
    assert "initial password: " in told
    assert "passphrase of root.key: " in told
    assert list((reader.machine.root / "media/safe").iterdir()) == [reader.machine.root / "media/safe/root.key"]
    own_ports(reader.machine, reader.units)
    for unit in ("esik-broker", "esik-web", "esik-worker@1"):
        reader.units.start(unit)
    first, doctor, status = block("A server", "esik cloud backup")
    reader.type([first])
    until(lambda: "all 64" in reader.try_to([doctor]).stdout, START_S, "the worker's shards")
    assert "workers: 1" in reader.type([status])
    done = reader.try_to([doctor])
    assert [line for line in done.stdout.splitlines() if line.startswith("WRONG") and "disk" not in line] == []


def school(reader: Reader) -> Path:
    """Make the school, fill its spreadsheet in, and enter a device; return its bundle."""
    made = reader.type(block(SCHOOL, "esik cloud school add"))
    assert made.count("initial password: ") == 2
    (reader.folder / "school.xlsx").write_bytes(file())
    assert "Everything is in." in reader.type(block(SCHOOL, "esik cloud import"))
    reader.type(block(SCHOOL, "esik cloud device add"))
    reader.type(block(SCHOOL, "sudo systemctl reload"))
    return reader.folder / "bundle.json"


def back_up(reader: Reader) -> None:
    """Make the keys that seal, put the others aside, and make and drill a backup."""
    reader.type(block(BACKUP, "word="))
    reader.type(block(BACKUP, "sudo cp -a /var/lib/esik/vault.key"))
    assert {each.name for each in (reader.machine.root / "media/safe").iterdir()} == {
        "root.key", "backup.key", "vault.key", "ca"
    }  # fmt: skip
    told = reader.type(block(BACKUP, "esik cloud backup"))
    assert "It is sealed" in told
    assert "\nin order after " in told


def upgrade(reader: Reader) -> None:
    """Bring the machine to a version with one column more."""
    machine = reader.machine
    machine.migration("0998_more", "ALTER TABLE person ADD COLUMN shoe_size integer DEFAULT 38")
    machine.version("v2")
    machine.git("checkout", "-q", "--detach", "v1")
    reader.version = "v2"
    working = [each for each in reader.units.running if each != "esik-broker"]
    for unit in working:  # which the script does where systemd runs
        reader.units.do(["stop", unit])
    assert "at v2" in reader.type(block(UPGRADE, "sudo deploy/server/upgrade.sh <version>"))
    for unit in working:
        reader.units.do(["start", unit])
    assert machine.postgres.sql("SELECT sum(shoe_size) > 0 FROM person", "esik") == "t"


def lose(reader: Reader) -> None:
    """Lose the database under the running service."""
    reader.machine.postgres.sql('DROP DATABASE "esik" WITH (FORCE)')
    _, doctor, _ = block("A server", "esik cloud backup")
    done = reader.try_to([doctor])
    assert done.returncode == 1
    assert "WRONG   database" in done.stdout


def restore(reader: Reader, kept: int) -> None:
    """Restore the newest backup as the page says."""
    reader.type(block(BACKUP, "sudo systemctl stop esik-web"))
    told = reader.type(block(BACKUP, "newest="))
    assert "it fits: every byte was read, nothing was changed" in told
    assert "would bring the tables up after by 1 migrations" in told
    assert re.search(r"^restored \d+ rows", told, re.MULTILINE)
    counted = re.search(r"in order: (\d+) records, (\d+) audit", told)
    assert counted is not None
    assert 0 < int(counted[1]) <= kept
    assert int(counted[2]) > 5
    reader.type(block(BACKUP, "sudo systemctl start esik-web"))


def audit(reader: Reader) -> None:
    """Verify once more with all that came, turn the keys, and see what the journal has of it."""
    told = reader.type(block("The operator's commands", "esik cloud migrate --dry-run"))
    assert "the tables are up to date" in told
    assert "values are sealed anew with key" in told
    verified = reader.type([line for line in block(BACKUP, "newest=") if "verify" in line])
    assert verified.startswith("in order: ")
    verbs = set(reader.machine.postgres.sql("SELECT DISTINCT verb FROM audit_entry", "esik").splitlines())
    assert {"account.added", "school.imported", "device.added", "backup.restored", "key.rotated"} <= verbs


def test_every_command_of_the_page_is_one_that_there_is() -> None:
    typed = [line for section in SECTIONS for each in blocks_of(section) for line in each]
    called = [words for line in typed if (words := called_in(line))]

    assert len(called) > 20
    for words in called:
        command(words)


def called_in(line: str) -> list[str]:
    """Return the words after `esik cloud` in a line of a shell, up to the next command."""
    words = [word.rstrip(")") for word in shlex.split(line, comments=True)]
    begins = next((at for at, word in enumerate(words) if word == "cloud" and words[at - 1].endswith("esik")), None)
    if begins is None:
        return []
    found = words[begins + 1 :]
    return found[: next((at for at, word in enumerate(found) if word in {"&&", "|", ";"}), len(found))]
