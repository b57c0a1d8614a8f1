"""What is refused about alerts."""

from http import HTTPStatus

from cloud.core.errors import Refused


class AlertsDecided(Refused):
    """Somebody has decided about these alerts since the page was opened."""

    status = HTTPStatus.CONFLICT
    code = "alerts_decided"


class AlertRuleRefused(Refused):
    """No school can mean this."""

    code = "alert_rule_refused"
