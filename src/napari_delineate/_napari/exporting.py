"""Save and export what a session has recorded: files, code, diagrams."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from napari.qt.threading import create_worker
from platformdirs import user_cache_dir
from qtpy.QtCore import QObject, QUrl, Signal
from qtpy.QtGui import QDesktopServices, QGuiApplication
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_delineate._napari.activity import Activity
from napari_delineate._napari.outcomes import Outcome, outcome_of
from napari_delineate._napari.session import Session
from napari_delineate.diagram import to_mermaid, to_svg
from napari_delineate.export import run_notebook, write_notebook, write_script
from napari_delineate.files import FileError, write_workflow
from napari_delineate.files.saving import atomic_path

__all__ = ["Exporting"]


class Exporting(QObject):
    """Write the workflow of a session in the forms that people use.

    Parameters
    ----------
    session : Session
        The session.
    parent : QWidget
        Over which dialogs stand.

    Signals
    -------
    said : a sentence about what was done
    failed : a sentence about what could not be done
    progressed : cells of a notebook that have run, and all of them
    """

    said = Signal(str)
    failed = Signal(str)
    progressed = Signal(int, int)

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._parent = parent
        self._folder = Path.home()
        self._worker: Any = None
        self._activity = Activity(self)
        self._running = Path()
        self.progressed.connect(self._on_progress)

    def save_workflow(self) -> None:
        """Save the workflow, with what was made by hand beside it."""
        self._ask("Save workflow", "workflow.json", "Workflow (*.json)", self._write_workflow)

    def export_notebook(self) -> None:
        """Write a notebook."""
        self._ask("Export notebook", "workflow.ipynb", "Notebook (*.ipynb)", self._write_notebook)

    def run_notebook(self) -> None:
        """Write a notebook, run it in the background, and open it."""
        self._ask("Export and run notebook", "workflow.ipynb", "Notebook (*.ipynb)", self._run)

    def export_script(self) -> None:
        """Write a Python script."""
        self._ask("Export script", "workflow.py", "Python (*.py)", self._write_script)

    def export_svg(self) -> None:
        """Write a picture of the workflow."""
        self._ask("Export diagram", "workflow.svg", "Picture (*.svg)", self._write_svg)

    def export_mermaid(self) -> None:
        """Write the workflow as a Mermaid diagram."""
        name = "workflow.mmd"
        self._ask("Export diagram", name, "Mermaid (*.mmd)", self._write_mermaid)

    def copy_code(self) -> None:
        """Copy the workflow as Python code; inputs that no file holds are kept in one."""
        workflow, inputs = self._session.to_save()
        folder = Path(user_cache_dir("napari-delineate")) / "copied"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            code = write_script(folder / "workflow.py", workflow, inputs).read_text("utf-8")
        except (OSError, ValueError) as error:
            self.failed.emit(str(error))
            return
        # What is pasted elsewhere finds files that lie beside the script by their full path.
        code = code.replace("folder = Path(__file__).parent", f"folder = Path({str(folder)!r})")
        QGuiApplication.clipboard().setText(code)
        self.said.emit("Copied the workflow as Python code.")

    def copy_mermaid(self) -> None:
        """Copy the workflow as a Mermaid diagram."""
        QGuiApplication.clipboard().setText(to_mermaid(self._session.workflow))
        self.said.emit("Copied the workflow as a Mermaid diagram.")

    def _ask(self, title: str, name: str, kinds: str, write: Callable[[Path], None]) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self._parent, title, str(self._folder / name), kinds
        )
        if not chosen:
            return
        path = Path(chosen)
        if not path.suffix:
            path = path.with_suffix(Path(name).suffix)
        self._folder = path.parent
        try:
            write(path)
        except (OSError, ValueError, FileError) as error:
            self.failed.emit(str(error))

    def _write_workflow(self, path: Path) -> None:
        workflow, inputs = self._session.to_save()
        write_workflow(path, workflow, inputs)
        self.said.emit(f"Saved {path.name}.")

    def _write_notebook(self, path: Path) -> None:
        write_notebook(path, *self._session.to_save())
        self.said.emit(f"Exported {path.name}.")

    def _write_script(self, path: Path) -> None:
        write_script(path, *self._session.to_save())
        self.said.emit(f"Exported {path.name}.")

    def _write_svg(self, path: Path) -> None:
        self._write_text(path, to_svg(self._session.workflow))

    def _write_mermaid(self, path: Path) -> None:
        self._write_text(path, to_mermaid(self._session.workflow))

    def _write_text(self, path: Path, text: str) -> None:
        with atomic_path(path) as draft:
            draft.write_text(text, encoding="utf-8")
        self.said.emit(f"Exported {path.name}.")

    def _run(self, path: Path) -> None:
        if self._worker is not None:
            self.failed.emit("A notebook is running; wait until it has ended.")
            return
        write_notebook(path, *self._session.to_save())
        self.said.emit(f"Running {path.name}…")
        self._running = path
        self._activity.begin(f"Running {path.name}")
        self._worker = create_worker(
            outcome_of,
            partial(run_notebook, path, progress=self.progressed.emit),
            _start_thread=True,
            _connect={"returned": self._on_run, "finished": self._on_finished},
        )

    def _on_progress(self, done: int, total: int) -> None:
        self._activity.report(f"Running {self._running.name}", done / max(total, 1))

    def _on_run(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.failed.emit(outcome.sentence)
        else:
            path = self._running
            self.said.emit(f"{path.name} has run; it holds all pictures and tables.")
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))

    def _on_finished(self) -> None:
        self._worker = None
        self._activity.end()
