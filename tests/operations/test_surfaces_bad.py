"""Every operation on surfaces has a sentence or a right result for meshes that are not right."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import trimesh

from napari_delineate import meshes, surfaces
from napari_delineate.catalogue import operations
from napari_delineate.types import Kind, Surface
from tests import inputs
from tests.operations.test_surfaces_measurement import sphere

BALL = sphere(8.0, 2, (8, 8, 8))
FACES = BALL.faces
FAN = Surface(
    np.array([[0.0, 0, 0], [0, 0, 3], [0, 3, 0], [3, 0, 0], [-3, -3, 0]]),
    np.array([[0, 1, 2], [0, 1, 3], [0, 1, 4]]),
    np.ones(5),
)
TRIANGLE = Surface(np.array([[1.0, 1, 1], [1, 1, 6], [1, 6, 1]]), np.array([[0, 1, 2]]), np.ones(3))
TETRAHEDRON = Surface(
    np.array([[1.0, 1, 1], [1, 1, 6], [1, 6, 1], [6, 1, 1]]),
    np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]),
    np.ones(4),
)
LINE = Surface(
    np.eye(4, 3) * 0 + np.arange(4.0)[:, None], np.array([[0, 1, 2], [1, 2, 3]]), np.ones(4)
)

REFUSED = {
    "not a number": (BALL._replace(vertices=BALL.vertices * np.nan), "not finite"),
    "infinity": (BALL._replace(vertices=BALL.vertices + np.inf), "not finite"),
    "faces beyond the last vertex": (BALL._replace(faces=FACES + 5), "must point at vertices"),
    "faces before the first vertex": (BALL._replace(faces=FACES - 5), "must point at vertices"),
    "too few values": (BALL._replace(values=BALL.values[:5]), "one number for each"),
    "faces with four corners": (BALL._replace(faces=FACES.reshape(-1, 4)), "must have the shape"),
    "places in a plane": (BALL._replace(vertices=BALL.vertices[:, :2]), "must have the shape"),
    "places that areas can not be computed of": (
        BALL._replace(vertices=BALL.vertices * 1e200),
        "vertices must be within",
    ),
}

ODD = {
    "no vertices": Surface(np.zeros((0, 3)), np.zeros((0, 3), int), np.zeros(0)),
    "no faces": BALL._replace(faces=FACES[:0]),
    "three faces at an edge": FAN,
    "inside out": BALL._replace(faces=FACES[:, ::-1]),
    "every second face turned": BALL._replace(
        faces=np.where(np.arange(len(FACES))[:, None] % 2, FACES, FACES[:, ::-1])
    ),
    "all faces twice": BALL._replace(faces=np.concatenate([FACES, FACES])),
    "some faces twice": BALL._replace(faces=np.concatenate([FACES, FACES[:7]])),
    "faces back to back": BALL._replace(faces=np.concatenate([FACES, FACES[:, ::-1]])),
    "faces with a corner twice": BALL._replace(
        faces=np.concatenate([FACES, [[0, 0, 1], [2, 2, 2]]])
    ),
    "only faces with a corner twice": BALL._replace(faces=np.array([[0, 0, 1], [2, 2, 2]])),
    "all on a line": LINE,
    "all at one place": BALL._replace(vertices=np.full_like(BALL.vertices, 4.0)),
    "flat": BALL._replace(vertices=BALL.vertices * [1, 1, 0]),
    "needles": BALL._replace(vertices=BALL.vertices * [1, 1, 1e-12]),
    "a loose vertex": Surface(
        np.concatenate([BALL.vertices, [[50.0, 50, 50]]]), FACES, np.ones(len(BALL.vertices) + 1)
    ),
    "open": BALL._replace(faces=FACES[5:]),
    "one triangle": TRIANGLE,
    "a tetrahedron": TETRAHEDRON,
    "far away": BALL._replace(vertices=BALL.vertices + 1e9),
    "huge": BALL._replace(vertices=BALL.vertices * 1e28),
    "tiny": BALL._replace(vertices=BALL.vertices * 1e-60),
    "values that are no numbers of objects": BALL._replace(
        values=-np.arange(len(BALL.vertices)) / 3
    ),
    "values above 32 bits": BALL._replace(values=np.full(len(BALL.vertices), 2**62)),
}

TAKERS = [one for one in operations() if any(i.kind is Kind.SURFACE for i in one.inputs)]
each = pytest.mark.parametrize("operation", TAKERS, ids=lambda operation: operation.id)


def call(operation, surface):
    """Call an operation with a surface for each one that it takes."""
    return operation.function(
        *(
            surface if entry.kind is Kind.SURFACE else inputs.value(entry.kind, 3)
            for entry in operation.inputs
        )
    )


@each
def test_broken_surfaces_are_refused_with_a_sentence(operation):
    for name, (surface, message) in REFUSED.items():
        with pytest.raises(ValueError, match=message) as caught:
            call(operation, surface)
        assert str(caught.value).count("\n") == 0, name


@each
def test_odd_surfaces_give_a_sentence_or_a_sound_result(operation):
    for name, surface in ODD.items():
        before = [np.copy(part) for part in surface]
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="surface keeps")
                result = call(operation, surface)
        except ValueError as error:
            # It says what is wrong with which input or setting.
            own = [entry.name for entry in (*operation.inputs, *operation.settings)]
            assert any(word in str(error) for word in (*own, "vertices", "points")), (name, error)  # noqa: PT017
        else:
            for part in inputs.parts(result):
                if isinstance(part, np.ndarray) and part.dtype.kind == "f":
                    assert np.isfinite(part).all(), name
            if isinstance(result, Surface) and len(result.faces):
                assert result.faces.min() >= 0, name
                assert result.faces.max() < len(result.vertices), name
            if isinstance(result, Surface):
                assert result.values.shape == (len(result.vertices),), name
        for part, old in zip(surface, before, strict=True):
            assert np.array_equal(part, old), name


def test_the_nearest_place_is_found_on_faces_without_area():
    """A side, or a point, is what is left of them."""
    vertices = np.array([[0.0, 0, 0], [0, 0, 4], [0, 0, 2], [9, 9, 9]])
    cloud = np.array([[1.0, 0, 1], [0, 2, 3], [0, 0, -1], [3, 0, 7], [0, 1, 2]])
    points = Surface(cloud, np.zeros((0, 3), int), np.zeros(len(cloud)))
    nearest = np.clip(cloud[:, 2], 0, 4)
    expected = np.hypot(np.hypot(cloud[:, 0], cloud[:, 1]), cloud[:, 2] - nearest)
    for face in ([0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 1, 1], [0, 1, 2], [2, 0, 1], [1, 2, 0]):
        line = Surface(vertices, np.array([face]), np.zeros(4))
        found = surfaces.distance_to_surface(points, line, sign="unsigned").values
        np.testing.assert_allclose(found, expected, atol=1e-12)
    point = Surface(vertices, np.array([[2, 2, 2]]), np.zeros(4))
    found = surfaces.distance_to_surface(points, point, sign="unsigned").values
    np.testing.assert_allclose(found, np.linalg.norm(cloud - [0, 0, 2], axis=1))


@pytest.mark.parametrize("spacing", [(1, 1, 1), (4, 1, 1)], ids=str)
def test_nothing_one_voxel_and_everything(spacing):
    """What is made of masks at the ends of what there is."""
    for make in (surfaces.mask_to_surface, surfaces.labels_to_surface, surfaces.surface_nets):
        empty = make(np.zeros((5, 6, 7), bool), spacing=spacing)
        assert len(empty.vertices) == len(empty.faces) == len(empty.values) == 0
        mask = np.zeros((5, 6, 7), bool)
        mask[2, 3, 4] = True
        for image in (mask, np.ones((5, 6, 7), bool)):
            surface = make(image, spacing=spacing)
            mesh = trimesh.Trimesh(surface.vertices[:, ::-1], surface.faces[:, ::-1], process=False)
            assert mesh.is_watertight
            assert mesh.volume > 0
            assert meshes.edges_of(surface.faces).counts.max() == 2
            assert np.array_equal(surfaces.surface_to_mask(surface, image, spacing=spacing), image)
