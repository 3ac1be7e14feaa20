"""Settings and intensities at the ends of their ranges: a right result, or a sentence."""

from __future__ import annotations

import numpy as np
import pytest

from napari_delineate import filters, segmentation, voxels

IMAGE = np.random.default_rng(0).random((20, 21))
SEEDS = np.zeros(IMAGE.shape, int)
SEEDS[2, 2], SEEDS[15, 15] = 1, 2


@pytest.mark.parametrize("cutoff", [0.0001, 0.001, 0.5])
@pytest.mark.parametrize("kind", ["low pass", "high pass"])
def test_steep_cutoffs_of_small_floats_agree_with_those_of_large_ones(kind, cutoff):
    settings = {"kind": kind, "cutoff": cutoff, "order": 20.0}
    expected = filters.butterworth(IMAGE, **settings)
    found = filters.butterworth(IMAGE.astype(np.float32), **settings)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    if cutoff < 1 / 42:  # no frequency is lower but that of the mean
        mean = IMAGE.mean() if kind == "low pass" else IMAGE - IMAGE.mean()
        np.testing.assert_allclose(expected, np.broadcast_to(mean, IMAGE.shape), atol=1e-12)


@pytest.mark.parametrize(
    ("dtype", "scale"), [("f4", 1e-30), ("f4", 1e30), ("f8", 1e-200), ("f8", 1e200)]
)
def test_non_local_means_do_not_depend_on_the_unit_of_intensity(dtype, scale):
    image = IMAGE.astype(dtype)
    found = filters.non_local_means(image * image.dtype.type(scale))
    expected = filters.non_local_means(image)
    np.testing.assert_allclose(found / image.dtype.type(scale), expected, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_hardly_any_noise_changes_nothing_and_very_much_makes_a_mean(dtype):
    image = IMAGE.astype(dtype)
    assert np.array_equal(filters.non_local_means(image, noise=1e-200), image)
    np.testing.assert_allclose(filters.bilateral(image, intensity_sigma=1e-310), image, rtol=1e-15)
    found = filters.non_local_means(image, noise=1e200, search_radius=voxels(2))
    expected = filters.mean(image, radius=voxels(2), shape="box")
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("radius", [1e30, 1e100, 1e200])
def test_a_paraboloid_with_hardly_a_curve_touches_the_minimum(radius):
    np.testing.assert_allclose(
        filters.subtract_paraboloid(IMAGE, radius=radius), IMAGE - IMAGE.min(), atol=1e-12
    )
    assert not filters.subtract_paraboloid(IMAGE, radius=1 / radius).any()


@pytest.mark.parametrize("size", [20, 10**6, 10**30])
@pytest.mark.parametrize("method", ["mean", "maximum"])
def test_a_block_may_be_larger_than_the_image(method, size):
    found = filters.bin_voxels(IMAGE, y_size=size, x_size=1, method=method)
    expected = IMAGE.mean(axis=0) if method == "mean" else IMAGE.max(axis=0)
    np.testing.assert_allclose(found, expected[np.newaxis], rtol=1e-12)


def test_a_voxel_may_be_larger_than_the_image():
    for size in (1e9, 1e150):
        found = filters.resample(IMAGE, voxel_size=size)
        assert found.shape == (1, 1)
        assert IMAGE.min() < found[0, 0] < IMAGE.max()


@pytest.mark.parametrize(
    "call",
    [
        lambda: filters.resample(IMAGE, voxel_size=1e-6),
        lambda: filters.resample_labels(IMAGE > 0.5, voxel_size=1e-6),
        lambda: filters.resample(IMAGE, voxel_size=voxels(1e-9), spacing=1e-300),
        lambda: filters.rescale_isotropic(IMAGE, spacing=(1e9, 1.0)),
    ],
)
def test_grids_that_no_memory_holds_are_refused(call):
    with pytest.raises(ValueError, match=r"so small that more than 8\.6 billion of them"):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: filters.laplacian_of_gaussian(IMAGE, sigma=1e9),
        lambda: segmentation.gradient_watershed(IMAGE, SEEDS, sigma=1e9),
        lambda: segmentation.cellprofiler_threshold(IMAGE, smoothing_scale=1e9),
        lambda: segmentation.cellprofiler_threshold(IMAGE, SEEDS > 0, smoothing_scale=1e9),
    ],
)
def test_sigmas_that_no_memory_holds_are_refused(call):
    with pytest.raises(ValueError, match=r"a sigma of .* voxels is far wider than the image"):
        call()


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (filters.median, "radius"),
        (filters.bilateral, "sigma"),
        (filters.anisotropic_diffusion, "sigma"),
        (filters.non_local_means, "search_radius"),
        (filters.non_local_means, "patch_radius"),
        (filters.enhance_circles, "sigma"),
        (filters.enhance_dark_holes, "minimum_radius"),
        (filters.enhance_dark_holes, "maximum_radius"),
        (segmentation.detect_cells, "background_radius"),
        (segmentation.detect_cells, "median_radius"),
    ],
)
def test_what_is_far_beyond_the_image_is_named(function, name):
    with pytest.raises(ValueError, match=f"^{name} is 5000 voxels, the image has only 21 along"):
        function(IMAGE, **{name: 5000.0})
