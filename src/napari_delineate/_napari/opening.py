"""Open workflows: find out which layers and files their inputs are, and ask where in doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from napari.layers import Layer
from qtpy.QtCore import QEvent, QObject, QSize, Qt
from qtpy.QtGui import QResizeEvent, QShowEvent
from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from napari_delineate._napari.candidates import guess, look
from napari_delineate._napari.layers import remember_axes, source_of
from napari_delineate._napari.session import Session
from napari_delineate._napari.widgets import Message
from napari_delineate._napari.widgets.input_choice import Answer, InputChoice
from napari_delineate.recovery import Crashed
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow

__all__ = [
    "OpenDialog",
    "choose_inputs",
    "open_workflow",
    "restore_session",
]


def choose_inputs(
    session: Session,
    workflow: Workflow,
    parent: QWidget | None = None,
    given: Mapping[str, Layer | Value] | None = None,
) -> dict[str, Layer | Value] | None:
    """Return what the inputs of a workflow are; a person is asked only where there is doubt.

    There is none about a layer that was read from the file that the workflow names, about
    that file if its content is the same, and about the one layer that has the name of the
    input and fits.

    Parameters
    ----------
    session : Session
        The session whose layers can be chosen.
    workflow : Workflow
        The workflow.
    parent : QWidget, optional
        Where the dialog stands.
    given : mapping of str to Layer or Value, optional
        Inputs that are known and not asked for.

    Returns
    -------
    dict of str to Layer or Value, or None
        A layer or a value for every input; None if the person cancelled.
    """
    found = _choose(session, workflow, parent, given or {})
    if found is None:
        return None
    return {**(given or {}), **{name: answer.what for name, answer in found.items()}}


def open_workflow(
    session: Session,
    workflow: Workflow,
    parent: QWidget | None = None,
    given: Mapping[str, Layer | Value] | None = None,
) -> bool:
    """Open a workflow in a session, after asking for its inputs where there is doubt.

    Parameters
    ----------
    session : Session
        The session.
    workflow : Workflow
        The workflow.
    parent : QWidget, optional
        Where the dialog stands.
    given : mapping of str to Layer or Value, optional
        Inputs that are known and not asked for.

    Returns
    -------
    bool
        Whether it was opened; False if the person cancelled.

    Raises
    ------
    FileError, LayerError
        If a file or layer that is used can not be read; nothing changes then.
    """
    found = _choose(session, workflow, parent, given or {})
    if found is None:
        return False
    # Each input says from now on where it really comes from.
    inputs = {
        name: replace(described, source=found[name].source) if name in found else described
        for name, described in workflow.inputs.items()
    }
    for name, one in (given or {}).items():
        if isinstance(one, Layer):
            inputs[name] = replace(inputs[name], source=source_of(one))
    whats = {**(given or {}), **{name: answer.what for name, answer in found.items()}}
    session.open(replace(workflow, inputs=inputs), whats)
    return True


def restore_session(session: Session, crashed: Crashed, parent: QWidget | None = None) -> bool:
    """Open a session that was not closed.

    It stays on disk: discard it once the session has been saved anew.

    Parameters
    ----------
    session : Session
        The session to restore it into.
    crashed : Crashed
        What was found.
    parent : QWidget, optional
        Where a dialog stands, if a file is not where it was.

    Returns
    -------
    bool
        Whether it was opened; False if the person cancelled.

    Raises
    ------
    FileError
        If it is damaged.
    """
    workflow, inputs = crashed.load()
    return open_workflow(session, workflow, parent, inputs)


class OpenDialog(QDialog):
    """Ask which layers or files the inputs of a workflow are.

    Parameters
    ----------
    session : Session
        The session whose layers can be chosen.
    workflow : Workflow
        The workflow.
    parent : QWidget, optional
        Where the dialog stands.
    given : mapping of str to Layer or Value, optional
        Inputs that are known and not asked for.

    Attributes
    ----------
    rows : dict of str to InputChoice
        The rows, by the names of the inputs.
    certain : bool
        Whether nothing has to be asked.
    """

    def __init__(
        self,
        session: Session,
        workflow: Workflow,
        parent: QWidget | None = None,
        given: Mapping[str, Layer | Value] | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = session.viewer.theme
        self.setWindowTitle("Open workflow")
        taken = [one for one in (given or {}).values() if isinstance(one, Layer)]
        self._wanted = {
            name: one for name, one in workflow.inputs.items() if name not in (given or {})
        }
        found = look(session, self._wanted, taken)
        self.certain = all(one.certain is not None for one in found.values())
        self.rows = {
            name: InputChoice(
                name, self._wanted[name], one.layers, one.file, one.problem, self._theme
            )
            for name, one in found.items()
        }
        for name, answer in guess(self._wanted, found).items():
            self.rows[name].choose(answer)

        steps = "1 step" if len(workflow.steps) == 1 else f"{len(workflow.steps)} steps"
        question = QLabel(f"This workflow has {steps}. Choose what its inputs stand for.")
        question.setWordWrap(True)
        self.message = Message()
        buttons = QDialogButtonBox()
        self.open_button = buttons.addButton("Open", QDialogButtonBox.ButtonRole.AcceptRole)
        self.cancel_button = buttons.addButton("Cancel", QDialogButtonBox.ButtonRole.RejectRole)
        self.open_button.setDefault(True)
        self.open_button.setToolTip("Open the workflow on these inputs and compute it (Enter)")
        self.cancel_button.setToolTip("Open nothing (Escape)")
        for button in (self.open_button, self.cancel_button):
            button.setAccessibleName(button.text())
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(self.fontMetrics().height())
        layout.addWidget(question)
        layout.addWidget(_Column(list(self.rows.values())), 1)
        layout.addWidget(self.message)
        layout.addWidget(buttons)
        for row in self.rows.values():
            row.changed.connect(self._refresh)
        self._refresh()

    def answers(self) -> dict[str, Answer]:
        """Return what is chosen for each input that is asked for."""
        chosen = {name: row.answer() for name, row in self.rows.items()}
        return {name: answer for name, answer in chosen.items() if answer is not None}

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Become as high as the texts are in the fonts of napari, which are known by now."""
        super().showEvent(event)
        self.adjustSize()

    def _refresh(self) -> None:
        """Say what is missing before the workflow can be opened."""
        answers = self.answers()
        missing = [name for name in self.rows if name not in answers]
        layers = [one.what for one in answers.values() if isinstance(one.what, Layer)]
        twice = [layer.name for layer in layers if layers.count(layer) > 1]
        self.open_button.setEnabled(not missing and not twice)
        if twice:
            self.message.say(
                f"{twice[0]!r} is chosen twice; each input needs one of its own.",
                "warning",
                self._theme,
            )
        else:
            text = f"Choose a file for {' and '.join(missing)} to open it." if missing else ""
            self.message.say(text, "hint", self._theme)


