"""Tools correct a segmentation of real nuclei towards what people drew."""

from __future__ import annotations

import numpy as np
import pytest

from napari_delineate import segmentation
from napari_delineate.annotation import objects, splitting
from napari_delineate.annotation.edits import (
    Change,
    Edit,
    bounding_box,
    change_of,
    put,
    take_back,
)
from napari_delineate.annotation.object_index import ObjectIndex

pytestmark = pytest.mark.slow  # what is compiled for them takes seconds


def found_again(labels: np.ndarray, drawn: np.ndarray) -> float:
    """Return the share of drawn objects that an object overlaps by more than 0.7 (Jaccard)."""
    sizes, others = np.bincount(drawn.reshape(-1)), np.bincount(labels.reshape(-1))
    pairs = np.ravel_multi_index((drawn, labels), (len(sizes), len(others)))
    both = np.bincount(pairs.reshape(-1), minlength=len(sizes) * len(others))
    both = both.reshape(len(sizes), len(others))[1:, 1:]
    either = sizes[1:, None] + others[1:] - both
    return float((both > 0.7 * either).any(axis=1).sum() / (sizes[1:] > 0).sum())


def test_merging_splitting_and_deleting_finds_more_nuclei_and_is_taken_back(shared_image):
    image = shared_image("nuclei2d_gt/dsb_a891bbc8.tif")
    drawn = shared_image("nuclei2d_gt/dsb_a891bbc8_labels.tif")
    labels = segmentation.voronoi_otsu_labeling(image, spot_sigma=4, outline_sigma=1).copy()
    first, before = labels.tobytes(), found_again(labels, drawn)
    index, nuclei, past = ObjectIndex(labels), ObjectIndex(drawn), list[Change]()

    def do(edit: Edit) -> None:
        past.append(change_of(labels, edit))
        put(labels, past[-1].positions, past[-1].after)
        index.note(past[-1])

    for nucleus in nuclei.numbers:
        box = nuclei.box(nucleus)
        counts = np.bincount(labels[box][drawn[box] == nucleus])
        pieces = [n for n in np.flatnonzero(counts).tolist() if counts[n] > 0.6 * index.size(n) > 0]
        if len(pieces) > 1:
            box = bounding_box([index.box(piece) for piece in pieces])
            do(objects.merge(labels, pieces, box))
    for number in index.numbers:
        box = index.box(number)
        mask = labels[box] == number
        counts = np.bincount(drawn[box][mask])
        points = []
        for nucleus in np.flatnonzero(counts)[1:].tolist():
            if counts[nucleus] > 0.4 * nuclei.size(nucleus):
                places = np.argwhere(mask & (drawn[box] == nucleus))
                middle = places[np.square(places - places.mean(axis=0)).sum(axis=1).argmin()]
                points.append(middle + [side.start for side in box])
        if len(points) > 1:
            new = index.new_number()
            do(splitting.split_by_points(labels, number, points, box, new_number=new))
        elif not counts[1:].any():
            do(objects.delete(labels, [number], box))
    assert found_again(labels, drawn) > before + 0.08
    assert ObjectIndex(labels).numbers == index.numbers
    while past:
        change = take_back(past.pop())
        put(labels, change.positions, change.after)
    assert labels.tobytes() == first
