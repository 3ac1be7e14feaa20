"""The worker process: it computes the same, can always be stopped, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from napari_delineate import filters, worker
from napari_delineate.catalogue import operations
from napari_delineate.engine import CancelledError, Engine, StepError
from napari_delineate.evaluation import Call, evaluate
from napari_delineate.types import Kind, voxels
from napari_delineate.values import Value
from napari_delineate.worker import WorkerError, WorkerRunner
from napari_delineate.workflow import Workflow, WorkflowInput
from tests import inputs
from tests.strategies import workflows

IMAGE = Value.of(inputs.image(2), Kind.IMAGE)
BLUR = Call("filters.gaussian", (IMAGE,), {"sigma": 1.0})
BLURRED = filters.gaussian(IMAGE.data, sigma=1.0)
# A flood of noise: several seconds in one call that nothing but a signal stops.
NOISE = np.random.default_rng(0).integers(0, 255, (64, 512, 512), np.uint8)
FLOOD = Call(
    "segmentation.local_minima_seeded_watershed",
    (Value.of(NOISE, Kind.IMAGE),),
    {"spot_sigma": voxels(0), "outline_sigma": voxels(0), "minimum_intensity": None},
)


def ignore(done: int, total: int) -> None:
    """Take no notice of progress."""


@pytest.fixture(scope="module")
def shared():
    """One runner for all tests: whatever one does to it, it must work for the next."""
    runner = WorkerRunner()
    yield runner
    runner.close()


@pytest.fixture
def runner():
    runner = WorkerRunner()
    yield runner
    runner.close()


def pid(process) -> int:
    return process._popen.pid


def gives_the_right_result(runner) -> bool:
    return np.array_equal(runner.run(BLUR, ignore).values[0].data, BLURRED)


def wait_for(condition, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


class Background(threading.Thread):
    """Run a call in a thread, and keep what it gave or raised."""

    def __init__(self, runner, call, progress=ignore):
        super().__init__()
        self.runner, self.call, self.progress = runner, call, progress
        self.outcome = self.error = None
        self.start()

    def run(self):
        try:
            self.outcome = self.runner.run(self.call, self.progress)
        except BaseException as error:
            self.error = error


# The same results


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("operation", operations(), ids=lambda one: one.id)
def test_every_operation_gives_what_it_gives_here(shared, operation, ndim):
    values = []
    for entry, data in zip(operation.inputs, inputs.arguments(operation, ndim), strict=True):
        spacing = (2.0, 0.5, 0.5)[-ndim:] if entry.kind is not Kind.SURFACE else (2.0, 0.5, 0.5)
        each = data if entry.variable else [data]
        if entry.kind in (Kind.POINTS, Kind.SHAPES):  # they lie in space
            each = [one * spacing for one in each]
        if entry.kind is Kind.TABLE:
            spacing = ()
        wrapped = tuple(Value.of(one, entry.kind, None, spacing, "micrometer") for one in each)
        values.append(wrapped if entry.variable else wrapped[0])
    call = Call(operation.id, tuple(values), operation.defaults())
    here, there = evaluate(call), shared.run(call, ignore)
    assert there.warnings == here.warnings
    for one, other in zip(here.values, there.values, strict=True):
        assert inputs.same(one.data, other.data)
        assert (one.kind, one.axes, one.spacing, one.units) == (
            other.kind,
            other.axes,
            other.spacing,
            other.units,
        )


@settings(max_examples=15, suppress_health_check=list(HealthCheck), deadline=None)
@given(drawn=workflows(most_steps=6, to_run=True))
@pytest.mark.filterwarnings("ignore")
def test_workflows_give_what_they_give_here(shared, drawn):
    here = Engine().run(drawn.workflow, drawn.inputs, keep_going=True)
    there = Engine(shared).run(drawn.workflow, drawn.inputs, keep_going=True)
    assert list(here) == list(there)
    assert list(here.errors) == list(there.errors)
    assert here.content_keys == there.content_keys
    for name, value in here.items():
        assert inputs.same(value.data, there[name].data)


def test_progress_of_loops_is_reported(shared):
    movie = Value.of(np.stack([IMAGE.data] * 3), Kind.IMAGE, "TYX")
    seen = []
    call = Call("filters.gaussian", (movie,), {"sigma": 1.0}, "T")
    outcome = shared.run(call, lambda done, total: seen.append((done, total)))
    assert seen == [(0, 1), (1, 3), (2, 3), (3, 3)]
    assert all(np.array_equal(frame, BLURRED) for frame in outcome.values[0].data)


def test_inputs_are_not_modified(shared):
    before = IMAGE.data.copy()
    shared.run(BLUR, ignore)
    assert np.array_equal(IMAGE.data, before)


def test_a_result_is_an_input_again_without_a_copy(shared):
    (blurred,) = shared.run(BLUR, ignore).values
    folder = shared._folders[0]
    before = set(folder.iterdir())
    again = shared.run(Call("filters.gaussian", (blurred.frozen(),), {"sigma": 1.0}), ignore)
    assert len(set(folder.iterdir()) - before) == 1  # the new result alone
    assert np.array_equal(again.values[0].data, filters.gaussian(BLURRED, sigma=1.0))


def test_warnings_for_people_come_along(shared):
    labels = Value.of(np.zeros_like(inputs.labels(2)), Kind.LABELS)
    corrections = Value.of(inputs.value(Kind.CORRECTIONS, 2), Kind.CORRECTIONS)
    call = Call("postprocessing.apply_corrections", (labels, corrections), {})
    assert "are not there any more" in shared.run(call, ignore).warnings[0]


# Errors


def test_what_an_operation_refuses_arrives_as_its_sentence(shared):
    call = Call("filters.gaussian", (IMAGE,), {"sigma": -1.0})
    with pytest.raises(WorkerError, match=r"^sigma must be 0 or more; got -1\.0$"):
        shared.run(call, ignore)
    assert gives_the_right_result(shared)


def test_a_failing_step_says_which_and_why(shared):
    nan = Value.of(np.full((8, 8), np.nan), Kind.IMAGE)
    workflow = Workflow().add_input("nan", WorkflowInput.of(nan))
    workflow = workflow.add("filters.gaussian", {"image": "nan"})
    with pytest.raises(StepError, match="step 'gaussian' failed: image holds 64 values"):
        Engine(shared).run(workflow, {"nan": nan})


def test_an_operation_that_is_not_there_is_an_error_and_no_crash(shared):
    with pytest.raises(WorkerError, match=r"no operation 'os\.system'"):
        shared.run(Call("os.system", (IMAGE,), {"command": "true"}), ignore)
    assert gives_the_right_result(shared)


def test_no_room_for_arrays_is_an_error_and_no_crash(shared, monkeypatch):
    def full(*_):
        raise MemoryError("there is no room for 1 MB")

    monkeypatch.setattr(shared._exchange, "_write", full)
    with pytest.raises(MemoryError, match="no room"):
        shared.run(BLUR, ignore)
    monkeypatch.undo()
    assert gives_the_right_result(shared)


def test_an_error_of_the_progress_leaves_no_answer_for_the_next_call(shared):
    movie = Value.of(np.stack([IMAGE.data] * 3), Kind.IMAGE, "TYX")

    def fail(done, total):
        if done:
            raise KeyError("the window is gone")

    with pytest.raises(KeyError, match="the window is gone"):
        shared.run(Call("filters.gaussian", (movie,), {"sigma": 9.0}, "T"), fail)
    assert gives_the_right_result(shared)


# Cancelling


def test_a_long_flood_is_cancelled_at_once_and_the_spare_takes_over(shared):
    shared.warm_up()
    assert gives_the_right_result(shared)
    flood = Background(shared, FLOOD)
    assert wait_for(lambda: shared._running is not None)
    time.sleep(2.0)  # past the search for minima, into the flood
    assert flood.is_alive()
    first = shared._running
    start = time.monotonic()
    shared.cancel()
    flood.join(5)
    assert time.monotonic() - start < 1
    assert isinstance(flood.error, CancelledError)
    assert first.status is not None
    start = time.monotonic()
    assert gives_the_right_result(shared)
    assert time.monotonic() - start < 5  # it was warm, or nearly


def test_a_short_call_may_end_where_there_is_patience(shared):
    assert gives_the_right_result(shared)
    process = shared._ready
    shared.run(BLUR, lambda *_: shared.cancel(patience=60.0))
    assert process.status is None
    assert gives_the_right_result(shared)
    assert shared._ready is process


def test_patience_ends(shared):
    flood = Background(shared, FLOOD)
    assert wait_for(lambda: shared._running is not None)
    process = shared._running
    start = time.monotonic()
    shared.cancel(patience=0.3)
    flood.join(10)
    assert time.monotonic() - start >= 0.3
    assert isinstance(flood.error, CancelledError)
    assert process.status is not None
    assert gives_the_right_result(shared)


def test_patience_with_one_call_does_not_end_the_next(shared):
    assert gives_the_right_result(shared)
    process = shared._ready
    shared.run(BLUR, lambda *_: shared.cancel(patience=1.0))
    flood = Background(shared, FLOOD)
    time.sleep(1.5)
    assert flood.is_alive()
    assert process.status is None
    shared.cancel()
    flood.join(10)


@pytest.mark.slow
def test_results_from_before_a_cancelled_call_can_still_be_used(shared):
    (blurred,) = shared.run(BLUR, ignore).values
    flood = Background(shared, FLOOD)
    assert wait_for(lambda: shared._running is not None)
    time.sleep(0.2)
    shared.cancel()
    flood.join(5)
    assert isinstance(flood.error, CancelledError)
    again = shared.run(Call("filters.gaussian", (blurred.frozen(),), {"sigma": 1.0}), ignore)
    assert np.array_equal(again.values[0].data, filters.gaussian(BLURRED, sigma=1.0))


@pytest.mark.slow
def test_cancelling_again_and_again_leaves_two_processes(runner, monkeypatch):
    started = []
    popen = subprocess.Popen

    def note(*args, **kwargs):
        started.append(popen(*args, **kwargs))
        return started[-1]

    monkeypatch.setattr(worker.subprocess, "Popen", note)
    for _ in range(3):
        flood = Background(runner, FLOOD)
        assert wait_for(lambda: runner._running is not None)
        runner.cancel()
        runner.cancel()
        flood.join(5)
        assert isinstance(flood.error, CancelledError)
    assert len([one for one in started if one.poll() is None]) == 2
    assert gives_the_right_result(runner)


@pytest.mark.slow
def test_cancelling_while_loops_report_is_no_other_error(shared):
    movie = Value.of(np.zeros((2000, 8, 8), np.uint8), Kind.IMAGE, "TYX")
    call = Call("filters.gaussian", (movie,), {"sigma": 1.0}, "T")
    for stop_at in (1, 5, 20):
        seen = threading.Event()

        def progress(done, total, seen=seen, stop_at=stop_at):
            if done >= stop_at:
                seen.set()

        loop = Background(shared, call, progress)
        assert seen.wait(10)
        shared.cancel()
        loop.join(5)
        assert isinstance(loop.error, CancelledError)


def test_a_run_that_is_cancelled_before_its_process_knows_is_not_started(shared, monkeypatch):
    engine = Engine(shared)
    workflow = Workflow().add_input("noise", WorkflowInput.of(FLOOD.inputs[0]))
    workflow = workflow.add(FLOOD.operation, {"image": "noise"}, FLOOD.parameters)
    warm_up = shared.warm_up

    def late():
        engine.cancel()  # nothing runs yet that the runner could stop
        warm_up()

    monkeypatch.setattr(shared, "warm_up", late)
    start = time.monotonic()
    with pytest.raises(CancelledError):
        engine.run(workflow, {"noise": FLOOD.inputs[0]})
    assert time.monotonic() - start < 2
    monkeypatch.undo()
    assert gives_the_right_result(shared)


@pytest.mark.slow
def test_a_newer_run_overtakes_a_flood(shared):
    engine = Engine(shared)
    image = Workflow().add_input("image", WorkflowInput.of(IMAGE))
    small = image.add("filters.gaussian", {"image": "image"}, {"sigma": 1.0})
    noise = Workflow().add_input("noise", WorkflowInput.of(FLOOD.inputs[0]))
    large = noise.add(FLOOD.operation, {"image": "noise"}, FLOOD.parameters)
    errors = []

    def run_large():
        try:
            engine.run(large, {"noise": FLOOD.inputs[0]})
        except CancelledError as error:
            errors.append(error)

    thread = threading.Thread(target=run_large)
    thread.start()
    assert wait_for(lambda: shared._running is not None)
    start = time.monotonic()
    results = engine.run(small, {"image": IMAGE})
    assert time.monotonic() - start < 15  # the flood alone takes longer
    assert np.array_equal(results[small.results()[0]].data, BLURRED)
    thread.join(5)
    assert len(errors) == 1


def test_calls_from_two_threads_wait_for_each_other(shared):
    calls = [
        Background(shared, Call("filters.gaussian", (IMAGE,), {"sigma": float(sigma)}))
        for sigma in range(1, 7)
    ]
    for sigma, call in enumerate(calls, 1):
        call.join(20)
        expected = filters.gaussian(IMAGE.data, sigma=sigma)
        assert np.array_equal(call.outcome.values[0].data, expected)


def test_cancelling_when_nothing_runs_does_nothing(shared):
    shared.cancel()
    assert gives_the_right_result(shared)


# Crashes


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV], ids=lambda one: one.name)
@pytest.mark.slow
def test_a_crash_while_it_computes_is_an_error_and_the_next_call_works(shared, number):
    flood = Background(shared, FLOOD)
    assert wait_for(lambda: shared._running is not None)
    time.sleep(0.2)
    os.kill(pid(shared._running), number)
    flood.join(10)
    assert isinstance(flood.error, WorkerError)
    assert f"has ended (exit status -{number.value}); it may have run out" in str(flood.error)
    assert gives_the_right_result(shared)


@pytest.mark.slow
def test_a_crash_while_it_waits_is_not_noticed(shared):
    assert gives_the_right_result(shared)
    for process in (shared._ready, shared._spare):
        os.kill(pid(process), signal.SIGKILL)
        process._popen.wait()
        assert gives_the_right_result(shared)


def test_ctrl_c_in_a_terminal_does_not_end_it(shared):
    assert gives_the_right_result(shared)
    process = shared._ready
    os.kill(pid(process), signal.SIGINT)
    assert gives_the_right_result(shared)
    assert shared._ready is process


NOISY = """
import os, sys

