"""Segmentations equal scikit-image's, find known objects, and respect physical size."""

from __future__ import annotations

import itertools
import tracemalloc

import numpy as np
import pytest
import skimage
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import filters as skfilters
from skimage.measure import label
from skimage.morphology import local_maxima, local_minima
from skimage.segmentation import watershed

from napari_delineate import metrics, postprocessing, segmentation, voxels
from tests.inputs import same_objects

METHODS = ["isodata", "li", "mean", "minimum", "otsu", "triangle", "yen"]
DTYPES = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]


def two_modes(dtype=np.uint8):
    """A dark and a bright region with noise: levels around 20 and 90."""
    random = np.random.default_rng(3)
    image = random.normal(20, 4, (40, 50))
    image[10:30, 15:40] += 70
    return np.clip(image.round(), 0, 127).astype(dtype)


# Threshold


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_threshold_equals_scikit_image(method, dtype):
    image = two_modes(dtype)
    level = getattr(skfilters, f"threshold_{method}")(image)
    assert np.array_equal(segmentation.threshold(image, method=method), image > level)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "path", ["blobs.tif", "mitosis_mod.tif", "BBBC022_IXMtest_A02_s9_ch0.tif", "maize_clsm.tif"]
)
def test_threshold_equals_scikit_image_on_real_images(shared_image, method, path):
    image = shared_image(f"published/{path}")
    try:
        level = getattr(skfilters, f"threshold_{method}")(image)
    except RuntimeError:
        with pytest.raises(ValueError, match="finds no threshold"):
            segmentation.threshold(image, method=method)
        return
    assert np.array_equal(segmentation.threshold(image, method=method), image > level)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "i8"])
def test_threshold_of_negative_integers_is_that_of_the_same_image_shifted(method, dtype):
    # Far below 0, differences of pixels do not fit the dtype.
    image = two_modes(np.int64)
    lowest = np.iinfo(dtype).min
    shifted = (image + lowest).astype(dtype)
    assert np.array_equal(
        segmentation.threshold(shifted, method=method),
        segmentation.threshold(image, method=method),
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", ["i4", "u4", "i8", "u8"])
@pytest.mark.parametrize("spread", [1, 2**24])
def test_threshold_makes_no_histogram_of_every_level_of_large_integers(method, dtype, spread):
    largest = np.iinfo(dtype).max
    image = two_modes(np.dtype(dtype)) * np.array(spread, dtype)
    image = image + np.array(largest - image.max(), dtype)
    tracemalloc.start()
    try:
        found = segmentation.threshold(image, method=method)
    finally:
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert used < 5e6
    # Wide ranges have 256 bins, as floats have.
    same = two_modes() if spread == 1 else image.astype(np.float64)
    level = getattr(skfilters, f"threshold_{method}")(same)
    assert np.array_equal(found, same > level)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "change",
    [
        lambda image: image * 1e-300,
        lambda image: image * 1e300,
        lambda image: (image - 64) * 2.7e306,
        lambda image: 1 + image * 2.0**-50,
        lambda image: np.float32(3e7) + image.astype(np.float32) * 2,
    ],
    ids=["tiny", "huge", "huge both signs", "almost constant", "far from 0"],
)
def test_threshold_takes_floats_of_any_size(method, change):
    image = two_modes(np.float64)
    found = segmentation.threshold(change(image), method=method)
    expected = segmentation.threshold(image, method=method)
    assert np.mean(found != expected) < 0.02


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("value", [0, 7, 255])
def test_threshold_finds_nothing_in_a_constant_image(method, value):
    found = segmentation.threshold(np.full((5, 6), value, np.uint8), method=method)
    assert found.dtype == bool
    assert not found.any()


def test_threshold_minimum_without_two_modes_names_other_methods():
    image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    with pytest.raises(ValueError, match=r"'minimum' finds no threshold .*'otsu', 'li'"):
        segmentation.threshold(image, method="minimum")


@pytest.mark.timeout(15)
def test_threshold_minimum_is_fast_on_16_bits():
    # Looking at each of the levels in each of 10,000 rounds would take half a minute.
    image = np.random.default_rng(0).integers(0, 20_000, (64, 64)).astype(np.uint16)
    with pytest.raises(ValueError, match="finds no threshold"):
        segmentation.threshold(image, method="minimum")


