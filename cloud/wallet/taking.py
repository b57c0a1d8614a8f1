"""Takes files in: vouchers and the tabel. What is right is written, what is not is kept and told with what to do.

Rule: a file that comes again changes nothing; a row that is not taken can always be had again, and is kept encrypted,
since it may name an IIN.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from datetime import date
from functools import partial
from typing import TypeVar

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.messages import Message, message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.wakeups import notify
from cloud.menu.queries import meals_of
from cloud.people.bulk import lock_school
from cloud.people.kinds import CHANGED
from cloud.rosters.codes import TillCode, Tokens, put_codes
from cloud.schools.queries import school_of_id
from cloud.wallet import statements
from cloud.wallet.children import Children, children_of
from cloud.wallet.drafts import TabelDraft, VoucherDraft, tabel_of, voucher_of
from cloud.wallet.errors import FileRefused, RowWrong
from cloud.wallet.kinds import FileKind
from cloud.wallet.queries import REJECTED, VOUCHERS_MAX, tabel_within, vouchers_within
from cloud.wallet.reading import GivenFile, GivenRow, read_file
from cloud.wallet.rules import Voucher, overlapping

CHILDS_MAX = 200  # vouchers of a child for a meal that are not annulled: those of all school years
PROBLEMS_MAX = 200  # told one by one; all of them are in the file of rejected rows
ONE_AT_A_TIME = asyncio.Semaphore(1)  # a big file takes seconds and some hundred MB to read
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that was not taken, and why."""

    row: int
    message: Message


@dataclass(frozen=True, slots=True)
class TakenFile:
    """What became of a file; `added` and `changed` rows were new to us, `same` ones we knew."""

    id: int
    kind: FileKind
    count: int
    added: int
    changed: int
    same: int
    rejected: int
    problems: Sequence[Problem]
    ignored: Sequence[str]  # headings that are not known


@dataclass(frozen=True, slots=True)
class Coming:
    """A file that comes in: its bytes, and what was read of them."""

    kind: FileKind
    content: bytes
    file: GivenFile


@dataclass(slots=True)
class _Taking:
    """A file on its way into the tables of a school."""

    file: GivenFile
    children: Children
    added: int = 0
    changed: int = 0
    same: int = 0
    rejected: dict[int, Message] = field(default_factory=dict)  # by the row's place in the file
    seen: dict[Hashable, tuple[int, object]] = field(default_factory=dict)

    def read(self, reader: Callable[[GivenRow], T]) -> list[tuple[int, T]]:
        """Return what rows mean, each with its place."""
        found: list[tuple[int, T]] = []
        for place, row in enumerate(self.file.rows):
            try:
                found.append((place, reader(row)))
            except RowWrong as wrong:
                self.rejected[place] = wrong.message
        return found

    def write(self, drafts: Sequence[tuple[int, T]], writer: Callable[[T, int], bool | None]) -> None:
        """Let each draft be written: true for a new one, false for one that changes, none for one that is known."""
        for place, draft in drafts:
            try:
                is_new = writer(draft, self.file.rows[place].number)
            except RowWrong as wrong:
                self.rejected[place] = wrong.message
                continue
            self.added += is_new is True
            self.changed += is_new is False
            self.same += is_new is None

    def refuse_second(self, key: Hashable, told: object, row: int) -> None:
        """Refuse a row that says other than an earlier one of the file about the same. Raises RowWrong."""
        first, said = self.seen.setdefault(key, (row, told))
        if said != told:
            raise RowWrong(message("Row {row} says something else about the same. Keep one of them.", row=first))


async def take_file(services: Services, actor: Actor, school_id: int, kind: FileKind, content: bytes) -> TakenFile:
    """Take a file in: every row that can be, and tell of the others. Raises NotAllowed or FileRefused."""
    actor.require(Right.WALLET_KEEP, school_id)
    async with ONE_AT_A_TIME:
        file = await asyncio.to_thread(read_file, kind, content)  # pages go on meanwhile
        async with services.database.transaction() as connection:
            taken = await _take(services, raw(connection), actor, school_id, Coming(kind, content, file))
            told = {
                "kind": kind.value, "rows": str(taken.count), "added": str(taken.added),
                "changed": str(taken.changed), "rejected": str(taken.rejected),
            }  # fmt: skip
            await audit(
                connection, actor, "wallet.file_taken", f"wallet_import:{taken.id}", told, school_id=school_id,
                at=services.clock.now(),
            )  # fmt: skip
    return taken


