"""What a rule advises and why, as sentences for a reader's language. Pure.

Rule: the reason tells the figure, what it is compared with, and since when that is told: nothing is hidden in a rule.
"""

from collections.abc import Callable, Mapping

from cloud.advice.kinds import Advice, Rule
from cloud.advice.rules import WHOLE
from cloud.core.messages import Message, message

OFFERS: Mapping[Rule, Message] = {
    Rule.OWES: message("Agree on a day on which the missed summative work is written"),
    Rule.BEHIND: message("Extra lessons: agree with the teacher which themes to go over"),
    Rule.FALLS: message("Talk about what became harder, and go over the last themes"),
    Rule.MISSES: message("Talk with the family about missed lessons, and catch up on their themes"),
    Rule.LATE: message("Agree with the family how to come in time"),
    Rule.NEAR: message("A little more work reaches a better mark: choose a theme to put right"),
    Rule.STRONG: message("Offer an olympiad, a contest or a project in the subject"),
    Rule.IDLE: message("Offer a club, a contest or a project, and put what is achieved into the portfolio"),
}


def offer_of(advice: Advice) -> Message:
    """Return what is advised to do; of a teacher's own one, which has its own words, nothing."""
    return OFFERS.get(advice.rule, Message(""))


def reason_of(advice: Advice) -> Message:
    """Return why it is advised."""
    return REASONS[advice.rule](advice) if advice.rule in REASONS else Message("")


def _owes(a: Advice) -> Message:
    return message("Summative works that were held and are not written: {has}.", has=a.has)


def _behind(a: Advice) -> Message:
    return message("{has} % so far: less than {least} %.", has=a.has, least=a.least)


def _falls(a: Advice) -> Message:
    return message(
        "{has} % so far, {before} % in the quarter or half-year before: {fall} less. Told from {least} on.",
        has=a.has, before=a.beside, fall=a.beside - a.has, least=a.least,
    )  # fmt: skip


def _misses(a: Advice) -> Message:
    share = WHOLE * a.has // a.beside if a.beside else WHOLE
    return message(
        "Missed without a good reason in this quarter: {has} of {lessons} lessons, {share} %. Told from {least} % on.",
        has=a.has, lessons=a.beside, share=share, least=a.least,
    )  # fmt: skip


def _late(a: Advice) -> Message:
    return message("Late at lessons in this quarter: {has} times. Told from {least} on.", has=a.has, least=a.least)


def _near(a: Advice) -> Message:
    return message("{has} % so far: a {mark} begins at {least} %.", has=a.has, mark=a.beside, least=a.least)


def _strong(a: Advice) -> Message:
    return message(
        "{has} % so far, {least} % or more, and the portfolio has no olympiad or contest of the last year.",
        has=a.has, least=a.least,
    )  # fmt: skip


def _idle(a: Advice) -> Message:
    if not a.has:
        return message("Nothing confirmed stands in the portfolio.")
    return message(
        "The last confirmed entry of the portfolio is {has} days old. Told from {least} on.", has=a.has, least=a.least
    )


REASONS: Mapping[Rule, Callable[[Advice], Message]] = {
    Rule.OWES: _owes,
    Rule.BEHIND: _behind,
    Rule.FALLS: _falls,
    Rule.MISSES: _misses,
    Rule.LATE: _late,
    Rule.NEAR: _near,
    Rule.STRONG: _strong,
    Rule.IDLE: _idle,
}
