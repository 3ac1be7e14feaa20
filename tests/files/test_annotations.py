"""Annotations go to the formats of other programs and come back as they were."""

from __future__ import annotations

import json
import tempfile
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
import roifile
import tifffile
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from skimage import draw, measure

from napari_delineate.annotation.meaning import CLASS_COLORS, Annotation
from napari_delineate.files import AnnotatedLabels, FileError, read_annotation, write_annotation
from napari_delineate.files.annotations import run_lengths
from napari_delineate.files.annotations.outlines import outlines_of
from napari_delineate.types import Kind
from napari_delineate.values import Value

OUTLINES = (".geojson", ".coco.json", ".zip")
IMAGES = (".ome.tif", ".ome.zarr")
RING = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]])


def skip_without_its_package(ending):
    if ending == ".ome.zarr":
        pytest.importorskip("zarr")


def labels_of(axes: str, seed: int = 3) -> np.ndarray:
    """Objects with holes, in several parts, over corners and at the border, far numbers."""
    sizes = {"T": 2, "Z": 3, "Y": 9, "X": 12}
    labels = np.random.default_rng(seed).integers(0, 4, [sizes[letter] for letter in axes])
    labels[..., :5, :5][..., 1:4, 1:4] = 70_000 * RING
    return labels


def full_annotation(axes: str) -> AnnotatedLabels:
    return AnnotatedLabels.of(
        labels_of(axes),
        axes,
        (2.0, 0.5, 0.25) if "Z" in axes else (0.5, 0.25),
        "micrometer",
        {1: "tumour", 2: 'strøma "2"', 70_000: "tumour"},
        {"tumour": (200, 0, 10), "unused": (0, 9, 0)},
        {3: "my cell 😀"},
    )


@pytest.mark.parametrize("axes", ["YX", "ZYX", "TYX", "TZYX"])
@pytest.mark.parametrize("ending", [*OUTLINES, *IMAGES])
def test_all_of_an_annotation_comes_back(tmp_path, ending, axes):
    skip_without_its_package(ending)
    annotation = full_annotation(axes)
    path = write_annotation(tmp_path / f"cells.v1{ending}", annotation)
    found = read_annotation(path, annotation.labels.shape)
    assert np.array_equal(found.labels, annotation.labels)
    for what in ("axes", "spacing", "units", "classes", "colours", "names"):
        assert getattr(found, what) == getattr(annotation, what), what
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", [*OUTLINES, *IMAGES])
def test_a_voxel_size_that_nobody_stated_is_that_of_the_image(tmp_path, ending):
    skip_without_its_package(ending)
    path = write_annotation(tmp_path / f"a{ending}", AnnotatedLabels.of(RING))
    found = read_annotation(path, spacing=(0.5, 0.25), units="micrometer")
    assert (found.spacing, found.units) == ((0.5, 0.25), "micrometer")


@pytest.mark.parametrize("ending", ["_cp_masks.tif", "_cp_masks.png"])
def test_plain_masks_hold_the_numbers_and_say_what_they_lose(tmp_path, ending):
    labels = np.where(labels_of("YX") == 70_000, 60_000, labels_of("YX"))
    annotation = AnnotatedLabels.of(labels, spacing=0.5, classes={1: "tumour"})
    with pytest.warns(UserWarning, match="neither voxel size nor classes; OME-TIFF holds them"):
        path = write_annotation(tmp_path / f"cells{ending}", annotation)
    found = read_annotation(path, spacing=(0.5, 0.25), units="micrometer")
    assert np.array_equal(found.labels, labels)
    assert (found.spacing, found.units) == ((0.5, 0.25), "micrometer")
    assert path.suffix == ".png" or tifffile.imread(path).dtype == np.uint16


def test_a_stack_of_plain_masks_is_read_along_the_axes_asked_for(tmp_path):
    path = write_annotation(tmp_path / "a_cp_masks.tif", AnnotatedLabels.of(labels_of("ZYX")))
    assert read_annotation(path, axes="TYX").axes == "TYX"
    with pytest.raises(FileError, match="does not say what the axes"):
        read_annotation(path)


