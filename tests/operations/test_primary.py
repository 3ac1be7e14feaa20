"""Primary objects: known geometry, centrosome's parts, promised invariants."""

from __future__ import annotations

import numpy as np
import pytest
from centrosome import cpmorphology
from centrosome.propagate import propagate as centrosome_propagate
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.segmentation import watershed

from napari_delineate import outlines, segmentation, voxels
from napari_delineate.clumps import blurred_inside
from napari_delineate.kernels.maxima import maxima_within
from tests.inputs import same_objects

identify = segmentation.identify_primary_objects


def balls(shape, centres, radius, spacing):
    """Cones of brightness, 0 at the radius, so that a threshold of 0 marks balls."""
    grid = np.stack(np.indices(shape), axis=-1) * np.asarray(spacing)
    distances = np.min([np.linalg.norm(grid - centre, axis=-1) for centre in centres], axis=0)
    return np.clip(radius - distances, 0, None)


def noise(seed, shape=(60, 70), sigma=2.0):
    random = np.random.default_rng(seed)
    return ndimage.gaussian_filter(random.random(shape), sigma)


def centrosome_objects(image, level, minimum, maximum, by, lines):
    """IdentifyPrimaryObjects from the parts that CellProfiler publishes in centrosome."""
    mask = cpmorphology.fill_labeled_holes(
        (image >= level).astype(int), size_fn=lambda size, _: size < maximum**2
    )
    pieces = ndimage.label(mask, np.ones((3, 3)))[0]
    width = 2.35 * minimum / 3.5
    if by == "intensity":
        reach, sigma = int(width / 2), width / 2.35
        kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
        kernel /= sigma * np.sqrt(2 * np.pi)
        heights, weights = image, np.ones(image.shape)
        for axis in (0, 1):
            heights = ndimage.convolve1d(heights, kernel, axis, mode="constant")
            weights = ndimage.convolve1d(weights, kernel, axis, mode="constant")
        heights = heights / weights
    else:
        heights = ndimage.distance_transform_edt(pieces > 0)
    footprint = cpmorphology.strel_disk(minimum / 1.5 - 0.5)
    peaks = cpmorphology.is_local_maximum(heights, pieces, footprint)
    seeds = ndimage.label(cpmorphology.binary_shrink(peaks), np.ones((3, 3)))[0]
    if lines == "propagate":
        labels = centrosome_propagate(np.zeros(image.shape), seeds, pieces > 0, 1.0)[0]
    else:
        levels = 1 - image if lines == "intensity" else -ndimage.distance_transform_edt(pieces > 0)
        labels = watershed(levels, seeds, connectivity=2, mask=pieces > 0)
    edge = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    areas = np.bincount(labels.ravel())
    gone = (areas < np.pi * minimum**2 / 4) | (areas > np.pi * maximum**2 / 4)
    gone[edge] = True
    labels[gone[labels]] = 0
    return cpmorphology.fill_labeled_holes(labels)


@pytest.mark.parametrize("lines", ["intensity", "shape", "propagate"])
@pytest.mark.parametrize("seed", range(3))
def test_is_what_the_parts_of_centrosome_give(lines, seed):
    image = noise(seed, (90, 110), 2.5)
    level = float(np.quantile(image, 0.6))
    expected = centrosome_objects(image, level, 8, 40, "intensity", lines)
    found = identify(
        image,
        minimum_diameter=8,
        threshold=level,
        threshold_smoothing=0,
        dividing_lines=lines,
        coarse_maxima=False,
    ).objects
    assert expected.max() > 3
    if lines == "intensity":
        assert same_objects(found, expected)
    else:  # where a pixel is as near to two maxima, either is right
        assert found.max() == len(np.unique(expected)) - 1
        assert np.mean((found > 0) == (expected > 0)) > 0.99


@pytest.mark.parametrize("shape", [(40, 50), (12, 20, 24)])
def test_maxima_are_those_of_centrosome_or_of_a_plain_search(shape):
    image = np.round(noise(4, shape, 1.0), 2)
    labels = ndimage.label(image > np.median(image))[0]
    radius = 3
    offsets = np.sum(np.square(np.indices((2 * radius + 1,) * len(shape)) - radius), axis=0)
    footprint = offsets <= radius**2
    found = maxima_within(image, labels, footprint)
    if len(shape) == 2:
        assert np.array_equal(found, cpmorphology.is_local_maximum(image, labels, footprint))
    for number in range(1, labels.max() + 1):
        inside = np.where(labels == number, image, -np.inf)
        highest = ndimage.maximum_filter(inside, footprint=footprint, mode="constant", cval=-np.inf)
        expected = (labels == number) & (inside >= highest)
        assert np.array_equal(found & (labels == number), expected)


