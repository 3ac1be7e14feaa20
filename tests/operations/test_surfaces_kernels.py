"""Kernels for surfaces give what the libraries give that they are faster than."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from skimage.measure import marching_cubes

from napari_delineate import surfaces

SHAPES = st.tuples(*[st.integers(1, 6)] * 3)
MASKS = arrays.arrays(bool, SHAPES)
LABELS = arrays.arrays(np.int32, SHAPES, elements=st.sampled_from([0, 0, 2, 3, 70_000]))
SPACINGS = st.sampled_from([(1.0, 1.0, 1.0), (4.0, 1.0, 1.0), (0.3, 0.25, 0.1)])


def without_twins(faces):
    """Leave out triangles of the same three vertices."""
    keys = [tuple(sorted(face)) for face in faces.tolist()]
    return faces[[keys.count(key) == 1 for key in keys]]


@settings(deadline=None)
@given(MASKS, SPACINGS)
def test_a_mask_gets_the_triangles_of_scikit_image(mask, spacing):
    surface = surfaces.mask_to_surface(mask, spacing=spacing)
    if not mask.any():
        assert len(surface.vertices) == len(surface.faces) == 0
        return
    vertices, faces, _, _ = marching_cubes(np.pad(mask, 1).astype(np.uint8), 0.5, spacing=spacing)
    faces = without_twins(faces[:, ::-1])
    used = np.unique(faces)
    np.testing.assert_allclose(
        surface.vertices, vertices[used] - np.array(spacing), rtol=0, atol=1e-5
    )
    np.testing.assert_array_equal(surface.faces, np.searchsorted(used, faces))


@settings(deadline=None)
@given(LABELS)
def test_objects_that_touch_do_not_see_each_other(labels):
    surface = surfaces.labels_to_surface(labels)
    found = 0
    for label in np.unique(labels[labels > 0]):
        alone = surfaces.mask_to_surface(labels == label)
        part = slice(found, found + len(alone.vertices))
        assert (surface.values[part] == label).all()
        np.testing.assert_array_equal(surface.vertices[part], alone.vertices)
        found += len(alone.vertices)
    assert found == len(surface.vertices)


def test_all_cases_are_closed():
    for case in range(1, 255):
        surface = surfaces.mask_to_surface((case >> np.arange(8).reshape(2, 2, 2) & 1).astype(bool))
        sides = np.stack([surface.faces, np.roll(surface.faces, -1, axis=1)], axis=-1)
        sides = sides.reshape(-1, 2).tolist()
        assert sorted(sides) == sorted(side[::-1] for side in sides), case
