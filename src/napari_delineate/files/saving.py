"""Write files so that an old one survives whatever goes wrong."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

__all__ = ["atomic_path"]


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a path to write to that replaces a file only when all is written.

    Parameters
    ----------
    path : path
        The file that is to be written. Its folder is made where it is missing.

    Yields
    ------
    Path
        A file beside it with the same ending. When the block ends without an error it
        takes the place of `path`; otherwise it is removed and `path` stays as it was.

    Raises
    ------
    OSError
        If the folder can not be written to, or `path` is a folder, a device or a pipe,
        which no file may replace. What goes wrong in the block names `path`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_path(Path(folder) / "note.txt") as draft:
    ...         _ = draft.write_text("done")
    ...     (Path(folder) / "note.txt").read_text()
    'done'
    """
    target = Path(path)
    if target.is_dir():
        raise OSError(f"{path} is a folder, no file can be written in its place")
    if target.exists() and not target.is_file():
        raise OSError(f"{path} is no file but a device or a pipe, it is not replaced")
    if target.is_symlink():
        target = target.resolve()  # what the link points to is replaced, not the link
    target.parent.mkdir(parents=True, exist_ok=True)
    # A long name must stay within what file systems allow.
    prefix = f".{target.name[:40]}-"
    handle, name = tempfile.mkstemp(prefix=prefix, suffix=target.suffix, dir=target.parent)
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.chmod(target.stat().st_mode if target.exists() else 0o666 & ~_umask())
        draft.replace(target)
    except BaseException as error:
        draft.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno and error.filename in (None, str(draft)):
            error.filename = str(path)  # such as: No space left on device
        raise


def _umask() -> int:
    # The mask can only be read by setting it.
    mask = os.umask(0)
    os.umask(mask)
    return mask
