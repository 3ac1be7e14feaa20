"""Surfaces in the formats of other programs: there and back, from them, and damaged."""

from __future__ import annotations

import base64
import json
import re
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from napari_delineate import surfaces
from napari_delineate.files import (
    MESHES,
    FileError,
    read,
    read_value,
    write_result,
    write_surface,
    write_surfaces,
)
from napari_delineate.files.meshes.parts import triangles
from napari_delineate.meshes import closed_volume, edges_of, face_areas
from napari_delineate.types import Kind, Surface
from napari_delineate.values import Value

EXACT = (".ply", ".obj", ".vtk", ".vtp")
ROUNDED = (".stl", ".glb", ".gltf")
WITH_VALUES = (".ply", ".vtk", ".vtp", ".glb", ".gltf")


def boxes() -> Surface:
    """A box of 2 x 4 x 6 voxels (z, y, x) and a small one, closed, far from the origin."""
    labels = np.zeros((12, 14, 16), int)
    labels[5:7, 5:9, 5:11] = 7
    labels[9:11, 2:4, 2:4] = 9
    return surfaces.labels_to_surface(labels, spacing=(2.0, 0.5, 0.25))


def triangle(values=(1.0, 1.0, 1.0)) -> Surface:
    return Surface(np.eye(3), np.array([[0, 1, 2]]), np.array(values))


@st.composite
def random_surfaces(draw, places=None):
    """Any triangles, also such as no body has."""
    number = draw(st.integers(3, 12))
    places = st.floats(-9e29, 9e29) if places is None else places
    shape = (draw(st.integers(1, 20)), 3)
    dtype = draw(st.sampled_from([np.int32, np.float32, np.float64]))
    return Surface(
        draw(arrays.arrays(np.float64, (number, 3), elements=places)),
        draw(arrays.arrays(np.int64, shape, elements=st.integers(0, number - 1))),
        draw(arrays.arrays(dtype, number, elements=st.integers(0, 99))),
    )


def there_and_back(surface, ending, folder):
    return read(write_surface(folder / f"mesh{ending}", surface, "micrometer"))


# There and back


def test_every_format_is_exact_or_rounded():
    assert set(MESHES) == {*EXACT, *ROUNDED}


@pytest.mark.parametrize("ending", EXACT)
def test_what_is_written_is_read_with_every_digit(ending, tmp_path_factory):
    folder = tmp_path_factory.mktemp("meshes")

    @settings(deadline=None, max_examples=40)
    @given(random_surfaces())
    def check(surface):
        found = there_and_back(surface, ending, folder)
        assert np.array_equal(found.vertices, surface.vertices)
        assert np.array_equal(found.faces, surface.faces)
        if ending in WITH_VALUES:
            assert found.values.dtype == surface.values.dtype
            assert np.array_equal(found.values, surface.values)
        else:
            assert (found.values == 1).all()

    check()


@pytest.mark.parametrize("ending", [".glb", ".gltf"])
def test_gltf_rounds_to_single_precision(ending, tmp_path_factory):
    folder = tmp_path_factory.mktemp("meshes")

    @settings(deadline=None, max_examples=40)
    @given(random_surfaces())
    def check(surface):
        found = there_and_back(surface, ending, folder)
        # What the size of the node multiplies, the unit divides again.
        assert np.array_equal(found.vertices, surface.vertices.astype(np.float32))
        assert np.array_equal(found.faces, surface.faces)
        assert np.array_equal(found.values, surface.values)

    check()


def test_stl_keeps_triangles_and_joins_what_is_at_one_place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("meshes")

    @settings(deadline=None, max_examples=40)
    @given(random_surfaces(st.sampled_from([0.0, -0.0, 1.0, 1 / 3, 1e-30])))
    def check(surface):
        found = there_and_back(surface, ".stl", folder)
        assert np.array_equal(
            found.vertices[found.faces], surface.vertices.astype(np.float32)[surface.faces]
        )
        assert len(np.unique(found.vertices, axis=0)) == len(found.vertices)

    check()


@pytest.mark.parametrize("ending", MESHES)
@pytest.mark.parametrize("units", ["micrometer", "nanometer", "inch", "pixel"])
def test_units_come_back(tmp_path, ending, units):
    value = Value.of(boxes(), Kind.SURFACE, "ZYX", 1.0, units)
    path = write_surface(tmp_path / f"mesh{ending}", value.data, value.units)
    found = read_value(path, Kind.SURFACE)
    assert found.units == units
    np.testing.assert_allclose(
        np.ptp(found.data.vertices, axis=0), np.ptp(value.data.vertices, axis=0), rtol=1e-6
    )


