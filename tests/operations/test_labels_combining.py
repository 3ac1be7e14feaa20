"""Cutting out, relating and numbering: definitions, other libraries, and laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_delineate import object_numbers, postprocessing
from tests.inputs import same_objects
from tests.operations.test_postprocessing import random_labels, small_labels

# Two label images of one shape
pairs = hnp.array_shapes(min_dims=2, max_dims=3, max_side=6).flatmap(
    lambda shape: st.tuples(
        *(hnp.arrays(np.int32, shape, elements=st.integers(0, 4)) for _ in range(2))
    )
)


@settings(deadline=None)
@given(images=pairs)
def test_what_is_cut_out_and_what_is_kept_are_the_whole(images):
    labels, mask = images
    kept = postprocessing.mask_labels(labels, mask)
    rest = postprocessing.subtract(labels, mask)
    assert np.array_equal(kept + rest, labels)
    assert not (kept[mask == 0]).any()
    assert not (rest[mask > 0]).any()


def test_cells_without_nuclei_are_rings_of_known_area():
    rows, columns = np.ogrid[:101, :101]
    away = (rows - 50) ** 2 + (columns - 50) ** 2
    cells, nuclei = 4 * (away <= 40**2), 9 * (away <= 20**2)
    ring = postprocessing.subtract(cells, nuclei)
    assert set(np.unique(ring)) == {0, 4}
    assert (ring == 4).sum() == pytest.approx(np.pi * (40**2 - 20**2), rel=0.01)


@settings(deadline=None)
@given(images=pairs)
def test_a_child_belongs_to_the_object_that_most_of_it_lies_in(images):
    children, parents = images
    found = postprocessing.relate(children, parents)
    table = found.relations
    assert table["label"].tolist() == np.unique(children[children > 0]).tolist()
    expected = np.zeros_like(children)
    for number, parent, overlap in table.itertuples(index=False):
        inside = parents[children == number]
        counts = np.bincount(inside, minlength=2)[1:]
        assert overlap == counts.max() / len(inside)
        # Of equal overlaps, the smallest number; none if nothing overlaps.
        assert parent == (1 + np.argmax(counts) if counts.any() else 0)
        expected[children == number] = parent
    assert np.array_equal(found.related_labels, expected)


def test_objects_belong_to_themselves():
    labels = random_labels((40, 41))
    found = postprocessing.relate(labels, labels)
    assert np.array_equal(found.related_labels, labels)
    assert (found.relations["overlap"] == 1).all()
    assert found.relations["label"].equals(found.relations["parent"].astype(np.int32))


# Numbering


@pytest.mark.parametrize("shape", [(60, 61), (9, 20, 21)])
def test_objects_are_sorted_by_size_as_in_simpleitk(shape):
    import SimpleITK

    labels = random_labels(shape)
    image = SimpleITK.GetImageFromArray(labels.astype(np.uint32))
    expected = SimpleITK.GetArrayFromImage(SimpleITK.RelabelComponent(image))
    assert expected.max() > 20
    assert np.array_equal(postprocessing.relabel_by_size(labels), expected)


@settings(deadline=None)
@given(labels=small_labels(largest=9))
def test_sorted_objects_grow_or_shrink(labels):
    for order, sign in (("largest first", -1), ("smallest first", 1)):
        found = postprocessing.relabel_by_size(labels, order=order)
        assert same_objects(found, labels)
        sizes = np.bincount(found.ravel())[1:]
        assert sizes.all()
        assert (np.diff(sizes) * sign >= 0).all()


@settings(deadline=None)
@given(labels=small_labels(largest=9), seed=st.integers(0, 2**32 - 1))
def test_shuffling_keeps_the_objects_and_the_numbers(labels, seed):
    found = postprocessing.shuffle_labels(labels, seed=seed)
    assert same_objects(found, labels)
    assert set(np.unique(found)) == set(np.unique(labels))
    assert np.array_equal(found, postprocessing.shuffle_labels(labels, seed=seed))


def test_another_seed_gives_another_order():
    labels = np.arange(100).reshape(10, 10)
    first, second = (postprocessing.shuffle_labels(labels, seed=seed) for seed in (0, 1))
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, labels)


@pytest.mark.parametrize("largest", [5, 2**40, 2**62])
def test_pairs_are_those_that_numpy_counts(largest):
    random = np.random.default_rng(0)
    first, second = random.integers(0, largest, (2, 25)).repeat(2, axis=1)
    expected, often = np.unique(np.stack([first, second]), axis=1, return_counts=True)
    pairs, counts = object_numbers.count_pairs(first, second)
    assert np.array_equal(pairs, expected)
    assert np.array_equal(counts, often)
