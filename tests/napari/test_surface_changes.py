"""What a step did to a surface is said beside its settings, and its layer takes the place."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Labels

from napari_delineate._napari.assistant import Assistant
from napari_delineate._napari.surface_changes import surface_changes_of
from napari_delineate._napari.view import METADATA


@pytest.fixture
def cells(viewer):
    """Two balls in a stack with flat voxels."""
    z, y, x = np.indices((12, 40, 40))
    labels = np.zeros(z.shape, np.int32)
    for label, centre in ((1, 12), (2, 28)):
        labels[(2 * (z - 6)) ** 2 + (y - 20) ** 2 + (x - centre) ** 2 <= 49] = label
    return viewer.add_layer(Labels(labels, name="cells", scale=(2, 1, 1), units="um"))


@pytest.fixture
def assistant(viewer, cells, wait, qtbot):
    assistant = Assistant(viewer)
    viewer.window.add_dock_widget(assistant)
    cells.axis_labels = ("z", "y", "x")
    assistant.add("surfaces.labels_to_surface")
    wait()
    yield assistant
    assistant.stop()


def said(assistant, step, qtbot):
    """Return what the panel of a step says of its surface, by its first words."""
    changes = surface_changes_of(assistant.session)
    qtbot.waitUntil(lambda: changes.of(step) is not None, timeout=30_000)
    rows = assistant.panel.change.table.texts()
    return {row[0]: row[1:] for row in rows}


def test_before_and_after_stand_beside_the_settings(assistant, wait, qtbot):
    assert not assistant.panel.change.isVisibleTo(assistant.panel)
    assistant.add("surfaces.simplify")
    wait()
    session = assistant.session
    rows = said(assistant, "simplify", qtbot)
    before, after = (session.results[name].data for name in ("surface", "simplified_surface"))
    assert rows["Triangles"][:2] == (f"{len(before.faces):,}", f"{len(after.faces):,}")
    assert rows["Triangles"][2] == "−50 %"
    assert rows["Closed"] == ("yes", "yes", "")
    assert "Area (µm²)" in rows
    carried = session.layer("simplified_surface").metadata[METADATA]["change"]
    assert carried["number_of_faces"] == len(after.faces)
    assert not assistant.panel.change.message.text()


def test_a_step_that_opens_a_surface_is_warned_of(assistant, wait, qtbot):
    assistant.add("surfaces.clip_by_plane")
    wait()
    rows = said(assistant, "clip_by_plane", qtbot)
    assert rows["Closed"] == ("yes", "no", "")
    assert "is open now" in assistant.panel.change.message.text()
    assistant.session.change("clip_by_plane", parameters={"cap": True})
    wait()
    assert said(assistant, "clip_by_plane", qtbot)["Closed"] == ("yes", "yes", "")
    assert not assistant.panel.change.message.text()


def test_a_step_that_leaves_nothing_says_so(assistant, wait, qtbot):
    assistant.add("surfaces.remove_small_parts")
    wait()
    assistant.session.change("remove_small_parts", parameters={"minimum_area": 1e9})
    wait()
    changes = surface_changes_of(assistant.session)
    qtbot.waitUntil(lambda: isinstance(changes.of("remove_small_parts"), str), timeout=30_000)
    assert "no triangles" in assistant.panel.change.message.text()


def test_a_surface_gives_way_to_the_one_made_of_it(assistant, wait):
    session = assistant.session
    first = session.layer("surface")
    assistant.add("surfaces.smooth")
    wait()
    assert not first.visible
    assert session.layer("smoothed_surface").visible
    session.undo()
    wait()
    assert first.visible
    session.redo()
    wait()
    assert not first.visible
    first.visible = True  # a person wants to see both
    session.change("smooth", parameters={"iterations": 3})
    wait()
    assert first.visible