class Noisy:
    def find_spec(self, name, path=None, target=None):
        if name in ("skimage.filters", "scipy.ndimage"):
            print("printed by", name, flush=True)
            os.write(1, b"written to 1\\n")
            os.system("echo from a shell")
        return None

sys.meta_path.insert(0, Noisy())
"""


@pytest.mark.slow
def test_what_libraries_print_does_not_disturb(tmp_path, monkeypatch, capfd):
    (tmp_path / "sitecustomize.py").write_text(NOISY)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    runner = WorkerRunner()
    try:
        assert gives_the_right_result(runner)
    finally:
        runner.close()
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "printed by skimage" in captured.err  # it did print
    assert "from a shell" in captured.err


# Leaving nothing behind


def left_behind(folders) -> list[Path]:
    return [path for folder in folders if folder.exists() for path in [folder, *folder.iterdir()]]


@pytest.mark.slow
def test_closing_ends_the_processes_and_removes_all_files():
    runner = WorkerRunner()
    outcome = runner.run(BLUR, ignore)
    processes = [runner._ready, runner._spare]
    folders = runner._folders
    assert all(folder.is_dir() for folder in folders)
    runner.close()
    assert left_behind(folders) == []
    assert all(process.status is not None for process in processes)
    # A result that is still in use is not lost.
    assert np.array_equal(outcome.values[0].data, BLURRED)
    with pytest.raises(CancelledError):
        runner.run(BLUR, ignore)
    runner.close()
    runner.cancel()
    runner.warm_up()


def test_closing_while_a_call_runs_cancels_it():
    runner = WorkerRunner()
    flood = Background(runner, FLOOD)
    assert wait_for(lambda: runner._running is not None)
    runner.close()
    flood.join(5)
    assert isinstance(flood.error, CancelledError)
    assert left_behind(runner._folders) == []


@pytest.mark.slow
def test_files_of_a_call_are_removed_after_it(runner):
    before = runner.run(BLUR, ignore)
    assert len(left_behind(runner._folders)) == len(runner._folders) + 1  # its result
    del before
    assert wait_for(lambda: len(left_behind(runner._folders)) == len(runner._folders))
    with pytest.raises(WorkerError):
        runner.run(Call("filters.gaussian", (IMAGE,), {"sigma": -1.0}), ignore)
    assert len(left_behind(runner._folders)) == len(runner._folders)


PARENT = """
import json, sys, threading
from napari_delineate.worker import WorkerRunner
from tests import test_worker