planes = arrays.arrays(
    np.int32, st.tuples(st.integers(1, 7), st.integers(1, 7)), elements=st.integers(0, 3)
)


@settings(max_examples=50, deadline=None)
@given(planes)
@example(np.ones((1, 1), np.int32))
@example(np.eye(4, dtype=np.int32))  # touching over corners only
@example(RING.astype(np.int32))
@example(np.array([[1, 1, 1, 0], [1, 0, 1, 1], [1, 1, 0, 1], [0, 1, 1, 1]], np.int32))
@example(np.array([[0, 1, 1], [1, 1, 0], [1, 0, 1], [1, 1, 1]], np.int32))
def test_outlines_enclose_the_pixels_of_their_objects(plane):
    """By the shoelace formula; each ring is simple, each polygon one part that is connected."""
    outlines = outlines_of(plane)
    assert [one.number for one in outlines] == np.unique(plane[plane > 0]).tolist()
    for number, polygons in outlines:
        parts = measure.label(plane == number, connectivity=1)
        assert len(polygons) == parts.max()
        total = 0
        for outer, *holes in polygons:
            assert doubled_area(outer) > 0
            for corners in (outer, *holes):
                assert len(np.unique(corners, axis=0)) == len(corners) >= 4
                steps = np.diff(np.concatenate((corners, corners[:1])), axis=0)
                assert ((steps != 0).sum(axis=1) == 1).all()
            assert all(doubled_area(hole) < 0 for hole in holes)
            total += sum(map(doubled_area, (outer, *holes)))
        assert total == 2 * np.count_nonzero(plane == number)


def doubled_area(corners):
    x, y = corners.T
    return int(x @ np.roll(y, -1) - np.roll(x, -1) @ y)


@settings(max_examples=30, deadline=None)
@given(planes, st.sampled_from(OUTLINES))
@example(np.zeros((2, 3), np.int32), ".geojson")
@example(np.zeros((2, 3), np.int32), ".coco.json")
@example(np.zeros((2, 3), np.int32), ".zip")
def test_outlines_give_the_same_labels_back(plane, ending):
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        path = write_annotation(Path(folder) / f"a{ending}", AnnotatedLabels.of(plane))
        assert np.array_equal(read_annotation(path).labels, plane)


