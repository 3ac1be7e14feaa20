"""Floods equal scikit-image's pixel for pixel, also where several seeds tie."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage.morphology import local_maxima, local_minima
from skimage.segmentation import watershed

from napari_delineate import segmentation, voxels
from napari_delineate.kernels.watershed import flood_flat, flood_levels

LEVELS = st.sampled_from(["?", "u1", "i2", "u2", "i4", "f4", "f8"])


@st.composite
def floods(draw):
    """An image with few levels, so that there are plateaus; seeds that tie; a mask."""
    shape = draw(hnp.array_shapes(min_dims=2, max_dims=3, max_side=9))
    dtype = np.dtype(draw(LEVELS))
    image = draw(hnp.arrays(np.int8, shape, elements=st.integers(0, 5), fill=st.nothing()))
    image = (
        (image > 2) if dtype.kind == "b" else (image * draw(st.sampled_from([1, 7]))).astype(dtype)
    )
    seeds = draw(hnp.arrays(np.int32, shape, elements=st.sampled_from([0, 0, 0, 0, 1, 2, 3])))
    mask = draw(st.none() | hnp.arrays(bool, shape))
    return image, seeds, mask, draw(st.integers(1, len(shape)))


@settings(max_examples=150, deadline=None)
@given(floods())
def test_flood_equals_scikit_image(flood):
    image, seeds, mask, connectivity = flood
    expected = watershed(image, seeds, mask=mask, connectivity=connectivity)
    found = flood_levels(image, seeds, mask, connectivity)
    assert found.dtype == np.int32
    assert np.array_equal(found, expected)


@settings(max_examples=100, deadline=None)
@given(floods())
def test_flat_flood_equals_scikit_image_on_a_constant_image(flood):
    image, seeds, mask, connectivity = flood
    expected = watershed(np.zeros(image.shape), seeds, mask=mask, connectivity=connectivity)
    assert np.array_equal(flood_flat(seeds, mask, connectivity), expected)


def smooth(shape, dtype, sigma=2, seed=0):
    image = np.random.default_rng(seed).random(shape)
    image = ndimage.gaussian_filter(image, sigma)
    image = (image - image.min()) / np.ptp(image)
    return (image * (1 if np.dtype(dtype).kind == "f" else 60)).astype(dtype)


@pytest.mark.parametrize("shape", [(150, 170), (20, 40, 50)])
@pytest.mark.parametrize("dtype", ["u1", "u2", "f4", "f8"])
@pytest.mark.parametrize("few", [False, True], ids=["all minima", "few seeds"])
def test_flood_equals_scikit_image_on_smooth_images(shape, dtype, few):
    # Thousands of intervals and heaps that have to grow; seeds that tie only in integers.
    image = smooth(shape, dtype)
    seeds = ndimage.label(local_minima(image))[0].astype(np.int32)
    if few:
        seeds[seeds % 7 != 1] = 0
    mask = smooth(shape, "f8", 4, 1) > 0.4
    for allowed in (None, mask):
        expected = watershed(image, seeds, mask=allowed)
        assert np.array_equal(flood_levels(image, seeds, allowed), expected)


@pytest.mark.parametrize("factor", [1e-320, 1e-30, 1e30, 1.7e308])
def test_flood_takes_levels_of_any_size(factor):
    image = (smooth((40, 40), "f8") * 2 - 1) * factor
    seeds = ndimage.label(local_minima(image))[0].astype(np.int32)
    assert np.array_equal(flood_levels(image, seeds), watershed(image, seeds))


@pytest.mark.parametrize(
    "path",
    ["published/membrane2d.tif", "published/blobs.tif", "nuclei3d_gt/gonuclear_ovule_1135.tif"],
)
def test_flood_equals_scikit_image_on_real_images(shared_image, path):
    image = shared_image(path)[..., :60, :60] if "3d" in path else shared_image(path)
    seeds = ndimage.label(local_minima(ndimage.gaussian_filter(image, 2)))[0].astype(np.int32)
    assert np.array_equal(flood_levels(image, seeds), watershed(image, seeds))


def test_voronoi_otsu_floods_as_scikit_image_does(shared_image):
    from skimage.filters import gaussian, threshold_otsu

    image = shared_image("published/blobs.tif")
    outline = gaussian(image, 2)
    mask = outline > threshold_otsu(outline)
    spots = local_maxima(gaussian(image, 3.5)) & mask
    seeds = ndimage.label(spots, np.ones((3, 3)))[0]
    expected = watershed(mask, seeds, mask=mask)
    found = segmentation.voronoi_otsu_labeling(image, spot_sigma=3.5, outline_sigma=2)
    assert np.array_equal(found, expected)


# Options of the seeded watershed


@pytest.mark.parametrize("connectivity", ["face", "full"])
@pytest.mark.parametrize("compactness", [0, 0.5])
@pytest.mark.parametrize("line", [False, True])
def test_seeded_watershed_equals_scikit_image_with_every_setting(connectivity, compactness, line):
    image = smooth((40, 50), "f8")
    seeds = ndimage.label(local_minima(ndimage.gaussian_filter(image, 2)))[0]
    mask = smooth((40, 50), "f8", 4, 1) > 0.3
    found = segmentation.seeded_watershed(
        image,
        seeds,
        mask,
        connectivity=connectivity,
        compactness=compactness,
        watershed_line=line,
    )
    reach = 1 if connectivity == "face" else 2
    expected = watershed(image, seeds, reach, None, mask, compactness, watershed_line=line)
    assert np.array_equal(found, expected)


# Binary watershed


def test_binary_watershed_equals_imagej(shared_image):
    mask = shared_image("published/blobs_otsu.tif")
    expected = shared_image("published/blobs_otsu_watershed.tif") > 0
    found = segmentation.binary_watershed(mask)
    assert np.array_equal(found.split_mask, expected)
    assert found.labels.max() == 68


def balls(spacing, ndim=3, gap=26):
    """Two overlapping balls of radius 16, their middles some way apart along the last axis."""
    size = np.array([44, 44, 70][-ndim:])
    shape = np.ceil(size / spacing[-ndim:]).astype(int)
    grid = np.indices(shape) * np.reshape(spacing[-ndim:], (-1,) + (1,) * ndim)
    mask = np.zeros(shape, bool)
    for x in (22, 22 + gap):
        middle = np.array([22, 22, x][-ndim:]).reshape((-1,) + (1,) * ndim)
        mask |= ((grid - middle) ** 2).sum(axis=0) <= 16**2
    return mask


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (4.0, 1.0, 1.0), (1.0, 2.0, 1.0)], ids=str)
@pytest.mark.parametrize("method", ["binary_watershed", "distance_transform_watershed"])
def test_touching_balls_are_cut_halfway_on_any_grid(ndim, spacing, method):
    mask = balls(spacing, ndim)
    result = getattr(segmentation, method)(mask, spacing=spacing[-ndim:])
    labels = result.labels if method == "binary_watershed" else result
    assert labels.max() == 2
    sizes = np.bincount(labels.ravel())[1:]
    assert sizes.min() > 0.9 * sizes.max()
    columns = [np.argwhere(labels == number)[:, -1] * spacing[-1] for number in (1, 2)]
    assert abs(columns[0].mean() - 22) < 2
    assert abs(columns[1].mean() - 48) < 2


@pytest.mark.parametrize("shape", [(60, 70), (14, 40, 40)])
def test_binary_watershed_leaves_lines_between_pieces(shape):
    mask = smooth(shape, "f8", 3) > 0.5
    split, labels = segmentation.binary_watershed(mask)
    assert not (split & ~mask).any()
    assert np.array_equal(labels > 0, split)
    corners = np.ones((3,) * len(shape))
    assert ndimage.label(mask, corners)[1] < labels.max()
    # Pieces do not touch, also over corners, and what was cut away was needed for that.
    lowest = ndimage.minimum_filter(np.where(labels > 0, labels, labels.max() + 1), 3)
    assert (lowest[split] == labels[split]).all()
    for place in np.argwhere(mask & ~split)[:40]:
        around = labels[tuple(slice(max(p - 1, 0), p + 2) for p in place)]
        assert len(np.unique(around[around > 0])) > 1


def test_a_larger_prominence_cuts_less():
    mask = smooth((80, 90), "f8", 3) > 0.5
    counts = [
        segmentation.binary_watershed(mask, prominence=prominence).labels.max()
        for prominence in (0, 0.5, 1.5, 100)
    ]
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] == ndimage.label(mask, np.ones((3, 3)))[1]


# Distance transform watershed


def test_intensity_cuts_what_shape_does_not():
    y, x = np.ogrid[:40, :60]
    mask = (abs(y - 20) < 12) & (abs(x - 30) < 24)  # a plain box
    image = np.exp(-((x - 18) ** 2) / 60) + np.exp(-((x - 42) ** 2) / 60) + 0 * y
    settings = {"sigma": 2, "seeds": "regional"}
    assert segmentation.distance_transform_watershed(mask, **settings).max() == 1
    cut = segmentation.distance_transform_watershed(mask, image, declump_by="intensity", **settings)
    assert cut.max() == 2
    assert (cut[mask] > 0).all()
    edge = np.argwhere(cut == 1)[:, 1].max()
    assert abs(edge - 30) <= 1
    with pytest.raises(ValueError, match="needs an image"):
        segmentation.distance_transform_watershed(mask, declump_by="intensity")


def test_settings_of_seeds_keep_fewer_of_them():
    y, x = np.ogrid[:40, :120]
    mask = np.zeros((40, 120), bool)
    for middle, radius in ((20, 16), (46, 12), (64, 8), (75, 5)):
        mask |= (y - 20) ** 2 + (x - middle) ** 2 <= radius**2
    cut = segmentation.distance_transform_watershed
    assert cut(mask, minimum_distance=4).max() == 4
    assert cut(mask, minimum_distance=4, maximum_seeds=2).max() == 2
    assert cut(mask, minimum_distance=4, minimum_intensity=6).max() == 3
    assert cut(mask, minimum_distance=4, exclude_border=voxels(25)).max() <= 2
    assert cut(mask, minimum_distance=4, seed_radius=9).max() < 4
    lined = cut(mask, minimum_distance=4, watershed_line=True)
    assert lined.max() == 4
    assert 0 < np.count_nonzero(mask & (lined == 0)) < 60


# Voronoi


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (3.0, 1.0)])
def test_voronoi_zones_are_of_the_nearest_point(spacing):
    random = np.random.default_rng(1)
    places = random.permutation(40 * 50)[:12]
    labels = np.zeros((40, 50), np.int32)
    labels.flat[places] = np.arange(1, 13)
    zones, lines = segmentation.voronoi_labeling(labels, spacing=spacing)
    points = np.argwhere(labels) * spacing
    numbers = labels[labels > 0]
    grid = np.argwhere(np.ones(labels.shape)) * spacing
    distances = np.linalg.norm(grid[:, None] - points[None], axis=2)
    chosen = distances[:, [int(np.flatnonzero(numbers == n)[0]) for n in range(1, 13)]]
    own = chosen[np.arange(len(grid)), zones.ravel() - 1]
    assert np.allclose(own, distances.min(axis=1))
    # A line pixel is as far from a second object, up to a step of the grid.
    second = np.sort(distances, axis=1)[:, 1].reshape(labels.shape)
    nearest = distances.min(axis=1).reshape(labels.shape)
    assert (second - nearest)[lines].max() <= 2 * max(spacing)
    parts = ndimage.label(~lines)[1]
    assert parts == 12


@pytest.mark.parametrize("seed", range(4))
def test_areas_grow_over_what_rises_again_as_over_its_reconstruction(seed):
    from skimage.morphology import reconstruction

    from napari_delineate.kernels.line_watershed import grow_apart

    levels = (smooth((50, 60), "f8", 2, seed) * 300).clip(0, 254).astype(np.uint8)
    levels[levels < 60] = 0
    levels[smooth((50, 60), "f8", 2, seed) > 0.8] = 255
    lowered = reconstruction(np.where(levels == 255, 255, 0), levels, footprint=np.ones((3, 3)))
    assert not np.array_equal(lowered, levels)
    assert np.array_equal(grow_apart(levels), grow_apart(lowered.astype(np.uint8)))