if __name__ == "__main__":
    runner = WorkerRunner()
    kept = runner.run(test_worker.BLUR, test_worker.ignore)
    if sys.argv[1] == "busy":
        arguments = (test_worker.FLOOD, test_worker.ignore)
        threading.Thread(target=runner.run, args=arguments, daemon=True).start()
    print(json.dumps({
        "folders": [str(folder) for folder in runner._folders],
        "pids": [process._popen.pid for process in (runner._ready, runner._spare)],
    }), flush=True)
    if sys.argv[1] != "leave":
        threading.Event().wait(60)
"""


def is_running(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
@pytest.mark.parametrize("state", ["idle", "busy", "leave"])
@pytest.mark.slow
def test_nothing_is_left_when_the_viewer_is_killed_or_forgets_to_close(state, tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    parent = subprocess.Popen(
        [sys.executable, str(script), state], stdout=subprocess.PIPE, text=True, env=environment
    )
    try:
        made = json.loads(parent.stdout.readline())
        if state == "busy":
            time.sleep(0.3)
    finally:
        if state != "leave":
            parent.kill()
        parent.wait(20)
        parent.stdout.close()
    folders = [Path(folder) for folder in made["folders"]]
    assert wait_for(lambda: not any(is_running(number) for number in made["pids"]))
    assert wait_for(lambda: left_behind(folders) == [])
