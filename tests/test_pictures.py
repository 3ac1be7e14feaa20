"""Pictures show what is there: drawn to arrays and looked at."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from napari_delineate.pictures import (
    show_image,
    show_labels,
    show_points,
    show_surface,
    show_table,
)
from napari_delineate.surfaces import labels_to_surface
from napari_delineate.types import Surface
from tests import inputs


def draw(figure) -> np.ndarray:
    """Return a figure as an array of colours, 0 to 1."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3] / 255


def colour_at(figure, panel: int, row: float, column: float) -> np.ndarray:
    """Return the colour that a figure has where a pixel of the data lies."""
    pixels = draw(figure)
    x, y = figure.axes[panel].transData.transform((column, row))
    return pixels[len(pixels) - 1 - int(y), int(x)]


def is_coloured(colour: np.ndarray) -> bool:
    return bool(np.ptp(colour) > 0.2)


LABELS = np.zeros((20, 30), np.int32)
LABELS[5:15, 4:12] = 1
LABELS[5:15, 16:26] = 7
IMAGE = np.where(LABELS > 0, 1000, 100).astype(np.uint16)
STACK = np.stack([np.full((20, 30), level, np.uint8) for level in range(0, 200, 20)])


# Images


@pytest.mark.parametrize(
    "image",
    [
        IMAGE,
        IMAGE.astype(">u2"),
        IMAGE.astype(np.float16),
        IMAGE.astype(np.longdouble),
        IMAGE.astype(np.int64) * 2**40,
        -IMAGE.astype(float),
        IMAGE > 500,
        IMAGE[:1],
        IMAGE[:, :1],
        IMAGE[:1, :1],
        np.zeros((20, 30)),
        np.full((20, 30), 5, np.uint8),
        np.full((20, 30), -1e300),
        np.where(IMAGE > 500, np.nan, 1.0),
        np.where(IMAGE > 500, np.inf, 1.0),
    ],
    ids=lambda image: f"{image.dtype} {image.shape}",
)
def test_every_image_can_be_drawn(image):
    figure = show_image(image)
    assert len(figure.axes) == 1
    assert draw(figure).min() < 1  # something other than white


def test_an_image_without_a_number_is_blank():
    assert draw(show_image(np.full((20, 30), np.nan))).min() == 1


def test_bright_is_bright_and_dark_is_dark():
    figure = show_image(IMAGE)
    bright, dark = colour_at(figure, 0, 10, 8), colour_at(figure, 0, 1, 1)
    assert np.allclose(bright, 1)
    assert np.allclose(dark, 0)


def test_a_few_hot_pixels_do_not_hide_the_rest():
    image = np.tile(np.linspace(0, 100, 100), (100, 1))
    image[0, 0] = 1e9
    assert colour_at(show_image(image), 0, 50, 98).mean() > 0.9


def test_a_place_without_a_number_does_not_hide_the_rest():
    image = IMAGE.astype(float)
    image[0, 0] = np.nan
    figure = show_image(image)
    assert np.allclose(colour_at(figure, 0, 10, 8), 1)
    assert np.allclose(colour_at(figure, 0, 1, 1), 0)


def test_of_a_stack_three_slices_are_shown():
    figure = show_image(STACK)
    titles = [axes.get_title() for axes in figure.axes]
    assert len(set(titles)) == 3
    for panel, title in enumerate(titles):
        _, number, _, total = title.split()
        assert total == "10"
        expected = STACK[int(number) - 1, 0, 0]
        low, high = np.percentile(STACK, (0.5, 99.8))
        level = np.clip((expected - low) / (high - low), 0, 1)
        assert colour_at(figure, panel, 10, 10) == pytest.approx([level] * 3, abs=0.02)


@pytest.mark.parametrize(("depth", "panels"), [(1, 1), (2, 2), (3, 3), (4, 3), (50, 3)])
def test_thin_stacks_show_what_they_have(depth, panels):
    figure = show_image(np.zeros((depth, 20, 30)))
    assert len(figure.axes) == panels
    draw(figure)


def test_of_a_movie_of_stacks_the_middle_is_shown():
    movie = np.zeros((5, 4, 20, 30))
    movie[2] = 1
    movie[2, :, :, :15] = 0
    figure = show_image(movie)
    assert len(figure.axes) == 3
    assert colour_at(figure, 0, 10, 25).mean() > 0.9
    assert colour_at(figure, 0, 10, 5).mean() < 0.1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, float, ">u2"])
@pytest.mark.parametrize("channels", [3, 4])
def test_colours_are_shown_as_colours(dtype, channels):
    largest = np.iinfo(dtype).max if np.dtype(dtype).kind == "u" else 1
    image = np.zeros((20, 30, channels), dtype)
    image[:, :15, 0] = largest
    image[:, 15:, 2] = largest
    if channels == 4:
        image[..., 3] = largest
    figure = show_image(image)
    assert len(figure.axes) == 1
    assert colour_at(figure, 0, 10, 5) == pytest.approx([1, 0, 0], abs=0.02)
    assert colour_at(figure, 0, 10, 25) == pytest.approx([0, 0, 1], abs=0.02)