@pytest.mark.parametrize("method", [method for method in METHODS if method != "minimum"])
def test_threshold_separates_two_values(method):
    image = np.array([[3, 3, 9], [3, 9, 9]])
    found = segmentation.threshold(image, method=method)
    assert np.array_equal(found, image == 9)


@settings(max_examples=150, deadline=None)
@given(
    image=hnp.arrays(
        st.sampled_from(["?", *DTYPES, "f2"]),
        hnp.array_shapes(min_dims=2, max_dims=3, max_side=4),
        elements={"allow_nan": False, "allow_infinity": False},
    ),
    method=st.sampled_from([method for method in METHODS if method != "minimum"]),
)
def test_threshold_keeps_the_order_of_the_pixels(image, method):
    found = segmentation.threshold(image, method=method)
    assert found.shape == image.shape
    if found.any() and not found.all():
        assert image[found].min() > image[~found].max()


# Connected components


@pytest.mark.parametrize("connectivity", ["full", "face"])
@pytest.mark.parametrize("shape", [(30, 31), (9, 14, 15), (1, 30, 31), (30, 1), (7, 1, 9)])
@pytest.mark.parametrize("density", [0.1, 0.3, 0.6])
def test_components_and_their_numbers_equal_scikit_image(connectivity, shape, density):
    mask = np.random.default_rng(0).random(shape) < density
    expected = label(mask, connectivity=len(shape) if connectivity == "full" else 1)
    found = segmentation.label_connected_components(mask, connectivity=connectivity)
    assert np.array_equal(found, expected)


@settings(max_examples=100, deadline=None)
@given(
    mask=hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=3, max_side=6)),
    connectivity=st.sampled_from(["full", "face"]),
)
def test_components_equal_scikit_image_on_any_mask(mask, connectivity):
    expected = label(mask, connectivity=mask.ndim if connectivity == "full" else 1)
    found = segmentation.label_connected_components(mask, connectivity=connectivity)
    assert np.array_equal(found, expected)


def test_components_of_labels_are_those_of_their_foreground():
    labels = np.array([[1, 2, 0, 7], [0, 0, 0, 7]])
    found = segmentation.label_connected_components(labels)
    assert found.tolist() == [[1, 1, 0, 2], [0, 0, 0, 2]]


# Gauss-Otsu and Voronoi-Otsu


def recipe(image, spot_sigma, outline_sigma):
    """Voronoi-Otsu as it is taught, in plain scikit-image."""
    spots = local_maxima(skfilters.gaussian(image, spot_sigma))
    outline = skfilters.gaussian(image, outline_sigma)
    mask = outline > skfilters.threshold_otsu(outline)
    return watershed(mask, label(spots & mask), mask=mask)


@pytest.mark.parametrize("sigmas", [(2, 2), (5, 1), (3.5, 1.7)])
@pytest.mark.parametrize(
    "path",
    [
        "published/blobs.tif",
        "published/BBBC022_IXMtest_A02_s9_ch0.tif",
        "nuclei2d_gt/dsb_76c4f14e.tif",
        "nuclei2d_gt/biad634_ganglioneuroblastoma_0a.tif",
        "nuclei3d_gt/qcanet_mouse_embryo_8_cell_stage.tif",
    ],
)
def test_voronoi_otsu_equals_the_recipe_in_scikit_image(shared_image, path, sigmas):
    image = shared_image(path)
    found = segmentation.voronoi_otsu_labeling(image, spot_sigma=sigmas[0], outline_sigma=sigmas[1])
    assert np.array_equal(found, recipe(image, *sigmas))


def test_voronoi_otsu_equals_the_recipe_on_a_photograph():
    image = skimage.data.coins()
    found = segmentation.voronoi_otsu_labeling(image, spot_sigma=10, outline_sigma=2)
    assert np.array_equal(found, recipe(image, 10, 2))


@pytest.mark.parametrize("sigma", [0, 1, 3])
def test_gauss_otsu_equals_the_recipe_in_scikit_image(sigma):
    image = skimage.data.coins()
    blurred = skfilters.gaussian(image, sigma)
    expected = label(blurred > skfilters.threshold_otsu(blurred))
    found = segmentation.gauss_otsu_labeling(image, outline_sigma=sigma)
    assert np.array_equal(found, expected)


