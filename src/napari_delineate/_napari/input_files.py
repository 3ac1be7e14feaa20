"""Know the content of a session's inputs, and which files hold just the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from napari_delineate.files import FileError, read
from napari_delineate.store import Store
from napari_delineate.values import Value, fingerprint
from napari_delineate.workflow import Workflow, WorkflowInput

__all__ = ["InputFiles"]


class InputFiles:
    """Describe inputs by checksum and file, once for each version.

    Parameters
    ----------
    store : Store
        Holds the versions. The methods may be called from any thread.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        # version, and the state of its file -> input with checksum, and that file
        self._known: dict[tuple[str, object], WorkflowInput] = {}

    def values(self, workflow: Workflow) -> dict[str, Value]:
        """Return the values of the inputs of a workflow."""
        return {
            name: self._store.load(str(described.version))
            for name, described in workflow.inputs.items()
        }

    def describe(self, workflow: Workflow) -> Workflow:
        """Return a workflow whose inputs have checksums, and files that hold just the same."""
        inputs = {}
        for name, described in workflow.inputs.items():
            version = str(described.version)
            key = (version, _state(described.source))
            if key not in self._known:
                checksum = fingerprint(self._store.load(version).data)
                file = _file_with(described.source, checksum)
                self._known[key] = replace(described, source=file, version=checksum)
            inputs[name] = self._known[key]
        return replace(workflow, inputs=inputs)


def _state(path: str | None) -> tuple[int, int] | None:
    """Return what changes when a file is written."""
    try:
        status = Path(path or "").stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _file_with(path: str | None, checksum: str) -> str | None:
    """Return a file if reading it gives just what the layer that came from it holds."""
    if path is None or not Path(path).is_file():
        return None
    try:
        return path if fingerprint(read(path)) == checksum else None
    except FileError:
        return None  # another plugin has read it: its content is kept beside the workflow
