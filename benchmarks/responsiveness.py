"""Time what a person feels: how long the interface stands still, and until results are there.

    xvfb-run -a .venv/bin/python -m benchmarks.responsiveness [--peer-python PYTHON]

Three steps (Gaussian, Otsu's threshold, connected components) stand in the Assistant; then
sigma is changed, by its editor and by the session, and undone. The longest pause of the event
loop is measured with a timer that beats every 5 ms. Beside it stands what napari takes for the
same calls on layers of the same size, in the same process; what is left is ours. Every case
runs in a process of its own, so that the dock is opened once with cold imports.

Machines differ and are shared: only what is left and the ratios mean something.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import napari
import numpy as np
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QDoubleSpinBox

from benchmarks.heartbeat import Beats, ending, sample, summary, watch
from benchmarks.images import CASES as LARGE
from benchmarks.images import blobs

CASES: dict[str, Callable[[], Any]] = {"2D 512 × 512": lambda: blobs((512, 512), 110), **LARGE}
WARM_UP = (3.2, 2.2)
SIGMAS = (2.5, 3.0, 3.5, 4.0, 4.5)
OTHER_SIGMAS = tuple(sigma + 0.2 for sigma in SIGMAS)
DRAGGED = (2.6, 2.9, 3.3, 3.6, 3.9)
STEPS = (
    "filters.gaussian",
    "segmentation.threshold",
    "segmentation.label_connected_components",
)
TARGETS = {
    "sigma in the Assistant: gap, ours": 0.1,
    "sigma by the session: gap, ours": 0.1,
    "five changes in a row: gap, ours": 0.1,
    "undo: gap, ours": 0.1,
    "undo: until shown, ours": 0.1,
    "open the dock": 0.3,
    "open the dock, cold": 0.3,
}

_MINE = ("sigma", "five", "undo")
Figures = dict[str, dict[str, float]]


def napari_alone(image: Any) -> Figures:
    """Time the calls that showing results needs, in a viewer without any of us."""
    from scipy import ndimage

    smooth = [ndimage.gaussian_filter(image.astype(np.float32), sigma) for sigma in (2, 3)]
    masks = [(one > 1000).astype(np.uint8) for one in smooth]
    labels = [ndimage.label(one)[0].astype(np.uint32) for one in masks]
    viewer = napari.Viewer()
    viewer.add_image(image)
    layers = [viewer.add_image(smooth[0]), viewer.add_labels(masks[0].copy())]

    def add() -> None:
        layers[2:] = [viewer.add_labels(labels[0].copy())]

    def replace_all(number: int) -> None:
        layers[0].data = smooth[number]
        layers[1].refresh()
        layers[2].refresh()

    found: dict[str, list[float]] = {}

    def note(name: str, act: Callable[[], Any]) -> None:
        found.setdefault(name, []).append(watch(act, quiet=0.25).gap)

    for turn in range(1, 6):
        note("napari: add labels", add)
        other = turn % 2
        note("napari: image.data =", lambda n=other: setattr(layers[0], "data", smooth[n]))
        note("napari: labels.data =", lambda n=other: setattr(layers[2], "data", labels[n]))
        note("napari: labels.refresh()", layers[2].refresh)
        note("napari: the calls that we make", lambda n=1 - other: replace_all(n))
        viewer.layers.remove(layers[2])
    viewer.close()
    return {name: summary(seconds) for name, seconds in found.items()}


@contextmanager
def assistant_on(image: Any) -> Iterator[tuple[Any, Any, Beats]]:
    """Open a viewer with the Assistant; yield both, and how opening it went."""
    viewer = napari.Viewer()
    viewer.add_image(image, name="image", axis_labels="zyx"[-image.ndim :])
    watch(lambda: None, quiet=0.5)
    opened: list[Any] = []
    beats = watch(
        lambda: opened.append(viewer.window.add_plugin_dock_widget("napari-delineate", "Assistant"))
    )
    yield viewer, opened[0][1], beats
    opened[0][1].session.close()
    opened[0][1].stop()
    viewer.close()


def build(assistant: Any) -> Any:
    """Add the three steps as the tiles do; return the layer of labels."""
    session = assistant.session
    for operation in STEPS:
        rest = at_rest(session)
        watch(lambda operation=operation: assistant.add(operation), quiet=0.2, is_done=rest)
        step = session.workflow.steps[-1]
        session.viewer.layers.selection.active = session.layer(step.outputs[0])
    return session.layer(session.workflow.steps[-1].outputs[0])


def at_rest(session: Any) -> Callable[[], bool]:
    return lambda: not session.running


def type_sigma(assistant: Any, sigma: float) -> None:
    """Change sigma as the arrows of its editor do."""
    assistant.panel.settings["sigma"].findChild(QDoubleSpinBox).setValue(sigma)


def ours(image: Any) -> Figures:
    """Time us."""
    from napari_delineate import recovery
    from napari_delineate._napari import last_settings

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as kept:
        recovery.recovery_folder = lambda: Path(kept)
        last_settings.settings_file = lambda: Path(kept) / "last_settings.json"
        found: dict[str, list[float]] = {}
        with assistant_on(image) as (_, assistant, opened):
            found["open the dock, cold"] = [opened.idle]
            changes(assistant, found)
        for _ in range(3):
            with assistant_on(image) as (_, _, opened):
                found.setdefault("open the dock", []).append(opened.idle)
    return {name: summary(seconds) for name, seconds in found.items()}


def changes(assistant: Any, found: dict[str, list[float]]) -> None:
    """Change sigma, and take it back."""
    session = assistant.session
    labels = build(assistant)
    gaussian = session.workflow.steps[0].name
    assistant.select(gaussian)
    rest = at_rest(session)

    def change(sigma: float) -> None:
        session.change(gaussian, parameters={"sigma": sigma})

    def note(name: str, beats: Beats) -> None:
        found.setdefault(f"{name}: gap", []).append(beats.gap)
        found.setdefault(f"{name}: until shown", []).append(beats.shown)

    def drag() -> None:
        for number, sigma in enumerate(DRAGGED):
            QTimer.singleShot(200 * number, lambda sigma=sigma: type_sigma(assistant, sigma))

    look = sample(labels)
    for sigma in WARM_UP:
        watch(lambda sigma=sigma: type_sigma(assistant, sigma), look, is_done=rest)
    for sigma in SIGMAS:
        act = watch(lambda sigma=sigma: type_sigma(assistant, sigma), look, is_done=rest)
        note("sigma in the Assistant", act)
    for sigma in OTHER_SIGMAS:
        note("sigma by the session", watch(lambda sigma=sigma: change(sigma), look, is_done=rest))
    for _ in SIGMAS:
        note("undo", watch(session.undo, look, is_done=rest))
    note("five changes in a row", watch(drag, look, is_done=rest))
    # Two seconds after the last change the session is kept for a crash.
    found["kept for a crash: gap"] = [watch(lambda: None, quiet=15.0).gap]
    expected = session.results[session.workflow.steps[-1].outputs[0]].data
    assert np.array_equal(labels.data, expected), "the layer does not show the result"


def with_shares(figures: Figures) -> Figures:
    """Add what is left of gaps and times when the share of napari is taken off."""
    share = figures["napari: the calls that we make"]["median"]
    left = {
        f"{name}, ours": {key: max(seconds - share, 0.0) for key, seconds in one.items()}
        for name, one in figures.items()
        if name.startswith(_MINE) and (name.endswith("gap") or name.startswith("undo"))
    }
    return dict(sorted({**figures, **left}.items()))


def peer(python: str, image: Any) -> dict[str, Any]:
    """Time napari-assistant in its own environment."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "image.npy"
        np.save(path, image)
        command = [python, "-m", "benchmarks.peer_responsiveness", str(path)]
        environment = {**os.environ, "NAPARI_CONFIG": str(Path(folder) / "settings.yaml")}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise RuntimeError(f"the peer has failed: {done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def report(case: str, figures: Figures) -> None:
    print(f"\n{case:<44} {'median':>9} {'worst':>9} {'best':>9}  target")
    for name, one in with_shares(figures).items():
        target = TARGETS.get(name)
        verdict = ""
        if target is not None:
            verdict = f"{1000 * target:.0f} ms " + ("met" if one["median"] <= target else "MISSED")
        columns = " ".join(f"{1000 * one[key]:6.0f} ms" for key in ("median", "worst", "best"))
        print(f"{name:<44} {columns}  {verdict}")


def report_peer(figures: Figures, other: dict[str, Any]) -> None:
    print(f"{'napari-assistant beside it':<44} {'here':>9} {'there':>9} {'ratio':>8}")
    mine = {"gap": "sigma in the Assistant: gap", "shown": "sigma in the Assistant: until shown"}
    for key, name in mine.items():
        here, there = figures[name]["median"], other[key]["median"]
        verdict = ""
        if key == "shown":
            verdict = "3x " + ("met" if there >= 3 * here else "MISSED")
        columns = f"{1000 * here:6.0f} ms {1000 * there:6.0f} ms {there / here:7.2f}x"
        print(f"{name:<44} {columns}  {verdict}")


def run_case(case: str) -> Figures:
    """Run a case in this process."""
    image = CASES[case]()
    mine = ours(image)
    return {**mine, **napari_alone(image)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer-python", help="the Python of an environment with napari-assistant")
    parser.add_argument("--only", choices=list(CASES), help="run this case only")
    parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.json:
        with ending():
            print(json.dumps(run_case(given.only)), flush=True)
    for case in [given.only] if given.only else CASES:
        command = [sys.executable, "-m", "benchmarks.responsiveness", "--json", "--only", case]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{case} has failed: {done.stderr[-4000:]}")
        figures = json.loads(done.stdout.splitlines()[-1])
        report(case, figures)
        if given.peer_python:
            report_peer(figures, peer(given.peer_python, CASES[case]()))
    if not given.peer_python:
        print("\nnapari-assistant was not timed: give --peer-python to do so.")


if __name__ == "__main__":
    main()