def test_a_zip_without_regions_says_so(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("note.txt", "none")
    with pytest.raises(FileError, match=r"holds no \.roi files"):
        read_annotation(path)


def test_real_nuclei_come_back_from_every_format(tmp_path, shared_image):
    labels = shared_image("nuclei2d_gt/dsb_0bf4b144_labels.tif")
    for ending in OUTLINES:
        path = write_annotation(tmp_path / f"a{ending}", AnnotatedLabels.of(labels))
        assert np.array_equal(read_annotation(path).labels, labels), ending


# ImageJ


def test_regions_are_what_roifile_reads(tmp_path):
    """Corners by an independent reader: a square, and a composite with a hole."""
    labels = np.zeros((2, 8, 9), int)
    labels[0, 2:5, 3:7] = 4
    labels[1, 1:4, 1:4] = 6 * RING
    path = write_annotation(
        tmp_path / "RoiSet.zip",
        AnnotatedLabels.of(labels, classes={4: "a", 6: "b"}, colours={"b": (1, 2, 3)}),
    )
    square, ring = roifile.roiread(path)
    assert square.name == "4"
    assert square.position == 1
    assert {tuple(one) for one in square.coordinates().tolist()} == {(3, 2), (7, 2), (7, 5), (3, 5)}
    assert (square.left, square.top, square.right, square.bottom) == (3, 2, 7, 5)
    assert ring.composite
    assert ring.position == 2
    outer, inner = ring.coordinates(multi=True)
    assert {tuple(one) for one in outer.tolist()} == {(1, 1), (4, 1), (4, 4), (1, 4)}
    assert {tuple(one) for one in inner.tolist()} == {(2, 2), (3, 2), (3, 3), (2, 3)}
    assert ring.stroke_color == bytes((255, 1, 2, 3))
    assert (square.group, ring.group) == (1, 2)
    assert ring.properties["object"] == 6


def rois(path, *regions):
    with zipfile.ZipFile(path, "w") as archive:
        for place, one in enumerate(regions):
            archive.writestr(f"{place}.roi", one.tobytes())
    return path


def region(kind, left=0, top=0, right=0, bottom=0, **fields):
    roi = roifile.ImagejRoi()
    roi.roitype = kind
    roi.left, roi.top, roi.right, roi.bottom = left, top, right, bottom
    for name, value in fields.items():
        setattr(roi, name, value)
    return roi


def test_regions_drawn_in_imagej_become_objects(tmp_path):
    kinds = roifile.ROI_TYPE
    polygon = roifile.ImagejRoi.frompoints(np.array([[40.5, 2.0], [60.25, 7.5], [44.0, 30.75]]))
    path = rois(
        tmp_path / "drawn.zip",
        region(kinds.RECT, 2, 3, 12, 9, name="box", group=3),
        region(kinds.OVAL, 20, 40, 80, 90),
        polygon,
        region(kinds.LINE, x1=1.0, y1=1.0, x2=5.0, y2=5.0),
        region(kinds.RECT, 60, 10, 80, 24, rounded_rect_arc_size=8),
    )
    with pytest.warns(UserWarning, match="without an area are left out: 1 line"):
        found = read_annotation(path, (100, 100))
    labels = found.labels
    assert np.count_nonzero(labels == 1) == 10 * 6
    assert (labels[3:9, 2:12] == 1).all()
    assert np.count_nonzero(labels == 2) == pytest.approx(np.pi * 30 * 25, rel=0.005)
    assert labels[65, 50] == 2
    # A pixel's centre lies at its index in skimage, half a pixel further in ImageJ.
    x, y = polygon.coordinates().T - 0.5
    expected = np.zeros((100, 100), bool)
    expected[draw.polygon(y, x, (100, 100))] = True
    assert np.array_equal(labels == 3, expected)
    # Rounded corners leave out 4 - pi of the square of the radius.
    assert np.count_nonzero(labels == 4) == pytest.approx(20 * 14 - (4 - np.pi) * 4**2, abs=3)
    assert found.names[1] == "box"
    assert found.classes == {1: "group 3"}


def test_places_in_a_stack_and_a_hyperstack_are_kept(tmp_path):
    box = roifile.ROI_TYPE.RECT
    stack = rois(
        tmp_path / "stack.zip",
        region(box, 0, 0, 2, 2, position=2),
        region(box, 4, 4, 5, 5),  # in no slice: in all of them
    )
    found = read_annotation(stack, (3, 6, 6))
    assert found.axes == "ZYX"
    assert np.count_nonzero(found.labels == 1, axis=(1, 2)).tolist() == [0, 4, 0]
    assert np.count_nonzero(found.labels == 2, axis=(1, 2)).tolist() == [1, 1, 1]
    assert read_annotation(stack, (3, 6, 6), axes="TYX").axes == "TYX"
    hyper = rois(tmp_path / "hyper.zip", region(box, 0, 0, 2, 2, t_position=2, z_position=3))
    assert np.argwhere(read_annotation(hyper, (2, 3, 6, 6)).labels)[0].tolist() == [1, 2, 0, 0]
    movie = rois(tmp_path / "movie.zip", region(box, 0, 0, 2, 2, t_position=2))
    assert read_annotation(movie, (2, 6, 6)).axes == "TYX"
    with pytest.raises(FileError, match="several places along a stack, the image has the axes YX"):
        read_annotation(
            rois(tmp_path / "b.zip", *(region(box, 0, 0, 2, 2, position=n) for n in (1, 2))), (6, 6)
        )


def test_a_single_region_is_read_and_not_written(tmp_path):
    path = tmp_path / "one.roi"
    path.write_bytes(region(roifile.ROI_TYPE.RECT, 1, 1, 3, 3).tobytes())
    assert np.count_nonzero(read_annotation(path, (5, 5)).labels) == 4
    with pytest.raises(FileError, match=r"written to files that end in .*\.zip"):
        write_annotation(path, AnnotatedLabels.of(RING))


def test_regions_far_from_the_corner_stay_where_they_are(tmp_path):
    """Beyond what two bytes hold, ImageJ has coordinates as floats."""
    labels = np.zeros((3, 40_000), np.int32)
    labels[1:, 39_990:39_995] = 5
    path = write_annotation(tmp_path / "far.zip", AnnotatedLabels.of(labels))
    assert np.array_equal(read_annotation(path).labels, labels)


# GeoJSON


QUPATH = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "id": "c1f4a0ae-0d94-4a6f-9c38-1e2b7d3d5a11",
            "geometry": {
                "type": "Polygon",
                "coordinates": [
                    [[1, 1], [7, 1], [7, 7], [1, 7], [1, 1]],
                    [[3, 3], [3, 5], [5, 5], [5, 3], [3, 3]],
                ],
                "plane": {"c": -1, "z": 1, "t": 0},
            },
            "properties": {
                "objectType": "annotation",
                "name": "first",
                "classification": {"name": "Tumor", "color": [200, 0, 0]},
            },
        },
        {
            "type": "Feature",
            "geometry": {
                "type": "MultiPolygon",
                "coordinates": [
                    [[[0, 8], [2, 8], [2, 10], [0, 10], [0, 8]]],
                    [[[4.2, 8.0], [6.0, 8.0], [6.0, 9.4], [4.2, 9.4], [4.2, 8.0]]],
                ],
            },
            "properties": {
                "objectType": "detection",
                "classification": {"name": "Stroma", "colorRGB": -6895466},
                "measurements": [{"name": "Area", "value": 6}],
            },
        },
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [2, 2]},
            "properties": {"objectType": "annotation"},
        },
    ],
}


