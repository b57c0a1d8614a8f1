"""What is done with a report: corrected, made anew while it is open, supplemented, signed by the director.

Rule: what is signed is what the director saw, and it never changes; a correction is a line of its own with who and why,
and is undone by another line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg

from cloud.accounts.actions import audit
from cloud.core.actor import Actor
from cloud.core.database import raw
from cloud.core.errors import NotAllowed, NotFound
from cloud.core.messages import message
from cloud.core.rights import Right
from cloud.core.services import Services
from cloud.core.texts import is_email
from cloud.ledger.reasons import check_once
from cloud.reports.content import Shape, canonical, digest_of, instant
from cloud.reports.errors import AddressRefused, CorrectionRefused, MonthRefused, ReportNotOpen
from cloud.reports.making import keep, made_now, make
from cloud.reports.months import Month
from cloud.reports.queries import corrections_of, report_of
from cloud.reports.subjects import AnySubject
from cloud.schools.queries import school_of_id

REASON_MIN, REASON_MAX = 3, 300
COUNT_MAX, TIYN_MAX = 99_999, 10**12
CORRECTIONS_MAX = 200
ADDRESS_MAX = 254
_OPEN = "SELECT digest FROM report WHERE school_id = $1 AND id = $2 AND signed_at IS NULL FOR UPDATE"
_CORRECT = """
INSERT INTO report_correction (report_id, kind, "on", students, meals, parents_tiyn, budget_tiyn, class_name, came,
  late, not_seen, reason, at, by_name, account_id, once)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
ON CONFLICT (report_id, once) DO NOTHING RETURNING id
"""
_COUNT = "SELECT count(*) FROM report_correction WHERE report_id = $1"
_RENEW = "UPDATE report SET content = $2, digest = $3, made_at = $4, mark = $5, glance = $6 WHERE id = $1"
_SIGN = """
UPDATE report SET signed_at = $2, signed_by = $3, signer_id = $4, document = $5, document_digest = $6 WHERE id = $1
"""
_ADDRESS_PUT = """
INSERT INTO report_recipient (school_id, address, set_at, set_by) VALUES ($1, $2, $3, $4)
ON CONFLICT (school_id) DO UPDATE SET address = $2, set_at = $3, set_by = $4
"""


@dataclass(frozen=True, slots=True)
class CorrectionGiven:
    """A line that somebody wants to add; figures are differences, of which each subject has its own; tiyn are tiyn."""

    kind: str
    on: date | None
    students: int
    meals: int
    parents_tiyn: int
    budget_tiyn: int
    reason: str
    class_name: str = ""  # if it is about one
    came: int = 0
    late: int = 0
    not_seen: int = 0

    @property
    def counts(self) -> Mapping[str, int]:
        """Return the figures that count something, but for money."""
        names = ("students", "meals", "came", "late", "not_seen")
        return {name: number for name in names if (number := getattr(self, name))}

    @property
    def amounts(self) -> Mapping[str, int]:
        """Return the figures in tiyn."""
        return {name: tiyn for name in ("parents_tiyn", "budget_tiyn") if (tiyn := getattr(self, name))}


async def correct(
    services: Services, actor: Actor, school_id: int, report_id: int, given: CorrectionGiven, once: str
) -> None:
    """Add a line of correction, once for the form. Raises NotAllowed, NotFound, CorrectionRefused or ReportNotOpen."""
    actor.require(Right.REPORTS_KEEP, school_id)
    check_once(once)
    report = await report_of(services, actor, school_id, report_id)
    reason, now = checked(given, report.month, report.subject), services.clock.now()
    if given.class_name not in {"", *report.subject.classes(report.content)}:
        raise CorrectionRefused(message("The report has no class {name}.", name=given.class_name))
    async with services.database.transaction() as connection:
        at = raw(connection)
        await _open(at, school_id, report_id)
        if await at.fetchval(_COUNT, report_id) >= CORRECTIONS_MAX:
            raise CorrectionRefused(message("A report has {count} corrections at most.", count=CORRECTIONS_MAX))
        correction_id = await at.fetchval(
            _CORRECT, report_id, given.kind, given.on, given.students, given.meals, given.parents_tiyn,
            given.budget_tiyn, given.class_name, given.came, given.late, given.not_seen, reason, now, actor.name,
            actor.account_id, once,
        )  # fmt: skip
        if correction_id is None:
            return
        figures = {name: str(figure) for name, figure in {**given.counts, **given.amounts}.items()}
        told = {"kind": given.kind, **figures, "reason": reason}
        await audit(connection, actor, "report.corrected", f"report:{report_id}", told, school_id=school_id, at=now)


async def renew(services: Services, actor: Actor, school_id: int, report_id: int) -> None:
    """Make an open report anew, as the records are now; its corrections stay. Raises as `correct`."""
    actor.require(Right.REPORTS_KEEP, school_id)
    report = await report_of(services, actor, school_id, report_id)
    school = await school_of_id(services, school_id)
    made = await made_now(services, school, report.subject, report.month, report.number, report.content.before)
    kept, now = canonical(made.content), services.clock.now()
    async with services.database.transaction() as connection:
        await _open(raw(connection), school_id, report_id)
        glance = report.subject.glance_of(made.content)
        await raw(connection).execute(_RENEW, report_id, kept, bytes.fromhex(digest_of(kept)), now, made.mark, glance)
        told = {"was": report.digest, "sha256": digest_of(kept)}
        await audit(connection, actor, "report.renewed", f"report:{report_id}", told, school_id=school_id, at=now)


async def sign(services: Services, actor: Actor, school_id: int, report_id: int, seen: str) -> str:
    """Sign a report as it was `seen` (see `sight_of`), and return the checksum of what was signed.

    Only a director of the school may, not an operator in its place. Raises NotAllowed, NotFound or ReportNotOpen.
    """
    if actor.is_system or not actor.can(Right.REPORTS_SIGN, school_id):
        raise NotAllowed
    now = services.clock.now()
    async with services.database.transaction() as connection:
        await _open(raw(connection), school_id, report_id)
        report = await report_of(services, actor, school_id, report_id, raw(connection))
        corrections = await corrections_of(raw(connection), report_id)
        if sight_of(report.digest, corrections) != seen:
            raise ReportNotOpen(message("The report changed since you opened it. Look at it again, then sign."))
        document = report.subject.signed(report.content, report.digest, corrections, actor.name, instant(now))
        kept = canonical(document)
        await raw(connection).execute(
            _SIGN, report_id, now, actor.name, actor.account_id, kept, bytes.fromhex(digest_of(kept))
        )
        told = {"month": str(report.month), "sha256": digest_of(kept)}
        await audit(connection, actor, "report.signed", f"report:{report_id}", told, school_id=school_id, at=now)
    return digest_of(kept)


async def supplement(services: Services, actor: Actor, school_id: int, report_id: int) -> int:
    """Make the next report of a month whose last one is signed, and return its id. Raises as `correct`."""
    actor.require(Right.REPORTS_KEEP, school_id)
    report = await report_of(services, actor, school_id, report_id)
    if report.document is None:
        raise ReportNotOpen(message("The report is not signed yet. Make it anew instead."))
    school = await school_of_id(services, school_id)
    before = report.subject.before(report.number, report.document_digest, report.document)
    told = report.content
    made = await made_now(services, school, report.subject, report.month, report.number + 1, before, told)
    made_id = await keep(services, actor, school, report.month, made)
    if made_id is None:
        raise ReportNotOpen(message("This report has a supplement already. Go on with that one."))
    return made_id


async def make_asked(
    services: Services, actor: Actor, school_id: int, subject: AnySubject, text: str, today: date
) -> int:  # fmt: skip
    """Make the report of a month that is over and has none, and return its id. Raises NotAllowed or MonthRefused."""
    actor.require(Right.REPORTS_KEEP, school_id)
    month = month_over(text, today)
    made = await make(services, actor, school_id, subject, month)
    if made is None:
        raise MonthRefused(message("There is a report of this month already. Open it in the list."))
    return made


async def set_address(services: Services, actor: Actor, school_id: int, typed: str) -> None:
    """Say where the authority takes a school's reports. Raises NotAllowed or AddressRefused."""
    actor.require(Right.REPORTS_KEEP, school_id)
    address = address_typed(typed)
    now = services.clock.now()
    async with services.database.transaction() as connection:
        await raw(connection).execute(_ADDRESS_PUT, school_id, address, now, actor.name)
        told = {"address": address}
        await audit(connection, actor, "report.addressed", f"school:{school_id}", told, school_id=school_id, at=now)


