"""Numbers are read as they are written, whatever the language of the system is."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QLocale, Qt

from napari_delineate import voxels
from napari_delineate._napari.widgets.setting import SettingEdit
from napari_delineate.catalogue import find


@pytest.fixture(params=["en_US", "de_DE", "fr_FR"])
def _language(request):
    before = QLocale()
    QLocale.setDefault(QLocale(request.param))
    yield
    QLocale.setDefault(before)


def edit_of(qtbot, operation, name):
    (setting,) = (one for one in find(operation).settings if one.name == name)
    edit = SettingEdit(setting)
    qtbot.addWidget(edit)
    edit.show()
    return edit


def type_into(qtbot, edit, text):
    number = edit._editor._number
    number.selectAll()
    qtbot.keyClicks(number, text)
    qtbot.keyClick(number, Qt.Key.Key_Return)
    return number.value()


@pytest.mark.usefixtures("_language")
@pytest.mark.parametrize(
    ("text", "number"),
    [("1.5", 1.5), ("1,5", 1.5), ("0.25", 0.25), ("1e3", 1000), ("1E-5", 1e-5), (" 4 ", 4)],
)
def test_a_point_and_a_comma_begin_the_decimals(qtbot, text, number):
    edit = edit_of(qtbot, "filters.gaussian", "sigma")
    assert type_into(qtbot, edit, text) == number
    assert edit.value() == voxels(number)


@pytest.mark.usefixtures("_language")
@pytest.mark.parametrize("number", [0.25, 1e-05, 1e9, 12345.678])
def test_confirming_what_is_shown_changes_nothing(qtbot, number):
    edit = edit_of(qtbot, "filters.gaussian", "sigma")
    edit.set_value(voxels(number))
    shown = edit._editor._number
    shown.lineEdit().setText(shown.text())
    qtbot.keyClick(shown, Qt.Key.Key_Return)
    shown.interpretText()
    assert edit.value() == voxels(number)


@pytest.mark.usefixtures("_language")
def test_numbers_without_a_unit_are_read_alike(qtbot):
    edit = edit_of(qtbot, "segmentation.local_minima_seeded_watershed", "minimum_intensity")
    edit.set_value(-0.5)
    assert edit.value() == -0.5
    assert type_into(qtbot, edit, "-1,25") == edit.value() == -1.25
    edit = edit_of(qtbot, "surfaces.simplify", "fraction")
    assert type_into(qtbot, edit, "0.3") == edit.value() == 0.3
    edit._editor._number.stepUp()
    assert edit.value() == pytest.approx(0.35)


def test_a_number_out_of_range_becomes_the_nearest(qtbot):
    edit = edit_of(qtbot, "filters.gaussian", "sigma")
    assert type_into(qtbot, edit, "-5") == 0
    assert type_into(qtbot, edit, "99999999999") == 1e9


@pytest.mark.parametrize("text", ["", "-", "abc", ".", "e"])
def test_what_is_no_number_changes_nothing(qtbot, text):
    edit = edit_of(qtbot, "filters.gaussian", "sigma")
    edit.set_value(voxels(3))
    assert type_into(qtbot, edit, text) == 3
