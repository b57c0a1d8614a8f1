"""A child's day in a text of two parts at most: what gates, tills and the class register told so far, and nothing else.

Rule: what was not recorded is said to be without a record yet, never not to have happened; a sentence that does not fit
is left out whole, the less important ones first.
"""

from collections.abc import Iterator
from datetime import datetime

from cloud.attendance.standing import Standing
from cloud.core.formats import Formats
from cloud.core.i18n import translate
from cloud.core.messages import Message, message
from cloud.core.sms import parts_of
from cloud.core.words import word
from cloud.guardian.day_line import DayLine, Step, Stop
from cloud.guardian.queries import Child
from cloud.meals.days import Taken
from cloud.notifications.wording import SHORT_PARTS, fitted
from cloud.people.kinds import FamilyRight
from cloud.register.kinds import Says

NAME_MAX = 30
HELP = message(
    "Send TODAY to get today's records. About one of several children: TODAY and the first name, as TODAY Anna."
)


def told_today(child: Child, line: DayLine, formats: Formats, now: datetime) -> str:
    """Return what is told of a child, of the rights that it is given with."""
    name = child.name if len(child.name) <= NAME_MAX else f"{child.name[: NAME_MAX - 1].rstrip()}…"
    head = message("{name}, {time}.", name=name, time=formats.moment(now))
    text = fitted(translate(formats.language, head))
    for sentence in _sentences(child, line, formats):
        longer = f"{text} {translate(formats.language, sentence)}"
        if parts_of(longer) <= SHORT_PARTS:
            text = longer
    return text


def _sentences(child: Child, line: DayLine, formats: Formats) -> Iterator[Message]:
    """Yield what there is to say, the most important first."""
    stops = {stop.step: stop for stop in line.stops}
    if not stops:
        yield _nothing(child, line, formats)
    for step in (Step.CAME, Step.LEFT, Step.ATE):
        if step in stops:
            yield from _of_stop(stops, step, line, formats)
    said = child.said.get(child.on)
    if said is not None and said.says is not Says.UNSAID:
        yield message("Class register: {word}.", word=Message(word(f"register_{said.says}")))
    if child.silent and FamilyRight.SEE in child.rights:
        yield message("A gate is not connected: its records come later.")


def _nothing(child: Child, line: DayLine, formats: Formats) -> Message:
    """Return what is said where nothing was recorded, of what the reader may see alone."""
    if FamilyRight.SEE not in child.rights:
        return _meals(line, formats)
    if child.standing is Standing.OFF:
        return message("No lessons today, and no records.")
    return message("No records of today yet.")


def _of_stop(stops: dict[Step, Stop], step: Step, line: DayLine, formats: Formats) -> Iterator[Message]:
    stop, came = stops[step], stops.get(Step.CAME)
    if step is Step.ATE:
        yield _meals(line, formats)
    elif stop.at:
        at = formats.hour(stop.at[0])
        time = message("about {time}", time=at) if stop.is_rough else at
        yield message("Came: {time}.", time=time) if step is Step.CAME else message("Left: {time}.", time=time)
    elif step is Step.CAME:
        yield message("No record of coming yet.")
    elif came is not None and came.at:
        yield message("No record of leaving yet.")


def _meals(line: DayLine, formats: Formats) -> Message:
    taken = [each for each in line.entries if isinstance(each, Taken)]
    if not taken:
        return message("No record of a meal yet.")
    meals = ", ".join(f"{each.names[formats.language]} {formats.hour(each.at)}" for each in taken)
    return message("Meals: {meals}.", meals=meals)
