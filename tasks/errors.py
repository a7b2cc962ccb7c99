"""The one error that a user is meant to read."""


class UserError(Exception):
    """Bad input: one clear sentence that names the file, key or flag and the remedy.

    The command line prints it without a traceback and exits with 2.
    """
