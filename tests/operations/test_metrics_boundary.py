"""Distances of boundaries: closed forms, definitions written out, scikit-image, and laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from scipy.spatial.distance import cdist
from skimage.metrics import hausdorff_distance

from napari_delineate import metrics, voxels
from tests.operations.test_metrics import ALL, NOTHING, SOME, pairs

SPACINGS = {2: [(1.0, 1.0), (0.5, 2.0)], 3: [(1.0, 1.0, 1.0), (4.0, 1.0, 1.0)]}


def by_definition(reference, labels, spacing, percentile=95.0):
    """What Metrics Reloaded defines, from all distances of all pixels of the contours."""
    borders = [mask & ~ndimage.binary_erosion(mask) for mask in (reference, labels)]
    points = [np.argwhere(border) * spacing for border in borders]
    table = cdist(*points)
    one, other = table.min(axis=1), table.min(axis=0)
    both = np.concatenate([one, other])
    pixels = cdist(*(np.argwhere(mask) * spacing for mask in (reference, labels)))
    return {
        "mean_average_surface_distance": (one.mean() + other.mean()) / 2,
        "average_symmetric_surface_distance": both.mean(),
        "hausdorff": both.max(),
        "hausdorff_percentile": max(np.percentile(part, percentile) for part in (one, other)),
        "hausdorff_percentile_pooled": np.percentile(both, percentile),
        "hausdorff_of_pixels": max(pixels.min(axis=1).max(), pixels.min(axis=0).max()),
    }, both


def blobs(ndim, seed):
    random = np.random.default_rng(seed)
    shape = (24, 26) if ndim == 2 else (9, 14, 15)
    return [ndimage.gaussian_filter(random.random(shape), 1.5) > 0.51 for _ in range(2)]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("ndim", "spacing"), [(ndim, spacing) for ndim in (2, 3) for spacing in SPACINGS[ndim]]
)
def test_distances_equal_their_definitions(ndim, spacing, seed):
    pair = blobs(ndim, seed)
    expected, both = by_definition(*pair, spacing, percentile=90.0)
    found = metrics.contour_distance(*pair, spacing=spacing)
    found |= metrics.hausdorff_distance(*pair, percentile=90.0, spacing=spacing)
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-5)
    for tolerance in (0.0, 1.0, 1.5, 4.0):
        score = metrics.normalized_surface_distance(*pair, tolerance=tolerance, spacing=spacing)
        assert score == pytest.approx((both <= tolerance + 1e-6).mean())


@pytest.mark.parametrize("ndim", [2, 3])
def test_hausdorff_distances_equal_those_of_scikit_image(ndim):
    reference, labels = blobs(ndim, 5)
    found = metrics.hausdorff_distance(reference, labels)
    assert found["hausdorff_of_pixels"] == pytest.approx(hausdorff_distance(reference, labels))
    borders = [mask & ~ndimage.binary_erosion(mask) for mask in (reference, labels)]
    assert found["hausdorff"] == pytest.approx(hausdorff_distance(*borders))


@pytest.mark.parametrize(
    ("ndim", "spacing"), [(ndim, spacing) for ndim in (2, 3) for spacing in SPACINGS[ndim]]
)
def test_a_box_that_is_one_pixel_larger_on_all_sides(ndim, spacing):
    small, large = np.zeros((2,) + (20,) * ndim, bool)
    small[(slice(6, 13),) * ndim] = True
    large[(slice(5, 14),) * ndim] = True
    found = metrics.hausdorff_distance(small, large, spacing=spacing)
    assert found["hausdorff"] == pytest.approx(np.linalg.norm(spacing))  # the corners
    assert found["reference_to_labels"] == pytest.approx(max(spacing))  # the faces
    found = metrics.contour_distance(small, large, spacing=spacing)
    assert min(spacing) * 0.999 <= found["reference_to_labels"] <= max(spacing) * 1.001
    nsd = metrics.normalized_surface_distance
    assert nsd(small, large, tolerance=np.linalg.norm(spacing), spacing=spacing) == 1
    assert nsd(small, large, tolerance=0.9 * min(spacing), spacing=spacing) == 0


def test_concentric_balls_are_as_far_apart_as_their_radii():
    grid = np.indices((13, 49, 49)) * np.array([4.0, 1.0, 1.0]).reshape(3, 1, 1, 1)
    away = np.linalg.norm(grid - 24.0, axis=0)
    found = metrics.contour_distance(away[6] <= 20, away[6] <= 14)
    assert found["mean_average_surface_distance"] == pytest.approx(6, abs=0.2)
    found = metrics.hausdorff_distance(away <= 20, away <= 14, spacing=(4.0, 1.0, 1.0))
    assert found["hausdorff"] == 8  # at the poles: the last slices are 20 and 12 away
    found = metrics.volume_scores(away <= 20, away <= 14, spacing=(4.0, 1.0, 1.0))
    assert found["relative_error"] == pytest.approx((14 / 20) ** 3 - 1, abs=0.02)


def test_what_lies_inside_is_0_away_as_pixels_and_farther_as_a_contour():
    outer, inner = np.zeros((2, 20, 20), bool)
    outer[2:17, 2:17] = True
    inner[9, 9] = True
    found = metrics.hausdorff_distance(inner, outer)
    assert found["reference_to_labels"] == 7
    assert found["hausdorff_of_pixels"] == pytest.approx(7 * np.sqrt(2))
    assert metrics.hausdorff_distance(outer, outer)["hausdorff_of_pixels"] == 0


@pytest.mark.parametrize("spacing", SPACINGS[3])
def test_boundary_iou_equals_its_definition(spacing):
    pair = blobs(3, 1)
    for width in (0.0, 1.0, 2.0, 9.0):
        near = []
        for mask in pair:
            padded = np.pad(mask, 1)  # outside of the image there is nothing
            inside = ndimage.distance_transform_edt(padded, sampling=spacing)[1:-1, 1:-1, 1:-1]
            contour = mask & ~ndimage.binary_erosion(mask)
            near.append((mask & (inside <= width + 1e-6)) | contour)
        expected = (near[0] & near[1]).sum() / (near[0] | near[1]).sum()
        found = metrics.boundary_iou(*pair, width=width, spacing=spacing)
        assert found == pytest.approx(expected)
    assert found == metrics.jaccard(*pair)


@pytest.mark.parametrize(
    ("reference", "labels", "share", "distance"),
    [
        (NOTHING, NOTHING, 1, 0),
        (ALL, ALL, 1, 0),
        (NOTHING, SOME, 0, np.inf),
        (SOME, NOTHING, 0, np.inf),
        (ALL, NOTHING, 0, np.inf),
    ],
)
def test_boundaries_at_the_edges(reference, labels, share, distance):
    for function in (metrics.contour_distance, metrics.hausdorff_distance):
        assert set(function(reference, labels).values()) == {distance}
    assert metrics.normalized_surface_distance(reference, labels) == share
    assert metrics.boundary_iou(reference, labels) == share
    assert set(metrics.outline_scores(reference, labels).values()) == {share}
    table = metrics.compare_outlines(reference, labels)
    assert len(table) == reference.any()
    if share == 0 and len(table):
        assert table["label"].tolist() == [0]
        assert table["hausdorff"].isna().all()
        assert not table["normalized_surface_distance"].any()


def test_only_contours_in_the_region_count_and_its_edge_is_none():
    reference, labels = np.zeros((2, 20, 30), bool)
    reference[5:15, 2:25] = True
    labels[5:15, 4:20] = True
    left = np.zeros((20, 30), bool)
    left[:, :12] = True
    found = metrics.hausdorff_distance(reference, labels, left)
    assert found["hausdorff"] == 2
    assert metrics.hausdorff_distance(reference, labels)["hausdorff"] == 5
    # Both go on beyond the region: where it ends, nothing is near to or far from anything.
    middle = np.zeros((20, 30), bool)
    middle[:, 6:18] = True
    assert metrics.hausdorff_distance(reference, labels, middle)["hausdorff"] == 0
    assert metrics.normalized_surface_distance(reference, labels, middle) == 1
    assert metrics.boundary_iou(reference, labels, middle) == 1


def test_every_object_is_compared_with_its_partner_as_if_they_were_alone():
    random = np.random.default_rng(0)
    reference = np.zeros((12, 60, 60), int)
    for number, (y, x) in enumerate(np.ndindex(4, 4), 1):
        reference[2:9, 15 * y : 15 * y + 14, 15 * x : 15 * x + 15] = 3 * number
    labels = np.roll(reference, (1, 2, 1), (0, 1, 2)) * (random.random(reference.shape) > 0.02)
    labels[labels == 6] = 0
    spacing = (2.0, 0.5, 0.5)
    table = metrics.compare_outlines(
        reference, labels, spacing=spacing, units="micrometer", tolerance=0.5, width=1.0
    )
    assert table["reference"].tolist() == list(range(3, 51, 3))
    assert table["label"][1] == 0
    for row in (0, 5, 15):
        number = table["reference"][row]
        pair = reference == number, labels == table["label"][row]
        expected = metrics.contour_distance(*pair, spacing=spacing)
        expected |= metrics.hausdorff_distance(*pair, spacing=spacing)
        for name in table.columns[6:]:
            assert table[name][row] == pytest.approx(expected[name], rel=1e-6), name
        nsd = metrics.normalized_surface_distance(*pair, tolerance=0.5, spacing=spacing)
        assert table["normalized_surface_distance"][row] == pytest.approx(nsd)
        assert table["boundary_iou"][row] == pytest.approx(
            metrics.boundary_iou(*pair, width=1.0, spacing=spacing)
        )
        assert table["iou"][row] == pytest.approx(metrics.jaccard(*pair))
        assert table["dice"][row] == pytest.approx(metrics.dice(*pair))
    assert table.attrs["units"]["hausdorff"] == "micrometer"
    assert table.attrs["units"]["boundary_iou"] == ""
    means = metrics.outline_scores(reference, labels, spacing=spacing, tolerance=0.5, width=1.0)
    for name, score in means.items():
        assert score == pytest.approx(table[name].mean())


# Laws


@settings(deadline=None, max_examples=40)
@given(pair=pairs(), data=st.data())
def test_boundary_scores_are_symmetric_and_do_not_depend_on_the_place(pair, data):
    axes = data.draw(st.permutations(range(pair[0].ndim)))
    spacing = np.array(data.draw(st.sampled_from(SPACINGS[pair[0].ndim])))
    moved = [np.pad(one.transpose(axes), 2) for one in pair[::-1]]

    def scores(pair, spacing):
        found = metrics.hausdorff_distance(*pair, spacing=spacing)
        found |= metrics.contour_distance(*pair, spacing=spacing)
        del found["reference_to_labels"], found["labels_to_reference"]
        found["nsd"] = metrics.normalized_surface_distance(*pair, spacing=spacing)
        return found | {"iou": metrics.boundary_iou(*pair, spacing=spacing)}

    found = scores(pair, spacing)
    assert scores(moved, spacing[list(axes)]) == pytest.approx(found, rel=1e-5)
    assert found["hausdorff_percentile"] <= found["hausdorff"]
    assert found["hausdorff_of_pixels"] <= found["hausdorff"] + 1e-6
    # Lengths grow with the voxels, shares stay.
    larger = scores(pair, 3 * spacing)
    for name, score in found.items():
        factor = 1 if name in ("nsd", "iou") else 3
        assert larger[name] == pytest.approx(factor * score, rel=1e-5)
    same = scores((pair[0], pair[0]), spacing)
    assert {same.pop("nsd"), same.pop("iou")} == {1}
    assert set(same.values()) == {0}


def test_tolerances_in_voxels_are_those_of_the_finest_axis():
    pair = blobs(3, 2)
    for function, name in (
        (metrics.normalized_surface_distance, "tolerance"),
        (metrics.boundary_iou, "width"),
    ):
        found = function(*pair, **{name: voxels(3)}, spacing=(2.0, 0.5, 0.5))
        assert found == function(*pair, **{name: 1.5}, spacing=(2.0, 0.5, 0.5))


def of_known(labels, region, width, spacing):
    """Mark pixels of objects that have a known pixel of something else nearer than a width."""
    padded = np.pad(labels, 1)
    # Beyond the image is background; what is unknown is nothing.
    known = np.pad(region, 1, constant_values=True)
    places = np.argwhere(known)
    marked = np.zeros(labels.shape, bool)
    for place in np.argwhere(region & (labels > 0)):
        number = labels[tuple(place)]
        others = places[padded[known] != number]
        apart = np.linalg.norm((others - 1 - place) * spacing, axis=1)
        near = np.abs(others - 1 - place).sum(axis=1) == 1
        marked[tuple(place)] = (apart <= width * (1 + 1e-6)).any() or near.any()
    return marked


@pytest.mark.parametrize(("ndim", "spacing"), [(2, (1.0, 1.0)), (2, (4.0, 1.0)), (3, (2.0, 1, 1))])
def test_boundaries_in_a_region_are_those_that_are_known(ndim, spacing):
    random = np.random.default_rng(ndim)
    reference, labels = (mask.astype(int) for mask in blobs(ndim, 3))
    for image in (reference, labels):  # two objects side by side
        image[..., image.shape[-1] // 2 :] *= 2
    region = ndimage.gaussian_filter(random.random(reference.shape), 3) > 0.49
    for width in (1.0, 2.5):
        settings = {"width": width, "spacing": spacing}
        first = of_known(reference, region, width, spacing) * reference
        second = of_known(labels, region, width, spacing) * labels
        table = metrics.compare_outlines(reference, labels, region, overlap=0.01, **settings)
        for row in table.itertuples():
            one, other = first == row.reference, second == row.label
            assert row.boundary_iou == pytest.approx((one & other).sum() / (one | other).sum())
        masks = [
            of_known((one > 0).astype(int), region, width, spacing) for one in (reference, labels)
        ]
        expected = (masks[0] & masks[1]).sum() / (masks[0] | masks[1]).sum()
        assert metrics.boundary_iou(reference, labels, region, **settings) == pytest.approx(
            expected
        )


@settings(deadline=None, max_examples=30)
@given(pair=pairs(), data=st.data())
def test_what_the_reference_says_outside_of_the_region_changes_no_boundary(pair, data):
    region = data.draw(hnp.arrays(bool, pair[0].shape))
    noise = data.draw(hnp.arrays(np.int32, pair[0].shape, elements=st.integers(0, 3)))
    other = np.where(region, pair[0], noise)
    for function in (
        metrics.boundary_iou,
        metrics.contour_distance,
        metrics.hausdorff_distance,
        metrics.normalized_surface_distance,
        metrics.centerline_dice,
        metrics.outline_scores,
        metrics.volume_scores,
    ):
        assert function(other, pair[1], region) == function(pair[0], pair[1], region), function
    whole = np.where(region, pair[1], 0)
    assert metrics.boundary_iou(whole, pair[1], region) == 1
    assert set(metrics.centerline_dice(whole, pair[1], region).values()) == {1}
