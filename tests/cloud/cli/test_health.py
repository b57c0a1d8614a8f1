"""`esik cloud doctor`, `status` and `quarantine`: what is wrong in words, how far the work has come, what waits."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from cloud.brokers.certificates import broker_files
from cloud.core.clock import SystemClock
from cloud.core.database import address
from cloud.core.services import open_services
from cloud.core.settings import Edition, Settings
from cloud.core.vault import make_key_file
from cloud.devices import ca
from cloud.ingest.leases import renew
from tests.cloud.cli.esik import called
from tests.cloud.cli.test_archive import sent
from tests.cloud.ingest.device import Device, opened, tapped
from tests.cloud.ingest.rows import add_devices
from tests.cloud.schools.factory import a_school
from tests.servers.process import Server, answers, free_port, program

OLDER = "DELETE FROM tortoise_migrations WHERE name LIKE '0053%'"
NEWER = "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('cloud', '9999_x', now())"
AHEAD = "UPDATE record SET received_at = now() + interval '5 hours' WHERE seq = 10"
UNWHOLE = "INSERT INTO integrity_check (at, took_s, counted, wrong, found) VALUES (now(), 1, '{}', 3, '[]')"
KEPT = """
INSERT INTO quarantine (shard, school_id, device, epoch, seq, received_at, reason, digest, record)
SELECT shard, school_id, device, epoch, seq, received_at, $2, digest, $3 FROM record WHERE seq = $1
"""


@pytest.fixture(name="source")
async def _source(database_url: str, tmp_path: Path) -> Settings:
    """Return the settings of a service with an authority and ten records of a device."""
    settings = Settings(data=tmp_path / "data", edition=Edition.SERVER, database_url=database_url)
    make_key_file(settings.vault_key_file)
    async with open_services(settings, SystemClock()) as services:
        ca.init(settings.data / "ca", services.vault, services.clock.now())
        authority = ca.Authority.load(settings.data / "ca", services.vault)
        (tmp_path / "broker-files").mkdir()
        broker_files(tmp_path / "broker-files", authority, ["127.0.0.1"], services.clock.now())
        await a_school(services)
        shard = await services.database.pool.fetchval("SELECT shard FROM school")
        device = Device(school="almaty5", shard=shard).write(opened(), *[tapped(number) for number in range(9)])
        await add_devices(services.database.pool, services.vault, services.clock, device)
        await sent(services, device, 1, 10)
        await services.database.pool.execute("UPDATE record SET received_at = now()")
    return settings


def execute(settings: Settings, statement: str, *values: object) -> None:
    async def work() -> None:
        connection = await asyncpg.connect(**address(settings.database_url))
        try:
            await connection.execute(statement, *values)
        finally:
            await connection.close()

    asyncio.run(work())


def words_of(settings: Settings, **more: object) -> dict[str, object]:
    return {"edition": "server", "data": settings.data, "database_url": settings.database_url,
            "mqtt_url": "mqtt://127.0.0.1:1", "http_port": free_port(), **more}  # fmt: skip


def doctor(settings: Settings, **more: object) -> tuple[int, dict[str, dict[str, Any]]]:
    """Return the status, and the lines by what they are of."""
    done = called("doctor", "--json", **words_of(settings, **more))
    answer = json.loads(done.stdout)
    assert answer["status"] == done.returncode
    return done.returncode, {line["what"]: line for line in answer["lines"]}


@contextmanager
def mosquitto(folder: Path, port: int) -> Iterator[None]:
    files = folder / "broker-files"
    (folder / "mosquitto.conf").write_text(
        f"user root\nper_listener_settings false\nallow_anonymous false\nlistener {port} 127.0.0.1\n"
        f"cafile {files}/clients.pem\ncertfile {files}/broker.pem\nkeyfile {files}/broker.key\n"
        "require_certificate true\nuse_identity_as_username true\n"
    )
    command = [str(program("mosquitto", "mosquitto")), "-c", str(folder / "mosquitto.conf")]
    server = Server(command, folder / "log", lambda: answers(port))
    server.start()
    try:
        yield
    finally:
        server.stop()


def test_what_is_wrong_is_told_line_by_line_with_what_to_do(source: Settings, tmp_path: Path) -> None:
    status, lines = doctor(source, backup_folder=tmp_path / "none")

    assert status == 1
    levels = {what: line["level"] for what, line in lines.items()}
    assert levels["key file"] == levels["database"] == levels["tables"] == levels["clock"] == "ok"
    assert levels["workers"] == levels["broker"] == levels["pages"] == levels["backups"] == "wrong"
    assert levels["root key"] == "warning"
    assert all(line["todo"] for line in lines.values() if line["level"] != "ok")
    assert "none works" in lines["workers"]["told"]


def test_what_runs_is_in_order(source: Settings, tmp_path: Path) -> None:
    async def at_work() -> None:
        async with open_services(source) as services:
            await renew(services.database.pool, "worker-1", 600.0)

    asyncio.run(at_work())
    (source.data / "ca" / "root.key").unlink()
    folder, files, port = tmp_path / "backups", tmp_path / "broker-files", free_port()
    folder.mkdir()
    (folder / f"esik-{SystemClock().now():%Y-%m-%dT%H%M%SZ}.zip").write_bytes(b"x" * 1000)
    tls = {"mqtt_url": f"mqtts://127.0.0.1:{port}", "mqtt_ca": source.data / "ca" / "root.pem",
           "mqtt_certificate": files / "ingest.pem", "mqtt_key": files / "ingest.key"}  # fmt: skip

    with mosquitto(tmp_path, port):
        _, lines = doctor(source, backup_folder=folder, **tls)
        done = called("doctor", **words_of(source, backup_folder=folder, **tls))

    wrong = [what for what, line in lines.items() if line["level"] != "ok"]
    assert set(wrong) <= {"pages", "nightly check", "disk of the data", "disk of the backups"}
    assert lines["broker"]["told"].startswith("lasts ")
    assert "WRONG   pages: 127.0.0.1:" in done.stdout
    assert "Do: systemctl status esik-web" in done.stdout


def test_a_broker_with_a_certificate_of_another_authority_is_told_as_that(source: Settings, tmp_path: Path) -> None:
    port, files = free_port(), tmp_path / "broker-files"

    async def another() -> None:
        async with open_services(source) as services:
            ca.init(tmp_path / "other", services.vault, services.clock.now())

    asyncio.run(another())
    with mosquitto(tmp_path, port):
        _, lines = doctor(
            source, mqtt_url=f"mqtts://127.0.0.1:{port}", mqtt_ca=tmp_path / "other" / "root.pem",
            mqtt_certificate=files / "ingest.pem", mqtt_key=files / "ingest.key",
        )  # fmt: skip

    assert lines["broker"]["level"] == "wrong"
    assert "not of our authority" in lines["broker"]["told"]
    assert "ESIK_MQTT_CA" in lines["broker"]["todo"]


@pytest.mark.parametrize(
    ("break_it", "what", "told"),
    [
        (lambda at: at.vault_key_file.chmod(0o644), "key file", "can be read by others"),
        (lambda at: (at.data / "ca" / "intermediate.key").chmod(0o640), "secret file", "(640)"),
        (partial(execute, statement=OLDER), "tables", "was not applied"),
        (partial(execute, statement=NEWER), "tables", "of a newer version (9999_x)"),
        (partial(execute, statement="DROP TABLE tortoise_migrations"), "tables", "there are none"),
        (partial(execute, statement=AHEAD), "clock", "it was set back"),
        (partial(execute, statement=UNWHOLE), "nightly check", "3 things were wrong"),
    ],
    ids=["key", "rights", "old", "new", "empty", "clock", "check"],
)  # fmt: skip
def test_each_thing_that_breaks_is_found(
    source: Settings, break_it: Callable[[Settings], object], what: str, told: str
) -> None:
    break_it(source)

    status, lines = doctor(source)

    assert status == 1
    assert lines[what]["level"] == "wrong"
    assert told in lines[what]["told"]


def test_settings_that_are_wrong_and_a_database_that_is_gone_are_lines_too(source: Settings) -> None:
    unset = called("doctor", **words_of(source, http_port="many"))
    gone = called("doctor", **words_of(source, database_url="postgres://127.0.0.1:1/esik"))

    assert (unset.returncode, unset.stdout.splitlines()[0][:23]) == (78, "WRONG   settings: ESIK_")
    assert gone.returncode == 1
    assert "WRONG   database: database esik at 127.0.0.1:1" in gone.stdout
    assert "backups: no folder is named" in gone.stdout, "the looks after it are still made"


def test_status_tells_how_far_the_work_has_come(source: Settings) -> None:
    execute(source, "INSERT INTO reader_cursor (name, shard, position) SELECT 'attendance', shard, 4 FROM school")

    told = json.loads(called("status", "--json", **words_of(source)).stdout)
    words = called("status", **words_of(source)).stdout

    assert told["behind"]["attendance"] == 6
    assert told["workers"] == told["quarantined_records"] == 0
    assert told["last_record_at"] is not None
    assert sum(told["devices"].values()) == 1
    assert "behind: attendance 6" in words


def test_what_is_held_is_listed_without_its_content_and_read_again_when_it_can_be(source: Settings) -> None:
    execute(source, KEPT, 5, "unknown", tapped(77))
    execute(source, KEPT, 6, "malformed", b"not JSON")
    execute(source, KEPT, 7, "conflict", b"another")
    execute(source, "DELETE FROM record WHERE seq = 5")

    listed = called("quarantine", "list", **words_of(source))
    dry = json.loads(called("quarantine", "retry", "--dry-run", "--json", **words_of(source)).stdout)
    before = json.loads(called("quarantine", "list", "--json", **words_of(source)).stdout)
    done = called("quarantine", "retry", **words_of(source))
    after = json.loads(called("quarantine", "list", "--json", **words_of(source)).stdout)

    assert "3 records are held" in listed.stdout
    assert "not JSON" not in listed.stdout
    assert "contradict" in listed.stdout
    assert (dry["records"], dry["held"], [each["reason"] for each in dry["which"]]) == (1, 3, ["unknown"])
    assert sorted(each["reason"] for each in before["held"]) == ["conflict", "malformed", "unknown"]
    assert done.stdout == "1 were read, 2 are held still\n"
    assert [each["reason"] for each in after["held"]] == ["conflict", "malformed"]
