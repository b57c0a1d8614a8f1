"""The rights of guardians as columns of a table, and what the function `guardianship_at` answers with.

Rule: what a guardian may now is asked of `guardianship_at`, which knows terms, ends and courts; the table knows only
what was given.
"""

from collections.abc import Mapping
from typing import Any

from cloud.people.kinds import FamilyRight

COLUMNS: Mapping[FamilyRight, str] = {
    FamilyRight.SEE: "may_see",
    FamilyRight.MEALS: "may_see_meals",
    FamilyRight.PAY: "may_pay",
    FamilyRight.LIMIT: "may_limit",
    FamilyRight.ORDER: "may_order",
    FamilyRight.BLOCK: "may_block_card",
    FamilyRight.CONSENT: "may_consent",
    FamilyRight.NOTICES: "may_get_notices",
}


def rights_in(row: Mapping[str, Any]) -> frozenset[FamilyRight]:
    """Return the rights that a row with these columns gives."""
    return frozenset(right for right, column in COLUMNS.items() if row[column])