def test_blurs_only_with_what_is_inside_the_mask():
    mask = np.zeros((30, 30), bool)
    mask[5:20, 8:25] = True
    constant = np.where(mask, np.float32(7), np.float32(1e6))
    blurred = blurred_inside(constant, mask, 6.0, (1.0, 1.0))
    assert np.allclose(blurred[mask], 7, rtol=1e-5)
    assert not blurred[~mask].any()
    assert np.allclose(blurred_inside(np.full((9, 9), 3.0), None, 6.0, (1.0, 1.0)), 3)


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_fills_what_centrosome_fills_in_separate_objects(seed):
    labels = ndimage.label(noise(seed, (40, 40), 1.5) > 0.5)[0].astype(np.int32)
    holes = outlines.fill_objects(labels)
    expected = cpmorphology.fill_labeled_holes(labels)
    # centrosome also gives an object inside of another one to the outer one.
    alone = np.isin(expected, np.unique(expected[(labels > 0) & (labels != expected)]), invert=True)
    assert np.array_equal(holes[alone], expected[alone])
    assert np.array_equal(holes[labels > 0], labels[labels > 0])


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (4.0, 1.0, 1.0), (2.0, 0.5, 0.5)])
@pytest.mark.parametrize("divide_by", ["intensity", "shape"])
def test_touching_balls_are_the_same_objects_on_any_grid(spacing, divide_by):
    centres = [(16, 14, 14), (16, 14, 31), (16, 31, 20)]
    shape = tuple(int(size / entry) for size, entry in zip((32, 45, 45), spacing, strict=True))
    image = balls(shape, centres, 10, spacing)
    found = identify(
        image,
        minimum_diameter=12.0,
        maximum_diameter=26.0,
        threshold=0.01,
        threshold_smoothing=0.0,
        divide_by=divide_by,
        dividing_lines=divide_by,
        spacing=spacing,
    )
    assert found.summary["kept"].tolist() == [3]
    for number in (1, 2, 3):
        places = np.argwhere(found.objects == number) * spacing
        centre = places.mean(axis=0)
        nearest = min(centres, key=lambda one: np.linalg.norm(centre - one))
        assert np.linalg.norm(centre - nearest) < 1.5
        volume = len(places) * np.prod(spacing)
        assert volume == pytest.approx(4 / 3 * np.pi * 10**3, rel=0.15)


def test_says_what_became_of_every_object():
    image = np.zeros((100, 120))
    image[10:30, 10:30] = 1  # kept
    image[10:13, 50:53] = 1  # small
    image[40:95, 30:95] = 1  # large
    image[0:15, 80:95] = 1  # at the border
    found = identify(image, threshold=0.5, threshold_smoothing=0, divide_by="none")
    assert found.categories[20, 20] == 1
    assert found.categories[11, 51] == 2
    assert found.categories[60, 60] == 3
    assert found.categories[5, 85] == 4
    assert found.categories[0, 0] == 0
    assert np.array_equal(found.objects > 0, found.categories == 1)
    counts = found.summary[["kept", "too_small", "too_large", "at_border", "threshold"]]
    assert counts.to_numpy().tolist() == [[1, 1, 1, 1, 0.5]]
    everything = identify(
        image,
        threshold=0.5,
        threshold_smoothing=0,
        divide_by="none",
        discard_border=False,
        discard_outside_diameters=False,
    )
    assert everything.objects.max() == 4
    assert np.array_equal(everything.objects > 0, image > 0)


def test_the_border_of_the_mask_counts():
    image = np.zeros((60, 60))
    image[10:30, 10:30] = image[35:55, 35:55] = 1
    mask = np.ones((60, 60), bool)
    mask[:, 50:] = False
    settings_ = {"threshold": 0.5, "threshold_smoothing": 0}
    assert identify(image, mask, **settings_).categories[40, 40] == 4
    assert identify(image, mask, discard_border=False, **settings_).objects.max() == 2
    assert identify(image, np.ones_like(mask), **settings_).objects.max() == 2


