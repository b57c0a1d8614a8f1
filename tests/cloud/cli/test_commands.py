"""Each command: what it does, and for each mistake one clear line and a status."""

import json
import stat
import subprocess
import zipfile
from pathlib import Path

import pytest

from cloud.core.i18n import Language
from esik import __version__
from tests.cloud.cli.esik import called, esik, told
from tests.cloud.imports.factory import DANA, STUDENTS, Rows, book, file, saved

GATE = "main=Негізгі кіру|Главный вход|Main entrance"
NAMES = ("--kk", "Мектеп", "--ru", "Школа", "--en", "School")


class Cloud:
    """The server edition of one database and folder, at which commands are run."""

    def __init__(self, url: str, data: Path) -> None:
        self.data = data
        self._settings = {
            "edition": "server", "database_url": url, "data": data, "mqtt_url": "mqtt://127.0.0.1:1",
            "device_mqtt_url": "mqtts://broker.test:8883", "public_url": "https://esik.test",
        }  # fmt: skip

    def run(self, *words: str) -> str:
        """Return what a command printed; it must have gone well."""
        done = self.try_to(*words)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return done.stdout

    def told(self, *words: str) -> str:
        """Return the one line that a command failed with."""
        done = self.try_to(*words)
        assert (done.returncode, done.stdout) == (1, "")
        return told(done)

    def try_to(self, *words: str) -> subprocess.CompletedProcess[str]:
        return called(*words, **self._settings)


@pytest.fixture(name="cloud")
def _cloud(empty_database: str, tmp_path: Path) -> Cloud:
    return Cloud(empty_database, tmp_path / "data")


def test_from_an_empty_database_to_a_school_with_people_devices_and_a_copy_of_it_all(
    cloud: Cloud, tmp_path: Path
) -> None:
    assert cloud.run("migrate").startswith("applied 0001_initial")
    assert cloud.run("migrate") == "the tables are up to date\n"
    cloud.run("school", "add", "demo2026", *NAMES, "--days", "6")
    assert "demo2026" in cloud.run("school", "list")
    login = cloud.run("account", "add", "office-1", "Гүлнар", "--role", "office", "--school", "demo2026")
    assert "initial password: " in login
    assert login != cloud.run("account", "reset", "office-1")

    assert "passphrase of root.key: " in cloud.run("ca", "init")
    bundle = tmp_path / "gate-1.json"
    cloud.run("device", "add", "gate-1", "--school", "demo2026", "--out", str(bundle), "--gate", GATE, "--sensor")
    assert stat.S_IMODE(bundle.stat().st_mode) == 0o600
    assert json.loads(bundle.read_bytes())["cloud"]["mqtt_host"] == "broker.test"
    assert "offline" in cloud.run("device", "list", "--school", "demo2026")
    code = cloud.run("device", "invite", "--school", "demo2026", "--gate", "main")
    assert "ESIK1;https://esik.test;" in code
    assert "it takes the place of gate-1, which is revoked then\ncode for demo2026-main, good once" in code
    yard = "yard=Аула|Двор|Yard"
    told = cloud.run("device", "invite", "--school", "demo2026", "--gate", yard, "--svg", str(tmp_path / "yard.svg"))
    assert "ESIK1" not in told
    assert stat.S_IMODE((tmp_path / "yard.svg").stat().st_mode) == 0o600
    cloud.run("device", "retire", "gate-1")
    assert "revoked" in cloud.run("device", "list")

    (tmp_path / "school.xlsx").write_bytes(file())
    assert "Nothing was changed." in cloud.run(
        "import", str(tmp_path / "school.xlsx"), "--school", "demo2026", "--check"
    )
    assert "Everything is in." in cloud.run("import", str(tmp_path / "school.xlsx"), "--school", "demo2026")

    lists = str(tmp_path / "lists.zip")
    assert cloud.run("class-lists", lists, "--school", "demo2026", "--names") == f"wrote {lists}\n"
    with zipfile.ZipFile(lists) as archive:
        assert "Айгерім" in archive.read("users.csv").decode()
    assert "there already" in cloud.told("class-lists", lists, "--school", "demo2026")
    again = cloud.run("import", lists, "--school", "demo2026", "--org", "demo2026", "--language", "kk")
    assert "Сыныптар 2, Оқушылар 2, Қызметкерлер 1" in again

    assert "2 cards of demo2026 have new tokens" in cloud.run("school", "new-card-key", "demo2026")

    assert "holds key" in cloud.run("backup", str(tmp_path / "esik.zip"))
    (tmp_path / "nightly").mkdir()
    assert "holds no keys" in cloud.run("backup", "--keys-apart", str(tmp_path / "nightly"))
    assert [each.suffix for each in (tmp_path / "nightly").iterdir()] == [".zip"]
    (tmp_path / "phrase").write_text("correct horse battery\n")
    assert "left out: card number, contact, health, iin" in cloud.run(
        "export", str(tmp_path / "own.zip"), "--school", "demo2026"
    )
    assert "left out" not in cloud.run(
        "export", str(tmp_path / "all.zip"), "--school", "demo2026", "--with-iins", "--with-card-numbers",
        "--with-contacts", "--with-health", "--passphrase-file", str(tmp_path / "phrase"),
    )  # fmt: skip
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert DANA in archive.read("csv/person.csv").decode()
    assert "restored" in cloud.run("restore", str(tmp_path / "esik.zip"), "--over")
    assert "added key" in cloud.run("key", "add")
    assert str(cloud.data / "vault.key") in cloud.run("key", "show")


