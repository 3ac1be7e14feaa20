"""Maxima stand out exactly as their definition says, on any grid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage.morphology import h_maxima

from napari_delineate import segmentation, voxels
from napari_delineate.kernels.prominence import prominent_maxima
from napari_delineate.kernels.ridges import ridge_heights
from tests.inputs import same_objects


def by_definition(image, prominence, mask):
    """Areas of maxima: components within the prominence with nothing higher in them."""
    areas = np.zeros(image.shape, int)
    levels = image.astype(float)
    corners = np.ones((3,) * image.ndim)
    for place in np.argsort(-levels, axis=None, kind="stable"):
        pixel = np.unravel_index(place, image.shape)
        parts = ndimage.label(mask & (levels >= levels[pixel] - prominence), corners)[0]
        part = parts == parts[pixel]
        if mask[pixel] and levels[part].max() == levels[pixel] and not areas[part].any():
            areas[part] = areas.max() + 1
    return areas


@st.composite
def rough_images(draw):
    shape = draw(hnp.array_shapes(min_dims=2, max_dims=3, max_side=6))
    dtype = draw(st.sampled_from(["u1", "i4", "f4", "f8"]))
    image = draw(hnp.arrays(np.uint8, shape, elements=st.integers(0, 9), fill=st.nothing()))
    mask = draw(st.just(np.ones(shape, bool)) | hnp.arrays(bool, shape))
    return image.astype(dtype), mask, draw(st.sampled_from([0, 0.5, 1, 3]))


@settings(max_examples=100, deadline=None)
@given(rough_images())
@pytest.mark.slow
def test_prominent_maxima_are_those_of_the_definition(given_image):
    image, mask, prominence = given_image
    tops, areas = prominent_maxima(image, prominence, mask)
    assert same_objects(areas, by_definition(image, prominence, mask))
    assert np.array_equal(areas.flat[tops], np.arange(1, len(tops) + 1))
    assert (np.diff(image.flat[tops].astype(float)) <= 0).all()


@pytest.mark.parametrize("shape", [(60, 70), (12, 30, 30)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_maxima_are_those_that_scikit_image_keeps(shape, dtype):
    image = ndimage.gaussian_filter(np.random.default_rng(0).random(shape), 2).astype(dtype)
    prominence = float(np.ptp(image)) / 8
    # scikit-image keeps maxima that stand out by the height or more, and rounds it.
    kept = ndimage.label(h_maxima(image, prominence), np.ones((3,) * image.ndim))[1]
    found = segmentation.find_maxima(image, prominence=prominence)
    assert len(found.points) == kept > 3


def hills():
    """Hills of height 40, 30 and 20 on a plain of 5; valleys between them are 12 high."""
    x = np.array([5, 5, 20, 30, 25, 12, 20, 40, 25, 12, 14, 20, 14, 5, 5])
    return np.tile(x, (5, 1)) - np.array([[2], [1], [0], [1], [2]])


@pytest.mark.parametrize("shape", ["plane", "stack"])
@pytest.mark.parametrize(("prominence", "columns"), [(7, [7, 3, 11]), (8, [7, 3]), (18, [7])])
def test_a_maximum_must_stand_out_by_more_than_the_prominence(shape, prominence, columns):
    image = hills()
    if shape == "stack":
        image = np.stack([image - 3, image, image - 3])
    found = segmentation.find_maxima(image, prominence=prominence, spacing=0.5)
    expected = [[0.5] * (image.ndim - 2) + [1.0, 0.5 * column] for column in columns]
    assert np.array_equal(found.points, expected)
    assert np.array_equal(np.argwhere(found.single_points) * 0.5, sorted(found.points.tolist()))
    for number, column in enumerate(columns, 1):
        top = image[..., 2, column].max()
        assert image[found.areas == number].min() >= top - prominence


def test_a_light_background_turns_the_image_over():
    image = hills().astype(np.uint8)
    dark = segmentation.find_maxima(image, prominence=7)
    for turned in (255 - image, -image.astype(np.int16), -image.astype(np.float32)):
        light = segmentation.find_maxima(turned, prominence=7, light_background=True)
        assert np.array_equal(light.points, dark.points)
        assert np.array_equal(light.areas, dark.areas)


def test_strict_drops_the_only_maximum_of_a_low_image():
    image = np.array([[1, 3, 1], [1, 2, 1]])
    assert len(segmentation.find_maxima(image, prominence=2).points) == 1
    assert len(segmentation.find_maxima(image, prominence=2, strict=True).points) == 0
    assert len(segmentation.find_maxima(image, prominence=1, strict=True).points) == 1


def test_maxima_on_edges_are_left_out():
    image = np.zeros((9, 20))
    image[4, 0] = 9
    image[4, 5] = 8
    image[4, 2:5] = 7  # within a prominence of 2, but not up to the edge
    image[0:5, 12] = 7
    image[4, 12] = 8  # its area reaches the edge, its top does not
    find = segmentation.find_maxima
    assert len(find(image, prominence=2).points) == 3
    inner = find(image, prominence=2, exclude_on_edges=True)
    assert inner.points.tolist() == [[4, 5], [4, 12]]
    assert np.array_equal(np.unique(inner.areas), [0, 1, 2])
    strict = find(image, prominence=2, exclude_on_edges=True, strict=True)
    assert strict.points.tolist() == [[4, 5]]


def test_the_point_of_a_plateau_is_the_pixel_nearest_to_its_middle():
    image = np.zeros((9, 9))
    image[2:7, 1:6] = 5
    assert segmentation.find_maxima(image, prominence=1).points.tolist() == [[4, 3]]


@pytest.mark.parametrize("exclude", [False, True])
def test_particles_grow_from_the_areas(exclude):
    image = ndimage.gaussian_filter(np.random.default_rng(2).random((50, 60)), 3)
    settings = {"prominence": float(np.ptp(image)) / 10, "exclude_on_edges": exclude}
    low = float(np.median(image))
    particles = segmentation.segment_maxima(image, minimum_intensity=low, **settings)
    areas = segmentation.find_maxima(image, strict=exclude, **settings).areas
    inside = (areas > 0) & (image >= low)
    assert np.array_equal(particles[inside], areas[inside])
    assert not particles[image < low].any()
    if not exclude:
        assert (particles[image >= low] > 0).any()
        # Every pixel above the limit leads up to a maximum, so none is left out.
        parts = ndimage.label(image >= low, np.ones((3, 3)))[0]
        assert set(np.unique(parts[particles == 0])) - {0} <= set(np.unique(parts)) - set(
            np.unique(parts[particles > 0])
        )


def test_ridges_are_as_high_as_imagej_says():
    # By hand, after the description: steps of 1 and of the root of 2 from the neighbours.
    distance = np.array([[0, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]], np.float32)
    heights = ridge_heights(distance, (1.0, 1.0))
    assert heights[1, 1] == pytest.approx(1)  # between the two zeros above and below
    distance = np.full((5, 5), 2, np.float32)
    assert np.array_equal(
        ridge_heights(distance, (1.0, 1.0))[1:-1, 1:-1], np.full((3, 3), 2 + 0.5**0.5, "f4")
    )
    assert np.array_equal(ridge_heights(distance, (1.0, 1.0))[0], distance[0])
    box = np.full((5, 5, 5), 2, np.float32)
    assert ridge_heights(box, (3.0, 4.0, 12.0))[2, 2, 2] == pytest.approx(2 + 13 / 2, abs=4)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (4.0, 1.0, 1.0)], ids=["cubes", "slabs"])
def test_ultimate_points_are_the_middles_of_balls_and_their_radii(spacing):
    grid = np.indices((60, 60, 120)) * np.reshape(spacing, (3, 1, 1, 1))
    middles = np.array(
        [[24 if spacing[0] == 1 else 120, 28, 30], [24 if spacing[0] == 1 else 120, 28, 80]]
    )
    radii = [20, 14]
    mask = np.zeros(grid.shape[1:], bool)
    for middle, radius in zip(middles, radii, strict=True):
        mask |= np.sqrt(((grid - middle.reshape(3, 1, 1, 1)) ** 2).sum(axis=0)) <= radius
    points, distances = segmentation.ultimate_points(mask, prominence=voxels(2), spacing=spacing)
    assert np.abs(points - middles).max() <= max(spacing)
    assert np.count_nonzero(distances) == 2
    depths = [distances[tuple(np.round(p / spacing).astype(int))] for p in points]
    assert np.abs(np.array(depths) - radii).max() <= 1.5
