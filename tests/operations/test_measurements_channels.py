"""Radial distributions and colocalisation are those of their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage, stats
from skimage.graph import MCP_Geometric
from skimage.measure import manders_coloc_coeff, manders_overlap_coeff, pearson_corr_coeff

from napari_delineate import measurements
from tests import inputs

# Radial distribution


def blobs(shape, number=5):
    random = np.random.default_rng(number)
    noise = ndimage.gaussian_filter(random.random(shape), 3)
    labels = ndimage.label(noise > np.quantile(noise, 0.6))[0]
    return labels.astype(np.int32), random.random(shape)


@pytest.mark.parametrize(
    ("shape", "spacing"),
    [((60, 70), (1, 1)), ((60, 70), (0.5, 0.5)), ((14, 30, 34), (2, 2, 2))],
    ids=str,
)
def test_rings_are_those_of_ways_within_objects(shape, spacing):
    """Ways found by scikit-image, sums by numpy, one object at a time."""
    labels, image = blobs(shape)
    table = measurements.measure_radial_distribution(labels, [image], rings=3, spacing=spacing)
    for row, number in enumerate(table["label"]):
        alone = np.pad(labels == number, 1)
        depth = ndimage.distance_transform_edt(alone, sampling=spacing).astype(np.float32)
        middle = np.unravel_index(np.argmax(depth), depth.shape)
        ways = MCP_Geometric(np.where(alone, 1.0, -1), fully_connected=True, sampling=spacing)
        away = ways.find_costs([middle])[0]
        inside = np.isfinite(away)
        share = away[inside] / (away[inside] + depth[inside])
        ring = np.minimum((3 * share + 1e-9).astype(int), 2)
        values = np.pad(image, 1)[inside]
        place = np.argwhere(inside) - middle
        signs = place[:, ::-1] > 0
        if len(shape) == 2:
            steeper = np.abs(place[:, 0]) * spacing[0] > np.abs(place[:, 1]) * spacing[1]
            signs = np.column_stack([signs, steeper])
        sector = signs @ [1, 2, 4]
        for n in range(3):
            chosen = ring == n
            if not chosen.any():
                assert np.isnan(table[f"fraction_at_distance-{n}"][row])
                continue
            fraction = values[chosen].sum() / values.sum()
            assert table[f"fraction_at_distance-{n}"][row] == pytest.approx(fraction, abs=0.02)
            mean = values[chosen].mean() / values.mean()
            assert table[f"mean_fraction-{n}"][row] == pytest.approx(mean, abs=0.1)
            means = [values[chosen & (sector == s)].mean() for s in np.unique(sector[chosen])]
            expected = np.std(means) / np.mean(means)
            assert table[f"radial_variation-{n}"][row] == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("spacing", [(1, 1), (4, 1), (1, 1, 1), (4, 1, 1)], ids=str)
def test_an_even_ball_has_shares_by_size_and_no_variation(spacing):
    ndim = len(spacing)
    grid = np.indices([int(82 / step) for step in spacing]) * np.reshape(
        spacing, (-1,) + (1,) * ndim
    )
    labels = (((grid - 40) ** 2).sum(axis=0) <= 36**2).astype(int)
    image = np.full(labels.shape, 7, np.uint8)
    (row,) = measurements.measure_radial_distribution(
        labels, [image], rings=2, spacing=spacing
    ).to_dict("records")
    assert row["fraction_at_distance-0"] + row["fraction_at_distance-1"] == pytest.approx(1)
    assert row["mean_fraction-0"] == row["mean_fraction-1"] == pytest.approx(1)
    assert row["radial_variation-0"] == row["radial_variation-1"] == 0
    # Ways over pixels are up to 8 % (13 %) longer than straight ones.
    assert row["fraction_at_distance-0"] == pytest.approx(0.5**ndim, rel=0.2)


def test_light_on_one_side_varies_and_light_in_the_middle_does_not():
    y, x = np.indices((81, 81)) - 40
    disc = (y**2 + x**2 <= 38**2).astype(int)
    side, middle = (x > 0) * 1.0, np.exp(-(y**2 + x**2) / 200)
    table = measurements.measure_radial_distribution(disc, [side, middle])
    # Half of the sectors have nothing: the deviation of 0s and 1s is their mean.
    for ring in range(4):
        assert table[f"radial_variation-{ring}-0"][0] == pytest.approx(1, abs=0.1)
        assert table[f"radial_variation-{ring}-1"][0] < 0.1
    fractions = [table[f"mean_fraction-{ring}-1"][0] for ring in range(4)]
    assert fractions == sorted(fractions, reverse=True)


# Colocalisation


@pytest.mark.parametrize("ndim", [2, 3])
def test_correlations_equal_scikit_image(ndim):
    labels = inputs.labels(ndim)
    first, second = inputs.image(ndim, 1), inputs.image(ndim, 2)
    table = measurements.measure_colocalization(labels, first, second, threshold=30.0)
    for _, row in table.iterrows():
        inside = labels == row["label"]
        x, y = first[inside].astype(float), second[inside].astype(float)
        assert row["correlation"] == pytest.approx(pearson_corr_coeff(first, second, inside)[0])
        assert row["slope"] == pytest.approx(stats.linregress(x, y).slope)
        above_x, above_y = x >= 0.3 * x.max(), y >= 0.3 * y.max()
        both = above_x & above_y
        manders = manders_coloc_coeff(np.where(above_x, x, 0), above_y)
        assert row["manders_1"] == pytest.approx(manders)
        manders = manders_coloc_coeff(np.where(above_y, y, 0), above_x)
        assert row["manders_2"] == pytest.approx(manders)
        assert row["overlap"] == pytest.approx(manders_overlap_coeff(x[both], y[both]))
        product = (x[both] * y[both]).sum()
        assert row["overlap_1"] == pytest.approx(product / (x[both] ** 2).sum())
        assert row["overlap_2"] == pytest.approx(product / (y[both] ** 2).sum())
        ranks = [stats.rankdata(values, "dense") - 1 for values in (x, y)]
        highest = max(ranks[0].max(), ranks[1].max()) + 1
        weights = (highest - np.abs(ranks[0] - ranks[1])) / highest
        expected = (x * weights)[both].sum() / x[above_x].sum()
        assert row["rank_weighted_1"] == pytest.approx(expected)
        expected = (y * weights)[both].sum() / y[above_y].sum()
        assert row["rank_weighted_2"] == pytest.approx(expected)


def brute_costes(x, y):
    """Try every threshold from the largest down, as Costes describes it."""
    present = (x > 0) | (y > 0)
    covariance = np.cov(x[present], y[present])
    difference, product = covariance[1, 1] - covariance[0, 0], covariance[0, 1]
    slope = (difference + np.sqrt(difference**2 + 4 * product**2)) / (2 * product)
    level = y[present].mean() - slope * x[present].mean()
    for limit in sorted(np.minimum(x, (y - level) / slope), reverse=True):
        below = (x < limit - 1e-9) | (y < slope * limit + level - 1e-9)
        if below.sum() < 2 or np.cov(x[below], y[below])[0, 1] <= 0:
            return limit, slope * limit + level
    raise AssertionError


@pytest.mark.parametrize("seed", range(4))
def test_costes_thresholds_are_the_first_that_leave_no_correlation(seed):
    random = np.random.default_rng(seed)
    spots = ndimage.gaussian_filter((random.random((40, 40)) > 0.98) * 500.0, 1.5)
    first = spots + random.normal(20, 3, spots.shape)
    second = 0.5 * spots + random.normal(30, 3, spots.shape)
    labels = np.kron([[1, 2], [0, 3]], np.ones((20, 20), int))
    table = measurements.measure_colocalization(labels, first, second)
    inside = labels > 0
    low = brute_costes(first[inside], second[inside])
    for number in (1, 2):
        np.testing.assert_allclose(table[f"costes_threshold_{number}"], low[number - 1])
    for _, row in table.iterrows():
        x, y = first[labels == row["label"]], second[labels == row["label"]]
        above = (x >= low[0] - 1e-9) & (y >= low[1] - 1e-9)
        expected = x[above].sum() / x[x >= low[0] - 1e-9].sum()
        assert row["costes_1"] == pytest.approx(expected, rel=1e-6)
        expected = y[above].sum() / y[y >= low[1] - 1e-9].sum()
        assert row["costes_2"] == pytest.approx(expected, rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    labels=hnp.arrays(np.int32, (4, 5), elements=st.integers(0, 2)),
    first=hnp.arrays(np.uint8, (4, 5), elements=st.integers(0, 6)),
    second=hnp.arrays(np.uint8, (4, 5), elements=st.integers(0, 6)),
)
def test_numbers_of_any_objects_are_in_their_ranges_and_swap_with_the_channels(
    labels, first, second
):
    table = measurements.measure_colocalization(labels, first, second)
    swapped = measurements.measure_colocalization(labels, second, first)
    assert table["correlation"].dropna().between(-1 - 1e-9, 1 + 1e-9).all()
    for name in ("manders", "rank_weighted", "costes"):
        for number, other in ((1, 2), (2, 1)):
            values = table[f"{name}_{number}"]
            assert values.dropna().between(0, 1 + 1e-9).all()
            if name != "costes":  # of equal thresholds on the line rounding picks one
                np.testing.assert_allclose(values, swapped[f"{name}_{other}"])
    np.testing.assert_allclose(table["overlap"], swapped["overlap"])
    np.testing.assert_allclose(table["overlap"] ** 2, table["overlap_1"] * table["overlap_2"])


def test_a_channel_with_itself_and_a_constant():
    labels, image = inputs.labels(2), inputs.image(2)
    table = measurements.measure_colocalization(labels, image, image)
    for name in ("correlation", "slope", "manders_1", "rank_weighted_2", "overlap", "overlap_1"):
        np.testing.assert_allclose(table[name], 1)
    table = measurements.measure_colocalization(labels, np.full(labels.shape, 0.1), image)
    assert table[["correlation", "slope"]].isna().all(axis=None)
    assert table["manders_2"].between(0, 1).all()


@pytest.mark.parametrize(
    "measure",
    [
        lambda labels, image: measurements.measure_radial_distribution(labels, [image, image]),
        lambda labels, image: measurements.measure_colocalization(labels, image, image),
    ],
    ids=["radial", "colocalization"],
)
def test_no_objects_and_other_numbers_change_nothing_else(measure):
    labels, image = inputs.labels(3), inputs.image(3)
    some, none = measure(labels, image), measure(0 * labels, image)
    assert len(none) == 0
    assert none.columns.tolist() == some.columns.tolist()
    assert none.attrs == some.attrs
    turned = measure(np.where(labels > 0, 100 - labels, 0), image)[::-1].reset_index(drop=True)
    assert turned.drop(columns="label").equals(some.drop(columns="label"))
