"""Every table of a school stands under one rule, and the page tells them."""

from cloud.exports.tables import TABLES
from cloud.retention.rules import RULES, After
from cloud.retention.table import PAGE, page


def test_every_table_stands_under_one_rule() -> None:
    told = [table for rule in RULES for table in rule.tables]

    # A new table of cloud/exports/tables.py gets its rule in cloud/retention/rules.py.
    assert {each.name for each in TABLES} - set(told) == set()
    assert sorted(told) == sorted(set(told))


def test_what_is_deleted_has_a_term_a_reason_and_a_condition_for_each_school() -> None:
    for rule in RULES:
        assert rule.why
        if rule.after is After.DELETED:
            assert rule.term is not None
            assert {aged.table for aged in rule.aged} <= set(rule.tables)
            assert all("school_id = $1" in aged.old and "$2" in aged.old for aged in rule.aged)


def test_the_page_tells_todays_rules() -> None:
    assert PAGE.read_text() == page(), "run python -m cloud.retention.table"