class _Column(QScrollArea):
    """Show widgets one below the other, scrolled where they are too tall for the screen."""

    def __init__(self, widgets: Sequence[QWidget]) -> None:
        super().__init__()
        self._inside = QWidget()
        column = QVBoxLayout(self._inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(self.fontMetrics().height())
        for widget in widgets:
            column.addWidget(widget)
        column.addStretch(1)
        self.setWidget(self._inside)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._inside.installEventFilter(self)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the size of what is inside, at most about half the screen high."""
        width = self.fontMetrics().averageCharWidth() * 60
        frame = self.size() - self.maximumViewportSize()  # that of napari's style sheet
        height = self._inside.heightForWidth(width - frame.width()) + frame.height()
        return QSize(width, min(height, self.screen().availableGeometry().height() // 2))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Keep what is inside as wide as this, and as high as its lines of text are then."""
        super().resizeEvent(event)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Follow what is inside when its texts change."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        room = self.maximumViewportSize()  # without a scroll bar
        height = self._inside.heightForWidth(room.width())
        if height > room.height():
            room = self.viewport().size()
            height = self._inside.heightForWidth(room.width())
        self._inside.resize(room.width(), max(height, room.height()))


def _choose(
    session: Session,
    workflow: Workflow,
    parent: QWidget | None,
    given: Mapping[str, Layer | Value],
) -> dict[str, Answer] | None:
    """Return an answer for each input that is not given, None if the person cancelled."""
    dialog = OpenDialog(session, workflow, parent, given)
    try:
        if not dialog.certain and dialog.exec() != QDialog.DialogCode.Accepted:
            return None
        answers = dialog.answers()
    finally:
        dialog.deleteLater()
    for name, answer in answers.items():
        if isinstance(answer.what, Layer) and answer.offer.axes is None:
            remember_axes(answer.what, workflow.inputs[name].axes.replace("S", ""))
    return answers
