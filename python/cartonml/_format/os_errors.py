"""Refusals of the operating system as typed errors."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from typing import Union

from .._errors import CartonError, IoError, NoSpaceError

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextlib.contextmanager
def os_errors(action: str, path: Union[str, os.PathLike[str]]) -> Iterator[None]:
    """Turns an OSError within the block into `IoError` or `NoSpaceError`: "cannot <action> `path`: ..."."""
    try:
        yield
    except CartonError:
        raise
    except OSError as error:
        message = f"cannot {action} `{os.fspath(path)}`: {error.strerror or error}"
        if error.errno in _NO_SPACE:
            raise NoSpaceError(message, hint="free some space, or choose another output_path") from error
        raise IoError(message) from error
