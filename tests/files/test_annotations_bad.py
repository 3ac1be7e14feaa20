"""Files that are damaged, lie, or were made to do harm: a sentence, and nothing else happens."""

from __future__ import annotations

import importlib.util
import json
import pickle
import resource
import shutil
import struct
import tempfile
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
import roifile
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_delineate.files import AnnotatedLabels, FileError, read_annotation, write_annotation
from napari_delineate.files.annotations import imagej, ome_zarr

SMALL = np.array([[1, 1, 1, 0], [1, 0, 1, 2], [1, 1, 1, 2]])
ALL = (".geojson", ".coco.json", ".zip", ".ome.tif", "_cp_masks.png")


def feature(coordinates, kind="Polygon", **more):
    geometry = {"type": kind, "coordinates": coordinates} | more
    return {"type": "Feature", "geometry": geometry, "properties": None}


SQUARE = [[0, 0], [4, 0], [4, 4], [0, 4]]
HUGE = [[-9e8, -9e8], [9e8, -9e8], [9e8, 9e8], [-9e8, 9e8]]
STATED = {"shape": [4, 4], "axes": "YX", "spacing": [1, 1], "units": "pixel"}


def coco(**changes):
    content = {
        "images": [{"id": 1, "file_name": "a.png", "height": 4, "width": 5}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1}],
        "categories": [{"id": 1, "name": "cell"}],
    }
    annotation = changes.pop("annotation", {})
    content |= changes
    content["annotations"] = [content["annotations"][0] | annotation]
    return content


def runs(counts, size=(4, 5)):
    return {"annotation": {"segmentation": {"size": list(size), "counts": counts}}}


@pytest.mark.filterwarnings("ignore:.*does not state the size:UserWarning")
@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "no JSON, or damaged"),
        ("[" * 100_000, "nested too deeply"),
        ("\udcff", "no JSON|no text"),
        ("9" * 5000, "no JSON, or damaged"),
        ("{}", "neither GeoJSON .* nor COCO"),
        ([feature([[[0, 0], [1, float("nan")], [1, 1]]])], "feature 1 of 1: coordinates must be"),
        ([feature([[[0, 0], [1e308, 0], [1, 1]]])], "feature 1 of 1: coordinates must be"),
        ([feature([[[0, 0], [1], [1, 1]]])], "feature 1 of 1: corners .* pairs of numbers"),
        ([feature([[["a", "b"], [1, 2], [1, 1]]])], "corners of a polygon must be pairs"),
        ([feature([[10**400, 0]])], "corners of a polygon must be pairs"),
        ([feature({"a": 1})], "coordinates are no lists"),
        ([feature([SQUARE]), 5], "feature 2 of 2: it is no feature"),
        ([feature([SQUARE], plane={"z": -1})], "the place -1; places count from 0"),
        ([feature([SQUARE], plane={"z": 2.5})], "the place 2.5; places count from 0"),
        ({"type": "FeatureCollection", "features": 3}, "no list of features"),
        ({"type": "FeatureCollection", "features": []}, "does not state the size of its image"),
        ([feature([[[0, 0], [1e8, 0], [1e8, 1e8]]])], "annotations are read up to 2,147,483,648"),
        (
            {"type": "FeatureCollection", "features": [], "napari-delineate": {"shape": [4, 4]}},
            "under 'napari-delineate' is damaged",
        ),
        (
            {
                "type": "FeatureCollection",
                "features": [],
                "napari-delineate": STATED | {"shape": [10**9, 10**9]},
            },
            "of an image of 1000000000 x 1000000000 pixels; annotations are read up to",
        ),
        (
            {
                "type": "FeatureCollection",
                "features": [],
                "napari-delineate": STATED | {"shape": [-4, 4]},
            },
            "states the shape -4 x 4; an image has at least one pixel",
        ),
        (coco(images=[]), "it has no images"),
        (coco(images=[{"id": 1, "height": -4, "width": 5}]), "at least one pixel"),
        (coco(images=[{"id": 1, "height": 10**6, "width": 10**6}]), "annotations are read up to"),
        (coco(images=[{"id": [1], "height": 4, "width": 5}]), "an entry of its images has no id"),
        (coco(images=[{"id": 1, "height": "4", "width": 5}]), "no height and width"),
        (coco(**runs([2, -1, 19])), "annotation 1 of 1: its run lengths do not fit"),
        (coco(**runs([2, 10**9])), "run lengths do not fit an image of 5 x 4"),
        (coco(**runs([2, 10**30])), "run lengths do not fit|run lengths .* damaged"),
        (coco(**runs([2, [3]])), "run lengths do not fit"),
        (coco(**runs("oooooooooooooo")), "run lengths are damaged"),
        (coco(**runs("µ")), "run lengths are damaged"),
        (coco(**runs("")), "run lengths are damaged"),
        (coco(**runs([20], size=(5, 4))), r"of the size \[5, 4\], its image has \[4, 5\]"),
        (coco(annotation={"segmentation": [[1, 2, 3]]}), "a list of numbers x, y, x, y"),
        (coco(annotation={"segmentation": [["a", "b"]]}), "pairs of numbers"),
    ],
)
def test_what_json_may_hold_instead(tmp_path, content, words):
    path = tmp_path / "bad.json"
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    tracemalloc.start()
    with pytest.raises(FileError, match=words) as caught:
        read_annotation(path)
    assert tracemalloc.get_traced_memory()[1] < 2**26
    tracemalloc.stop()
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 700


