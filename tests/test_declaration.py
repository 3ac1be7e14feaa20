"""The decorator of operations: what it keeps, and what it does with a call."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Annotated

import numpy as np
import pytest

from napari_delineate.declaration import (
    Declaration,
    Scope,
    declaration_of,
    operation,
    operation_id,
)
from napari_delineate.scoring import SHARE
from napari_delineate.types import (
    Corrections,
    Image,
    Labels,
    Length,
    Mask,
    Points,
    Range,
    Spacing,
    Surface,
    voxels,
)


def declared(function, **options):
    """Declare a function as if it lay in the package of filters."""
    function.__module__ = "napari_delineate.filters.fake"
    return operation(**options)(function) if options else operation(function)


def blur(
    image: Image,
    seeds: Labels | None = None,
    *,
    sigma: Annotated[Length, Range(0)] = voxels(2),
    spacing: Spacing = 1.0,
) -> Image:
    """Blur."""
    return image, seeds, sigma, spacing


call = declared(blur)


def test_a_decorated_function_looks_like_itself():
    assert call.__name__ == "blur"
    assert call.__doc__ == "Blur."
    assert inspect.signature(call) == inspect.signature(blur)
    assert operation_id(call) == "filters.blur"


def test_a_declaration_is_kept():
    def other(image: Image) -> Image: ...

    decorated = declared(other, version=3, locality=Scope.STATISTIC, opencl=True)
    assert declaration_of(decorated) == Declaration(3, Scope.STATISTIC, opencl=True)
    decorated = declared(other, scores={"score": SHARE})
    assert declaration_of(decorated).scores["score"].better == "higher"
    assert declaration_of(call) == Declaration()


def test_a_function_that_is_not_decorated_is_an_error_that_says_what_to_do():
    with pytest.raises(TypeError, match=r"fake\.blur is listed .* decorate it with .*\.operation"):
        declaration_of(blur)


def test_inputs_are_converted_and_settings_checked():
    image, seeds, sigma, spacing = call(np.eye(3, dtype=">f2"), np.eye(3, dtype="u8"), sigma=1)
    assert image.dtype == np.float32
    assert seeds.dtype == np.int32
    assert (sigma, type(sigma)) == (1.0, float)
    assert spacing == (1.0, 1.0)
    with pytest.raises(ValueError, match="sigma must be 0 or more"):
        call(np.eye(3), sigma=-1)


def test_an_optional_input_may_be_left_out_or_none():
    assert call(np.eye(3))[1] is None
    assert call(np.eye(3), None)[1] is None
    with pytest.raises(TypeError, match="image must hold real numbers"):
        call(None)


def test_spacing_follows_the_number_of_axes():
    assert call(np.zeros((2, 3, 4)), spacing=0.5)[3] == (0.5, 0.5, 0.5)
    with pytest.raises(ValueError, match="spacing must be one number or 2 numbers"):
        call(np.zeros((3, 4)), spacing=(1, 2, 3))


def test_values_on_different_grids_are_refused_with_both_names():
    with pytest.raises(ValueError, match=r"seeds and image .* are \(3, 4\) and \(3, 3\)"):
        call(np.eye(3), np.zeros((3, 4), int))


def test_any_number_of_values_are_named_by_their_place():
    def union(labels: Sequence[Labels]) -> Labels:
        return labels

    union = declared(union)
    assert len(union([np.eye(3, dtype=int)] * 3)) == 3
    with pytest.raises(ValueError, match="labels must hold at least one value, it is empty"):
        union([])
    with pytest.raises(ValueError, match=r"labels\[1\] and labels\[0\] must have the same shape"):
        union([np.eye(3, dtype=int), np.eye(4, dtype=int)])
    with pytest.raises(TypeError, match=r"labels\[1\] must be labels"):
        union([np.eye(3, dtype=int), np.eye(3)])
    for one in (np.zeros((3, 4, 5), int), 5, "labels"):  # one volume is not a list of slices
        with pytest.raises(TypeError, match="labels must be a list of labels, got"):
            union(one)


def test_labels_serve_as_a_mask():
    def keep(mask: Mask) -> Mask:
        return mask

    given = np.array([[0, 3], [2**40, 0]])
    assert np.array_equal(declared(keep)(given), given > 0)
    with pytest.raises(TypeError, match=r"make a mask .* with segmentation\.threshold"):
        declared(keep)(given * 1.0)


def test_points_are_checked():
    def keep(points: Points) -> Points:
        return points

    keep = declared(keep)
    assert keep([[1, 2], [3, 4]]).dtype == np.float64
    assert keep(np.zeros((0, 3))).shape == (0, 3)
    with pytest.raises(ValueError, match=r"points must have the shape \(N, 2\) or \(N, 3\)"):
        keep([1, 2, 3])
    with pytest.raises(ValueError, match="not finite"):
        keep([[1, np.nan]])


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((np.eye(3), [[0, 1, 3]]), r"faces must point at vertices 0 to 2, they reach from 0 to 3"),
        ((np.eye(3), [[0, 1, -1]]), "faces must point at vertices 0 to 2"),
        ((np.eye(3), [[0.0, 1.0, 2.0]]), "faces must be whole numbers"),
        ((np.eye(3)[:, :2], [[0, 1, 2]]), r"vertices must have the shape \(N, 3\)"),
        ((np.eye(3), [[0, 1, 2]], [1, 2]), "values must be one number for each of the 3 vertices"),
        ((np.full((3, 3), np.inf), [[0, 1, 2]]), "not finite"),
    ],
)
def test_damaged_surfaces_are_refused(parts, message):
    def keep(surface: Surface) -> Surface:
        return surface

    with pytest.raises((ValueError, TypeError), match=message):
        declared(keep)(parts)


def test_a_surface_is_a_tuple_of_two_or_three_parts():
    def keep(surface: Surface) -> Surface:
        return surface

    found = declared(keep)((np.eye(3), [[0, 1, 2]]))
    assert isinstance(found, Surface)
    assert found.values.tolist() == [1, 1, 1]
    with pytest.raises(TypeError, match=r"surface must be \(vertices, faces, values\), got int"):
        declared(keep)(3)


def test_corrections_are_corrections_or_an_array_of_whole_numbers():
    def keep(corrections: Corrections) -> Labels:
        return corrections

    with pytest.raises(TypeError, match="must be Corrections, or an integer array"):
        declared(keep)(np.eye(3))


def test_inputs_are_not_written_to():
    given = np.eye(3)
    given.flags.writeable = False
    assert call(given)[0] is given
