"""Who can write the database, and makes its chains anew, is found by the anchors that left it before."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.accounts.actions import audit
from cloud.audit.chain import genesis, link
from cloud.audit.verifying import entry_of, verify_audit
from cloud.core.mail import Letter, NotSent
from cloud.core.services import Services
from cloud.ingest.accepting import accept
from cloud.ingest.postgres import PgStore
from cloud.ingest.senders import Senders
from cloud.ingest.verifying import verify_log
from cloud.integrity.anchor import AnchorRefused, opened, sealed
from cloud.integrity.anchoring import anchor_due
from cloud.integrity.checking import check_everything, checks
from cloud.integrity.comparing import compare_folder, compare_own
from cloud.integrity.delivering import deliver_due
from cloud.integrity.keys import signing_key, trusted_keys
from cloud.integrity.restores import note_restore
from schemas import chain
from simulators.clock import SimulatedClock
from tests.cloud.ingest.device import EPOCH, NOW_MS, Device, tapped
from tests.cloud.ingest.device import opened as first
from tests.cloud.ingest.rows import add_devices
from tests.cloud.schools.factory import SYSTEM

NIGHT_S = 31 * 3_600  # after so long one is made at any hour
_LINKS = """
SELECT audit_link.number, entry.id, at, account_id, actor, school_id, verb, subject, detail::text
FROM audit_link JOIN audit_entry AS entry ON entry.id = entry_id WHERE chain = $1 ORDER BY number
"""
_LOST = """
INSERT INTO loss (shard, school_id, device, epoch, first_seq, last_seq, received_at, reason, digest)
SELECT shard, school_id, device, epoch, 5, 7, received_at, 'disk_full', digest FROM record WHERE seq = 7
"""
_HEADS = """
UPDATE audit_head AS head SET number = last.number, digest = last.digest FROM audit_link AS last
WHERE last.chain = head.chain AND last.number = (SELECT max(number) FROM audit_link WHERE chain = head.chain)
"""


@pytest.fixture(name="device")
async def _device(services: Services) -> AsyncIterator[Device]:
    """Take in records of a device, note three deeds at its school, and anchor both into the folder."""
    device = Device().write(first(), *[tapped(number) for number in range(9)])
    await add_devices(services.database.pool, services.vault, services.clock, device)
    store = PgStore(services.database.url, Senders(services.database.pool, services.vault, services.clock))
    await accept([device.batch(1, 10)], store, NOW_MS)
    for number in range(3):
        await note(services, f"card:{number}")
    await anchored(services)
    yield device
    await store.close()


async def note(services: Services, subject: str) -> None:
    async with services.database.transaction() as connection:
        await audit(connection, SYSTEM, "card.blocked", subject, school_id=await school(services))


async def school(services: Services) -> int:
    return int(await services.database.pool.fetchval("SELECT min(id) FROM school"))


async def anchored(services: Services) -> None:
    """Let a night pass."""
    assert isinstance(services.clock, SimulatedClock)
    services.clock.advance(NIGHT_S)
    await anchor_due(services)
    await deliver_due(services, None)


async def differences(services: Services, folder: Path | None = None) -> str:
    found: list[str] = []
    tell = lambda place, what: found.append(f"{place}: {what}")  # noqa: E731
    await (compare_folder(services, folder, tell) if folder else compare_own(services, tell))
    return "\n".join(found)


async def rewrite(services: Services, *statements: tuple[object, ...]) -> None:
    """Write around the guards, as an owner of the database can."""
    async with services.database.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        for statement, *values in statements:
            await connection.execute(str(statement), *values)


async def make_records_anew(services: Services, device: Device) -> None:
    """Edit a record and compute every digest after it, and the mark, as ingest would have."""
    digest, changes = chain.genesis(device.name, EPOCH), []
    for row in await services.database.pool.fetch("SELECT seq, record FROM record ORDER BY seq"):
        record = row["record"].replace(b"main", b"mane") if row["seq"] == 5 else row["record"]
        digest = chain.link(digest, record)
        changes.append(("UPDATE record SET record = $2, digest = $3 WHERE seq = $1", row["seq"], record, digest))
    await rewrite(services, *changes, ("UPDATE watermark SET digest = $1", digest))


async def make_journal_anew(services: Services) -> None:
    """Take the last entry but one out of the school's audit journal, and link the others anew."""
    school_id = await school(services)
    rows = await services.database.pool.fetch(_LINKS, school_id)
    gone, kept = rows[-2], [*rows[:-2], rows[-1]]
    digest = genesis(school_id)
    changes: list[tuple[object, ...]] = [
        ("DELETE FROM audit_entry WHERE id = $1", gone["id"]), ("DELETE FROM audit_link WHERE chain = $1", school_id),
    ]  # fmt: skip
    for number, row in enumerate(kept, 1):
        digest = link(digest, number, entry_of(row))
        changes.append(("INSERT INTO audit_link VALUES ($1, $2, $3, $4)", school_id, number, row["id"], digest))
    changes.append(("UPDATE audit_head SET number = $2, digest = $3 WHERE chain = $1", school_id, len(kept), digest))
    await rewrite(services, *changes)


