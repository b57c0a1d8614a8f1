"""Days of the sample's school that are not what their weekday says, in the month after its own."""

from datetime import date

from cloud.core.services import Services
from cloud.schools.calendar import set_day
from cloud.schools.models import DayKind, Weekday
from cloud.schools.rules import EVERYBODY, Day, Whom
from tests.cloud.schools.factory import SYSTEM

DAYS = (
    (date(2026, 10, 2), Whom(5), Day(DayKind.WORKDAY, from_min=9 * 60 + 30, note="Ұстаздар күні: концерт")),
    (date(2026, 10, 9), EVERYBODY, Day(DayKind.WORKDAY, lessons=4, lesson_min=30, note="Педагогикалық кеңес")),
    (date(2026, 10, 10), EVERYBODY, Day(DayKind.WORKDAY, Weekday.MONDAY, until_min=12 * 60)),
    (date(2026, 10, 26), EVERYBODY, Day(DayKind.HOLIDAY, note="Республика күніне орай демалыс")),
)


async def write(services: Services, school_id: int, class_id: int) -> None:
    """Set days for everybody, for a grade and for a class."""
    for on, whom, day in DAYS:
        await set_day(services, SYSTEM, school_id, on, day, whom)
    own = Day(DayKind.WORKDAY, lessons=3, note="Мұражайға бару")
    await set_day(services, SYSTEM, school_id, date(2026, 10, 16), own, Whom(class_id=class_id))
