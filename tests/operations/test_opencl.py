"""The OpenCL versions give what the CPU gives, up to what their documentation says."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from napari_delineate import (
    devices,
    filters,
    metrics,
    postprocessing,
    segmentation,
    use_device,
    voxels,
)
from napari_delineate.catalogue import operations
from napari_delineate.opencl import VERSIONS
from tests import inputs

METHODS = ["isodata", "li", "mean", "minimum", "otsu", "triangle", "yen"]
DTYPES = ["?", "i1", "u1", "i2", ">u2", "i4", "u4", "i8", "u8", "f2", ">f4", "f8"]

opencl = pytest.mark.opencl
# Kernels are compiled anew for every shape, which takes seconds each the first time; so the
# tests that are not slow share two shapes.
slow = pytest.mark.slow


@pytest.fixture(scope="module")
def device():
    """The first OpenCL device; tests that compute on it skip where there is none."""
    if not devices.available_devices():
        pytest.skip("there is no OpenCL device (on Debian and Ubuntu, pocl-opencl-icd is one)")
    with use_device("opencl") as name:
        pass
    return name


@pytest.fixture
def on_both(device):
    """Call an operation on the CPU and on the OpenCL device."""

    def call(operation, *args, **settings):
        expected = operation(*args, **settings)
        with use_device(device):
            found = operation(*args, **settings)
        assert found.shape == expected.shape
        assert found.dtype.isnative
        return expected, found

    return call


def as_dtype(image, dtype):
    """Return pixels from 0 to 120 in some dtype."""
    scaled = (image.astype(float) - image.min()) * (120 / np.ptp(image.astype(float)))
    return scaled > 60 if np.dtype(dtype).kind == "b" else scaled.astype(dtype)


@opencl
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("ndim", [2, 3])
def test_gaussian_agrees_to_a_millionth_of_the_largest_value(on_both, ndim, dtype):
    image = as_dtype(inputs.image(ndim), dtype)
    spacing = (2.0, 1.0, 0.5)[-ndim:]
    for settings in ({"sigma": 1.5}, {"sigma": 0}, {"sigma": 2, "spacing": spacing}):
        expected, found = on_both(filters.gaussian, image, **settings)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * expected.max())


@opencl
@pytest.mark.parametrize("connectivity", ["full", "face"])
@pytest.mark.parametrize(
    "shape",
    [
        *inputs.SHAPES.values(),
        *(pytest.param(shape, marks=slow) for shape in [(40, 41), (1, 20, 21), (30, 1)]),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "density", [0.3, pytest.param(0.1, marks=slow), pytest.param(0.6, marks=slow)]
)
def test_components_are_the_same_objects(on_both, shape, connectivity, density):
    mask = np.random.default_rng(0).random(shape) < density
    expected, found = on_both(
        segmentation.label_connected_components, mask, connectivity=connectivity
    )
    assert found.dtype == np.int32
    assert inputs.same_objects(found, expected)


@opencl
@pytest.mark.parametrize("dtype", ["u1", "i2", "i4", "i8", "u8"])
def test_components_take_every_dtype(on_both, dtype):
    expected, found = on_both(
        segmentation.label_connected_components, inputs.labels(2).astype(dtype)
    )
    assert inputs.same_objects(found, expected)


def assert_same_objects_up_to_borders(expected, found, overlap):
    """The same foreground and the same number of objects, which overlap on average."""
    assert found.dtype == np.int32
    assert found.max() == expected.max()
    assert np.mean((found > 0) != (expected > 0)) < 1e-3  # rounding at the threshold
    assert metrics.sparse_jaccard(expected, found) > overlap


@opencl
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("ndim", [2, 3])
def test_voronoi_otsu_finds_the_same_objects(on_both, ndim, dtype):
    image = as_dtype(inputs.image(ndim), dtype)
    expected, found = on_both(segmentation.voronoi_otsu_labeling, image)
    assert found.max() >= 3
    assert_same_objects_up_to_borders(expected, found, overlap=0.9)


@opencl
@pytest.mark.parametrize(
    ("path", "sigmas"),
    [
        ("published/blobs.tif", (3.5, 1)),
        pytest.param("published/BBBC022_IXMtest_A02_s9_ch0.tif", (5, 1), marks=slow),
        pytest.param("nuclei2d_gt/dsb_0bf4b144.tif", (2, 2), marks=slow),
    ],
)
def test_voronoi_otsu_finds_the_same_objects_in_real_images(on_both, shared_image, path, sigmas):
    expected, found = on_both(
        segmentation.voronoi_otsu_labeling,
        shared_image(path),
        spot_sigma=sigmas[0],
        outline_sigma=sigmas[1],
    )
    # It grows octagons where the CPU grows diamonds, so borders between objects move.
    assert_same_objects_up_to_borders(expected, found, overlap=0.9)


@opencl
def test_voronoi_otsu_agrees_on_anisotropic_voxels(on_both, shared_image):
    expected, found = on_both(
        segmentation.voronoi_otsu_labeling,
        shared_image("nuclei3d_gt/qcanet_mouse_embryo_8_cell_stage.tif"),
        spot_sigma=2.4,
        outline_sigma=0.8,
        spacing=(1.75, 0.8, 0.8),
    )
    # Physical distance decides on both, so that only rounding differs.
    assert_same_objects_up_to_borders(expected, found, overlap=0.995)


@opencl
@pytest.mark.parametrize("dtype", ["?", "u1", "f4"])
def test_voronoi_otsu_finds_flat_objects(on_both, dtype):
    image = np.zeros(inputs.SHAPES[2], dtype)
    image[3:14, 2:10] = image[2:9, 16:25] = image[17:, 16:] = 1
    expected, found = on_both(segmentation.voronoi_otsu_labeling, image)
    assert expected.max() == 3
    assert inputs.same_objects(found, expected)


@opencl
@pytest.mark.parametrize("distance", [0, 0.9, 1, 2.5, 6, voxels(3)])
@pytest.mark.parametrize(
    "spacing", [(1, 1), (0.65, 0.65), (3, 1), (1, 1, 1), (4, 1, 1), (1, 1, 0.25)], ids=str
)
def test_expanded_labels_cover_the_same_pixels(on_both, spacing, distance):
    labels = inputs.labels(len(spacing))
    expected, found = on_both(
        postprocessing.expand_labels, labels, distance=distance, spacing=spacing
    )
    assert found.dtype == expected.dtype
    assert np.array_equal(found > 0, expected > 0)
    assert np.array_equal(found[labels > 0], labels[labels > 0])
    # Between two objects, octagons of voxels decide where these are cubes, else the distance.
    differ = np.mean((found != expected)[expected > 0])
    assert differ < 0.1 if len(set(spacing)) == 1 else differ == 0


@opencl
@pytest.mark.parametrize("dtype", ["?", "u1", ">i2", "i4", "u4", "i8", "u8"])
def test_expanded_labels_take_every_dtype(on_both, dtype):
    labels = inputs.labels(2).astype(dtype)
    expected, found = on_both(postprocessing.expand_labels, labels, distance=2)
    assert found.dtype == expected.dtype
    assert np.mean(found != expected) < 0.02


@opencl
@pytest.mark.parametrize("shift", [2**24 - 5, 2**31 + 10, 2**40])
@pytest.mark.parametrize("ndim", [2, 3])
def test_expanded_labels_keep_large_numbers(on_both, ndim, shift):
    # float32, in which the device computes, is exact up to 2**24.
    labels = inputs.labels(ndim).astype(np.int64)
    large = np.where(labels > 0, labels + shift, 0)
    small = on_both(postprocessing.expand_labels, labels, distance=2)[1].astype(np.int64)
    expected, found = on_both(postprocessing.expand_labels, large, distance=2)
    assert found.dtype == expected.dtype
    assert np.array_equal(found, np.where(small > 0, small + shift, 0))


# The edges of what there is

EDGES = {
    "constant": np.full(inputs.SHAPES[2], 7, np.uint8),
    "nothing": np.zeros(inputs.SHAPES[2], np.uint8),
    "one bright pixel": np.pad(np.ones((1, 1), np.uint8), ((11, 12), (13, 14))),
}
SLOW_EDGES = {
    "a single pixel": np.ones((1, 1), np.uint8),
    "one column": np.arange(12, dtype=np.uint8).reshape(12, 1) % 5,
    "one slice": inputs.image(3)[4:5],
    "one row of a stack": inputs.image(3)[4:5, 5:6],
    "a corner": inputs.image(3)[:1, :1, :1],
}


@opencl
@pytest.mark.parametrize(
    "image",
    [
        *(pytest.param(image, id=name) for name, image in EDGES.items()),
        *(pytest.param(image, id=name, marks=slow) for name, image in SLOW_EDGES.items()),
    ],
)
def test_the_edges_agree(on_both, image):
    mask = image > np.median(image)
    labels = segmentation.label_connected_components(mask)
    expected, found = on_both(filters.gaussian, image)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * max(expected.max(), 1e-30))
    for operation, given in (
        (segmentation.label_connected_components, mask),
        (segmentation.voronoi_otsu_labeling, image),
        (postprocessing.expand_labels, labels),
    ):
        expected, found = on_both(operation, given)
        assert np.array_equal(found > 0, expected > 0)
        assert found.max() == expected.max()


@opencl
def test_everything_foreground_agrees(on_both):
    full = np.ones(inputs.SHAPES[3], np.uint8)
    for operation in (
        segmentation.label_connected_components,
        postprocessing.expand_labels,
    ):
        expected, found = on_both(operation, full)
        assert np.array_equal(found, expected)


@opencl
@pytest.mark.slow
@pytest.mark.parametrize("operation_id", sorted(VERSIONS))
def test_inputs_may_be_read_only_and_strided_and_stay_as_they_are(device, operation_id):
    operation = next(one for one in operations() if one.id == operation_id)
    given = inputs.arguments(operation, 2)
    strided = []
    for one in given:
        wide = np.zeros((one.shape[0], 2 * one.shape[1]), one.dtype)
        wide[:, ::2] = one
        wide.flags.writeable = False
        strided.append(wide[:, ::2])
    with use_device(device):
        found = inputs.parts(operation.function(*strided))
        again = inputs.parts(operation.function(*given))
    for one, view in zip(given, strided, strict=True):
        assert np.array_equal(view, one)
    for one, other in zip(found, again, strict=True):
        assert inputs.same(one, other)
        assert not any(np.shares_memory(np.asarray(one), view) for view in strided)


@opencl
@pytest.mark.slow
@pytest.mark.parametrize("operation_id", sorted(VERSIONS))
def test_versions_are_deterministic(device, operation_id):
    operation = next(one for one in operations() if one.id == operation_id)
    given = inputs.arguments(operation, 3)
    with use_device(device):
        results = [operation.function(*given) for _ in range(3)]
    assert inputs.same(results[0], results[1])
    assert inputs.same(results[0], results[2])


@opencl
def test_an_operation_without_a_version_runs_on_the_cpu(device):
    image = inputs.image(2)
    with use_device(device):
        found = filters.percentile(image)
    assert np.array_equal(found, filters.percentile(image))


# Choosing a device


@opencl
def test_a_device_is_chosen_for_a_block_and_by_part_of_its_name(device):
    assert devices.current_device() == "cpu"
    with use_device(device[:7].upper()) as name:
        assert name == devices.current_device() == devices.available_devices()[0]
        with use_device("cpu"):
            assert devices.current_device() == "cpu"
        assert devices.current_device() == name
    assert devices.current_device() == "cpu"


@opencl
def test_an_error_inside_the_block_leaves_it(device):
    with pytest.raises(ZeroDivisionError), use_device(device):
        raise ZeroDivisionError
    assert devices.current_device() == "cpu"


@opencl
def test_an_unknown_device_is_named_with_those_there_are(device):
    with (
        pytest.raises(RuntimeError, match=r"no OpenCL device 'Voodoo 2'; there are .*\"cpu\""),
        use_device("Voodoo 2"),
    ):
        pass


def test_work_goes_to_the_device_of_the_innermost_block(monkeypatch):
    """Two devices that only note which of them was selected."""
    selected = []
    monkeypatch.setattr(
        devices,
        "_pyclesperanto",
        lambda: SimpleNamespace(
            list_available_devices=lambda *_: ["one", "two"],
            select_device=selected.append,
        ),
    )
    monkeypatch.setitem(VERSIONS, "filters.gaussian", lambda *_, **__: selected[-1])
    image = np.ones((3, 3))
    with use_device("one"):
        assert filters.gaussian(image) == "one"
        with use_device("two"):
            assert filters.gaussian(image) == "two"
        assert filters.gaussian(image) == "one"


def run_without_drivers(code):
    """Run code in a process for which OpenCL has no drivers."""
    environment = os.environ | {
        "OCL_ICD_VENDORS": "/nonexistent",
        "OCL_ICD_FILENAMES": "",
        "PYTHONWARNINGS": "error",
    }
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="drivers can be hidden on Linux only")
def test_opencl_that_is_absent_is_an_error_that_says_what_to_do():
    result = run_without_drivers(
        "from napari_delineate import use_device\nwith use_device('opencl'): pass"
    )
    assert result.returncode == 1
    assert "RuntimeError: the device 'opencl' was asked for" in result.stderr
    assert "install the driver" in result.stderr
    assert 'choose the device "cpu"' in result.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="drivers can be hidden on Linux only")
@pytest.mark.slow
def test_without_opencl_everything_else_runs_and_nothing_warns():
    result = run_without_drivers(
        "import numpy as np\n"
        "from napari_delineate import filters, use_device\n"
        "from napari_delineate.devices import available_devices\n"
        "assert available_devices() == ()\n"
        "with use_device('cpu'): filters.gaussian(np.eye(5))\n"
    )
    assert (result.returncode, result.stderr) == (0, "")
