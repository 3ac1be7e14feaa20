"""Labels beside their fields, or above them where there is little room."""

from __future__ import annotations

from qtpy.QtWidgets import QFormLayout, QLabel, QWidget

from napari_delineate.wording import spaced

__all__ = ["Rows"]

_LABEL, _FIELD = QFormLayout.ItemRole.LabelRole, QFormLayout.ItemRole.FieldRole


class Rows(QFormLayout):
    """Lay fields of parameters out in an even column, each with its label."""

    def __init__(self) -> None:
        super().__init__()
        self.setContentsMargins(0, 0, 0, 0)
        self.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)

    def add(self, name: str, widget: QWidget, tooltip: str) -> None:
        """Add a field.

        Parameters
        ----------
        name : str
            The parameter.
        widget : QWidget
            Its field.
        tooltip : str
            What is said about it.
        """
        text = spaced(name)
        text = text[0].upper() + text[1:]
        widget.setToolTip(tooltip)
        widget.setAccessibleName(text)
        widget.setAccessibleDescription(tooltip)
        label = QLabel(text)
        label.setToolTip(tooltip)
        label.setBuddy(widget)
        self.addRow(label, widget)

    def fit(self, width: int) -> None:
        """Put all labels above their fields where one of them needs it in a width."""
        rows = range(self.rowCount())
        items = [(self.itemAt(row, _LABEL), self.itemAt(row, _FIELD)) for row in rows]
        labels = max((label.widget().sizeHint().width() for label, _ in items), default=0)
        edits = max((edit.widget().minimumSizeHint().width() for _, edit in items), default=0)
        fits = labels + self.horizontalSpacing() + edits <= width
        wrap = QFormLayout.RowWrapPolicy
        self.setRowWrapPolicy(wrap.WrapLongRows if fits else wrap.WrapAllRows)
