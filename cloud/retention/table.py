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

**The first time** that a rule finds something at a school it deletes nothing: it notes what it would delete, in the
log (`retention.planned`), in the audit journal and on the page *How long what is kept*, and begins a week later. So an
upgrade, or a school that was taken in, loses nothing on the first day. `esik cloud retention CODE --dry-run` tells what
every rule would delete now; `--now` deletes at once, at every school.

**Two terms for one thing**: notices go after `ESIK_NOTICE_DAYS`, which the service refuses at its start when it is
longer than the rule's year; so the shorter one always wins, and is the setting. Codes of devices have one term, that of
their page.

**Who left** becomes nameless by the steps of a refusal ([consents.md](consents.md)), each noted, 200 people in a run;
whose money waits to be given back stays until it is. A guardian without another child here goes along. The day of
leaving is the journal's; staff are people here as well.
"""


def page() -> str:
    """Return the page in Markdown."""
    return _HEAD + "".join(map(_line, RULES)) + _TAIL


def told_term(rule: Rule) -> str:
    """Return a term in years, or in days where it is less than one."""
    assert rule.term is not None, "what is kept for ever has no term"  # noqa: S101
    return f"{rule.term.days // 365} year(s)" if rule.term.days >= 365 else f"{rule.term.days} days"


def _line(rule: Rule) -> str:
    term = told_term(rule) if rule.term else "as long as the school uses this service"
    tables = ", ".join(f"`{table}`" for table in rule.tables)
    cells = (rule.name, rule.kind, term, rule.counted or "-", rule.after.value, rule.why, tables)
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    PAGE.write_text(page())