@pytest.mark.parametrize("form", ["collection", "list"])
def test_a_file_of_qupath_is_read(tmp_path, form):
    path = tmp_path / "tissue.geojson"
    path.write_text(json.dumps(QUPATH if form == "collection" else QUPATH["features"]))
    with pytest.warns(UserWarning, match="without an area are left out: 1 Point"):
        found = read_annotation(path, (2, 10, 10), (2.0, 0.5, 0.5), units="micrometer")
    assert found.axes == "ZYX"
    assert found.spacing == (2.0, 0.5, 0.5)
    assert np.count_nonzero(found.labels[1] == 1) == 6 * 6 - 2 * 2
    assert (found.labels[1, 3:5, 3:5] == 0).all()
    # The second part holds the centres (4.5, 8.5) and (5.5, 8.5).
    assert np.count_nonzero(found.labels[0] == 2) == 4 + 2
    assert found.classes == {1: "Tumor", 2: "Stroma"}
    assert found.colours == {"Tumor": (200, 0, 0), "Stroma": (150, 200, 150)}
    assert found.names == {1: "first"}


def test_our_geojson_is_what_its_standard_demands(tmp_path):
    """RFC 7946: rings are closed, outer ones counterclockwise, holes clockwise."""
    annotation = full_annotation("ZYX")
    content = json.loads(write_annotation(tmp_path / "a.geojson", annotation).read_text("utf-8"))
    assert content["type"] == "FeatureCollection"
    assert len(content["features"]) == sum(
        len(np.unique(plane[plane > 0])) for plane in annotation.labels
    )
    for feature in content["features"]:
        geometry, properties = feature["geometry"], feature["properties"]
        assert properties["objectType"] == "annotation"
        several = geometry["type"] == "MultiPolygon"
        for outer, *holes in geometry["coordinates"] if several else [geometry["coordinates"]]:
            assert all(ring[0] == ring[-1] and len(ring) >= 5 for ring in (outer, *holes))
            assert doubled_area(np.array(outer[:-1])) > 0
            assert all(doubled_area(np.array(hole[:-1])) < 0 for hole in holes)
    tumour = next(
        one["properties"] for one in content["features"] if "classification" in one["properties"]
    )
    assert tumour["classification"] == {"name": "tumour", "color": [200, 0, 10]}


