"""Labels, masks, points and shapes become each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.measure import label, regionprops_table

from napari_delineate import postprocessing, voxels
from tests.inputs import same_objects
from tests.operations.test_masks import ball, blobs
from tests.operations.test_postprocessing import random_labels, small_labels


@settings(deadline=None)
@given(labels=small_labels())
def test_a_mask_is_where_the_objects_are(labels):
    found = postprocessing.labels_to_mask(labels)
    assert found.dtype == bool
    assert np.array_equal(found, labels != 0)


@pytest.mark.parametrize(
    ("shape", "spacing"), [((40, 41), (1, 1)), ((40, 41), (2, 0.5)), ((9, 20, 21), (4, 1, 0.5))]
)
def test_points_are_the_centroids_of_scikit_image(shape, spacing):
    labels = random_labels(shape) * 1000  # with gaps
    table = regionprops_table(labels // 1000, properties=("centroid",), spacing=spacing)
    expected = np.column_stack(list(table.values()))
    found = postprocessing.labels_to_points(labels, spacing=spacing)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("radius", [0, 1, 2.5, 6])
@pytest.mark.parametrize("spacing", [(1, 1), (2, 1), (4, 1, 1)])
def test_single_points_become_balls(spacing, radius):
    shape = (31,) * len(spacing)
    found = postprocessing.points_to_labels(
        np.array([15 * np.array(spacing)]), np.zeros(shape), radius=radius, spacing=spacing
    )
    point = np.zeros(shape, bool)
    point[(15,) * len(spacing)] = True
    assert np.array_equal(found, ndimage.binary_dilation(point, ball(radius, spacing)))


@settings(deadline=None)
@given(data=st.data(), ndim=st.sampled_from([2, 3]))
def test_points_and_labels_become_each_other(data, ndim):
    shape = (9, 12, 13)[-ndim:]
    place = st.tuples(*(st.integers(0, size - 1) for size in shape))
    places = data.draw(st.lists(place, unique=True, max_size=6))
    points = np.array(places, float).reshape(-1, ndim) * 0.5
    image = np.zeros(shape)
    labels = postprocessing.points_to_labels(points, image, radius=0, spacing=0.5)
    assert np.array_equal(postprocessing.labels_to_points(labels, spacing=0.5), points)


def test_points_outside_are_left_out_and_the_first_of_a_pixel_wins():
    points = np.array([[-3, 2], [1, 2], [1.2, 2.4], [1, 99], [3, 0]])
    found = postprocessing.points_to_labels(points, np.zeros((5, 5)), radius=0)
    assert np.argwhere(found == 2).tolist() == [[1, 2]]
    assert np.argwhere(found == 5).tolist() == [[3, 0]]
    assert set(np.unique(found)) == {0, 2, 5}


def test_discs_that_overlap_meet_halfway():
    points = np.array([[10, 5], [10, 15]])
    found = postprocessing.points_to_labels(points, np.zeros((21, 21)), radius=voxels(8))
    assert (found[:, :10] != 2).all()
    assert (found[:, 11:] != 1).all()


# Shapes


@pytest.mark.parametrize("spacing", [(1, 1), (2, 0.5)])
@pytest.mark.parametrize("seed", range(3))
def test_objects_without_holes_become_polygons_and_back(seed, spacing):
    mask = ndimage.binary_fill_holes(blobs((60, 61), seed, share=0.3))
    labels = label(mask)
    polygons = postprocessing.labels_to_shapes(labels, spacing=spacing)
    assert len(polygons) == labels.max()
    found = postprocessing.shapes_to_labels(polygons, np.zeros(mask.shape), spacing=spacing)
    assert np.array_equal(found, labels)


def test_a_ball_becomes_one_polygon_per_slice_and_back():
    grid = np.indices((15, 30, 30))
    labels = 3 * (((grid - np.reshape([7, 14, 15], (3, 1, 1, 1))) ** 2).sum(axis=0) <= 36)
    polygons = postprocessing.labels_to_shapes(labels, spacing=(4, 1, 1))
    assert np.unique(polygons[:, 0, 0]).tolist() == (4 * np.arange(1, 14)).tolist()
    image = np.zeros(labels.shape)
    found = postprocessing.shapes_to_labels(polygons, image, spacing=(4, 1, 1))
    assert np.array_equal(found > 0, labels > 0)


def test_the_polygon_of_a_disc_has_its_area():
    rows, columns = np.ogrid[:121, :121]
    labels = 5 * ((rows - 60) ** 2 + (columns - 60) ** 2 <= 50**2)
    (polygon,) = postprocessing.labels_to_shapes(labels, spacing=0.1)
    height, width = polygon.T
    area = abs(height @ np.roll(width, -1) - width @ np.roll(height, -1)) / 2
    assert area == pytest.approx(np.pi * 5**2, rel=0.01)


def test_holes_are_not_drawn_and_parts_are_drawn_each():
    labels = np.zeros((20, 30), int)
    labels[2:12, 2:12], labels[5:8, 5:8], labels[2:6, 20:26] = 4, 0, 4
    polygons = postprocessing.labels_to_shapes(labels)
    assert len(polygons) == 2
    found = postprocessing.shapes_to_labels(polygons, np.zeros(labels.shape))
    assert same_objects(found, label(ndimage.binary_fill_holes(labels)))


def test_polygons_without_a_slice_fill_all_slices():
    square = np.array([[[0.5, 0.5], [0.5, 2.5], [2.5, 2.5], [2.5, 0.5]]])
    found = postprocessing.shapes_to_labels(square, np.zeros((3, 4, 4)))
    assert found.sum(axis=(1, 2)).tolist() == [4, 4, 4]


def test_later_polygons_lie_on_top_and_what_does_not_fit_is_refused():
    squares = np.array([[[0, 0], [0, 3], [3, 3], [3, 0]], [[1.5, 0], [1.5, 3], [3, 3], [3, 0]]])
    found = postprocessing.shapes_to_labels(squares, np.zeros((4, 4)))
    assert found[0].tolist() == [1, 1, 1, 1]
    assert found[2].tolist() == [2, 2, 2, 2]
    across = np.array([[[0.0, 0, 0], [1, 0, 3], [2, 3, 3]]])
    with pytest.raises(ValueError, match="number 1 reaches from slice 0 to 2"):
        postprocessing.shapes_to_labels(across, np.zeros((4, 4, 4)))
    with pytest.raises(ValueError, match="polygons must have 2 coordinates"):
        postprocessing.shapes_to_labels(across, np.zeros((4, 4)))


def test_an_image_without_objects_has_no_polygons():
    polygons = postprocessing.labels_to_shapes(np.zeros((5, 6), int))
    assert polygons.shape == (0, 1, 2)
    assert not postprocessing.shapes_to_labels(polygons, np.zeros((5, 6))).any()
