"""Stains and channels against scikit-image, the law of Lambert and Beer, and real tissue."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import color, data

from napari_delineate import filters

STAINS = {
    "hematoxylin": np.array([0.65, 0.70, 0.29]),
    "eosin": np.array([0.07, 0.99, 0.11]),
    "DAB": np.array([0.27, 0.57, 0.78]),
}


def unit(vector):
    return vector / np.linalg.norm(vector)


def stained(amounts, vectors, white=(1.0, 1.0, 1.0)):
    """Return the colours behind some amounts of stains, by the law of Lambert and Beer."""
    pairs = zip(amounts, vectors, strict=True)
    total = sum(amount[..., None] * unit(vector) for amount, vector in pairs)
    return np.array(white) * 10.0**-total


def random_amounts(number, shape=(20, 21)):
    random = np.random.default_rng(0)
    return [random.random(shape) * 0.8 for _ in range(number)]


@pytest.mark.parametrize(
    ("stains", "names"),
    [
        ("hematoxylin and eosin", ("hematoxylin", "eosin")),
        ("hematoxylin and DAB", ("hematoxylin", "DAB")),
        ("hematoxylin, eosin and DAB", ("hematoxylin", "eosin", "DAB")),
    ],
)
@pytest.mark.parametrize("white", [(1.0, 1.0, 1.0), (0.9, 0.95, 0.8)])
def test_the_amounts_that_made_the_colours_are_found(stains, names, white):
    amounts = random_amounts(len(names))
    image = stained(amounts, [STAINS[name] for name in names], white)
    whites = dict(zip(("white_red", "white_green", "white_blue"), white, strict=True))
    found = filters.separate_stains(image, stains=stains, **whites)
    for one, amount in zip(found, [*amounts, np.zeros_like(amounts[0])], strict=False):
        np.testing.assert_allclose(one, amount, atol=1e-9)
    for one, which in zip(found, ("first", "second", "third"), strict=True):
        chosen = filters.stain_density(image, stains=stains, stain=which, **whites)
        assert np.array_equal(chosen, one)


def test_own_stains_are_found():
    own = [np.array([0.2, 0.4, 0.9]), np.array([0.9, 0.1, 0.3])]
    amounts = random_amounts(2)
    names = ("first_red", "first_green", "first_blue", "second_red", "second_green", "second_blue")
    settings = dict(zip(names, np.concatenate(own), strict=True))
    found = filters.separate_stains(stained(amounts, own), stains="own", **settings)
    for one, amount in zip(found, [*amounts, np.zeros_like(amounts[0])], strict=True):
        np.testing.assert_allclose(one, amount, atol=1e-9)
    for wrong in ({"second_red": 0.65, "second_green": 0.7, "second_blue": 0.29},):
        with pytest.raises(ValueError, match="must have two colours that differ"):
            filters.separate_stains(stained(amounts, own), stains="own", **wrong)


@pytest.mark.parametrize("dtype", ["u1", "f4", "f8"])
def test_real_tissue_comes_out_as_in_scikit_image(dtype):
    tissue = np.maximum(data.immunohistochemistry()[:200, :210], 1)
    image = tissue if dtype == "u1" else (tissue / 255).astype(dtype)
    found = filters.separate_stains(image, stains="hematoxylin, eosin and DAB")
    # There the vectors are as they are, here they have the length 1.
    lengths = [np.linalg.norm(STAINS[name]) for name in ("hematoxylin", "eosin", "DAB")]
    expected = color.rgb2hed(tissue)
    for n, one in enumerate(found):
        assert one.dtype == ("f4" if dtype == "f4" else "f8")
        np.testing.assert_allclose(
            np.maximum(one, 0) / 6 / lengths[n],
            expected[..., n],
            atol=2e-6 if dtype == "f4" else 1e-9,
        )


def test_dab_is_where_tissue_is_brown():
    tissue = data.immunohistochemistry()
    dab = filters.stain_density(tissue, stains="hematoxylin and DAB", stain="second")
    hematoxylin = filters.stain_density(tissue, stains="hematoxylin and DAB")
    red, blue = tissue[..., 0].astype(int), tissue[..., 2].astype(int)
    brown, bluish = (red > blue + 50) & (red < 180), blue > red + 15
    assert dab[brown].mean() > 3 * dab[bluish].mean()
    assert hematoxylin[bluish].mean() > hematoxylin[~bluish & ~brown].mean()


@pytest.mark.parametrize("percentile", [0.0, 1.0])
def test_estimated_stains_are_those_that_made_the_colours(percentile):
    vectors = [np.array([0.6, 0.75, 0.3]), np.array([0.2, 0.85, 0.45])]
    random = np.random.default_rng(1)
    amounts = [random.random((60, 61)) * 0.8 + 0.3 for _ in range(2)]
    amounts[0][:20] = 0  # parts with one stain only show the colour of each
    amounts[1][40:] = 0
    found = filters.separate_estimated_stains(stained(amounts, vectors), percentile=percentile)
    for one, amount in zip(found, amounts, strict=False):
        np.testing.assert_allclose(one, amount, atol=1e-6)
    np.testing.assert_allclose(found.third_stain, 0, atol=1e-6)


def test_eosin_is_found_though_it_leaves_blue_as_it_is():
    """A slide as a camera sees it: glass, nuclei, pink tissue, 8 bits and their noise."""
    random = np.random.default_rng(0)
    shape = (200, 201)
    is_nucleus, is_pink, is_glass = (random.random(shape) < share for share in (0.3, 0.9, 0.3))
    amounts = [
        np.where(is_glass | ~is_nucleus, 0, random.uniform(0.2, 0.8, shape)),
        np.where(is_glass | ~is_pink, 0, random.uniform(0.05, 0.6, shape)),
    ]
    vectors = [STAINS["hematoxylin"], STAINS["eosin"]]
    slide = stained(amounts, vectors) * 255 + random.normal(0, 1, (*shape, 3))
    found = filters.separate_estimated_stains(np.clip(np.rint(slide), 0, 255).astype(np.uint8))
    for one, amount in zip(found, amounts, strict=False):
        assert np.abs(one - amount).mean() < 0.01
        assert np.corrcoef(one.ravel(), amount.ravel())[0, 1] > 0.999


def test_without_stain_the_usual_ones_are_taken():
    glass = np.full((9, 9, 3), 250, np.uint8)
    found = filters.separate_estimated_stains(glass)
    expected = filters.separate_stains(glass)
    for one, two in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, two)


def test_the_sum_of_optical_densities_is_that_of_all_stains():
    amounts = random_amounts(2)
    vectors = [STAINS["hematoxylin"], STAINS["DAB"]]
    found = filters.optical_density_sum(stained(amounts, vectors))
    expected = sum(a * unit(v).sum() for a, v in zip(amounts, vectors, strict=True))
    np.testing.assert_allclose(found, expected)
    black = filters.optical_density_sum(np.zeros((2, 2, 3), np.uint8))
    np.testing.assert_allclose(black, 9)


def test_channels_are_those_of_the_array():
    image = data.immunohistochemistry()[:20, :21]
    for n, name in enumerate(("red", "green", "blue")):
        found = filters.rgb_channel(image, channel=name)
        assert np.array_equal(found, image[..., n])
        assert not np.shares_memory(found, image)
