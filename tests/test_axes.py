"""Loops over time, channels and slices: as if written by hand with a `for`."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_delineate import (
    filters,
    map_over,
    measurements,
    metrics,
    postprocessing,
    segmentation,
    surfaces,
)
from napari_delineate.axes import axes_of_output, check_axes, looped_axes, spatial_axes
from napari_delineate.postprocessing.corrections import record_corrections
from napari_delineate.types import (
    RGB,
    Image,
    Kind,
    Points,
    Score,
    Surface,
    Table,
)

# All different, so that a shape tells which axis is which.
SIZES = {"T": 2, "C": 3, "Z": 4, "Y": 5, "X": 6, "S": 3}


def random_array(axes: str, seed: int = 0) -> np.ndarray:
    shape = tuple(SIZES[letter] for letter in axes)
    return np.random.default_rng(seed).integers(0, 100, shape)


def slice_of(array: np.ndarray, axes: str, at: dict[str, int]) -> np.ndarray:
    """Return what an array holds at some indices, by plain indexing."""
    return array[tuple(at.get(letter, slice(None)) for letter in axes)]


def indices(over: str):
    """Return all combinations of indices along some axes, the last varying fastest."""
    ranges = [range(SIZES[letter]) for letter in over]
    return [dict(zip(over, at, strict=True)) for at in itertools.product(*ranges)]


# Operations that are quick to run, one for each kind of result.


def mix(image: Image, other: Image | None = None, *, factor: float = 2.0) -> Image:
    return image * factor if other is None else image * factor + other


def brighten(image: RGB) -> RGB:
    return image + 1


def total(images: Sequence[Image]) -> Image:
    return sum(images)


def place(image: Image) -> Points:
    return np.argwhere(image == image.max()).astype(float)


def mesh(image: Image) -> Surface:
    number = int(image.flat[0]) % 3  # a slice may have no surface at all
    return Surface(
        np.full((3 * number, 3), image.mean()),
        np.arange(3 * number).reshape(-1, 3),
        np.full(3 * number, image.max()),
    )


def count(image: Image, other: Image | None = None) -> Table:
    table = pd.DataFrame({"n": np.arange(image.flat[0] % 3), "mean": image.mean()})
    table.attrs["units"] = {"n": "", "mean": "gray"}
    return table


def score(image: Image, other: Image | None = None) -> Score:
    return float(image.mean())


class Split(NamedTuple):
    low: Image
    places: Points
    table: Table


def split(image: Image) -> Split:
    return Split(image - 1, place(image), count(image))


# Letters of axes


def test_axes_are_in_space_or_looped():
    assert spatial_axes("TZCYX") == "ZYX"
    assert looped_axes("TZCYX") == "TC"
    assert looped_axes("YXS") == ""
    assert looped_axes("QYX") == "Q"


@pytest.mark.parametrize(
    ("axes", "kind"),
    [
        ("YX", Kind.IMAGE),
        ("ZCYX", Kind.LABELS),
        ("YXC", Kind.MASK),
        ("QTZYX", Kind.IMAGE),
        ("TYXS", Kind.RGB),
        ("TZYX", Kind.POINTS),
        ("", Kind.TABLE),
        ("TC", Kind.TABLE),
        ("", Kind.SCORES),
    ],
)
def test_good_axes_are_returned(axes, kind):
    assert check_axes(axes, kind, "it") == axes


@pytest.mark.parametrize(
    ("axes", "kind", "problem"),
    [
        ("tyx", Kind.IMAGE, "capital letters such as TZYX"),
        ("T YX", Kind.IMAGE, "capital letters"),
        ("ΤYX", Kind.IMAGE, "capital letters"),  # a Greek tau
        ("1YX", Kind.IMAGE, "capital letters"),
        ("", Kind.IMAGE, "capital letters"),
        ("TTYX", Kind.IMAGE, "each letter may occur once"),
        ("TT", Kind.TABLE, "each letter may occur once"),
        ("t", Kind.TABLE, "capital letters"),
        ("XY", Kind.IMAGE, "in the order Z, Y, X"),
        ("YXZ", Kind.IMAGE, "in the order Z, Y, X"),
        ("ZX", Kind.IMAGE, "must contain Y and X"),
        ("YX", Kind.RGB, "those of a colour image end with S"),
        ("SYX", Kind.RGB, "those of a colour image end with S"),
        ("YXS", Kind.IMAGE, "only those of a colour image contain S"),
    ],
)
def test_wrong_axes_are_refused_with_the_reason(axes, kind, problem):
    with pytest.raises(ValueError, match=rf"it can not have the axes '{axes}': .*{problem}"):
        check_axes(axes, kind, "it")


# Grids

LOOPS = [
    ("TYX", "T"),
    ("CYX", "C"),
    ("ZYX", "Z"),
    ("TZYX", "T"),
    ("TCYX", "TC"),
    ("TCYX", "CT"),
    ("ZCYX", "C"),
    ("CTYX", "TC"),
    ("YXT", "T"),
    ("YTXC", "TC"),
    ("TZYX", "TZ"),
    ("ZTYX", "ZT"),
]


@pytest.mark.parametrize(("axes", "over"), LOOPS)
def test_a_loop_gives_what_a_loop_by_hand_gives(axes, over):
    image = random_array(axes)
    found = map_over(mix, over, image, axes=axes, factor=3.0)
    assert found.shape == image.shape
    for at in indices(over):
        expected = slice_of(image, axes, at) * 3.0
        assert np.array_equal(slice_of(found, axes, at), expected)


def test_each_index_is_computed_alone():
    movie = np.random.default_rng(1).normal(size=(3, 20, 20))
    blurred = map_over(filters.gaussian, "T", movie, axes="TYX", sigma=2, spacing=(1.0, 0.5))
    for frame, expected in zip(movie, blurred, strict=True):
        assert np.array_equal(filters.gaussian(frame, sigma=2, spacing=(1.0, 0.5)), expected)


def test_a_value_without_the_axis_is_used_every_time():
    movie, still = random_array("TYX"), random_array("YX", 1)
    found = map_over(mix, "T", movie, still, axes=("TYX", "YX"))
    assert np.array_equal(found, movie * 2 + still)
    other_way = map_over(mix, "T", still, movie, axes=("YX", "TYX"))
    assert np.array_equal(other_way, still * 2 + movie)


def test_values_may_have_their_axes_in_any_order():
    first, second = random_array("CTYX"), random_array("YXT", 1)
    found = map_over(mix, "TC", first, second, axes=("CTYX", "YXT"))
    assert found.shape == first.shape
    for at in indices("TC"):
        expected = slice_of(first, "CTYX", at) * 2 + slice_of(second, "YXT", at)
        assert np.array_equal(slice_of(found, "CTYX", at), expected)


@pytest.mark.parametrize("axes", ["TYX", ("TYX", None), ("TYX", "TYX")])
def test_an_optional_value_may_be_none(axes):
    movie = random_array("TYX")
    assert np.array_equal(map_over(mix, "T", movie, None, axes=axes), movie * 2)


def test_any_number_of_values_have_axes_of_their_own():
    first, second, third = random_array("TYX"), random_array("YX", 1), random_array("YXT", 2)
    found = map_over(total, "T", [first, second, third], axes=(("TYX", "YX", "YXT"),))
    assert np.array_equal(found, first + second + np.moveaxis(third, -1, 0))


@pytest.mark.parametrize("axes", ["TYX", ("TYX",), (("TYX", "TYX"),)])
def test_any_number_of_values_may_share_their_axes(axes):
    movie = random_array("TYX")
    assert np.array_equal(map_over(total, "T", [movie, movie], axes=axes), 2 * movie)


def test_real_operations_that_take_any_number():
    labels = (random_array("TYX") > 50).astype(int)
    found = map_over(postprocessing.combine, "T", [labels, labels], axes="TYX")
    expected = [postprocessing.combine([frame, frame]) for frame in labels]
    assert np.array_equal(found, expected)


def test_colours_stay_last():
    movie = random_array("TYXS")
    assert np.array_equal(map_over(brighten, "T", movie, axes="TYXS"), movie + 1)
    gray = map_over(filters.rgb_to_gray, "T", movie, axes="TYXS")
    assert gray.shape == movie.shape[:-1]


# Tables, scores, points, surfaces, several outputs


def test_tables_gain_a_column_per_axis_and_keep_their_units():
    image = random_array("TCYX")
    table = map_over(count, "TC", image, axes="TCYX")
    assert list(table.columns) == ["T", "C", "n", "mean"]
    assert table.attrs == {"units": {"T": "", "C": "", "n": "", "mean": "gray"}}
    parts = [count(slice_of(image, "TCYX", at)).assign(**at) for at in indices("TC")]
    expected = pd.concat(parts, ignore_index=True)[["T", "C", "n", "mean"]]
    pd.testing.assert_frame_equal(table, expected, check_dtype=False)


def test_a_table_of_a_movie_without_objects_has_its_columns():
    labels = np.zeros((3, 8, 8), int)
    table = map_over(measurements.measure, "T", labels, axes="TYX", units="micrometer")
    one = measurements.measure(labels[0], units="micrometer")
    assert len(table) == 0
    assert list(table.columns) == ["T", *one.columns]
    assert table.attrs["units"] == {"T": "", **one.attrs["units"]}


def test_scores_become_a_table():
    reference, labels = random_array("TYX") > 50, random_array("TYX", 1) > 50
    table = map_over(metrics.jaccard, "T", reference, labels, axes="TYX")
    assert list(table.columns) == ["T", "jaccard"]
    expected = [metrics.jaccard(a, b) for a, b in zip(reference, labels, strict=True)]
    assert table["jaccard"].tolist() == expected
    assert table["T"].tolist() == [0, 1]


def test_several_scores_become_columns():
    reference, labels = random_array("TYX") > 50, random_array("TYX", 1) > 50
    table = map_over(metrics.volume_scores, "T", reference, labels, axes="TYX", spacing=0.5)
    expected = [
        metrics.volume_scores(*one, spacing=0.5) for one in zip(reference, labels, strict=True)
    ]
    assert list(table.columns) == ["T", *expected[0]]
    assert table.drop(columns="T").to_dict("records") == expected


def test_points_start_with_the_indices():
    image = random_array("TCYX")
    found = map_over(place, "TC", image, axes="TCYX")
    expected = [
        [at["T"], at["C"], *row]
        for at in indices("TC")
        for row in place(slice_of(image, "TCYX", at))
    ]
    assert found.tolist() == expected


def test_surfaces_start_with_the_indices_and_faces_follow():
    image = random_array("TZYX")
    vertices, faces, values = map_over(mesh, "T", image, axes="TZYX")
    parts = [mesh(volume) for volume in image]
    starts = np.cumsum([0, *(len(part.vertices) for part in parts)])
    for index, part in enumerate(parts):
        rows = slice(starts[index], starts[index + 1])
        assert (vertices[rows, 0] == index).all()
        assert np.array_equal(vertices[rows, 1:], part.vertices)
        assert np.array_equal(values[rows], part.values)
    expected = [part.faces + start for part, start in zip(parts, starts[:-1], strict=True)]
    assert np.array_equal(faces, np.concatenate(expected))


def test_several_outputs_keep_their_names():
    image = random_array("TYX")
    found = map_over(split, "T", image, axes="TYX")
    assert isinstance(found, Split)
    assert np.array_equal(found.low, image - 1)
    assert found.places.shape[1] == 3
    assert list(found.table.columns) == ["T", "n", "mean"]
    maxima = map_over(segmentation.local_maxima, "T", image, axes="TYX")
    assert type(maxima) is type(segmentation.local_maxima(image[0]))


# Taking apart what a loop has made


def surface_of_movie():
    movie = np.zeros((4, 3, 12, 12), int)
    movie[0, 1, 2:6, 2:6] = 1
    movie[2, 1, 3:9, 3:9] = 2  # nothing at 1 and 3
    movie[2, 1, 10:, 10:] = 5
    return movie, map_over(surfaces.labels_to_surface, "T", movie, axes="TZYX")


def test_looped_surfaces_are_taken_apart_again():
    movie, made = surface_of_movie()
    found = map_over(surfaces.smooth, "T", made, axes="TZYX")
    expected = [surfaces.smooth(surfaces.labels_to_surface(labels)) for labels in movie]
    assert np.array_equal(found.vertices[:, 1:], np.concatenate([e.vertices for e in expected]))
    assert np.array_equal(found.values, np.concatenate([e.values for e in expected]))
    assert sorted(set(found.vertices[:, 0])) == [0, 2]
    assert len(found.faces) == len(made.faces)
    assert found.faces.max() < len(found.vertices)


def test_twice_looped_surfaces_are_taken_apart_again():
    labels = (random_array("TCZYX") > 60).astype(int)
    made = map_over(surfaces.labels_to_surface, "TC", labels, axes="TCZYX")
    for over in ("TC", "CT"):
        found = map_over(surfaces.smooth, over, made, axes="TCZYX")
        # The columns come in the order of the loops.
        key = found.vertices[:, [over.index("T"), over.index("C")]]
        for at in indices("TC"):
            rows = (key == [at["T"], at["C"]]).all(axis=1)
            one = surfaces.smooth(surfaces.labels_to_surface(slice_of(labels, "TCZYX", at)))
            assert np.array_equal(found.vertices[rows, 2:], one.vertices)


def test_looped_points_are_taken_apart_again():
    def shift(points: Points) -> Points:
        return points + 0.25

    points = np.array([[0, 1, 2], [0, 3, 4], [2, 5, 6]], float)
    found = map_over(shift, "T", points, axes="TYX")
    assert found.tolist() == [[0, 1.25, 2.25], [0, 3.25, 4.25], [2, 5.25, 6.25]]


def test_points_beside_an_image_follow_its_length():
    def paint(image: Image, points: Points) -> Image:
        result = image * 0
        result[tuple(points.astype(int).T)] = 1
        return result

    points = np.array([[0, 1, 2], [1, 3, 4]], float)
    movie = np.zeros((4, 5, 6))  # frames 2 and 3 have no points
    found = map_over(paint, "T", movie, points, axes="TYX")
    assert np.argwhere(found).tolist() == [[0, 1, 2], [1, 3, 4]]
    assert found.shape == movie.shape


def test_looped_tables_are_taken_apart_again():
    def largest(table: Table) -> Table:
        return table.nlargest(1, "area").reset_index(drop=True)

    table = pd.DataFrame({"T": [0, 0, 1], "area": [3, 5, 2]})
    found = map_over(largest, "T", table, axes="T")
    assert found.to_dict("list") == {"T": [0, 1], "area": [5, 2]}


@pytest.mark.parametrize(
    "empty", [np.zeros((0, 3)), Surface(np.zeros((0, 4)), np.zeros((0, 3), int), np.zeros(0))]
)
def test_values_without_rows_are_one_empty_run(empty):
    def keep_points(points: Points) -> Points:
        return points

    function = surfaces.smooth if isinstance(empty, Surface) else keep_points
    found = map_over(function, "T", empty, axes="TZYX" if isinstance(empty, Surface) else "TYX")
    rows = found.vertices if isinstance(found, Surface) else found
    assert rows.shape == (empty[0] if isinstance(empty, Surface) else empty).shape


@pytest.mark.parametrize("axes", ["TYX", "YXT", "YTX"])
def test_corrections_are_taken_apart_by_slices(axes):
    random = np.random.default_rng(4)
    before = np.kron(random.integers(0, 4, (3, 3, 4)), np.ones((2, 2, 2), int))
    after = before.copy()
    after.flat[random.integers(0, before.size, 30)] = random.integers(0, 9, 30)
    corrections = record_corrections(before, after)
    found = map_over(postprocessing.apply_corrections, "T", before, corrections, axes=axes)
    place = axes.index("T")
    for index in range(before.shape[place]):
        one, other = np.take(before, index, place), np.take(after, index, place)
        expected = postprocessing.apply_corrections(one, record_corrections(one, other))
        assert np.array_equal(np.take(found, index, place), expected)


def test_corrections_given_as_an_array_are_taken_apart():
    labels = np.array([[[1, 1, 2]], [[3, 0, 2]]])
    changes = np.array([[[-1, -1, 0]], [[-1, 7, -1]]])
    found = map_over(postprocessing.apply_corrections, "T", labels, changes, axes="TYX")
    assert found.tolist() == [[[1, 1, 0]], [[3, 7, 2]]]


# Progress and errors


def test_progress_is_reported_after_each_run():
    calls = []
    map_over(
        mix,
        "TC",
        random_array("TCYX"),
        axes="TCYX",
        progress=lambda done, total: calls.append((done, total)),
    )
    assert calls == [(number, 6) for number in range(1, 7)]


@pytest.mark.parametrize(
    ("values", "axes", "over", "message"),
    [
        (("TYX",), "TYX", "C", "no value given to mix has the axis C"),
        (("TYX",), "TYX", "TT", "axes to loop over .* 'TT'"),
        (("TYX",), "TYX", "X", "axes to loop over .* 'X'"),
        (("TYX",), ("TYX", "TYX"), "T", "axes must be given for all 1 values"),
        (("TYX",), "TZYX", "T", r"a value of the shape \(2, 5, 6\) can not have the axes TZYX"),
        (("TYX", "CYX"), ("TYX", "TYX"), "T", "different lengths along T: 2, 3"),
    ],
)
def test_what_does_not_fit_is_refused(values, axes, over, message):
    arrays = [random_array(own) for own in values]
    with pytest.raises(ValueError, match=message):
        map_over(mix, over, *arrays, axes=axes)


def test_a_movie_without_frames_is_refused():
    with pytest.raises(ValueError, match="the values given to gaussian are empty along T"):
        map_over(filters.gaussian, "T", np.zeros((0, 5, 5)), axes="TYX")


def test_errors_of_the_operation_come_through():
    with pytest.raises(ValueError, match="sigma must be 0 or more; got -1"):
        map_over(filters.gaussian, "T", random_array("TYX"), axes="TYX", sigma=-1)


# What is known of a result before it is computed


@st.composite
def letters(draw, must: str = "") -> str:
    """Draw axes with Y and X and perhaps others, anywhere."""
    space = draw(st.sampled_from(["YX", "ZYX"]))
    others = draw(st.permutations(sorted({*must, *draw(st.sets(st.sampled_from("TC")))})))
    axes = list(space)
    for letter in others:
        axes.insert(draw(st.integers(0, len(axes))), letter)
    return "".join(axes)


FUNCTIONS = {
    Kind.IMAGE: mix,
    Kind.POINTS: place,
    Kind.SURFACE: mesh,
    Kind.TABLE: count,
    Kind.SCORES: score,
}


@given(st.data(), st.sampled_from(list(FUNCTIONS)))
def test_axes_of_output_are_those_that_map_over_gives(data, kind):
    axes = data.draw(letters())
    over = data.draw(st.permutations(looped_axes(axes)).map("".join))
    in_space = kind in (Kind.POINTS, Kind.SURFACE)
    if "Z" in axes and not in_space and data.draw(st.booleans()):
        over = data.draw(st.permutations([*over, "Z"]).map("".join))
    given_axes = [axes]
    if kind in (Kind.IMAGE, Kind.TABLE, Kind.SCORES) and data.draw(st.booleans()):
        dropped = data.draw(st.sets(st.sampled_from("TC")))
        space = spatial_axes(axes)
        rest = [letter for letter in axes if letter not in dropped]
        order = data.draw(st.permutations([one for one in rest if one not in space]))
        given_axes.append("".join(order) + space)
    if not over:
        return
    values = [random_array(own, number) for number, own in enumerate(given_axes)]
    found = map_over(FUNCTIONS[kind], over, *values, axes=given_axes)
    expected = axes_of_output(kind, given_axes, over)
    if kind.is_grid:
        assert found.shape == tuple(SIZES[letter] for letter in expected)
    elif kind is Kind.SURFACE:
        assert found.vertices.shape[1] == len(expected)
    elif kind is Kind.POINTS:
        assert found.shape[1] == len(expected)
    else:
        assert "".join(found.columns[: len(over)]) == expected == over


@pytest.mark.parametrize("function", [place, mesh])
def test_points_and_surfaces_are_not_looped_over_depth(function):
    # A slice has a number, and points have a depth in physical units: they do not mix.
    with pytest.raises(ValueError, match="can not be looped over Z"):
        map_over(function, "Z", random_array("ZYX", 0), axes="ZYX")


@given(st.permutations("TC").map("".join), st.integers(0, 2), st.integers(0, 2))
def test_axes_of_colour_images_are_those_that_map_over_gives(over, first, second):
    axes = "YX"
    for letter, position in zip("TC", (first, second), strict=True):
        axes = axes[:position] + letter + axes[position:]
    found = map_over(brighten, over, random_array(axes + "S"), axes=axes + "S")
    expected = axes_of_output(Kind.RGB, [axes + "S"], over)
    assert found.shape == tuple(SIZES[letter] for letter in expected)
    assert expected == axes + "S"


def test_axes_without_a_loop():
    assert axes_of_output(Kind.LABELS, ["ZYX"], "") == "ZYX"
    assert axes_of_output(Kind.IMAGE, ["YXS"], "") == "YX"
    assert axes_of_output(Kind.TABLE, ["ZYX"], "") == ""
    assert axes_of_output(Kind.POINTS, ["YX"], "") == "YX"
    assert axes_of_output(Kind.SURFACE, ["YX"], "") == "ZYX"