@pytest.mark.parametrize("fill_holes", ["before_and_after_division", "after_division", "never"])
def test_fills_holes_when_asked(fill_holes):
    image = np.zeros((80, 80))
    image[10:70, 10:70] = 1
    image[20:23, 20:23] = image[30:60, 30:60] = 0
    found = identify(
        image,
        threshold=0.5,
        threshold_smoothing=0,
        divide_by="none",
        discard_outside_diameters=False,
        fill_holes=fill_holes,
    ).objects
    expected = image if fill_holes == "never" else ndimage.binary_fill_holes(image)
    assert np.array_equal(found > 0, expected > 0)


def test_fills_only_narrow_holes_before_the_division():
    """Four touching disks enclose a gap: it joins them if it is filled first."""
    image = balls((60, 60), [(20, 20), (20, 40), (40, 20), (40, 40)], 11, (1, 1))
    options = {
        "threshold": 0.01,
        "threshold_smoothing": 0,
        "discard_border": False,
        "coarse_maxima": False,
    }
    assert (image[30, 30], image[30, 20] > 0) == (0, True)
    filled = identify(image, **options)
    assert filled.categories[30, 30] > 0
    assert identify(image, fill_holes="after_division", **options).categories[30, 30] == 0


def test_erases_everything_where_there_is_too_much():
    image = np.zeros((80, 80))
    image[10:25, 10:25] = image[40:55, 40:55] = 1
    assert identify(image, maximum_number=2).objects.max() == 2
    erased = identify(image, maximum_number=1)
    assert erased.objects.max() == 0
    assert erased.summary["erased"].tolist() == [2]


def test_dark_objects_are_those_of_the_inverted_image():
    image = (noise(8, (80, 80)) * 255).astype(np.uint8)
    ends = int(image.min()) + int(image.max())
    inverted = (ends - image.astype(int)).astype(np.uint8)
    dark = identify(image, brightness="dark")
    bright = identify(inverted)
    assert dark.objects.max() > 0
    assert np.array_equal(dark.objects, bright.objects)
    levels = dark.summary["threshold"][0] + bright.summary["threshold"][0]
    assert levels == pytest.approx(ends, abs=0.01)
    given_level = identify(image, brightness="dark", threshold=100, threshold_smoothing=0)
    assert ((given_level.categories > 0) <= ndimage.binary_fill_holes(image <= 100)).all()


def test_the_coarse_grid_finds_the_same_round_objects():
    centres = [(30, 30), (30, 62), (75, 40), (75, 80)]
    image = balls((110, 120), centres, 18, (1, 1))
    options = {"minimum_diameter": 24, "threshold": 0.01, "threshold_smoothing": 0}
    fine = identify(image, coarse_maxima=False, **options).objects
    coarse = identify(image, **options).objects
    assert fine.max() == 4
    assert np.mean(fine == coarse) > 0.99


@pytest.mark.parametrize("lines", ["intensity", "shape", "propagate"])
@pytest.mark.parametrize("by", ["intensity", "shape"])
@given(st.integers(0, 10_000))
@settings(max_examples=8, deadline=None)
def test_objects_are_connected_and_cover_the_foreground(by, lines, seed):
    image = noise(seed, (40, 50), 1.5)
    level = float(np.median(image))
    found = identify(
        image,
        minimum_diameter=voxels(6),
        threshold=level,
        threshold_smoothing=0,
        divide_by=by,
        dividing_lines=lines,
        fill_holes="never",
        discard_border=False,
        discard_outside_diameters=False,
    ).objects
    assert np.array_equal(found > 0, image >= level)
    for number in range(1, found.max() + 1):
        assert ndimage.label(found == number, np.ones((3, 3)))[1] == 1


@given(st.integers(0, 10_000), st.integers(1, 9), st.integers(1, 9))
@settings(max_examples=10, deadline=None)
def test_a_shift_shifts_the_objects(seed, down, right):
    image = np.pad(noise(seed, (50, 50)), 30, constant_values=0)
    options = {"threshold": 0.5, "threshold_smoothing": 0, "coarse_maxima": False}
    found = identify(image, **options).objects
    moved = identify(np.roll(image, (down, right), (0, 1)), **options).objects
    assert same_objects(np.roll(found, (down, right), (0, 1)), moved)


def test_refuses_diameters_in_the_wrong_order():
    with pytest.raises(ValueError, match="maximum_diameter must be at least minimum_diameter"):
        identify(np.zeros((9, 9)), minimum_diameter=50)


def test_a_single_slice_is_treated_as_2d():
    image = balls((70, 70), [(20, 20), (45, 45)], 12, (1, 1))
    flat = identify(image).objects
    assert flat.max() == 2
    assert np.array_equal(identify(image[None]).objects[0], flat)
