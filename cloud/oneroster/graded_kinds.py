"""The kinds of things that OneRoster's gradebook tells of, under the names of the standard."""

from enum import Enum

from cloud.oneroster import graded_shapes as shapes
from cloud.oneroster.kinds import Described


class GradedKind(Enum):
    """A kind of thing; `value` is the type of references to it."""

    CATEGORY = "category"
    LINE_ITEM = "lineItem"
    RESULT = "result"
    SCORE_SCALE = "scoreScale"

    @property
    def described(self) -> Described:
        return _DESCRIBED[self]


_DESCRIBED = {
    GradedKind.CATEGORY: Described(
        "category", "categories", "categories", shapes.Category, shapes.OneCategory, shapes.Categories
    ),
    GradedKind.LINE_ITEM: Described(
        "lineItem", "lineItems", "lineItems", shapes.LineItem, shapes.OneLineItem, shapes.LineItems
    ),
    GradedKind.RESULT: Described("result", "results", "results", shapes.Result, shapes.OneResult, shapes.Results),
    GradedKind.SCORE_SCALE: Described(
        "scoreScale", "scoreScales", "scoreScales", shapes.ScoreScale, shapes.OneScoreScale, shapes.ScoreScales
    ),
}  # fmt: skip