def test_stacks_of_colours():
    image = np.zeros((8, 20, 30, 3), np.uint8)
    image[..., 1] = 255
    figure = show_image(image)
    assert len(figure.axes) == 3
    assert colour_at(figure, 1, 10, 10) == pytest.approx([0, 1, 0], abs=0.02)


# Labels


def test_outlines_appear_where_objects_end_and_only_there():
    figure = show_labels(LABELS, over=IMAGE)
    for row, column in ((5, 8), (14, 8), (10, 4), (10, 11), (10, 16), (10, 25)):
        assert is_coloured(colour_at(figure, 0, row, column)), (row, column)
    for row, column in ((10, 8), (10, 20), (1, 1), (10, 13), (4, 8), (15, 8)):
        assert not is_coloured(colour_at(figure, 0, row, column)), (row, column)


def test_different_objects_have_different_colours():
    figure = show_labels(LABELS, over=IMAGE)
    assert np.abs(colour_at(figure, 0, 10, 4) - colour_at(figure, 0, 10, 16)).max() > 0.2


def test_without_an_image_objects_are_filled():
    figure = show_labels(LABELS)
    assert is_coloured(colour_at(figure, 0, 10, 8))
    assert is_coloured(colour_at(figure, 0, 10, 20))
    assert np.allclose(colour_at(figure, 0, 1, 1), 1)


def test_a_mask_is_one_object():
    figure = show_labels(LABELS > 0)
    assert np.allclose(colour_at(figure, 0, 10, 8), colour_at(figure, 0, 10, 20))
    assert is_coloured(colour_at(figure, 0, 10, 8))


@pytest.mark.parametrize("over", [None, IMAGE])
def test_labels_without_objects_show_the_image_alone(over):
    figure = show_labels(np.zeros_like(LABELS), over=over)
    assert np.ptp(draw(figure), axis=-1).max() < 0.02


def test_labels_over_colours():
    image = np.full((20, 30, 3), 128, np.uint8)
    figure = show_labels(LABELS, over=image)
    assert is_coloured(colour_at(figure, 0, 10, 4))
    assert not is_coloured(colour_at(figure, 0, 10, 8))


def test_labels_of_a_stack_lie_over_their_slices():
    labels = np.zeros(STACK.shape, np.int64)
    labels[5, 5:15, 5:15] = 2**40
    figure = show_labels(labels, over=STACK)
    coloured = [is_coloured(colour_at(figure, panel, 5, 10)) for panel in range(3)]
    numbers = [int(axes.get_title().split()[1]) for axes in figure.axes]
    assert coloured == [number == 6 for number in numbers]


@pytest.mark.parametrize("width", [3, 4])
@pytest.mark.parametrize("alone", [True, False])
def test_a_narrow_stack_of_labels_is_not_taken_for_colours(width, alone):
    labels = np.ones((10, 20, width), int)
    figure = show_labels(labels, over=None if alone else np.zeros((10, 20, width)))
    assert len(figure.axes) == 3
    draw(figure)


def test_labels_of_every_dtype():
    for dtype in ("?", "u1", "i8", "u8", ">i4"):
        draw(show_labels(LABELS.astype(dtype), over=IMAGE))


# Points


def marked(figure, panel: int) -> list[tuple[float, float]]:
    """Return (row, column) of what is marked in a panel."""
    return [
        (float(y), float(x))
        for line in figure.axes[panel].lines
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    ]


def test_points_lie_where_they_are():
    figure = show_points(np.array([[3.0, 4.0], [10.0, 20.0]]), IMAGE)
    assert marked(figure, 0) == [(3, 4), (10, 20)]
    # A ring: something orange is drawn beside the place.
    pixels = draw(figure)
    x, y = figure.axes[0].transData.transform((20, 10))
    row = len(pixels) - 1 - int(y)
    around = pixels[row - 6 : row + 7, int(x) - 6 : int(x) + 7]
    assert np.ptp(around, axis=-1).max() > 0.4


def test_points_are_in_physical_units():
    figure = show_points(np.array([[6.0, 2.0]]), IMAGE, spacing=(2.0, 0.5))
    assert marked(figure, 0) == [(3, 4)]


def test_a_slice_shows_the_points_that_lie_in_it():
    points = np.array([[index * 2.0, 3.0, index] for index in range(10)])
    figure = show_points(points, STACK, spacing=(2.0, 1.0, 1.0))
    for panel, axes in enumerate(figure.axes):
        number = int(axes.get_title().split()[1]) - 1
        assert marked(figure, panel) == [(3, number)]


