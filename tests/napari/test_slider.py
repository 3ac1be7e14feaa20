"""Numbers are dragged as well as typed."""

from __future__ import annotations

import pytest
from qtpy.QtWidgets import QDoubleSpinBox, QSlider, QSpinBox

from napari_delineate import catalogue, voxels
from napari_delineate._napari.widgets.setting import SettingEdit
from napari_delineate._napari.widgets.slider import NumberSlider
from napari_delineate.types import Range


@pytest.fixture
def sigma(qtbot):
    operation = catalogue.find("filters.gaussian")
    edit = SettingEdit(next(one for one in operation.settings if one.name == "sigma"))
    qtbot.addWidget(edit)
    return edit


def box_of(qtbot, kind, low, high):
    box = kind()
    box.setRange(low, high)
    qtbot.addWidget(box)
    return box


def test_the_slider_and_the_number_follow_each_other(sigma):
    slider = sigma.findChild(QSlider)
    default = sigma.value().number
    slider.setValue(slider.maximum())
    assert sigma.value() == voxels(4 * default)
    slider.setValue(slider.minimum())
    assert sigma.value() == voxels(0)
    sigma.set_value(voxels(2 * default))
    assert slider.value() * 2 == slider.maximum()


def test_a_larger_number_that_is_typed_has_its_place(sigma):
    slider = sigma.findChild(QSlider)
    sigma.set_value(voxels(50))
    assert sigma.value() == voxels(50)
    assert slider.value() * 2 == slider.maximum()
    slider.setValue(slider.maximum())
    assert sigma.value() == voxels(100)


def test_the_ends_stay_while_the_slider_is_dragged(sigma):
    slider = sigma.findChild(QSlider)
    default = sigma.value().number
    slider.setSliderDown(True)
    slider.setValue(slider.maximum())
    slider.setValue(slider.maximum() // 4)
    assert sigma.value() == voxels(default)
    slider.setSliderDown(False)


def test_integers_stay_integers_and_limits_are_kept(qtbot):
    box = box_of(qtbot, QSpinBox, 2, 5)
    slider = NumberSlider(box, Range(2, 5), 2)
    qtbot.addWidget(slider)
    seen = []
    box.valueChanged.connect(seen.append)
    for place in range(slider.minimum(), slider.maximum() + 1):
        slider.setValue(place)
    assert seen == [3, 4, 5]


def test_numbers_that_are_dragged_have_few_digits(qtbot):
    box = box_of(qtbot, QDoubleSpinBox, 0, 1)
    box.setDecimals(9)
    slider = NumberSlider(box, Range(0, 1), 0.5)
    qtbot.addWidget(slider)
    for place in range(slider.maximum() + 1):
        slider.setValue(place)
        assert len(f"{box.value():.9g}") <= 5