# COCO


def test_run_lengths_are_those_of_coco():
    """A published pair of a mask and its text, as COCO's own interface encodes it."""
    mask = np.zeros((9, 10), bool)
    flat = np.zeros(90, bool)
    flat[[6, *range(47, 51), *range(56, 60), *range(65, 69)]] = True
    mask[:] = flat.reshape(10, 9).T
    runs = run_lengths.runs_of(mask, (0, 0), 9, 10)
    assert runs == [6, 1, 40, 4, 5, 4, 5, 4, 21]
    assert run_lengths.compressed(runs) == "61X13mN000`0"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 2**31), min_size=1, max_size=30))
def test_any_runs_survive_compression(runs):
    assert run_lengths.decompressed(run_lengths.compressed(runs)).tolist() == runs


def test_a_data_set_of_several_images_is_read_by_name(tmp_path):
    path = tmp_path / "instances_val.json"
    square = [1, 1, 4, 1, 4, 3, 1, 3]
    path.write_text(
        json.dumps(
            {
                "images": [
                    {"id": 7, "file_name": "a.png", "height": 6, "width": 5},
                    {"id": 8, "file_name": "b/c.png", "height": 4, "width": 9},
                ],
                "annotations": [
                    {"id": 1, "image_id": 8, "category_id": 3, "segmentation": [square]},
                    {
                        "id": 2,
                        "image_id": 7,
                        "category_id": 3,
                        "segmentation": {"size": [6, 5], "counts": [2, 3, 25]},
                        "iscrowd": 1,
                    },
                    {"id": 3, "image_id": 8, "category_id": 3, "bbox": [1, 1, 2, 2]},
                ],
                "categories": [{"id": 3, "name": "cell"}],
            }
        )
    )
    with pytest.warns(UserWarning, match="left out: 1 boxes"):
        found = read_annotation(path, image="c.tif")
    assert found.labels.shape == (4, 9)
    assert np.count_nonzero(found.labels == 1) == 3 * 2
    assert found.classes == {1: "cell"}
    first = read_annotation(path, image="a")
    assert np.argwhere(first.labels).tolist() == [[2, 0], [3, 0], [4, 0]]
    with pytest.raises(FileError, match=r"annotations of 2 images: a\.png, b/c\.png; say which"):
        read_annotation(path)
    with pytest.raises(FileError, match=r"0 of its 2 images are called 'x'"):
        read_annotation(path, image="x")


def test_our_coco_says_areas_boxes_and_categories(tmp_path):
    labels = np.zeros((6, 8), int)
    labels[1:4, 2:7] = 3
    labels[5, 0] = 9
    annotation = AnnotatedLabels.of(labels, classes={3: "cell"}, colours={"cell": (1, 2, 3)})
    content = json.loads(write_annotation(tmp_path / "a.b.coco.json", annotation).read_text())
    (image,) = content["images"]
    assert (image["file_name"], image["height"], image["width"]) == ("a.b.tif", 6, 8)
    first, second = content["annotations"]
    assert first["bbox"] == [2, 1, 5, 3]
    assert (first["area"], first["iscrowd"], first["image_id"]) == (15, 0, image["id"])
    assert [one["name"] for one in content["categories"]] == ["cell", "object"]
    assert second["category_id"] == content["categories"][1]["id"]
    assert content["categories"][0]["color"] == [1, 2, 3]


# OME-Zarr


@pytest.fixture
def zarr():
    return pytest.importorskip("zarr")


