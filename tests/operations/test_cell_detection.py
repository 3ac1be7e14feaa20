"""Cell detection: known geometry, scikit-image, reference annotations, invariants."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.morphology import reconstruction

from napari_delineate import nuclei, segmentation, voxels
from napari_delineate.building_blocks import reconstructed
from tests.inputs import same_objects

detect = segmentation.detect_cells


def bells(shape, centres, width, spacing):
    """Gaussian bells on a grid of any spacing."""
    grid = np.stack(np.indices(shape), axis=-1) * np.asarray(spacing)
    return sum(
        np.exp(-np.square(grid - centre).sum(axis=-1) / (2 * width**2)) for centre in centres
    )


@pytest.mark.parametrize("shape", [(60, 70), (12, 22, 24)])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=8, deadline=None)
@pytest.mark.slow
def test_reconstruction_is_that_of_scikit_image(shape, seed):
    random = np.random.default_rng(seed)
    image = ndimage.gaussian_filter(random.random(shape), 1.5).astype(np.float32)
    for marker in (ndimage.minimum_filter(image, 7), image - np.float32(0.02)):
        assert np.array_equal(reconstructed(marker, image, "full"), reconstruction(marker, image))


def test_reconstruction_follows_a_spiral():
    turns = np.zeros((21, 21), np.float32)
    for depth in range(0, 10, 2):
        turns[depth : 21 - depth, depth : 21 - depth] = 1
        turns[depth + 1 : 20 - depth, depth + 1 : 20 - depth] = 0
        turns[depth + 1, depth : depth + 2] = 0
        turns[depth + 2, depth + 1] = 1
    marker = np.zeros_like(turns)
    marker[0, 20] = 1
    assert np.array_equal(reconstructed(marker, turns, "full"), reconstruction(marker, turns))


@pytest.mark.parametrize("radius", [3.0, 9.0, 15.0])
def test_balls_composed_of_small_ones_are_as_wide(radius):
    image = np.zeros((61, 61))
    image[30, 30] = 1
    found = nuclei._repeated(image, (radius, radius), "maximum") > 0
    assert np.array_equal(np.nonzero(found[30])[0], np.arange(30 - radius, 31 + radius))
    assert np.array_equal(found, found.T)
    distances = np.hypot(*(np.indices(image.shape) - 30))
    assert found[distances <= 0.85 * radius].all()
    assert not found[distances > radius + 0.01].any()


@pytest.mark.parametrize("by_reconstruction", [True, False])
def test_the_background_is_what_is_wider_than_the_ball(by_reconstruction):
    slope = np.add.outer(np.arange(80.0), np.zeros(80))
    image = slope.copy()
    image[35:42, 35:42] += 50
    background = nuclei.local_background(image, (8.0, 8.0), by_reconstruction)
    assert (background <= image).all()
    assert np.abs(background - slope)[10:-10, 10:-10].max() <= 9


def test_the_laplacian_is_that_of_a_paraboloid_in_physical_units():
    z, y, x = np.ix_(4 * np.arange(9.0), np.arange(9.0), 2 * np.arange(9.0))
    found = nuclei.laplacian(z**2 + 2.0 * y**2 + 3.0 * x**2, (4.0, 1.0, 2.0))
    assert np.allclose(found[1:-1, 1:-1, 1:-1], 2 + 4 + 6)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (4.0, 1.0, 1.0)])
@pytest.mark.slow
def test_finds_bells_on_any_grid(spacing):
    centres = [(20, 14, 14), (20, 14, 44), (20, 44, 29)]
    shape = tuple(int(size / entry) for size, entry in zip((40, 60, 60), spacing, strict=True))
    image = bells(shape, centres, 5.0, spacing)
    found = detect(
        image,
        sigma=2.0,
        threshold=0.2,
        background_radius=0.0,
        cell_expansion=4.0,
        spacing=spacing,
    )
    assert found.nuclei.max() == 3
    # A blurred bell has its inflections, where the Laplacian changes sign, at a distance of
    # sqrt(3) times its sigma in three dimensions.
    radius = np.sqrt(3) * np.sqrt(5.0**2 + 2.0**2)
    for number in (1, 2, 3):
        places = np.argwhere(found.nuclei == number) * spacing
        nearest = np.linalg.norm(np.array(centres) - places.mean(axis=0), axis=1).min()
        assert nearest < 1
        volume = len(places) * np.prod(spacing)
        assert volume == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.2)


def test_touching_nuclei_are_split_at_the_neck():
    y, x = np.indices((60, 80))
    image = ((np.hypot(y - 30, x - 28) < 12) | (np.hypot(y - 30, x - 48) < 12)).astype(float)
    options = {"background_radius": 0, "threshold": 0.3}
    found = detect(image, sigma=2, **options).nuclei
    assert found.max() == 2
    assert found[30, 28] != found[30, 48] != 0
    alone = detect((np.hypot(y - 30, x - 28) < 12).astype(float), sigma=2, **options).nuclei
    assert alone.max() == 1
    assert (alone > 0).sum() == pytest.approx(np.pi * 12**2, rel=0.1)


def test_subtracts_the_background_and_refuses_where_it_is_bright():
    image = bells((80, 160), [(40, 40), (40, 120)], 5.0, (1, 1)) + 0.2
    image[:, 80:] += 3
    both = detect(image, threshold=0.2)
    assert both.nuclei.max() == 2
    dark = detect(image, threshold=0.2, maximum_background=2)
    assert dark.nuclei.max() == 1
    assert dark.nuclei[40, 40] == 1


def test_nothing_is_found_where_a_second_stain_is_stronger():
    image = bells((60, 120), [(30, 30), (30, 90)], 5.0, (1, 1))
    other = np.zeros_like(image)
    other[:, 60:] = 2
    assert detect(image, threshold=0.2).nuclei.max() == 2
    found = detect(image, other, threshold=0.2).nuclei
    assert found.max() == 1
    assert not found[:, 60:].any()


def test_limits_of_size():
    image = bells((60, 120), [(30, 30)], 4.0, (1, 1)) + bells((60, 120), [(30, 85)], 9.0, (1, 1))
    options = {"threshold": 0.2, "background_radius": 0}
    assert detect(image, **options).nuclei.max() == 2
    assert detect(image, minimum_diameter=20, **options).nuclei[30, 30] == 0
    assert detect(image, maximum_diameter=20, **options).nuclei[30, 85] == 0


def test_a_coarser_pixel_size_finds_the_same_nuclei():
    image = bells((120, 120), [(35, 35), (35, 85), (85, 60)], 8.0, (1, 1))
    options = {"sigma": voxels(6), "threshold": 0.2, "background_radius": 0}
    fine = detect(image, **options).nuclei
    coarse = detect(image, pixel_size=voxels(3), **options).nuclei
    assert fine.max() == coarse.max() == 3
    for number in (1, 2, 3):
        first, second = fine == number, coarse == number
        assert (first & second).sum() / (first | second).sum() > 0.8


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("split_by_shape", [True, False])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=6, deadline=None)
@pytest.mark.slow
def test_keeps_its_promises(ndim, split_by_shape, seed):
    random = np.random.default_rng(seed)
    shape, spacing = ((60, 64), (1.0, 1.0)) if ndim == 2 else ((10, 26, 28), (2.0, 1.0, 1.0))
    image = ndimage.gaussian_filter(random.random(shape), 2.0)
    found = detect(
        image, sigma=1.0, minimum_diameter=3.0, split_by_shape=split_by_shape, spacing=spacing
    )
    assert found.nuclei.max() > 0
    # Nuclei lie in cells of the same number, and no cell has none.
    inside = found.nuclei > 0
    assert np.array_equal(found.cells[inside], found.nuclei[inside])
    assert np.array_equal(np.unique(found.cells[found.cells > 0]), np.unique(found.nuclei[inside]))
    flipped = detect(
        image[..., ::-1], sigma=1.0, minimum_diameter=3.0, split_by_shape=split_by_shape,
        spacing=spacing,
    )  # fmt: skip
    assert np.mean((flipped.nuclei[..., ::-1] > 0) == inside) > 0.98


def test_brightness_does_not_matter_where_the_threshold_is_found():
    image = bells((80, 80), [(25, 25), (25, 55), (55, 40)], 5.0, (1, 1))
    first = detect(image).nuclei
    assert first.max() == 3
    assert same_objects(first, detect(image * 1000 + 300).nuclei)


def test_cells_are_nuclei_without_expansion():
    image = bells((60, 60), [(30, 30)], 5.0, (1, 1))
    found = detect(image, cell_expansion=0)
    assert found.nuclei.max() == 1
    assert np.array_equal(found.nuclei, found.cells)
    wide = detect(image, cell_expansion=6, smooth_boundaries=False)
    distance = ndimage.distance_transform_edt(wide.nuclei == 0)
    assert np.array_equal(wide.cells > 0, distance <= 6)


@pytest.mark.parametrize(
    ("shape", "spacing"),
    [((90, 120), (1.0, 1.0)), ((40, 60, 70), (1.0, 1.0, 1.0)), ((14, 60, 70), (4.0, 1.0, 1.0))],
)
@pytest.mark.parametrize("radius", [8.0, 14.0])
def test_the_diameter_of_disks_and_balls_is_estimated(shape, spacing, radius):
    grid = np.stack(np.indices(shape), axis=-1) * np.asarray(spacing)
    middle = np.multiply(shape, spacing) / 2
    image = 7.0 + 50 * (np.linalg.norm(grid - middle, axis=-1) <= radius)
    found = nuclei.typical_diameter(image, spacing)
    assert found == pytest.approx(2 * radius, rel=0.25)
    # The unit of length does not matter.
    millimeter = tuple(entry / 1000 for entry in spacing)
    assert nuclei.typical_diameter(image, millimeter) == pytest.approx(found / 1000, rel=1e-4)


def test_the_diameter_of_nothing_is_a_voxel():
    assert nuclei.typical_diameter(np.full((9, 9), 3.0), (2.0, 0.5)) == 0.5


@pytest.mark.parametrize("magnification", [1, 2, 3])
def test_nuclei_are_found_at_any_magnification_without_a_sigma(magnification):
    centres = [(20, 20), (20, 32), (48, 30), (46, 62)]
    fine = [[entry * magnification for entry in centre] for centre in centres]
    grid = np.stack(np.indices((70 * magnification, 80 * magnification)), axis=-1)
    disks = [np.linalg.norm(grid - one, axis=-1) <= 7 * magnification for one in fine]
    # Each has the texture of a nucleus, whose spots are not to be taken for nuclei.
    texture = 1 + 0.3 * np.sin(grid[..., 0] / magnification) * np.sin(grid[..., 1] / magnification)
    image = ndimage.gaussian_filter(np.any(disks, axis=0) * texture, magnification / 2)
    found = detect(image, sigma=None, background_radius=0, maximum_diameter=90).nuclei
    assert found.max() == 4
    assert sorted(found[tuple(one)] for one in fine) == [1, 2, 3, 4]


def test_refuses_diameters_in_the_wrong_order():
    with pytest.raises(ValueError, match="maximum_diameter must be at least minimum_diameter"):
        detect(np.zeros((9, 9)), minimum_diameter=50)
