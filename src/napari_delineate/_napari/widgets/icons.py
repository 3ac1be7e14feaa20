"""Icons and colours in the tones of napari's themes.

The icons are line drawings in the folder `icons`, on a grid of 24 × 24, written in one
colour that is replaced by one of the theme. There is one for every category of operations,
named after it with "-" for "."; a category without an icon of its own has that of its
package.
"""

from __future__ import annotations

import functools
from importlib.resources import files
from typing import Any

from napari.utils.theme import get_theme
from qtpy.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap
from qtpy.QtSvg import QSvgRenderer

__all__ = ["colour", "icon", "icon_names"]

_FOLDER = files("napari_delineate._napari") / "icons"
_FAINT = 0.35


def colour(theme: str, tone: str, opacity: float = 1.0) -> QColor:
    """Return a colour of a theme.

    Parameters
    ----------
    theme : str
        Name of napari's theme.
    tone : str
        A field of the theme, for instance "text".
    opacity : float
        From 0, invisible, to 1.

    Returns
    -------
    QColor
        The colour.
    """
    found = QColor(*getattr(get_theme(theme), tone).as_rgb_tuple()[:3])
    found.setAlphaF(opacity)
    return found


def icon(name: str, theme: str, tone: str = "icon") -> QIcon:
    """Return an icon in the colours of a theme, sharp at every size.

    Under the pointer, checked or selected it has the colour of text; disabled it is faint.

    Parameters
    ----------
    name : str
        Name of an icon, for instance "undo" or "kind-labels", or the id of a category.
    theme : str
        Name of napari's theme.
    tone : str
        The field of the theme that it has its colour from at rest.

    Returns
    -------
    QIcon
        The icon.

    Raises
    ------
    ValueError
        If there is no such icon.
    """
    # A theme can be edited while it is shown, so its colours are part of the key.
    return _make(_drawing(name), colour(theme, tone).name(), colour(theme, "text").name())


@functools.cache
def icon_names() -> frozenset[str]:
    """Return the names of all icons.

    Returns
    -------
    frozenset of str
        The names of the files, without their ending.
    """
    return frozenset(one.name.removesuffix(".svg") for one in _FOLDER.iterdir())


@functools.cache
def _drawing(name: str) -> str:
    """Return the SVG text of an icon; of its package where a category has none."""
    package, dot, _ = name.partition(".")
    file = name.replace(".", "-")
    if dot and file not in icon_names():
        file = f"package-{package}"
    if file not in icon_names():
        raise ValueError(f"there is no icon {name!r}")
    return (_FOLDER / f"{file}.svg").read_text(encoding="utf-8")


@functools.cache
def _make(drawing: str, normal: str, strong: str) -> QIcon:
    return QIcon(_Engine(drawing, normal, strong))


class _Engine(QIconEngine):
    """Draw an SVG text in a colour that depends on the state of what it stands on."""

    def __init__(self, drawing: str, normal: str, strong: str) -> None:
        super().__init__()
        self._arguments = drawing, normal, strong
        self._normal, self._strong = _renderer(drawing, normal), _renderer(drawing, strong)

    def paint(self, painter: Any, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        if mode == QIcon.Mode.Disabled:
            # Faint as a whole: lines that cross must not show through each other.
            ratio = painter.device().devicePixelRatioF()
            whole = self.pixmap(rect.size() * ratio, QIcon.Mode.Normal, QIcon.State.Off)
            painter.save()
            painter.setOpacity(painter.opacity() * _FAINT)
            painter.drawPixmap(rect, whole)
            painter.restore()
            return
        is_strong = state == QIcon.State.On or mode in (QIcon.Mode.Active, QIcon.Mode.Selected)
        (self._strong if is_strong else self._normal).render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return _Engine(*self._arguments)


def _renderer(drawing: str, ink: str) -> Any:
    renderer = QSvgRenderer(QByteArray(drawing.replace("currentColor", ink).encode()))
    renderer.setAspectRatioMode(Qt.AspectRatioMode.KeepAspectRatio)
    return renderer
