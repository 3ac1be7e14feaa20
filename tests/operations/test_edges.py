"""Edges lie where bodies end, on any grid."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage.feature import canny

from napari_delineate import segmentation


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (1.0, 1.0, 1.0), (3.0, 1.0, 1.0)], ids=str)
def test_edges_of_a_ball_are_its_surface(spacing):
    radius = 14
    shape = [int(44 / size) for size in spacing]
    grid = np.indices(shape) * np.reshape(spacing, (-1,) + (1,) * len(shape))
    middle = np.reshape([21.0] * len(shape), (-1,) + (1,) * len(shape))
    distance = np.sqrt(((grid - middle) ** 2).sum(axis=0))
    image = np.clip(radius - distance + 0.5, 0, 1)
    edges = segmentation.canny_edges(image, sigma=1.5, spacing=spacing)
    assert np.abs(distance[edges] - radius).max() <= 1.1 * max(spacing)
    assert np.abs(distance[edges] - radius).mean() <= 0.5 * max(spacing)
    # All around: no direction without an edge nearby.
    away = ndimage.distance_transform_edt(~edges, sampling=spacing)
    assert away[np.abs(distance - radius) < 0.5].max() <= 1.5 * max(spacing)


def test_edges_of_a_step_are_one_pixel_wide():
    image = np.zeros((20, 30), np.uint8)
    image[:, 15:] = 200
    assert (segmentation.canny_edges(image).sum(axis=1) == 1).all()
    assert (segmentation.canny_edges(image.T).sum(axis=0) == 1).all()


def test_edges_start_only_where_they_are_strong():
    image = np.zeros((40, 60))
    image[:, :20] = 1
    image[:20, 20:50] = 0.9  # a weak edge that a strong one goes on with
    image[30:36, 30:36] = 0.2  # a weak edge on its own
    few = segmentation.canny_edges(image, low_quantile=0.5, high_quantile=0.95)
    many = segmentation.canny_edges(image, low_quantile=0.5, high_quantile=0.5)
    assert not few[27:39, 27:39].any()
    assert many[27:39, 27:39].any()
    assert not (few & ~many).any()
    with pytest.raises(ValueError, match="high_quantile must be at least"):
        segmentation.canny_edges(image, low_quantile=0.9, high_quantile=0.5)


@pytest.mark.parametrize("path", ["blobs.tif", "membrane2d.tif"])
def test_edges_are_near_those_of_scikit_image(shared_image, path):
    image = shared_image(f"published/{path}")
    found = segmentation.canny_edges(image, sigma=2)
    expected = canny(
        image / image.max(), 2, low_threshold=0.8, high_threshold=0.9, use_quantiles=True
    )
    for one, other in ((found, expected), (expected, found)):
        inner = one[3:-3, 3:-3]
        near = ndimage.binary_dilation(other, np.ones((3, 3)))[3:-3, 3:-3]
        assert near[inner].mean() > 0.93
    assert found.sum() == pytest.approx(expected.sum(), rel=0.1)
