"""Errors that are the user's to mend."""


class UserError(ValueError):
    """Something in the input or the configuration; its text is the whole message, without a traceback."""
