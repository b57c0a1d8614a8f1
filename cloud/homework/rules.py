"""Rules of homework: what can be set, when something is handed in, how it stands, how much a day bears. Pure."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime

from cloud.core.messages import message
from cloud.homework.errors import HomeworkClosed, HomeworkRefused
from cloud.homework.kinds import Answer, Homework, Load, Share, Stands, State
from cloud.journal.rules import checked_text

TASK_MAX, WORDS_MAX, COMMENT_MAX = 4_000, 4_000, 500
MINUTES_MAX = 300
GRADES = range(13)
ANSWERS_MAX = 20  # of one student to one homework
# Minutes a day, from the methodical recommendations on homework in organisations of secondary education of the
# Republic of Kazakhstan (the ministry's, 2017), annex; grade 1 has no homework there, and grade 0 is not named.
STATE_NORMS: Mapping[int, int] = {
    0: 0, 1: 0, 2: 50, 3: 70, 4: 70, 5: 90, 6: 90, 7: 110, 8: 110, 9: 110, 10: 130, 11: 130, 12: 130,
}  # fmt: skip


def checked_task(text: str) -> str:
    """Return a task as it is kept. Raises HomeworkRefused, or JournalRefused where it is too long or odd."""
    task = checked_text(text, TASK_MAX)
    if not task:
        raise HomeworkRefused(message("Write what is to be done."))
    return task


def check_minutes(minutes: int) -> None:
    """Raise HomeworkRefused for minutes that no homework takes."""
    if not 0 <= minutes <= MINUTES_MAX:
        raise HomeworkRefused(message("Minutes are 0 to {most}.", most=MINUTES_MAX))


def check_open(homework: Homework, last: Answer | None, now: datetime) -> None:
    """Raise HomeworkClosed unless something can be handed in now; `last` is what was, None where nothing was.

    It is handed in anew until it is checked or its time is over; what comes first, or was returned, also later.
    """
    if homework.closed_at is not None:
        raise HomeworkClosed(message("The teacher has closed this homework: nothing is handed in any more."))
    if last is None or last.state is State.RETURNED:
        return
    if last.state is State.CHECKED:
        raise HomeworkClosed(message("This homework is checked already."))
    if now > homework.due_at:
        raise HomeworkClosed(message("It is handed in, and its time is over: the teacher checks it now."))


def is_open(homework: Homework, last: Answer | None, now: datetime) -> bool:
    """Tell whether something can be handed in now."""
    try:
        check_open(homework, last, now)
    except HomeworkClosed:
        return False
    return True


def standing(homework: Homework, last: Answer | None, now: datetime) -> Stands:
    """Return how a student's homework stands; `last` is what was handed in last, no draft."""
    if last is None:
        if homework.closed_at is not None:
            return Stands.CLOSED
        return Stands.OVERDUE if now > homework.due_at else Stands.OPEN
    match last.state:
        case State.CHECKED:
            return Stands.CHECKED
        case State.RETURNED:
            return Stands.RETURNED
        case State.HANDED | State.DRAFT:
            return Stands.HANDED_LATE if last.is_late else Stands.HANDED


def norm_of(own: Mapping[int, int], grade: int) -> int:
    """Return how many minutes a day a grade has at most; `own` are the school's norms."""
    return own.get(grade, STATE_NORMS.get(grade, 0))


def loads_of(
    got: Iterable[tuple[date, int, int, int]], people: Collection[int] | None = None
) -> dict[date, Load]:  # fmt: skip
    """Return the load of days, of each row's day, subject, person and minutes; of some people, or of all.

    Groups of a class learn beside each other, so that minutes are summed for each student, and the most of them counts.
    """
    sums: dict[date, dict[int, dict[int, Share]]] = {}
    for on, subject_id, person_id, minutes in got:
        if people is not None and person_id not in people:
            continue
        own = sums.setdefault(on, {}).setdefault(person_id, {})
        before = own.get(subject_id, Share(0, 0))
        own[subject_id] = Share(before.minutes + minutes, before.tasks + 1)
    return {on: _load(of_people) for on, of_people in sums.items()}


def _load(of_people: Mapping[int, Mapping[int, Share]]) -> Load:
    shares: dict[int, Share] = {}
    for own in of_people.values():
        for subject_id, share in own.items():
            most = shares.get(subject_id, share)
            shares[subject_id] = Share(max(most.minutes, share.minutes), max(most.tasks, share.tasks))
    return Load(shares, max(sum(share.minutes for share in own.values()) for own in of_people.values()))
