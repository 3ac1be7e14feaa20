"""What is said about a surface, in text and in notebooks."""

from __future__ import annotations

import base64
import io
import re

import imageio.v3 as imageio
import numpy as np
import pytest

from napari_delineate.export import run_notebook
from napari_delineate.files import read
from napari_delineate.types import Surface


def tetrahedron() -> Surface:
    """With right angles, 1 x 2 x 3 (z, y, x): its volume is 1."""
    vertices = np.array([(0, 0, 0), (1, 0, 0), (0, 2, 0), (0, 0, 3)], float)
    faces = np.array([(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)])
    return Surface(vertices, faces, np.array([1, 1, 4, 9]))


def test_counts_bounds_centre_area_and_volume():
    slanted = np.sqrt((1 * 2) ** 2 + (2 * 3) ** 2 + (1 * 3) ** 2) / 2
    assert repr(tetrahedron()).splitlines() == [
        "Surface of 4 vertices and 4 faces, closed",
        "  bounds: z 0 to 1, y 0 to 2, x 0 to 3",
        "  centre: z 0.25, y 0.5, x 0.75",
        f"  area: {(2 + 3 + 6) / 2 + slanted:.4g}",
        "  volume: 1",
        "  values: 1 to 9",
    ]


def test_an_open_surface_has_no_volume():
    surface = tetrahedron()
    text = repr(surface._replace(faces=surface.faces[:3]))
    assert text.startswith("Surface of 4 vertices and 3 faces, open")
    assert "volume" not in text


def test_a_published_surface_has_the_published_facts(shared_data):
    """F1 of the published figures; its program has written (z, y, x) as x, y and z."""
    text = repr(read(shared_data / "surfaces" / "branchoid.ply"))
    assert "19040 vertices and 38076 faces, closed" in text
    assert "bounds: z 2.5 to 83.5, y 2.5 to 88.5, x 25.5 to 74.5" in text
    assert "centre: z 42.59, y 46.58, x 50\n" in text
    assert "area: 13667\n  volume: 92461" in text


@pytest.mark.parametrize(
    "surface",
    [
        Surface([[0, 0, 0]], np.zeros((0, 3), int), np.ones(1)),
        Surface(np.zeros((2, 2)), np.zeros((0, 3), int), np.ones(2)),
        Surface(np.eye(3), np.array([[0, 1, 3]]), np.ones(3)),
        Surface(np.eye(3), np.array([[0, 1, -1]]), np.ones(3)),
        Surface(np.eye(3), np.array([[0, 1.0, 2]]), np.ones(3)),
        Surface(np.eye(3) * np.nan, np.array([[0, 1, 2]]), np.ones(3)),
        Surface(np.eye(3), np.array([[0, 1, 2]]), np.ones(2)),
        Surface(None, None, None),
    ],
)
def test_arrays_that_do_not_fit_are_described_without_an_error(surface):
    assert repr(surface).startswith("Surface(vertices: ")
    assert surface._repr_html_() is None


def test_surfaces_without_faces_and_of_movies():
    empty = Surface(np.zeros((0, 3)), np.zeros((0, 3), int), np.zeros(0))
    assert repr(empty) == "Surface of 0 vertices and 0 faces"
    assert "<img" not in empty._repr_html_()
    movie = tetrahedron()._replace(vertices=np.insert(tetrahedron().vertices, 0, 3, axis=1))
    assert "bounds: index 0 3 to 3, z 0 to 1" in repr(movie)
    assert "volume: 1\n" in repr(movie)
    no_number = tetrahedron()._replace(values=np.full(4, np.nan))
    assert "values" not in repr(no_number)


def picture_in(text: str) -> np.ndarray:
    (data,) = re.findall(r'src="data:image/png;base64,([^"]+)"', text)
    return imageio.imread(io.BytesIO(base64.b64decode(data)), extension=".png")


def test_html_has_the_facts_and_a_picture():
    text = tetrahedron()._repr_html_()
    assert ">volume</th>" in text
    assert "4 vertices and 4 faces, closed" in text
    image = picture_in(text)
    assert image[..., :3].std() > 5  # not a blank sheet
    assert len(text) < 200_000


@pytest.mark.slow
def test_a_notebook_shows_it(tmp_path):
    import nbformat

    code = (
        "import numpy as np\nfrom napari_delineate.surfaces import labels_to_surface\n"
        "labels = np.zeros((9, 9, 9), int)\nlabels[2:7, 2:7, 2:7] = 1\nlabels_to_surface(labels)"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    path = tmp_path / "surface.ipynb"
    nbformat.write(notebook, path)
    run_notebook(path)
    (output,) = nbformat.read(path, as_version=4).cells[0].outputs
    assert output.data["text/plain"].startswith("Surface of ")
    assert picture_in(output.data["text/html"]).ndim == 3