def test_shapes_that_cover_the_image_again_and_again_are_refused(tmp_path):
    path = tmp_path / "many.geojson"
    path.write_text(json.dumps([feature([HUGE])] * 2000))
    with pytest.raises(FileError, match=r"2000 shapes cover the image .* again and again"):
        read_annotation(path, (4000, 4000))


def test_shapes_larger_than_the_image_are_cut_off(tmp_path):
    path = tmp_path / "large.geojson"
    path.write_text(json.dumps([feature([HUGE, [[1, 1], [1, 2], [2, 2], [2, 1]]])]))
    assert read_annotation(path, (2, 3)).labels.tolist() == [[1, 1, 1], [1, 0, 1]]


def test_numbers_that_no_object_has_are_not_taken(tmp_path):
    path = tmp_path / "numbers.geojson"
    numbers = (True, "7", 0, -3, 1e300, 2.5, 10**40, 6)
    features = [feature([[[x, 0], [x + 1, 0], [x + 1, 1], [x, 1]]]) for x in range(len(numbers))]
    for one, number in zip(features, numbers, strict=True):
        one["properties"] = {"measurements": {"object": number}}
    path.write_text(json.dumps(features))
    assert read_annotation(path, (1, 8)).labels.tolist() == [[7, 8, 9, 10, 11, 12, 13, 6]]


def test_files_of_text_that_are_too_large_are_not_opened(tmp_path):
    path = tmp_path / "large.geojson"
    with path.open("wb") as file:
        file.truncate(2**30)
    with pytest.raises(FileError, match="read up to 512 MB, split it"):
        read_annotation(path)


# Zip


def test_a_zip_that_unpacks_to_very_much_is_not_unpacked(tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.roi", bytes(imagej._LARGEST_ROI + 1))
    assert path.stat().st_size < 2**18
    tracemalloc.start()
    with pytest.raises(FileError, match=r"the largest of 64 MB; up to .* are read"):
        read_annotation(path)
    assert tracemalloc.get_traced_memory()[1] < 2**24
    tracemalloc.stop()


def test_a_zip_that_lies_about_the_size_is_damaged(tmp_path):
    path = tmp_path / "liar.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.roi", bytes(2**22))
    content = path.read_bytes().replace(struct.pack("<I", 2**22), struct.pack("<I", 100))
    path.write_bytes(content)
    tracemalloc.start()
    with pytest.raises(FileError, match="can not be read"):
        read_annotation(path)
    assert tracemalloc.get_traced_memory()[1] < 2**21
    tracemalloc.stop()


@pytest.mark.parametrize(
    "content",
    [b"", b"Iout", b"Iout" + bytes(60), b"Iout" + b"\xff" * 200, bytes(64)],
)
def test_regions_that_are_none(tmp_path, content):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.roi", content)
    with pytest.raises(FileError, match=r"a\.zip"):
        read_annotation(path)


def test_a_region_for_a_whole_stack_is_not_repeated_without_end(tmp_path):
    roi = roifile.ImagejRoi()
    roi.roitype = roifile.ROI_TYPE.RECT
    roi.right = roi.bottom = 1
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for place in range(300):
            archive.writestr(f"{place}.roi", roi.tobytes())
    with pytest.raises(FileError, match="again and again"):
        read_annotation(path, (10**8, 1, 1))


# Zarr


@pytest.fixture
def stored(tmp_path):
    """A small OME-Zarr label image."""
    pytest.importorskip("zarr")
    return write_annotation(tmp_path / "a.ome.zarr", AnnotatedLabels.of(SMALL, classes={1: "a"}))


