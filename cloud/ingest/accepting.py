"""Accepting: a window of messages is read, judged and committed; what comes back are the answers to send.

Rule: answers leave only after the commit. The worker and the simulated world both run this, over different stores.
"""

from collections.abc import Mapping, Sequence

from cloud.ingest.judge import judge
from cloud.ingest.messages import Arrived, Message, Sender, address_of, read
from cloud.ingest.plan import Plan
from cloud.ingest.reading import Reader, read_record
from cloud.ingest.store import Needs, Store

ROUNDS_MAX = 4


async def accept(arrived: Sequence[Arrived], store: Store, now_ms: int, reader: Reader = read_record) -> Plan:
    """Read, judge and commit messages in the order they came; return the plan, whose replies may now be sent.

    Raises StoreFailed: then nothing may be answered, and the devices send again.
    """
    senders = await store.senders(names_of(arrived))
    return await settle(read_all(arrived, senders), store, now_ms, reader)


def names_of(arrived: Sequence[Arrived]) -> set[str]:
    """Return the names of the devices that some messages claim to come from."""
    addresses = (address_of(one.topic) for one in arrived)
    return {address.device for address in addresses if address is not None}


def read_all(arrived: Sequence[Arrived], senders: Mapping[str, Sender | None]) -> list[Message]:
    """Return what some messages say."""
    return [read(one, senders) for one in arrived]


async def settle(messages: Sequence[Message], store: Store, now_ms: int, reader: Reader = read_record) -> Plan:
    """Judge and commit messages that were read. Raises StoreFailed."""
    needs = Needs.of(messages)
    async with store.window(needs.shards) as window:
        await window.load(needs)
        plan = judge(messages, window.state, now_ms, reader)
        for _ in range(ROUNDS_MAX):
            if plan.is_ready:
                break
            await window.look_up(plan.wants_marks, plan.wants_digests)
            plan = judge(messages, window.state, now_ms, reader)
        assert plan.is_ready, "what was looked up is known"  # noqa: S101
        await window.commit(plan)
    return plan
