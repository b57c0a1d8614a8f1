"""Structured logs: one event a line, as JSON for machines or coloured for a person at a terminal.

Rule: an event is `noun.verb` with ids; names of children, card numbers and IINs never stand in one, so a
traceback tells no values either.
"""

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import Processor

PRIVATE = frozenset({"iin", "phone", "email", "password", "secret", "token", "key", "name", "surname", "number"})
HIDDEN = "hidden"


def configure(level: str, style: str, out: TextIO = sys.stderr) -> None:
    """Set logging up for the whole process; `style` is json or text."""
    shown: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback)
    )
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_private,
        structlog.processors.format_exc_info if style == "json" else _as_it_is,
    ]
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, shown],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=max(number, logging.WARNING), stream=out, format="%(name)s: %(message)s", force=True)


def hide_private(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Replace values that must never be logged, should somebody try."""
    for field in PRIVATE & event.keys():
        event[field] = HIDDEN
    return event


def _as_it_is(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return event
