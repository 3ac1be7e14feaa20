"""The engine computes what is not known yet, and nothing else."""

from __future__ import annotations

import dataclasses
import threading
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_delineate import filters, map_over, measurements, segmentation
from napari_delineate.catalogue import UnknownNameError, find
from napari_delineate.declaration import Declaration
from napari_delineate.engine import CancelledError, Engine, InProcess, Progress, StepError
from napari_delineate.evaluation import Call, evaluate
from napari_delineate.history import History
from napari_delineate.types import Kind, voxels
from napari_delineate.values import Value
from napari_delineate.workflow import Workflow, WorkflowInput
from tests import inputs
from tests.strategies import workflows
from tests.test_values import Lazy

IMAGE = Value.of(inputs.image(2), Kind.IMAGE)
MOVIE = Value.of(np.stack([inputs.image(2, n) for n in (1, 2, 3)]), Kind.IMAGE, "TYX")


class Counting:
    """A runner that notes which operations it runs."""

    def __init__(self):
        self.inner, self.calls = InProcess(), []

    def run(self, call, progress):
        self.calls.append(call.operation.split(".")[1])
        return self.inner.run(call, progress)

    def cancel(self, patience=0.0):
        self.inner.cancel(patience)


def start(**values: Value) -> Workflow:
    return Workflow(inputs={name: WorkflowInput.of(value) for name, value in values.items()})


def chain(image: Value = IMAGE) -> Workflow:
    """Blur, threshold, label, grow; and a branch that measures."""
    return (
        start(image=image)
        .add("filters.gaussian", {"image": "image"}, {"sigma": 1}, outputs=("blurred",))
        .add("segmentation.threshold", {"image": "blurred"})
        .add("segmentation.label_connected_components", {"mask": "mask"})
        .add("postprocessing.expand_labels", {"labels": "labels"}, outputs=("grown",))
        .add("measurements.measure", {"labels": "labels", "image": "image"})
    )


@pytest.fixture
def runner():
    return Counting()


@pytest.fixture
def engine(runner):
    return Engine(runner)


# Results


def test_results_are_those_of_plain_calls(engine):
    results = engine.run(chain(), {"image": IMAGE})
    blurred = filters.gaussian(IMAGE.data, sigma=1)
    mask = segmentation.threshold(blurred)
    labels = segmentation.label_connected_components(mask)
    assert np.array_equal(results["blurred"].data, blurred)
    assert np.array_equal(results["mask"].data, mask)
    assert np.array_equal(results["labels"].data, labels)
    assert results["table"].data.equals(measurements.measure(labels, IMAGE.data))
    assert list(results) == ["image", "blurred", "mask", "labels", "grown", "table"]
    assert len(results) == 6


def test_loops_are_those_of_map_over(engine):
    workflow = start(movie=MOVIE).add("filters.gaussian", {"image": "movie"}, {"sigma": 1})
    (name,) = workflow.results()
    found = engine.run(workflow, {"movie": MOVIE})[name]
    expected = map_over(filters.gaussian, "T", MOVIE.data, axes="TYX", sigma=1)
    assert np.array_equal(found.data, expected)
    assert found.axes == "TYX"


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(workflows(most_steps=5, to_run=True))
@pytest.mark.filterwarnings("ignore")
def test_results_are_what_the_workflow_says_they_will_be(drawn):
    results = Engine().run(drawn.workflow, drawn.inputs)
    assert {name for step in drawn.workflow.steps for name in step.outputs} <= set(results)
    for name, found in results.items():
        described = drawn.workflow.values[name]
        assert (found.kind, found.axes) == (described.kind, described.axes)
        if found.kind.is_grid:
            assert found.data.ndim == len(found.axes)
        if found.kind is Kind.POINTS:
            assert found.data.shape[1] == len(found.axes)
        if found.kind is Kind.SURFACE:
            assert found.data.vertices.shape[1] == len(found.axes)