@pytest.mark.parametrize("ending", MESHES)
def test_a_unit_can_not_break_a_file(tmp_path, ending):
    for units in ("a b", "a\nend_header\n", '"/><x>', "µ" * 60, ""):
        path = write_surface(tmp_path / f"mesh{ending}", boxes(), units)
        assert read_value(path, Kind.SURFACE).units == "pixel"
        assert len(read(path).faces) == len(boxes().faces)


def test_results_state_their_unit(tmp_path):
    value = Value.of(boxes(), Kind.SURFACE, "ZYX", 0.5, "micrometer")
    assert read_value(write_result(tmp_path, "mesh", value), Kind.SURFACE).units == "micrometer"


@pytest.mark.parametrize("ending", MESHES)
def test_neighbouring_triangles_share_their_corners(tmp_path, ending):
    surface = boxes()
    found = there_and_back(surface, ending, tmp_path)
    assert len(found.vertices) == len(surface.vertices)
    assert edges_of(found.faces).are_closed
    assert closed_volume(found) == pytest.approx(closed_volume(surface), rel=1e-6)
    smooth = surfaces.smooth(found)
    assert trimesh.Trimesh(smooth.vertices, smooth.faces, process=False).is_watertight


@pytest.mark.parametrize(
    "values",
    [
        np.array([1, 2, 2**31 - 1], np.int32),
        np.array([0, 2**31, 2**52], np.int64),
        np.array([0.1, -1e-30, 1e30]),
        np.array([0.1, 0.2, np.nan], np.float32),
        np.array([True, False, True]),
        np.array([1, 2, 255], np.uint8),
    ],
    ids=lambda values: str(values.dtype),
)
@pytest.mark.parametrize("ending", [".ply", ".vtk", ".vtp"])
def test_values_of_every_dtype_come_back(tmp_path, values, ending):
    found = there_and_back(triangle(values), ending, tmp_path)
    assert np.array_equal(found.values, values, equal_nan=values.dtype.kind == "f")


def test_gltf_refuses_labels_that_it_would_change(tmp_path):
    for ending in (".glb", ".gltf"):
        path = tmp_path / f"mesh{ending}"
        write_surface(path, triangle(np.array([1, 2, 2**24])))
        assert read(path).values.tolist() == [1, 2, 2**24]
        with pytest.raises(FileError, match=r"labels up to 16777216 only; PLY, VTK and VTP"):
            write_surface(path, triangle(np.array([1, 2, 2**24 + 1])))


@pytest.mark.parametrize("ending", MESHES)
def test_a_surface_without_faces(tmp_path, ending):
    empty = Surface(np.zeros((0, 3)), np.zeros((0, 3), np.int64), np.zeros(0, np.int32))
    path = tmp_path / f"mesh{ending}"
    if ending in (".glb", ".gltf"):
        with pytest.raises(FileError, match="can not hold a surface without triangles; PLY can"):
            write_surface(path, empty)
        return
    found = read(write_surface(path, empty))
    assert found.vertices.shape == found.faces.shape == (0, 3)
    if ending != ".stl":  # which holds no vertices but those of triangles
        points = Surface(np.eye(3), np.zeros((0, 3), np.int64), np.ones(3))
        with pytest.raises(FileError, match="it holds 3 points and no triangles"):
            read(write_surface(path, points))


@pytest.mark.parametrize("ending", [".stl", ".glb", ".gltf"])
def test_numbers_that_are_too_large_are_refused(tmp_path, ending):
    huge = triangle()._replace(vertices=np.eye(3) * 1e39)
    with pytest.raises(FileError, match="holds coordinates up to 3e38 only"):
        write_surface(tmp_path / f"mesh{ending}", huge)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["mesh.vtu", "mesh", "mesh.ply.gz", "mesh.pkl"])
def test_other_formats_are_refused_with_those_known(tmp_path, name):
    with pytest.raises(FileError, match=r"to files that end in \.ply, \.stl, \.obj") as error:
        write_surface(tmp_path / name, boxes())
    assert name in str(error.value)
    assert not list(tmp_path.iterdir())


def test_surfaces_of_a_movie_are_refused(tmp_path):
    movie = triangle()._replace(vertices=np.eye(4)[:3])
    with pytest.raises(FileError, match="surfaces in 3D, without a time axis"):
        write_surface(tmp_path / "mesh.ply", movie)