def test_a_movie_shows_the_points_of_the_moment_that_it_shows():
    movie = np.zeros((5, 3, 20, 30))
    points = np.array([[time, z, 3.0, 10 * time + z] for time in range(3) for z in range(3)])
    figure = show_points(points, movie, spacing=(1.0, 1.0, 1.0))
    for panel in range(3):
        assert marked(figure, panel) == [(3, 20 + panel)]


def test_points_over_colours_and_no_points():
    image = np.zeros((20, 30, 3), np.uint8)
    assert marked(show_points(np.array([[3.0, 4.0]]), image), 0) == [(3, 4)]
    assert marked(show_points(np.zeros((0, 2)), IMAGE), 0) == []


# Surfaces


def faces_drawn(figure) -> int:
    return sum(len(one.get_facecolor()) for one in figure.axes[0].collections)


def test_a_surface_is_drawn_in_the_colours_of_its_values():
    surface = inputs.value(inputs.Kind.SURFACE, 3)
    figure = show_surface(surface)
    assert faces_drawn(figure) == len(surface.faces)
    assert np.ptp(draw(figure), axis=-1).max() > 0.3


def test_measured_values_have_a_colour_bar_and_objects_have_none():
    surface = inputs.value(inputs.Kind.SURFACE, 3)
    assert len(show_surface(surface).axes) == 1
    height = surface.vertices[:, 0] - surface.vertices[:, 0].mean() + 1e-3
    figure = show_surface(surface._replace(values=height))
    low, high = figure.axes[1].get_ylim()
    assert low == -high
    assert high == pytest.approx(np.abs(height).max(), rel=0.1)


def test_axes_have_the_extent_of_the_surface():
    surface = Surface(
        np.array([[1.0, 20, 300], [2, 40, 300], [1, 20, 600], [2, 40, 600]]),
        np.array([[0, 1, 2], [1, 3, 2]]),
        np.ones(4),
    )
    axes = show_surface(surface).axes[0]
    assert axes.get_xlim() == (300, 600)
    assert sorted(axes.get_ylim()) == [20, 40]
    assert axes.get_zlim() == (1, 2)


def test_a_surface_without_faces_says_so():
    empty = Surface(np.zeros((0, 3)), np.zeros((0, 3), int), np.zeros(0))
    for surface in (empty, empty._replace(vertices=np.zeros((0, 4)))):
        figure = show_surface(surface)
        draw(figure)
        assert figure.axes[0].get_title() == "no surface"


def test_a_flat_surface_can_be_drawn():
    flat = Surface(np.array([[5.0, 0, 0], [5, 1, 0], [5, 0, 1]]), np.array([[0, 1, 2]]), np.ones(3))
    draw(show_surface(flat))
    draw(show_surface(flat._replace(vertices=np.zeros((3, 3)))))


def test_a_large_surface_is_simplified_for_the_picture():
    grid = np.indices((60, 60, 60)) - 30
    surface = labels_to_surface((np.sqrt((grid**2).sum(axis=0)) < 28).astype(int))
    assert len(surface.faces) > 20_000
    assert 10_000 < faces_drawn(show_surface(surface)) <= 20_500


def test_of_a_movie_the_first_surface_is_drawn():
    labels = inputs.labels(3)
    one = labels_to_surface(labels)
    vertices = [np.insert(one.vertices, 0, time, axis=1) for time in (0, 1)]
    twice = Surface(
        np.concatenate(vertices),
        np.concatenate([one.faces, one.faces + len(one.vertices)]),
        np.tile(one.values, 2),
    )
    assert faces_drawn(show_surface(twice)) == len(one.faces)
    # Two loops: the same surfaces for two channels.
    both = twice._replace(vertices=np.insert(twice.vertices, 0, 0, axis=1))
    assert faces_drawn(show_surface(both)) == len(one.faces)


def test_values_that_are_no_numbers_can_be_drawn():
    surface = inputs.value(inputs.Kind.SURFACE, 3)
    draw(show_surface(surface._replace(values=np.full(len(surface.values), np.nan))))


# Tables, and all figures


def test_tables_have_units_and_three_decimals():
    table = pd.DataFrame({"label": [1], "area": [1.23456], "name": ["cell"]})
    table.attrs["units"] = {"area": "µm²", "label": ""}
    shown = show_table(table)
    assert shown.to_dict("list") == {"label": [1], "area [µm²]": [1.235], "name": ["cell"]}
    assert list(table.columns) == ["label", "area", "name"]


@pytest.mark.parametrize("shape", [(20, 30), (300, 3), (3, 300), (10, 20, 30)])
def test_pictures_fit_into_a_page(shape):
    width, height = show_image(np.random.default_rng(0).random(shape)).get_size_inches()
    assert width <= 9.01
    assert height <= 13


def test_pictures_show_themselves_in_notebooks():
    assert show_image(IMAGE)._repr_png_().startswith(b"\x89PNG")


def test_what_is_drawn_is_not_changed():
    for array in (IMAGE, LABELS, STACK):
        before = array.copy()
        show_image(array)
        show_labels(array)
        assert np.array_equal(array, before)