def test_spacing_and_units_travel_with_values(engine):
    stack = Value.of(inputs.image(3), Kind.IMAGE, "ZYX", (2.0, 0.5, 0.5), "micrometer")
    workflow = (
        start(stack=stack)
        .add("filters.gaussian", {"image": "stack"}, {"sigma": 1.0}, outputs=("blurred",))
        .add("filters.rescale_isotropic", {"image": "blurred"}, outputs=("fine",))
        .add("segmentation.gauss_otsu_labeling", {"image": "fine"})
        .add("measurements.measure", {"labels": "labels"})
        .add("surfaces.labels_to_surface", {"labels": "labels"})
    )
    results = engine.run(workflow, {"stack": stack})
    assert results["blurred"].spacing == (2.0, 0.5, 0.5)
    expected = filters.gaussian(stack.data, sigma=1.0, spacing=(2.0, 0.5, 0.5))
    assert np.array_equal(results["blurred"].data, expected)
    assert results["fine"].spacing == results["labels"].spacing == (0.5, 0.5, 0.5)
    assert results["table"].data.attrs["units"]["area"] == "micrometer³"
    assert results["surface"].units == "micrometer"


def test_slices_know_their_spacing_without_that_between_them(engine):
    stack = Value.of(inputs.image(3), Kind.IMAGE, "ZYX", (9.0, 2.0, 0.5))
    workflow = start(stack=stack).add(
        "filters.gaussian", {"image": "stack"}, {"sigma": 3.0}, over="Z", outputs=("blurred",)
    )
    found = engine.run(workflow, {"stack": stack})["blurred"]
    expected = [filters.gaussian(one, sigma=3.0, spacing=(2.0, 0.5)) for one in stack.data]
    assert np.array_equal(found.data, expected)
    assert found.spacing == (9.0, 2.0, 0.5)


def test_a_flat_image_makes_a_surface_with_a_thickness(engine):
    labels = Value.of(inputs.labels(2), Kind.LABELS, "YX", (2.0, 0.5))
    workflow = start(labels=labels).add("surfaces.labels_to_surface", {"labels": "labels"})
    assert engine.run(workflow, {"labels": labels})["surface"].spacing == (0.5, 2.0, 0.5)


def test_inputs_that_are_not_in_memory_are_loaded(engine, runner):
    workflow = chain()
    first = engine.run(workflow, {"image": Value.of(Lazy(IMAGE.data), Kind.IMAGE)})
    assert np.array_equal(first["image"].data, IMAGE.data)
    other = Value.of(Lazy(IMAGE.data * 2), Kind.IMAGE)
    runner.calls.clear()
    assert not np.array_equal(
        engine.run(workflow, {"image": other})["blurred"].data, first["blurred"].data
    )
    assert len(runner.calls) == 5


def test_results_and_inputs_can_not_be_written_to(engine):
    results = engine.run(chain(), {"image": IMAGE})
    for name in ("image", "blurred", "labels"):
        with pytest.raises(ValueError, match="read-only"):
            results[name].data[0, 0] = 1


def test_a_table_that_somebody_changes_is_not_what_is_remembered(engine):
    table = engine.run(chain(), {"image": IMAGE})["table"].data
    before = table.copy()
    table.loc[0, "area"] = -1.0
    table["new"] = 1
    table.attrs["units"]["area"] = "furlong"
    again = engine.run(chain(), {"image": IMAGE})["table"].data
    assert again.equals(before)
    assert again.attrs == before.attrs


def test_inputs_are_not_modified_and_stay_writable(engine):
    image = inputs.image(2).copy()
    before = image.copy()
    engine.run(chain(), {"image": Value.of(image, Kind.IMAGE)})
    assert np.array_equal(image, before)
    image[0, 0] = 1


def test_reports_say_what_each_step_took(engine):
    results = engine.run(chain(), {"image": IMAGE})
    report = results.reports["gaussian"]
    assert report.nbytes == results["blurred"].nbytes
    assert 0 < report.seconds < 10
    assert (report.device, report.from_cache, report.warnings) == ("cpu", False, ())
    again = engine.run(chain(), {"image": IMAGE}).reports["gaussian"]
    assert again == dataclasses.replace(report, from_cache=True)


