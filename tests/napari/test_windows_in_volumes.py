"""In large volumes tools look at what is near to where they are used, and say so."""

from __future__ import annotations

import numpy as np
import pytest

from napari_delineate._napari.annotate_dock import AnnotateDock
from napari_delineate._napari.annotating import scene as scene_module
from napari_delineate._napari.annotating.scene import Scene
from napari_delineate._napari.annotating.tool import Place


def scene_of(window, spacing=(1.0, 1.0, 1.0)):
    return Scene(None, None, window, spacing, "pixel", window)


def test_what_is_looked_at_is_as_far_away_in_all_directions():
    window = (slice(0, 256), slice(24, 1024), slice(0, 1000))
    found = scene_of(window, (4.0, 1.0, 1.0)).window_around([np.array((130.2, 500.0, 499.6))])
    lengths = [side.stop - side.start for side in found]
    assert 0.9 * scene_module._MOST_VOXELS < np.prod(lengths) <= scene_module._MOST_VOXELS
    assert lengths[1] == lengths[2]
    assert abs(lengths[0] * 4 - lengths[1]) <= 8
    middle = [(side.start + side.stop - 1) / 2 for side in found]
    assert middle == [130, 500, 500]
    small = (slice(0, 100), slice(0, 100), slice(0, 100))
    assert scene_of(small).window_around([np.zeros(3)]) == small
    flat = (slice(0, 4000), slice(0, 4000))
    assert scene_of(flat, (1.0, 1.0)).window_around([np.zeros(2)]) == flat


@pytest.mark.parametrize("seed", range(5))
def test_all_points_on_the_screen_are_looked_at(seed):
    random = np.random.default_rng(seed)
    window = (slice(0, 300), slice(100, 900), slice(50, 1000))
    points = random.uniform(-10, 1010, (4, 3))
    inside = np.clip(points, [side.start for side in window], [side.stop - 1 for side in window])
    found = scene_of(window, (2.0, 0.5, 0.5)).window_around(list(points))
    for side, shown, places in zip(found, window, inside.T, strict=True):
        assert shown.start <= side.start <= places.min() + 0.5
        assert places.max() + 0.5 < side.stop + 1 <= shown.stop + 1


@pytest.fixture
def dock(make_napari_viewer, monkeypatch):
    monkeypatch.setattr(scene_module, "_MOST_VOXELS", 11**3)
    monkeypatch.setattr(scene_module, "_LEAST_REACH", 2)
    viewer = make_napari_viewer()
    image = np.zeros((20, 40, 50), np.uint8)
    image[5:9, 10:14, 10:14] = image[5:15, 20:35, 20:35] = 200
    viewer.add_image(image, axis_labels=("z", "y", "x"))
    dock = AnnotateDock(viewer)
    viewer.window.add_dock_widget(dock, name="Annotate")
    dock.new.make().n_edit_dimensions = 3
    viewer.dims.set_point(0, 7)
    yield dock
    dock.stop()


def use(dock, name, *points, control=False):
    if dock.pointer.tool is None or dock.pointer.tool.name != name:
        dock.pointer.take_up(name)
    scene = dock.hand.scene(with_image=True)
    assert scene.window == (slice(0, 20), slice(0, 40), slice(0, 50))
    places = [Place(scene, np.array(point, float), 0, control=control) for point in points]
    dock.pointer.tool.press(places[0])
    for place in places[1:]:
        dock.pointer.tool.drag(place)
    dock.pointer.tool.release(places[-1])


def test_an_object_that_goes_on_is_said_to(dock):
    layer = dock.hand.layer
    use(dock, "wand", (7, 12, 12))
    assert np.count_nonzero(layer.data) == 4**3
    assert "farther" not in dock.message.text()
    before = np.count_nonzero(layer.data)
    use(dock, "wand", (10, 27, 27))
    assert 0 < np.count_nonzero(layer.data) - before <= 11**3
    assert "The object may reach farther than was looked at" in dock.message.text()


def test_scribbles_are_looked_at_wherever_they_are_drawn(dock):
    use(dock, "scribble", (7, 12, 12), (7, 12, 13))
    first = dock.pointer.tool._scribbling.window
    use(dock, "scribble", (7, 12, 30), (7, 12, 31), control=True)
    second = dock.pointer.tool._scribbling.window
    assert first != second
    assert all(side.start <= 12 and side.stop > 13 for side in second[1:])
    assert second[2].stop > 31
    dock.pointer.tool.accept()
    data = dock.hand.layer.data
    assert data[7, 12, 12] > 0 == data[7, 12, 30]


def test_seeds_are_looked_at_wherever_they_are_clicked(dock):
    use(dock, "seeds", (7, 12, 12))
    use(dock, "seeds", (10, 27, 27))
    window = dock.pointer.tool._landscape.window
    assert all(side.start <= at < side.stop for at, side in zip((7, 12, 12), window, strict=True))
    assert all(side.start <= at < side.stop for at, side in zip((10, 27, 27), window, strict=True))
    dock.pointer.tool.accept()
    data = dock.hand.layer.data
    assert 0 < data[7, 12, 12] < data[10, 27, 27]