def test_ome_zarr_is_what_its_specification_demands(tmp_path, zarr):
    labels = np.zeros((1, 1100, 30), np.int32)
    labels[:, 500:900, 3:20] = 12
    annotation = AnnotatedLabels.of(
        labels, "TYX", (0.5, 0.25), "micrometer", {12: "cell"}, {"cell": (9, 8, 7)}
    )
    path = write_annotation(tmp_path / "cells.ome.zarr", annotation)
    group = zarr.open_group(path, mode="r")
    assert group.metadata.zarr_format == 2
    (scales,) = group.attrs["multiscales"]
    assert scales["axes"] == [
        {"name": "t", "type": "time"},
        {"name": "y", "type": "space", "unit": "micrometer"},
        {"name": "x", "type": "space", "unit": "micrometer"},
    ]
    levels = [group[one["path"]] for one in scales["datasets"]]
    assert [level.shape for level in levels] == [(1, 1100, 30), (1, 550, 15), (1, 275, 8)]
    assert [one["coordinateTransformations"][0]["scale"] for one in scales["datasets"]] == [
        [1.0, 0.5, 0.25],
        [1.0, 1.0, 0.5],
        [1.0, 2.0, 1.0],
    ]
    assert np.array_equal(levels[0][:], labels)
    assert np.array_equal(levels[2][:], labels[:, ::4, ::4])
    stated = group.attrs["image-label"]
    assert stated["colors"] == [{"label-value": 12, "rgba": [9, 8, 7, 255]}]
    assert stated["properties"] == [{"label-value": 12, "class": "cell"}]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_labels_inside_of_an_image_are_read(tmp_path, zarr, version):
    """As ome-zarr writes them: five axes with one channel, a scale for the whole image."""
    data = np.arange(24, dtype=np.uint16).reshape(1, 1, 2, 3, 4)
    root = zarr.create_group(str(tmp_path / "image.zarr"), zarr_format=2 if version == "0.4" else 3)
    labels = root.create_group("labels")
    nuclei = labels.create_group("nuclei")
    nuclei.create_array("0", data=data, chunks=(1, 1, 1, 3, 2))
    scales = [
        {
            "axes": [{"name": one, "type": "space"} for one in "tczyx"],
            "datasets": [
                {
                    "path": "0",
                    "coordinateTransformations": [{"type": "scale", "scale": [1, 1, 2, 0.5, 0.5]}],
                }
            ],
            "coordinateTransformations": [{"type": "scale", "scale": [1, 1, 1, 2, 2]}],
        }
    ]
    stated = {"multiscales": scales, "image-label": {}}
    nuclei.attrs.update(stated if version == "0.4" else {"ome": stated})
    listed = {"labels": ["nuclei"]}
    labels.attrs.update(listed if version == "0.4" else {"ome": listed})
    for path in ("image.zarr", "image.zarr/labels/nuclei"):
        found = read_annotation(tmp_path / path)
        assert found.axes == "TZYX"
        assert found.spacing == (2.0, 1.0, 1.0)
        assert np.array_equal(found.labels, data[:, 0])


def test_labels_are_added_to_an_image(tmp_path, zarr):
    image = tmp_path / "image.zarr"
    zarr.create_group(str(image), zarr_format=2)
    for name, number in (("first", 1), ("second", 2), ("first", 3)):
        annotation = AnnotatedLabels.of(np.full((3, 4), number))
        write_annotation(image / "labels" / name, annotation)
    assert json.loads((image / "labels" / ".zattrs").read_text()) == {"labels": ["first", "second"]}
    assert read_annotation(image / "labels" / "first").labels[0, 0] == 3
    with pytest.raises(FileError, match="several label images, first, second; open one of them"):
        read_annotation(image)


# What files do not say


def test_later_objects_lie_on_top_and_it_is_said(tmp_path):
    box = roifile.ROI_TYPE.RECT
    path = rois(
        tmp_path / "a.zip",
        region(box, 0, 0, 6, 6),
        region(box, 4, 4, 9, 9),
        region(box, 4, 4, 5, 9),
    )
    with pytest.warns(UserWarning, match="7 pixels lie in several objects"):
        labels = read_annotation(path, (9, 9)).labels
    # 4 pixels of the first two, and 5 of the last, of which 2 are counted already.
    assert [np.count_nonzero(labels == number) for number in (1, 2, 3)] == [32, 20, 5]