def change(path, **fields):
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | fields))


class _Harm:
    def __reduce__(self):
        return (Path.touch, (Path(self.place),))


@pytest.mark.parametrize("where", ["filters", "compressor", "object"])
def test_zarr_that_would_run_code_is_refused(stored, tmp_path, where):
    """numcodecs unpickles where an array says so: then anybody's file runs anybody's code."""
    harm = _Harm()
    harm.place = str(tmp_path / "harm")
    array = stored / "0"
    for chunk in array.rglob("0"):
        if chunk.is_file():
            chunk.write_bytes(pickle.dumps(harm))
    pickled = {"id": "pickle", "protocol": 4}
    if where == "compressor":
        change(array / ".zarray", compressor=pickled)
    else:
        change(array / ".zarray", compressor=None, filters=[pickled])
    if where == "object":
        change(array / ".zarray", dtype="|O")
    with pytest.raises(
        FileError, match=r"stored with 'pickle', which is not|must be whole numbers"
    ):
        read_annotation(stored)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"shape": [10**6, 10**6]}, "annotations are read up to"),
        ({"shape": [-3, 4]}, "at least one pixel"),
        ({"shape": "a"}, "states no shape"),
        ({"chunks": [10**9, 10**9]}, "pieces of 1000000000 x 1000000000 pixels; they are too"),
        ({"chunks": [0, 1]}, "too large"),
        ({"shape": [40_000, 40_000], "chunks": [1, 1]}, "1,600,000,000 pieces"),
        ({"dtype": "<f4"}, "must be whole numbers, their dtype is <f4"),
        ({"dtype": [["a", "<i4"]]}, "must be whole numbers"),
    ],
)
def test_zarr_that_states_what_can_not_be(stored, fields, words):
    change(stored / "0" / ".zarray", **fields)
    with pytest.raises(FileError, match=words):
        read_annotation(stored)


def test_zarr_that_was_never_written_takes_no_memory(stored):
    """240 MB of background: numbers that are stored are looked at, no others."""
    change(stored / "0" / ".zarray", shape=[12_000, 5_000], chunks=[1000, 1000])
    for chunk in (stored / "0").glob("[0-9]*"):
        shutil.rmtree(chunk)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = read_annotation(stored)
    assert found.labels.shape == (12_000, 5_000)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 180_000


@pytest.mark.parametrize(
    ("dtype", "number"), [("<u4", 2**32 - 1), ("<i8", 2**40), ("|u1", 255), (">u2", 65_535)]
)
def test_numbers_of_any_width_are_read_from_zarr(tmp_path, dtype, number):
    zarr = pytest.importorskip("zarr")
    stored = write_annotation(tmp_path / "a.ome.zarr", AnnotatedLabels.of(SMALL))
    shutil.rmtree(stored / "0")
    data = np.where(SMALL == 2, number, SMALL).astype(dtype)
    zarr.open_group(stored).create_array("0", data=data, chunks=(2, 3))
    assert np.array_equal(read_annotation(stored).labels, data)


@pytest.mark.parametrize(
    ("multiscales", "words"),
    [
        (None, "no OME-Zarr label image|no multiscales"),
        ([], "no multiscales"),
        ([{"datasets": [{"path": "../../etc"}]}], "which is not inside it"),
        ([{"datasets": [{"path": "/etc"}]}], "which is not inside it"),
        ([{"datasets": [{"path": 5}]}], "which is not inside it"),
        ([{"datasets": [{"path": "7"}]}], "at which there is nothing"),
        ([{"datasets": [{"path": "0"}], "axes": [{"name": "x"}]}], "axes 'X' do not fit"),
        (
            [
                {
                    "datasets": [
                        {
                            "path": "0",
                            "coordinateTransformations": [{"type": "scale", "scale": [0, -1]}],
                        }
                    ]
                }
            ],
            "finite numbers above 0",
        ),
    ],
)
def test_zarr_whose_metadata_are_wrong(stored, multiscales, words):
    change(stored / ".zattrs", multiscales=multiscales)
    with pytest.raises(FileError, match=words):
        read_annotation(stored)


def test_a_folder_that_is_no_label_image_is_not_replaced(tmp_path):
    pytest.importorskip("zarr")
    mine = tmp_path / "mine.zarr"
    mine.mkdir()
    (mine / "thesis.txt").write_text("all of it")
    with pytest.raises(FileError, match="no OME-Zarr label image, and is not replaced"):
        write_annotation(mine, AnnotatedLabels.of(SMALL))
    assert (mine / "thesis.txt").read_text() == "all of it"
    with pytest.raises(FileError, match="holds no OME-Zarr label image"):
        read_annotation(mine)


