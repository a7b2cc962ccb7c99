"""Which exceptions a user is told in one sentence instead of a traceback, and how."""

from __future__ import annotations

import errno

from sandbox.types import SandboxError
from tasks.errors import UserError

USER_ERRORS = (UserError, SandboxError, OSError)


def sentence(error: Exception) -> str:
    """One sentence for the user. An OSError is the machine's: a full disk, a missing right."""
    if is_disk_full(error):
        return "The disk is full: make room."
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        return f"The system refused: {error.strerror or error}{where}."
    return str(error)


def is_disk_full(error: Exception) -> bool:
    """Or the share of it that this user has."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
