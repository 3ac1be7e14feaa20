"""What a file says and labels can not hold is said; nothing else is lost."""

from __future__ import annotations

import json
import struct
import warnings
import zipfile
import zlib

import numpy as np
import pytest
from matplotlib.path import Path as Outline

from napari_delineate.files import AnnotatedLabels, FileError, read_annotation, write_annotation

SQUARE = [2, 2, 8, 2, 8, 8, 2, 8]


def coco(path, annotations, categories=({"id": 1, "name": "cell"},)):
    image = {"id": 1, "file_name": "ä.png", "height": 12, "width": 15}
    content = {"images": [image], "annotations": annotations, "categories": list(categories)}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def marked(category, image=1, left=0):
    corners = [place + left if not odd % 2 else place for odd, place in enumerate(SQUARE)]
    return {"image_id": image, "category_id": category, "segmentation": [corners]}


def test_categories_that_coco_does_not_list_keep_their_ids(tmp_path):
    path = coco(tmp_path / "a.coco.json", [marked(1), marked(99, left=6)])
    with pytest.warns(UserWarning, match="1 of its annotations have categories that it does not"):
        found = read_annotation(path)
    assert found.classes == {1: "cell", 2: "category 99"}


def test_annotations_of_images_that_coco_does_not_list_are_counted(tmp_path):
    path = coco(tmp_path / "a.coco.json", [marked(1), marked(1, image=7), marked(1, image=None)])
    with pytest.warns(UserWarning, match="2 of its annotations are of images that it does not"):
        found = read_annotation(path)
    assert np.unique(found.labels).tolist() == [0, 1]


def test_objects_of_ours_without_a_class_have_none(tmp_path):
    labels = np.zeros((5, 6), int)
    labels[1:3, 1:3], labels[3:, 4:] = 1, 2
    path = write_annotation(
        tmp_path / "a.coco.json", AnnotatedLabels.of(labels, classes={2: "Größe"})
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_annotation(path).classes == {2: "Größe"}


def test_features_that_lie_nowhere_are_said_and_the_others_read(tmp_path):
    square = {"type": "Polygon", "coordinates": [[[1, 1], [4, 1], [4, 4], [1, 4], [1, 1]]]}
    features = [{"type": "Feature", "geometry": one, "properties": {}} for one in (None, square)]
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    with pytest.warns(UserWarning, match=r"feature without a geometry \(1\)"):
        found = read_annotation(path, (6, 6))
    assert np.count_nonzero(found.labels) == 9


def test_a_zip_that_macos_packed_is_read(tmp_path):
    labels = np.zeros((9, 9), int)
    labels[2:5, 3:8] = 4
    path = write_annotation(tmp_path / "a.rois.zip", AnnotatedLabels.of(labels))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("__MACOSX/._4.roi", b"Mac OS X")
        archive.writestr("../../._4.roi", b"Mac OS X")
    assert np.array_equal(read_annotation(path).labels, labels)


def test_names_in_a_zip_lead_nowhere(tmp_path):
    labels = np.zeros((9, 9), int)
    labels[2:5, 3:8] = 1
    source = write_annotation(tmp_path / "a.rois.zip", AnnotatedLabels.of(labels))
    with zipfile.ZipFile(source) as archive:
        region = archive.read(archive.namelist()[0])
    folder = tmp_path / "inner" / "most"
    folder.mkdir(parents=True)
    path = folder / "b.rois.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("../../evil.roi", str(tmp_path / "evil.roi"), "sub/ü.roi"):
            archive.writestr(name, region)
    before = sorted(tmp_path.rglob("*"))
    assert np.array_equal(read_annotation(path, (9, 9)).labels, labels)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_zip_whose_end_was_cut_is_damaged_and_foreign_comments_say_nothing(tmp_path):
    labels = np.zeros((9, 9), int)
    labels[2:5, 3:8] = 4
    annotation = AnnotatedLabels.of(labels, None, 0.5, "micrometer")
    path = write_annotation(tmp_path / "a.rois.zip", annotation)
    whole = path.read_bytes()
    path.write_bytes(whole[:-3])
    with pytest.raises(FileError, match="its comment states of the image is damaged"):
        read_annotation(path)
    path.write_bytes(whole)
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b'{"made by": "somebody"}'
    assert np.array_equal(read_annotation(path, (9, 9)).labels, labels)


@pytest.mark.parametrize("ending", [".geojson", ".coco.json"])
def test_polygons_that_cross_themselves_are_filled_as_others_fill_them(tmp_path, ending):
    """By the rule of even and odd, as in QuPath (JTS) and matplotlib's tests of one ring."""
    bow = [(1.2, 1.2), (12.1, 10.3), (12.1, 1.2), (1.2, 10.3)]
    path = tmp_path / f"a{ending}"
    if ending == ".geojson":
        geometry = {"type": "Polygon", "coordinates": [[*bow, bow[0]]]}
        path.write_text(json.dumps([{"type": "Feature", "geometry": geometry, "properties": {}}]))
    else:
        numbers = [number for corner in bow for number in corner]
        coco(path, [{"image_id": 1, "category_id": 1, "segmentation": [numbers]}])
    found = read_annotation(path, (12, 15)).labels
    rows, columns = np.mgrid[:12, :15] + 0.5
    inside = Outline([*bow, bow[0]]).contains_points(np.column_stack((columns.flat, rows.flat)))
    assert np.array_equal(found > 0, inside.reshape(12, 15))


def png(path, width, height):
    """A picture that states a size, and holds next to nothing."""

    def part(name, content):
        checked = name + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    head = struct.pack(">IIBBBBB", width, height, 16, 0, 0, 0, 0)
    body = zlib.compress(bytes(10_000))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", body) + part(b"IEND", b"")
    )


def test_a_picture_of_ten_thousand_million_pixels_is_not_unpacked(tmp_path):
    path = tmp_path / "a_cp_masks.png"
    png(path, 100_000, 100_000)
    with pytest.raises(FileError, match=r"can not be read: .*10000000000 pixels.* exceeds"):
        read_annotation(path)
