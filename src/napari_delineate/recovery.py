"""Keep a running session on disk, so that a crash loses nothing.

Each session has a folder of its own with an ordinary workflow file and what was made by
hand beside it. A lock that the operating system takes back when a process ends, however it
ends, tells the sessions that crashed from those that run.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import secrets
import shutil
import sys
import threading
import warnings
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from napari_delineate.files import FileError, read, read_workflow, write_workflow
from napari_delineate.files.images import write_exact
from napari_delineate.values import Value, fingerprint
from napari_delineate.workflow import Workflow, WorkflowInput

__all__ = ["Crashed", "Recovery", "find_crashed", "recovery_folder"]

_WORKFLOW = "session.json"
_INPUTS = "session_inputs"
_LOCK = ".lock"
_DAMAGED = "damaged"


def recovery_folder() -> Path:
    """Return the folder in which this user's sessions are kept.

    Returns
    -------
    Path
        A folder that outlives restarts; it may not exist yet.
    """
    from platformdirs import user_state_path

    return user_state_path("napari-delineate", appauthor=False) / "sessions"


class Recovery:
    """Keep one running session on disk.

    Nothing is written before the first `save`. The methods may be called from any thread.

    Parameters
    ----------
    folder : Path, optional
        The folder of all sessions; by default that of this user.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._parent = folder
        self._own: Path | None = None
        self._kept: dict[tuple[str, WorkflowInput], WorkflowInput] = {}
        self._unlock = weakref.finalize(self, lambda: None)
        self._guard = threading.Lock()

    def save(self, workflow: Workflow, inputs: Mapping[str, Value]) -> None:
        """Write the session in place of what was saved before.

        Inputs that name a file are not copied; of the others, versions that are on disk
        already are not written again. A workflow with neither steps nor inputs leaves
        nothing to restore.

        Parameters
        ----------
        workflow : Workflow
            The workflow.
        inputs : mapping of str to Value
            Values of its inputs, at least of those that name no file.

        Raises
        ------
        FileError
            If it can not be written; what was saved before is still there then.
        """
        if not workflow.steps and not workflow.inputs:
            self.discard()
            return
        with self._guard:
            try:
                folder = self._begin()
                named = {
                    name: self._with_file(folder / _INPUTS, name, described, inputs)
                    for name, described in workflow.inputs.items()
                }
                write_workflow(folder / _WORKFLOW, replace(workflow, inputs=named))
                self._forget_unused(folder / _INPUTS, named)
            except OSError as error:
                reason = error.strerror or error
                raise FileError(
                    f"the session can not be kept in {self._own or self._parent}: {reason}"
                ) from error

    def discard(self) -> None:
        """Remove what was saved, as when the session is closed by a person.

        Raises
        ------
        FileError
            If it can not be removed.
        """
        with self._guard:
            if self._own is not None:
                folder, self._own = self._own, None
                self._kept.clear()
                self._unlock()
                _remove(folder)

    def _begin(self) -> Path:
        """Return the folder of this session, made and locked when it is needed first."""
        if self._own is None:
            if self._parent is None:
                self._parent = recovery_folder()
            self._parent.mkdir(parents=True, exist_ok=True)
            now = datetime.datetime.now().astimezone()
            name = f"{now:%Y%m%d-%H%M%S}-{os.getpid()}-{secrets.token_hex(4)}"
            folder = self._parent / name
            # The lock lies beside the folder and comes first: there is no moment in which
            # the folder exists and looks as if nobody was using it.
            lock = _lock(folder)
            if lock is None:
                raise FileError(f"the session {folder} belongs to another process")
            self._unlock = weakref.finalize(self, lock.close)
            folder.mkdir()
            self._own = folder
        return self._own

    def _with_file(
        self, folder: Path, name: str, described: WorkflowInput, inputs: Mapping[str, Value]
    ) -> WorkflowInput:
        """Return an input that names a file with its content."""
        if described.source is not None:
            return described
        kept = self._kept.get((name, described)) if described.version else None
        if kept is None or not Path(str(kept.source)).exists():
            if name not in inputs:
                raise ValueError(f"there is no value for the input {name!r}, which names no file")
            # Each version has a file of its own: as long as the workflow file is the old one,
            # the versions that it names are there.
            path = write_exact(folder, f"{name}_{inputs[name].fingerprint()[:16]}", inputs[name])
            kept = replace(described, source=str(path), version=fingerprint(inputs[name].data))
            self._kept[name, described] = kept
        return kept

    def _forget_unused(self, folder: Path, named: Mapping[str, WorkflowInput]) -> None:
        """Remove versions that the workflow no longer names."""
        used = {value.source for value in named.values()}
        self._kept = {key: kept for key, kept in self._kept.items() if kept.source in used}
        for path in folder.iterdir() if folder.is_dir() else ():
            if str(path) not in used:
                with contextlib.suppress(OSError):  # the next save tries again
                    path.unlink()


