"""What every operation promises, checked for every operation of the catalogue."""

from __future__ import annotations

import inspect
import math
import warnings

import numpy as np
import pytest

from napari_delineate import voxels
from napari_delineate.catalogue import operations
from napari_delineate.declaration import Scope
from napari_delineate.signatures import REQUIRED
from napari_delineate.types import Kind, Quantity, Voxels, length_per_axis
from tests import inputs

ALL = operations()
BOTH = [(operation, ndim) for operation in ALL for ndim in (2, 3)]
GRID_KINDS = (Kind.IMAGE, Kind.RGB, Kind.MASK, Kind.LABELS)
IMAGE_DTYPES = "?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "g"
LABEL_DTYPES = "?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"

each = pytest.mark.parametrize("operation", ALL, ids=lambda operation: operation.id)
each_ndim = pytest.mark.parametrize(
    ("operation", "ndim"), BOTH, ids=lambda value: getattr(value, "id", f"{value}D")
)


def with_inputs(operation, ndim, change):
    """Return inputs of an operation with every grid changed by a function."""
    changed = []
    for entry, value in zip(operation.inputs, inputs.arguments(operation, ndim), strict=True):
        if entry.variable:
            changed.append([change(one, entry.kind) for one in value])
        elif entry.kind in GRID_KINDS:
            changed.append(change(value, entry.kind))
        else:
            changed.append(value)
    return changed


def frozen(value):
    """Return a value whose arrays, also those of a surface, can not be written to."""
    if hasattr(value, "_fields"):
        return type(value)(*map(frozen, value))
    if isinstance(value, np.ndarray):
        value = value.view()
        value.flags.writeable = False
    return value


def is_grid_only(operation):
    return all(entry.kind in GRID_KINDS for entry in operation.inputs)


@each
def test_is_documented(operation):
    doc = operation.documentation
    assert doc.summary.endswith(".")
    assert len(doc.summary) <= 100
    parameters = inspect.signature(operation.function).parameters
    assert set(doc.parameters) == set(parameters)
    assert all(doc.parameters.values())
    assert all(name and text for name, text in doc.outputs)
    assert doc.references
    text = operation.function.__doc__
    for section in ("Returns", "Raises", "References", "Examples"):
        assert f"{section}\n    ---" in text, section


@each
def test_settings_have_valid_defaults_and_are_keywords(operation):
    for setting in operation.settings:
        assert setting.default is not REQUIRED
        assert setting.check(setting.default) == setting.default
        parameter = inspect.signature(operation.function).parameters[setting.name]
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY


@each
def test_has_spacing_wherever_a_length_or_size_is_meant(operation):
    has_length = any(setting.quantity is not None for setting in operation.settings)
    assert not has_length or operation.takes_spacing


@each_ndim
def test_runs_on_2d_and_3d_with_defaults(operation, ndim):
    result = inputs.call(operation, inputs.arguments(operation, ndim))
    outputs = result if len(operation.outputs) > 1 else (result,)
    for output, given in zip(operation.outputs, outputs, strict=True):
        on_same_grid = not operation.declaration.changes_grid
        if output.kind in (Kind.MASK, Kind.LABELS) and on_same_grid:
            assert given.shape == inputs.SHAPES[ndim]
        if output.kind is Kind.LABELS:
            assert given.dtype == np.int32
        if output.kind is Kind.MASK:
            assert given.dtype == bool
        if output.kind is Kind.IMAGE:
            assert np.isfinite(given).all()
        if output.kind is Kind.SCORES:
            check_scores(operation, output, given)


def check_scores(operation, output, given):
    """Check that scores are plain numbers, and what was declared."""
    scores = given if isinstance(given, dict) else {output.name: given}
    declared = operation.declaration.scores
    assert list(scores) == list(declared)
    for name, score in scores.items():
        assert type(score) is float, name
        assert score in declared[name].range, name


def test_only_scores_are_declared_to_be_scores():
    for operation in ALL:
        gives = any(output.kind is Kind.SCORES for output in operation.outputs)
        assert gives == bool(operation.declaration.scores), operation.id


