"""Arithmetic against exact numbers: fractions of Python, which never wrap or round."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage import exposure

from napari_delineate import filters

DTYPES = ["u1", "i1", "u2", "i2", "i4", "f4", "f8"]
ARRAYS = st.sampled_from(DTYPES).flatmap(
    lambda dtype: hnp.arrays(
        dtype,
        (2, 3),
        elements=st.floats(-1000, 1000, width=32)
        if dtype[0] == "f"
        else st.integers(np.iinfo(dtype).min, np.iinfo(dtype).max),
    )
)
EXACT = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b if b else Fraction(0),
    "minimum": min,
    "maximum": max,
    "mean": lambda a, b: (a + b) / 2,
    "absolute difference": lambda a, b: abs(a - b),
}


@pytest.mark.parametrize("operator", EXACT)
@given(ARRAYS, ARRAYS)
def test_two_images_never_wrap(operator, first, second):
    single = first.dtype == second.dtype == np.float32
    pairs = zip(first.flat, second.flat, strict=True)
    expected = [EXACT[operator](Fraction(a.item()), Fraction(b.item())) for a, b in pairs]
    if single and max(map(abs, expected)) > np.finfo(np.float32).max:
        with pytest.raises(ValueError, match="does not fit its dtype float32"):
            filters.combine_images(first, second, operator=operator)
        return
    found = filters.combine_images(first, second, operator=operator)
    for exact, result in zip(expected, found.flat, strict=True):
        assert float(result) == pytest.approx(
            float(exact), rel=1e-6 if single else 1e-12, abs=1e-37
        )
    if operator not in ("minimum", "maximum"):
        assert found.dtype == (np.float32 if single else np.float64)


@pytest.mark.parametrize("operator", [*list(EXACT)[:6]])
@given(ARRAYS, st.floats(-100, 100, width=16).filter(bool))
def test_a_number_never_wraps(operator, image, value):
    found = filters.calculate(image, operator=operator, value=value)
    assert found.dtype == (np.float32 if image.dtype == np.float32 else np.float64)
    for a, result in zip(image.flat, found.flat, strict=True):
        exact = EXACT[operator](Fraction(a.item()), Fraction(value))
        single = found.dtype == np.float32
        assert float(result) == pytest.approx(
            float(exact), rel=1e-6 if single else 1e-12, abs=1e-37
        )


def test_dividing_by_nothing_is_refused():
    with pytest.raises(ValueError, match="value must not be 0"):
        filters.calculate(np.ones((2, 2)), operator="divide", value=0)


def test_numbers_that_do_not_fit_are_refused():
    large = np.full((2, 2), 1e38, np.float32)
    for call in (
        lambda: filters.combine_images(large, large, operator="multiply"),
        lambda: filters.calculate(large, value=100),
        lambda: filters.apply_function(large, function="square"),
    ):
        with pytest.raises(ValueError, match="so large that the result does not fit its dtype"):
            call()


@given(ARRAYS)
def test_roots_and_logarithms_keep_the_order_and_the_sign(image):
    for function, back in (("square root", np.square), ("logarithm", np.expm1)):
        found = filters.apply_function(image, function=function)
        assert np.array_equal(np.sign(found), np.sign(image))
        np.testing.assert_allclose(
            back(np.abs(found.astype(float))), np.abs(image.astype(float)), rtol=1e-4, atol=1e-30
        )
    np.testing.assert_array_equal(
        filters.apply_function(image, function="absolute"), np.abs(image.astype(float))
    )


@given(ARRAYS)
def test_inverting_twice_changes_nothing(image):
    found = filters.invert(image)
    assert found.dtype == image.dtype
    if image.dtype.kind != "f":
        assert np.array_equal(filters.invert(found), image)
    assert (found.min(), found.max()) == pytest.approx(
        (image.min(), image.max()), rel=1e-4, abs=1e-3
    )
    order = np.argsort(image, axis=None)
    assert (np.diff(found.ravel()[order].astype(float)) <= 0).all()


@given(ARRAYS, st.integers(-300, 300), st.integers(0, 300))
def test_clipping_equals_python(image, low, width):
    limits = np.finfo(image.dtype) if image.dtype.kind == "f" else np.iinfo(image.dtype)
    if low + width < limits.min or low > limits.max:
        with pytest.raises(ValueError, match="must leave a number"):
            filters.clip(image, lowest=low, highest=low + width)
        return
    found = filters.clip(image, lowest=low, highest=low + width)
    assert found.dtype == image.dtype
    expected = [
        min(max(one, low, limits.min), low + width, limits.max) for one in image.ravel().tolist()
    ]
    assert found.ravel().tolist() == expected


def test_limits_of_64_bits_are_exact():
    image = np.array([[2**63 - 1, -(2**63), 2**53 + 1]])
    assert np.array_equal(filters.clip(image, lowest=None), image)
    with pytest.raises(ValueError, match="must leave a number of the dtype int64"):
        filters.clip(image, lowest=0.2, highest=0.8)
    with pytest.raises(ValueError, match="must leave a number"):
        filters.clip(image, lowest=5, highest=2)


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4", "f8"])
def test_rescaling_equals_scikit_image(dtype):
    image = (np.random.default_rng(0).random((30, 31)) * 200).astype(dtype)
    found = filters.rescale_intensity(image, low_percentile=5, high_percentile=90)
    limits = tuple(np.percentile(image, [5, 90]))
    expected = exposure.rescale_intensity(image.astype(float), limits, (0.0, 1.0))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found.dtype == ("f4" if dtype == "f4" else "f8")


def test_percentiles_stand_in_order():
    with pytest.raises(ValueError, match="low_percentile must be below"):
        filters.rescale_intensity(np.ones((2, 2)), low_percentile=50, high_percentile=50)


def test_standardized_intensities_have_mean_0_and_deviation_1():
    image = np.random.default_rng(0).normal(500, 30, (200, 210))
    found = filters.standardize(image)
    assert found.mean() == pytest.approx(0, abs=1e-9)
    assert found.std() == pytest.approx(1)
    image[:6] = 60000  # bright objects do not matter for the median
    found = filters.standardize(image, method="median")[6:]
    assert found.mean() == pytest.approx(0, abs=0.2)
    assert found.std() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("gamma", [0.3, 1.0, 2.5])
def test_gamma_equals_scikit_image_on_its_range(gamma):
    image = np.random.default_rng(0).random((20, 21))
    image.flat[:2] = 0, 1
    np.testing.assert_allclose(
        filters.adjust_gamma(image, gamma=gamma), exposure.adjust_gamma(image, gamma)
    )
    np.testing.assert_allclose(
        filters.adjust_gamma(image * 50 + 7, gamma=gamma),
        exposure.adjust_gamma(image, gamma) * 50 + 7,
    )
