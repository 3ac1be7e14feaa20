"""Partitions and centrelines: scikit-image, all pairs of pixels, known shapes, and laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage import metrics as skimage_metrics
from skimage.morphology import skeletonize

from napari_delineate import metrics
from tests.operations.test_metrics import ALL, NOTHING, SOME, pairs


@pytest.mark.parametrize("ignored", [(0,), ()])
@settings(deadline=None, max_examples=60)
@given(pair=pairs(largest=4))
def test_partitions_equal_scikit_image(ignored, pair):
    reference, labels = pair
    if ignored and not (reference > 0).any():
        return
    rand = metrics.adapted_rand_error(*pair, ignore_background=bool(ignored))
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = skimage_metrics.adapted_rand_error(*pair, ignore_labels=ignored)
    if np.isfinite(expected).all():
        # Precision is of the pairs that are together in the labels; the names are theirs.
        found = rand["adapted_rand_error"], rand["recall"], rand["precision"]
        assert found == pytest.approx(expected, abs=1e-12)
    # Pixels are left out where the reference is background, whatever the labels are.
    counted = (reference > 0) | (not ignored)
    expected = skimage_metrics.variation_of_information(
        reference[counted][np.newaxis], labels[counted][np.newaxis]
    )
    found = metrics.variation_of_information(*pair, ignore_background=bool(ignored))
    assert [found["split"], found["merge"]] == pytest.approx(list(expected), abs=1e-9)
    assert found["variation_of_information"] == pytest.approx(sum(expected), abs=1e-9)


@settings(deadline=None, max_examples=40)
@given(pair=pairs(largest=4))
def test_precision_and_recall_are_those_of_all_pairs_of_pixels(pair):
    first, second = (one[pair[0] > 0] for one in pair)
    distinct = ~np.eye(len(first), dtype=bool)
    together = [np.equal.outer(one, one) & distinct for one in (first, second)]
    found = metrics.adapted_rand_error(*pair)
    shared = (together[0] & together[1]).sum()
    if together[0].any():
        assert found["recall"] == pytest.approx(shared / together[0].sum())
    if together[1].any():
        assert found["precision"] == pytest.approx(shared / together[1].sum())


def test_a_split_and_a_merge_of_halves_are_one_bit():
    one, two = np.ones((4, 8), int), np.repeat([[1, 2]], 4, axis=0).repeat(4, axis=1)
    split = metrics.variation_of_information(one, two)
    assert split == {"variation_of_information": 1, "split": 1, "merge": 0}
    merged = metrics.variation_of_information(two, one)
    assert merged == {"variation_of_information": 1, "split": 0, "merge": 1}
    assert metrics.adapted_rand_error(one, two)["precision"] == 1
    assert metrics.adapted_rand_error(two, one)["recall"] == 1


@pytest.mark.parametrize(
    ("reference", "labels", "error"),
    [(NOTHING, NOTHING, 0), (ALL, ALL, 0), (NOTHING, SOME, 1), (ALL, NOTHING, 0)],
)
def test_partitions_at_the_edges(reference, labels, error):
    """One object without labels is one part still: only its number differs."""
    assert metrics.adapted_rand_error(reference, labels)["adapted_rand_error"] == error
    found = metrics.variation_of_information(reference, labels)
    assert set(found.values()) == {0}


@settings(deadline=None, max_examples=40)
@given(pair=pairs(largest=3), numbers=st.permutations([1, 5, 2**40]), data=st.data())
def test_partitions_depend_on_neither_numbers_nor_places(pair, numbers, data):
    table = np.array([0, *numbers])
    axes = data.draw(st.permutations(range(pair[0].ndim)))
    for function in (metrics.adapted_rand_error, metrics.variation_of_information):
        expected = pytest.approx(function(*pair), abs=1e-9)
        assert function(table[pair[0]], table[pair[1]]) == expected
        assert function(*(one.transpose(axes) for one in pair)) == expected
        region = np.ones(pair[0].shape, bool)
        assert function(*pair, region) == expected
        padded = [np.pad(one, 2, constant_values=value) for one, value in zip(pair, (3, 2))]  # noqa: B905
        assert function(*padded, np.pad(region, 2)) == expected
    assert metrics.adapted_rand_error(pair[0], pair[0])["adapted_rand_error"] == 0
    whole = metrics.variation_of_information(*pair, ignore_background=False)
    other = metrics.variation_of_information(*pair[::-1], ignore_background=False)
    assert whole["split"] == pytest.approx(other["merge"], abs=1e-9)


# Centrelines


def tree(shape=(60, 60)):
    mask = np.zeros(shape, bool)
    mask[10:15, 5:55] = True
    mask[10:50, 28:33] = True
    return mask


@pytest.mark.parametrize("ndim", [2, 3])
def test_centerlines_equal_their_definition(ndim):
    reference = tree()
    labels = ndimage.binary_dilation(reference, iterations=2)
    labels[30:] = False
    if ndim == 3:
        reference, labels = (
            np.pad(one[np.newaxis].repeat(5, axis=0), ((2, 2), (0, 0), (0, 0)))
            for one in (reference, labels)
        )
    lines = [skeletonize(mask) for mask in (reference, labels)]
    sensitivity, precision = lines[0][labels].sum(), lines[1][reference].sum()
    sensitivity, precision = sensitivity / lines[0].sum(), precision / lines[1].sum()
    assert metrics.centerline_dice(reference, labels) == pytest.approx(
        {
            "centerline_dice": 2 * sensitivity * precision / (sensitivity + precision),
            "topology_precision": precision,
            "topology_sensitivity": sensitivity,
        }
    )
    assert sensitivity < 0.9


def test_width_hardly_matters_and_a_missing_branch_does():
    reference = tree()
    wide = ndimage.binary_dilation(reference)
    assert metrics.centerline_dice(reference, wide)["centerline_dice"] > 0.97
    short = reference.copy()
    short[15:] = False
    found = metrics.centerline_dice(reference, short)
    assert found["topology_precision"] == 1
    assert found["topology_sensitivity"] == pytest.approx(46 / (46 + 35), abs=0.07)


def test_shifted_discs_score_1_as_the_documentation_says():
    away = np.hypot(*(np.indices((40, 40)) - 20.0))
    disc = away < 9
    assert metrics.centerline_dice(disc, np.roll(disc, 5, 0))["centerline_dice"] == 1


@pytest.mark.parametrize(
    ("reference", "labels", "expected"),
    [(NOTHING, NOTHING, 1), (ALL, ALL, 1), (NOTHING, SOME, 0), (SOME, NOTHING, 0)],
)
def test_centerlines_at_the_edges(reference, labels, expected):
    assert set(metrics.centerline_dice(reference, labels).values()) == {expected}


@settings(deadline=None, max_examples=60)
@given(pair=pairs())
def test_no_piece_is_without_a_centerline(pair):
    """Thinning removes some small pieces of volumes; they would match anything."""
    found = metrics.centerline_dice(*pair)
    assert all(0 <= score <= 1 for score in found.values())
    assert metrics.centerline_dice(pair[0], pair[0])["centerline_dice"] == 1
    if not ((pair[0] > 0) & (pair[1] > 0)).any() and (pair[0] > 0).any():
        assert set(found.values()) == {0}
    padded = metrics.centerline_dice(*(np.pad(one, 2) for one in pair))
    assert padded == pytest.approx(found)


def test_only_the_region_counts_for_centerlines():
    reference = tree()
    labels = reference.copy()
    labels[15:] = False
    region = np.zeros(reference.shape, bool)
    region[:15] = True
    assert set(metrics.centerline_dice(reference, labels, region).values()) == {1}