@dataclass(frozen=True)
class Crashed:
    """Describe a session that was not closed.

    Attributes
    ----------
    folder : Path
        Where it is kept.
    when : datetime
        When it was saved last, in local time.
    title : str
        The names of its inputs.
    steps : int
        Number of its steps.
    problem : str
        Why it can not be loaded; empty if it can.
    """

    folder: Path
    when: datetime.datetime
    title: str = ""
    steps: int = 0
    problem: str = ""

    def load(self) -> tuple[Workflow, dict[str, Value]]:
        """Read the session.

        Returns
        -------
        workflow : Workflow
            The workflow. Inputs that were kept with the session name no file.
        inputs : dict of str to Value
            The values of just those inputs, bit for bit as they were. The others are read
            from the files that the workflow names.

        Raises
        ------
        FileError
            If it is damaged. It stays where it is.
        """
        if self.problem:
            raise FileError(self.problem)
        workflow = read_workflow(self.folder / _WORKFLOW)
        described, inputs = dict(workflow.inputs), {}
        for name, value in workflow.inputs.items():
            if value.source is None or not Path(value.source).is_relative_to(self.folder):
                continue
            data = read(value.source, checksum=value.version)
            try:
                inputs[name] = Value.of(data, value.kind, value.axes, value.spacing, value.units)
            except ValueError as error:
                raise FileError(f"{value.source} does not fit its input: {error}") from error
            # It goes with the session: what is restored must not depend on this folder.
            described[name] = replace(value, source=None)
        return replace(workflow, inputs=described), inputs

    def discard(self) -> None:
        """Remove the session for good.

        Raises
        ------
        FileError
            If it can not be removed.
        """
        _remove(self.folder)


def find_crashed(folder: Path | None = None) -> tuple[Crashed, ...]:
    """Return the sessions that were not closed and whose process has ended, latest first.

    A session that is damaged is moved into the folder "damaged", told once with its problem,
    and then left alone.

    Parameters
    ----------
    folder : Path, optional
        The folder of all sessions; by default that of this user.

    Returns
    -------
    tuple of Crashed
        The sessions; empty if there are none or the folder can not be read.
    """
    parent = recovery_folder() if folder is None else folder
    found = []
    for session in _folders(parent):
        try:
            lock = _lock(session)
        except OSError:
            continue  # nobody can tell whether it is in use
        if lock is None:
            continue
        with lock:
            crashed = _describe(session)
        if crashed is None or crashed.folder != session:
            with contextlib.suppress(OSError):  # an empty file that does no harm
                _lock_file(session).unlink(missing_ok=True)
        if crashed is not None:
            found.append(crashed)
    return tuple(sorted(found, key=lambda one: one.when, reverse=True))


def _folders(parent: Path) -> list[Path]:
    """Return the folders of sessions, none where the folder can not be read."""
    try:
        return sorted(path for path in parent.iterdir() if path.is_dir() and path.name != _DAMAGED)
    except OSError:
        return []


def _describe(session: Path) -> Crashed | None:
    """Describe a session whose process has ended, None if it holds nothing."""
    file = session / _WORKFLOW
    try:
        if not any(session.iterdir()):
            session.rmdir()  # it ended before it saved
            return None
        there = file if file.exists() else session
        when = datetime.datetime.fromtimestamp(there.stat().st_mtime).astimezone()
    except OSError:
        return None  # it can not be looked into now; it stays for the next start
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # loading it says what there is to say
            workflow = read_workflow(file)
    except (FileError, OSError) as error:
        kept = _set_aside(session)
        problem = str(error).replace(str(session), str(kept))
        return Crashed(kept, when, problem=problem)
    title = ", ".join(workflow.inputs) or session.name
    return Crashed(session, when, title, len(workflow.steps))


def _set_aside(session: Path) -> Path:
    """Move a damaged session out of the way; return where it is then."""
    kept = session.parent / _DAMAGED / session.name
    try:
        kept.parent.mkdir(exist_ok=True)
        session.rename(kept)
    except OSError:
        return session  # it is told again at the next start
    return kept


def _remove(session: Path) -> None:
    """Remove the folder of a session and its lock."""
    try:
        if session.exists():
            # The workflow goes first: without it, the rest is never taken for a session.
            (session / _WORKFLOW).unlink(missing_ok=True)
            shutil.rmtree(session)
        _lock_file(session).unlink(missing_ok=True)
    except OSError as error:
        raise FileError(
            f"the session in {session} can not be removed: {error.strerror or error}"
        ) from error


def _lock_file(session: Path) -> Path:
    return session.with_name(session.name + _LOCK)


def _lock(session: Path) -> IO[bytes] | None:
    """Lock a session until the file that is returned is closed; None if it is in use.

    The lock ends with the process, so that no number of a process has to be trusted, which
    another process may have by now.
    """
    file = _lock_file(session).open("ab")
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        file.close()
        return None
    except OSError:
        file.close()
        raise
    return file
