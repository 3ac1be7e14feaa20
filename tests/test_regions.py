"""A region computed with its halo is what the whole image has there, exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_delineate.catalogue import operations
from napari_delineate.declaration import Scope
from napari_delineate.engine import Engine
from napari_delineate.postprocessing.corrections import record_corrections
from napari_delineate.regions import crop, grow, halo_of, limit, relative, shape_of
from napari_delineate.steps import Step
from napari_delineate.types import Kind, Surface
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow, WorkflowInput
from tests.strategies import Drawn, draw_setting, is_refused

LOCAL = [one for one in operations() if not isinstance(one.declaration.locality, Scope)]
ROUNDED = {"filters.mean", "filters.standard_deviation", "filters.enhance_circles"}
"""Operations whose running sums differ in the last digit with where they begin."""
OF_ONE_IMAGE = [one for one in LOCAL if sum(not entry.optional for entry in one.inputs) == 1]


def value_for(kind: Kind, axes: str, shape: tuple[int, ...], spacing, seed: int) -> Value:
    """Return random pixels; labels are blocks, so that halos meet edges and ties."""
    random = np.random.default_rng(seed)
    if kind is Kind.RGB:
        colours = random.integers(0, 256, (*shape, 3)).astype(np.uint8)
        return Value.of(colours, kind, f"{axes}S", spacing)
    pixels = random.integers(0, 2000, shape).astype(np.uint16)
    if kind is Kind.LABELS:
        blocks = ndimage.zoom(pixels[tuple(slice(None, None, 3) for _ in shape)] % 5, 3, order=0)
        blocks = blocks[tuple(map(slice, shape))]
        pixels = np.where(random.random(shape) > 0.7, pixels % 5, blocks).astype(np.int32)
    return Value.of(pixels, kind, axes, spacing)


@st.composite
def regions(draw, shape):
    region = {}
    for letter, size in shape.items():
        start = draw(st.integers(0, size - 1), label=letter)
        region[letter] = (start, draw(st.integers(start + 1, size), label=letter))
    return region


@pytest.mark.parametrize("operation", OF_ONE_IMAGE, ids=lambda one: one.id)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_region_with_its_halo_is_what_the_whole_image_has_there(operation, data):
    axes = data.draw(st.sampled_from(["YX", "ZYX", "TYX"]))
    sizes = {"T": 2, "Z": 9, "Y": 33, "X": 36}
    shape = tuple(sizes[letter] for letter in axes)
    spacing = data.draw(
        st.sampled_from([(1.0,) * 3, (2.0, 1.0, 1.0), (1.5, 0.5, 0.7), (0.3, 0.3, 0.3)])
    )
    spacing = spacing[-2 if axes != "ZYX" else -3 :]
    kind = operation.inputs[0].kind
    value = value_for(kind, axes, shape, spacing, data.draw(st.integers(0, 1000)))
    chosen = {one.name: draw_setting(data.draw, one) for one in operation.settings}
    workflow = Workflow().add_input("whole", WorkflowInput.of(value))
    workflow = workflow.add(operation.id, {operation.inputs[0].name: "whole"}, chosen)
    drawn = Drawn(workflow, {"whole": value})
    assume(not is_refused(drawn, operation))
    step = workflow.steps[0]
    region = data.draw(regions(shape_of(value)))
    if "T" in axes:
        region.pop("T")  # it is looped
    halo = halo_of(step, value.axes, value.spacing)
    assert halo is not None
    assert set(halo) == set(axes)
    outer = grow(region, halo, shape_of(value))
    part = crop(value, outer)
    small = Workflow((step,), {"whole": WorkflowInput.of(part)})

    whole = drawn.engine.run(workflow, {"whole": value})  # known from before
    expected = crop(whole[step.outputs[0]], region)
    found = Engine().run(small, {"whole": part})[step.outputs[0]]
    found = crop(found, relative(region, outer))

    assert found.data.dtype == expected.data.dtype
    if operation.id in ROUNDED:
        np.testing.assert_allclose(found.data, expected.data, rtol=1e-9, atol=1e-12)
    else:
        np.testing.assert_array_equal(found.data, expected.data)


@pytest.mark.parametrize("operation", operations(), ids=lambda one: one.id)
def test_only_declared_operations_have_a_halo(operation):
    settings = operation.defaults()
    step = Step("step", operation.id, {}, (), settings, "T")
    halo = halo_of(step, "TZYX", (2.0, 1.0, 1.0))
    assert (halo is None) == (operation not in LOCAL)
    if halo is not None:
        assert halo["T"] == 0
        assert halo["Z"] <= max(halo["Y"], halo["X"])
        # Voxels are as wide as high, and only stripes have a direction.
        assert halo["Y"] == halo["X"] or operation.id == "filters.suppress_stripes"


def test_a_halo_follows_spacing_loops_and_bypassing():
    step = Step("blur", "filters.gaussian", {}, ("b",), {"sigma": 3.0}, "")
    assert halo_of(step, "ZYX", (2.0, 1.0, 0.5)) == {"Z": 6, "Y": 12, "X": 24}
    slices = Step("blur", "filters.gaussian", {}, ("b",), {"sigma": 3.0}, "Z")
    assert halo_of(slices, "ZYX", (2.0, 1.0, 0.5)) == {"Z": 0, "Y": 12, "X": 24}
    off = Step("blur", "filters.gaussian", {}, ("b",), {"sigma": 3.0}, "", bypassed=True)
    assert halo_of(off, "ZYX", (2.0, 1.0, 0.5)) == {"Z": 0, "Y": 0, "X": 0}
    floods = Step("cells", "segmentation.seeded_watershed", {}, ("b",), {}, "", bypassed=True)
    assert halo_of(floods, "YX", (1.0, 1.0)) == {"Y": 0, "X": 0}


@pytest.mark.parametrize(
    ("kind", "axes"),
    [
        (Kind.IMAGE, "TZYX"),
        (Kind.LABELS, "ZCYX"),
        (Kind.MASK, "YX"),
        (Kind.RGB, "TYXS"),
        (Kind.CORRECTIONS, "ZYX"),
    ],
)
def test_grids_are_cut_along_the_axes_that_are_named(kind, axes):
    sizes = {"T": 3, "C": 2, "Z": 4, "Y": 6, "X": 7, "S": 3}
    array = np.random.default_rng(0).integers(0, 9, [sizes[letter] for letter in axes])
    value = Value.of(array > 4 if kind is Kind.MASK else array, kind, axes, 0.5, "micrometer")
    region = {"T": (1, 2), "Z": (1, 3), "Y": (0, 5), "Q": (0, 1)}
    part = crop(value, region)
    whole = (slice(1, 2), slice(1, 3), slice(0, 5))
    place = tuple(dict(zip("TZY", whole, strict=True)).get(letter, slice(None)) for letter in axes)
    np.testing.assert_array_equal(part.data, value.data[place])
    described = (part.kind, part.axes, part.spacing, part.units)
    assert described == (value.kind, value.axes, value.spacing, value.units)
    assert np.shares_memory(part.data, value.data)


@pytest.mark.parametrize("region", [(-1, 3), (2, 2), (3, 1), (0, 7)])
def test_a_region_must_lie_on_the_grid(region):
    value = Value.of(np.zeros((6, 6)), Kind.IMAGE)
    with pytest.raises(ValueError, match="along Y must hold a pixel and lie between 0 and 6"):
        crop(value, {"Y": region})


def test_tables_and_scores_stay():
    table = Value.of({"dice": 0.5}, Kind.SCORES)
    assert crop(table, {"Y": (0, 1)}) is table


def test_shapes_that_reach_into_a_region_stay_whole():
    across = [[1.0, 0.0], [1.0, 18.0]]
    beside = [[12.0, 0.0], [18.0, 4.0]]
    shapes = Value.of(np.array([across, beside]), Kind.SHAPES, "YX", (2.0, 1.0))
    found = crop(shapes, {"Y": (0, 4), "X": (5, 9)})
    assert found.data.tolist() == [[[1.0, -5.0], [1.0, 13.0]]]
    assert crop(shapes, {"Y": (6, 9)}).data.tolist() == [[[0.0, 0.0], [6.0, 4.0]]]


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_tiles_hold_every_point_once_and_at_its_pixel(data):
    """Truth: a mask with the pixel of every point, cropped by slicing."""
    spacing = data.draw(st.sampled_from([(1.0, 1.0), (0.3, 0.7)]))
    sizes = {"T": 3, "Y": 8, "X": 9}
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    pixels = np.stack([random.integers(0, size, 20) for size in sizes.values()], axis=1)
    rows = pixels * [1.0, *spacing]
    rows[:, 1:] += random.uniform(-0.49, 0.49, (20, 2)) * spacing
    points = Value.of(rows, Kind.POINTS, "TYX", spacing)
    cut = data.draw(st.integers(1, 7))
    found = 0
    for tile in ({"Y": (0, cut)}, {"Y": (cut, 8)}):
        part = crop(points, {**tile, "T": (1, 2), "X": (2, 9)})
        grid = np.zeros(tuple(sizes.values()))
        np.add.at(grid, tuple(pixels.T), 1)
        expected = grid[1:2, slice(*tile["Y"]), 2:9]
        grid = np.zeros(expected.shape)
        np.add.at(grid, tuple(np.rint(part.data / [1.0, *spacing]).astype(int).T), 1)
        np.testing.assert_array_equal(grid, expected)
        found += len(part.data)
    assert found == ((pixels[:, 0] == 1) & (pixels[:, 2] >= 2)).sum()


def test_points_given_as_whole_numbers_keep_fractions():
    points = Value.of(np.array([[2, 3]]), Kind.POINTS, "YX", (0.5, 0.5))
    np.testing.assert_array_equal(crop(points, {"Y": (1, 9), "X": (3, 9)}).data, [[1.5, 1.5]])


def test_a_surface_keeps_the_triangles_inside():
    corners = np.array([[0, 0, 0], [0, 0, 2], [0, 2, 0], [0, 8, 8], [0, 8, 6], [0, 6, 8]], float)
    surface = Surface(corners * 0.5, np.array([[0, 1, 2], [3, 4, 5], [2, 3, 4]]), np.arange(6))
    value = Value.of(surface, Kind.SURFACE, "ZYX", 0.5)
    part = crop(value, {"Y": (4, 9), "X": (4, 9)})
    np.testing.assert_array_equal(part.data.vertices, (corners[3:] - [0, 4, 4]) * 0.5)
    np.testing.assert_array_equal(part.data.faces, [[0, 1, 2]])
    np.testing.assert_array_equal(part.data.values, [3, 4, 5])
    movie = Value.of(
        surface._replace(vertices=np.insert(corners, 0, [0, 0, 0, 1, 1, 1], axis=1)),
        Kind.SURFACE,
        "TZYX",
    )
    second = crop(movie, {"T": (1, 2)})
    np.testing.assert_array_equal(second.data.vertices, np.insert(corners[3:], 0, 0, axis=1))


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_corrections_of_a_region_are_those_painted_there(data):
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    before = random.integers(0, 4, (4, 7, 8))
    after = np.where(random.random(before.shape) > 0.8, random.integers(0, 6, before.shape), before)
    corrections = Value.of(record_corrections(before, after), Kind.CORRECTIONS, "ZYX")
    region = data.draw(regions({"Z": 4, "Y": 7, "X": 8}))
    found = crop(corrections, region).data
    place = tuple(slice(*region[letter]) for letter in "ZYX")
    expected = record_corrections(before[place], after[place])
    assert found.shape == expected.shape
    np.testing.assert_array_equal(found.pixels, expected.pixels)
    np.testing.assert_array_equal(found.labels, expected.labels)
    # Objects that are touched elsewhere are kept too: their part here is known as well.
    touched = dict(zip(found.touched_pixels, found.touched_labels, strict=True))
    assert touched == {pixel: before[place].ravel()[pixel] for pixel in touched}
    assert set(expected.touched_pixels) <= set(touched)


@given(data=st.data())
def test_a_region_grows_inside_the_grid_and_is_found_again(data):
    shape = {"Z": 5, "Y": 9, "X": 7}
    region = data.draw(regions(shape))
    halo = {"Y": data.draw(st.integers(0, 9)), "X": data.draw(st.integers(0, 9))}
    outer = grow(region, halo, shape)
    assert outer["Z"] == region["Z"]
    array = np.arange(5 * 9 * 7).reshape(5, 9, 7)
    value = Value.of(array, Kind.IMAGE)
    again = crop(crop(value, outer), relative(region, outer))
    np.testing.assert_array_equal(again.data, crop(value, region).data)
    for letter in "YX":
        (start, stop), (first, last) = region[letter], outer[letter]
        assert first == start - halo[letter] or first == 0
        assert last == stop + halo[letter] or last == shape[letter]


@given(data=st.data())
def test_a_limited_region_fits_the_budget_and_holds_its_centre(data):
    shape = {letter: data.draw(st.integers(1, 50)) for letter in "TZYX"}
    region = data.draw(regions(shape))
    centre = {letter: data.draw(st.integers(*_inclusive(region[letter]))) for letter in "ZYX"}
    budget = data.draw(st.integers(1, 20_000))
    limited = limit(region, shape, budget, centre)
    sizes = {letter: stop - start for letter, (start, stop) in limited.items()}
    assert list(limited) == list(shape)
    assert limited["T"] == region["T"]
    assert np.prod(list(sizes.values())) <= max(budget, sizes["T"])
    for letter in "ZYX":
        (start, stop), (first, last) = region[letter], limited[letter]
        assert start <= first <= centre[letter] < last <= stop
    whole = {letter: stop - start for letter, (start, stop) in region.items()}
    if np.prod(list(whole.values())) <= budget:
        assert limited == region
    if sizes["Y"] < whole["Y"] or sizes["X"] < whole["X"]:
        assert sizes["Z"] == 1


def test_a_limited_region_wastes_little_of_the_budget():
    limited = limit({}, {"Y": 4000, "X": 1000}, 1e6)
    sizes = {letter: stop - start for letter, (start, stop) in limited.items()}
    assert 0.99e6 < sizes["Y"] * sizes["X"] <= 1e6
    assert sizes["Y"] / sizes["X"] == pytest.approx(4, rel=0.01)


def test_a_line_is_shortened():
    assert limit({}, {"Y": 1, "X": 1000}, 10, {"X": 20}) == {"Y": (0, 1), "X": (15, 25)}
    assert limit({}, {"Y": 1000, "X": 1}, 10, {"Y": 20}) == {"Y": (15, 25), "X": (0, 1)}


def _inclusive(part: tuple[int, int]) -> tuple[int, int]:
    return part[0], part[1] - 1
