"""The blocks of the assistant: icons, tiles, search and the list of changes."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest
from napari.utils.theme import get_theme, register_theme, unregister_theme
from qtpy.QtCore import QEvent, QPoint, QSize, Qt
from qtpy.QtGui import QColor, QHelpEvent, QIcon, QImage
from qtpy.QtWidgets import QApplication, QToolTip, QVBoxLayout, QWidget

from napari_delineate import voxels
from napari_delineate._napari.widgets import history_list
from napari_delineate._napari.widgets.history_list import HistoryList
from napari_delineate._napari.widgets.icons import colour, icon, icon_names
from napari_delineate._napari.widgets.needs import fits, say_needs
from napari_delineate._napari.widgets.search import OperationSearch
from napari_delineate._napari.widgets.tiles import CategoryTiles
from napari_delineate.catalogue import PACKAGES, accepts, categories, operations
from napari_delineate.finding import search
from napari_delineate.history import History
from napari_delineate.types import Kind
from napari_delineate.workflow import Workflow, WorkflowInput

# Only one window has the focus of the keyboard, also if tests run side by side.
pytestmark = pytest.mark.xdist_group("windows")

ACTIONS = """
    undo redo open save export device history add remove more show hide live run cancel gallery
    sweep bypass branch rename insert template copy search warning failed done stale camera