def test_warnings_for_people_are_reported_once_each(engine):
    labels = Value.of(inputs.labels(2), Kind.LABELS)
    other = Value.of(np.zeros_like(inputs.labels(2)), Kind.LABELS)
    corrections = Value.of(inputs.value(Kind.CORRECTIONS, 2), Kind.CORRECTIONS)
    workflow = start(labels=labels, corrections=corrections).add(
        "postprocessing.apply_corrections", {"labels": "labels", "corrections": "corrections"}
    )
    results = engine.run(workflow, {"labels": other, "corrections": corrections})
    (warning,) = results.reports["apply_corrections"].warnings
    assert "corrected objects are not there any more" in warning


# Remembering


def test_nothing_is_computed_twice(engine, runner):
    first = engine.run(chain(), {"image": IMAGE})
    assert len(runner.calls) == 5
    again = engine.run(chain(), {"image": Value.of(IMAGE.data.copy(), Kind.IMAGE)})
    assert len(runner.calls) == 5
    assert all(again[name].data is first[name].data for name in ("blurred", "labels", "grown"))
    assert again["table"].data.equals(first["table"].data)


@pytest.mark.parametrize(
    ("step", "parameters", "computed"),
    [
        ("gaussian", {"sigma": 2}, 5),
        ("threshold", {"method": "li"}, 4),
        ("label_connected_components", {"connectivity": "face"}, 3),
        ("expand_labels", {"distance": 4}, 1),
    ],
)
def test_only_what_follows_a_change_is_computed(engine, runner, step, parameters, computed):
    workflow = chain()
    engine.run(workflow, {"image": IMAGE})
    runner.calls.clear()
    engine.run(workflow.change(step, parameters=parameters), {"image": IMAGE})
    assert len(runner.calls) == computed


def test_undo_and_redo_compute_nothing(engine, runner):
    history = History(chain())
    for sigma in (2, 3, 4):
        history = history.push(history.present.change("gaussian", parameters={"sigma": sigma}))
    for one in (*history.past, history.present):
        engine.run(one, {"image": IMAGE})
    runner.calls.clear()
    for _ in range(3):
        history = history.undo()
        engine.run(history.present, {"image": IMAGE})
    for _ in range(3):
        history = history.redo()
        engine.run(history.present, {"image": IMAGE})
    assert not runner.calls


def test_names_and_order_of_steps_do_not_matter(engine, runner):
    engine.run(chain(), {"image": IMAGE})
    runner.calls.clear()
    renamed = chain().rename("mask", "foreground").rename("image", "nuclei")
    results = engine.run(renamed, {"nuclei": IMAGE})
    assert not runner.calls
    assert "foreground" in results


def test_two_steps_that_do_the_same_are_computed_once(engine, runner):
    workflow = start(image=IMAGE)
    for _ in range(3):
        workflow = workflow.add("filters.gaussian", {"image": "image"})
    engine.run(workflow, {"image": IMAGE})
    assert runner.calls == ["gaussian"]


@pytest.mark.parametrize(
    "change",
    [
        lambda value: dataclasses.replace(value, spacing=(0.5, 0.5)),
        lambda value: dataclasses.replace(value, units="micrometer"),
        lambda value: dataclasses.replace(value, data=value.data + 1),
        lambda value: dataclasses.replace(value, data=value.data.astype(np.float32)),
    ],
    ids=["spacing", "units", "content", "dtype"],
)
def test_everything_about_an_input_is_part_of_the_key(engine, runner, change):
    workflow = start(image=IMAGE).add("filters.gaussian", {"image": "image"})
    engine.run(workflow, {"image": IMAGE})
    engine.run(workflow, {"image": change(IMAGE)})
    assert runner.calls == ["gaussian", "gaussian"]


def test_an_input_edited_in_place_is_computed_anew(engine, runner):
    image = inputs.image(2).copy()
    value = Value.of(image, Kind.IMAGE)
    workflow = start(image=value).add("filters.gaussian", {"image": "image"})
    engine.run(workflow, {"image": value})
    image[0, 0] += 1
    engine.run(workflow, {"image": value})
    assert len(runner.calls) == 2