# One file for each object


@pytest.mark.parametrize("ending", MESHES)
def test_every_object_has_a_file(tmp_path, ending):
    files = write_surfaces(tmp_path / f"cell{ending}", boxes(), "micrometer")
    assert [path.name for path in files] == [f"cell_7{ending}", f"cell_9{ending}"]
    # Where the voxels lie, in (z, y, x), half a voxel around.
    limits = [((9, 2.25, 1.125), (13, 4.25, 2.625)), ((17, 0.75, 0.375), (21, 1.75, 0.875))]
    for path, (low, high) in zip(files, limits, strict=True):
        found = read_value(path, Kind.SURFACE)
        assert found.units == "micrometer"
        assert edges_of(found.data.faces).are_closed
        assert found.data.vertices.min(axis=0) == pytest.approx(low)
        assert found.data.vertices.max(axis=0) == pytest.approx(high)


def test_only_labels_make_objects(tmp_path):
    with pytest.raises(FileError, match="are no labels, so that it has no objects"):
        write_surfaces(tmp_path / "mesh.stl", triangle([0.5, 1, 2]))
    with pytest.raises(FileError, match="has no faces, so that it has no objects"):
        write_surfaces(tmp_path / "mesh.stl", triangle()._replace(faces=np.zeros((0, 3), int)))


# As other programs see it, and from them


@pytest.mark.parametrize("ending", [".ply", ".stl", ".obj", ".PLY", ".glb", ".gltf"])
def test_other_programs_see_x_y_z_and_the_outside(tmp_path, ending):
    surface = boxes()
    path = write_surface(tmp_path / f"mesh{ending}", surface, "micrometer")
    mesh = trimesh.load(path, force="mesh")
    size = 1e-6 if ending in (".glb", ".gltf") else 1  # glTF is in metres
    low, high = surface.vertices.min(axis=0), surface.vertices.max(axis=0)
    assert mesh.bounds == pytest.approx(np.array([low[::-1], high[::-1]]) * size, rel=1e-6)
    assert len(mesh.faces) == len(surface.faces)
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    # The sum over tetrahedra is negative where faces look inwards.
    volume = (2 * 4 * 6 + 2 * 2 * 2) * 2.0 * 0.5 * 0.25 * size**3
    assert 0.5 * volume < mesh.volume < volume


