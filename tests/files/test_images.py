"""Images are written so that others read them, and read so that nothing is guessed."""

from __future__ import annotations

import contextlib
import pickle
import warnings
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile

from napari_delineate.files import (
    MESHES,
    READABLE,
    FileError,
    read,
    read_value,
    write_surface,
    write_value,
)
from napari_delineate.files.images import write_exact
from napari_delineate.types import Corrections, Kind, Surface
from napari_delineate.values import Value, fingerprint
from tests import inputs

SIZES = {"T": 2, "C": 3, "Z": 4, "Y": 5, "X": 6, "S": 3}


def random_array(axes: str, dtype="u2") -> np.ndarray:
    shape = tuple(SIZES[letter] for letter in axes)
    return np.random.default_rng(0).integers(0, 200, shape).astype(dtype)


def kind_of(axes: str) -> Kind:
    return Kind.RGB if axes.endswith("S") else Kind.IMAGE


def one_line(error) -> str:
    """Return the text of an error, which must be one sentence in one line."""
    text = str(error.value)
    assert "\n" not in text
    assert len(text) < 500
    return text


# OME-TIFF

AXES = "YX", "ZYX", "TYX", "CYX", "TZYX", "TCYX", "CTYX", "ZCYX", "TZCYX", "YXS", "ZYXS", "TYXS"


@pytest.mark.parametrize("axes", AXES)
def test_others_read_what_is_written(tmp_path, axes):
    data = random_array(axes, "u1")
    spacing = (2.0, 0.25, 0.5) if "Z" in axes else (0.25, 0.5)
    value = Value.of(data, kind_of(axes), axes, spacing, "micrometer")
    path = write_value(tmp_path / "image.ome.tif", value, 'with "words" & <signs> µ')
    with tifffile.TiffFile(path) as file:
        assert file.is_ome
        assert file.series[0].axes == axes
        assert np.array_equal(file.asarray(), data)
        pixels = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]["Pixels"]
        assert 'with "words" & <signs> µ' in str(tifffile.xml2dict(file.ome_metadata))
    for letter, size in zip("ZYX"[-len(spacing) :], spacing, strict=True):
        assert pixels[f"PhysicalSize{letter}"] == size
        assert pixels[f"PhysicalSize{letter}Unit"] == "µm"


@pytest.mark.parametrize("axes", AXES)
def test_what_is_written_is_read_again(tmp_path, axes):
    spacing = (2.0, 1 / 3, 0.1) if "Z" in axes else (1 / 3, 0.1)
    value = Value.of(random_array(axes, "u1"), kind_of(axes), axes, spacing, "nanometer")
    found = read_value(write_value(tmp_path / "image.ome.tif", value), value.kind)
    assert (found.axes, found.spacing, found.units) == (axes, spacing, "nanometer")
    assert found.data.dtype == value.data.dtype
    assert np.array_equal(found.data, value.data)


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8", ">u2", ">f4"])
def test_every_dtype_that_tiff_has(tmp_path, dtype):
    data = random_array("ZYX", dtype)
    path = write_value(tmp_path / "image.ome.tif", Value.of(data, Kind.IMAGE))
    assert np.array_equal(tifffile.imread(path), data)
    assert tifffile.imread(path).dtype == data.dtype.newbyteorder("=")


def test_half_floats_become_floats(tmp_path):
    data = random_array("YX", "f2")
    path = write_value(tmp_path / "image.ome.tif", Value.of(data, Kind.IMAGE))
    assert tifffile.imread(path).dtype == np.float32
    assert np.array_equal(tifffile.imread(path), data)


@pytest.mark.parametrize("dtype", ["i8", "u8", "?", "g"])
def test_dtypes_that_tiff_has_not_are_refused(tmp_path, dtype):
    value = Value.of(random_array("YX", dtype), Kind.IMAGE)
    with pytest.raises(FileError, match="OME-TIFF can not hold the dtype") as error:
        write_value(tmp_path / "image.ome.tif", value)
    assert "image.ome.tif" in one_line(error)
    assert not list(tmp_path.iterdir())


def test_masks_are_0_and_1(tmp_path):
    mask = random_array("YX") > 100
    path = write_value(tmp_path / "mask.ome.tif", Value.of(mask, Kind.MASK))
    assert tifffile.imread(path).dtype == np.uint8
    assert np.array_equal(tifffile.imread(path), mask)