async def chains_alone_say(services: Services) -> str:
    found = [f"{each.place}: {each.what}" for each in (await verify_log(services)).findings]
    await verify_audit(services.database.pool, lambda place, what: found.append(f"{place}: {what}"))
    return "\n".join(found)


async def test_what_nobody_touched_agrees_and_later_nights_follow(services: Services, device: Device) -> None:
    await note(services, f"device:{device.name}")
    await anchored(services)

    assert await differences(services) == ""
    names = sorted(path.name for path in services.settings.anchors_folder.iterdir())
    assert [name.split("-")[1] for name in names] == ["000001", "000002", "000001", "000002"]


@pytest.mark.requirement("KZ456-5.16")
async def test_an_operator_who_edits_a_record_by_sql_and_recomputes_the_chain_is_found(
    services: Services, device: Device
) -> None:
    await make_records_anew(services, device)

    assert await chains_alone_say(services) == "", "the chain alone proves nothing against them"
    assert f"record 10 of {device.name} {EPOCH} is not what it was" in await differences(services)


@pytest.mark.requirement("KZ456-5.16")
async def test_an_operator_who_takes_a_deed_out_of_the_journal_and_links_it_anew_is_found(
    services: Services, device: Device
) -> None:
    assert device.name
    await make_journal_anew(services)

    assert await chains_alone_say(services) == ""
    assert "of the audit journal is gone" in await differences(services)


async def test_a_last_record_that_was_deleted_with_its_mark_is_found(services: Services, device: Device) -> None:
    await rewrite(
        services,
        ("DELETE FROM record WHERE seq = 10",),
        ("UPDATE watermark SET upto = 9, digest = (SELECT digest FROM record WHERE seq = 9)",),
        ("UPDATE shard_head SET position = position - 1 WHERE position = 10",),
    )

    assert await chains_alone_say(services) == ""
    assert f"record 10 of {device.name} {EPOCH} is gone" in await differences(services)


async def test_records_that_are_taken_out_and_put_down_as_lost_are_found(services: Services, device: Device) -> None:
    await rewrite(
        services,
        (_LOST,),
        ("DELETE FROM record WHERE seq BETWEEN 5 AND 7",),
    )

    told = f"of the records of {device.name} {EPOCH} up to 10 3 are put down as lost, 0 were"
    assert told in await differences(services)


async def test_a_restore_that_is_told_leaves_anchors_behind_and_one_that_is_not_is_found(
    services: Services, device: Device
) -> None:
    assert device.name
    made_at = services.clock.now().isoformat()
    await note(services, "card:3")
    await anchored(services)
    await rewrite(services, *backed_up())
    untold = await differences(services)

    async with services.database.pool.acquire() as connection:
        await note_restore(connection, made_at, services.clock.now())
    first = await check_everything(services)
    await anchored(services)
    later = await check_everything(services)

    assert "of the audit journal is gone" in untold
    assert (first.wrong, later.wrong) == (0, 0)
    assert [place.split(" 20")[0] for place, _ in later.found] == ["restored on"]
    assert "2 anchors of the time between" in later.found[0][1]
    alarms = await services.database.pool.fetch("SELECT kind, count FROM alarm WHERE kind = 'backup_restored'")
    assert [tuple(each) for each in alarms] == [("backup_restored", 1)]


async def test_a_claimed_restore_hides_nothing_of_the_time_before(services: Services, device: Device) -> None:
    async with services.database.pool.acquire() as connection:
        await note_restore(connection, services.clock.now().isoformat(), services.clock.now() + timedelta(days=1))

    await make_records_anew(services, device)

    assert f"record 10 of {device.name} {EPOCH} is not what it was" in await differences(services)


def backed_up() -> list[tuple[object, ...]]:
    """Return the statements that bring the school's journal and anchors to where they were a night ago."""
    return [
        ("DELETE FROM audit_entry WHERE subject = 'card:3'",),
        ("DELETE FROM audit_link WHERE NOT EXISTS (SELECT FROM audit_entry WHERE id = entry_id)",),
        (_HEADS,),
        ("DELETE FROM anchor WHERE number > 1",),
    ]


async def test_a_forged_anchor_is_believed_by_nobody(services: Services, device: Device) -> None:
    await make_records_anew(services, device)
    folder = services.settings.anchors_folder
    (path,) = (each for each in folder.iterdir() if not each.name.startswith("service"))
    anchor = opened(path.read_bytes(), trusted_keys(services.settings))
    told = json.loads(anchor.text)
    digest = await services.database.pool.fetchval("SELECT digest FROM watermark")
    told["records"][0]["digest"] = digest.hex()
    text = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    _, public, signature = path.read_bytes().rstrip(b"\n").split(b"\n")

    path.write_bytes(b"\n".join((text, public, signature, b"")))
    assert "forged" in await differences(services)

    path.write_bytes(sealed(anchor, Ed25519PrivateKey.generate()))
    assert "forged" in await differences(services)