@pytest.mark.parametrize("ending", [".ply", ".stl", ".vtk", ".vtp", ".obj"])
def test_vtk_sees_the_same(tmp_path, ending):
    vtk = pytest.importorskip("vtk")
    from vtk.util.numpy_support import vtk_to_numpy

    readers = {
        ".ply": vtk.vtkPLYReader,
        ".stl": vtk.vtkSTLReader,
        ".obj": vtk.vtkOBJReader,
        ".vtk": vtk.vtkPolyDataReader,
        ".vtp": vtk.vtkXMLPolyDataReader,
    }
    surface = boxes()
    reader = readers[ending]()
    reader.SetFileName(str(write_surface(tmp_path / f"mesh{ending}", surface, "micrometer")))
    reader.Update()
    found = reader.GetOutput()
    places = vtk_to_numpy(found.GetPoints().GetData())
    corners = vtk_to_numpy(found.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    assert places[corners][:, ::-1, ::-1] == pytest.approx(surface.vertices[surface.faces])
    if ending in (".vtk", ".vtp"):
        assert np.array_equal(vtk_to_numpy(found.GetPointData().GetScalars()), surface.values)
        assert found.GetFieldData().GetAbstractArray("units").GetValue(0) == "micrometer"


def files_by_vtk() -> list[str]:
    with zipfile.ZipFile(Path(__file__).with_name("by_vtk.zip")) as kept:
        return kept.namelist()


@pytest.mark.parametrize("name", files_by_vtk())
def test_what_vtk_has_written_is_read(tmp_path, name):
    """VTK 9.7.2 wrote one mesh: a point, a square, a triangle, and a strip that closes it.

    The square lies in z = 0, 4 long and 2 wide. Points have a height, the unit is µm.
    """
    with zipfile.ZipFile(Path(__file__).with_name("by_vtk.zip")) as kept:
        path = Path(kept.extract(name, tmp_path))
    value = read_value(path, Kind.SURFACE)
    assert value.units == "micrometer"
    found = value.data
    expected = [(0, 0, 0), (0, 0, 4), (0, 2, 4), (0, 2, 0), (0.1, 0, 4), (0.1, 0, 0)]
    assert np.array_equal(found.vertices, expected)
    assert found.values.tolist() == [1, 2, 3, 4, 5, 6.5]
    # The square is two triangles; the second triangle of a strip runs the other way round.
    assert len(found.faces) == 2 + 1 + 2
    assert face_areas(found)[:2].sum() == pytest.approx(8)
    turned = [sorted(face) for face in found.faces[2:].tolist()]
    assert turned == [[0, 1, 4], [0, 4, 5], [1, 4, 5]]
    normals = np.cross(
        found.vertices[found.faces[:, 1]] - found.vertices[found.faces[:, 0]],
        found.vertices[found.faces[:, 2]] - found.vertices[found.faces[:, 0]],
    )
    # In (x, y, z) the square looks up and the triangle 0, 4, 1 to +y; turned, so they do here.
    assert (normals[:2, 0] > 0).all()
    assert normals[2, 1] > 0


def test_a_legacy_file_as_its_manual_prints_it(tmp_path):
    """The cube of "VTK File Formats", with its scalars, a table of colours and cell data."""
    path = tmp_path / "cube.vtk"
    path.write_text(
        "# vtk DataFile Version 2.0\nCube example\nASCII\nDATASET POLYDATA\nPOINTS 8 float\n"
        "0.0 0.0 0.0\n1.0 0.0 0.0\n1.0 1.0 0.0\n0.0 1.0 0.0\n"
        "0.0 0.0 1.0\n1.0 0.0 1.0\n1.0 1.0 1.0\n0.0 1.0 1.0\n"
        "POLYGONS 6 30\n4 0 1 2 3\n4 4 5 6 7\n4 0 1 5 4\n4 2 3 7 6\n4 0 4 7 3\n4 1 2 6 5\n"
        "CELL_DATA 6\nSCALARS cell_scalars int 1\nLOOKUP_TABLE default\n0\n1\n2\n3\n4\n5\n"
        "NORMALS cell_normals float\n0 0 -1\n0 0 1\n0 -1 0\n0 1 0\n-1 0 0\n1 0 0\n"
        "FIELD FieldData 2\ncellIds 1 6 int\n0 1 2 3 4 5\n"
        "faceAttributes 2 6 float\n0.0 1.0 1.0 2.0 2.0 3.0 3.0 4.0 4.0 5.0 5.0 6.0\n"
        "POINT_DATA 8\nSCALARS sample_scalars float 1\nLOOKUP_TABLE my_table\n"
        "0.0\n1.0\n2.0\n3.0\n4.0\n5.0\n6.0\n7.0\nLOOKUP_TABLE my_table 8\n"
        + "0.0 0.0 0.0 1.0\n"
        * 8
    )
    found = read(path)
    assert (len(found.vertices), len(found.faces)) == (8, 12)
    assert face_areas(found).sum() == pytest.approx(6)
    assert found.values.tolist() == list(range(8))


def test_gltf_scenes_are_placed_and_joined(tmp_path):
    """As trimesh writes them: nodes with places of their own, one of them a mirror."""
    scene = trimesh.Scene()
    box = trimesh.creation.box((1, 2, 3))
    turn = trimesh.transformations.rotation_matrix(np.pi / 2, (0, 0, 1), (5, 0, 0))
    mirror = np.diag([1.0, 1, -1, 1])
    scene.add_geometry(box, transform=turn)
    scene.add_geometry(trimesh.creation.icosphere(radius=2), transform=mirror)
    expected = scene.to_mesh()
    (tmp_path / "mesh.glb").write_bytes(scene.export(file_type="glb"))
    found = read_value(tmp_path / "mesh.glb", Kind.SURFACE)
    assert found.units == "meter"
    assert len(found.data.faces) == len(expected.faces)
    bounds = [found.data.vertices.min(axis=0)[::-1], found.data.vertices.max(axis=0)[::-1]]
    assert np.array(bounds) == pytest.approx(expected.bounds, abs=1e-6)
    # Both look outwards: what is inside adds up.
    assert abs(closed_volume(found.data)) == pytest.approx(expected.volume, rel=1e-5)


def gltf(primitive=None, data=None, **more) -> dict:
    """A file of text with four corners of a square and what is asked for."""
    places = np.array([(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 0)], "<f4").tobytes()
    data = places if data is None else places + data
    uri = "data:application/octet-stream;base64," + base64.b64encode(data).decode()
    tree = {
        "asset": {"version": "2.0"},
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, **(primitive or {})}]}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3"}],
        "bufferViews": [{"buffer": 0, "byteLength": len(data)}],
        "buffers": [{"byteLength": len(data), "uri": uri}],
    }
    return {**tree, **more}


