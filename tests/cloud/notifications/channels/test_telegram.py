"""Telegram: a chat is joined by a code, told, and parted from, against a simulation of the documented Bot API."""

from dataclasses import replace

import pytest

from cloud.core.services import Services
from cloud.core.settings import Settings, SettingWrong
from cloud.notifications.channels.addresses import OF_A_CHANNEL_MAX
from cloud.notifications.channels.sender import TELEGRAM, Address, Gone, Later, Outcome, Paused, Refused, Sent
from cloud.notifications.channels.telegram import Telegram
from cloud.notifications.channels.telegram_api import Bot
from cloud.notifications.channels.telegram_feed import ANSWERS, ANSWERS_WITHIN_S, LEASE, PAUSE_S, Feed
from cloud.notifications.channels.telegram_links import LASTS, new_code
from simulators.clock import SimulatedClock
from tests.cloud.notifications.channels.push_factory import a_message
from tests.cloud.notifications.channels.telegram_factory import TOKEN, chatting

CHAT = 5_550_001


async def test_a_chat_is_joined_by_the_code_of_the_page_and_told(services: Services) -> None:
    async with chatting(services) as at:
        parent = await at.parent()
        code = await at.code(parent)
        (welcome,) = await at.answers(CHAT, f"/start {code.code}")

        outcome = await Telegram(at.bot).send(a_message(services), address())

    assert code.address == f"https://t.me/esik_test_bot?start={code.code}"
    assert "This chat now gets the notices for Айгүл Сапарова" in welcome
    assert await at.joined() == [parent.account_id]
    assert isinstance(outcome, Sent)
    assert at.telegram.read(CHAT)[-1] == "Әлия Қожахмет\nӘлия 07:52-де мектепке келді."


async def test_the_code_is_taken_as_somebody_types_it(services: Services) -> None:
    async with chatting(services) as at:
        parent = await at.parent()
        typed = (await at.code(parent)).code.upper().replace("-", " ")

        await at.answers(CHAT, f"  {typed} ")

    assert await at.joined() == [parent.account_id]


async def test_the_bot_answers_in_the_language_of_the_account_and_else_of_whoever_writes(services: Services) -> None:
    async with chatting(services) as at:
        parent = await at.parent()
        await services.database.pool.execute("UPDATE account SET language = 'kk' WHERE id = $1", parent.account_id)
        (welcome,) = await at.answers(CHAT, (await at.code(parent)).code, language="ru")
        (russian,) = await at.answers(CHAT + 1, "привет", language="ru")
        (other,) = await at.answers(CHAT + 2, "hallo", language="de")

    assert welcome.startswith("Енді бұл чатқа")
    assert russian.startswith("Этот бот")
    assert other.startswith("Бұл бот")


async def test_a_code_is_good_once_and_for_a_quarter_of_an_hour(services: Services, clock: SimulatedClock) -> None:
    async with chatting(services) as at:
        parent = await at.parent()
        used, old, replaced = await at.code(parent), await at.code(await at.parent()), await at.code(await at.parent())
        await at.answers(CHAT, used.code)
        (again,) = await at.answers(CHAT + 1, used.code)
        clock.advance(LASTS.total_seconds())
        (late,) = await at.answers(CHAT + 2, old.code)
        (never,) = await at.answers(CHAT + 3, "abcd-efgh-jkmn")

    assert replaced.code not in (used.code, old.code)
    assert {again, late, never} == {again}
    assert again.startswith("This code is not good any more.")
    assert await at.joined() == [parent.account_id]


async def test_a_newer_code_takes_the_older_ones_place(services: Services) -> None:
    async with chatting(services) as at:
        parent = await at.parent()
        older, newer = await at.code(parent), await at.code(parent)
        await at.answers(CHAT, older.code)
        assert await at.joined() == []

        await at.answers(CHAT, newer.code)

        assert await at.joined() == [parent.account_id]


async def test_a_closed_account_is_joined_by_nobody(services: Services) -> None:
    async with chatting(services) as at:
        parent = await at.parent()
        code = await at.code(parent)
        await services.database.pool.execute("UPDATE account SET is_active = false WHERE id = $1", parent.account_id)

        await at.answers(CHAT, code.code)

        assert await at.joined() == []


