"""Layers of results that have fewer axes, or begin elsewhere, lie where they belong."""

from __future__ import annotations

import numpy as np
import pytest

from napari_delineate.types import Kind
from tests.napari.test_forms import add

SCALE, SHIFT = (2.0, 0.5, 0.25), (10.0, 20.0, 30.0)


@pytest.fixture
def stack(viewer):
    return add(
        viewer, Kind.IMAGE, 3, name="stack", scale=SCALE, translate=SHIFT, units=("um", "um", "um")
    )


def test_a_box_and_what_is_found_in_it_lie_over_the_image(session, run, stack):
    run("filters.crop", {"image": stack}, z_start=1, y_start=4, x_start=8, x_stop=20)
    cropped = session.layer("cropped")
    assert tuple(cropped.scale) == SCALE
    assert tuple(cropped.translate) == (12.0, 22.0, 32.0)
    # The same place in the world holds the same pixel.
    world = cropped.data_to_world((3, 5, 2))
    assert stack.world_to_data(world) == pytest.approx((4, 9, 10))
    assert cropped.data[3, 5, 2] == stack.data[4, 9, 10]
    run("segmentation.local_maxima", {"image": cropped})
    points = session.layer("points")
    assert tuple(points.translate) == (12.0, 22.0, 32.0)
    for row in points.data:
        index = np.rint(cropped.world_to_data(points.data_to_world(row))).astype(int)
        np.testing.assert_allclose(index * SCALE, row)


@pytest.mark.parametrize(
    ("axis", "scale"), [("z", (0.5, 0.25)), ("y", (2.0, 0.25)), ("x", (2.0, 0.5))]
)
def test_a_projection_is_a_flat_layer_of_the_right_size(session, run, stack, axis, scale):
    run("filters.project", {"image": stack}, axis=axis)
    layer = session.layer("projection")
    assert tuple(layer.scale) == scale
    assert tuple(layer.translate) == SHIFT[1:]
    assert tuple(map(str, layer.units)) == ("micrometer",) * 2