def test_an_old_label_image_stays_where_writing_fails(stored, monkeypatch):
    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ome_zarr, "_image_label", fail)
    with pytest.raises(OSError, match="No space left"):
        write_annotation(stored, AnnotatedLabels.of(SMALL * 9))
    assert read_annotation(stored).labels.max() == 2
    assert [one.name for one in stored.parent.iterdir()] == [stored.name]


def test_without_zarr_the_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(FileError, match=r"needs the package zarr; .*'napari-delineate\[zarr\]'"):
        write_annotation(tmp_path / "a.ome.zarr", AnnotatedLabels.of(SMALL))
    assert not list(tmp_path.iterdir())


# All


@pytest.mark.parametrize("name", ["image_seg.npy", "a.pkl", "a.csv", "a"])
def test_what_could_run_code_or_is_unknown_is_refused(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(pickle.dumps({"masks": SMALL}))
    with pytest.raises(FileError, match="no annotation that can be read or written here"):
        read_annotation(path)
    with pytest.raises(FileError, match="the endings known are"):
        write_annotation(path, AnnotatedLabels.of(SMALL))


@pytest.mark.parametrize("ending", ALL)
def test_a_file_that_is_not_there_is_named(tmp_path, ending):
    with pytest.raises(FileError, match="there is no file"):
        read_annotation(tmp_path / f"a{ending}")


@pytest.mark.parametrize(
    ("ending", "labels", "words"),
    [
        (".ome.tif", SMALL * 2**40, "labels below 2"),
        ("_cp_masks.png", SMALL * 40_000, "numbers below 65,536, there is 80,000"),
        ("_cp_masks.tif", SMALL * 2**40, "numbers below 4,294,967,296"),
        ("_cp_masks.png", np.stack([SMALL] * 2), "PNG holds a single plane"),
    ],
)
def test_a_format_that_can_not_hold_it_says_so_and_the_old_file_stays(
    tmp_path, ending, labels, words
):
    path = tmp_path / f"a{ending}"
    path.write_text("old")
    with pytest.raises(FileError, match=words):
        write_annotation(path, AnnotatedLabels.of(labels))
    assert path.read_text() == "old"


def test_a_tiff_that_states_more_than_it_holds_is_refused(tmp_path):
    path = write_annotation(tmp_path / "a.ome.tif", AnnotatedLabels.of(SMALL))
    with tifffile.TiffFile(path, mode="r+") as file:
        file.pages[0].tags["ImageLength"].overwrite(10**8)
    with pytest.raises(FileError, match=r"states 100000000 x 4 pixels and is far too small"):
        read_annotation(path)


def test_images_of_light_are_no_annotation(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.full((4, 4), 0.5, np.float32))
    with pytest.raises(FileError, match="must be labels"):
        read_annotation(tmp_path / "a.tif")
    tifffile.imwrite(tmp_path / "b.tif", np.zeros((4, 4, 3), np.uint8), photometric="rgb")
    with pytest.raises(FileError, match="is a colour image"):
        read_annotation(tmp_path / "b.tif")


@settings(max_examples=25, deadline=None)
@given(
    ending=st.sampled_from(ALL),
    cut=st.floats(0, 1),
    flips=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=4),
)
def test_damaged_files_say_so_or_are_read(ending, cut, flips):
    """Never another error than a FileError, and never without the name of the file."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = write_annotation(Path(folder) / f"a{ending}", AnnotatedLabels.of(SMALL))
        content = bytearray(path.read_bytes())
        for place, value in flips:
            content[min(int(place * len(content)), len(content) - 1)] = value
        path.write_bytes(content[: len(content) if cut > 0.5 else int(cut * 2 * len(content))])
        try:
            read_annotation(path)
        except FileError as caught:
            error = str(caught)
        else:
            error = str(path)
        assert str(path) in error


def test_a_read_only_folder_leaves_no_trace(tmp_path):
    shutil.rmtree(tmp_path)
    tmp_path.write_text("a file where a folder should be")
    with pytest.raises(OSError, match=r"Not a directory|exists"):
        write_annotation(tmp_path / "a.geojson", AnnotatedLabels.of(SMALL))
    assert tmp_path.read_text() == "a file where a folder should be"