def test_what_the_actions_refuse_is_one_line(cloud: Cloud, tmp_path: Path) -> None:
    out = str(tmp_path / "bundle.json")
    cloud.run("key", "init")
    assert "run `esik cloud migrate`" in cloud.told("school", "list")
    cloud.run("migrate")
    cloud.run("school", "add", "demo2026", *NAMES)

    assert "demo2026" in cloud.told("school", "add", "demo2026", *NAMES)
    assert "4 to 12 small Latin letters" in cloud.told("school", "add", "DEMO", *NAMES)
    assert "nowhere" in cloud.told("account", "add", "office-1", "A", "--role", "office", "--school", "nowhere")
    assert "esik cloud ca init" in cloud.told("device", "add", "gate-1", "--school", "demo2026", "--out", out)
    assert "gate-9" in cloud.told("device", "revoke", "gate-9")
    assert "nowhere" in cloud.told("export", str(tmp_path / "own.zip"), "--school", "nowhere")
    cloud.run("backup", str(tmp_path / "esik.zip"), "--keys-apart")
    assert "there already" in cloud.told("backup", str(tmp_path / "esik.zip"))
    assert "--over" in cloud.told("restore", str(tmp_path / "esik.zip"))
    assert not Path(out).exists()


def test_fault_45_the_service_refuses_tables_of_another_version(cloud: Cloud) -> None:
    cloud.run("key", "init")

    for part in ("worker", "web"):
        assert "run `esik cloud migrate`" in cloud.told("run", "--part", part)


def test_every_wrong_row_of_an_import_is_told_in_the_language_asked_for(cloud: Cloud, tmp_path: Path) -> None:
    cloud.run("migrate")
    cloud.run("school", "add", "demo2026", *NAMES)
    students: Rows = [STUDENTS, ["Әліби", "", None, "150304500171", "1", "5А"]]
    (tmp_path / "bad.xlsx").write_bytes(saved(book({"Оқушылар": students})))

    done = cloud.try_to("import", str(tmp_path / "bad.xlsx"), "--school", "demo2026", "--language", "kk")

    assert (done.returncode, done.stderr) == (1, "")
    assert not set("abcdefghijklmnopqrstuvwxyz") & set(done.stdout), "no English is left in it"
    assert "Аты" in done.stdout
    assert "150304500171" not in done.stdout


@pytest.mark.parametrize("language", [language.value for language in Language])
def test_an_empty_spreadsheet_is_written_once(tmp_path: Path, language: str) -> None:
    out = str(tmp_path / "empty.xlsx")

    assert called("template", out, "--language", language).returncode == 0
    again = called("template", out)

    assert (again.returncode, "there already" in told(again)) == (1, True)


@pytest.mark.parametrize(
    ("words", "settings", "status", "line"),
    [
        (["migrate"], {"http_prot": "80"}, 78, "ESIK_HTTP_PROT is not a setting"),
        (["migrate", "--edition", "server"], {}, 78, "ESIK_DATABASE_URL is empty"),
        (["import", "no.xlsx", "--school", "a"], {}, 1, "no.xlsx cannot be read: No such file or directory"),
        (["restore", "no.zip"], {"database_url": "postgres://127.0.0.1:1/esik"}, 1, "no.zip is no backup of Esik"),
        (["key", "show"], {}, 1, "vault.key cannot be read"),
        (["account", "add", "a", "A", "--role", "operator", "--school", "a"], {}, 1, "an operator has no --school"),
        (["device", "add", "a", "--school", "a", "--out", "b", "--gate", "main"], {}, 1, "--gate 'main' is not KEY="),
        (["device", "add", "a", "--school", "a", "--out", "b", "--hub", "x"], {}, 1, "--hub 'x' is not DEVICE@HOST"),
        (["device", "invite", "--school", "a", "--gate", "b"], {}, 1, "set ESIK_PUBLIC_URL to the https address"),
        (["school", "list"], {"database_url": "postgres://127.0.0.1:1/esik"}, 1, "the key file"),
    ],
)
def test_a_mistake_is_told_in_one_line(
    tmp_path: Path, words: list[str], settings: dict[str, str], status: int, line: str
) -> None:
    edition = {"edition": "server", "mqtt_url": "mqtt://127.0.0.1:1"} if "database_url" in settings else {}

    done = called(*words, data=tmp_path / "data", **edition, **settings)

    assert done.returncode == status
    assert line in told(done)
    assert done.stdout == ""


def test_a_process_says_the_same_and_ends_with_the_status(tmp_path: Path) -> None:
    done, version = esik("key", "show", data=tmp_path), esik("version")

    assert (done.returncode, version.returncode) == (1, 0)
    assert told(done).startswith(f"the key file {tmp_path / 'vault.key'} cannot be read")
    assert version.stdout == f"esik {__version__}\n"


def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    url = "postgres://esik:hush@127.0.0.1:1/esik"

    done = esik("migrate", edition="server", mqtt_url="mqtt://127.0.0.1:1", database_url=url, data=tmp_path)

    assert done.returncode == 1
    assert told(done).startswith("database esik at 127.0.0.1:1: ")
    assert "hush" not in done.stderr