def test_the_version_of_an_operation_is_part_of_the_key(engine, runner, monkeypatch):
    workflow = start(image=IMAGE).add("filters.gaussian", {"image": "image"})
    engine.run(workflow, {"image": IMAGE})
    operation = find("filters.gaussian")
    object.__setattr__(operation, "declaration", Declaration(version=99))
    try:
        engine.run(workflow, {"image": IMAGE})
    finally:
        monkeypatch.undo()
        object.__setattr__(operation, "declaration", operation.function.__operation__)
    assert len(runner.calls) == 2


def test_the_device_is_part_of_the_key_where_it_matters(engine, runner, monkeypatch):
    monkeypatch.setattr("napari_delineate.engine.find_device", lambda name: name)

    def run(call, progress):
        runner.calls.append((call.operation, call.device))
        return evaluate(dataclasses.replace(call, device="cpu"))

    runner.run = run
    workflow = (
        start(image=IMAGE)
        .add("filters.gaussian", {"image": "image"})
        .add("filters.percentile", {"image": "image"}, {"radius": 1})
    )
    engine.run(workflow, {"image": IMAGE})
    results = engine.run(dataclasses.replace(workflow, device="some card"), {"image": IMAGE})
    # percentile has no OpenCL version, so that it is the same wherever the rest runs.
    assert runner.calls == [
        ("filters.gaussian", "cpu"),
        ("filters.percentile", "cpu"),
        ("filters.gaussian", "some card"),
    ]
    assert results.reports["gaussian"].device == "some card"
    assert results.reports["percentile"].device == "cpu"


def test_other_parameters_are_other_results_however_similar(engine, runner):
    workflow = start(image=IMAGE).add("filters.gaussian", {"image": "image"}, {"sigma": 1})
    for sigma in (1.0, voxels(1), 1 + 1e-15):
        engine.run(workflow.change("gaussian", parameters={"sigma": sigma}), {"image": IMAGE})
    assert len(runner.calls) == 3


def test_which_output_a_step_uses_matters(engine, runner):
    labels = [Value.of(inputs.labels(2, number), Kind.LABELS) for number in (1, 2)]
    workflow = start(a=labels[0], b=labels[1]).add(
        "metrics.sparse_jaccard", {"reference": "a", "labels": "b"}
    )
    swapped = start(a=labels[0], b=labels[1]).add(
        "metrics.sparse_jaccard", {"reference": "b", "labels": "a"}
    )
    given = {"a": labels[0], "b": labels[1]}
    engine.run(workflow, given)
    engine.run(swapped, given)
    assert len(runner.calls) == 2


def test_content_keys_are_equal_only_where_everything_is_equal(engine):
    first = engine.run(chain(), {"image": IMAGE}).content_keys
    again = engine.run(chain(), {"image": IMAGE}).content_keys
    other = engine.run(
        chain().change("threshold", parameters={"method": "li"}), {"image": IMAGE}
    ).content_keys
    assert first == again
    assert first["blurred"] == other["blurred"]
    assert first["mask"] != other["mask"]
    assert first["table"] != other["table"]
    assert len(set(first.values())) == len(first)


def test_the_cache_keeps_within_its_bytes(runner):
    one = IMAGE.data.size * 8
    engine = Engine(runner, cache_bytes=3 * one)
    workflow = start(image=IMAGE).add("filters.gaussian", {"image": "image"})
    for sigma in range(8):
        engine.run(workflow.change("gaussian", parameters={"sigma": sigma}), {"image": IMAGE})
        assert engine.cached_bytes <= 3 * one
    runner.calls.clear()
    for sigma in (5, 6, 7):  # the last three are still there
        engine.run(workflow.change("gaussian", parameters={"sigma": sigma}), {"image": IMAGE})
    assert not runner.calls
    engine.run(workflow.change("gaussian", parameters={"sigma": 0}), {"image": IMAGE})
    engine.run(workflow.change("gaussian", parameters={"sigma": 5}), {"image": IMAGE})
    assert runner.calls == ["gaussian", "gaussian"]  # 5 was the one used longest ago


