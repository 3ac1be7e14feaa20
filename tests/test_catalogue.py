"""The catalogue reads every operation from the packages, and finds what people look for."""

from __future__ import annotations

import importlib
import inspect
import types

import pytest

from napari_delineate import catalogue
from napari_delineate.catalogue import (
    PACKAGES,
    UnknownNameError,
    accepts,
    categories,
    explain_mismatch,
    find,
    next_steps,
    operations,
)
from napari_delineate.declaration import operation
from napari_delineate.types import Image, Kind


def test_every_public_function_is_there_once():
    listed = [
        f"{package}.{name}"
        for package in PACKAGES
        for name in importlib.import_module(f"napari_delineate.{package}").__all__
    ]
    assert [one.id for one in operations()] == listed
    assert len(set(listed)) == len(listed)


def test_every_module_lists_what_its_package_lists():
    # A function that a module makes public but its package forgets would never be seen.
    for package in PACKAGES:
        module = importlib.import_module(f"napari_delineate.{package}")
        public = {
            name
            for part in vars(module).values()
            if inspect.ismodule(part) and part.__name__.startswith(f"{module.__name__}.")
            for name in part.__all__
        }
        assert public == set(module.__all__)


@pytest.fixture
def fake_package(monkeypatch):
    """Let a made-up package be the only one."""
    module = types.ModuleType("napari_delineate.fake")
    monkeypatch.setitem(__import__("sys").modules, module.__name__, module)
    monkeypatch.setattr(catalogue, "PACKAGES", {"fake": "Fake"})
    return module


def helper(image: Image) -> Image:
    """Help."""
    return image


def test_a_listed_function_that_is_not_decorated_is_an_error(fake_package):
    fake_package.helper, fake_package.__all__ = helper, ["helper"]
    with pytest.raises(TypeError, match=r"helper is listed as an operation: decorate it"):
        operations.__wrapped__()


def test_a_decorated_function_is_read(fake_package, monkeypatch):
    monkeypatch.setattr(helper, "__module__", "napari_delineate.fake.module")
    fake_package.helper, fake_package.__all__ = operation(helper), ["helper"]
    (found,) = operations.__wrapped__()
    assert (found.id, found.title, found.summary) == ("fake.helper", "Helper", "Help.")


def test_titles_read_well():
    titles = {one.id: one.title for one in operations()}
    assert titles["segmentation.voronoi_otsu_labeling"] == "Voronoi Otsu labeling"
    assert titles["filters.rgb_to_gray"] == "RGB to gray"
    assert titles["filters.laplacian_of_gaussian"] == "Laplacian of Gaussian"
    assert titles["segmentation.cellprofiler_threshold"] == "CellProfiler threshold"
    assert all(title[0].isupper() and "_" not in title for title in titles.values())
    assert len(set(titles.values())) == len(titles)


def test_categories_are_the_modules_in_menu_order():
    found = categories()
    assert len(set(found)) == len(found)
    assert found[0].id == "filters.denoise"
    assert {one.id.split(".")[0] for one in found} == set(PACKAGES)
    assert all(one.summary.endswith(".") for one in found)


def test_outputs_are_named_and_take_their_names_from_the_documentation():
    for one in operations():
        names = [output.name for output in one.outputs]
        assert all(name.isidentifier() for name in names)
        assert len(set(names)) == len(names)
    assert [o.name for o in find("segmentation.local_maxima").outputs] == ["points", "labels"]


@pytest.mark.parametrize(
    ("wrong", "suggested"),
    [
        ("segmentation.treshold", "segmentation.threshold"),
        ("filter.gaussian", "filters.gaussian"),
        ("filters.difference_of_gaussian", "filters.difference_of_gaussians"),
    ],
)
def test_a_near_miss_suggests_what_was_meant(wrong, suggested):
    with pytest.raises(UnknownNameError) as caught:
        find(wrong)
    assert f"there is no operation {wrong!r}; did you mean" in str(caught.value)
    assert suggested in str(caught.value)


@pytest.mark.parametrize("wrong", ["os.system", "", None, 3, ["filters.gaussian"], "__import__"])
def test_what_is_no_operation_is_not_found(wrong):
    with pytest.raises(UnknownNameError, match="there is no operation"):
        find(wrong)


def test_a_long_name_is_cut_in_the_message():
    with pytest.raises(UnknownNameError) as caught:
        find("x" * 10_000)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_accepts_itself(kind):
    assert accepts(kind, kind)


def test_labels_serve_as_mask_and_a_mask_as_image_and_nothing_else():
    allowed = {(wanted, given) for wanted in Kind for given in Kind if accepts(wanted, given)} - {
        (kind, kind) for kind in Kind
    }
    assert allowed == {(Kind.MASK, Kind.LABELS), (Kind.IMAGE, Kind.MASK)}


def test_next_steps_take_the_value_first():
    found = {one.id for one in next_steps(Kind.LABELS)}
    assert {"postprocessing.expand_labels", "measurements.measure", "metrics.dice"} <= found
    assert "filters.gaussian" not in found
    of_colours = next_steps(Kind.RGB)
    assert "filters.rgb_to_gray" in {one.id for one in of_colours}
    assert {one.inputs[0].kind for one in of_colours} == {Kind.RGB}


@pytest.mark.parametrize(
    ("operation", "entry", "given", "converter"),
    [
        ("filters.gaussian", "image", Kind.RGB, "filters.rgb_to_gray"),
        (
            "postprocessing.expand_labels",
            "labels",
            Kind.MASK,
            "segmentation.label_connected_components",
        ),
        ("segmentation.label_connected_components", "mask", Kind.IMAGE, "segmentation.threshold"),
        ("surfaces.smooth", "surface", Kind.LABELS, "surfaces.labels_to_surface"),
    ],
)
def test_a_mismatch_names_the_operation_that_converts(operation, entry, given, converter):
    found = find(operation)
    sentence = explain_mismatch(found, found.input(entry), "mine", given)
    assert "'mine'" in sentence
    assert sentence.endswith(f"convert it with {find(converter).title}")


def test_a_mismatch_that_nothing_converts_says_so():
    found = find("filters.gaussian")
    sentence = explain_mismatch(found, found.input("image"), "table", Kind.TABLE)
    assert sentence == (
        "Gaussian takes an image as image, but 'table' is a table; choose another value"
    )


def test_settings_that_do_not_exist_are_named_with_those_that_do():
    with pytest.raises(ValueError, match="has no parameter 'sgima'; its parameters are: sigma"):
        find("filters.gaussian").check_settings({"sgima": 1})


def test_a_wrong_setting_names_the_operation():
    with pytest.raises(ValueError, match=r"filters.gaussian: sigma must be 0 or more; got -1"):
        find("filters.gaussian").check_settings({"sigma": -1})