"""
WIDTH = 320
Key = Qt.Key


def pixels(pixmap) -> np.ndarray:
    """Return the (Y, X, 4) red, green, blue and alpha of a pixmap."""
    image = pixmap.toImage().convertToFormat(QImage.Format.Format_RGBA8888)
    bits = image.constBits()
    if hasattr(bits, "setsize"):
        bits.setsize(image.sizeInBytes())
    rows = np.frombuffer(bits, np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 4 * image.width()].reshape(image.height(), image.width(), 4).copy()


def draw(name, theme="dark", side=240, mode=QIcon.Mode.Normal, state=QIcon.State.Off, ratio=1.0):
    return pixels(icon(name, theme).pixmap(QSize(side, side), ratio, mode, state))


def ink(drawn: np.ndarray) -> tuple[int, ...]:
    """Return the colour of what is opaque."""
    opaque = drawn[drawn[..., 3] == 255][:, :3].astype(int)
    found = np.round(opaque.mean(axis=0))
    assert np.abs(opaque - found).max() <= 1, "one colour, but for rounding"
    return tuple(map(int, found))


# Icons


def test_every_category_kind_and_action_has_its_own_icon(qapp):
    named = {category.id.replace(".", "-") for category in categories()}
    named |= {f"package-{package}" for package in PACKAGES}
    named |= {f"kind-{kind}" for kind in Kind}
    assert named | set(ACTIONS.split()) <= icon_names()
    drawn = {name: draw(name, side=64) for name in icon_names()}
    for first, second in itertools.combinations(drawn, 2):
        assert not np.array_equal(drawn[first], drawn[second]), (first, second)


@pytest.mark.parametrize("name", sorted(icon_names()))
def test_icons_are_drawn_on_one_grid_in_one_colour(qapp, name):
    text = (files("napari_delineate._napari") / "icons" / f"{name}.svg").read_text()
    root = ElementTree.fromstring(text)
    assert root.get("viewBox") == "0 0 24 24"
    assert root.get("stroke-width") == "1.75"
    assert root.get("stroke-linecap") == root.get("stroke-linejoin") == "round"
    paints = re.findall(r'(?:stroke|fill)="([^"]*)"', text)
    assert set(paints) <= {"currentColor", "none"}
    drawn = draw(name)
    assert (drawn[..., 3] > 0).mean() > 0.02
    # Nothing is cut off at the rim.
    inside = np.zeros(drawn.shape[:2], bool)
    inside[5:-5, 5:-5] = True
    assert not drawn[~inside].any()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_icons_take_the_colours_of_the_theme(qapp, theme):
    def rgb(field):
        return tuple(map(int, getattr(get_theme(theme), field).as_rgb_tuple()[:3]))

    assert ink(draw("undo", theme)) == rgb("icon")
    assert ink(draw("undo", theme, state=QIcon.State.On)) == rgb("text")
    assert ink(draw("undo", theme, mode=QIcon.Mode.Selected)) == rgb("text")
    faint = draw("undo", theme, mode=QIcon.Mode.Disabled)
    whole = draw("undo", theme)[..., 3] == 255
    # Lines that cross do not show through each other.
    (strength,) = np.unique(faint[whole][:, 3])
    assert 50 < strength < 128
    warned = pixels(icon("undo", theme, "warning").pixmap(QSize(64, 64), 1.0))
    assert ink(warned) == rgb("warning")
    assert colour(theme, "text", 0.5).alphaF() == pytest.approx(0.5, abs=0.01)


def test_icons_follow_a_theme_that_is_edited(qapp):
    mine = get_theme("dark").to_rgb_dict() | {"id": "of_mine"}
    try:
        register_theme("of_mine", mine | {"icon": "rgb(10, 200, 30)"}, "test")
        first = icon("undo", "of_mine")
        assert icon("undo", "of_mine") is first
        assert ink(draw("undo", "of_mine")) == (10, 200, 30)
        register_theme("of_mine", mine | {"icon": "rgb(200, 30, 10)"}, "test")
        assert ink(draw("undo", "of_mine")) == (200, 30, 10)
    finally:
        unregister_theme("of_mine")


def test_icons_are_sharp_on_fine_screens(qapp):
    """Twice the pixels show details that enlarged pixels do not."""
    fine = icon("filters.transform", "dark").pixmap(QSize(16, 16), 2.0)
    assert fine.width() == 32
    assert fine.devicePixelRatio() == 2
    enlarged = draw("filters.transform", side=16).repeat(2, 0).repeat(2, 1)
    assert not np.array_equal(pixels(fine), enlarged)
    assert np.array_equal(pixels(fine), draw("filters.transform", side=32))


def test_a_category_without_an_icon_has_that_of_its_package(qapp):
    assert np.array_equal(draw("filters.of_the_future"), draw("package-filters"))
    assert not np.array_equal(draw("filters.denoise"), draw("package-filters"))
    for name in ("nothing", "nothing.at_all", "../icons/undo"):
        with pytest.raises(ValueError, match="no icon"):
            icon(name, "dark")


# Tiles


@pytest.fixture
def tiles(qtbot):
    """Tiles as wide as they are in a narrow dock."""
    holder = QWidget()
    layout = QVBoxLayout(holder)
    shown = CategoryTiles("dark")
    shown.holder = holder  # which lives as long
    layout.addWidget(shown)
    layout.addStretch(1)
    qtbot.addWidget(holder)
    holder.resize(WIDTH, 600)
    with qtbot.waitExposed(holder):
        holder.show()
    qtbot.waitUntil(lambda: holder.activateWindow() or holder.isActiveWindow())
    return shown


def visible(tiles):
    return [tile for tile in tiles.tiles.values() if tile.isVisible()]


def test_all_packages_are_low_and_read_in_full(qtbot, tiles):
    assert tiles.width() <= WIDTH
    for package in PACKAGES:
        tiles.show_package(package)
        qtbot.wait(1)
        shown = visible(tiles)
        assert [tile.category.id for tile in shown] == [
            one.id for one in categories() if one.id.startswith(f"{package}.")
        ]
        rows = len({tile.y() for tile in shown})
        assert rows == -(-len(shown) // 2), "two in a row"
        assert tiles.sizeHint().height() <= 80 + 45 * rows
        for tile in shown:
            assert " ".join(tile.lines(tile.width())) == tile.category.title
            assert tile.geometry().right() <= tiles.width()
        assert tiles.heading.text() == PACKAGES[package]


@pytest.mark.parametrize(
    ("kind", "package"),
    [(Kind.IMAGE, "filters"), (Kind.LABELS, "postprocessing"), (Kind.SURFACE, "surfaces")],
)
def test_a_package_is_left_in_which_little_fits(tiles, kind, package):
    tiles.show_package("filters")
    tiles.set_available({kind})
    tiles.show_usable_package()
    assert tiles.heading.text() == PACKAGES[package]
    assert sum(tile.isEnabled() for tile in visible(tiles)) > len(visible(tiles)) / 2


def test_a_package_in_which_most_fits_is_kept(tiles):
    tiles.show_package("segmentation")
    tiles.set_available({Kind.IMAGE})
    tiles.show_usable_package()
    assert tiles.heading.text() == PACKAGES["segmentation"]


def test_where_there_is_little_room_categories_are_scrolled(qtbot, tiles):
    tiles.show_package("filters")
    qtbot.wait(1)
    whole = tiles.height()
    first, *_, last = visible(tiles)
    assert first.visibleRegion().boundingRect() == first.rect()
    tiles.set_room(whole // 3)
    qtbot.waitUntil(lambda: tiles.height() < whole)
    assert first.visibleRegion().boundingRect() == first.rect()
    assert last.visibleRegion().isEmpty()
    for tile in visible(tiles):
        assert " ".join(tile.lines(tile.width())) == tile.category.title
        assert tile.geometry().right() <= tile.parentWidget().width()
    rows = len({tile.y() for tile in visible(tiles)})
    assert rows == -(-len(visible(tiles)) // 2), "two in a row beside the scroll bar"
    for tile in visible(tiles):
        tile.setEnabled(True)
    first.setFocus()
    qtbot.keyClick(first, Key.Key_End)
    assert last.visibleRegion().boundingRect() == last.rect()
    tiles.set_room(whole)
    qtbot.waitUntil(lambda: tiles.height() == whole)


def test_more_room_shows_more_in_a_row(qtbot, tiles):
    tiles.show_package("postprocessing")
    narrow = len({tile.y() for tile in visible(tiles)})
    assert narrow > 1
    tiles.window().resize(900, 600)
    qtbot.waitUntil(lambda: len({tile.y() for tile in visible(tiles)}) < narrow)
    style = Qt.ToolButtonStyle
    assert {tab.toolButtonStyle() for tab in tiles.tabs.values()} == {
        style.ToolButtonTextBesideIcon
    }
    tiles.window().resize(WIDTH, 600)
    qtbot.waitUntil(lambda: len({tile.y() for tile in visible(tiles)}) == narrow)
    assert {tab.toolButtonStyle() for tab in tiles.tabs.values()} == {style.ToolButtonIconOnly}


@pytest.mark.parametrize("kinds", [(), *((kind,) for kind in Kind), (Kind.IMAGE, Kind.LABELS)])
def test_only_what_fits_is_enabled_and_the_rest_says_what_it_needs(tiles, kinds):
    tiles.set_available(kinds)
    for category in categories():
        tile = tiles.tiles[category.id]
        wanted = {one.inputs[0].kind for one in operations() if one.category == category}
        fits = any(accepts(one, kind) for one in wanted for kind in kinds)
        assert tile.isEnabled() == fits
        assert tile.toolTip().startswith(category.summary)
        assert ("Needs " in tile.toolTip()) == (not fits)
        assert tile.accessibleName() == category.title
    for package in PACKAGES:
        tiles.show_package(package)
        assert bool(tiles.hint.text()) == (not any(tile.isEnabled() for tile in visible(tiles)))


def test_the_advice_is_true():
    """What is named makes what is needed, and does not need it itself."""
    titles = {title: package for package, title in PACKAGES.items()}
    for operation in operations():
        needed = operation.inputs[0].kind
        advice = say_needs([operation])
        found = re.fullmatch(
            r"Needs [^:]+: (?:make (?:one|them) with (.+)|open one|draw them in a shapes layer)",
            advice,
        )
        assert found, advice
        if found[1] is None:
            assert needed in (Kind.IMAGE, Kind.RGB, Kind.SHAPES)
            continue
        makers = [
            one
            for one in operations()
            if one.title == found[1] or one.package == titles.get(found[1])
        ]
        assert any(
            output.kind == needed != maker.inputs[0].kind
            for maker in makers
            for output in maker.outputs
        ), advice
    labeling = [one for one in operations() if one.category.id == "segmentation.labeling"]
    assert say_needs(labeling) == "Needs an image or a mask or labels: open one"


def test_a_disabled_tile_shows_its_tooltip(qtbot, tiles):
    tile = tiles.tiles["filters.color"]
    tiles.set_available([Kind.IMAGE])
    assert not tile.isEnabled()
    place = QPoint(5, 5)
    event = QHelpEvent(QEvent.Type.ToolTip, place, tile.mapToGlobal(place))
    QApplication.sendEvent(tile, event)
    assert QToolTip.text() == "Turn colours into intensities.\nNeeds a colour image: open one"
    QToolTip.hideText()


def test_clicking_chooses_an_operation(qtbot, tiles):
    tiles.set_available([Kind.LABELS, Kind.CORRECTIONS])
    tiles.show_package("postprocessing")
    with qtbot.waitSignal(tiles.chosen) as chosen:  # there is one operation in it
        qtbot.mouseClick(tiles.tiles["postprocessing.corrections"], Qt.MouseButton.LeftButton)
    assert chosen.args == ["postprocessing.apply_corrections"]

    tile = tiles.tiles["postprocessing.morphology"]
    qtbot.mouseClick(tile, Qt.MouseButton.LeftButton)
    menu = QApplication.activePopupWidget()
    mine = [one for one in operations() if one.category == tile.category]
    assert [action.text() for action in menu.actions()] == [one.title for one in mine]
    assert [action.toolTip() for action in menu.actions()] == [one.summary for one in mine]
    assert menu.toolTipsVisible()
    with qtbot.waitSignal(tiles.chosen) as chosen:
        qtbot.keyClick(menu, Key.Key_Down)
        qtbot.keyClick(menu, Key.Key_Return)
    assert chosen.args == [mine[1].id]


def test_operations_in_a_menu_that_do_not_fit_say_what_they_need(qtbot, tiles):
    tiles.set_available([Kind.LABELS])
    menu = tiles.menu(tiles.tiles["segmentation.labeling"])
    enabled = {action.text(): action.isEnabled() for action in menu.actions()}
    assert enabled == {
        "Label connected components": True,
        "Gauss Otsu labeling": False,
        "Voronoi Otsu labeling": False,
        "Voronoi labeling": True,
    }
    assert menu.actions()[1].toolTip().endswith("Needs an image: open one")
    menu.deleteLater()


def test_tiles_and_packages_by_keyboard(qtbot, tiles):
    tiles.set_available([Kind.LABELS, Kind.CORRECTIONS])
    tabs = list(tiles.tabs.values())
    tabs[0].setFocus()
    qtbot.keyClick(tabs[0], Key.Key_Right)
    assert (tabs[1].hasFocus(), tabs[1].isChecked()) == (True, True)
    assert {tile.package for tile in visible(tiles)} == {"segmentation"}
    qtbot.keyClick(tabs[1], Key.Key_End)
    assert tabs[-1].isChecked()
    qtbot.keyClick(tabs[-1], Key.Key_Right)  # there is no other
    assert tabs[-1].hasFocus()
    qtbot.keyClick(tabs[-1], Key.Key_Home)
    assert tabs[0].isChecked()

    tiles.show_package("postprocessing")
    shown = visible(tiles)
    shown[0].setFocus()
    for key, place in (
        (Key.Key_Right, 1),
        (Key.Key_Down, 3),
        (Key.Key_Left, 2),
        (Key.Key_Up, 0),
        (Key.Key_Up, 0),
        (Key.Key_End, len(shown) - 1),
    ):
        qtbot.keyClick(QApplication.focusWidget(), key)
        assert QApplication.focusWidget() is shown[place]
    # Each of the two groups is one stop of the tabulator key.
    for group in (tabs, shown):
        stops = [one for one in group if one.focusPolicy() & Qt.FocusPolicy.TabFocus]
        assert len(stops) == 1
    tiles.set_available([Kind.POINTS])  # only one of them fits points
    stops = [one for one in shown if one.focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert len(stops) == 1

    tiles.set_available([Kind.LABELS, Kind.CORRECTIONS])
    with qtbot.waitSignal(tiles.chosen) as chosen:
        shown[-1].setFocus()
        qtbot.keyClick(shown[-1], Key.Key_Return)
    assert chosen.args == ["postprocessing.apply_corrections"]


def test_arrow_keys_pass_by_what_does_not_fit(qtbot, tiles):
    tiles.set_available([Kind.IMAGE])
    shown = visible(tiles)
    color = shown.index(tiles.tiles["filters.color"])
    assert not shown[color].isEnabled()
    before = next(tile for tile in reversed(shown[:color]) if tile.isEnabled())
    after = next(tile for tile in shown[color:] if tile.isEnabled())
    before.setFocus()
    qtbot.keyClick(before, Key.Key_Right)
    assert after.hasFocus()


def test_tiles_collapse(qtbot, tiles):
    height = tiles.sizeHint().height()
    qtbot.mouseClick(tiles.heading, Qt.MouseButton.LeftButton)
    assert tiles.is_collapsed()
    assert not visible(tiles)
    assert tiles.sizeHint().height() < height / 1.5
    qtbot.mouseClick(tiles.tabs["segmentation"], Qt.MouseButton.LeftButton)
    assert not tiles.is_collapsed()
    assert {tile.package for tile in visible(tiles)} == {"segmentation"}


# Search


@pytest.fixture
def field(qtbot):
    shown = OperationSearch("dark")
    shown.resize(WIDTH, shown.sizeHint().height())
    qtbot.addWidget(shown)
    with qtbot.waitExposed(shown):
        shown.show()
    shown.activateWindow()
    shown.setFocus()
    qtbot.waitUntil(shown.hasFocus)
    return shown


def rows(field, role=Qt.ItemDataRole.DisplayRole):
    model = field.list.model()
    return [model.index(row, 0).data(role) for row in range(model.rowCount())]


def enabled(field):
    model = field.list.model()
    flags = [model.flags(model.index(row, 0)) for row in range(model.rowCount())]
    return [bool(one & Qt.ItemFlag.ItemIsEnabled) for one in flags]


def test_typing_shows_what_has_the_words(qtbot, field):
    assert field.placeholderText() == "Search operations…"
    field.set_available([Kind.LABELS])
    qtbot.keyClicks(field, "lab")
    assert field.list.isVisible()
    found = search("lab")
    assert sorted(rows(field)) == sorted(one.title for one in found)
    fit = {one.title: accepts(one.inputs[0].kind, Kind.LABELS) for one in found}
    assert enabled(field) == [fit[title] for title in rows(field)]
    assert enabled(field) == sorted(enabled(field), reverse=True), "what fits comes first"
    summaries = {one.title: one.summary for one in found}
    for title, details in zip(rows(field), rows(field, Qt.ItemDataRole.UserRole), strict=True):
        assert (summaries[title] in details) == fit[title]
        assert ("Needs" in details) == (not fit[title])
    tips = rows(field, Qt.ItemDataRole.ToolTipRole)
    assert all(summaries[title] in tip for title, tip in zip(rows(field), tips, strict=True))
    qtbot.keyClick(field, Key.Key_Backspace)
    assert len(rows(field)) > len(found)
    field.selectAll()
    qtbot.keyClick(field, Key.Key_Backspace)
    assert not field.list.isVisible()


def test_enter_chooses_the_first_and_arrows_another(qtbot, field):
    field.set_available([Kind.IMAGE])
    qtbot.keyClicks(field, "gauss")
    titles = rows(field)
    with qtbot.waitSignal(field.chosen) as chosen:
        qtbot.keyClick(field.list, Key.Key_Return)
    assert chosen.args == [search("gauss")[0].id]
    assert field.text() == ""
    assert not field.list.isVisible()

    qtbot.keyClicks(field, "gauss")
    assert rows(field) == titles
    with qtbot.waitSignal(field.chosen) as chosen:
        qtbot.keyClick(field.list, Key.Key_Down)
        qtbot.keyClick(field.list, Key.Key_Down)
        qtbot.keyClick(field.list, Key.Key_Up)
        qtbot.keyClick(field.list, Key.Key_Return)
    assert chosen.args == [search("gauss")[1].id]


def test_clicking_on_a_match_chooses_it(qtbot, field):
    field.set_available([Kind.IMAGE])
    qtbot.keyClicks(field, "otsu")
    model = field.list.model()
    row = rows(field).index("Voronoi Otsu labeling")
    place = field.list.visualRect(model.index(row, 0)).center()
    with qtbot.waitSignal(field.chosen) as chosen:
        qtbot.mouseClick(field.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert chosen.args == ["segmentation.voronoi_otsu_labeling"]


def test_what_does_not_fit_can_not_be_chosen(qtbot, field):
    field.set_available([Kind.POINTS])
    qtbot.keyClicks(field, "gaussian")
    assert not any(enabled(field))
    place = field.list.visualRect(field.list.model().index(0, 0)).center()
    with qtbot.assertNotEmitted(field.chosen, wait=50):
        qtbot.mouseClick(field.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
        qtbot.keyClick(field.list, Key.Key_Down)
        qtbot.keyClick(field.list, Key.Key_Return)
    field.set_available([Kind.IMAGE])
    field.clear()
    qtbot.keyClicks(field, "gaussian")
    # Also found are operations that only mention it, and work on something else.
    by_title = {one.title: one for one in operations()}
    expected = [fits(by_title[title], [Kind.IMAGE]) for title in rows(field)]
    assert enabled(field) == expected
    assert any(expected)
    field.list.hide()


def test_no_match_is_said(qtbot, field):
    field.set_available([Kind.IMAGE])
    qtbot.keyClicks(field, "zebra")
    assert field.list.isVisible()
    assert rows(field) == ["No operation has “zebra”"]
    with qtbot.assertNotEmitted(field.chosen, wait=50):
        qtbot.keyClick(field.list, Key.Key_Return)
    field.list.hide()


def test_escape_closes_the_list_and_then_empties_the_field(qtbot, field):
    field.set_available([Kind.IMAGE])
    qtbot.keyClicks(field, "gauss")
    qtbot.keyClick(field.list, Key.Key_Escape)
    assert (field.list.isVisible(), field.text()) == (False, "gauss")
    qtbot.keyClick(field, Key.Key_Down)
    assert field.list.isVisible()
    qtbot.keyClick(field.list, Key.Key_Escape)
    qtbot.keyClick(field, Key.Key_Escape)
    assert field.text() == ""


# History


@pytest.fixture
def changes():
    """A history of five changes, two of them undone."""
    workflow = Workflow().add_input("image", WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0)))
    history = History(Workflow()).push(workflow.add("filters.gaussian", {"image": "image"}))
    for sigma in (3, 4, 5, 6):
        workflow = history.present.change("gaussian", parameters={"sigma": voxels(sigma)})
        history = history.push(workflow)
    return history.undo().undo()


@pytest.fixture
def line(qtbot):
    shown = HistoryList("dark")
    shown.resize(WIDTH, 300)
    qtbot.addWidget(shown)
    with qtbot.waitExposed(shown):
        shown.show()
    return shown


def titles(line):
    model = line.model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def test_changes_are_listed_and_the_present_is_marked(line, changes):
    line.set_history(changes)
    assert titles(line) == [
        "Start",
        "Add Gaussian",
        "Sigma of Gaussian: 2 px → 3 px",
        "Sigma of Gaussian: 3 px → 4 px",
        "Sigma of Gaussian: 4 px → 5 px",
        "Sigma of Gaussian: 5 px → 6 px",
    ]
    assert line.currentIndex().row() == 3
    said = [
        line.model().index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole).split(", ")[-1]
        for row in range(6)
    ]
    assert said == ["done", "done", "done", "present", "undone", "undone"]
    tips = [line.model().index(row, 0).data(Qt.ItemDataRole.ToolTipRole) for row in range(6)]
    assert tips[1].endswith("Undo 2 changes")
    assert tips[4].endswith("Redo 1 change")
    assert line.accessibleName()


def test_clicking_on_a_change_goes_there(qtbot, line, changes):
    line.set_history(changes)
    for row in range(6):
        place = line.visualRect(line.model().index(row, 0)).center()
        if row == 3:
            with qtbot.assertNotEmitted(line.chosen, wait=20):
                qtbot.mouseClick(line.viewport(), Qt.MouseButton.LeftButton, pos=place)
            continue
        with qtbot.waitSignal(line.chosen) as chosen:
            qtbot.mouseClick(line.viewport(), Qt.MouseButton.LeftButton, pos=place)
        # So many steps lead to the workflow of that row.
        history = changes
        for _ in range(abs(chosen.args[0])):
            history = history.undo() if chosen.args[0] < 0 else history.redo()
        every = (*changes.past, changes.present, *changes.future)
        assert history.present is every[row]


def test_changes_by_keyboard(qtbot, line, changes):
    line.set_history(changes)
    qtbot.keyClick(line, Key.Key_Up)
    qtbot.keyClick(line, Key.Key_Up)
    with qtbot.waitSignal(line.chosen) as chosen:
        qtbot.keyClick(line, Key.Key_Return)
    assert chosen.args == [-2]


def test_a_long_history_is_described_only_where_it_is_seen(qtbot, line, monkeypatch):
    asked = []
    truly = history_list.describe_change

    def describe(before, after, title_of_edit):
        asked.append((before, after))
        return truly(before, after, title_of_edit)

    monkeypatch.setattr(history_list, "describe_change", describe)
    workflow = Workflow().add_input("image", WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0)))
    first = workflow.add("filters.gaussian", {"image": "image"})
    past = [first.change("gaussian", parameters={"sigma": voxels(n)}) for n in range(1, 1000)]
    history = History(first, tuple(past))
    line.set_history(history)
    line.repaint()
    assert 1 < len(asked) < 40
    line.grab()
    seen = len(asked)
    # Only what is new is described.
    line.set_history(history.push(replace(first, device="gpu")))
    line.grab()
    assert len(asked) == seen + 1
    line.set_history(history)
    line.grab()
    assert len(asked) <= seen + 2
    assert line.visualRect(line.currentIndex()).isValid()
    assert line.viewport().rect().contains(line.visualRect(line.currentIndex()))


# All of them


def test_blocks_take_the_colours_of_another_theme(qtbot, tiles, field, line, changes):
    line.set_history(changes)
    tiles.set_available([Kind.IMAGE])
    qtbot.keyClicks(field, "lab")
    for block, drawn in ((tiles, tiles), (field, field.list), (line, line)):
        dark = pixels(drawn.grab())
        block.set_theme("light")
        light = pixels(drawn.grab())
        block.set_theme("dark")
        assert np.array_equal(pixels(drawn.grab()), dark)
        assert (light != dark).any(axis=2).mean() > 0.01
    field.list.hide()


def test_every_control_has_a_name_and_a_tooltip(tiles, field, line):
    controls = [*tiles.tiles.values(), *tiles.tabs.values(), tiles.heading, field, line]
    for control in controls:
        assert control.accessibleName()
        assert control.toolTip()


def test_blocks_live_in_a_viewer(viewer, qtbot):
    """In napari's window, with its style; nothing is left behind when it closes."""
    holder = QWidget()
    layout = QVBoxLayout(holder)
    blocks = [CategoryTiles(viewer.theme), OperationSearch(viewer.theme), HistoryList(viewer.theme)]
    for block in blocks:
        layout.addWidget(block)
    viewer.window.add_dock_widget(holder, name="blocks")
    blocks[2].set_history(History(Workflow()))
    blocks[1].setText("lab")
    qtbot.keyClick(blocks[1], Key.Key_Down)
    assert blocks[1].list.isVisible()
    blocks[1].list.hide()
    assert QColor(blocks[1].list.palette().text().color()) == colour(viewer.theme, "text")
