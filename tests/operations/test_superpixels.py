"""Superpixels, compared with geometry and with scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage import data
from skimage.segmentation import slic

from napari_delineate import segmentation
from tests.inputs import same_objects


@pytest.mark.parametrize("shape", [(80, 100), (24, 36, 30)], ids=str)
def test_superpixels_are_those_of_scikit_image_on_isotropic_voxels(shape):
    # An even grid whose seeds lie on pixels: scikit-image rounds them down.
    width = 5 if len(shape) == 2 else 3
    counts = [size // width for size in shape]
    shape = tuple(count * width for count in counts)
    image = ndimage.gaussian_filter(np.random.default_rng(2).normal(size=shape), 4)
    expected = slic(
        image,
        n_segments=int(np.prod(counts)),
        compactness=3.0,  # scikit-image looks twice as far, where nothing is near enough
        max_num_iter=10,
        enforce_connectivity=False,
        channel_axis=None,
    )
    found = segmentation.superpixels(image, width=width, compactness=3.0)
    assert expected.max() == np.prod(counts)
    assert same_objects(found, expected)


@pytest.mark.parametrize(
    ("shape", "spacing", "box"),
    [
        ((36, 48), (1, 1), (12, 12)),
        ((12, 48), (4, 1), (3, 12)),
        ((9, 48, 24), (4, 1, 0.5), (3, 12, 24)),
    ],
)
def test_superpixels_of_a_constant_are_cubes_in_space(shape, spacing, box):
    found = segmentation.superpixels(np.full(shape, 7), width=12.0, spacing=spacing)
    places = [np.arange(size) // step for size, step in zip(shape, box, strict=True)]
    counts = [place.max() + 1 for place in places]
    expected = np.ravel_multi_index(np.meshgrid(*places, indexing="ij"), counts) + 1
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (4.0, 1.0, 1.0)], ids=str)
def test_superpixels_are_compact_in_space_whatever_the_voxels(spacing):
    extent = np.array([48.0, 60.0, 54.0])
    shape = (extent / spacing).astype(int)
    random = np.random.default_rng(0)
    image = ndimage.gaussian_filter(random.normal(size=shape), 3 / np.array(spacing))
    found = segmentation.superpixels(image, width=12.0, spacing=spacing, compactness=1.0)
    assert 70 <= found.max() <= 90  # 4 x 5 x 4 or 5
    spread = [
        np.sqrt(np.mean([place.var() for place in places])) * size
        for places, size in zip(
            zip(*(np.nonzero(found == n) for n in range(1, found.max() + 1)), strict=True),
            spacing,
            strict=True,
        )
    ]
    # A cube of 12 has a standard deviation of 12 / sqrt(12) along each axis.
    np.testing.assert_allclose(spread, 12 / np.sqrt(12), rtol=0.25)


@pytest.mark.parametrize("compactness", [0.01, 0.1, 1])
def test_superpixels_are_connected_and_none_is_left_out(compactness):
    image = data.coins()[:150, :160]
    found = segmentation.superpixels(image, compactness=compactness)
    assert np.array_equal(np.unique(found), np.arange(1, found.max() + 1))
    for number in range(1, found.max() + 1):
        assert ndimage.label(found == number)[1] == 1


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (2.0, 0.5)], ids=str)
def test_superpixels_end_at_edges(spacing):
    y, x = (n * size for n, size in zip(np.indices((60, 90)), spacing, strict=True))
    disk = (y - y.max() / 2) ** 2 + (x - x.max() / 2) ** 2 < (min(y.max(), x.max()) * 0.35) ** 2
    found = segmentation.superpixels(disk, width=8.0, spacing=spacing)
    inside = np.bincount(found.ravel(), disk.ravel())[1:] / np.bincount(found.ravel())[1:]
    assert ((inside == 0) | (inside == 1)).all()


def test_gain_and_offset_change_no_superpixel():
    image = data.coins()[:100, :120].astype(float)
    assert np.array_equal(
        segmentation.superpixels(image), segmentation.superpixels(256 * image + 1024)
    )


def test_widths_that_make_no_sense_are_refused():
    image = np.zeros((3000, 3000), np.uint8)
    with pytest.raises(ValueError, match="width must be more than 0"):
        segmentation.superpixels(image, width=0)
    with pytest.raises(ValueError, match="1 x 3000 x 3000 superpixels; choose a larger one"):
        segmentation.superpixels(image, width=1)