async def _take(services: Services, at: asyncpg.Connection, actor: Actor, school_id: int, coming: Coming) -> TakenFile:
    await lock_school(at, school_id)  # of two files that come at once, one is first
    digest, count = hashlib.sha256(coming.content).hexdigest(), len(coming.file.rows)
    import_id = await at.fetchval(
        statements.PUT_IMPORT, school_id, coming.kind.value, digest, count, services.clock.now(), actor.name
    )
    known = await vouchers_within(at, school_id)
    owners = {voucher.number: voucher.person for voucher in known}
    taking = _Taking(coming.file, await children_of(services.vault, at, school_id, owners))
    put = _Putting(services, at, school_id, import_id)
    await (put.vouchers(taking, known) if coming.kind is FileKind.VOUCHERS else put.tabel(taking))
    await at.execute(
        statements.COUNT_IMPORT, import_id, taking.added, taking.changed, taking.same, len(taking.rejected),
        _sealed(services, taking),
    )  # fmt: skip
    return _told(import_id, coming.kind, taking)


@dataclass(frozen=True, slots=True)
class _Putting:
    """Where the rows of one file go."""

    services: Services
    at: asyncpg.Connection
    school_id: int
    import_id: int

    async def vouchers(self, taking: _Taking, known: Sequence[Voucher]) -> None:
        """Write what is new of vouchers, and let tills know of their codes."""
        words = await _meal_words(self.at, self.school_id)
        tokens = await Tokens.of_school(self.services, self.at, self.school_id)
        new = await asyncio.to_thread(_take_vouchers, taking, known, words, tokens)
        await self._put(statements.PUT_VOUCHERS, [astuple(voucher) for voucher in new])
        before = {voucher.number: voucher.code for voucher in known}
        coded = [voucher for voucher in new if voucher.code or before.get(voucher.number)]
        if coded:
            await put_codes(self.at, self.school_id, [_till_code(voucher) for voucher in coded])
            await notify(self.at, CHANGED, str(self.school_id))

    async def tabel(self, taking: _Taking) -> None:
        """Write what is new of a tabel."""
        school = await school_of_id(self.services, self.school_id)
        today = self.services.clock.now().astimezone(school.zone).date()
        drafts = await asyncio.to_thread(taking.read, partial(tabel_of, today=today))
        days = [draft.on for _, draft in drafts] or [today]
        held = await tabel_within(self.at, self.school_id, min(days), max(days))
        await self._put(statements.PUT_TABEL, await asyncio.to_thread(_take_tabel, taking, drafts, held))

    async def _put(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        if rows:
            columns = [list(column) for column in zip(*rows, strict=True)]
            await self.at.execute(statement, self.school_id, self.import_id, self.services.clock.now(), *columns)


def _till_code(voucher: Voucher) -> TillCode:
    code = "" if voucher.is_annulled else voucher.code
    return TillCode(f"voucher:{voucher.number}", code, voucher.person, voucher.last_on)


def _take_vouchers(
    taking: _Taking, known: Iterable[Voucher], words: Mapping[str, str], tokens: Tokens
) -> list[Voucher]:  # fmt: skip
    held = {voucher.number: voucher for voucher in known}
    live = _Live(held.values())
    codes = {voucher.code: voucher.number for voucher in held.values() if voucher.code and not voucher.is_annulled}
    new: dict[str, Voucher] = {}

    def write(draft: VoucherDraft, row: int) -> bool | None:
        voucher = Voucher(
            draft.number, taking.children.find(draft.child), draft.meal, draft.first_on, draft.last_on,
            draft.price_tiyn, draft.is_annulled, tokens.of(draft.code),
        )  # fmt: skip
        taking.refuse_second(voucher.number, voucher, row)
        before = held.get(voucher.number)
        if before == voucher:
            return None
        if before is not None and before.person != voucher.person:
            raise RowWrong(
                message("This voucher is another child's. Check the number; a voucher never changes its owner.")
            )
        live.refuse(voucher)
        _refuse_taken_code(codes, before, voucher)
        live.put(before, voucher)
        held[voucher.number] = new[voucher.number] = voucher
        return before is None

    taking.write(taking.read(partial(voucher_of, meals=words)), write)
    if len(held) > VOUCHERS_MAX:  # what is more would not be seen the next time
        raise FileRefused(
            message("A school has {count} vouchers at most. Send only those that are needed.", count=VOUCHERS_MAX)
        )
    return list(new.values())


class _Live:
    """The vouchers that are not annulled, by child and meal: few each, so that a long file is not a slow one."""

    def __init__(self, vouchers: Iterable[Voucher]) -> None:
        self._of: dict[tuple[int, str], dict[str, Voucher]] = {}
        for voucher in vouchers:
            self.put(None, voucher)

    def put(self, before: Voucher | None, voucher: Voucher) -> None:
        """Note a voucher as it is now."""
        if before is not None:
            self._of.get((before.person, before.meal), {}).pop(before.number, None)
        if not voucher.is_annulled:
            self._of.setdefault((voucher.person, voucher.meal), {})[voucher.number] = voucher

    def refuse(self, voucher: Voucher) -> None:
        """Refuse a voucher beside which the child has another, or too many. Raises RowWrong."""
        if voucher.is_annulled:
            return
        others = self._of.get((voucher.person, voucher.meal), {})
        if len(others) >= CHILDS_MAX and voucher.number not in others:
            raise RowWrong(
                message("The child has {count} vouchers for this meal. Annul old ones first.", count=CHILDS_MAX)
            )
        if (other := overlapping(voucher, others.values())) is not None:
            raise RowWrong(
                message(
                    "The child has the voucher {number} for the same meal in these days."
                    " Shorten or annul that one first.",
                    number=other.number,
                )
            )


def _refuse_taken_code(codes: dict[str, str], before: Voucher | None, voucher: Voucher) -> None:
    """Note a voucher's code, of which a voucher that is not annulled is the only one. Raises RowWrong."""
    if before is not None and (voucher.is_annulled or before.code != voucher.code):
        codes.pop(before.code, None)
    if not voucher.code or voucher.is_annulled:
        return
    if codes.setdefault(voucher.code, voucher.number) != voucher.number:
        raise RowWrong(message("This code is of another voucher. Annul that one first, or leave the code out."))


def _take_tabel(
    taking: _Taking, drafts: Sequence[tuple[int, TabelDraft]], held: dict[tuple[int, date], tuple[bool, str]]
) -> list[tuple[object, ...]]:
    new: list[tuple[object, ...]] = []

    def write(draft: TabelDraft, row: int) -> bool | None:
        place, told = (taking.children.find(draft.child), draft.on), (draft.is_present, draft.reason)
        taking.refuse_second(place, told, row)
        before = held.get(place)
        if before == told:
            return None
        held[place] = told
        new.append((*place, *told))
        return before is None

    taking.write(drafts, write)
    return new


async def _meal_words(at: asyncpg.Connection, school_id: int) -> dict[str, str]:
    """Return a school's meals by everything that a file may call them."""
    words: dict[str, str] = {}
    for meal in await meals_of(at, school_id):
        words |= {name.casefold(): meal.key for name in (meal.names.kk, meal.names.ru, meal.names.en)}
    return words | {meal.key: meal.key for meal in await meals_of(at, school_id)}


def _told(import_id: int, kind: FileKind, taking: _Taking) -> TakenFile:
    places = sorted(taking.rejected)[:PROBLEMS_MAX]
    problems = [Problem(taking.file.rows[place].number, taking.rejected[place]) for place in places]
    return TakenFile(
        import_id, kind, len(taking.file.rows), taking.added, taking.changed, taking.same, len(taking.rejected),
        problems, taking.file.ignored,
    )  # fmt: skip


def _sealed(services: Services, taking: _Taking) -> bytes | None:
    """Return the rows that were not taken, with headings and reasons, encrypted; None where all were taken."""
    if not taking.rejected:
        return None
    rows = [
        [taking.file.rows[place].number, taking.rejected[place].text, dict(taking.rejected[place].values),
         list(taking.file.rows[place].raw)]
        for place in sorted(taking.rejected)
    ]  # fmt: skip
    kept = {"headings": list(taking.file.headings), "rows": rows}
    return services.vault.encrypt_bytes(json.dumps(kept, ensure_ascii=False).encode(), REJECTED)
