"""Writes docs/retention.md from the rules: `python -m cloud.retention.table`; a test fails when it is not current."""

from pathlib import Path

from cloud.retention.rules import RULES, Rule

PAGE = Path("docs/retention.md")
_HEAD = """\
# How long what is kept

Made of `cloud/retention/rules.py` by `python -m cloud.retention.table`. A worker deletes four times a day what is too
old, school by school; `esik cloud retention CODE` shows the certificates: how many rows of which table, older than
which day, by which rule, each with its SHA-256 and an entry of the audit journal. The terms are this project's reading
of the law: a school's lawyer confirms them.

| rule | what | how long | counted | after | why | tables |
| --- | --- | --- | --- | --- | --- | --- |
"""
_TAIL = """
Deleted rows are gone from the database; PostgreSQL's own files give their space back in time (VACUUM), and its
write-ahead log is written over. **Backups** made before still hold them until they are deleted: keep backups no longer
than you must, and delete them by a timer. What an export took out is the school's.

Not done by this version's worker: the rule `leavers`. A photo goes with the leaving, at once; the rest of it waits for
the office, which depersonalises by hand.
"""


def page() -> str:
    """Return the page in Markdown."""
    return _HEAD + "".join(map(_line, RULES)) + _TAIL


def _line(rule: Rule) -> str:
    term = f"{rule.term.days // 365} year(s)" if rule.term else "as long as the school uses this service"
    tables = ", ".join(f"`{table}`" for table in rule.tables)
    cells = (rule.name, rule.kind, term, rule.counted or "-", rule.after.value, rule.why, tables)
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    PAGE.write_text(page())
