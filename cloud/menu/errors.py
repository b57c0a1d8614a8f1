"""What is refused about the canteen's menu."""

from http import HTTPStatus

from cloud.core.errors import Refused
from cloud.core.messages import message


class DishRefused(Refused):
    """What is said about a dish cannot be."""

    code = "dish_refused"


class PriceRefused(DishRefused):
    """A price that is none, or is negative."""

    code = "price_refused"


class BarcodeTaken(DishRefused):
    """Another dish of the school has the barcode."""

    status = HTTPStatus.CONFLICT
    code = "barcode_taken"

    def __init__(self, barcode: str) -> None:
        super().__init__(
            message("Another dish has the barcode {barcode}. Read it again, or leave it empty.", barcode=barcode)
        )


class MealRefused(Refused):
    """What is said about a meal cannot be."""

    code = "meal_refused"


class MenuRefused(Refused):
    """A menu cannot be written as it was asked for."""

    code = "menu_refused"


class DayIsOver(MenuRefused):
    """The menu of a day that is over stays as it was."""

    status = HTTPStatus.CONFLICT
    code = "day_is_over"

    def __init__(self) -> None:
        super().__init__(message("This day is over: its menu stays as it was. Choose today or a later day."))


class EntitlementRefused(Refused):
    """An entitlement cannot be written as it was asked for."""

    code = "entitlement_refused"


class ApprovedByAnother(EntitlementRefused):
    """Nobody approves what they have proposed themselves."""

    status = HTTPStatus.FORBIDDEN
    code = "approved_by_another"

    def __init__(self) -> None:
        super().__init__(message("You have proposed this yourself. Somebody else has to approve it."))


class LimitRefused(Refused):
    """A restriction cannot be written as it was asked for."""

    code = "limit_refused"


class OrderRefused(Refused):
    """What is ordered ahead cannot be had as it was asked for."""

    status = HTTPStatus.CONFLICT
    code = "order_refused"


class OrdersClosed(OrderRefused):
    """The kitchen counts already: it is too late to order, to change and to cancel."""

    code = "orders_closed"

    def __init__(self, closed: str) -> None:
        super().__init__(
            message(
                "It is too late: orders for this day closed at {time} of the day before. What is in the menu can still "
                "be bought at the till.", time=closed,
            )
        )  # fmt: skip


class TillRefused(Refused):
    """What is said about a till or a PIN cannot be."""

    code = "till_refused"


class SettingRefused(Refused):
    """What a school decides about its canteen cannot be."""

    code = "setting_refused"