def test_strips_and_fans_of_gltf(tmp_path):
    path = tmp_path / "mesh.gltf"
    path.write_text(json.dumps(gltf({"mode": 5})))
    assert face_areas(read(path)).sum() == pytest.approx(1)
    # A fan of these corners covers the lower left half, and the half over the diagonal.
    path.write_text(json.dumps(gltf({"mode": 6})))
    assert read(path).faces[:, ::-1].tolist() == [[0, 1, 2], [0, 2, 3]]


def test_a_gltf_file_opens_no_other(tmp_path):
    (tmp_path / "numbers.bin").write_bytes(bytes(48))
    for uri in ("numbers.bin", "file:///etc/passwd", "http://example.org/a.bin"):
        tree = gltf(buffers=[{"byteLength": 48, "uri": uri}])
        (tmp_path / "mesh.gltf").write_text(json.dumps(tree))
        with pytest.raises(FileError, match=r"in another file .* is not opened; save it as \.glb"):
            read(tmp_path / "mesh.gltf")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"asset": {"version": "1.0"}}, "it has version 1.0 of glTF"),
        ({"extensionsRequired": ["KHR_draco_mesh_compression"]}, "needs the extension KHR_draco"),
        ({"nodes": [{"mesh": 0, "children": [0]}]}, "it holds no triangles"),
        ({"nodes": [{"children": [1]}, {"children": [1]}]}, "it leads to the node 1 twice"),
        ({"nodes": [{"mesh": 7}]}, "its description does not fit"),
        (
            {"meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "mode": 1}]}]},
            "no triangles",
        ),
        ({"meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}]}, "4 corners make no tri"),
        ({"bufferViews": [{"buffer": 0, "byteLength": 47}]}, "more numbers than it holds"),
        ({"bufferViews": [{"buffer": 0, "byteLength": -1}]}, "more numbers than it holds"),
        (
            {"accessors": [{"componentType": 5126, "count": 4, "type": "VEC3"}]},
            "compressed numbers",
        ),
        ({"buffers": [{"byteLength": 99, "uri": "data:;base64,AAAA"}]}, "it holds 3 of 99 bytes"),
        ({"buffers": [{"byteLength": 1, "uri": "data:;base64,A*"}]}, "numbers are no base64"),
    ],
    ids=str,
)
def test_damaged_gltf_is_refused(tmp_path, changed, message):
    path = tmp_path / "mesh.gltf"
    path.write_text(json.dumps(gltf({"mode": 5})))
    assert len(read(path).faces) == 2
    path.write_text(json.dumps(gltf({"mode": 5}, **changed)))
    with pytest.raises(FileError, match=re.escape(message)) as error:
        read(path)
    assert str(path) in str(error.value)


def test_obj_files_share_vertices_whatever_their_normals(tmp_path):
    """Corners with other normals, negative numbers, continued lines and tabs."""
    path = tmp_path / "mesh.obj"
    path.write_text(
        "mtllib no.mtl\no a\nv 0 0 0\nv 1 0 0 0.5 0.5 0.5\nv\t0 1 0\nv 0 0 1\nvn 0 0 1\nvn 1 0 0\n"
        "vt 0 0\nusemtl red\nf 1//1 3//1 2//1\nf 1/1/2 2/1/2 4/1/2\nusemtl blue\n"
        "f -4 -1 -2\nf 2 \\\n 3 4\n"
    )
    found = read(path)
    assert len(found.vertices) == 4
    assert edges_of(found.faces).are_closed
    # In (z, y, x) a volume is positive where that in (x, y, z) is.
    assert closed_volume(found) == pytest.approx(1 / 6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("v 0 0\n", "a vertex with less than three coordinates"),
        ("v 0 0 x\nf 1 1 1\n", "something else than numbers stands for its vertices"),
        ("v 0 0 0\nf 1 1\n", "a face with 2 corners"),
        ("v 0 0 0\nf 1 1 0\n", "they are counted from 1"),
        ("v 0 0 0\nf 1 1 2\n", "faces must point at vertices 0 to 0, they reach from 0 to 1"),
        ("v 0 0 0\nf 1 1 -2\n", "faces must point at vertices 0 to 0, they reach from -1 to 0"),
        ("v 0 0 nan\nf 1 1 1\n", "not finite"),
        ("v 0 0 0\nv 1 1 1\nl 1 2\n", "it holds no triangles"),
        ("v 0 0 0\n", "it holds no triangles"),
    ],
)
def test_damaged_obj_is_refused(tmp_path, text, message):
    (tmp_path / "mesh.obj").write_text(text)
    with pytest.raises(FileError, match=re.escape(message)):
        read(tmp_path / "mesh.obj")