@pytest.mark.parametrize(
    ("largest", "dtype"), [(5, np.int32), (2**31 - 1, np.int32), (2**31, np.uint32)]
)
def test_labels_of_64_bits_are_written_without_loss(tmp_path, largest, dtype):
    labels = np.array([[0, 1], [2, largest]], np.int64)
    path = write_value(tmp_path / "labels.ome.tif", Value.of(labels, Kind.LABELS))
    assert tifffile.imread(path).dtype == dtype
    assert np.array_equal(tifffile.imread(path), labels)


def test_labels_that_do_not_fit_are_refused_with_what_to_do(tmp_path):
    labels = Value.of(np.array([[0, 2**32]]), Kind.LABELS)
    with pytest.raises(FileError, match=r"renumber .* postprocessing\.relabel_sequential"):
        write_value(tmp_path / "labels.ome.tif", labels)


@pytest.mark.parametrize("axes", ["YXT", "YTX", "ZYXC", "TYXC", "ZYCX"])
def test_axes_behind_those_in_space_are_moved_before_them(tmp_path, axes):
    value = Value.of(random_array(axes), Kind.IMAGE, axes)
    path = write_value(tmp_path / "image.ome.tif", value)
    found = read_value(path)
    assert sorted(found.axes) == sorted(axes)
    order = [axes.index(letter) for letter in found.axes]
    assert np.array_equal(found.data, value.data.transpose(order))
    # Whoever asks for the old order gets it.
    again = read_value(path, axes=axes)
    assert again.axes == axes
    assert np.array_equal(again.data, value.data)


def test_axes_that_tiff_does_not_know_are_refused(tmp_path):
    value = Value.of(np.zeros((2, 3, 4)), Kind.IMAGE, "QYX")
    with pytest.raises(FileError, match="OME-TIFF can not hold the axis Q of QYX"):
        write_value(tmp_path / "image.ome.tif", value)


@pytest.mark.parametrize(
    ("shape", "axes"),
    [((1, 5, 6), "ZYX"), ((1, 5, 6), "TYX"), ((2, 1, 5, 6), "TZYX"), ((1, 1, 5, 6), "TCYX")],
)
def test_axes_of_length_1_are_there_where_they_are_asked_for(tmp_path, shape, axes):
    value = Value.of(np.random.default_rng(0).random(shape), Kind.IMAGE, axes)
    found = read_value(write_value(tmp_path / "image.ome.tif", value), axes=axes)
    assert found.axes == axes
    assert np.array_equal(found.data, value.data)


@pytest.mark.parametrize(
    ("spacing", "units"),
    [((2.0, 0.5), "pixel"), ((0.5, 0.5), "meter"), ((3.0, 3.0), "angstrom"), ((1.0, 1.0), "inch")],
)
def test_voxel_sizes_in_every_unit_survive(tmp_path, spacing, units):
    value = Value.of(random_array("YX"), Kind.IMAGE, "YX", spacing, units)
    found = read_value(write_value(tmp_path / "image.ome.tif", value))
    assert (found.spacing, found.units) == (spacing, units)


def test_an_image_without_a_voxel_size_states_none(tmp_path):
    path = write_value(tmp_path / "image.ome.tif", Value.of(random_array("YX"), Kind.IMAGE))
    with tifffile.TiffFile(path) as file:
        assert "PhysicalSize" not in file.ome_metadata
    found = read_value(path, spacing=(0.5, 0.25), units="micrometer")
    assert (found.spacing, found.units) == ((0.5, 0.25), "micrometer")


def test_what_a_file_states_counts_more_than_what_is_given(tmp_path):
    value = Value.of(random_array("YX"), Kind.IMAGE, "YX", 0.5, "micrometer")
    path = write_value(tmp_path / "image.ome.tif", value)
    found = read_value(path, spacing=(9.0, 9.0), units="nanometer")
    assert (found.spacing, found.units) == ((0.5, 0.5), "micrometer")


