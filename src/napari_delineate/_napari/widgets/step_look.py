"""Colours of the list of steps: all are made from those of napari's theme."""

from __future__ import annotations

import functools

from qtpy.QtCore import QRect, Qt
from qtpy.QtGui import QColor, QPainter, QPen, QPixmap

from napari_delineate._napari.widgets.icons import colour, icon

__all__ = ["StepLook", "contrast_of", "draw_icon", "ink_on", "pen"]

_GOLDEN_RATIO = 0.618033988749895
_FOR_TEXT, _FOR_SIGNS = 4.5, 3.0
"""Contrast that text and signs need, by the Web Content Accessibility Guidelines."""


class StepLook:
    """Give the colours of a theme for rows on one ground.

    Parameters
    ----------
    theme : str
        Name of napari's theme.
    """

    def __init__(self, theme: str) -> None:
        self.theme = theme
        self.background, self.text = colour(theme, "background"), colour(theme, "text")
        self.current = colour(theme, "current")
        self._icon, self._error = colour(theme, "icon"), colour(theme, "error")
        self.hovered = _mix(self.background, self.text, 0.06)
        self.selected = _mix(self.background, self.current, 0.4)

    def ground(self, *, is_selected: bool, is_hovered: bool) -> QColor:
        """Return the colour below a row."""
        if is_selected:
            return self.selected
        return self.hovered if is_hovered else self.background

    def dim(self, ground: QColor) -> QColor:
        """Return the colour of text that matters less."""
        return _readable(_mix(ground, self.text, 0.6), ground, _FOR_TEXT)

    def sign(self, ground: QColor) -> QColor:
        """Return the colour of signs."""
        return _readable(_mix(ground, self._icon, 0.75), ground, _FOR_SIGNS)

    def error(self, ground: QColor) -> QColor:
        """Return the colour of errors, light or dark enough to be read."""
        return _readable(self._error, ground, _FOR_TEXT)

    def accent(self, ground: QColor) -> QColor:
        """Return the colour of what is under way."""
        return _readable(self.current, ground, _FOR_SIGNS)

    def track(self, ground: QColor) -> QColor:
        """Return the colour of the part of a progress bar that is to come."""
        return _mix(ground, self.text, 0.15)

    def lane(self, number: int) -> QColor:
        """Return the colour of a lane: turned from the theme's accent, all equally strong."""
        hue = (max(self.current.hslHueF(), 0.0) + number * _GOLDEN_RATIO) % 1.0
        lightness = 0.65 if self.background.lightnessF() < 0.5 else 0.42
        turned = QColor.fromHslF(hue, 0.6, lightness)
        return _readable(turned, self.background, _FOR_SIGNS)


def pen(ink: QColor, width: float, cap: Qt.PenCapStyle = Qt.PenCapStyle.RoundCap) -> QPen:
    """Return a pen for smooth lines."""
    return QPen(ink, width, Qt.PenStyle.SolidLine, cap, Qt.PenJoinStyle.RoundJoin)


def draw_icon(painter: QPainter, name: str, theme: str, box: QRect, ink: QColor) -> None:
    """Draw an icon in a colour that can be seen on the ground below it.

    Parameters
    ----------
    painter : QPainter
        The painter.
    name : str
        Name of the icon, or id of a category.
    theme : str
        Name of napari's theme.
    box : QRect
        The place.
    ink : QColor
        The colour.
    """
    scale = painter.device().devicePixelRatioF()
    painter.drawPixmap(box.topLeft(), _tinted(name, theme, box.width(), scale, ink.rgba()))


@functools.lru_cache(maxsize=256)
def _tinted(name: str, theme: str, size: int, scale: float, rgba: int) -> QPixmap:
    side = round(size * scale)
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    icon(name, theme).paint(painter, pixmap.rect())
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(pixmap.rect(), QColor.fromRgba(rgba))
    painter.end()
    pixmap.setDevicePixelRatio(scale)
    return pixmap


def _mix(one: QColor, other: QColor, part: float) -> QColor:
    """Return a colour between two others."""
    first, second = one.getRgbF()[:3], other.getRgbF()[:3]
    mixed = (a + (b - a) * part for a, b in zip(first, second, strict=True))
    return QColor.fromRgbF(*mixed)


def _readable(wish: QColor, ground: QColor, contrast: float) -> QColor:
    """Return a colour that stands out from a ground, as little lighter or darker as it can."""
    end = 1.0 if ground.lightnessF() < 0.5 else 0.0
    start, found = wish.lightnessF(), wish
    for part in range(21):
        lightness = start + (end - start) * part / 20
        # Greys have no hue, which Qt says with a negative number.
        found = QColor.fromHslF(max(wish.hslHueF(), 0.0), wish.hslSaturationF(), lightness)
        if contrast_of(found, ground) >= contrast:
            break
    return found


def ink_on(ground: QColor, wish: QColor) -> QColor:
    """Return the colour of text on a ground: the wish, or black or white if it is not readable."""
    if contrast_of(wish, ground) >= _FOR_TEXT:
        return wish
    both = QColor("black"), QColor("white")
    return max(both, key=lambda one: contrast_of(one, ground))


def contrast_of(one: QColor, other: QColor) -> float:
    """Return how well two colours can be told apart, from 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: QColor) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in colour.getRgbF()[:3]
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