MESHES = [one for one in ALL if (one.inputs[0].kind, one.outputs[0].kind) == (Kind.SURFACE,) * 2]


@pytest.mark.parametrize("operation", MESHES, ids=lambda operation: operation.id)
def test_says_whether_it_keeps_a_mesh(operation):
    surface, *others = inputs.arguments(operation, 3)
    before = surface.vertices.copy(), surface.faces.copy()
    after = inputs.call(operation, [surface, *others])
    kept = all(
        np.array_equal(one, other) for one, other in zip(before, after[:2], strict=True)
    ) and not np.array_equal(surface.values, after.values)
    assert operation.declaration.keeps_mesh == kept


@each_ndim
def test_is_deterministic_and_leaves_its_inputs_alone(operation, ndim):
    def writable(array, _):
        return array.copy()

    given = with_inputs(operation, ndim, writable)
    before = [np.copy(one) if isinstance(one, np.ndarray) else one for one in given]
    first = inputs.call(operation, given)
    for one, old in zip(given, before, strict=True):
        if isinstance(one, np.ndarray):
            assert np.array_equal(one, old)
            assert not any(
                np.shares_memory(one, part)
                for part in inputs.parts(first)
                if isinstance(part, np.ndarray) and part.flags.writeable
            )
    assert inputs.same(first, inputs.call(operation, given))


FORMS = {
    "big endian": lambda array, _: array.astype(array.dtype.newbyteorder(">")),
    "read only": lambda array, _: frozen(array.copy()),
    "transposed": lambda array, _: np.asfortranarray(array),
    "strided": lambda array, _: np.repeat(array, 2, axis=-1)[..., ::2],
    # A list has no dtype, and the dtype of an image has a meaning.
    "list": lambda array, kind: array if kind in (Kind.IMAGE, Kind.RGB) else array.tolist(),
}


@each
def test_takes_arrays_in_any_form(operation):
    expected = inputs.call(operation, inputs.arguments(operation, 3))
    for form, change in FORMS.items():
        given = with_inputs(operation, 3, change)
        if form == "read only":
            given = [frozen(one) for one in given]
        assert inputs.same(inputs.call(operation, given), expected), form


COMPILED_FOR_EACH_DTYPE = {
    "filters.area_closing",
    "filters.area_opening",
    "filters.closing_by_reconstruction",
    "filters.enhance_dark_holes",
    "filters.fill_dark_holes",
    "filters.h_maxima_transform",
    "filters.h_minima_transform",
    "filters.opening_by_reconstruction",
    "filters.reconstruction",
    "filters.tophat_by_reconstruction",
    "measurements.measure_colocalization",
    "measurements.measure_intensity",
    "measurements.measure_radial_distribution",
    "segmentation.analyze_particles",
    "segmentation.local_threshold",
    "segmentation.niblack_threshold",
    "segmentation.phansalkar_threshold",
    "segmentation.sauvola_threshold",
}
"""Operations that take seconds here after an installation: numba makes a version for each dtype."""


@pytest.mark.parametrize(
    ("operation", "ndim"),
    [
        pytest.param(*one, marks=[pytest.mark.slow] * (one[0].id in COMPILED_FOR_EACH_DTYPE))
        for one in BOTH
    ],
    ids=lambda value: getattr(value, "id", f"{value}D"),
)
def test_takes_every_dtype(operation, ndim):
    takes_image = any(entry.kind in (Kind.IMAGE, Kind.RGB) for entry in operation.inputs)
    for dtype in map(np.dtype, IMAGE_DTYPES):
        if takes_image or dtype.kind in "biu":
            check_dtype(operation, ndim, dtype)


