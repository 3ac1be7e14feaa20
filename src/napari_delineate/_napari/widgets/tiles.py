"""Categories of operations as tiles, one package at a time.

All categories at once would be taller than the rest of a dock, and grow with every new
one. So the packages are a row of six buttons that never moves, and the categories of one of
them stand below it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

from qtpy.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from qtpy.QtGui import QFontMetrics, QIcon
from qtpy.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QMenu,
    QSizePolicy,
    QStyle,
    QStyleOptionToolButton,
    QStylePainter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QElidingLabel

from napari_delineate._napari.widgets.grid import ButtonGrid, GridButton
from napari_delineate._napari.widgets.icons import colour, icon
from napari_delineate._napari.widgets.needs import fits, say_needs
from napari_delineate._napari.widgets.scrolled import Scrolled
from napari_delineate.catalogue import PACKAGES, Category, Operation, categories, operations
from napari_delineate.types import Kind

__all__ = ["CategoryTiles"]

_MOST_LINES = 2
_LEAST_ROWS = 4
"""Rows of categories that are shown however little room there is."""


class CategoryTiles(QWidget):
    """Choose an operation: first a package, then a category, then one of its operations.

    Parameters
    ----------
    theme : str
        Name of napari's theme.
    """

    chosen = Signal(str)
    """The id of an operation."""

    def __init__(self, theme: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._kinds: frozenset[Kind] = frozenset()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._row, self._grid = ButtonGrid(), ButtonGrid()
        self._scrolled = Scrolled()
        self._scrolled.setWidget(self._grid)
        self._grid.moved.connect(self._scrolled.ensureWidgetVisible)
        self._room: int | None = None
        self.tiles: dict[str, Tile] = {}
        self.tabs: dict[str, GridButton] = {}
        for category in categories():
            mine = [one for one in operations() if one.category == category]
            tile = Tile(category, mine, theme, self._grid)
            tile.clicked.connect(partial(self._on_tile, tile))
            self.tiles[category.id] = tile
        self._group = QButtonGroup(self)
        for package, title in PACKAGES.items():
            self.tabs[package] = self._make_tab(package, title)
        self.heading = QToolButton()
        self.heading.setObjectName("heading")
        self.heading.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.heading.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.heading.clicked.connect(lambda: self.set_collapsed(not self.is_collapsed()))
        self.hint = QElidingLabel()
        self.hint.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._row.set_buttons(list(self.tabs.values()))
        self._row.moved.connect(lambda tab: tab.click())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._row)
        heading = QHBoxLayout()
        heading.addWidget(self.heading)
        heading.addWidget(self.hint, 1)
        layout.addLayout(heading)
        layout.addWidget(self._scrolled)
        self.show_package(next(iter(PACKAGES)))
        self.set_theme(theme)
        self.set_available(())

    def set_available(self, kinds: Collection[Kind]) -> None:
        """Enable the categories with an operation that works on one of some kinds.

        Parameters
        ----------
        kinds : collection of Kind
            The kinds there are.
        """
        self._kinds = frozenset(kinds)
        for tile in self.tiles.values():
            tile.set_available(self._kinds)
        self._grid.refresh_focus()
        self._draw_tabs()
        self._draw_heading()

    def set_theme(self, theme: str) -> None:
        """Take the colours of a theme.

        Parameters
        ----------
        theme : str
            Name of napari's theme.
        """
        self._theme = theme
        for tile in self.tiles.values():
            tile.set_theme(theme)
        radius = self.fontMetrics().height() // 4
        card, strong = colour(theme, "foreground").name(), colour(theme, "primary").name()
        self.setStyleSheet(
            f"QToolButton {{ background: transparent; border: 1px solid transparent;"
            f" border-radius: {radius}px; }}"
            f"QToolButton#tile:enabled {{ background: {card}; }}"
            f"QToolButton:hover, QToolButton#tile:enabled:hover {{ background: {strong}; }}"
            f"QToolButton:checked, QToolButton#tile:pressed {{ background: {strong}; }}"
            f"QToolButton:focus {{ border-color: {colour(theme, 'current').name()}; }}"
            "QToolButton#heading { font-weight: bold; }"
            # napari makes the text of labels larger than that of buttons.
            f"QLabel {{ color: {colour(theme, 'icon').name()};"
            f" font-size: {self.heading.fontInfo().pointSizeF()}pt; }}"
        )
        self._draw_tabs()
        self._draw_heading()

    def show_package(self, package: str) -> None:
        """Show the categories of a package.

        Parameters
        ----------
        package : str
            One of `napari_delineate.catalogue.PACKAGES`.
        """
        self._package = package
        self.tabs[package].setChecked(True)
        self._grid.set_buttons(self._tiles_of(package))
        self._lay_out()
        self.set_collapsed(False)

    def show_usable_package(self) -> None:
        """Leave a package in which little fits for the first one in which most does."""
        if self._usable_share(self._package) < 0.5:
            best = max(PACKAGES, key=lambda package: min(self._usable_share(package), 0.5))
            if self._usable_share(best) > self._usable_share(self._package):
                self.show_package(best)

    def is_collapsed(self) -> bool:
        """Return whether only the packages are shown."""
        return self._scrolled.isHidden()

    def set_collapsed(self, collapsed: bool) -> None:
        """Show only the packages, or the categories of one of them too."""
        self._scrolled.setHidden(collapsed)
        self._draw_heading()

    def set_room(self, height: int) -> None:
        """Say how high the categories may be; where there are more, they are scrolled.

        Parameters
        ----------
        height : int
            Pixels. Some rows are shown even where this is less.
        """
        self._room = height
        self._lay_out()

    def menu(self, tile: Tile) -> QMenu:
        """Return a menu of the operations of a category."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        for operation in tile.operations:
            action = menu.addAction(operation.title)
            action.setEnabled(fits(operation, self._kinds))
            needs = "" if action.isEnabled() else f"\n{say_needs([operation])}"
            action.setToolTip(f"{operation.summary}{needs}")
            action.triggered.connect(partial(self._choose, operation.id))
        return menu

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._lay_out()

    def changeEvent(self, event: Any) -> None:  # noqa: N802
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._lay_out()

    def _tiles_of(self, package: str) -> list[Tile]:
        return [tile for tile in self.tiles.values() if tile.package == package]

    def _usable_share(self, package: str) -> float:
        tiles = self._tiles_of(package)
        return sum(tile.isEnabled() for tile in tiles) / max(len(tiles), 1)

    def _make_tab(self, package: str, title: str) -> GridButton:
        tab = GridButton(self._row)
        tab.setCheckable(True)
        tab.setText(title)
        tab.setAccessibleName(title)
        inside = [tile.category.title for tile in self._tiles_of(package)]
        tab.setToolTip(f"{title}: {', '.join(inside)}")
        tab.clicked.connect(lambda: self.show_package(package))
        self._group.addButton(tab)
        return tab

    def _on_tile(self, tile: Tile) -> None:
        if len(tile.operations) == 1:
            self.chosen.emit(tile.operations[0].id)
            return
        menu = self.menu(tile)
        usable = [action for action in menu.actions() if action.isEnabled()]
        menu.setActiveAction(usable[0])
        menu.popup(tile.mapToGlobal(QPoint(0, tile.height())))

    def _choose(self, operation: str, _: bool = False) -> None:
        self.chosen.emit(operation)

    def _lay_out(self) -> None:
        """Give every button its size, from the words that it shows, and scroll the rest."""
        bars = Qt.ScrollBarPolicy
        self._scrolled.setVerticalScrollBarPolicy(bars.ScrollBarAlwaysOff)
        row = self._lay_out_tiles()
        height = self._grid.height()
        if self._room is not None and height > max(self._room, _LEAST_ROWS * row):
            self._scrolled.setVerticalScrollBarPolicy(bars.ScrollBarAlwaysOn)
            row = self._lay_out_tiles()
            # Half a row shows that there is more.
            height = round((max(self._room // row, _LEAST_ROWS) - 0.5) * row)
        self._scrolled.setFixedHeight(height)
        self._lay_out_tabs()

    def _lay_out_tiles(self) -> int:
        """Give every tile its size; return the height of a row."""
        metrics = next(iter(self.tiles.values())).fontMetrics()
        line = metrics.height()
        gap, side = line // 4, round(line * 1.3)
        shown = self._tiles_of(self._package)
        for tile in self.tiles.values():
            tile.setIconSize(QSize(side, side))
        # Titles in one line where two columns have the room; otherwise words are not broken.
        one_line = max(metrics.horizontalAdvance(tile.category.title) for tile in shown)
        word = max(tile.widest_word() for tile in shown)
        beside = side + 2 * line
        half = (self._scrolled.viewport().width() - gap) // 2
        width = min(one_line + beside, max(word + beside, half))
        self._grid.set_cell(width, 1, gap)
        lines = max(len(tile.lines(self._grid.cell_width())) for tile in shown)
        height = max(side, lines * line) + line // 2
        self._grid.set_cell(width, height, gap)
        return height + gap

    def _lay_out_tabs(self) -> None:
        """Give every package its size; titles stand beside the icons where there is room."""
        metrics = next(iter(self.tiles.values())).fontMetrics()
        line = metrics.height()
        gap, side = line // 4, round(line * 1.3)
        titles = max(metrics.horizontalAdvance(title) for title in PACKAGES.values())
        self._row.set_cell(side + line // 2, side + line, gap, len(PACKAGES))
        with_titles = self._row.cell_width() > titles + side + line
        style = Qt.ToolButtonStyle
        for tab in self.tabs.values():
            tab.setIconSize(QSize(side, side))
            tab.setToolButtonStyle(
                style.ToolButtonTextBesideIcon if with_titles else style.ToolButtonIconOnly
            )

    def _draw_tabs(self) -> None:
        """Let packages fade whose operations do not fit what there is."""
        for package, tab in self.tabs.items():
            usable = any(tile.isEnabled() for tile in self._tiles_of(package))
            tone = "icon" if usable else "highlight"
            tab.setIcon(icon(f"package-{package}", self._theme, tone))

    def _draw_heading(self) -> None:
        title = PACKAGES[self._package]
        collapsed = self.is_collapsed()
        self.heading.setText(title)
        self.heading.setAccessibleName(title)
        self.heading.setToolTip("Show the categories" if collapsed else "Hide the categories")
        self.heading.setIcon(icon("collapsed" if collapsed else "expanded", self._theme))
        tiles = self._tiles_of(self._package)
        usable = any(tile.isEnabled() for tile in tiles)
        inside = [operation for tile in tiles for operation in tile.operations]
        needs = "" if usable else say_needs(inside)
        self.hint.setText(needs.partition(":")[0])
        self.hint.setToolTip(needs)


class Tile(GridButton):
    """Show a category: its icon and its title.

    Parameters
    ----------
    category : Category
        The category.
    operations : sequence of Operation
        Its operations.
    theme : str
        Name of napari's theme.
    """

    def __init__(
        self,
        category: Category,
        operations: Sequence[Operation],
        theme: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.category = category
        self.operations = tuple(operations)
        self._theme = theme
        self.setObjectName("tile")
        self.hide()
        self.setAccessibleName(category.title)

    @property
    def package(self) -> str:
        """The package of the category."""
        return self.category.id.split(".")[0]

    def set_available(self, kinds: Collection[Kind]) -> None:
        """Enable the tile where one of its operations works on one of some kinds."""
        self.setEnabled(any(fits(operation, kinds) for operation in self.operations))
        needs = "" if self.isEnabled() else f"\n{say_needs(self.operations)}"
        self.setToolTip(f"{self.category.summary}{needs}")
        self.setAccessibleDescription(self.toolTip())

    def set_theme(self, theme: str) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        self.setIcon(icon(self.category.id, theme))

    def widest_word(self) -> int:
        """Return the width of the longest word of the title."""
        return max(map(self.fontMetrics().horizontalAdvance, self.category.title.split()))

    def lines(self, width: int) -> list[str]:
        """Return the title in lines for a tile of some width."""
        metrics = self.fontMetrics()
        beside = self.iconSize().width() + round(1.5 * metrics.height())
        return _wrap(self.category.title, metrics, width - beside)

    def paintEvent(self, event: Any) -> None:  # noqa: ARG002, N802
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        # The style draws the frame alone: it would centre lines of text, not align them.
        option.text, option.icon = "", QIcon()
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)
        line, side = self.fontMetrics().height(), self.iconSize().width()
        mode = QIcon.Mode.Normal if self.isEnabled() else QIcon.Mode.Disabled
        place = QRect(line // 2, (self.height() - side) // 2, side, side)
        self.icon().paint(painter, place, Qt.AlignmentFlag.AlignCenter, mode)
        painter.setPen(colour(self._theme, "text", 1.0 if self.isEnabled() else 0.45))
        lines = self.lines(self.width())
        top = (self.height() - line * len(lines)) // 2
        for number, text in enumerate(lines):
            row = QRect(side + line, top + number * line, self.width() - side - line, line)
            painter.drawText(row, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)


def _wrap(text: str, metrics: QFontMetrics, width: int) -> list[str]:
    """Break a text between words into lines, the last one cut where it is too long."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and (metrics.horizontalAdvance(longer) <= width or len(lines) == _MOST_LINES):
            lines[-1] = longer
        else:
            lines.append(word)
    return [metrics.elidedText(line, Qt.TextElideMode.ElideRight, width) for line in lines]