@pytest.mark.parametrize(
    ("operation", "sigmas", "objects", "overlap"),
    [
        ("voronoi_otsu_labeling", {"spot_sigma": 5, "outline_sigma": 1}, 702, 0.673),
        ("voronoi_otsu_labeling", {"spot_sigma": 8, "outline_sigma": 1}, 593, 0.639),
        ("gauss_otsu_labeling", {"outline_sigma": 1}, 647, 0.649),
    ],
)
def test_nuclei_with_reference_score_as_the_baselines(
    shared_data, shared_image, operation, sigmas, objects, overlap
):
    """The numbers are those of BASELINES.md beside the images, made without this package."""
    scores, numbers = [], []
    for path in sorted(shared_data.glob("nuclei2d_gt/dsb_*_labels.tif")):
        image = shared_image(f"nuclei2d_gt/{path.name.replace('_labels', '')}")
        labels = getattr(segmentation, operation)(image, **sigmas)
        numbers.append(labels.max())
        scores.append(metrics.sparse_jaccard(shared_image(f"nuclei2d_gt/{path.name}"), labels))
    assert len(scores) == 14
    assert sum(numbers) == objects
    assert np.mean(scores) == pytest.approx(overlap, abs=5e-4)


@pytest.mark.parametrize(
    "operation", [segmentation.gauss_otsu_labeling, segmentation.voronoi_otsu_labeling]
)
@pytest.mark.parametrize("value", [0, 0.1, 1 / 3, 7e5 + 0.1])
def test_a_constant_image_has_no_objects(operation, value):
    assert not operation(np.full((6, 20, 21), value)).any()


@pytest.mark.parametrize("columns", [3, 4])
def test_a_last_axis_of_few_pixels_is_no_colour(columns):
    # scikit-image's thresholds warn of images of that shape, and warnings fail here.
    image = two_modes()[:, 13 : 13 + columns]
    assert segmentation.threshold(image).any()
    assert segmentation.gauss_otsu_labeling(image, outline_sigma=0).any()
    assert segmentation.voronoi_otsu_labeling(image).any()


def test_voronoi_otsu_of_flat_objects_finds_each_once():
    image = np.zeros((60, 80), np.uint8)
    image[10:50, 10:40] = 200
    image[5:20, 50:71] = 255
    assert segmentation.voronoi_otsu_labeling(image).max() == 2
    assert segmentation.voronoi_otsu_labeling(image > 0).max() == 2


def test_voronoi_otsu_covers_the_foreground():
    image = skimage.data.coins()
    labels = segmentation.voronoi_otsu_labeling(image, spot_sigma=2, outline_sigma=2)
    blurred = skfilters.gaussian(image, 2)
    assert np.array_equal(labels > 0, blurred > skfilters.threshold_otsu(blurred))


# Watershed and maxima


@pytest.mark.parametrize("dtype", ["u1", "i2", "f4", "f8"])
@pytest.mark.parametrize("shape", [(24, 25), (7, 12, 13)])
def test_seeded_watershed_equals_scikit_image(shape, dtype):
    random = np.random.default_rng(0)
    image = ndimage.gaussian_filter(random.normal(50, 30, shape), 1.5).astype(dtype)
    seeds = np.where(random.random(shape) > 0.98, random.integers(1, 99, shape), 0)
    assert np.array_equal(segmentation.seeded_watershed(image, seeds), watershed(image, seeds))


def test_seeded_watershed_keeps_numbers_beyond_32_bits():
    image = np.random.default_rng(0).random((20, 21))
    seeds = np.zeros((20, 21), np.int64)
    seeds[3, 3], seeds[15, 15], seeds[3, 18] = 7, 2**40, 2**31
    small = np.select([seeds == 7, seeds == 2**31, seeds == 2**40], [1, 2, 3])
    expected = np.array([0, 7, 2**31, 2**40])[watershed(image, small)]
    assert np.array_equal(segmentation.seeded_watershed(image, seeds), expected)


def test_seeded_watershed_where_every_pixel_is_a_seed_changes_nothing():
    seeds = np.random.default_rng(0).integers(1, 9, (6, 7))
    assert np.array_equal(segmentation.seeded_watershed(np.zeros((6, 7)), seeds), seeds)
    assert np.array_equal(
        segmentation.seeded_watershed(np.zeros((6, 7)), seeds + 2**40), seeds + 2**40
    )


def test_seeded_watershed_without_seeds_finds_nothing():
    found = segmentation.seeded_watershed(np.eye(5), np.zeros((5, 5), int))
    assert found.tolist() == np.zeros((5, 5)).tolist()