def check_dtype(operation, ndim, dtype):
    def change(array, kind):
        if kind in (Kind.IMAGE, Kind.RGB):
            if dtype.kind == "b":
                return array > array.mean()
            return (array // 64).astype(dtype)  # 0 to 63, for the smallest dtypes
        return array.astype(dtype) if dtype.kind in "biu" else array

    given = with_inputs(operation, ndim, change)
    with warnings.catch_warnings():
        if dtype.kind == "b":  # all labels have become one object, which corrections do not find
            warnings.filterwarnings("ignore", message=".*corrected objects are not there")
        result = inputs.call(operation, given)
    for part in inputs.parts(result):
        if isinstance(part, np.ndarray):
            assert part.dtype.isnative, dtype
            assert part.dtype not in (np.float16, np.longdouble), dtype
            assert np.isfinite(part).all(), dtype


@each
def test_refuses_arrays_without_pixels(operation):
    if not is_grid_only(operation):
        pytest.skip("takes something that is not on a grid")
    empty = with_inputs(operation, 2, lambda array, _: array[:0])
    with pytest.raises(ValueError, match="has no pixels"):
        inputs.call(operation, empty)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@each
def test_refuses_values_that_are_not_finite(operation, wrong):
    names = [entry.name for entry in operation.inputs if entry.kind in (Kind.IMAGE, Kind.RGB)]
    if not names:
        pytest.skip("takes no image")

    def change(array, kind):
        if kind not in (Kind.IMAGE, Kind.RGB):
            return array
        array = array.astype(np.float32)
        array[3, 4] = wrong
        return array

    which = rf"{names[0]}(\[0\])? holds .*not finite.*first at \(3, 4"
    with pytest.raises(ValueError, match=which):
        inputs.call(operation, with_inputs(operation, 2, change))


@each
def test_refuses_masked_values_and_takes_arrays_without(operation):
    if not is_grid_only(operation):
        pytest.skip("takes something that is not on a grid")
    names = [entry.name for entry in operation.inputs]

    def masked(array, kind):
        mask = np.zeros(array.shape, bool)
        mask[2, 3:6] = True
        return np.ma.masked_array(array, mask)

    with pytest.raises(ValueError, match=rf"{names[0]}.* has [39] masked values; fill them first"):
        inputs.call(operation, with_inputs(operation, 2, masked))
    found = inputs.call(operation, with_inputs(operation, 2, lambda one, _: np.ma.array(one)))
    assert inputs.same(found, inputs.call(operation, inputs.arguments(operation, 2)))


@each
def test_says_which_input_is_no_array(operation):
    if not is_grid_only(operation):
        pytest.skip("takes something that is not on a grid")
    name = operation.inputs[0].name
    with pytest.raises(ValueError, match=f"{name}.* can not be made an array"):
        inputs.call(operation, with_inputs(operation, 2, lambda *_: [[1, 2], [3]]))
    with pytest.raises(ValueError, match=rf"{name}.* its shape is \(\)"):
        inputs.call(operation, with_inputs(operation, 2, lambda *_: True))


@pytest.mark.parametrize("shape", [(9,), (2, 3, 9, 9)])
@each
def test_refuses_a_wrong_number_of_axes(operation, shape):
    if not is_grid_only(operation):
        pytest.skip("takes something that is not on a grid")

    def change(array, kind):
        colours = (3,) if kind is Kind.RGB else ()
        return np.zeros(shape + colours, array.dtype)

    with pytest.raises(ValueError, match=r"must have the axes .*loop over other axes"):
        inputs.call(operation, with_inputs(operation, 2, change))


@each
def test_refuses_other_dtypes(operation):
    if not is_grid_only(operation):
        pytest.skip("takes something that is not on a grid")

    def change(array, kind):
        is_image = kind in (Kind.IMAGE, Kind.RGB)
        return array.astype(complex if is_image else float)

    with pytest.raises(TypeError, match=operation.inputs[0].name):
        inputs.call(operation, with_inputs(operation, 2, change))


@each
def test_refuses_different_shapes(operation):
    given = inputs.arguments(operation, 2)
    if len(given) == 1 and isinstance(given[0], list):
        given = [[given[0][0], given[0][1][:-1]]]
    else:
        grids = [i for i, entry in enumerate(operation.inputs) if entry.kind in GRID_KINDS]
        if len(grids) < 2:
            pytest.skip("takes one grid")
        last = given[grids[-1]]
        smaller = [*last[:-1], last[-1][:-1]] if isinstance(last, list) else last[:-1]
        given[grids[-1]] = smaller
    with pytest.raises(ValueError, match="must have the same shape"):
        inputs.call(operation, given)


@each_ndim
def test_says_which_points_do_not_fit_the_image(operation, ndim):
    """Another number of axes is refused; points outside, or none, are refused or nothing."""
    kinds = [entry.kind for entry in operation.inputs]
    if Kind.POINTS not in kinds or not any(kind in GRID_KINDS for kind in kinds):
        pytest.skip("takes no points in an image")
    place = kinds.index(Kind.POINTS)
    name = operation.inputs[place].name
    given = inputs.arguments(operation, ndim)
    inside = given[place]
    for wrong, message in (
        (inputs.value(Kind.POINTS, 5 - ndim), f"must have {ndim} coordinates"),
        (np.full(inside.shape, np.nan), "not finite"),
        (inside[0], r"must have the shape \(N, 2\) or \(N, 3\)"),
    ):
        given[place] = wrong
        with pytest.raises(ValueError, match=f"{name} .*{message}"):
            inputs.call(operation, given)
    for unusual in (inside[:0], inside + 500.0, inside - 500.0):
        given[place] = unusual
        try:
            result = inputs.call(operation, given)
        except ValueError as error:
            assert name in str(error)  # noqa: PT017
        else:
            assert result.shape == inputs.SHAPES[ndim]


def contents(operation, ndim):
    """Give inputs at the edges of what there is, by what they are."""

    def constant(array, kind):
        return np.full_like(array, 7 if kind in (Kind.IMAGE, Kind.RGB) else 0)

    def full(array, kind):
        return np.full_like(array, 7 if kind in (Kind.IMAGE, Kind.RGB) else 1)

    def one_pixel(array, kind):
        result = np.zeros_like(array)
        result[(array.shape[0] // 2,) * 1 + (5,) * (array.ndim - 1 - (kind is Kind.RGB))] = 1
        return result

    def cross(array, kind):
        result = np.zeros_like(array)
        for axis in range(array.ndim - (kind is Kind.RGB)):
            place = [size // 2 for size in array.shape]
            place[axis] = slice(None)
            result[tuple(place[: array.ndim - (kind is Kind.RGB)])] = 1
        return result

    def corner(array, kind):
        return array[(slice(0, 1),) * (array.ndim - (kind is Kind.RGB))]

    def thin(array, kind):
        return array[:, :1] if array.ndim - (kind is Kind.RGB) == 2 else array[:, :, :1]

    def slice_(array, kind):
        return array[4:5]

    return {
        "constant": constant,
        "everything foreground": full,
        "one pixel": one_pixel,
        "one object touches all borders": cross,
        "a single pixel image": corner,
        "one column": thin,
        "one slice": slice_,
    }


@each_ndim
def test_survives_the_edges(operation, ndim):
    if not is_grid_only(operation):
        pytest.skip("takes something that is not on a grid")
    for content, change in contents(operation, ndim).items():
        check_edge(operation, with_inputs(operation, ndim, change), content)


def check_edge(operation, given, content):
    result = inputs.call(operation, given)
    shape = given[0][0].shape if isinstance(given[0], list) else given[0].shape
    for output, part in zip(
        operation.outputs, result if len(operation.outputs) > 1 else (result,), strict=True
    ):
        on_same_grid = not operation.declaration.changes_grid
        if output.kind in (Kind.MASK, Kind.LABELS) and on_same_grid:
            assert part.shape == shape, content
        if output.kind is Kind.IMAGE:
            assert np.isfinite(part).all(), content
        if output.kind is Kind.SCORES:
            check_scores(operation, output, part)
        if output.kind is Kind.TABLE:
            numbers = part.select_dtypes("number")
            assert not np.isinf(numbers.to_numpy(float)).any(), content


@each_ndim
def test_takes_labels_above_2_to_the_31(operation, ndim):
    if Kind.LABELS not in {entry.kind for entry in operation.inputs}:
        pytest.skip("takes no labels")
    shift = 2**31 + 10

    def raised(array, kind):
        return np.where(array > 0, array + np.int64(shift), 0) if kind is Kind.LABELS else array

    small = inputs.call(operation, inputs.arguments(operation, ndim))
    given = inputs.arguments(operation, ndim)
    corrections = [i for i, e in enumerate(operation.inputs) if e.kind is Kind.CORRECTIONS]
    given = with_inputs(operation, ndim, raised)
    for place in corrections:
        old = given[place]
        given[place] = old._replace(
            labels=np.where(old.labels > 0, old.labels + shift, old.labels),
            touched_labels=old.touched_labels + shift,
        )
    for place, entry in enumerate(operation.inputs):
        if entry.kind is Kind.TABLE:
            given[place] = given[place].assign(label=given[place]["label"] + shift)
    large = inputs.call(operation, given)
    kinds = [output.kind for output in operation.outputs]
    if kinds == [Kind.LABELS]:
        assert inputs.same_objects(small, large)
        assert large.dtype == (np.int64 if large.max() > np.iinfo(np.int32).max else np.int32)
    elif kinds == [Kind.SCORES]:
        assert small == large
    elif kinds == [Kind.TABLE]:
        numbers = [name for name in ("label", "reference") if name in small]
        for name in numbers:
            assert (large[name] - small[name] == shift).all()
        assert small.drop(columns=numbers).equals(large.drop(columns=numbers))
    elif kinds == [Kind.SURFACE]:
        assert np.array_equal(small.vertices, large.vertices)
        assert np.array_equal(small.values + np.int64(shift), large.values)


@each
def test_refuses_negative_labels(operation):
    names = [entry.name for entry in operation.inputs if entry.kind is Kind.LABELS]
    if not names:
        pytest.skip("takes no labels")

    def change(array, kind):
        return array - 1 if kind is Kind.LABELS else array

    with pytest.raises(ValueError, match="must be labels from 0"):
        inputs.call(operation, with_inputs(operation, 2, change))


DISTANCES = {"filters.distance_transform", "filters.geodesic_distance"}
"""Operations whose images hold lengths in the units of the spacing."""
SETTINGS = [(operation, setting) for operation in ALL for setting in operation.settings]


@pytest.mark.parametrize(
    ("operation", "setting"), SETTINGS, ids=lambda v: getattr(v, "id", getattr(v, "name", ""))
)
def test_refuses_settings_that_are_not_allowed(operation, setting):
    given = inputs.arguments(operation, 2)
    wrong = [object(), "nonsense", math.nan, math.inf]
    if setting.choices:
        wrong += [None, 1]
    else:
        wrong += ["1"] if setting.type is bool else [True, "1"]
    if not setting.optional:
        wrong.append(None)
    if setting.range.minimum > -math.inf:
        wrong.append(setting.range.minimum - 1)
        if setting.quantity is not None:
            wrong.append(voxels(setting.range.minimum - 1))
    if setting.range.maximum < math.inf:
        wrong.append(setting.range.maximum + 1)
    if setting.type is int:
        wrong.append(1.5)
    if setting.quantity is None:
        wrong.append(voxels(1))
    for value in wrong:
        with pytest.raises((ValueError, TypeError), match=rf"^{setting.name} must be .*got"):
            inputs.call(operation, given, **{setting.name: value})


@each
def test_refuses_a_wrong_spacing(operation):
    if not operation.takes_spacing:
        pytest.skip("takes no spacing")
    given = inputs.arguments(operation, 2)
    for wrong in (0, -1, (1, 2, 3, 4, 5), math.nan, (1.0, math.inf)):
        with pytest.raises(ValueError, match="spacing must"):
            operation.function(*given, spacing=wrong)


def scaled(operation, ndim, factor):
    """Return the defaults of an operation, lengths and sizes in units of a spacing."""
    values = {}
    for setting in operation.settings:
        if isinstance(setting.default, Voxels):
            power = ndim if setting.quantity is Quantity.SIZE else 1
            values[setting.name] = setting.default.number * factor**power
    return values


def halved(value, kind):
    """Return a value at half the spacing: what lies in space has physical coordinates."""
    if kind is Kind.SURFACE:
        return value._replace(vertices=0.5 * value.vertices)
    return 0.5 * value if kind in (Kind.POINTS, Kind.SHAPES) else value


@each_ndim
def test_lengths_in_voxels_mean_the_same_at_any_isotropic_spacing(operation, ndim):
    if not operation.takes_spacing or operation.id == "filters.rescale_isotropic":
        pytest.skip("takes no lengths")
    given = inputs.arguments(operation, ndim)
    one = inputs.call(operation, given, spacing=1.0)
    given = [
        halved(value, entry.kind) for entry, value in zip(operation.inputs, given, strict=True)
    ]
    half = inputs.call(operation, given, spacing=0.5)
    in_units = inputs.call(operation, given, spacing=0.5, **scaled(operation, ndim, 0.5))
    assert inputs.same(half, in_units)
    if operation.id in DISTANCES:
        first, second = (np.asarray(r[0] if isinstance(r, tuple) else r) for r in (one, half))
        np.testing.assert_allclose(first, 2 * second, rtol=1e-6)
    elif operation.outputs[0].kind.is_grid:
        assert inputs.same(one, half)


@each
def test_one_spacing_and_one_per_axis_are_the_same(operation):
    if not operation.takes_spacing:
        pytest.skip("takes no spacing")
    given = [
        halved(value, entry.kind)
        for entry, value in zip(operation.inputs, inputs.arguments(operation, 3), strict=True)
    ]
    assert inputs.same(
        operation.function(*given, spacing=0.5),
        operation.function(*given, spacing=np.array([0.5, 0.5, 0.5])),
    )


LOCAL = [one for one in ALL if one.declaration.locality is not Scope.WHOLE]


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 1.0, 0.5)], ids=str)
@pytest.mark.parametrize("operation", LOCAL, ids=lambda operation: operation.id)
def test_looks_no_farther_than_it_says(operation, spacing):
    """A region with its halo gives what the whole image gives in the region."""
    if operation.declaration.locality is Scope.STATISTIC:
        pytest.skip("a statistic of the whole image is given to it")
    settings = {name: value for name, value in operation.defaults().items() if name != "shape"}
    for name, value in settings.items():
        if isinstance(value, Voxels):  # small enough for halos that end inside the image
            settings[name] = Voxels(min(value.number, 2))
    if operation.takes_spacing:
        settings["spacing"] = spacing
    random = np.random.default_rng(5)
    kind = operation.inputs[0].kind
    whole = random.integers(0, 200, (40, 44, 48) + (3,) * (kind is Kind.RGB))
    if kind in (Kind.LABELS, Kind.MASK):
        blocks = np.kron(whole[::4, ::4, ::4] % 3, np.ones((4, 4, 4), int))
        noise = 0.3 if kind is Kind.LABELS else 0.1
        whole = np.where(random.random(whole.shape) > 1 - noise, whole % 3, blocks)
        whole = whole if kind is Kind.LABELS else whole == 1
    halo = operation.declaration.locality(**{"spacing": spacing, **settings})
    low, high = (15, 16, 17), (22, 23, 24)
    sizes = whole.shape[:3]
    assert all(a - h >= 0 and b + h <= n for a, b, h, n in zip(low, high, halo, sizes, strict=True))
    region = tuple(slice(a - h, b + h) for a, b, h in zip(low, high, halo, strict=True))
    inside = tuple(slice(h, h + b - a) for a, b, h in zip(low, high, halo, strict=True))
    needed = sum(not entry.optional for entry in operation.inputs)

    def call(place):
        result = operation.function(*(whole[place] + n for n in range(needed)), **settings)
        return np.stack(result, axis=-1) if isinstance(result, tuple) else result

    expected = call(...)[tuple(map(slice, low, high))]
    found = call(region)[inside]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    # The halo is not wider than needed: without it, the region gives something else.
    if any(halo):
        bare = call(tuple(map(slice, low, high)))
        assert not np.array_equal(bare, expected)


def test_a_length_of_voxels_is_exact_along_the_finest_axis():
    for size in (0.1, 0.3, 1 / 3, 0.65, 1e-7, 123.4):
        assert length_per_axis(voxels(5), (2 * size, size))[1] == 5


@each
def test_warns_of_nothing_on_good_inputs(operation):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        inputs.call(operation, inputs.arguments(operation, 3))
