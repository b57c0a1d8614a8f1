"""Marks of dishes in a form: one figure of the scale, whatever else is sent."""

from starlette.datastructures import FormData

from cloud.guardian.rating_pages import _marks


def test_what_is_not_one_figure_is_no_mark() -> None:
    form = FormData([("mark-soup", "4"), ("mark-tea", "9" * 5_000), ("mark-set", "x"), ("mark-nan", ""), ("food", "5")])

    assert _marks(form) == {"soup": 4, "tea": 0, "set": 0, "nan": 0}
