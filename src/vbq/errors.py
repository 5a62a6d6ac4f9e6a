"""Errors that the user can correct, and what becomes of the others."""

import logging
from collections.abc import Callable
from typing import TypeVar

Made = TypeVar("Made")

NOT_MADE = "not made: "  # in a log, before the name of a part
INSTEAD = (
    "This part could not be made, because of an error that should not occur; the log of the run has it in "
    "full. The other parts do not depend on it."
)


class UserError(ValueError):
    """Something in the input or the configuration; its text is the whole message, without a traceback."""


def part_of_a_document(part: str, make: Callable[[], Made], instead: Callable[[], Made]) -> Made:
    """Make one part of a document; where an error of ours stops it, log it and return what takes its place.

    The log has a line with `NOT_MADE`, by which `vbq.headlines` reports it and the run ends as failed. An
    error that the user has to correct is raised.
    """
    try:
        return make()
    except UserError:
        raise
    except Exception:
        logging.exception("%s%s", NOT_MADE, part)
        return instead()