@pytest.mark.parametrize("ending", [".obj", ".ply", ".vtk"])
def test_text_that_may_be_cut_off_is_doubted(tmp_path, ending):
    """A foreign file of text ends after its last number: perhaps in it."""
    texts = {
        ".obj": "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3",
        ".ply": PLY.format(vertices=3, faces=1, number=6, corner=2).rstrip(),
        ".vtk": "# vtk DataFile Version 3.0\nx\nASCII\nDATASET POLYDATA\nPOINTS 3 float\n"
        "0 0 0 1 0 0 0 1 0\nPOLYGONS 1 4\n3 0 1 2",
    }
    (tmp_path / f"mesh{ending}").write_text(texts[ending])
    with pytest.warns(UserWarning, match=rf"mesh\{ending}: its last line does not end"):
        assert len(read(tmp_path / f"mesh{ending}").faces) == 1


def test_a_mesh_can_not_make_another_file_be_read(tmp_path):
    secret = tmp_path / "secret.mtl"
    secret.write_text("newmtl a\nKd 1 0 0\nmap_Kd secret.png\n")
    (tmp_path / "mesh.obj").write_text(
        "mtllib secret.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nusemtl a\nf 1 2 3\n"
    )
    secret.chmod(0)
    assert len(read(tmp_path / "mesh.obj").faces) == 1


@pytest.mark.parametrize(
    "head",
    [
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "{points}">]>',
        '<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd">',
    ],
)
def test_entities_are_refused(tmp_path, head):
    path = write_surface(tmp_path / "mesh.vtp", boxes())
    path.write_text(head + path.read_text(encoding="utf-8").split("?>", 1)[1], encoding="utf-8")
    with pytest.raises(FileError, match="it defines a document type of its own"):
        read(path)
    path.write_text(path.read_text(encoding="utf-8"), encoding="utf-16")
    with pytest.raises(FileError, match="its text is not UTF-8"):
        read(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('NumberOfPoints="', 'NumberOfPoints="9', "coordinates"),
        ('NumberOfPolys="', 'NumberOfPolys="9', "faces do not fit their corners"),
        ('NumberOfPolys="', 'NumberOfPolys="x', "it is damaged: NumberOfPolys is 'x"),
        ('type="PolyData"', 'type="ImageData"', "it holds ImageData; surfaces are PolyData"),
        ("vtkZLib", "vtkLZ4", "compressed with vtkLZ4DataCompressor; zlib, LZMA and none"),
        ("UInt64", "UInt32", "it "),
        ('"Float32"', '"Float16"', "numbers of the type 'Float16'"),
        ('format="binary"', 'format="telepathy"', "in the format 'telepathy'"),
    ],
)
def test_damaged_vtp_is_refused(tmp_path, old, new, message):
    path = write_surface(tmp_path / "mesh.vtp", boxes())
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(FileError, match=re.escape(message)):
        read(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"POLYDATA", b"UNSTRUCTURED_GRID", "it holds unstructured grid; surfaces are PolyData"),
        (b"POINTS", b"DOTS", "stands where a part begins"),
        (b" float\n", b" quaternion\n", "numbers of the type 'quaternion'"),
        (b"POLYGONS ", b"POLYGONS x", "stands where a number belongs"),
        (b"POLYGONS ", b"LINES ", "it is incomplete: it holds 96 of"),
        (b"POLYGONS ", b"POLYGONS 9", "its faces do not fit"),
    ],
)
def test_damaged_vtk_is_refused(tmp_path, old, new, message):
    path = write_surface(tmp_path / "mesh.vtk", boxes())
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))
    with pytest.raises(FileError, match="can not be read") as error:
        read(path)
    if message != "it is incomplete: it holds 96 of":
        assert message in str(error.value)


