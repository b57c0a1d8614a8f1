"""The shapes of OneRoster 1.2's gradebook service, after its information model, with the fields that we fill.

Left out: comments, objectives of learning, and everything that a program would write.
"""

from typing import Literal

from pydantic import Field

from cloud.oneroster.shapes import Base, Shape, YesNo


class GradedRef(Shape):
    """Another object: where it is, in this service or in rostering, and its kind."""

    href: str
    sourced_id: str = Field(alias="sourcedId")
    type: Literal["academicSession", "category", "class", "lineItem", "org", "user"]


class Category(Base):
    """A part of a quarter's mark: formative marks, SOR, SOCH."""

    title: str
    weight: float = Field(description="In percent of the quarter's mark, by the scheme of today's quarter.")


class LineItem(Base):
    """A lesson in which points are given; a summative one too that nobody has points of yet."""

    title: str
    description: str | None = Field(None, description="The theme of the lesson.")
    assign_date: str = Field(alias="assignDate")
    due_date: str = Field(alias="dueDate")
    school_class: GradedRef = Field(alias="class")
    school: GradedRef
    category: GradedRef
    grading_period: GradedRef | None = Field(None, alias="gradingPeriod")
    academic_session: GradedRef | None = Field(None, alias="academicSession")
    result_value_min: float = Field(alias="resultValueMin")
    result_value_max: float | None = Field(None, alias="resultValueMax", description="None was set yet.")


class Result(Base):
    """A student's points of a lesson; `tobedeleted` once they are taken away."""

    line_item: GradedRef = Field(alias="lineItem")
    student: GradedRef
    school_class: GradedRef = Field(alias="class")
    score_status: Literal["fully graded", "not submitted"] = Field(alias="scoreStatus")
    score: float | None = Field(None, description="None of what was taken away.")
    score_date: str = Field(alias="scoreDate")
    late: YesNo | None = Field(None, description="Whether the student came late to the lesson.")


class ScaleValue(Shape):
    """A mark, and the percents that make it."""

    item_value_lhs: str = Field(alias="itemValueLHS")
    item_value_rhs: str = Field(alias="itemValueRHS")


class ScoreScale(Base):
    """Of how many percents which quarter's mark comes, by the scheme of today's quarter."""

    title: str
    type: str
    school_class: GradedRef = Field(alias="class")
    score_scale_value: list[ScaleValue] = Field(alias="scoreScaleValue")


class Categories(Shape):
    """A page of categories."""

    categories: list[Category]


class LineItems(Shape):
    """A page of line items."""

    line_items: list[LineItem] = Field(alias="lineItems")


class Results(Shape):
    """A page of results."""

    results: list[Result]


class ScoreScales(Shape):
    """A page of scales."""

    score_scales: list[ScoreScale] = Field(alias="scoreScales")


class OneCategory(Shape):
    """A category."""

    category: Category


class OneLineItem(Shape):
    """A line item."""

    line_item: LineItem = Field(alias="lineItem")


class OneResult(Shape):
    """A result."""

    result: Result


class OneScoreScale(Shape):
    """A scale."""

    score_scale: ScoreScale = Field(alias="scoreScale")
