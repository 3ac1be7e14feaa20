"""Every OpenCL version gives what the CPU gives, up to one tolerance per operation."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from skimage.util import img_as_float

from napari_delineate import devices, use_device, voxels
from napari_delineate.catalogue import find, operations
from napari_delineate.opencl import VERSIONS
from napari_delineate.types import Kind
from tests import inputs

EXACT = 0.0
ROUNDING = 1e-6
"""Share of the largest pixel of the input or the result."""
SUMS = 1e-5
"""The same, where much is added up or differences are taken."""
OBJECTS = "the same objects"


class Check(NamedTuple):
    """How much a version may differ, and settings to try besides the default."""

    tolerance: float | str
    settings: tuple[dict[str, Any], ...] = ({},)


RADII = ({}, {"radius": 2.0}, {"radius": voxels(1.5), "shape": "box"})
BALLS = ({}, {"radius": 2.5})
CHECKS = {
    "filters.gaussian": Check(ROUNDING, ({}, {"sigma": 1.5})),
    "filters.median": Check(ROUNDING, RADII),
    "filters.mean": Check(SUMS, (*RADII, {"radius": 9})),
    "filters.white_tophat": Check(ROUNDING, ({"radius": 2.5}, {"radius": 3, "shape": "box"})),
    "filters.black_tophat": Check(ROUNDING, ({"radius": 2.5}, {"radius": 3, "shape": "box"})),
    "filters.difference_of_gaussians": Check(ROUNDING, ({"high_sigma": 3},)),
    "filters.unsharp_mask": Check(ROUNDING, ({}, {"sigma": 2, "amount": 3})),
    "filters.standard_deviation": Check(SUMS, RADII),
    "filters.correct_illumination": Check(
        SUMS,
        (
            {"sigma": 4},
            {"sigma": 4, "correction": "subtract"},
            {"method": "polynomial"},
        ),
    ),
    "filters.mask_image": Check(ROUNDING, ({}, {"fill": "inside", "value": 1})),
    "filters.combine_images": Check(
        ROUNDING,
        tuple(
            {"operator": operator}
            for operator in (
                "add",
                "subtract",
                "multiply",
                "divide",
                "minimum",
                "maximum",
                "mean",
                "absolute difference",
            )
        ),
    ),
    "filters.calculate": Check(
        ROUNDING,
        tuple(
            {"operator": operator, "value": 2.7}
            for operator in ("add", "subtract", "multiply", "divide", "minimum", "maximum")
        ),
    ),
    "filters.apply_function": Check(
        ROUNDING,
        tuple(
            {"function": function}
            for function in ("square root", "logarithm", "square", "absolute")
        ),
    ),
    "filters.invert": Check(ROUNDING),
    "filters.clip": Check(ROUNDING, ({}, {"lowest": 20, "highest": 60}, {"lowest": None})),
    "filters.adjust_gamma": Check(ROUNDING, ({}, {"gamma": 2.2})),
    "filters.erosion": Check(ROUNDING, RADII),
    "filters.dilation": Check(ROUNDING, RADII),
    "filters.opening": Check(ROUNDING, RADII),
    "filters.closing": Check(ROUNDING, RADII),
    "filters.morphological_gradient": Check(ROUNDING, RADII),
    "filters.gradient_magnitude": Check(ROUNDING, ({}, {"sigma": 2})),
    "filters.sobel": Check(ROUNDING),
    "filters.laplacian_of_gaussian": Check(ROUNDING, ({"sigma": 1.5},)),
    "filters.hessian_eigenvalues": Check(
        ROUNDING, ({"sigma": 1.5}, {"sigma": 1.5, "which": "largest"})
    ),
    "filters.project": Check(
        ROUNDING,
        (
            *(
                {"method": method}
                for method in ("maximum", "minimum", "mean", "sum", "median", "standard deviation")
            ),
            {"axis": "y"},
            {"axis": "x", "method": "mean"},
        ),
    ),
    "filters.pick_slice": Check(ROUNDING, ({}, {"index": 3})),
    "filters.crop": Check(
        ROUNDING, ({"y_start": 3, "x_stop": 11}, {"z_start": 2, "z_stop": 6, "x_start": 4})
    ),
    "filters.crop_labels": Check(EXACT, ({"y_start": 3, "x_stop": 11, "z_start": 4},)),
    "segmentation.manual_threshold": Check(
        EXACT, ({"lower": 30}, {"lower": 10.1, "upper": 60.3, "side": "outside"}, {"upper": 1e30})
    ),
    "segmentation.local_threshold": Check(
        EXACT,
        (
            {"radius": 3, "method": "midgrey"},
            {"radius": 2.5, "method": "midgrey", "shape": "ball", "offset": 1, "objects": "dark"},
            {"radius": 3, "method": "mean"},
        ),
    ),
    "segmentation.bernsen_threshold": Check(
        EXACT, ({"radius": 3, "contrast": 20}, {"radius": 3, "objects": "dark"})
    ),
    "segmentation.local_contrast_threshold": Check(
        EXACT, ({"radius": 3}, {"radius": 2.5, "shape": "ball", "objects": "dark"})
    ),
    "segmentation.label_connected_components": Check(OBJECTS, ({}, {"connectivity": "face"})),
    "segmentation.gauss_otsu_labeling": Check(OBJECTS),
    "segmentation.voronoi_otsu_labeling": Check(0.1),
    "postprocessing.expand_labels": Check(0.1, ({}, {"distance": 3})),
    "postprocessing.shrink_labels": Check(
        EXACT, ({}, {"distance": 2}, {"distance": 4, "keep_a_pixel": True})
    ),
    "postprocessing.open_labels": Check(0.1, ({}, {"radius": 2})),
    "postprocessing.binary_erosion": Check(EXACT, BALLS),
    "postprocessing.binary_dilation": Check(EXACT, BALLS),
    "postprocessing.binary_opening": Check(EXACT, BALLS),
    "postprocessing.binary_closing": Check(EXACT, BALLS),
    "postprocessing.remove_small_objects": Check(
        EXACT, ({"minimum_size": voxels(49)}, {"minimum_size": 100, "connectivity": "face"})
    ),
    "postprocessing.smooth_mask": Check(EXACT, BALLS),
    "postprocessing.outline": Check(EXACT, ({}, {"thickness": 2, "side": "outer"})),
    "postprocessing.outline_labels": Check(
        0.1, ({}, {"thickness": 2}, {"thickness": 2, "side": "outer"})
    ),
    "postprocessing.separate_touching": Check(EXACT),
    "postprocessing.filter_by_size": Check(
        EXACT, ({"minimum": voxels(48)}, {"minimum": 10, "maximum": voxels(48)})
    ),
    "postprocessing.clear_border": Check(
        EXACT, ({}, {"left": False, "right": False}, {"left": False}, {"buffer": 3})
    ),
    "postprocessing.merge_touching": Check(OBJECTS),
    "postprocessing.relabel_sequential": Check(EXACT),
    "postprocessing.labels_to_mask": Check(EXACT),
    "postprocessing.mask_labels": Check(EXACT),
    "postprocessing.subtract": Check(EXACT),
    "postprocessing.labels_to_points": Check(SUMS),
    "metrics.jaccard": Check(ROUNDING),
}
"""A number is the largest difference: for floats as a share of the largest pixel, for labels
the share of the pixels of objects with another number. Where objects meet, the device grows
octagons of voxels."""

SCALED = {
    "filters.gaussian",
    "filters.mean",
    "filters.difference_of_gaussians",
    "filters.unsharp_mask",
    "filters.standard_deviation",
    "filters.gradient_magnitude",
    "filters.sobel",
    "filters.laplacian_of_gaussian",
    "filters.hessian_eigenvalues",
}
"""These scale integers to 0..1, so that the largest pixel is that of the scaled image."""

SPACINGS = {2: (1.0, (2.0, 1.0)), 3: (1.0, (2.0, 1.0, 1.0))}
DTYPES = ["?", "u1", "i2", ">u2", "i4", "u8", "f2", "f4", "f8"]


@pytest.fixture(scope="module")
def device():
    """The first OpenCL device."""
    if not devices.available_devices():
        pytest.skip("there is no OpenCL device (on Debian and Ubuntu, pocl-opencl-icd is one)")
    with use_device("opencl") as name:
        return name


def test_the_page_on_devices_names_every_version():
    page = Path(__file__).parents[2] / "docs" / "devices.md"
    first_column = [line.split("|")[1] for line in page.read_text().splitlines() if "|" in line]
    table = first_column[: first_column.index(" operation ", 1)]
    assert set(re.findall(r"`(\w+\.\w+)`", " ".join(table))) == set(VERSIONS)


def outcome(operation, given, settings):
    """What a call gives, or the words in which it is refused."""
    try:
        return operation.function(*given, **settings)
    except ValueError as error:
        return str(error)


@pytest.fixture
def compare(device):
    """Call an operation on the CPU and on the device, and compare as the table says."""

    def call(operation, given, **settings):
        expected = outcome(operation, given, settings)
        with use_device(device):
            found = outcome(operation, given, settings)
        if isinstance(expected, str):
            assert found == expected
            return
        scaled = img_as_float if operation.id in SCALED else np.asarray
        largest = max(float(np.abs(scaled(one).astype(float)).max()) for one in given)
        kind = operation.outputs[0].kind
        for one, other in zip(inputs.parts(expected), inputs.parts(found), strict=True):
            assert_alike(one, other, CHECKS[operation.id].tolerance, kind, largest)

    return call


def assert_alike(expected, found, tolerance, kind, largest):
    if kind is Kind.SCORES:
        assert found == pytest.approx(expected, rel=tolerance)
        return
    assert found.shape == expected.shape
    assert found.dtype.isnative
    if kind is Kind.POINTS:
        np.testing.assert_allclose(
            found, expected, rtol=0, atol=tolerance * expected.max(initial=1)
        )
        return
    # Floats are float32 there unless the result keeps the dtype of the image.
    assert found.dtype.kind == expected.dtype.kind
    assert found.dtype == expected.dtype or found.dtype == np.float32
    if tolerance == OBJECTS:
        assert inputs.same_objects(found, expected)
    elif kind is Kind.LABELS and tolerance:
        assert np.array_equal(found > 0, expected > 0)
        # A pixel as near to one object as to another may go to either.
        assert np.sum(found != expected) <= max(1, tolerance * np.sum(expected > 0))
    elif kind is Kind.IMAGE:
        scale = max(largest, float(np.abs(expected.astype(float)).max()))
        np.testing.assert_allclose(
            found.astype(float), expected.astype(float), rtol=0, atol=tolerance * scale
        )
    else:
        np.testing.assert_array_equal(found, expected)


def as_dtype(image, dtype):
    """Return pixels from 0 to 120 in some dtype."""
    scaled = (image.astype(float) - image.min()) * (120 / np.ptp(image.astype(float)))
    return scaled > 60 if np.dtype(dtype).kind == "b" else scaled.astype(dtype)


def takes_spacing(operation):
    return "spacing" in inspect.signature(operation.function).parameters


def test_every_version_is_declared_and_has_a_tolerance():
    declared = {one.id for one in operations() if one.declaration.opencl}
    assert declared == set(VERSIONS) == set(CHECKS)


# What is compiled takes seconds the first time; planes with one setting are enough for everyday.
CASES = [
    pytest.param(
        ndim,
        name,
        settings,
        id=f"{ndim}-{name}-{number}",
        marks=[pytest.mark.slow] if ndim == 3 or number else [],
    )
    for ndim in (2, 3)
    for name, check in CHECKS.items()
    for number, settings in enumerate(check.settings)
]


@pytest.mark.opencl
@pytest.mark.parametrize(("ndim", "name", "settings"), CASES)
def test_settings_agree(compare, ndim, name, settings):
    operation = find(name)
    given = inputs.arguments(operation, ndim)
    for spacing in SPACINGS[ndim] if takes_spacing(operation) else [None]:
        more = {} if spacing is None else {"spacing": spacing}
        compare(operation, given, **settings, **more)


def in_dtype(operation, dtype):
    """Inputs in 2D of which images, or else masks and labels, have a dtype."""
    images = any(entry.kind is Kind.IMAGE for entry in operation.inputs)
    return [
        as_dtype(one, dtype) if entry.kind is Kind.IMAGE else one if images else one.astype(dtype)
        for one, entry in zip(inputs.arguments(operation, 2), operation.inputs, strict=True)
    ]


def may_have(operation, dtype):
    """Tell whether an input may have a dtype: masks and labels are no floats."""
    images = any(entry.kind is Kind.IMAGE for entry in operation.inputs)
    return images or np.dtype(dtype).kind != "f"


@pytest.mark.slow
@pytest.mark.opencl
@pytest.mark.parametrize(
    ("name", "dtype"),
    [(name, dtype) for name in CHECKS for dtype in DTYPES if may_have(find(name), dtype)],
)
def test_dtypes_agree(compare, name, dtype):
    operation = find(name)
    compare(operation, in_dtype(operation, dtype), **CHECKS[name].settings[0])


EDGES = {
    "nothing": np.zeros(inputs.SHAPES[2], np.uint8),
    "everything": np.ones(inputs.SHAPES[2], np.uint8),
    "one bright pixel": np.pad(np.ones((1, 1), np.uint8), ((11, 12), (13, 14))),
    "a single pixel": np.ones((1, 1), np.uint8),
    "one column": np.arange(12, dtype=np.uint8).reshape(12, 1) % 5,
    "one slice": np.asarray(inputs.labels(3)[4:5], np.uint8),
}


@pytest.mark.slow
@pytest.mark.opencl
@pytest.mark.parametrize("image", EDGES.values(), ids=EDGES)
@pytest.mark.parametrize("name", CHECKS)
def test_edges_agree(compare, name, image):
    operation = find(name)
    compare(operation, [image] * len(operation.inputs), **CHECKS[name].settings[0])


def on_the_processor(operation, device, given, **settings):
    """Tell whether a call gives the same bits, so that the processor computed it."""
    expected = operation.function(*given, **settings)
    with use_device(device):
        found = operation.function(*given, **settings)
    return inputs.same(found, expected)


LARGE = {
    "whole numbers": inputs.image(2).astype(np.int64) + 2**40,
    "bytes of 64 bits": np.asarray(inputs.image(2), np.uint64) << np.uint64(45),
    "floats": inputs.image(2) * 1e200,
    "small floats": inputs.image(2) * 1e-200,
}


@pytest.mark.opencl
@pytest.mark.parametrize("image", LARGE.values(), ids=LARGE)
@pytest.mark.parametrize("name", ["filters.median", "filters.erosion", "filters.invert"])
def test_numbers_that_float32_does_not_hold_are_computed_on_the_processor(device, name, image):
    assert on_the_processor(find(name), device, [image])


@pytest.mark.opencl
def test_results_that_float32_does_not_hold_are_computed_on_the_processor(device):
    image = inputs.image(2).astype(np.int32)
    for name, settings in {
        "filters.calculate": {"operator": "add", "value": 1e200},
        "filters.mask_image": {"value": 2**30 + 1},
        "filters.clip": {"lowest": 2**30 + 1},
    }.items():
        operation = find(name)
        given = [image, image > 500][: len(operation.inputs)]
        assert on_the_processor(operation, device, given, **settings)


@pytest.mark.opencl
@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("filters.median", {"radius": 1.5}),
        ("filters.standard_deviation", {"radius": 1.5}),
        ("filters.gaussian", {"sigma": 1e6}),
        ("filters.project", {"method": "sum"}),
        ("postprocessing.binary_dilation", {"radius": 100}),
        ("postprocessing.clear_border", {"top": False}),
    ],
)
def test_settings_that_pyclesperanto_lacks_are_computed_on_the_processor(device, name, settings):
    operation = find(name)
    assert on_the_processor(operation, device, inputs.arguments(operation, 2), **settings)


@pytest.mark.opencl
@pytest.mark.parametrize("shift", [2**24 - 5, 2**31 + 10, 2**40])
@pytest.mark.parametrize(
    "name", [name for name in CHECKS if find(name).inputs[0].kind is Kind.LABELS]
)
def test_labels_may_have_large_numbers(compare, name, shift):
    operation = find(name)
    given = inputs.arguments(operation, 2)
    given[0] = np.where(given[0] > 0, given[0] + np.int64(shift), 0)
    compare(operation, given, **CHECKS[name].settings[0])
