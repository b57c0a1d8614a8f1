"""The words of a notice: whole sentences in the reader's language, made when they are read and never kept."""

import structlog

from cloud.core.errors import kinds_of
from cloud.core.formats import Formats
from cloud.core.i18n import Language, translate, translations
from cloud.core.messages import Message, message
from cloud.core.words import word
from cloud.notifications.day_texts import said_of_day
from cloud.notifications.family_texts import said_of_family
from cloud.notifications.kinds import CLOSED, Detail, Kind, Named
from cloud.notifications.queries import NoticeRow
from cloud.notifications.week_texts import said_of_week
from cloud.notifications.word_texts import said_in_words

DISHES_SHOWN = 6
BROKEN = (LookupError, ValueError, TypeError, AttributeError)  # what a broken translation raises
logger = structlog.get_logger()
NOT_ON_THE_MENU = message("It was not on the menu of the day.")
WHY_REFUSED = {
    "had_it": message("It had been given already that day."),
    "allergy": message("There is something in it to which the child is allergic."),
    "banned": message("You or another guardian do not allow it to be sold."),
    "no_account": message("There is no canteen account for the child yet."),
    "no_money": message("There was not enough money on the account."),
    "day_limit": message("It would have gone beyond the limit of the day."),
    "offline_limit": message("The till had no connection, and its limit for such sales was reached."),
    "not_offered": NOT_ON_THE_MENU,
    "no_menu": NOT_ON_THE_MENU,
    "not_here": message("No gate had seen the child at the school that day."),
}


def told(notice: NoticeRow, language: Language) -> str:
    """Return what a notice says, without when it happened; where its words cannot be made, that there is news."""
    try:
        return " ".join(translate(language, each) for each in _said(notice, Formats(language, notice.zone)))
    except BROKEN as error:
        told_of = {"kind": notice.kind.value, "language": language.value, "error": kinds_of(error)}
        logger.error("notice.unreadable", **told_of)  # noqa: TRY400 (a traceback may tell names)
        return told_plainly(notice, language)


def told_plainly(notice: NoticeRow, language: Language) -> str:
    """Return the sentence that is left when no other can be made; in English when it is broken itself."""
    news = message("There is news of {child}. Open the page of notices to read it.", child=notice.name)
    try:
        return translate(language, news)
    except BROKEN:
        return str(news)


def first_told(notice: NoticeRow, language: Language) -> str:
    """Return the first sentence of a notice, with when it happened."""
    formats = Formats(language, notice.zone)
    moment = formats.moment(notice.at) if notice.is_late else formats.hour(notice.at)
    words = translate(language, _said(notice, formats)[0])
    return translate(language, message("{time}. {words}", time=moment, words=words))


def told_alone(notice: NoticeRow, language: Language) -> str:
    """Return what a notice says with when it happened, for where nothing stands around it."""
    formats, words = Formats(language, notice.zone), told(notice, language)
    if notice.is_late:
        late = message("Told later, it happened {moment}. {words}", moment=formats.moment(notice.at), words=words)
        return translate(language, late)
    time = formats.hour(notice.at)
    if notice.is_delayed:
        return translate(language, message("Delayed, it happened at {time}. {words}", time=time, words=words))
    return translate(language, message("{time}. {words}", time=time, words=words))


def why_refused(reason: str) -> Message:
    """Return the sentence that says why a till refused; of a reason that is new here, the till's own word."""
    return WHY_REFUSED.get(reason, message("The till's reason: {reason}.", reason=reason))


def _said(notice: NoticeRow, formats: Formats) -> list[Message]:  # noqa: C901, PLR0911 (one a kind)
    child, detail, language = notice.name, notice.detail, formats.language
    match notice.kind:
        case Kind.MEAL_TAKEN:
            return [_taken(child, detail, language), _paid(detail, formats)]
        case Kind.MEAL_REFUSED:
            return [_refused(child, detail, language), why_refused(detail.reason)]
        case Kind.MEAL_RETURNED:
            return _returned(child, detail, formats)
        case Kind.LOW_BALANCE | Kind.TOPUP | Kind.CORRECTION:
            return _of_money(notice.kind, child, detail, formats)
        case Kind.PREORDER_REMINDER:
            return _reminded(child, detail, formats)
        case Kind.PREORDER_BROKEN:
            return _broken(child, detail, formats)
        case (
            Kind.ARRIVED | Kind.DEPARTED | Kind.LATE | Kind.LEFT_EARLY | Kind.WITHOUT_CARD | Kind.ABSENT
            | Kind.CARD_DOUBLED | Kind.DAY_CORRECTED
        ):  # fmt: skip
            return said_of_day(notice, formats)
        case Kind.ABSENCE_CHANGED | Kind.COLLECTOR_CHANGED | Kind.COLLECTED | Kind.TEACHER_ASKS:
            return said_of_family(notice, formats)
        case Kind.WEEK:
            return said_of_week(notice, formats)
        case Kind.ANNOUNCEMENT | Kind.MESSAGE | Kind.SUPPORT_ANSWER | Kind.QUESTIONNAIRE:
            return [said_in_words(notice, formats)]


def _taken(child: str, detail: Detail, language: Language) -> Message:
    meal = _meal(detail, language)
    if not detail.dishes:
        return message("{child} was given “{meal}”; the till did not say which dishes.", child=child, meal=meal)
    return message("{child} was given “{meal}”: {dishes}.", child=child, meal=meal, dishes=_dishes(detail, language))