@pytest.mark.parametrize("sigmas", [(10, 0), (9, 3), (4, 1)])
def test_minima_seeded_watershed_equals_the_recipe_in_scikit_image(shared_image, sigmas):
    image = shared_image("published/membrane2d.tif")
    seeds = label(local_minima(skfilters.gaussian(image, sigmas[0])))
    expected = watershed(skfilters.gaussian(image, sigmas[1]), seeds)
    found = segmentation.local_minima_seeded_watershed(
        image, spot_sigma=sigmas[0], outline_sigma=sigmas[1]
    )
    assert np.array_equal(found, expected)


def test_minimum_intensity_removes_cells_that_are_dark_on_average(shared_image):
    image = shared_image("published/membrane2d.tif")
    every = segmentation.local_minima_seeded_watershed(image, spot_sigma=9)
    means = np.array([image[every == number].mean() for number in range(1, every.max() + 1)])
    limit = float(np.median(means))
    kept = segmentation.local_minima_seeded_watershed(image, spot_sigma=9, minimum_intensity=limit)
    assert kept.max() == np.sum(means > limit)
    assert same_objects(kept, np.where(np.isin(every, 1 + np.flatnonzero(means > limit)), every, 0))


def test_membranes_with_reference_score_as_the_baseline(shared_image):
    """32 cells and an overlap of 0.657 are those of BASELINES.md beside the images."""
    image = shared_image("membrane/plantseg_ovule_y0-64.tif")
    reference = shared_image("membrane/plantseg_ovule_y0-64_labels.tif")
    labels = segmentation.local_minima_seeded_watershed(
        image, spot_sigma=voxels(3), outline_sigma=voxels(1), spacing=(0.235, 0.15, 0.15)
    )
    labels = np.where(reference > 0, labels, 0)
    assert len(np.unique(labels[labels > 0])) == 32
    assert metrics.sparse_jaccard(reference, labels) == pytest.approx(0.657, abs=5e-4)


def test_local_maxima_equal_scikit_image(shared_image):
    image = shared_image("published/blobs.tif")
    found = segmentation.local_maxima(image, sigma=2)
    expected = label(local_maxima(skfilters.gaussian(image, 2)))
    assert np.array_equal(found.labels, expected)


@pytest.mark.parametrize("spacing", [(1, 1, 1), (4, 1, 1), (1, 1, 0.25), (0.5, 0.2, 0.3)])
def test_local_maxima_lie_at_the_physical_places_of_spots(spacing):
    places = np.array([[8.0, 6.0, 5.0], [16.0, 20.0, 9.0], [12.0, 14.0, 22.0]])
    shape = tuple(int(25 / step) for step in spacing)
    grid = np.indices(shape) * np.reshape(spacing, (3, 1, 1, 1))
    image = sum(
        np.exp(-((grid - place[:, None, None, None]) ** 2).sum(axis=0) / 18) for place in places
    )
    points, labels = segmentation.local_maxima(image, sigma=1.5, spacing=spacing)
    assert len(points) == labels.max() == 3
    for place in places:
        assert np.linalg.norm(points - place, axis=1).min() < max(spacing) / 2 + 0.2
    # Row i of the points belongs to the label i + 1.
    pixels = np.rint(points / spacing).astype(int)
    assert labels[tuple(pixels.T)].tolist() == [1, 2, 3]


def test_a_plateau_is_one_maximum_at_its_centre():
    image = np.zeros((9, 12))
    image[3:6, 2:6] = 1
    points, labels = segmentation.local_maxima(image, sigma=0, spacing=(2, 0.5))
    assert points.tolist() == [[8, 1.75]]
    assert np.array_equal(labels, image)


def test_a_constant_image_has_no_maxima():
    points, labels = segmentation.local_maxima(np.full((4, 9, 9), 0.1))
    assert points.shape == (0, 3)
    assert not labels.any()


# Mirroring and shifting


def soft_spots(shape=(60, 70), number=12):
    """Spots at random places, all at least 8 pixels from the border, without ties."""
    random = np.random.default_rng(1)
    grid = np.indices(shape)
    image = random.random(shape) * 1e-3
    for _ in range(number):
        place = [random.uniform(8, size - 8) for size in shape]
        distance = sum((axis - at) ** 2 for axis, at in zip(grid, place, strict=True))
        image += random.uniform(0.8, 1.2) * np.exp(-distance / 18)
    return image


