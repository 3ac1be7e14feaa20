"""What is read from annotations, and how a setting is checked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import pytest

from napari_delineate.signatures import REQUIRED, Input, Output, Setting, read_signature
from napari_delineate.types import (
    RGB,
    Corrections,
    Image,
    Kind,
    Labels,
    Length,
    Mask,
    Points,
    Quantity,
    Range,
    Score,
    Size,
    Spacing,
    Surface,
    Table,
    Units,
    Voxels,
    voxels,
)


class Both(NamedTuple):
    points: Points
    mesh: Surface


def example(
    image: Image,
    seeds: Labels | None = None,
    *,
    sigma: Annotated[Length, Range(0)] = voxels(2),
    smallest: Size = 3.0,
    method: Literal["otsu", "li"] = "otsu",
    iterations: Annotated[int, Range(1, 9)] = 3,
    level: float | None = None,
    bright: bool = True,
    title: str = "",
    spacing: Spacing = 1.0,
    units: Units = "pixel",
) -> Mask: ...


def settings_of(function) -> dict[str, Setting]:
    return {setting.name: setting for setting in read_signature(function).settings}


def test_inputs_are_the_positional_parameters():
    assert read_signature(example).inputs == (
        Input("image", Kind.IMAGE),
        Input("seeds", Kind.LABELS, optional=True),
    )


def test_a_sequence_takes_any_number_of_values():
    def union(labels: Sequence[Labels]) -> Labels: ...

    assert read_signature(union).inputs == (Input("labels", Kind.LABELS, variable=True),)


def test_settings_are_the_keyword_only_parameters():
    settings = settings_of(example)
    assert list(settings) == [
        "sigma",
        "smallest",
        "method",
        "iterations",
        "level",
        "bright",
        "title",
    ]
    assert settings["sigma"] == Setting(
        "sigma", float, voxels(2), range=Range(0), quantity=Quantity.LENGTH
    )
    assert settings["smallest"].quantity is Quantity.SIZE
    assert settings["method"].choices == ("otsu", "li")
    assert settings["iterations"].range == Range(1, 9)
    assert settings["level"].optional
    assert settings["level"].type is float
    assert (settings["bright"].type, settings["title"].type) == (bool, str)


def test_a_setting_without_default_is_required():
    def choose(image: Image, *, level: float) -> Mask: ...

    assert settings_of(choose)["level"].default is REQUIRED


def test_spacing_and_units_are_carried_and_no_settings():
    assert read_signature(example).carried == {Quantity.SPACING, Quantity.UNITS}


@pytest.mark.parametrize(
    ("returned", "kind"),
    [
        (Image, Kind.IMAGE),
        (RGB, Kind.RGB),
        (Table, Kind.TABLE),
        (Score, Kind.SCORES),
        (Surface, Kind.SURFACE),
        (Corrections, Kind.CORRECTIONS),
    ],
)
def test_one_output_is_unnamed(returned, kind):
    def function(image: Image) -> Any: ...

    function.__annotations__["return"] = returned
    assert read_signature(function).outputs == (Output("", kind),)


def test_several_outputs_are_the_fields_of_a_named_tuple():
    def function(image: Image) -> Both: ...

    assert read_signature(function).outputs == (
        Output("points", Kind.POINTS),
        Output("mesh", Kind.SURFACE),
    )


def test_missing_annotations_are_errors_that_name_the_place():
    def no_kind(image) -> Mask: ...

    def no_result(image: Image): ...

    def no_known_kind(image: int) -> Mask: ...

    def no_known_setting(image: Image, *, table: dict) -> Mask: ...

    for function, message in (
        (no_kind, r"no_kind, parameter 'image': the annotation is missing"),
        (no_result, r"no_result: the return kind is missing"),
        (no_known_kind, r"parameter 'image': .* is no kind of value"),
        (no_known_setting, r"parameter 'table': .* is no type of setting"),
    ):
        with pytest.raises(TypeError, match=message):
            read_signature(function)


SETTINGS = settings_of(example)


@pytest.mark.parametrize(
    ("name", "given", "checked"),
    [
        ("sigma", 2, 2.0),
        ("sigma", np.float32(0.5), 0.5),
        ("sigma", Decimal("1.5"), 1.5),
        ("sigma", voxels(3), voxels(3)),
        ("sigma", Voxels(3), voxels(3)),
        ("iterations", 4.0, 4),
        ("iterations", np.int64(9), 9),
        ("level", None, None),
        ("level", -3, -3.0),
        ("bright", False, False),
        ("method", "li", "li"),
        ("title", "a; import os", "a; import os"),
    ],
)
def test_settings_become_plain_values(name, given, checked):
    found = SETTINGS[name].check(given)
    assert found == checked
    assert type(found) is type(checked)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("sigma", "2", "sigma must be a number or voxels.number.; got '2'"),
        ("sigma", b"2", "sigma must be a number"),
        ("sigma", True, "sigma must be a number"),
        ("sigma", np.True_, "sigma must be a number"),
        ("sigma", None, "sigma must be a number"),
        ("sigma", [1], "sigma must be a number"),
        ("sigma", np.array([1.0]), "sigma must be a number"),
        ("iterations", 2.5, "iterations must be a whole number; got 2.5"),
        ("iterations", voxels(2), "iterations must be a whole number; got voxels"),
        ("level", "x", "level must be a number or None; got 'x'"),
        ("bright", 1, "bright must be True or False; got 1"),
        ("title", 1, "title must be text; got 1"),
    ],
)
def test_a_setting_of_another_type_is_refused(name, given, message):
    with pytest.raises(TypeError, match=message):
        SETTINGS[name].check(given)


@pytest.mark.parametrize("number", [2**53 + 1, 2**63 - 1, -(2**60) - 1])
@pytest.mark.parametrize("kind", [int, np.int64])
def test_whole_numbers_that_no_float_holds_stay_what_they_are(number, kind):
    found = Setting("label", int, 0).check(kind(number))
    assert (type(found), found) == (int, number)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("sigma", -1, "sigma must be 0 or more; got -1"),
        ("sigma", voxels(-1), r"sigma must be 0 or more; got voxels\(-1\)"),
        ("sigma", math.inf, "sigma must be 0 or more; got inf"),
        pytest.param("sigma", 10**400, "sigma must be 0 or more; got 1000", id="huge sigma"),
        pytest.param("iterations", 10**400, "must be 1 to 9; got 1000.*…", id="huge iterations"),
        ("iterations", 10, "iterations must be 1 to 9; got 10"),
        ("level", math.inf, "level must be a finite number; got inf"),
        ("method", "Otsu", "method must be one of 'otsu', 'li'; got 'Otsu'"),
        ("method", ["otsu"], "method must be one of"),
        ("method", np.array(["otsu", "li"]), "method must be one of"),
    ],
)
def test_a_setting_that_is_not_allowed_is_refused(name, given, message):
    with pytest.raises(ValueError, match=message):
        SETTINGS[name].check(given)