def test_a_result_that_is_larger_than_the_cache_drops_nothing_else(runner):
    engine = Engine(runner, cache_bytes=IMAGE.data.size * 8)
    small = start(image=IMAGE).add("filters.gaussian", {"image": "image"})
    engine.run(small, {"image": IMAGE})
    large = Value.of(np.tile(IMAGE.data, (2, 2)), Kind.IMAGE)
    engine.run(small, {"image": large})
    engine.run(small, {"image": IMAGE})
    assert len(runner.calls) == 2


def test_without_a_cache_results_are_the_same(runner):
    engine = Engine(runner, cache_bytes=0)
    results = [engine.run(chain(), {"image": IMAGE}) for _ in range(2)]
    assert engine.cached_bytes == 0
    assert len(runner.calls) == 10
    assert np.array_equal(results[0]["grown"].data, results[1]["grown"].data)


# What is wanted


def test_only_what_is_wanted_and_what_that_needs_is_computed(engine, runner):
    results = engine.run(chain(), {"image": IMAGE}, wanted=["mask"])
    assert runner.calls == ["gaussian", "threshold"]
    assert set(results) == {"image", "blurred", "mask"}


def test_inputs_can_be_wanted_and_any_iterable_says_what_is(engine):
    results = engine.run(chain(), {"image": IMAGE}, wanted=iter(["image"]))
    assert list(results) == ["image"]


def test_inputs_that_nothing_wanted_needs_can_be_missing(engine):
    workflow = chain().add_input("other", WorkflowInput.of(IMAGE))
    workflow = workflow.add("filters.median", {"image": "other"})
    assert "mask" in engine.run(workflow, {"image": IMAGE}, wanted=["mask"])


def test_wanting_what_is_not_there_names_what_is(engine):
    with pytest.raises(UnknownNameError, match="no value 'labls'; there are: 'image', 'blurred'"):
        engine.run(chain(), {"image": IMAGE}, wanted=["labls"])


# Errors


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, r"needs a value for its input 'image' \(image\)"),
        ({"image": MOVIE}, "input 'image' must have the axes YX, it has TYX"),
        (
            {"image": Value.of(inputs.labels(2), Kind.LABELS)},
            "input 'image' must be image, it is labels",
        ),
    ],
)
def test_inputs_that_do_not_fit_are_refused(engine, given, message):
    with pytest.raises(ValueError, match=message):
        engine.run(chain(), given)


def failing() -> Workflow:
    """One step of three fails, and the last needs it."""
    nan = Value.of(np.full((8, 8), np.nan), Kind.IMAGE)
    return (
        start(image=IMAGE, nan=nan)
        .add("filters.median", {"image": "nan"}, {"radius": 1}, outputs=("broken",))
        .add("segmentation.threshold", {"image": "broken"})
        .add("filters.gaussian", {"image": "image"}, outputs=("blurred",))
    ), {"image": IMAGE, "nan": nan}


def test_a_failing_step_says_which_and_why(engine):
    workflow, given = failing()
    with pytest.raises(
        StepError, match="step 'median' failed: image holds 64 values that"
    ) as caught:
        engine.run(workflow, given)
    assert caught.value.step == "median"
    assert isinstance(caught.value.__cause__, ValueError)


def test_steps_that_do_not_need_a_failed_one_still_run(engine, runner):
    workflow, given = failing()
    results = engine.run(workflow, given, keep_going=True)
    assert runner.calls == ["median", "gaussian"]
    assert list(results.errors) == ["median"]
    assert isinstance(results.errors["median"].__cause__, ValueError)
    assert set(results) == {"image", "nan", "blurred"}
    assert set(results.reports) == {"gaussian"}


def test_a_failed_step_is_tried_again(engine, runner):
    workflow, given = failing()
    for _ in range(2):
        engine.run(workflow, given, keep_going=True)
    assert runner.calls == ["median", "gaussian", "median"]


