"""How a message was delivered stands with its receipts: by channel and by guardian, and never why."""

from zoneinfo import ZoneInfo

from cloud.core.formats import Formats
from cloud.core.i18n import Language
from cloud.core.services import Services
from cloud.messages.delivery import Delivered
from cloud.messages.receipts import receipts_of
from cloud.messages.writing import recall, write
from cloud.notifications.channels.addresses import add_address
from cloud.notifications.channels.choices import ALL as EACH_CHILD
from cloud.notifications.channels.choices import save_scope
from cloud.notifications.channels.delivering import Deliverer
from cloud.notifications.channels.planning import Deliveries
from cloud.notifications.channels.registry import lasts_of
from cloud.notifications.channels.rules import Quiet, Scope, State
from cloud.notifications.channels.sender import Confirmed, Refused, Sender
from cloud.notifications.outbox import drain
from tests.cloud.messages.factory import Classroom, a_classroom, to_class
from tests.cloud.notifications.channels.factory import Recorder
from tests.cloud.notifications.factory import ALL


async def connect(room: Classroom, account_id: int | None, *channels: str) -> None:
    """Give an account an address of each channel."""
    assert account_id is not None
    async with room.services.database.pool.acquire() as connection, connection.transaction():
        for channel in channels:
            value = f"{channel}-{account_id}"
            await add_address(
                room.services, connection, account_id, channel, value, same_as=value, label=value
            )  # fmt: skip


async def delivered(room: Classroom, number: int, *senders: Sender) -> Delivered:
    """Plan and carry what was told, and return how the message went, as its writer sees it."""
    by_name = {each.name: each for each in senders}
    channel = Deliveries(room.services, lasts_of(by_name))
    while await drain(room.services.database.pool, channel, ALL):
        pass
    await Deliverer(room.services, by_name).deliver_all()
    return (await receipts_of(room.services, room.teacher, room.school_id, number)).delivered


async def test_the_writer_sees_by_channel_and_by_guardian_how_a_message_went(services: Services) -> None:
    room = await a_classroom(services)
    await connect(room, room.mother.account_id, "webpush", "telegram")
    await connect(room, room.father.account_id, "webpush")
    push = Recorder("webpush", outcomes=[Confirmed(), Refused("push_refused")])
    number = await write(services, room.teacher, room.school_id, to_class(room))

    told = await delivered(room, number, push, Recorder("telegram"))

    counts = {each.channel: dict(each.counts) for each in told.channels}
    assert counts == {"telegram": {State.SENT: 1}, "webpush": {State.CONFIRMED: 1, State.DEAD: 1}}
    reached = {account: sorted(each.state.value for each in went) for account, went in told.accounts.items()}
    assert sorted(reached.values()) in ([["confirmed", "sent"], ["dead"]], [["confirmed"], ["dead", "sent"]])
    assert told.page_only == sum(states == ["dead"] for states in reached.values())


async def test_what_is_held_in_quiet_hours_says_until_when(services: Services) -> None:
    room = await a_classroom(services)
    await connect(room, room.mother.account_id, "webpush")
    await save_scope(services, room.mother, EACH_CHILD, Scope(quiet=Quiet(6 * 60, 9 * 60)))
    number = await write(services, room.teacher, room.school_id, to_class(room))

    told = await delivered(room, number, Recorder("webpush"))

    (push,) = told.channels
    assert (push.of("held"), push.waiting, push.held_until is not None) == (1, 0, True)
    (held,) = told.accounts[room.mother.account_id or 0]
    formats = Formats(Language.EN, ZoneInfo("Asia/Almaty"))
    assert held.words(formats).endswith("Held in quiet hours, Sep 1, 09:00")
    assert told.page_only == 1  # the father: nothing is connected


async def test_what_was_taken_back_still_tells_how_it_went_and_the_recall_counts_for_itself(services: Services) -> None:
    room = await a_classroom(services)
    await connect(room, room.mother.account_id, "webpush")
    number = await write(services, room.teacher, room.school_id, to_class(room))
    await delivered(room, number, Recorder("webpush"))
    await recall(services, room.teacher, room.school_id, number, "қате")

    told = await delivered(room, number, Recorder("webpush"))

    assert [(each.channel, dict(each.counts)) for each in told.channels] == [("webpush", {State.SENT: 1})]


async def test_one_schools_message_tells_nothing_of_anothers(services: Services) -> None:
    room = await a_classroom(services)
    other = await a_classroom(services, "almaty6", "66")
    await connect(room, room.mother.account_id, "webpush")
    await connect(other, other.mother.account_id, "webpush", "telegram")
    number = await write(services, room.teacher, room.school_id, to_class(room))
    await write(services, other.teacher, other.school_id, to_class(other))

    told = await delivered(room, number, Recorder("webpush"), Recorder("telegram"))

    assert [each.channel for each in told.channels] == ["webpush"]
    assert set(told.accounts) == {room.mother.account_id, room.father.account_id}
