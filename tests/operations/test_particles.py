"""Particles have the sizes and shapes of known bodies, and are dropped as asked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage, stats
from skimage.measure import label, perimeter_crofton, regionprops

from napari_delineate import segmentation, voxels
from napari_delineate.shapes import boundary_sizes, feret_diameters
from tests.inputs import same_objects

analyze = segmentation.analyze_particles


def ball(radius, spacing, ndim):
    """A disk or ball in the middle of an image."""
    shape = [int(2 * radius / size) + 7 for size in spacing[-ndim:]]
    grid = [(np.arange(n) - n // 2) * size for n, size in zip(shape, spacing[-ndim:], strict=True)]
    squares = sum(np.meshgrid(*[axis**2 for axis in grid], indexing="ij"))
    return squares <= radius**2


def walked(mask, height, width, corners):
    """ImageJ's length of the outline of one object, from the list of its corners.

    After `ij.gui.Wand` and `PolygonRoi.getTracedPerimeter`, which are in the public domain.
    """
    wide = np.pad(mask, 1)
    y, x = np.argwhere(wide)[0]
    while wide[y, x]:
        x += 1
    start = x, y + 1
    (x, y), direction, polygon = start, 3, []

    def ahead(turn):
        return wide[(y, y - 1, y - 1, y)[turn % 4], (x, x, x - 1, x - 1)[turn % 4]]

    while True:
        if corners:
            turn = next((t for t in (direction + 1, direction) if ahead(t)), direction - 1)
        else:
            turn = next((t - 1 for t in (direction, direction + 1) if not ahead(t)), direction + 1)
        if turn != direction:
            polygon.append((x, y))
        x, y = x + (1, 0, -1, 0)[turn % 4], y + (0, -1, 0, 1)[turn % 4]
        direction = turn % 4
        if (x, y) == start and direction == 3:
            break
    sides = np.abs(np.roll(polygon, -1, axis=0) - polygon)
    lengths = sides.sum(axis=1)
    cuts, corner = 0, False
    for before in np.roll(lengths, 1):
        corner = before > 1 or not corner
        cuts += corner
    across = height + width - np.hypot(height, width)
    return sides[:, 0].sum() * width + sides[:, 1].sum() * height - cuts * across


@settings(max_examples=60, deadline=None)
@given(
    mask=hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9)),
    corners=st.booleans(),
)
def test_traced_perimeters_are_those_of_imagej(mask, corners):
    labels = label(mask, connectivity=2 if corners else 1).astype(np.int32)
    found = boundary_sizes(labels, (2.0, 1.5), "traced", "full" if corners else "face")
    expected = [walked(labels == n, 2.0, 1.5, corners) for n in range(1, labels.max() + 1)]
    assert np.allclose(found, expected)


def test_traced_perimeter_of_a_rectangle():
    mask = np.zeros((10, 12), bool)
    mask[2:6, 3:9] = True
    found = analyze(mask).table["perimeter"][0]
    assert found == pytest.approx(2 * (4 + 6) - 4 * (2 - 2**0.5))


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, min_side=3, max_side=9)))
def test_crofton_perimeters_equal_scikit_image(mask):
    labels = label(mask).astype(np.int32)
    expected = [perimeter_crofton(np.pad(labels == n, 1)) for n in range(1, labels.max() + 1)]
    assert np.allclose(boundary_sizes(labels, (1.0, 1.0)), expected)


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.5, 0.5, 0.5), (4.0, 1.0, 1.0)], ids=str)
def test_balls_have_the_size_and_shape_of_balls(ndim, spacing):
    if ndim == 2 and spacing[0] == 4:
        spacing = (1.0, 2.0, 1.0)
    radius = 20 * spacing[-1]
    mask = ball(radius, spacing, ndim)
    table = analyze(mask, perimeter="crofton", spacing=spacing[-ndim:]).table
    size = np.pi * radius**2 if ndim == 2 else 4 / 3 * np.pi * radius**3
    boundary = 2 * np.pi * radius if ndim == 2 else 4 * np.pi * radius**2
    assert table["area"][0] == pytest.approx(size, rel=0.02)
    found = table["perimeter" if ndim == 2 else "surface_area"][0]
    assert found == pytest.approx(boundary, rel=0.04)
    assert table["circularity" if ndim == 2 else "sphericity"][0] > 0.93
    # From corner to corner of pixels, up to a diagonal longer than the ball.
    assert 2 * radius <= table["feret_diameter_max"][0] + 1 * max(spacing)
    assert table["feret_diameter_max"][0] < 2 * radius + 2 * max(spacing[-ndim:])


def test_feret_diameters_of_boxes():
    labels = np.zeros((20, 30), np.int32)
    labels[2:5, 3:7] = 1
    labels[10:16, 10:26] = 2
    longest, narrowest = feret_diameters(labels, (1.0, 1.0))
    assert np.allclose(longest, [5, np.hypot(6, 16)])
    assert np.allclose(narrowest, [3, 6])
    box = np.zeros((9, 9, 9), np.int32)
    box[2:4, 2:5, 1:7] = 1
    longest, narrowest = feret_diameters(box, (6.0, 1.0, 1.0))
    assert np.allclose([longest, narrowest], [[np.sqrt(144 + 9 + 36)], [3]])


@pytest.mark.parametrize("perimeter", ["traced", "crofton"])
def test_size_and_circularity_decide_what_is_kept(perimeter):
    mask = np.zeros((60, 120), bool)
    mask[5:45, 5:45] = np.pad(ball(16, (1, 1), 2), ((0, 1), (0, 1)))[:40, :40]
    mask[20:22, 60:110] = True  # a line
    mask[40:43, 60:63] = True  # small
    mask[50:54, 0:4] = True  # on an edge

    def kept(**settings):
        return analyze(mask, perimeter=perimeter, spacing=0.5, **settings).table["area"].tolist()

    disk = mask[5:45, 5:45].sum() / 4
    assert kept() == [disk, 25, 9 / 4, 4]
    assert kept(minimum_size=voxels(10)) == [disk, 25, 4]
    assert kept(minimum_size=9 / 4, maximum_size=4) == [9 / 4, 4]
    assert kept(maximum_circularity=0.4) == [25]
    assert kept(minimum_circularity=0.85, minimum_size=5) == [disk]
    assert kept(exclude_on_edges=True) == [disk, 25, 9 / 4]


def test_limits_that_nothing_can_meet_are_refused():
    mask = np.ones((4, 4), bool)
    with pytest.raises(ValueError, match="maximum_size must be at least minimum_size"):
        analyze(mask, minimum_size=5, maximum_size=voxels(4))
    with pytest.raises(ValueError, match="maximum_circularity must be at least"):
        analyze(mask, minimum_circularity=0.5, maximum_circularity=0.4)


@pytest.mark.parametrize("ndim", [2, 3])
def test_holes_and_connectivity(ndim):
    mask = np.zeros((9,) * ndim, bool)
    mask[(slice(1, 6),) * ndim] = True
    mask[(slice(2, 5),) * ndim] = False
    mask[(slice(6, 8),) * ndim] = True
    solid, hollow, small = 5**ndim, 5**ndim - 3**ndim, 2**ndim
    assert analyze(mask).table["area"].tolist() == [hollow + small]
    apart = analyze(mask, connectivity="face")
    assert apart.table["area"].tolist() == [hollow, small]
    filled = analyze(mask, connectivity="face", include_holes=True)
    assert filled.table["area"].tolist() == [solid, small]
    assert (np.bincount(filled.labels.ravel())[1:] == [solid, small]).all()


def test_touching_objects_with_labels_stay_apart():
    labels = np.zeros((12, 20), int)
    labels[2:10, 2:8] = 40
    labels[2:10, 8:18] = 7
    found = segmentation.analyze_labeled_particles(labels)
    assert found.table["area"].tolist() == [80, 48]
    assert same_objects(found.labels, labels)
    large = segmentation.analyze_labeled_particles(labels, minimum_size=50)
    assert np.array_equal(large.labels > 0, labels == 7)


def test_columns_equal_other_libraries(shared_image):
    image = shared_image("published/blobs.tif")
    table, labels, summary = analyze(image > 120, image)
    # Published for the same threshold: 64 objects, mean and variance of their areas.
    assert summary["count"][0] == 64
    assert summary["average_size"][0] == pytest.approx(347.546875)
    assert table["area"].var() == pytest.approx(47422.15649801587)
    assert table["area"][:9].tolist() == [433, 185, 658, 434, 477, 285, 81, 278, 231]
    assert summary["area_percentage"][0] == pytest.approx(100 * (image > 120).mean())
    for index, region in enumerate(regionprops(labels, image)):
        values = image[labels == region.label].astype(float)
        row = table.iloc[index]
        assert row["intensity_median"] == np.median(values)
        assert row["intensity_sum"] == values.sum()
        if np.ptp(values):
            assert row["intensity_skewness"] == pytest.approx(stats.skew(values))
            assert row["intensity_kurtosis"] == pytest.approx(stats.kurtosis(values))
        assert np.allclose(
            row[["centroid_weighted-0", "centroid_weighted-1"]].to_numpy(float),
            region.centroid_weighted,
        )
        if region.axis_minor_length:
            assert row["aspect_ratio"] == pytest.approx(
                region.axis_major_length / region.axis_minor_length
            )
    assert table["feret_diameter_max"].to_numpy() == pytest.approx(
        [region.feret_diameter_max for region in regionprops(labels)], abs=2
    )


def test_objects_on_edges_are_those_of_the_published_notebook(shared_image):
    from skimage.filters import gaussian

    blurred = gaussian(shared_image("published/blobs.tif"), 1)
    mask = segmentation.threshold(blurred)
    assert analyze(mask).summary["count"][0] == 62
    assert analyze(mask, exclude_on_edges=True).summary["count"][0] == 44


def test_labels_of_imagej_are_counted(shared_image):
    labels = shared_image("published/blobs_labels_imagej.tif")
    summary = segmentation.analyze_labeled_particles(labels).summary
    assert summary["count"][0] == 63
    assert summary["average_size"][0] == pytest.approx(339.888889)


def test_units_are_said():
    mask = ndimage.binary_dilation(np.zeros((9, 9, 9), bool))
    mask[2:6, 2:6, 2:6] = True
    table, _, summary = analyze(mask, mask.astype(float), spacing=0.5, units="micrometer")
    assert set(table.attrs["units"]) == set(table.columns)
    assert table.attrs["units"]["surface_area"] == "micrometer²"
    assert table.attrs["units"]["feret_diameter_max"] == "micrometer"
    assert summary.attrs["units"]["total_area"] == "micrometer³"
    assert summary["total_area"][0] == 8
