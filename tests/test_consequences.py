"""What steps do to surfaces is said before and after: checked with bodies of known size."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from napari_delineate.consequences import changed_surface, compare, has_opened, lines_of
from napari_delineate.export import to_notebook, to_script
from napari_delineate.pictures import show_surface_change
from napari_delineate.types import Kind, Surface
from napari_delineate.workflow import Workflow, WorkflowInput


def ball(radius: float = 10.0, subdivisions: int = 4) -> Surface:
    mesh = trimesh.creation.icosphere(subdivisions, radius)
    return Surface(mesh.vertices[:, ::-1], mesh.faces[:, ::-1], np.ones(len(mesh.vertices), int))


def opened(surface: Surface) -> Surface:
    return surface._replace(faces=surface.faces[1:])


NOTHING = Surface(np.zeros((0, 3)), np.zeros((0, 3), np.int64), np.zeros(0))


def test_a_grown_ball_lies_outside_and_is_larger():
    found = compare(ball(10), ball(11))
    assert found["signed_distance_mean"] == pytest.approx(1, rel=0.01)
    assert found["mean_distance"] == pytest.approx(1, rel=0.01)
    assert found["volume"] / found["reference_volume"] == pytest.approx(1.1**3)
    assert found["area"] / found["reference_area"] == pytest.approx(1.1**2)
    said = {line.quantity: line for line in lines_of(found, "micrometer")}
    assert said["Area (µm²)"].change == "+21 %"
    assert said["Volume (µm³)"].change == "+33 %"
    assert said["Vertices"][1:] == ("2,562", "2,562", "0 %")
    assert said["Closed"][1:] == ("yes", "yes", "")


def test_a_shrunk_ball_lies_inside():
    found = compare(ball(10), ball(9))
    assert found["signed_distance_mean"] == pytest.approx(-1, rel=0.01)
    assert found["mean_distance"] == pytest.approx(1, rel=0.01)


def test_few_places_say_nearly_what_all_say():
    from napari_delineate.surfaces import compare_surfaces

    box = trimesh.creation.box([18, 18, 18]).subdivide_to_size(0.6)
    other = Surface(box.vertices[:, ::-1], box.faces[:, ::-1], np.ones(len(box.vertices)))
    every, some = (
        compare_surfaces(ball(10), other, number_of_places=places).iloc[0]
        for places in (None, 2000)
    )
    for name in ("mean_distance", "root_mean_square_distance", "signed_distance_mean"):
        assert some[name] == pytest.approx(every[name], rel=0.05)
    assert some["hausdorff_distance"] <= every["hausdorff_distance"]


def test_what_opens_a_surface_is_noticed():
    assert has_opened(compare(ball(), opened(ball())))
    assert not has_opened(compare(ball(), ball()))
    assert not has_opened(compare(opened(ball()), opened(ball())))
    lines = lines_of(compare(ball(), opened(ball())))
    assert ("Closed", "yes", "no", "") in lines
    assert next(line for line in lines if line.quantity.startswith("Volume")).after == "–"


@pytest.mark.parametrize("pair", [(ball(), NOTHING), (NOTHING, ball()), (NOTHING, NOTHING)])
def test_empty_surfaces_have_sizes_and_no_distances(pair):
    lines = lines_of(compare(*pair))
    assert [line.quantity.split(" (")[0] for line in lines] == [
        *("Vertices", "Triangles", "Area", "Volume", "Closed")
    ]
    assert lines[1][1:3] == tuple(f"{len(one.faces):,}" for one in pair)


def processed(axes: str = "ZYX") -> Workflow:
    labels = WorkflowInput(Kind.LABELS, axes, (0.5,) * 3, "micrometer", "cells.tif", "crc32:0")
    workflow = Workflow().add_input("cells", labels)
    workflow = workflow.add("surfaces.labels_to_surface", {"labels": "cells"})
    workflow = workflow.add("surfaces.smooth", {"surface": "surface"})
    return workflow.add("surfaces.fitted_curvature", {"surface": "smoothed_surface"})


def test_only_steps_that_change_a_mesh_have_consequences():
    workflow = processed()
    assert [changed_surface(workflow, step) for step in workflow.steps] == [
        None,
        ("surface", "smoothed_surface"),
        None,
    ]
    movie = processed("TZYX")
    assert not any(changed_surface(movie, step) for step in movie.steps)


def test_notebooks_say_them_and_scripts_do_not():
    notebook = to_notebook(processed())
    assert "show_surface_change(surface, smoothed_surface, units=cells_units)" in notebook
    assert 'cells_units = \\"micrometer\\"' in notebook
    assert "show_surface_change" not in to_script(processed())


def test_the_table_of_notebooks_reads_like_the_panel():
    table = show_surface_change(ball(10), ball(11), "micrometer")
    rows = [(name, *row) for name, row in zip(table.index, table.to_numpy(), strict=True)]
    assert rows == [tuple(line) for line in lines_of(compare(ball(10), ball(11)), "micrometer")]