async def test_a_chat_tells_one_account_and_an_account_may_have_several_chats(services: Services) -> None:
    async with chatting(services) as at:
        mother, father = await at.parent(), await at.parent()
        await at.join(mother, CHAT)
        await at.join(mother, CHAT + 1)

        await at.join(father, CHAT)

        assert sorted(await at.joined()) == sorted([mother.account_id, father.account_id])


async def test_one_chat_too_many_is_told_so_and_the_code_stays_good(services: Services) -> None:
    async with chatting(services) as at:
        parent = await at.parent()
        for chat in range(OF_A_CHANNEL_MAX):
            await at.join(parent, CHAT + 1 + chat)
        code = await at.code(parent)
        (said,) = await at.answers(CHAT, code.code)
        await at.answers(CHAT + 1, "/stop")
        await at.answers(CHAT, code.code)

    assert said == f"There are {OF_A_CHANNEL_MAX} of them already. Remove one that is not used."
    assert len(await at.joined()) == OF_A_CHANNEL_MAX


async def test_stop_parts_a_chat_and_is_noted(services: Services) -> None:
    async with chatting(services) as at:
        parent = await at.parent()
        await at.join(parent, CHAT)

        (said,) = await at.answers(CHAT, "/stop")
        (again,) = await at.answers(CHAT, "/STOP")

    assert (said, again) == (
        "This chat gets no more notices. To get them again, join it on Esik's page “How I am told”.",
        "This chat gets no notices. To get them, join it on Esik's page “How I am told”.",
    )
    assert await at.joined() == []
    rows = await services.database.pool.fetch(
        "SELECT verb, subject FROM audit_entry WHERE verb LIKE 'telegram.%' ORDER BY id"
    )
    assert [tuple(row) for row in rows] == [
        ("telegram.linked", f"account:{parent.account_id}"), ("telegram.unlinked", f"account:{parent.account_id}"),
    ]  # fmt: skip


async def test_a_chat_that_blocks_the_bot_is_parted_at_once(services: Services) -> None:
    async with chatting(services) as at:
        await at.join(await at.parent(), CHAT)

        at.telegram.block(CHAT)
        await at.feed.step()

        assert await at.joined() == []


async def test_a_group_is_never_joined_nor_answered(services: Services) -> None:
    async with chatting(services) as at:
        code = await at.code(await at.parent())
        at.telegram.write(-100_5, f"/start {code.code}", kind="supergroup")
        await at.feed.step()

        assert await at.joined() == []
        assert at.telegram.read(-100_5) == []


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ((403, None), Gone("telegram_gone:403")), ((400, None), Refused("telegram_refused:400")),
        ((429, 17), Paused("telegram_busy:429", 17.0)), ((429, None), Paused("telegram_busy:429", PAUSE_S)),
        ((429, 999_999), Paused("telegram_busy:429", 3_600.0)), ((500, None), Later("telegram_server:500")),
        ((401, None), Paused("telegram_token:401", 300.0)),
    ],
)  # fmt: skip
async def test_each_refusal_of_the_bot_api_means_something(
    services: Services, answer: tuple[int, int | None], outcome: Outcome
) -> None:
    async with chatting(services) as at:
        at.telegram.write(CHAT, "hello")
        at.telegram.answers.append(answer)

        assert await Telegram(at.bot).send(a_message(services), address()) == outcome


async def test_who_blocked_the_bot_or_never_wrote_to_it_is_gone(services: Services) -> None:
    async with chatting(services) as at:
        at.telegram.write(CHAT, "hello")
        at.telegram.blocked.add(CHAT)

        assert await Telegram(at.bot).send(a_message(services), address()) == Gone("telegram_gone:403")
        assert await Telegram(at.bot).send(a_message(services), address(CHAT + 1)) == Gone("telegram_gone:400")


async def test_a_token_that_is_none_lets_the_channel_rest(services: Services) -> None:
    async with chatting(services) as at:
        bot = Bot("4711:AAF-another_token_altogether", at.bot.place)

        assert await Telegram(bot).send(a_message(services), address()) == Paused("telegram_token:401", 300.0)
        await bot.aclose()


