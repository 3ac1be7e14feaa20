"""Every OpenCL version gives what the CPU gives, up to one tolerance per operation."""

from __future__ import annotations

import inspect
from typing import Any, NamedTuple

import numpy as np
import pytest

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
    "filters.mean": Check(ROUNDING, RADII),
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
        tuple(
            {"method": method}
            for method in ("maximum", "minimum", "mean", "sum", "median", "standard deviation")
        ),
    ),
    "filters.pick_slice": Check(ROUNDING, ({}, {"index": 3})),
    "filters.crop": Check(
        ROUNDING, ({"y_start": 3, "x_stop": 11}, {"z_start": 2, "z_stop": 6, "x_start": 4})
    ),
    "filters.crop_labels": Check(EXACT, ({"y_start": 3, "x_stop": 11, "z_start": 4},)),
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

SPACINGS = {2: (1.0, (2.0, 1.0)), 3: (1.0, (2.0, 1.0, 1.0))}
DTYPES = ["?", "u1", "i2", ">u2", "i4", "u8", "f2", "f4", "f8"]


@pytest.fixture(scope="module")
def device():
    """The first OpenCL device."""
    if not devices.available_devices():
        pytest.skip("there is no OpenCL device (on Debian and Ubuntu, pocl-opencl-icd is one)")
    with use_device("opencl") as name:
        return name


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
        largest = max(
            (float(np.abs(one.astype(float)).max()) for one in given if one.dtype.kind in "fiu"),
            default=1.0,
        )
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
        np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * expected.max())
        return
    # Floats are float32 there unless the result keeps the dtype of the image.
    assert found.dtype.kind == expected.dtype.kind
    assert found.dtype == expected.dtype or found.dtype == np.float32
    if tolerance == OBJECTS:
        assert inputs.same_objects(found, expected)
    elif kind is Kind.LABELS and tolerance:
        assert np.array_equal(found > 0, expected > 0)
        assert np.sum(found != expected) <= tolerance * np.sum(expected > 0)
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


# What is compiled for a stack takes seconds the first time; one setting of each is enough
# for everyday.
CASES = [
    pytest.param(
        ndim,
        name,
        settings,
        id=f"{ndim}-{name}-{number}",
        marks=[pytest.mark.slow] if ndim == 3 and number else [],
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


@pytest.mark.opencl
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", CHECKS)
def test_dtypes_agree(compare, name, dtype):
    operation = find(name)
    given = [
        as_dtype(one, dtype) if entry.kind is Kind.IMAGE else one
        for one, entry in zip(inputs.arguments(operation, 2), operation.inputs, strict=False)
    ]
    if all(entry.kind is not Kind.IMAGE for entry in operation.inputs):
        if np.dtype(dtype).kind == "f":
            return  # neither masks nor labels
        given = [one.astype(dtype) for one in given]
    compare(operation, given, **CHECKS[name].settings[0])
