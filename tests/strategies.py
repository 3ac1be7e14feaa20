"""Random workflows over the whole catalogue, with values for their inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from napari_delineate.axes import IN_SPACE, looped_axes
from napari_delineate.catalogue import Operation, accepts, operations
from napari_delineate.engine import Engine, StepError
from napari_delineate.postprocessing.corrections import record_corrections
from napari_delineate.signatures import Input, Setting
from napari_delineate.steps import passed_on
from napari_delineate.types import Kind, Quantity, Voxels
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow, WorkflowInput

AXES = ("YX", "ZYX", "TYX", "TZYX", "CYX", "ZCYX")
SIZES = {"T": 2, "C": 2, "Z": 5, "Y": 16, "X": 18}
SPACINGS = {"Z": 1.5, "Y": 0.5, "X": 0.5}


class Drawn:
    """A workflow with the values of its inputs, and the grid that each value is on."""

    def __init__(self, workflow: Workflow, inputs: dict[str, Value] | None = None) -> None:
        self.workflow = workflow
        self.inputs = inputs or {}
        self.grids: dict[str, str] = {}
        self.engine = Engine()

    def __repr__(self) -> str:
        inputs = {name: (value.kind, value.axes) for name, value in self.inputs.items()}
        return f"{inputs}\n" + "\n".join(map(str, self.workflow.steps))


def blobs(axes: str, seed: int) -> np.ndarray:
    """Return noisy squares on any axes."""
    random = np.random.default_rng(seed)
    shape = tuple(SIZES[letter] for letter in axes)
    image = random.normal(100, 5, shape)
    for _ in range(4):
        place = []
        for letter, size in zip(axes, shape, strict=True):
            width = {"Y": 6, "X": 6, "Z": 3}.get(letter, size)
            start = random.integers(0, size - width + 1)
            place.append(slice(start, start + width))
        image[tuple(place)] += random.integers(100, 300)
    return image


def make_input(kind: Kind, axes: str, seed: int, dtype: str) -> Value:
    """Return a value for an input."""
    image = blobs(axes, seed)
    spacing = tuple(SPACINGS[letter] for letter in axes if letter in SPACINGS)
    if kind is Kind.RGB:
        colours = np.stack([blobs(axes, seed + n) for n in range(3)], axis=-1)
        return Value.of((colours / 3).clip(0, 255).astype(np.uint8), kind, axes + "S", spacing)
    if kind is Kind.MASK:
        return Value.of(image > 180, kind, axes, spacing)
    if kind is Kind.LABELS:
        labels = (np.digitize(image, [150, 250, 350]) * 7).astype(np.int32)
        return Value.of(labels, kind, axes, spacing)
    return Value.of(image.clip(0, 255).astype(dtype), kind, axes, spacing, "micrometer")


@st.composite
def workflows(draw: st.DrawFn, most_steps: int = 8, *, to_run: bool = False) -> Drawn:
    """Draw a workflow with branches, loops, several inputs and outputs, and a correction.

    One that is drawn to run has no step that refuses its settings.
    """
    axes = draw(st.sampled_from(AXES))
    drawn = Drawn(Workflow())
    kinds = [
        Kind.IMAGE,
        *draw(st.lists(st.sampled_from([Kind.LABELS, Kind.MASK, Kind.RGB]), max_size=2)),
    ]
    units = draw(st.sampled_from(["micrometer", "pixel"]))
    for number, kind in enumerate(kinds):
        dtype = draw(st.sampled_from(["u1", "u2", "f4", "f8"]))
        value = make_input(kind, axes, number, dtype)
        value = Value.of(value.data, value.kind, value.axes, value.spacing, units)
        name = drawn.workflow.unique_name(f"my {kind}")
        drawn.workflow = drawn.workflow.add_input(name, WorkflowInput.of(value))
        drawn.inputs[name] = value
        drawn.grids[name] = "first"
    for _ in range(draw(st.integers(1, most_steps))):
        add_step(draw, drawn, to_run=to_run)
    assume(drawn.workflow.steps)
    if to_run and draw(st.booleans()):
        add_corrections(draw, drawn)
    return drawn


def add_step(draw: st.DrawFn, drawn: Drawn, *, to_run: bool) -> None:
    """Add a step of any operation whose inputs are there."""
    values, here = drawn.workflow.values, {}
    for name, grid in drawn.grids.items():
        here.setdefault(grid, {})[name] = values[name]
    known: dict[Any, dict[str, dict[str, list[str]]]] = {}  # of operations that take the same
    possible = []
    for operation in operations():
        takes = operation.declaration.picks, *map(_what_is_taken, operation.inputs)
        if takes not in known:
            known[takes] = possible_wirings(operation, here)
        if known[takes]:
            possible.append((operation, known[takes]))
    operation, wirings = draw(st.sampled_from(possible))
    wiring: dict[str, Any] = {}
    grid = draw(st.sampled_from(sorted(wirings)))
    for entry in operation.inputs:
        names = wirings[grid][entry.name]
        if entry.optional and (not names or draw(st.booleans())):
            wiring[entry.name] = None
        elif entry.variable:
            wiring[entry.name] = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3))
        else:
            wiring[entry.name] = draw(st.sampled_from(names))
    used = [one for v in wiring.values() for one in (v if isinstance(v, list) else [v]) if one]
    axes = "".join(dict.fromkeys("".join(drawn.workflow.values[one].axes for one in used)))
    over = None
    involved = {one.kind for one in (*operation.inputs, *operation.outputs)}
    if (
        "Z" in axes
        and not (looped_axes(axes) or involved & IN_SPACE)
        and draw(st.integers(0, 4)) == 0
    ):
        over = "Z"  # slice by slice
    settings = {setting.name: draw_setting(draw, setting) for setting in operation.settings}
    fit_to_grids(draw, settings, operation, axes if over is None else "YX")
    before = drawn.workflow
    drawn.workflow = drawn.workflow.add(operation.id, wiring, settings, over=over)
    step = drawn.workflow.steps[-1]
    if to_run and is_refused(drawn, operation):
        drawn.workflow = before
        return
    for name in step.outputs:
        new = operation.declaration.changes_grid or bool(operation.declaration.picks)
        drawn.grids[name] = f"{grid}, by {step.name}" if new else grid
    source = passed_on(step, drawn.workflow.values)
    if source is not None and draw(st.integers(0, 7)) == 0:
        drawn.workflow = drawn.workflow.change(step.name, bypassed=True)
        drawn.grids[step.outputs[0]] = drawn.grids[source]


def possible_wirings(
    operation: Operation, here: dict[str, dict[str, WorkflowInput]]
) -> dict[str, dict[str, list[str]]]:
    """Return, for each grid with all that an operation needs, the values for each input."""
    found, inputs = {}, operation.inputs
    for grid, values in here.items():
        kinds = {value.kind for value in values.values()}
        if not all(
            any(accepts(entry.kind, kind) for kind in kinds)
            for entry in inputs
            if not entry.optional
        ):
            continue
        names = {
            entry.name: [
                name
                for name, value in values.items()
                if accepts(entry.kind, value.kind) and operation.declaration.picks in value.axes
            ]
            for entry in inputs
        }
        if all(names[entry.name] for entry in inputs if not entry.optional):
            found[grid] = names
    return found


def _what_is_taken(entry: Input) -> tuple[Any, ...]:
    return entry.name, entry.kind, entry.optional


def is_refused(drawn: Drawn, operation: Operation) -> bool:
    """Tell whether the last step refuses its settings, which do not fit the image or each other.

    Such a refusal begins with the name of what is refused, or with the last word of it; any
    other error is raised.
    """
    try:
        wanted = drawn.workflow.steps[-1].outputs
        drawn.engine.run(drawn.workflow, drawn.inputs, wanted=wanted)
    except StepError as error:
        names = [one.name for one in (*operation.inputs, *operation.settings)]
        words = (*names, *(name.split("_")[-1] for name in names))
        if isinstance(error.__cause__, ValueError) and error.reason.startswith(words):
            return True
        raise
    return False


def draw_setting(draw: st.DrawFn, setting: Setting) -> Any:
    """Draw a value that a setting allows and that small images bear."""
    if setting.optional and draw(st.booleans()):
        return None
    if setting.choices:
        return draw(st.sampled_from(setting.choices))
    if setting.quantity is Quantity.LENGTH:
        number = draw(st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0]))
        return draw(st.sampled_from([Voxels(number), number]))
    if setting.quantity is Quantity.SIZE:
        number = draw(st.sampled_from([0.0, 3.0, 20.5]))
        return draw(st.sampled_from([Voxels(number), number]))
    if setting.type is str:
        return setting.default
    if setting.type is bool:
        return draw(st.booleans())
    if setting.type is int:
        return draw(
            st.integers(int(max(setting.range.minimum, 0)), int(min(setting.range.maximum, 6)))
        )
    if setting.type is float and setting.range.maximum <= 1:
        return draw(st.floats(max(setting.range.minimum, 0.2), setting.range.maximum))
    low, high = max(setting.range.minimum, 0), min(setting.range.maximum, 200)
    return draw(st.floats(low, high, allow_nan=False))


def fit_to_grids(
    draw: st.DrawFn, settings: dict[str, Any], operation: Operation, axes: str
) -> None:
    """Draw the settings that change grids anew: small images stay small, but hold pixels."""
    for name in settings:
        if name.endswith("_start"):
            settings[name] = 0
        elif name.endswith("_factor"):
            settings[name] = draw(st.sampled_from([0.5, 1.0]))
        elif name == "voxel_size":
            settings[name] = draw(st.sampled_from([Voxels(1), Voxels(2), 1.0, 2.0]))
        elif name == "index":
            settings[name] = draw(st.integers(0, 1)) if operation.declaration.picks else 0
        elif name == "axis" and "Z" not in axes:
            settings[name] = "z"
        elif name in ("value", "gamma"):  # nothing is divided by 0
            settings[name] = draw(st.sampled_from([0.5, 2.0]))
        elif name == "lowest" and operation.package != "metrics":
            settings[name] = 0.0
        elif name == "low_percentile":
            settings |= {"low_percentile": 1.0, "high_percentile": 99.5}


def add_corrections(draw: st.DrawFn, drawn: Drawn) -> None:
    """Paint on labels that a step gives, and add what was painted as corrections."""
    made = [
        name
        for step in drawn.workflow.steps
        for name in step.outputs
        if drawn.workflow.values[name].kind is Kind.LABELS
    ]
    if not made:
        return
    name = draw(st.sampled_from(made))
    labels = Engine().run(drawn.workflow, drawn.inputs, wanted=[name])[name]
    painted = labels.data.copy()
    random = np.random.default_rng(draw(st.integers(0, 100)))
    flat = painted.reshape(-1)
    flat[random.integers(0, flat.size, 9)] = random.integers(0, int(flat.max()) + 2, 9)
    value = Value(
        record_corrections(labels.data, painted),
        Kind.CORRECTIONS,
        labels.axes,
        labels.spacing,
        labels.units,
    )
    workflow = drawn.workflow.add_input("my_corrections", WorkflowInput.of(value))
    drawn.workflow = workflow.add(
        "postprocessing.apply_corrections", {"labels": name, "corrections": "my_corrections"}
    )
    drawn.inputs["my_corrections"] = value