@pytest.mark.parametrize(("trouble", "why"), [("silent", "telegram_silent"), ("rubbish", "telegram_server:502")])
async def test_what_telegram_does_not_answer_is_tried_again(services: Services, trouble: str, why: str) -> None:
    async with chatting(services) as at:
        at.telegram.trouble = trouble
        bot = Bot(TOKEN, at.bot.place, deadline_s=0.2 if trouble == "silent" else 20.0)

        assert await Telegram(bot).send(a_message(services), address()) == Later(why)
        await bot.aclose()


async def test_where_telegram_cannot_be_reached_is_tried_again(services: Services) -> None:
    bot = Bot(TOKEN, "http://127.0.0.1:1")

    assert await Telegram(bot).send(a_message(services), address()) == Later("telegram_unreached")
    await bot.aclose()


async def test_a_long_message_is_cut_to_what_telegram_takes(services: Services) -> None:
    async with chatting(services) as at:
        at.telegram.write(CHAT, "hello")

        assert isinstance(await Telegram(at.bot).send(a_message(services, body="Ә" * 9_000), address()), Sent)


async def test_one_worker_reads_at_a_time_and_the_next_goes_on_where_it_ended(
    services: Services, clock: SimulatedClock
) -> None:
    async with chatting(services) as at:
        other = Feed(at.services, at.bot, "worker-2")
        asked = len(at.telegram.asked)
        assert await other.step() > 0
        assert len(at.telegram.asked) == asked, "it is the first one's turn"

        await at.answers(CHAT, "hello")
        clock.advance(LEASE.total_seconds())
        at.telegram.write(CHAT, "hello again")
        await other.step()

        assert len(at.telegram.read(CHAT)) == 2, "each is answered once"


async def test_what_cannot_be_read_or_fails_holds_up_nobody(services: Services) -> None:
    async with chatting(services) as at:
        at.telegram.happen({"message": {"chat": "no chat"}})
        at.telegram.happen({"message": {"chat": {"id": 2**70, "type": "private"}, "text": "/stop"}})

        (said,) = await at.answers(CHAT, "hello")

    assert said.startswith("This bot only tells")


async def test_whoever_writes_on_and_on_is_answered_a_few_times_and_still_obeyed(
    services: Services, clock: SimulatedClock
) -> None:
    async with chatting(services) as at:
        await at.join(await at.parent(), CHAT)
        for _ in range(ANSWERS + 3):
            at.telegram.write(CHAT, "hello")
        await at.feed.step()
        assert len(at.telegram.read(CHAT)) == ANSWERS

        assert await at.answers(CHAT, "/stop") == []
        assert await at.joined() == []
        clock.advance(ANSWERS_WITHIN_S)
        assert len(await at.answers(CHAT, "hello")) == 1


async def test_a_bot_that_is_read_elsewhere_or_refused_waits(services: Services) -> None:
    async with chatting(services) as at:
        refused = Feed(at.services, Bot("4712:AAF-another_token_altogether", at.bot.place), "worker-1")

        assert await refused.step() == PAUSE_S
        await refused.bot.aclose()


async def test_no_code_is_drawn_before_the_bot_was_reached(services: Services) -> None:
    async with chatting(services) as at:
        parent = await at.parent()
        unreached = replace(services.settings, telegram_bot="4713:AAF-another_token_altogether")

        assert await new_code(replace(services, settings=unreached), parent.actor) is None
        assert await new_code(services, parent.actor) is None, "no bot at all"


@pytest.mark.parametrize(
    "given",
    [
        {"ESIK_TELEGRAM_BOT": "not a token"}, {"ESIK_TELEGRAM_BOT": "12:short"},
        {"ESIK_TELEGRAM_API": "http://telegram.example"}, {"ESIK_TELEGRAM_API": "telegram.example"},
    ],
)  # fmt: skip
def test_a_token_that_is_none_is_refused_and_not_shown(given: dict[str, str]) -> None:
    with pytest.raises(SettingWrong) as refused:
        Settings.from_environment(given)

    assert "not a token" not in str(refused.value)


def test_a_bot_shows_its_token_nowhere() -> None:
    bot = Bot(TOKEN, "https://api.telegram.org")

    assert TOKEN not in repr(bot)
    assert TOKEN not in repr(Telegram(bot))


def address(chat: int = CHAT) -> Address:
    return Address(3, 5, TELEGRAM, str(chat))