SEGMENTATIONS = [
    segmentation.gauss_otsu_labeling,
    segmentation.voronoi_otsu_labeling,
    lambda image, **settings: segmentation.local_maxima(image, **settings).labels,
]


@pytest.mark.parametrize("segment", SEGMENTATIONS, ids=["gauss", "voronoi", "maxima"])
@pytest.mark.parametrize("spacing", [(1, 1), (2, 1)])
def test_segmentations_commute_with_mirroring(segment, spacing):
    image = soft_spots()
    expected = segment(image, spacing=spacing)
    found = segment(image[::-1, ::-1], spacing=spacing)[::-1, ::-1]
    assert found.max() == expected.max()
    # Where a pixel is as near to two seeds, the order of the flood decides.
    assert np.array_equal(found > 0, expected > 0)
    assert metrics.sparse_jaccard(expected, found) > 0.97


@pytest.mark.parametrize("segment", SEGMENTATIONS, ids=["gauss", "voronoi", "maxima"])
def test_segmentations_commute_with_shifting(segment):
    # A dark frame wider than the reach of the Gaussians hides the border.
    image = np.pad(soft_spots(), 12)
    expected = segment(image)
    found = segment(np.roll(image, (3, -4), axis=(0, 1)))
    assert same_objects(np.roll(found, (-3, 4), axis=(0, 1)), expected)


@pytest.mark.parametrize("scale", [0.5, 3.0])
def test_segmentations_do_not_depend_on_the_unit_of_length(scale):
    image = soft_spots()
    one = segmentation.voronoi_otsu_labeling(image, spot_sigma=2, outline_sigma=1, spacing=(2, 1))
    other = segmentation.voronoi_otsu_labeling(
        image, spot_sigma=2 * scale, outline_sigma=scale, spacing=(2 * scale, scale)
    )
    assert np.array_equal(one, other)


# Anisotropic voxels give the same objects as isotropic ones

SIZE = (56, 64, 64)
BALLS = [  # centre and radius; the first three and the last two touch
    ((16, 16, 16), 9),
    ((16, 33, 16), 9),
    ((33, 16, 16), 9),
    ((18, 48, 48), 10),
    ((40, 20, 46), 8),
    ((40, 48, 22), 8),
    ((40, 48, 37), 8),
]
GRIDS = [(4.0, 1.0, 1.0), (1.0, 1.0, 0.25), (1.0, 2.0, 1.0)]
grids = pytest.mark.parametrize("spacing", GRIDS, ids=str)


def distances_to_balls(spacing):
    """The distance of every voxel centre to the surface of every ball, below 0 inside."""
    shape = [int(np.ceil(size / step)) for size, step in zip(SIZE, spacing, strict=True)]
    grid = [
        axis * step for axis, step in zip(np.ogrid[tuple(map(slice, shape))], spacing, strict=True)
    ]
    return np.stack(
        [
            np.sqrt(sum((axis - at) ** 2 for axis, at in zip(grid, centre, strict=True))) - radius
            for centre, radius in BALLS
        ]
    )


def bright_balls(spacing):
    """Balls with a soft edge of 2 units, somewhat brighter inside."""
    distance = distances_to_balls(spacing).min(axis=0)
    return np.clip(0.5 - distance / 2, 0, 1) + 0.05 * np.clip(-distance, 0, None)


def at_common_places(labels, spacing):
    """Take labels at the voxel centres that all grids share, those of (4, 2, 1)."""
    steps = [int(common / step) for common, step in zip((4, 2, 1), spacing, strict=True)]
    return labels[tuple(slice(None, None, step) for step in steps)]


def assert_same_objects_in_space(isotropic, labels, spacing, overlap):
    assert labels.max() == isotropic.max()
    one = at_common_places(isotropic, (1, 1, 1))
    other = at_common_places(labels, spacing)
    assert one.shape == other.shape
    for first, second in itertools.permutations([one, other]):
        for number in np.unique(first[first > 0]):
            inside = first == number
            match = np.bincount(second[inside]).argmax()
            assert match > 0
            union = np.sum(inside | (second == match))
            assert np.sum(inside & (second == match)) / union > overlap


