"""Intensities equal those of numpy, scipy and scikit-image, object by object."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage.measure import regionprops_table
from skimage.segmentation import find_boundaries

from napari_delineate import measurements
from tests import inputs


@pytest.mark.parametrize("spacing", [1.0, 0.5])
@pytest.mark.parametrize("ndim", [2, 3])
def test_columns_equal_scikit_image_for_several_channels(ndim, spacing):
    labels = inputs.labels(ndim)
    channels = [inputs.image(ndim, number) for number in (1, 2, 3)]
    table = measurements.measure_intensity(labels, channels, spacing=spacing)
    names = ["label", "intensity_mean", "intensity_std", "intensity_min", "intensity_max"]
    expected = regionprops_table(
        labels,
        np.stack(channels, axis=-1),
        properties=[*names, "centroid_weighted"],
        spacing=(spacing,) * ndim,
        separator="-",
    )
    for column, values in expected.items():
        np.testing.assert_allclose(table[column], values, 1e-9, err_msg=column)
    assert all(name == "label" or name[-2:] in ("-0", "-1", "-2") for name in table)


def test_the_names_of_one_channel_have_no_number():
    labels, image = inputs.labels(2), inputs.image(2)
    one = measurements.measure_intensity(labels, [image])
    two = measurements.measure_intensity(labels, [image, image])
    assert "intensity_mean" in one
    for name in one.columns.drop("label"):
        assert one[name].equals(two[f"{name}-0"].rename(name))
        assert one[name].equals(two[f"{name}-1"].rename(name))


@settings(max_examples=60, deadline=None)
@given(
    labels=hnp.arrays(
        np.int32, hnp.array_shapes(min_dims=2, max_dims=3, max_side=6), elements=st.integers(0, 3)
    ),
    data=st.data(),
)
def test_statistics_of_any_objects_equal_numpy(labels, data):
    image = data.draw(hnp.arrays(np.int16, labels.shape, elements=st.integers(-50, 50)))
    table = measurements.measure_intensity(labels, [image], spacing=2.0)
    boundary = find_boundaries(labels, connectivity=1, mode="inner", background=0)
    for _, row in table.iterrows():
        inside = labels == row["label"]
        values = image[inside].astype(float)
        quartiles = np.quantile(values, [0.25, 0.5, 0.75])
        assert row["intensity_sum"] == values.sum()
        assert row["intensity_lower_quartile"] == pytest.approx(quartiles[0])
        assert row["intensity_median"] == quartiles[1]
        assert row["intensity_upper_quartile"] == pytest.approx(quartiles[2])
        assert row["intensity_median_deviation"] == np.median(np.abs(values - quartiles[1]))
        assert row["intensity_std"] == pytest.approx(values.std(), abs=1e-12)
        place = [row[f"location_max-{axis}"] / 2 for axis in range(labels.ndim)]
        expected = ndimage.maximum_position(image, labels, int(row["label"]))
        assert image[tuple(map(int, place))] == image[expected] == values.max()
        assert labels[tuple(map(int, place))] == row["label"]
        edge = image[inside & boundary].astype(float)
        found = [row[f"intensity_{name}_edge"] for name in ("sum", "mean", "std", "min", "max")]
        if len(edge):
            wanted = [edge.sum(), edge.mean(), edge.std(), edge.min(), edge.max()]
            assert found == pytest.approx(wanted, abs=1e-9)
        else:
            assert np.isnan(found).all()
        if values.sum() > 0:
            centre = np.array(ndimage.center_of_mass(image, labels, int(row["label"])))
            plain = np.argwhere(inside).mean(axis=0)
            found = [row[f"centroid_weighted-{axis}"] for axis in range(labels.ndim)]
            np.testing.assert_allclose(found, 2 * centre, atol=1e-9)
            wanted = 2 * np.linalg.norm(centre - plain)
            assert row["mass_displacement"] == pytest.approx(wanted, abs=1e-9)
        else:
            assert np.isnan(row["mass_displacement"])


def test_the_brightest_of_equal_pixels_is_the_first():
    labels, image = np.ones((3, 4), int), np.array([[1, 5, 0, 0], [5, 0, 0, 0], [0, 0, 0, 5]])
    (row,) = measurements.measure_intensity(labels, [image]).to_dict("records")
    assert (row["location_max-0"], row["location_max-1"]) == (0, 1)


def test_the_mass_of_a_ramp_lies_where_geometry_says():
    """A line from 0 to L with brightness x has its mass at 2 L / 3."""
    image = np.tile(np.arange(1001.0), (3, 1))
    labels = np.ones(image.shape, int)
    table = measurements.measure_intensity(labels, [image], spacing=(1.0, 0.01), units="mm")
    assert table["centroid_weighted-1"][0] == pytest.approx(10 * 2 / 3, abs=0.01)
    assert table["mass_displacement"][0] == pytest.approx(10 * (2 / 3 - 1 / 2), abs=0.01)
    assert table.attrs["units"]["mass_displacement"] == "mm"
    assert table.attrs["units"]["intensity_mean"] == ""


def test_objects_do_not_change_what_others_have():
    labels, image = inputs.labels(3), inputs.image(3)
    table = measurements.measure_intensity(labels, [image])
    for row, number in enumerate(table["label"]):
        alone = measurements.measure_intensity(np.where(labels == number, 1, 0), [image])
        assert (
            alone.drop(columns="label")
            .iloc[0]
            .equals(table.drop(columns="label").iloc[row].rename(0))
        )


def test_no_objects_give_the_same_columns():
    labels, image = inputs.labels(2), inputs.image(2)
    none = measurements.measure_intensity(np.zeros_like(labels), [image, image])
    some = measurements.measure_intensity(labels, [image, image])
    assert len(none) == 0
    assert none.columns.tolist() == some.columns.tolist()
    assert none.attrs == some.attrs


def test_one_image_that_is_no_list_is_refused():
    labels, image = inputs.labels(2), inputs.image(2)
    with pytest.raises(TypeError, match="images must be a list of image"):
        measurements.measure_intensity(labels, image)


@pytest.mark.parametrize(
    "values",
    [
        lambda random, size: random.integers(0, 256, size).astype(np.uint8),
        lambda random, size: random.integers(0, 2**16, size).astype(np.uint16),
        lambda random, size: random.integers(-(2**31), 2**31, size).astype(np.int32),
        lambda random, size: random.integers(0, 2**63, size).astype(np.uint64) * 2,
        lambda random, size: random.normal(size=size).astype(np.float32),
        lambda random, size: random.normal(size=size) * 10.0 ** random.integers(-9, 9, size),
        lambda random, size: random.integers(-3, 3, size) / 7,
        lambda random, size: random.normal() * np.ones(size),
    ],
)
def test_ranks_are_those_of_numpy_however_values_are_sorted(values):
    """Few values, many, of a small range and of a large one are sorted in different ways."""
    random = np.random.default_rng(8)
    sizes = np.array([1, 2, 5, 63, 64, 65, 300, 1001])
    labels = np.repeat(np.arange(1, len(sizes) + 1), sizes)[np.newaxis]
    image = values(random, labels.shape)
    table = measurements.measure_intensity(labels, [image])
    for row in table.itertuples():
        own = image[labels == row.label].astype(float)
        ranks = *np.quantile(own, (0.25, 0.5, 0.75)), np.median(np.abs(own - np.median(own)))
        found = (
            row.intensity_lower_quartile,
            row.intensity_median,
            row.intensity_upper_quartile,
            row.intensity_median_deviation,
        )
        assert found == pytest.approx(ranks, rel=1e-12, abs=1e-12 * np.abs(own).max())
        assert (row.intensity_min, row.intensity_max) == (own.min(), own.max())
