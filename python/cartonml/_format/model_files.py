"""Collects the files of a model folder, without following anything out of it."""

from __future__ import annotations

import os
import stat
from collections import Counter
from pathlib import Path

from .._errors import InvalidError, PolicyError
from .os_errors import os_errors


def collect_folder(root: Path) -> dict[str, Path]:
    """All files below `root`: path with `/` between its parts to the real file, sorted.

    A link to a file inside the folder is packed as a copy of that file.

    Raises:
        PolicyError: a hidden file, a link that leaves the folder, a file with further hard links
            outside it, or something that is neither file nor folder.
        InvalidError: no file at all.
    """
    root = root.resolve()
    files: dict[str, Path] = {}
    _walk(root, root, files)
    if not files:
        raise InvalidError(f"`{root}` holds no file", hint="give the folder that holds the model")
    _check_hard_links(root, files)
    return dict(sorted(files.items(), key=lambda item: os.fsencode(item[0])))


def _walk(root: Path, folder: Path, files: dict[str, Path]) -> None:
    with os_errors("read the folder", folder), os.scandir(folder) as entries:
        listed = sorted(entries, key=lambda entry: os.fsencode(entry.name))
    for entry in listed:
        path = Path(entry.path)
        name = path.relative_to(root).as_posix()
        if entry.name.startswith("."):
            raise PolicyError(
                f"`{path}` is hidden, and hidden files are not packed: such files often hold secrets",
                hint="delete it, or copy the files that belong to the model into a folder of their own",
            )
        if entry.is_symlink():
            files[name] = _resolve_link(root, path)
        elif entry.is_dir(follow_symlinks=False):
            _walk(root, path, files)
        elif entry.is_file(follow_symlinks=False):
            files[name] = path
        else:
            raise PolicyError(f"`{path}` is neither a file nor a folder", hint="remove it from the folder")


def _resolve_link(root: Path, link: Path) -> Path:
    with os_errors("follow the link", link):
        try:
            target = link.resolve(strict=True)
        except RuntimeError as error:  # a loop, before Python 3.13
            raise OSError(str(error)) from error
    if root not in target.parents:
        raise PolicyError(
            f"`{link}` is a link that leaves the folder: it leads to `{target}`",
            hint="replace the link by a copy of the file, for example with `cp -rL folder copy`",
        )
    if not target.is_file():
        raise PolicyError(
            f"`{link}` is a link to `{target}`, which is not a file", hint="only links to files can be packed"
        )
    return target


def _check_hard_links(root: Path, files: dict[str, Path]) -> None:
    """A file that also has a name outside the folder may be somebody else's; `nlink` counts all names."""
    paths = set(files.values())
    seen: Counter[tuple[int, int]] = Counter()
    for path in paths:
        status = path.stat()
        seen[status.st_dev, status.st_ino] += 1
    for path in sorted(paths):
        status = path.stat()
        if stat.S_ISREG(status.st_mode) and status.st_nlink > seen[status.st_dev, status.st_ino]:
            raise PolicyError(
                f"`{path}` has further names (hard links) outside `{root}`, so it may be foreign",
                hint="replace it by a copy of the file, for example with `cp -r folder copy`",
            )