def test_an_error_without_words_is_named_by_its_type(engine, runner):
    def run(call, progress):
        raise RuntimeError

    runner.run = run
    with pytest.raises(StepError, match="step 'gaussian' failed: RuntimeError"):
        engine.run(chain(), {"image": IMAGE})


def test_too_little_memory_is_said_in_a_sentence(engine, runner):
    def run(call, progress):
        raise MemoryError

    runner.run = run
    with pytest.raises(StepError, match="needs more memory than there is; crop the image"):
        engine.run(chain(), {"image": IMAGE})


def test_a_device_that_is_not_there_is_said_and_nothing_else_used(engine, runner):
    workflow = dataclasses.replace(chain(), device="no such card")
    with pytest.raises(RuntimeError, match="no such card"):
        engine.run(workflow, {"image": IMAGE})
    assert not runner.calls


def test_values_of_different_voxel_size_are_refused_where_it_matters(engine):
    labels = Value.of(inputs.labels(2), Kind.LABELS, spacing=0.5, units="micrometer")
    workflow = start(image=IMAGE, labels=labels).add(
        "measurements.measure", {"labels": "labels", "image": "image"}
    )
    with pytest.raises(
        StepError, match=r"labels has the voxel size 0\.5 × 0\.5 micrometer, image has 1 × 1"
    ):
        engine.run(workflow, {"image": IMAGE, "labels": labels})


@pytest.mark.parametrize(
    "operation", ["metrics.dice", "metrics.sparse_jaccard", "metrics.map_matches"]
)
def test_segmentations_of_different_voxel_size_are_not_compared(engine, operation):
    # Their pixels are not at the same places, though nothing here is a length.
    reference = Value.of(inputs.labels(2), Kind.LABELS, spacing=(0.5, 0.25), units="micrometer")
    labels = Value.of(inputs.labels(2), Kind.LABELS, spacing=0.5, units="micrometer")
    given = {"reference": reference, "labels": labels}
    workflow = start(**given).add(operation, {name: name for name in given})
    with pytest.raises(StepError, match=r"reference has the voxel size 0\.5 × 0\.25 micrometer"):
        engine.run(workflow, given)
    given["reference"] = labels
    workflow = start(**given).add(operation, {name: name for name in given})
    assert engine.run(workflow, given).reports


def test_values_of_different_voxel_size_are_fine_where_it_does_not_matter(engine):
    seeds = Value.of(inputs.labels(2), Kind.LABELS, spacing=0.5)
    workflow = start(image=IMAGE, seeds=seeds).add(
        "segmentation.seeded_watershed", {"image": "image", "seeds": "seeds"}
    )
    assert engine.run(workflow, {"image": IMAGE, "seeds": seeds})["labels"].spacing == (1, 1)


def test_a_rounded_voxel_size_is_the_same_voxel_size(engine):
    # TIFF keeps the resolution as a fraction: the same microscope, other digits.
    image = Value.of(inputs.image(2), Kind.IMAGE, spacing=0.3, units="micrometer")
    labels = Value.of(inputs.labels(2), Kind.LABELS, spacing=1e6 / 3333333, units="micrometer")
    workflow = start(image=image, labels=labels).add(
        "measurements.measure", {"labels": "labels", "image": "image"}
    )
    assert "table" in engine.run(workflow, {"image": image, "labels": labels})


# Progress and cancelling


def test_progress_names_each_step(engine):
    seen: list[Progress] = []
    engine.run(chain(), {"image": IMAGE}, progress=seen.append)
    assert [state.step for state in seen if state.part == 0][:2] == ["gaussian", "threshold"]
    assert {state.step for state in seen} == {step.name for step in chain().steps}
    assert {state.total for state in seen} == {5}
    assert [state.done for state in seen] == sorted(state.done for state in seen)
    assert seen[0].title == "Gaussian"


def test_progress_counts_the_loops(engine):
    seen: list[Progress] = []
    workflow = start(movie=MOVIE).add("filters.gaussian", {"image": "movie"})
    engine.run(workflow, {"movie": MOVIE}, progress=seen.append)
    parts = [state.part for state in seen]
    assert parts == sorted(parts)
    assert sorted(set(parts)) == pytest.approx([0, 1 / 3, 2 / 3, 1])


