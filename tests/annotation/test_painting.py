"""The brush paints what napari's paints, and all pixels near its way."""

from __future__ import annotations

import numpy as np
import pytest

from napari_delineate.annotation.painting import paint

Labels = pytest.importorskip("napari.layers").Labels


def applied(labels, edit):
    result = labels.copy()
    result[edit.box] = edit.labels
    return result


@pytest.mark.parametrize("size", [1, 2, 3, 6, 9, 16])
@pytest.mark.parametrize(
    ("shape", "scale", "point"),
    [
        ((30, 40), (1, 1), (12.3, 20.6)),
        ((30, 40), (2, 0.5), (28.7, 1.2)),
        ((12, 30, 40), (1, 1, 1), (6, 14, 22)),
        ((12, 30, 40), (4, 1, 1), (1.4, 29, 39)),
    ],
)
def test_a_dab_is_that_of_napari(shape, scale, point, size):
    layer = Labels(np.zeros(shape, np.int32), scale=scale)
    layer.n_edit_dimensions, layer.brush_size = len(shape), size
    layer.paint(point, 3)
    found = applied(
        np.zeros(shape, np.int32), paint(np.zeros(shape, np.int32), [point] * 2, 3,
                                         size=size, spacing=scale)
    )  # fmt: skip
    np.testing.assert_array_equal(found, layer.data)


@pytest.mark.parametrize("scale", [(1.0, 1.0, 1.0), (4.0, 1.0, 1.0)])
def test_a_line_is_all_that_is_near_its_way(scale):
    labels = np.zeros((10, 24, 32), np.uint16)
    start, end = np.array([2, 5, 6]), np.array([7, 18, 27])
    found = applied(labels, paint(labels, [start, end], 9, size=5, spacing=scale))
    places = np.argwhere(np.ones(labels.shape, bool)) * scale
    shares = np.linspace(0, 1, 2001)
    way = (start + shares[:, None] * (end - start)) * scale
    nearest = np.array([np.min(np.sum((way - place) ** 2, axis=1)) for place in places])
    near = np.sqrt(nearest).reshape(labels.shape)
    assert (found[near < 2.5 - 1e-3] == 9).all()
    assert not found[near > 2.5 + 1e-3].any()


def test_locked_and_kept_objects_stay():
    labels = np.zeros((20, 20), np.int32)
    labels[:, :6], labels[:, 14:] = 1, 2
    line = [(10, 2), (10, 17)]
    plain = applied(labels, paint(labels, line, 3, size=5))
    locked = applied(labels, paint(labels, line, 3, size=5, locked=[1]))
    kept = applied(labels, paint(labels, line, 3, size=5, preserve=True))
    np.testing.assert_array_equal(locked, np.where(labels == 1, 1, plain))
    np.testing.assert_array_equal(kept, np.where(labels > 0, labels, plain))
    erased = applied(labels, paint(labels, line, 2, size=5, erase=True, preserve=True))
    np.testing.assert_array_equal(erased, np.where((plain == 3) & (labels == 2), 0, labels))
    with pytest.raises(ValueError, match="object 1 is locked"):
        paint(labels, line, 1, locked=[1])


def test_beside_the_labels_nothing_is_painted():
    assert paint(np.zeros((9, 9), int), [(30, 30), (40, 40)], 1, size=5) is None