@pytest.mark.parametrize("content", [b"", b"x", b"\n\n\n", b"{}\n00\n00\n", b"\xff" * 300])
async def test_what_is_no_anchor_is_refused(services: Services, content: bytes) -> None:
    with pytest.raises(AnchorRefused):
        opened(content, [signing_key(services.settings).public_key()])


async def test_an_anchor_left_out_or_taken_away_is_missed(services: Services, device: Device) -> None:
    assert device.name
    for _ in range(2):
        await anchored(services)
    folder = services.settings.anchors_folder
    second = next(path for path in folder.iterdir() if "000002" in path.name and not path.name.startswith("service"))
    second.unlink()

    told = await differences(services)

    assert f"{second.name}: it was written into the folder and is gone" in told
    assert "those between it and number 1 are missing" in told


async def test_the_schools_own_copies_find_what_the_services_folder_does_not(
    services: Services, device: Device, tmp_path: Path
) -> None:
    """Who holds the machine makes the anchors anew as well: what was mailed to the school stays as it was."""
    copies = tmp_path / "copies"
    copies.mkdir()
    for path in services.settings.anchors_folder.iterdir():
        (copies / path.name).write_bytes(path.read_bytes())
        path.unlink()
    await make_records_anew(services, device)
    await rewrite(services, ("TRUNCATE anchor, anchor_epoch",))
    await anchored(services)

    assert await differences(services) == ""
    assert "is not what it was" in await differences(services, copies)


async def test_books_that_were_rewritten_are_found(services: Services, device: Device) -> None:
    assert device.name
    insert = (
        'INSERT INTO ledger_entry (school_id, number, key, kind, at, "on", recorded_at, total_tiyn, lines, digest)'
        " VALUES ($1, 1, 'a', 'topup', now(), '2026-11-25', now(), 100, 2, '')"
    )
    await rewrite(services, (insert, await school(services)))
    await anchored(services)
    assert await differences(services) == ""

    await rewrite(services, ("UPDATE ledger_entry SET total_tiyn = 200",))

    assert "entries 1 to 1 of the ledger are not what they were" in await differences(services)


class Postman:
    """Carries letters, or does not."""

    def __init__(self, *, carries: bool = True) -> None:
        self.letters: list[Letter] = []
        self.carries = carries

    async def send(self, letter: Letter) -> None:
        """Send, or say that the server was not reached."""
        if not self.carries:
            raise NotSent("mail_unreached: OSError")
        self.letters.append(letter)


async def test_the_school_gets_each_anchor_once_by_mail_and_an_alarm_tells_when_it_does_not(
    services: Services, device: Device
) -> None:
    assert device.name
    address = services.vault.encrypt("office@school.kz", "anchor_address.email")
    await services.database.pool.execute(
        "INSERT INTO anchor_address VALUES ($1, $2, $3)", await school(services), address,
        services.clock.now() - timedelta(days=2),
    )  # fmt: skip
    good, bad = Postman(), Postman(carries=False)

    await deliver_due(services, bad)
    for _ in range(2):
        await deliver_due(services, good)

    (letter,) = good.letters
    assert letter.to == "office@school.kz"
    assert opened(letter.attachments[0].body, trusted_keys(services.settings)).number == 1
    for _ in range(4):
        await anchored(services)
        await deliver_due(services, bad)
    assert "anchor_stays" in [row["kind"] for row in await services.database.pool.fetch("SELECT kind FROM alarm")]


@pytest.mark.requirement("KZ456-5.16")
async def test_the_nightly_check_tells_what_it_found_and_raises_an_alarm(services: Services, device: Device) -> None:
    clean = await check_everything(services)
    await make_records_anew(services, device)

    broken = await check_everything(services)

    assert (clean.wrong, clean.counted["records"]) == (0, 10)
    assert broken.wrong == 1
    assert [check.wrong for check in await checks(services, SYSTEM)] == [1, 0]
    alarm = await services.database.pool.fetchrow("SELECT * FROM alarm WHERE kind = 'integrity_broken'")
    assert "record 10 of gate-1" in alarm["detail"]


async def test_an_anchor_names_nobody(services: Services, device: Device) -> None:
    assert device.name
    texts = [path.read_bytes() for path in services.settings.anchors_folder.iterdir()]

    assert texts
    for text in texts:
        assert set(json.loads(text.split(b"\n")[0])) == {
            "format", "school", "chain", "number", "at", "previous", "audit", "records", "books",
        }  # fmt: skip