def test_objects_that_have_no_pixel_are_counted(tmp_path):
    box = roifile.ROI_TYPE.RECT
    path = rois(tmp_path / "a.zip", region(box, 0, 0, 2, 2), region(box, 20, 0, 22, 2))
    with pytest.warns(UserWarning, match="1 of 2 objects lie outside the image or hold no centre"):
        assert np.unique(read_annotation(path, (9, 9)).labels).tolist() == [0, 1]


def test_the_size_of_the_image_is_guessed_and_that_is_said(tmp_path):
    path = rois(tmp_path / "a.zip", region(roifile.ROI_TYPE.RECT, 2, 3, 7, 5))
    with pytest.warns(UserWarning, match="does not state the size of its image; .* 5 x 7"):
        assert read_annotation(path).labels.shape == (5, 7)


@pytest.mark.parametrize("ending", [*OUTLINES, ".ome.tif", ".ome.zarr", "_cp_masks.png"])
def test_an_annotation_of_another_image_is_refused(tmp_path, ending):
    skip_without_its_package(ending)
    path = write_annotation(tmp_path / f"a{ending}", AnnotatedLabels.of(RING))
    with pytest.raises(FileError, match="of the shape 3 x 3, the image has 3 x 4; open it beside"):
        read_annotation(path, (3, 4))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"labels": RING / 2}, "must be labels"),
        ({"labels": -RING}, "from 0 .* up, it holds -1"),
        ({"labels": RING, "axes": "XY"}, "can not have the axes"),
        ({"labels": RING[None], "axes": "CYX"}, "annotations have the axes YX, ZYX, TYX or TZYX"),
        ({"labels": RING, "spacing": 0}, "numbers above 0"),
        ({"labels": RING, "classes": {0: "a"}}, "at least 1, got 0"),
        ({"labels": RING, "classes": {1: "a\nb"}}, "a class must be one line"),
        ({"labels": RING, "names": {1: 5}}, "a name must be text"),
        ({"labels": RING, "colours": {"a": (1, 2, 256)}}, "three whole numbers from 0 to 255"),
    ],
)
def test_what_no_annotation_is_says_why(fields, words):
    with pytest.raises((TypeError, ValueError), match=words):
        AnnotatedLabels.of(**fields)


# What labels mean in the window


@pytest.mark.parametrize("ending", [*OUTLINES, *IMAGES])
def test_classes_of_pixels_stay_classes_of_pixels(tmp_path, ending):
    """Also one that nothing is of, and that pixels without a class are unknown."""
    skip_without_its_package(ending)
    meaning = Annotation(semantic=True, sparse=True).named("nucleus").named("mitosis").named("rim")
    labels = np.array([[1, 1, 0, 3], [1, 0, 3, 3]])
    written = AnnotatedLabels.described(Value.of(labels, Kind.LABELS), meaning)
    found = read_annotation(write_annotation(tmp_path / f"a{ending}", written))
    assert np.array_equal(found.labels, labels)
    assert found.meaning == meaning


@pytest.mark.parametrize("ending", [*OUTLINES, *IMAGES])
def test_classes_of_objects_keep_their_order_and_colours(tmp_path, ending):
    skip_without_its_package(ending)
    meaning = Annotation().named("nucleus").named("mitosis").with_class(5, 1).with_class(2, 2)
    labels = np.array([[2, 2, 0, 5], [2, 0, 7, 7]])
    written = AnnotatedLabels.described(
        Value.of(labels, Kind.LABELS), meaning.with_lock(5, locked=True)
    )
    found = read_annotation(write_annotation(tmp_path / f"a{ending}", written))
    assert found.meaning == meaning


def test_classes_of_other_programs_get_colours():
    found = AnnotatedLabels.of(RING, classes={1: "cell"}).meaning
    assert [(one.number, one.name, one.color) for one in found.classes] == [
        (1, "cell", CLASS_COLORS[0])
    ]
    assert found.class_of == ((1, 1),)