def test_what_a_file_leaves_open_is_what_is_given(tmp_path):
    metadata = {"axes": "ZYX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}
    tifffile.imwrite(tmp_path / "a.ome.tif", random_array("ZYX"), ome=True, metadata=metadata)
    assert read_value(tmp_path / "a.ome.tif").spacing == (1.0, 0.5, 0.5)
    assert read_value(tmp_path / "a.ome.tif", spacing=(3.0, 9.0, 9.0)).spacing == (3.0, 0.5, 0.5)


def test_voxel_sizes_in_several_units_become_those_of_x(tmp_path):
    metadata = {"axes": "ZYX"}
    for letter, size, unit in (("X", 0.5, "µm"), ("Y", 500, "nm"), ("Z", 0.002, "mm")):
        metadata |= {f"PhysicalSize{letter}": size, f"PhysicalSize{letter}Unit": unit}
    tifffile.imwrite(tmp_path / "a.ome.tif", random_array("ZYX"), ome=True, metadata=metadata)
    found = read_value(tmp_path / "a.ome.tif")
    assert found.spacing == pytest.approx((2.0, 0.5, 0.5))
    assert found.units == "micrometer"


def test_voxel_sizes_that_can_not_be_compared_are_refused(tmp_path):
    metadata = {"axes": "YX", "PhysicalSizeX": 1.0, "PhysicalSizeY": 1.0}
    metadata |= {"PhysicalSizeXUnit": "µm", "PhysicalSizeYUnit": "reference frame"}
    tifffile.imwrite(tmp_path / "a.ome.tif", random_array("YX"), ome=True, metadata=metadata)
    with pytest.raises(FileError, match=r"a\.ome\.tif .*in reference frame and in micrometer"):
        read_value(tmp_path / "a.ome.tif")


# TIFF of other programs


def test_the_voxel_size_of_imagej(tmp_path):
    tifffile.imwrite(
        tmp_path / "image.tif",
        random_array("ZYX"),
        imagej=True,
        resolution=(4.0, 2.0),  # pixels per micrometer, x and y
        metadata={"axes": "ZYX", "unit": "um", "spacing": 1.5},
    )
    found = read_value(tmp_path / "image.tif")
    assert (found.axes, found.spacing, found.units) == ("ZYX", (1.5, 0.5, 0.25), "micrometer")


@pytest.mark.parametrize("unit", ["micron", "microns", "\\u00B5m", "um"])
def test_imagej_writes_micrometer_in_many_ways(tmp_path, unit):
    tifffile.imwrite(
        tmp_path / "image.tif",
        random_array("YX"),
        imagej=True,
        resolution=(4.0, 4.0),
        metadata={"unit": unit},
    )
    found = read_value(tmp_path / "image.tif")
    assert found.units == "micrometer"
    assert found.spacing == pytest.approx((0.25, 0.25))


def test_imagej_without_a_unit_states_no_voxel_size(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", random_array("YX"), imagej=True, resolution=(72, 72))
    assert read_value(tmp_path / "a.tif").spacing == (1.0, 1.0)
    tifffile.imwrite(
        tmp_path / "b.tif", random_array("YX"), imagej=True, metadata={"unit": "pixel"}
    )
    assert read_value(tmp_path / "b.tif").units == "pixel"


def test_hyperstacks_of_imagej_say_their_axes(tmp_path):
    data = random_array("TZCYX")
    tifffile.imwrite(tmp_path / "a.tif", data, imagej=True, metadata={"axes": "TZCYX"})
    found = read_value(tmp_path / "a.tif")
    assert found.axes == "TZCYX"
    assert np.array_equal(found.data, data)
    turned = read_value(tmp_path / "a.tif", axes="CTZYX")
    assert np.array_equal(turned.data, data.transpose(2, 0, 1, 3, 4))


def test_the_meaning_of_an_axis_is_not_guessed(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", random_array("ZYX"), photometric="minisblack")
    with pytest.raises(FileError, match="ZYX for a stack or TYX for a movie") as error:
        read_value(tmp_path / "a.tif")
    assert r"a.tif does not say what the axes of its shape (4, 5, 6) are" in one_line(error)
    np.save(tmp_path / "b.npy", random_array("TZYX"))
    with pytest.raises(FileError, match="for instance TZYX"):
        read_value(tmp_path / "b.npy")
    for axes in ("ZYX", "TYX"):
        assert read_value(tmp_path / "a.tif", axes=axes).axes == axes
    tifffile.imwrite(tmp_path / "c.tif", random_array("YX"))
    assert read_value(tmp_path / "c.tif").axes == "YX"


def test_axes_that_do_not_fit_are_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", random_array("ZYX"), photometric="minisblack")
    with pytest.raises(FileError, match=r"has 3 axes \(shape \(4, 5, 6\)\), the axes TZYX are 4"):
        read_value(tmp_path / "a.tif", axes="TZYX")
    with pytest.raises(FileError, match="can not have the axes 'XYZ'"):
        read_value(tmp_path / "a.tif", axes="XYZ")


def test_what_a_file_says_wrongly_can_be_corrected(tmp_path):
    # Many programs write the slices of a stack as moments of a movie.
    value = Value.of(random_array("TYX"), Kind.IMAGE, "TYX")
    path = write_value(tmp_path / "a.ome.tif", value)
    with pytest.warns(UserWarning, match="states the axes TYX, they are taken as ZYX"):
        assert read_value(path, axes="ZYX").axes == "ZYX"


def test_big_endian_files_are_read_as_native_arrays(tmp_path):
    data = random_array("YX")
    tifffile.imwrite(tmp_path / "a.tif", data, byteorder=">")
    assert read(tmp_path / "a.tif").dtype.isnative
    assert np.array_equal(read(tmp_path / "a.tif"), data)


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_colours_of_tiff_stand_last(tmp_path, planar):
    data = random_array("YXS", "u1")
    given = data if planar == "contig" else np.moveaxis(data, -1, 0)
    tifffile.imwrite(tmp_path / "a.tif", given, photometric="rgb", planarconfig=planar)
    found = read_value(tmp_path / "a.tif", Kind.RGB)
    assert found.axes == "YXS"
    assert np.array_equal(found.data, data)


def test_a_stack_of_colours_must_say_what_it_is_along(tmp_path):
    data = random_array("ZYXS", "u1")
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="rgb", metadata=None)
    with pytest.raises(FileError, match="does not say what the axes"):
        read_value(tmp_path / "a.tif", Kind.RGB)
    assert np.array_equal(read_value(tmp_path / "a.tif", Kind.RGB, "ZYXS").data, data)


def test_images_that_are_no_stack_are_not_passed_over_in_silence(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for plane in random_array("ZYX"):
            file.write(plane)
    with pytest.warns(UserWarning, match=r"a\.tif holds 4 images; only the first is read"):
        assert read(tmp_path / "a.tif").shape == (5, 6)


# Pictures


@pytest.mark.parametrize("ending", ["png", "bmp"])
def test_gray_pictures(tmp_path, ending):
    data = random_array("YX", "u1")
    imageio.imwrite(tmp_path / f"a.{ending}", data)
    found = read_value(tmp_path / f"a.{ending}")
    assert found.axes == "YX"
    assert np.array_equal(found.data, data)


def test_gray_pictures_of_16_bits(tmp_path):
    data = random_array("YX") * 300
    imageio.imwrite(tmp_path / "a.png", data)
    assert read(tmp_path / "a.png").dtype == np.uint16
    assert np.array_equal(read(tmp_path / "a.png"), data)


@pytest.mark.parametrize("channels", [3, 4])
def test_colour_pictures(tmp_path, channels):
    data = np.random.default_rng(0).integers(0, 255, (5, 6, channels), np.uint8)
    imageio.imwrite(tmp_path / "a.png", data)
    found = read_value(tmp_path / "a.png", Kind.RGB)
    assert found.axes == "YXS"
    assert np.array_equal(found.data, data)
    with pytest.raises(FileError, match=r"convert it with filters\.rgb_to_gray"):
        read_value(tmp_path / "a.png")


def test_a_gray_picture_is_no_colour_picture(tmp_path):
    imageio.imwrite(tmp_path / "a.png", random_array("YX", "u1"))
    with pytest.raises(FileError, match="is no colour image"):
        read_value(tmp_path / "a.png", Kind.RGB)


def test_gray_with_transparency_is_gray(tmp_path):
    from PIL import Image

    data = random_array("YX", "u1")
    Image.merge("LA", [Image.fromarray(data), Image.fromarray(data // 2)]).save(tmp_path / "a.png")
    assert np.array_equal(read_value(tmp_path / "a.png").data, data)


def test_a_jpeg_for_printers_has_the_colours_that_one_sees(tmp_path):
    from PIL import Image

    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "a.jpg")
    found = read_value(tmp_path / "a.jpg", Kind.RGB).data
    assert found.shape == (16, 16, 3)
    assert found[8, 8, 0] > 200
    assert found[8, 8, 1:].max() < 60


def test_a_picture_with_a_palette_has_its_colours(tmp_path):
    from PIL import Image

    data = np.zeros((16, 16, 3), np.uint8)
    data[..., 1] = 255
    Image.fromarray(data).quantize(4).save(tmp_path / "a.png")
    assert read_value(tmp_path / "a.png", Kind.RGB).data[8, 8, :3].tolist() == [0, 255, 0]


def test_a_jpeg_is_read(tmp_path):
    data = np.full((16, 16), 90, np.uint8)
    imageio.imwrite(tmp_path / "a.JPG", data, extension=".jpg")
    assert np.abs(read_value(tmp_path / "a.JPG").data.astype(int) - data).max() < 3


# NumPy


def test_arrays_of_numpy(tmp_path):
    for dtype in ("?", "i8", "f2", ">f8", "u1"):
        data = random_array("ZYX", dtype)
        np.save(tmp_path / "a.npy", data)
        assert np.array_equal(read(tmp_path / "a.npy"), data)
        assert read(tmp_path / "a.npy").dtype.isnative


class Hostile:
    """What runs a command when it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def test_nothing_is_unpickled(tmp_path):
    mark = tmp_path / "mark"
    (tmp_path / "a.npy").write_bytes(pickle.dumps(Hostile(mark)))
    np.save(tmp_path / "b.npy", np.array([Hostile(mark)], object), allow_pickle=True)
    np.savez(tmp_path / "c.npz", vertices=np.array([Hostile(mark)], object), faces=1, values=1)
    (tmp_path / "d.npz").write_bytes(pickle.dumps(Hostile(mark)))
    for name in ("a.npy", "b.npy", "c.npz", "d.npz"):
        with pytest.raises(FileError, match="can not be read") as error:
            read(tmp_path / name)
        assert name in one_line(error)
    assert not mark.exists()


def test_foreign_archives_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", image=np.eye(3))
    with pytest.raises(FileError, match="holds neither a surface nor corrections"):
        read(tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("shape", [0, 5]),
        ("shape", [4.5, 5.0]),
        ("pixels", [9, 20]),
        ("labels", [0, -2]),
        ("labels", [0, 1, 2]),
        ("labels", [0.0, 1.0]),
        ("touched_pixels", [-1]),
        ("touched_labels", [0]),
    ],
    ids=str,
)
def test_damaged_corrections_are_refused(tmp_path, field, wrong):
    fields = {
        "shape": [4, 5],
        "pixels": [9, 19],
        "labels": [0, 7],
        "touched_pixels": [9],
        "touched_labels": [3],
    }
    np.savez(tmp_path / "a.npz", **fields)
    assert read(tmp_path / "a.npz").labels.tolist() == [0, 7]
    np.savez(tmp_path / "a.npz", **{**fields, field: wrong})
    with pytest.raises(FileError, match=rf"a\.npz can not be read: corrections: .*{field}"):
        read(tmp_path / "a.npz")


def test_a_picture_that_is_too_large_says_so(tmp_path):
    from PIL import Image

    Image.new("1", (20_000, 20_000)).save(tmp_path / "a.png")
    with pytest.raises(FileError, match="400000000 pixels") as error:
        read(tmp_path / "a.png")
    assert "limit" in one_line(error)


# What is wrong with a file


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileError, match=r"there is no file .*nothing\.tif"):
        read(tmp_path / "nothing.tif")


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "folder.tif").mkdir()
    with pytest.raises(FileError, match=r"there is no file .*folder\.tif"):
        read(tmp_path / "folder.tif")


@pytest.mark.parametrize("name", ["a.txt", "a", "a.exe", "a.tif.pkl", "a.lif", ""])
def test_other_endings_are_refused_with_those_known(tmp_path, name):
    with pytest.raises(FileError, match=r"endings known are \.tif, \.tiff"):
        read(tmp_path / name)


def files_of_every_format(folder: Path) -> list[Path]:
    stack = np.random.default_rng(0).integers(0, 255, (8, 40, 50)).astype(np.uint16)
    plane = stack[0].astype(np.uint8)
    write_value(folder / "ours.ome.tif", Value.of(stack, Kind.IMAGE, "ZYX", 0.5, "micrometer"))
    tifffile.imwrite(folder / "imagej.tif", stack, imagej=True, metadata={"axes": "ZYX"})
    tifffile.imwrite(folder / "plain.tif", stack, photometric="minisblack")
    tifffile.imwrite(folder / "raw.ome.tif", stack, ome=True, metadata={"axes": "ZYX"})
    tifffile.imwrite(folder / "pages.tif", stack, metadata=None, compression="zlib")
    np.save(folder / "array.npy", stack)
    np.savez(folder / "surface.npz", **inputs.value(Kind.SURFACE, 3)._asdict())
    for ending in ("png", "jpg", "bmp"):
        imageio.imwrite(folder / f"picture.{ending}", plane)
    for ending in MESHES:
        write_surface(folder / f"mesh{ending}", inputs.value(Kind.SURFACE, 3), "micrometer")
    return sorted(folder.iterdir())


def test_a_file_that_is_cut_off_is_never_taken_for_a_smaller_one(tmp_path):
    (tmp_path / "cut").mkdir()
    (tmp_path / "whole").mkdir()
    for path in files_of_every_format(tmp_path / "whole"):
        content, whole = path.read_bytes(), read(path)
        cut = tmp_path / "cut" / path.name
        refused = 0
        for length in np.linspace(0, len(content) - 1, 13).astype(int):
            cut.write_bytes(content[:length])
            try:
                found = read(cut)
            except FileError:
                refused += 1
            else:  # what is missing was not needed
                assert inputs.same(found, whole), (path.name, length)
        assert refused > 5, path.name


def test_foreign_content_under_every_ending_is_refused(tmp_path, capfd):
    for ending in READABLE:
        for content in (b"", b"\0" * 100, b"hello, this is a text\n", b"PK\x03\x04", b"\xff" * 300):
            path = tmp_path / f"a{ending}"
            path.write_bytes(content)
            with pytest.raises(FileError) as error:
                read(path)
            assert str(path) in one_line(error)
    assert capfd.readouterr() == ("", "")  # libraries say nothing of their own


def test_a_flipped_byte_is_an_error_or_harmless(tmp_path):
    value = Value.of(random_array("ZYX"), Kind.IMAGE, "ZYX", 0.5, "micrometer")
    path = write_value(tmp_path / "a.ome.tif", value)
    content = bytearray(path.read_bytes())
    for place in range(0, len(content), 7):
        damaged = content.copy()
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        with warnings.catch_warnings(), contextlib.suppress(FileError):
            warnings.simplefilter("ignore")
            read_value(path)


def test_a_file_that_lost_only_its_metadata_is_refused(tmp_path):
    # The pixels are all there, but what they mean is not.
    value = Value.of(random_array("ZYX"), Kind.IMAGE, "ZYX", 0.5, "micrometer")
    path = write_value(tmp_path / "a.ome.tif", value)
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"<?xml") + 100])
    with pytest.raises(FileError, match="is damaged or incomplete: invalid value offset"):
        read(path)


def test_a_stack_of_which_files_are_missing_is_refused(tmp_path):
    # Such a dataset of many files would be read with black images in it.
    data = random_array("ZYX")
    tifffile.imwrite(tmp_path / "a.ome.tif", data, ome=True, metadata={"axes": "ZYX"})
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as file:
        text = file.ome_metadata
    more = text.replace('SizeZ="4"', 'SizeZ="9"').replace('PlaneCount="4"', 'PlaneCount="9"')
    assert more != text
    tifffile.tiffcomment(tmp_path / "a.ome.tif", more.encode())
    with pytest.raises(FileError, match="damaged or incomplete"):
        read(tmp_path / "a.ome.tif")


@pytest.mark.parametrize(
    ("data", "kind", "message"),
    [
        (inputs.value(Kind.SURFACE, 3), Kind.IMAGE, "holds a surface where image is needed"),
        (inputs.value(Kind.SURFACE, 3), Kind.LABELS, "holds a surface where labels is needed"),
        (inputs.value(Kind.CORRECTIONS, 2), Kind.SURFACE, "holds corrections where surface is"),
        (np.zeros((3, 4, 4)), Kind.SURFACE, "holds an array where surface is needed"),
        (np.zeros((3, 4, 4)), Kind.TABLE, "holds an array where table is needed"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path, data, kind, message):
    if isinstance(data, np.ndarray):
        np.save(tmp_path / "a.npy", data)
        path = tmp_path / "a.npy"
    else:
        path = write_exact(tmp_path, "a", Value.of(data, Kind(type(data).__name__.lower())))
    with pytest.raises(FileError, match=message):
        read_value(path, kind)


# Checksums


def test_a_checksum_tells_whether_the_content_is_the_same(tmp_path):
    data = random_array("YX")
    np.save(tmp_path / "a.npy", data)
    assert np.array_equal(read(tmp_path / "a.npy", checksum=fingerprint(data)), data)
    np.save(tmp_path / "a.npy", data + 1)
    with pytest.raises(FileError, match="another content than when the workflow was made") as error:
        read(tmp_path / "a.npy", checksum=fingerprint(data))
    assert "give None as the checksum" in one_line(error)


# Exactly what was made by hand


@pytest.mark.parametrize(
    "value",
    [
        Value.of(random_array("ZYX", "u1"), Kind.LABELS),
        Value.of(random_array("ZYX", "i8"), Kind.LABELS),
        Value.of(random_array("YX", "u8") + 2**60, Kind.LABELS),
        Value.of(random_array("YX", "?"), Kind.MASK),
        Value.of(random_array("YX", "u1"), Kind.MASK),
        Value.of(random_array("YX", "f2"), Kind.IMAGE),
        Value.of(random_array("TZYX", "f8"), Kind.IMAGE, "TZYX", 0.5, "micrometer"),
        Value.of(random_array("YXC", "u1"), Kind.IMAGE, "YXC"),
        Value.of(random_array("YXS", "u1"), Kind.RGB),
        Value.of(np.zeros((1, 5, 6)), Kind.IMAGE, "TYX"),
        Value.of(np.zeros((2, 5, 6)), Kind.IMAGE, "QYX"),
        Value.of(np.array([[1.5, 2.5]]), Kind.POINTS),
        Value.of(np.zeros((0, 3)), Kind.POINTS),
        Value.of(inputs.value(Kind.SURFACE, 3), Kind.SURFACE),
        Value.of(inputs.value(Kind.CORRECTIONS, 3), Kind.CORRECTIONS),
        Value.of(np.full((4, 5), -1), Kind.CORRECTIONS),
    ],
    ids=lambda value: f"{value.kind} {value.axes} {getattr(value.data, 'dtype', '')}",
)
def test_values_are_kept_to_the_bit(tmp_path, value):
    path = write_exact(tmp_path, "mine", value)
    assert inputs.same(read(path), value.data)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    found = read_value(path, value.kind, value.axes, value.spacing, value.units)
    assert inputs.same(found.data, value.data)
    assert (found.axes, found.spacing, found.units) == (value.axes, value.spacing, value.units)


def test_corrections_stay_corrections(tmp_path):
    path = write_exact(tmp_path, "a", Value.of(inputs.value(Kind.CORRECTIONS, 3), Kind.CORRECTIONS))
    found = read(path)
    assert isinstance(found, Corrections)
    assert found.shape == inputs.SHAPES[3]
    assert all(type(size) is int for size in found.shape)


def test_an_older_file_is_not_removed_for_a_newer_one_of_another_format(tmp_path):
    # A workflow on the disk may still point to it.
    labels = random_array("ZYX", "i4")
    old = write_exact(tmp_path, "mine", Value.of(labels, Kind.LABELS))
    new = write_exact(tmp_path, "mine", Value.of(labels.astype("i8"), Kind.LABELS))
    assert old != new
    assert np.array_equal(read(old), labels)


def test_surfaces_stay_surfaces(tmp_path):
    surface = Surface(np.zeros((0, 4)), np.zeros((0, 3), int), np.zeros(0))
    found = read(write_exact(tmp_path, "a", Value.of(surface, Kind.SURFACE, "TZYX")))
    assert isinstance(found, Surface)
    assert inputs.same(tuple(found), tuple(surface))