def sight_of(digest: str, corrections: Sequence[Shape]) -> str:
    """Return what stands for a report as somebody sees it: its content, and how many corrections there are."""
    return f"{digest}:{len(corrections)}"


def checked(given: CorrectionGiven, month: Month, subject: AnySubject) -> str:
    """Return the reason of a correction that can be, in its one form. Raises CorrectionRefused."""
    reason, figures = " ".join(given.reason.split())[:REASON_MAX], {**given.counts, **given.amounts}
    if given.kind not in subject.kinds or not set(figures) <= set(subject.figures):
        raise CorrectionRefused(message("A report has figures of its own subject only."))
    if len(reason) < REASON_MIN:
        raise CorrectionRefused(message("Say why, so that whoever reads the report understands it."))
    if given.on is not None and Month.of(given.on) != month:
        raise CorrectionRefused(message("This day is not in the month of the report."))
    if not figures:
        raise CorrectionRefused(message("A correction changes something: write how many are added or taken."))
    if max(map(abs, (0, *given.counts.values()))) > COUNT_MAX or max(map(abs, (0, *given.amounts.values()))) > TIYN_MAX:
        raise CorrectionRefused(message("This number is too large to be true."))
    return reason


def address_typed(typed: str) -> str:
    """Return an e-mail address. Raises AddressRefused."""
    address = typed.strip()
    if not is_email(address, ADDRESS_MAX):
        raise AddressRefused(message("This is no e-mail address. Write it as name@example.kz."))
    return address


def month_over(text: str, today: date) -> Month:
    """Return a month that is over. Raises MonthRefused."""
    month = Month.parse(text)
    if today <= month.last_on:
        raise MonthRefused(message("This month is not over yet. Its report is made on the 1st of the next."))
    return month


async def _open(at: asyncpg.Connection, school_id: int, report_id: int) -> None:
    if await at.fetchval("SELECT true FROM report WHERE school_id = $1 AND id = $2", school_id, report_id) is None:
        raise NotFound
    if await at.fetchval(_OPEN, school_id, report_id) is None:
        raise ReportNotOpen(message("The report is signed, and what is signed stays. Make a supplement instead."))
