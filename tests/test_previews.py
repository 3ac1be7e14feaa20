"""Small pictures: what is drawn lies where it lies in the data."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import hsv_to_rgb
from skimage.segmentation import find_boundaries

from napari_delineate.previews import count_in_words, draw, is_drawn
from napari_delineate.segmentation import label_connected_components
from napari_delineate.surfaces import labels_to_surface
from napari_delineate.types import Kind, Surface
from napari_delineate.values import Value

ACCENT = (255, 90, 54)


def disk(shape, centre, radius):
    grid = np.ogrid[tuple(map(slice, shape))]
    return sum((axis - middle) ** 2 for axis, middle in zip(grid, centre, strict=True)) < radius**2


def is_gray(picture):
    return (picture == picture[..., :1]).all(axis=-1)


@pytest.mark.parametrize(
    ("shape", "spacing", "expected"),
    [
        ((30, 60), (1.0, 1.0), (50, 100)),
        ((60, 30), (1.0, 1.0), (100, 50)),
        ((30, 60), (2.0, 1.0), (100, 100)),
        ((300, 600), (1.0, 1.0), (50, 100)),
        ((1, 500), (1.0, 1.0), (1, 100)),
    ],
)
def test_a_picture_has_the_shape_of_the_grid_in_space(shape, spacing, expected):
    image = Value.of(np.zeros(shape, np.uint8), Kind.IMAGE, "YX", spacing)
    assert draw(image, 100).shape == (*expected, 3)


def test_an_image_is_shown_from_dark_to_bright():
    ramp = np.tile(np.arange(256, dtype=np.uint16) * 17, (256, 1))
    picture = draw(Value.of(ramp, Kind.IMAGE), 256)
    assert is_gray(picture).all()
    assert picture[0, 0, 0] == 0
    assert picture[0, -1, 0] == 255
    assert (np.diff(picture[5, :, 0].astype(int)) >= 0).all()


def test_a_smaller_picture_holds_means():
    random = np.random.default_rng(0)
    image = random.random((64, 96))
    picture = draw(Value.of(image, Kind.IMAGE), 24)[..., 0].astype(float)
    means = image.reshape(16, 4, 24, 4).mean(axis=(1, 3))
    assert np.corrcoef(picture.ravel(), means.ravel())[0, 1] > 0.999


@pytest.mark.parametrize("value", [0, 7, np.nan, np.inf])
def test_an_image_without_contrast_is_drawn(value):
    assert is_gray(draw(Value.of(np.full((9, 9), value, float), Kind.IMAGE), 30)).all()


def test_numbers_that_are_none_do_not_spoil_the_rest():
    image = np.tile(np.linspace(0, 1, 50), (50, 1))
    clean = draw(Value.of(image, Kind.IMAGE), 50)
    image[0, 0], image[0, 1] = np.nan, np.inf
    np.testing.assert_allclose(draw(Value.of(image, Kind.IMAGE), 50)[1:], clean[1:], atol=3)


def test_colours_are_shown_as_they_are():
    colours = np.random.default_rng(0).integers(0, 256, (20, 20, 4)).astype(np.uint8)
    picture = draw(Value.of(colours, Kind.RGB), 20)
    np.testing.assert_allclose(picture, colours[..., :3], atol=1)
    wide = colours.astype(np.uint16) * 257
    np.testing.assert_allclose(draw(Value.of(wide, Kind.RGB), 20), colours[..., :3], atol=1)


def test_labels_are_outlines_over_an_image():
    labels = np.zeros((100, 100), np.int32)
    labels[disk((100, 100), (30, 30), 20)] = 1
    labels[disk((100, 100), (60, 60), 25)] = 2
    over = Value.of(np.random.default_rng(0).integers(0, 255, (100, 100)), Kind.IMAGE)
    picture = draw(Value.of(labels, Kind.LABELS), 100, over)
    outline = find_boundaries(labels, connectivity=1, mode="inner")
    np.testing.assert_array_equal(~is_gray(picture), outline)
    np.testing.assert_array_equal(picture[~outline], draw(over, 100)[~outline])
    assert len(np.unique(picture[outline], axis=0)) == 2


def test_labels_alone_are_filled_in_the_colours_of_all_pictures():
    labels = np.arange(36).reshape(6, 6)
    picture = draw(Value.of(labels, Kind.LABELS), 6)
    hue = (labels * 0.618033988749895) % 1
    expected = hsv_to_rgb(np.stack([hue, np.full((6, 6), 0.65), np.ones((6, 6))], -1)) * 255
    expected[0, 0] = 0
    np.testing.assert_allclose(picture, expected, atol=1)


def test_small_objects_stay_in_small_pictures():
    labels = np.zeros((1000, 1000), np.int32)
    labels[::100, ::100] = np.arange(100).reshape(10, 10) + 1
    assert (draw(Value.of(labels, Kind.LABELS), 100).any(axis=-1)).sum() == 100


def test_outlines_of_a_few_pixels_are_thin():
    labels = np.zeros((10, 10), int)
    labels[3:7, 3:7] = 1
    over = Value.of(np.zeros((10, 10)), Kind.IMAGE)
    painted = ~is_gray(draw(Value.of(labels, Kind.LABELS), 200, over))
    assert painted[60:140, 60:140].sum() == painted.sum()
    assert not painted[64:136, 64:136].any()


def test_masks_have_one_colour():
    mask = Value.of(disk((50, 50), (25, 25), 15), Kind.MASK)
    over = Value.of(np.zeros((50, 50)), Kind.IMAGE)
    picture = draw(mask, 50, over)
    assert {tuple(ink) for ink in picture[~is_gray(picture)].tolist()} == {ACCENT}
    np.testing.assert_array_equal(draw(mask, 50)[..., 0] == 255, mask.data)


def test_a_slice_or_all_of_a_stack():
    labels = np.zeros((5, 20, 20), int)
    labels[1, 2:6, 2:6], labels[3, 10:16, 10:16] = 1, 2
    value = Value.of(labels, Kind.LABELS)
    for depth in range(5):
        painted = draw(value, 20, place={"Z": depth}).any(axis=-1)
        np.testing.assert_array_equal(painted, labels[depth] > 0)
    np.testing.assert_array_equal(draw(value, 20).any(axis=-1), labels.max(axis=0) > 0)
    # A slice beyond the grid is the last one there is.
    np.testing.assert_array_equal(draw(value, 20, place={"Z": 9}), draw(value, 20, place={"Z": 4}))


def test_other_axes_can_be_shown():
    image = np.random.default_rng(0).random((4, 10, 20))
    value = Value.of(image, Kind.IMAGE, "ZYX", (5.0, 1.0, 1.0))
    picture = draw(value, 20, place={"Y": 3}, shown="XZ")
    assert picture.shape == (20, 20, 3)
    plane = image[:, 3].T
    assert np.corrcoef(picture[:, ::5, 0].ravel(), plane.ravel())[0, 1] > 0.99


def test_points_lie_where_they_are():
    points = np.array([[5.0, 10.0], [15.0, 30.0]])
    over = Value.of(np.zeros((20, 40)), Kind.IMAGE, "YX", (1.0, 1.0))
    picture = draw(Value.of(points, Kind.POINTS, "YX"), 200, over)
    dots = label_connected_components((picture == ACCENT).all(axis=-1))
    assert dots.max() == 2
    for number, point in enumerate(points, start=1):
        centre = np.argwhere(dots == number).mean(axis=0)
        np.testing.assert_allclose(centre, (point + 0.5) * 5, atol=1)


def test_a_slice_shows_the_points_that_lie_in_it():
    points = Value.of(np.array([[2.0, 5, 5], [4.0, 15, 15]]), Kind.POINTS, "ZYX", (2.0, 1.0, 1.0))
    over = Value.of(np.zeros((4, 20, 20)), Kind.IMAGE, "ZYX", (2.0, 1.0, 1.0))

    def dots(**place):
        picture = draw(points, 100, over, place)
        return label_connected_components((picture == ACCENT).all(axis=-1)).max()

    assert [dots(Z=depth) for depth in range(4)] == [0, 1, 1, 0]
    assert dots() == 2


def test_points_without_an_image_and_no_points_at_all():
    assert draw(Value.of(np.zeros((0, 2)), Kind.POINTS, "YX"), 50).shape == (50, 50, 3)
    alone = draw(Value.of(np.array([[3.0, 9.0]]), Kind.POINTS, "YX"), 50)
    assert (alone == ACCENT).all(axis=-1).any()


def test_a_surface_covers_what_it_encloses():
    labels = np.zeros((20, 40, 40), int)
    labels[disk(labels.shape, (10, 20, 20), 9)] = 1
    surface = Value.of(labels_to_surface(labels), Kind.SURFACE)
    picture = draw(surface, 190)
    painted = picture.any(axis=-1)
    shadow = labels.any(axis=0)[12:29, 12:29]
    assert shadow.sum() == labels.any(axis=0).sum()
    assert painted.mean() == pytest.approx(shadow.mean(), abs=0.02)
    middle, border = picture[95, 95], picture[95, 3]
    assert middle.max() > border.max() > 0


@pytest.mark.parametrize("depths", [(0.0, 5.0), (5.0, 0.0)])
def test_the_nearer_of_two_surfaces_is_seen(depths):
    square = np.array([[0, 0, 0], [0, 0, 9], [0, 9, 0], [0, 9, 9]], float)
    faces = np.array([[0, 1, 2], [1, 3, 2]])
    surface = Surface(
        np.concatenate([square + np.array([depth, 0, 0]) for depth in depths]),
        np.concatenate([faces, faces + 4]),
        np.repeat([1, 2], 4),
    )
    picture = draw(Value.of(surface, Kind.SURFACE), 60)
    nearest = draw(Value.of(np.array([[1, 2]]), Kind.LABELS), 2)[0, int(depths[1] < depths[0])]
    np.testing.assert_array_equal(np.unique(picture.reshape(-1, 3), axis=0), [nearest])


def test_an_empty_surface_is_drawn():
    empty = Surface(np.zeros((0, 3)), np.zeros((0, 3), int), np.zeros(0))
    assert not draw(Value.of(empty, Kind.SURFACE), 30).any()


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (np.zeros((4, 4), int), Kind.LABELS, "0 objects"),
        (np.array([[0, 5], [5, 5]]), Kind.LABELS, "1 object"),
        (np.array([[0, 2**40], [3, 9]]), Kind.LABELS, "3 objects"),
        (np.arange(2500).reshape(50, 50), Kind.LABELS, "2,499 objects"),
        (np.zeros((0, 2)), Kind.POINTS, "0 points"),
        (np.zeros((3, 2)), Kind.POINTS, "3 points"),
        (0.5, Kind.SCORES, "0.5"),
        ({"panoptic_quality": 0.25, "recall": 0.5}, Kind.SCORES, "panoptic quality 0.25"),
        (np.zeros((4, 4)), Kind.IMAGE, ""),
    ],
)
def test_counts(data, kind, words):
    axes = "YX" if kind in (Kind.POINTS, Kind.LABELS) else None
    assert count_in_words(Value.of(data, kind, axes)) == words


def test_only_what_lies_in_space_is_drawn():
    assert {kind for kind in Kind if is_drawn(kind)} == {
        Kind.IMAGE,
        Kind.RGB,
        Kind.MASK,
        Kind.LABELS,
        Kind.POINTS,
        Kind.SHAPES,
        Kind.SURFACE,
    }
