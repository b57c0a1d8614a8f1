"""The rules of recommendations: facts of a student in, what is advised out with the figures it rests on. Pure.

Rule: nothing is weighed, guessed or learnt. Each rule is one comparison that its words tell in full, so a teacher can
check it by hand.
"""

from collections.abc import Iterator

from cloud.advice.errors import AdviceRefused
from cloud.advice.kinds import Advice, Facts, Rule, SubjectFacts, Thresholds
from cloud.core.messages import message
from cloud.core.texts import has_unseen, paragraphs
from cloud.portfolio.errors import ProfileRefused
from cloud.portfolio.rules import without_iin

WORDS_MAX, REASON_MAX = 500, 300
LESSONS_MIN = 20  # held, before a share of them says anything
WHOLE, YEAR, WORKS_MAX, DAYS_MAX = 100, 365, 50, 2_000
_ORDER = list(Rule)


def advise(facts: Facts, by: Thresholds) -> list[Advice]:
    """Return what is advised, by the rules' order and then by subjects."""
    found = [each for subject in facts.subjects for each in _of_subject(subject, facts, by)]
    return sorted([*found, *_of_all(facts, by)], key=lambda each: _ORDER.index(each.rule))


def checked_thresholds(by: Thresholds) -> Thresholds:
    """Return thresholds that can be. Raises AdviceRefused."""
    percents = by.behind, by.falls, by.misses, by.near, by.strong
    if not all(0 <= percent <= WHOLE for percent in percents):
        raise AdviceRefused(message("Percents are 0 to 100; 0 switches a rule off."))
    if not 1 <= by.works <= WORKS_MAX or not 0 <= by.owes <= WORKS_MAX or not 0 <= by.late <= WORKS_MAX:
        raise AdviceRefused(message("How often something happened is told up to {most}.", most=WORKS_MAX))
    if not 0 <= by.idle <= DAYS_MAX:
        raise AdviceRefused(message("Days are 0 to {most}; 0 switches a rule off.", most=DAYS_MAX))
    if by.strong and by.behind > by.strong:
        raise AdviceRefused(message("What is low cannot lie above what is high. Exchange them."))
    return by


def checked_own(words: str) -> str:
    """Return a teacher's own recommendation in order. Raises AdviceRefused."""
    return _checked(words, WORDS_MAX)


def checked_answer(words: str) -> str:
    """Return why a recommendation is dismissed. Raises AdviceRefused."""
    return _checked(words, REASON_MAX)


def _checked(words: str, most: int) -> str:
    plain = paragraphs(words)
    if not plain or len(plain) > most or has_unseen(plain):
        raise AdviceRefused(message("Say it, in {most} letters at most.", most=most))
    try:
        return without_iin(plain)
    except ProfileRefused as refused:
        raise AdviceRefused(refused.message) from None


def _of_subject(each: SubjectFacts, facts: Facts, by: Thresholds) -> Iterator[Advice]:
    subject = each.subject
    if by.owes and each.owes >= by.owes:
        yield Advice(Rule.OWES, subject, each.owes, least=by.owes)
    percent = each.percent
    if percent is None or each.works < by.works:
        return
    if by.behind and percent < by.behind:
        yield Advice(Rule.BEHIND, subject, percent, least=by.behind)
    before = each.before if each.works_before >= by.works else None
    if by.falls and before is not None and before - percent >= by.falls:
        yield Advice(Rule.FALLS, subject, percent, before, by.falls)
    if by.near and each.next_mark and each.next_from - percent <= by.near:
        yield Advice(Rule.NEAR, subject, percent, each.next_mark, each.next_from)
    is_rare = facts.contest_on is None or (facts.today - facts.contest_on).days > YEAR
    if by.strong and percent >= by.strong and is_rare:
        yield Advice(Rule.STRONG, subject, percent, least=by.strong)


def _of_all(facts: Facts, by: Thresholds) -> Iterator[Advice]:
    missed = facts.absent - facts.excused
    if by.misses and missed and facts.lessons >= LESSONS_MIN and WHOLE * missed >= by.misses * facts.lessons:
        yield Advice(Rule.MISSES, None, missed, facts.lessons, by.misses)
    if by.late and facts.late >= by.late:
        yield Advice(Rule.LATE, None, facts.late, least=by.late)
    last_on = facts.achieved_on or facts.since
    if by.idle and last_on is not None and (facts.today - last_on).days >= by.idle:
        yield Advice(Rule.IDLE, None, (facts.today - last_on).days if facts.achieved_on else 0, least=by.idle)