def test_a_run_is_cancelled_between_two_loops(engine, runner):
    workflow = start(movie=MOVIE).add("filters.gaussian", {"image": "movie"})
    seen = []

    def cancel_after_one(state):
        seen.append(state.part)
        if state.part > 0:
            engine.cancel()

    with pytest.raises(CancelledError):
        engine.run(workflow, {"movie": MOVIE}, progress=cancel_after_one)
    assert max(seen) < 1
    assert engine.cached_bytes == 0


def test_a_run_is_cancelled_from_another_thread(engine, runner):
    inside, go_on = threading.Event(), threading.Event()
    run = runner.inner.run

    def slow(call, progress):
        inside.set()
        go_on.wait(5)
        return run(call, progress)

    runner.inner.run = slow
    outcome = []

    def target():
        try:
            outcome.append(engine.run(chain(), {"image": IMAGE}))
        except CancelledError as error:
            outcome.append(error)

    thread = threading.Thread(target=target)
    thread.start()
    assert inside.wait(5)
    engine.cancel()
    go_on.set()
    thread.join(5)
    assert isinstance(outcome[0], CancelledError)
    assert runner.calls == ["gaussian"]


def test_a_newer_run_overtakes_an_older_one(engine, runner):
    run = runner.inner.run

    def overtaken(call, progress):
        runner.inner.run = run
        assert "blurred" in engine.run(chain(), {"image": IMAGE}, wanted=["blurred"])
        return run(call, progress)

    runner.inner.run = overtaken
    with pytest.raises(CancelledError):
        engine.run(chain(), {"image": IMAGE})


def test_cancelling_when_nothing_runs_does_nothing(engine):
    engine.cancel()
    assert "grown" in engine.run(chain(), {"image": IMAGE})


def test_cancelling_wins_even_at_the_moment_a_step_starts(engine, runner):
    # The runner does not know of the call yet when it is told to stop.
    run = runner.inner.run

    def start_late(call, progress):
        engine.cancel()
        return run(call, progress)

    runner.inner.run = start_late
    with pytest.raises(CancelledError):
        engine.run(chain(), {"image": IMAGE})
    runner.inner.run = run
    runner.calls.clear()
    engine.run(chain(), {"image": IMAGE}, wanted=["blurred"])
    assert runner.calls == ["gaussian"]  # it had not even been computed


def test_a_run_that_is_cancelled_is_fast_even_if_nothing_is_known_of_progress(engine):
    started = time.perf_counter()
    workflow = start(movie=MOVIE).add("filters.gaussian", {"image": "movie"})
    with pytest.raises(CancelledError):
        engine.run(workflow, {"movie": MOVIE}, progress=lambda _: engine.cancel())
    assert time.perf_counter() - started < 1


# One call


def test_a_call_gives_values_with_the_time_it_took():
    outcome = evaluate(Call("filters.gaussian", (IMAGE,), {"sigma": 1.0}))
    (value,) = outcome.values
    assert np.array_equal(value.data, filters.gaussian(IMAGE.data, sigma=1.0))
    assert outcome.seconds > 0
    assert outcome.warnings == ()


def test_a_call_of_several_outputs_gives_several_values():
    outcome = evaluate(Call("segmentation.local_maxima", (IMAGE,), {"sigma": 1.0}))
    assert [value.kind for value in outcome.values] == [Kind.POINTS, Kind.LABELS]


@given(st.sampled_from([0.5, 1.0, 4.0]))
def test_units_of_a_table_are_those_of_its_labels(spacing):
    labels = Value.of(inputs.labels(2), Kind.LABELS, spacing=spacing, units="nanometer")
    (table,) = evaluate(Call("measurements.measure", (labels, None), {})).values
    assert table.data.attrs["units"]["area"] == "nanometer²"
    sizes = np.bincount(inputs.labels(2).ravel())[[3, 5, 6, 9]] * spacing**2
    assert table.data["area"].tolist() == sizes.tolist()