def test_stl_of_text(tmp_path):
    path = tmp_path / "mesh.stl"
    path.write_text(trimesh.creation.box((1, 2, 3)).export(file_type="stl_ascii"))
    found = read(path)
    assert len(found.vertices) == 8
    assert closed_volume(found) == pytest.approx(6)
    text = path.read_text()
    path.write_text(text[: text.rindex("endsolid")])
    with pytest.raises(FileError, match='does not end with "endsolid"'):
        read(path)
    path.write_text(text.replace("vertex", "", 1))
    with pytest.raises(FileError, match="12 facets and 35 corners, not three for each"):
        read(path)


def test_an_stl_file_that_states_more_than_it_holds(tmp_path):
    content = write_surface(tmp_path / "mesh.stl", boxes()).read_bytes()
    number = len(boxes().faces)
    (tmp_path / "mesh.stl").write_bytes(content[:80] + struct.pack("<I", 2**31) + content[84:])
    with pytest.raises(FileError, match=f"it holds {number} of {2**31} triangles"):
        read(tmp_path / "mesh.stl")


PLY = """ply
format ascii 1.0
element vertex {vertices}
property float x
property float y
property float z
element face {faces}
property list uchar int vertex_indices
end_header
1 2 3
4 5 {number}
7 8 10
3 0 1 {corner}
"""


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"corner": 3}, "faces must point at vertices 0 to 2, they reach from 0 to 3"),
        ({"corner": -1}, "faces must point at vertices 0 to 2, they reach from -1 to 1"),
        ({"corner": 0.5}, "its vertex_indices are not all whole numbers"),
        ({"number": "nan"}, "vertices holds 1 values that are not finite"),
        ({"number": "inf"}, "vertices holds 1 values that are not finite"),
        ({"vertices": 300}, "is incomplete: it holds 4 of 300 vertex entries"),
        ({"vertices": 4}, "is incomplete: it holds 0 of 1 face entries"),
        ({"faces": 20}, "is incomplete: it holds 1 of 20 face entries"),
        ({"vertices": 2}, "it holds"),
    ],
    ids=str,
)
def test_a_damaged_ply_file_is_refused(tmp_path, wrong, message):
    path, right = tmp_path / "mesh.ply", {"vertices": 3, "faces": 1, "number": 6, "corner": 2}
    path.write_text(PLY.format(**right))
    assert read(path).faces.tolist() == [[2, 1, 0]]
    path.write_text(PLY.format(**{**right, **wrong}))
    with pytest.raises(FileError, match=re.escape(message)) as error:
        read(path)
    assert str(path) in str(error.value)


def test_a_ply_file_of_text_keeps_its_values(tmp_path):
    (tmp_path / "mesh.ply").write_text(
        "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\n"
        "property float z\nproperty int value\nelement face 1\n"
        "property list uchar int vertex_indices\nend_header\n"
        "1 2 3 7\n4 5 6 8\n7 8 10 9\n3 0 1 2\n"
    )
    found = read(tmp_path / "mesh.ply")
    assert found.vertices.tolist() == [[3, 2, 1], [6, 5, 4], [10, 8, 7]]
    assert found.values.tolist() == [7, 8, 9]
    assert found.faces.tolist() == [[2, 1, 0]]


@pytest.mark.parametrize("order", ["<", ">"])
def test_binary_ply_with_triangles_and_squares(tmp_path, order):
    """A pyramid: its ground is a square. Colours are no values, what follows them is."""
    name = {"<": "little", ">": "big"}[order]
    header = (
        f"ply\nformat binary_{name}_endian 1.0\nobj_info units: mm\nelement vertex 5\n"
        "property float x\nproperty float y\nproperty float z\nproperty uchar red\n"
        "property short quality\nelement face 5\nproperty uchar flags\n"
        "property list uchar uint vertex_index\nend_header\n"
    )
    places = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 3)]
    body = b"".join(
        struct.pack(f"{order}fffBh", *place, 200, index) for index, place in enumerate(places)
    )
    for face in [(0, 1, 4), (1, 2, 4), (0, 3, 2, 1), (2, 3, 4), (3, 0, 4)]:
        body += struct.pack(f"{order}BB{len(face)}I", 0, len(face), *face)
    (tmp_path / "mesh.ply").write_bytes(header.encode() + body)
    value = read_value(tmp_path / "mesh.ply", Kind.SURFACE)
    assert value.units == "millimeter"
    assert value.data.values.tolist() == [0, 1, 2, 3, 4]
    assert edges_of(value.data.faces).are_closed
    assert closed_volume(value.data) == pytest.approx(1)
    (tmp_path / "mesh.ply").write_bytes(header.encode() + body[:-1])
    with pytest.raises(FileError, match="it is incomplete: it holds 4 of 5 face entries"):
        read(tmp_path / "mesh.ply")