@grids
def test_voronoi_otsu_finds_the_same_balls_on_any_grid(spacing):
    def segment(spacing):
        return segmentation.voronoi_otsu_labeling(
            bright_balls(spacing), spot_sigma=3, outline_sigma=1, spacing=spacing
        )

    isotropic = segment((1.0, 1.0, 1.0))
    assert isotropic.max() == len(BALLS)
    assert_same_objects_in_space(isotropic, segment(spacing), spacing, overlap=0.85)
    # The balls themselves are the truth. Otsu's outline lies somewhat inside.
    truth = distances_to_balls(spacing)
    truth = np.where(truth.min(axis=0) < 0, truth.argmin(axis=0) + 1, 0)
    assert metrics.sparse_jaccard(truth, segment(spacing)) > 0.85


@grids
def test_gauss_otsu_finds_the_same_balls_on_any_grid(spacing):
    def segment(spacing):
        return segmentation.gauss_otsu_labeling(
            bright_balls(spacing), outline_sigma=1, spacing=spacing
        )

    isotropic = segment((1.0, 1.0, 1.0))
    assert isotropic.max() == 4  # touching balls are one
    assert_same_objects_in_space(isotropic, segment(spacing), spacing, overlap=0.9)


@grids
def test_split_touching_objects_finds_the_same_balls_on_any_grid(spacing):
    def segment(spacing):
        mask = distances_to_balls(spacing).min(axis=0) < 0
        return postprocessing.split_touching_objects(mask, sigma=2, spacing=spacing)

    isotropic = segment((1.0, 1.0, 1.0))
    assert isotropic.max() == len(BALLS)
    assert_same_objects_in_space(isotropic, segment(spacing), spacing, overlap=0.85)


@grids
def test_local_maxima_find_the_same_balls_on_any_grid(spacing):
    points = segmentation.local_maxima(bright_balls(spacing), sigma=3, spacing=spacing).points
    assert len(points) == len(BALLS)
    for centre, _ in BALLS:
        assert np.linalg.norm(points - centre, axis=1).min() < max(spacing) / 2 + 0.5


@grids
def test_minima_seeded_watershed_finds_the_same_cells_on_any_grid(spacing):
    """Cells whose walls lie where two centres are equally near: Voronoi's, by definition."""

    def cells(spacing):
        distances = distances_to_balls(spacing) + np.array([radius for _, radius in BALLS]).reshape(
            -1, 1, 1, 1
        )
        nearest = np.sort(distances, axis=0)
        # 0 at the centres, 1 where two are equally near, and growing all the way.
        walls = nearest[0] / nearest[1]
        labels = segmentation.local_minima_seeded_watershed(
            walls, spot_sigma=3, outline_sigma=0, spacing=spacing
        )
        return labels, distances.argmin(axis=0) + 1

    isotropic, truth = cells((1.0, 1.0, 1.0))
    assert metrics.sparse_jaccard(truth, isotropic) > 0.9
    labels, truth = cells(spacing)
    assert metrics.sparse_jaccard(truth, labels) > 0.9
    assert_same_objects_in_space(isotropic, labels, spacing, overlap=0.85)


@grids
def test_flooding_a_flat_foreground_follows_physical_distance(spacing):
    """Two seeds in one bright plateau: the border lies halfway in space, not in voxels."""
    shape = [int(np.ceil(size / step)) for size, step in zip((40, 40, 40), spacing, strict=True)]
    grid = np.indices(shape) * np.reshape(spacing, (3, 1, 1, 1))
    image = np.zeros(shape)
    image[(abs(grid - 20) <= 14).all(axis=0)] = 1.0
    seeds = np.array([[12.0, 12.0, 12.0], [28.0, 24.0, 28.0]])
    to_seeds = np.stack(
        [np.sqrt(((grid - seed[:, None, None, None]) ** 2).sum(axis=0)) for seed in seeds]
    )
    # Spots of 2 units on the plateau become the two maxima.
    image[to_seeds.min(axis=0) <= 2] = 1.5
    labels = segmentation.voronoi_otsu_labeling(
        image, spot_sigma=1, outline_sigma=0, spacing=spacing
    )
    truth = np.where(labels > 0, to_seeds.argmin(axis=0) + 1, 0)
    assert labels.max() == 2
    # Next to the border, voxels belong to both sides.
    clear = (truth > 0) & (np.ptp(to_seeds, axis=0) > max(spacing))
    assert np.mean(labels[clear] == truth[clear]) > 0.98
