"""The routes of recommendations, with the right that each asks for."""

from cloud.core.rights import Right

STUDENT = "/schools/{code}/people/{ref}/advice"
ADVICE_ROUTES: dict[str, Right] = {
    "GET /schools/{code}/advice": Right.ADVICE_READ,
    "GET /schools/{code}/advice/rules": Right.ADVICE_RULES_KEEP,
    "POST /schools/{code}/advice/rules": Right.ADVICE_RULES_KEEP,
    f"GET {STUDENT}": Right.ADVICE_READ,
    f"POST {STUDENT}": Right.ADVICE_KEEP,
    f"POST {STUDENT}/own": Right.ADVICE_KEEP,
}