def test_a_mesh_without_values_has_ones(tmp_path):
    trimesh.creation.box().export(tmp_path / "mesh.ply")
    found = read(tmp_path / "mesh.ply")
    assert found.values.tolist() == [1] * len(found.vertices)


# Polygons


@settings(deadline=None)
@given(st.integers(4, 30), st.integers(0, 2**32 - 1))
def test_polygons_are_covered_whatever_their_shape(corners, seed):
    """Any star around a point, tilted in space: its area is that of the shoelace formula."""
    random = np.random.default_rng(seed)
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    radii = random.uniform(0.05, 1, corners)
    flat = np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)
    following = np.roll(flat, -1, axis=0)
    area = (flat[:, 0] * following[:, 1] - flat[:, 1] * following[:, 0]).sum() / 2
    axes = np.linalg.qr(random.normal(size=(3, 3)))[0]
    places = flat @ axes[:2]
    order = np.roll(np.arange(corners), random.integers(corners))
    # In between triangles, so that the order of faces counts.
    faces = triangles(places, np.array([0, 1, 2, *order, 1, 2, 3]), np.array([3, corners, 3]))
    assert faces[0].tolist() == [0, 1, 2]
    assert faces[-1].tolist() == [1, 2, 3]
    cut = Surface(places, faces[1:-1], np.ones(corners))
    assert len(cut.faces) == corners - 2
    assert face_areas(cut).sum() == pytest.approx(area)
    whole = np.cross(axes[0], axes[1])
    vectors = np.cross(
        places[cut.faces[:, 1]] - places[cut.faces[:, 0]],
        places[cut.faces[:, 2]] - places[cut.faces[:, 0]],
    )
    assert (vectors @ whole > -1e-12).all()


@pytest.mark.parametrize(
    "points", [np.zeros((5, 3)), np.eye(3)[[0, 1, 0, 1, 2]]], ids=["one", "bow"]
)
def test_polygons_without_a_shape_end_too(points):
    faces = triangles(points, np.arange(5), np.array([5]))
    assert faces.shape == (3, 3)


# Real ones


@pytest.mark.parametrize(
    ("name", "vertices", "faces", "centre"),
    [
        # F5 and F1 of the published figures, in (z, y, x).
        ("gastruloid", 3324, 6643, (57.561, 308.175, 440.144)),
        ("branchoid", 19040, 38076, (50.000, 46.575, 42.589)),
    ],
)
def test_published_surfaces_go_through_every_format(
    shared_data, tmp_path, name, vertices, faces, centre
):
    surface = read(shared_data / "surfaces" / f"{name}.ply")
    for ending in ("", *MESHES):
        found = there_and_back(surface, ending, tmp_path) if ending else surface
        assert (len(found.vertices), len(found.faces)) == (vertices, faces), ending
        # Its program has written (z, y, x) in the columns x, y and z.
        assert found.vertices.mean(axis=0)[::-1] == pytest.approx(centre, abs=6e-4), ending


# What no file can make go wrong


@pytest.mark.parametrize("ending", MESHES)
def test_files_that_are_none(tmp_path, ending):
    path = tmp_path / f"mesh{ending}"
    with pytest.raises(FileError, match="there is no file"):
        read(path)
    path.mkdir()
    with pytest.raises(FileError, match="there is no file"):
        read(path)


@pytest.mark.parametrize("ending", MESHES)
def test_changed_bytes_never_fail_otherwise_than_with_a_sentence(tmp_path, ending):
    content = write_surface(tmp_path / f"mesh{ending}", boxes(), "micrometer").read_bytes()
    random = np.random.default_rng(0)
    path = tmp_path / f"changed{ending}"
    for _ in range(40):
        changed = bytearray(content)
        for place in random.integers(0, len(content), 3):
            changed[place] = random.integers(256)
        path.write_bytes(changed)
        try:
            found = read(path)
        except FileError as refused:
            said = str(refused)
            assert said.startswith(str(path)) and "\n" not in said  # noqa: PT018
        else:
            assert np.isfinite(found.vertices).all()
            assert found.faces.max() < len(found.vertices)
