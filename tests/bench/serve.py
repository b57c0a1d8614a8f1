"""What is measured, in a process of its own: the product's ingest alone, or one transaction a record beside it.

`python -m tests.bench.serve ingest|naive <database> <mqtt port> <key file>` prints `ready` and serves until terminated.
"""

import asyncio
import gc
import sys
from pathlib import Path
from random import Random

import asyncpg
import msgspec

from cloud.core.clock import SystemClock
from cloud.core.database import address
from cloud.core.vault import Vault, read_keys
from cloud.ingest.intake import Intake
from cloud.ingest.messages import address_of
from cloud.ingest.plan import Reply
from cloud.ingest.postgres import PgStore
from cloud.ingest.senders import Senders
from cloud.ingest.transport import BrokerAddress, BrokerLink
from schemas import topics
from schemas.chain import link
from schemas.seal import seal, unseal
from schemas.structs import Ack, AnyFrame, AnyRecord, Batch
from tests.waiting import until_async

SHARDS = range(topics.SHARDS)
_frame = msgspec.json.Decoder(AnyFrame).decode
_record = msgspec.json.Decoder(AnyRecord).decode
_INSERT = """
INSERT INTO record (shard, position, school_id, device, epoch, seq, received_at, corrected_ms, kind, digest, record)
VALUES ($1, $2, $3, $4, $5, $6, now(), 0, 'decision', $7, $8)
"""
_MARK = """
INSERT INTO watermark (device, epoch, shard, upto, digest, boot) VALUES ($1, $2, $3, $4, $5, '')
ON CONFLICT (device, epoch) DO UPDATE SET upto = excluded.upto, digest = excluded.digest
"""


async def ingest(url: str, broker: BrokerAddress, vault: Vault) -> None:
    """Take records in as the worker does, without the readers of the log."""
    clock = SystemClock()
    pool = await asyncpg.create_pool(**address(url), min_size=1, max_size=4)
    intake = Intake(PgStore(url, Senders(pool, vault, clock)), broker, clock, Random(), "bench-ingest")
    async with asyncio.TaskGroup() as group:
        group.create_task(intake.run(SHARDS), name="intake")
        await until_async(lambda: intake.is_listening)
        gc.freeze()  # as the worker does
        print("ready", flush=True)


async def naive(url: str, broker: BrokerAddress, vault: Vault) -> None:
    """Take each record in by a transaction of its own, with the same checks of seal and form and the same rows."""
    pool = await asyncpg.create_pool(**address(url), min_size=1, max_size=4)
    senders, queue = Senders(pool, vault, SystemClock()), asyncio.Queue[tuple[str, bytes]]()
    broker_link = BrokerLink(broker, "bench-naive", lambda topic, payload: queue.put_nowait((topic, payload)))
    await broker_link.open(SHARDS)
    print("ready", flush=True)
    async with pool.acquire() as connection:
        position = await connection.fetchval("SELECT coalesce(max(position), 0) FROM record")
        while True:
            topic, payload = await queue.get()
            at = address_of(topic)
            if at is None:
                continue
            sender = (await senders.find([at.device]))[at.device]
            if sender is None:
                continue
            head, *lines = unseal(sender.uplink_key, payload).split(b"\n")
            batch = _frame(head)
            if not isinstance(batch, Batch):
                continue
            digest, seq = bytes.fromhex(batch.previous_digest), batch.first_seq - 1
            for line in lines:
                _record(line)
                digest, seq, position = link(digest, line), seq + 1, position + 1
                async with connection.transaction():
                    await connection.execute(
                        _INSERT, sender.shard, position, sender.school_id, sender.name, batch.epoch, seq, digest, line
                    )
                    await connection.execute(_MARK, sender.name, batch.epoch, sender.shard, seq, digest)
            ack = Ack(epoch=batch.epoch, upto=seq, digest=digest.hex())
            broker_link.send([Reply(at.answers, seal(sender.downlink_key, msgspec.json.encode(ack)))])


def main() -> None:
    what, url, port, key_file = sys.argv[1:]
    broker = BrokerAddress.parse(f"mqtt://127.0.0.1:{port}")
    vault = Vault(*read_keys(Path(key_file)))
    asyncio.run({"ingest": ingest, "naive": naive}[what](url, broker, vault))


if __name__ == "__main__":
    main()
