"""Say that results are of inputs which have changed since, and offer to update them."""

from __future__ import annotations

from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget

from napari_delineate._napari.session import Session
from napari_delineate._napari.widgets import Message

__all__ = ["InputNotice"]


class InputNotice(QWidget):
    """Tell which inputs are no longer what results were made from; hidden if all are.

    Nothing is computed by itself: a camera may replace an image many times in a second.

    Parameters
    ----------
    session : Session
        The session.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.message = Message()
        self.update_button = QPushButton("Update")
        self.update_button.setToolTip("Record what the layers hold now, and compute what follows")
        self.update_button.setAccessibleName("Update results to the inputs as they are now")
        self.update_button.clicked.connect(lambda: session.record_edits(lenient=True))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.message, 1)
        row.addWidget(self.update_button)
        session.inputs_changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Say what is to be said now."""
        session = self._session
        changed, problems = session.changed_inputs, list(session.changed_inputs.values())
        usable = [name for name, problem in changed.items() if not problem]
        said = [f"{_both(usable)} changed; results are of before."] if usable else []
        said += [f"Results are of before: {problem}." for problem in problems if problem]
        turned = [name for name in session.turned_inputs if name not in changed]
        said += [
            f"{name} is rotated or sheared; results are shown without that." for name in turned
        ]
        self.message.say(" ".join(said), "warning", session.viewer.theme)
        self.update_button.setVisible(bool(usable))
        self.setVisible(bool(said))

    def set_theme(self, _: str) -> None:
        """Take the colours of the theme."""
        self.refresh()

    def stop(self) -> None:
        """Follow the session no longer."""
        self._session.inputs_changed.disconnect(self.refresh)


def _both(names: list[str]) -> str:
    """Return names, and the verb that they need."""
    if len(names) == 1:
        return f"{names[0]} has"
    return f"{', '.join(names[:-1])} and {names[-1]} have"
