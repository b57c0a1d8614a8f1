"""The routes of what is verified, how resources are used, and of the indicators, with the right that each asks for."""

from cloud.core.rights import Right

ONE = "/schools/{code}/resources/of/{resource_id}"
RESOURCE_ROUTES: dict[str, Right] = {
    f"POST {ONE}/verify": Right.RESOURCES_VERIFY,
    f"POST {ONE}/unverify": Right.RESOURCES_VERIFY,
    "GET /schools/{code}/resources/usage": Right.RESOURCES_USAGE,
    "GET /schools/{code}/resources/usage.csv": Right.RESOURCES_USAGE,
    "GET /schools/{code}/resources/usage.xlsx": Right.RESOURCES_USAGE,
    "GET /schools/{code}/indicators": Right.INDICATORS_READ,
    "GET /schools/{code}/indicators.csv": Right.INDICATORS_READ,
    "GET /schools/{code}/indicators.xlsx": Right.INDICATORS_READ,
    "GET /region/indicators": Right.INDICATORS_READ,
    "GET /region/indicators.csv": Right.INDICATORS_READ,
    "GET /region/indicators.xlsx": Right.INDICATORS_READ,
    "GET /api/v1/statistics/indicators": Right.INDICATORS_READ,
    "GET /api/v1/schools/{code}/indicators": Right.INDICATORS_READ,
}
IMPORT_ROUTES: dict[str, Right] = {
    "GET /schools/{code}/timetable/versions/{timetable_id}/import": Right.TIMETABLE_KEEP,
    "POST /schools/{code}/timetable/versions/{timetable_id}/import": Right.TIMETABLE_KEEP,
    "GET /schools/{code}/timetable/versions/{timetable_id}/lessons.csv": Right.TIMETABLE_KEEP,
    "GET /schools/{code}/timetable/versions/{timetable_id}/lessons.xlsx": Right.TIMETABLE_KEEP,
}
OVER_SCHOOLS = frozenset(key.partition(" ")[2] for key in RESOURCE_ROUTES if "{code}" not in key)