def _paid(detail: Detail, formats: Formats) -> Message:
    paid, owed = formats.tenge(detail.amount_tiyn), formats.tenge(detail.owed_tiyn)
    match detail.payment:
        case "free":
            return message("It was free.")
        case "subsidised":
            return message(
                "It was sold for less: {paid} from the account, {owed} from the budget.", paid=paid, owed=owed
            )
        case "cash":
            return message("{paid} was paid in cash.", paid=paid)
        case _:
            return message("{paid} was taken from the account.", paid=paid)


def _refused(child: str, detail: Detail, language: Language) -> Message:
    return message("“{meal}” was not sold to {child}.", child=child, meal=_meal(detail, language))


def _returned(child: str, detail: Detail, formats: Formats) -> list[Message]:
    meal, amount = _meal(detail, formats.language), formats.tenge(detail.amount_tiyn)
    time = "" if detail.sold_at is None else formats.moment(detail.sold_at)
    if detail.way == "refund":
        said = [message("{child}: money was given back for “{meal}” of {time}.", child=child, meal=meal, time=time)]
    else:
        said = [message("{child}: the sale of “{meal}” of {time} was taken back.", child=child, meal=meal, time=time)]
    if not detail.amount_tiyn:
        said.append(message("Nothing had been paid for it."))
    elif detail.payment == "cash":
        said.append(message("{amount} was given back in cash.", amount=amount))
    else:
        said.append(message("{amount} is back on the account.", amount=amount))
    if detail.reason:
        said.append(message("The reason given: {reason}.", reason=detail.reason))
    return said


def _of_money(kind: Kind, child: str, detail: Detail, formats: Formats) -> list[Message]:
    if kind is Kind.LOW_BALANCE:
        return _low(child, detail, formats)
    if kind is Kind.TOPUP:
        return [_topped_up(child, detail, formats)]
    return [_corrected(child, detail, formats)]


def _low(child: str, detail: Detail, formats: Formats) -> list[Message]:
    if detail.held_tiyn < 0:
        owed = formats.tenge(-detail.held_tiyn)
        return [message("{owed} is owed on the canteen account of {child}.", owed=owed, child=child), _please()]
    held = formats.tenge(detail.held_tiyn)
    return [message("{held} is left on the canteen account of {child}.", held=held, child=child), _please()]


def _please() -> Message:
    return message("Please top it up.")


def _topped_up(child: str, detail: Detail, formats: Formats) -> Message:
    amount, held = formats.tenge(detail.amount_tiyn), formats.tenge(detail.held_tiyn)
    way = Message(word(f"by_{detail.way}"))
    return message(
        "{amount} came to the canteen account of {child} ({way}). With it there is {held}.",
        amount=amount, child=child, way=way, held=held,
    )  # fmt: skip


def _corrected(child: str, detail: Detail, formats: Formats) -> Message:
    amount, held = formats.tenge(abs(detail.amount_tiyn)), formats.tenge(detail.held_tiyn)
    if detail.amount_tiyn < 0:
        return message(
            "The school put the canteen account of {child} right: {amount} less. With it there is {held}.",
            child=child, amount=amount, held=held,
        )  # fmt: skip
    return message(
        "The school put the canteen account of {child} right: {amount} more. With it there is {held}.",
        child=child, amount=amount, held=held,
    )  # fmt: skip


def _reminded(child: str, detail: Detail, formats: Formats) -> list[Message]:
    on = "" if detail.on is None else formats.day_short(detail.on)
    said = [message("No meal is ordered for {child} yet for {day}.", child=child, day=on)]
    if detail.until is not None:
        said.append(message("Orders close at {time}.", time=formats.moment(detail.until)))
    return said


def _broken(child: str, detail: Detail, formats: Formats) -> list[Message]:
    on = "" if detail.on is None else formats.day_short(detail.on)
    meal = _meal(detail, formats.language)
    if detail.reason == CLOSED:
        return [
            message("{child}: there are no lessons on {day}; “{meal}” that was ordered is not made.",
                    child=child, day=on, meal=meal)
        ]  # fmt: skip
    dishes = _dishes(detail, formats.language)
    said = [
        message("{child}: of the order for {day}, “{meal}”, this is on the menu no more: {dishes}.",
                child=child, day=on, meal=meal, dishes=dishes)
    ]  # fmt: skip
    if detail.until is not None:
        said.append(message("Orders close at {time}.", time=formats.moment(detail.until)))
    return said


def _meal(detail: Detail, language: Language) -> str:
    return "" if detail.meal is None else detail.meal.name(language)


def _dishes(detail: Detail, language: Language) -> str:
    """Return the dishes with how many of each; of a long list its beginning, and how many more there are."""
    shown = ", ".join(_dish(dish, language) for dish in detail.dishes[:DISHES_SHOWN])
    if (more := len(detail.dishes) - DISHES_SHOWN) <= 0:
        return shown
    return translations(language).ngettext(
        "{dishes} and {n} more dish", "{dishes} and {n} more dishes", more
    ).format(dishes=shown, n=more)  # fmt: skip


def _dish(dish: Named, language: Language) -> str:
    return dish.name(language) if dish.count == 1 else f"{dish.name(language)} × {dish.count}"
