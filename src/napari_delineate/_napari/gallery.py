"""Compare what a step could give instead, in small pictures of what is on the screen."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from napari.layers import Image, Labels, Layer
from napari.qt.threading import create_worker
from qtpy.QtCore import Qt, QTimer, Signal
from qtpy.QtWidgets import QLabel, QToolButton, QVBoxLayout, QWidget

from napari_delineate import catalogue
from napari_delineate._napari.outcomes import Outcome
from napari_delineate._napari.session import Session
from napari_delineate._napari.visible import (
    camera_of,
    displayed_axes,
    visible_centre,
    visible_region,
)
from napari_delineate._napari.widgets import Message
from napari_delineate._napari.widgets.step_look import StepLook
from napari_delineate._napari.widgets.thumbnails import Card, Thumbnails
from napari_delineate._napari.widgets.variation import Variation
from napari_delineate.axes import PLACES, looped_axes, spatial_axes
from napari_delineate.catalogue import UnknownNameError
from napari_delineate.declaration import Scope
from napari_delineate.engine import CancelledError, Engine
from napari_delineate.lineage import Lineage
from napari_delineate.regions import Region, limit, shape_of
from napari_delineate.steps import Step, grid_source
from napari_delineate.trials import Sight, Trial, backdrop, try_out
from napari_delineate.values import Value
from napari_delineate.variants import Variant, upstream
from napari_delineate.worker import WorkerRunner
from napari_delineate.workflow import Workflow

__all__ = ["Gallery"]

_MOST_VOXELS = 4e6
_CACHE_BYTES = 256 * 2**20
_PAUSE = 250
"""Milliseconds for which the view must rest before anything is computed."""


@dataclass(eq=False)
class _Job:
    """One run through all variants, and whether it is to end."""

    variants: tuple[Variant, ...]
    sight: Sight
    size: int = 0
    cancelled: threading.Event = field(default_factory=threading.Event)

    def check(self) -> None:
        """Raise `CancelledError` once it is to end."""
        if self.cancelled.is_set():
            raise CancelledError

    def run(self, engine: Engine) -> Iterator[tuple[_Job, Trial | Outcome]]:
        """Yield how far the trials are, and what ended them early; this runs in a thread."""
        try:
            for trial in try_out(engine, self.variants, self.sight, self.size, self.check):
                yield self, trial
        except CancelledError:
            return
        except Exception as error:
            yield self, Outcome(error=error)


class Gallery(QWidget):
    """Show what other algorithms or settings give in the place of a step.

    Everything is computed in the background, in processes of its own that begin when it is
    first shown and end with `close`, and only on what is on the screen. It stops when that
    changes, or the step or what it works on, or when the gallery is hidden.

    Parameters
    ----------
    session : Session
        The session with the step, its results and the viewer.
    """

    taken = Signal(str, object)
    """Name of the step, and the `Variant` that was chosen."""
    closed = Signal()
    """The gallery was closed, and its processes have ended."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._step: str | None = None
        self._variants: tuple[Variant, ...] = ()
        self._known: dict[str, tuple[Value, str]] = {}  # what the step works on, and its key
        self._over: str | None = None
        self._layer: Layer | None = None
        self._heads: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
        self._key: Any = None  # what is shown, being computed, or about to be
        self._engine: Engine | None = None
        self._runner: WorkerRunner | None = None
        self._job: _Job | None = None
        self._worker: Any = None
        self._again = False
        self._watched: list[tuple[Any, Any]] = []  # events, and what follows them
        self._timer = QTimer(self, singleShot=True, interval=_PAUSE)
        self._timer.timeout.connect(self._begin)

        self.variation = Variation(session.viewer.theme)
        self.variation.changed.connect(self._plan)
        self.close_button = QToolButton()
        self.close_button.setText("Close")
        self.close_button.setToolTip("Close the gallery (Esc)")
        self.close_button.setAccessibleName("Close the gallery")
        self.close_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.close_button.clicked.connect(self.close)
        self.variation.header.addWidget(self.close_button)
        self.message = Message()
        self.thumbnails = Thumbnails(session.viewer.theme)
        self.thumbnails.chosen.connect(self._on_chosen)
        self.region_line = QLabel()
        self.region_line.setWordWrap(True)
        self.region_line.setTextFormat(Qt.TextFormat.PlainText)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.variation)
        layout.addWidget(self.message)
        layout.addWidget(self.thumbnails)
        layout.addWidget(self.region_line)
        layout.addStretch(1)
        session.changed.connect(self._plan)
        session.finished.connect(self._plan)
        self._on_theme()

    def show_step(self, step: str | None) -> None:
        """Compare what a step could be.

        Parameters
        ----------
        step : str or None
            Name of the step; None for none.
        """
        self._step = step
        self._plan()

    @property
    def is_computing(self) -> bool:
        """Whether something is being computed, or about to be."""
        return self._worker is not None or self._timer.isActive()

    def close(self) -> bool:
        """Hide the gallery and end its processes; showing it again begins anew."""
        self._cancel()
        if self._runner is not None:
            self._runner.close()
        self._engine = self._runner = None
        closed = super().close()
        self.closed.emit()
        return closed

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def showEvent(self, event: Any) -> None:  # noqa: N802
        super().showEvent(event)
        viewer = self._session.viewer
        self._watched = [(emitter, self._look) for emitter in _events_of_view(viewer)]
        self._watched.append((viewer.events.theme, self._on_theme))
        for emitter, react in self._watched:
            emitter.connect(react)
        self._on_theme()
        self._plan()

    def hideEvent(self, event: Any) -> None:  # noqa: N802
        super().hideEvent(event)
        self._cancel()
        for emitter, react in self._watched:
            emitter.disconnect(react)
        self._watched = []

    # What is to be computed

    def _plan(self, _: Any = None) -> None:
        """Follow the workflow: which variants there are, and what they work on."""
        if not self.isVisible():
            return
        workflow = self._session.workflow
        try:
            step = None if self._step is None else workflow.step(self._step)
        except UnknownNameError:
            step = self._step = None
        self.variation.show_step(workflow, None if step is None else step.name)
        if step is None:
            self._variants = ()
            self.thumbnails.set_cards(())
            self._rest("Select a step to compare what it could be.")
            return
        self._variants, rows, columns, present = self.variation.variants()
        self._heads = rows, columns
        self._over = backdrop(workflow, step.name)
        names = {*step.sources, *(() if self._over is None else (self._over,))}
        found = {name: self._find(workflow, name) for name in names}
        self._known = {name: one for name, one in found.items() if one is not None}
        self._layer = self._find_layer(workflow, step)
        cards = [Card(one.title, one.detail) for one in self._variants]
        self.thumbnails.set_cards(cards, rows, columns)
        self.thumbnails.set_present(present)
        if any(name not in self._known for name in step.sources):
            self._rest("What the step works on is not computed yet.")
            return
        self._look()

    def _look(self, _: Any = None) -> None:
        """Follow the view: which region is computed."""
        if not self.isVisible() or self._step is None:
            return
        step = self._variants[0].workflow.step(self._step) if self._variants else None
        if step is None or any(name not in self._known for name in step.sources):
            return
        sight = self._sight()
        if sight is None:
            self._rest("Nothing of it is on the screen. Move or reset the view to see it.")
            return
        keys = tuple((name, key) for name, (_, key) in sorted(self._known.items()))
        steps = tuple(one.workflow.step(one.step) for one in self._variants)
        device = self._variants[0].workflow.device
        titles = tuple(one.title for one in self._variants), self._heads
        place = sorted(sight.place.items()), sorted(sight.region.items()), sight.shown
        key = (steps, device, titles, keys, place)
        if key == self._key:
            return
        self._rest("")
        self._key = key
        self._job = _Job(self._variants, sight)
        self._show_region(sight)
        self._timer.start()

    def _rest(self, why: str) -> None:
        """Compute nothing, and say why."""
        self._cancel()
        for index in range(len(self._variants)):
            self.thumbnails.wait(index)
        self.region_line.setText("")
        self.message.say(why, "hint", self._session.viewer.theme)

    def _find(self, workflow: Workflow, name: str) -> tuple[Value, str] | None:
        """Return a value of the workflow and what tells it from others, if it is known."""
        if name in workflow.inputs:
            version = str(workflow.inputs[name].version)
            return self._session.store.get(version), version
        results, evaluated = self._session.results, self._session.evaluated
        if name not in results or name not in evaluated.values:
            return None
        # Results of a workflow before a change that they depend on are not those of now.
        if upstream(evaluated, [name]) != upstream(workflow, [name]):
            return None
        return results[name], results.content_keys[name]

    def _find_layer(self, workflow: Workflow, step: Step) -> Layer | None:
        """Return a layer with the grid that the step works on, which says what is seen."""
        grids = Lineage(workflow).grids
        own = grids[grid_source(step, workflow.values)]
        here = [name for name in workflow.values if grids[name] == own]
        for name in (*step.sources, *here):
            layer = self._session.layer(name)
            if isinstance(layer, Image | Labels):
                return layer
        return None

    def _sight(self) -> Sight | None:
        """Return what is on the screen of what the step works on, None if nothing is."""
        values = {name: value for name, (value, _) in self._known.items()}
        over = values.get(self._over or "")
        step = self._variants[0].workflow.step(str(self._step))
        values = {name: values[name] for name in step.sources}
        grids = [one for one in (*values.values(), over) if one is not None and one.kind.is_grid]
        shape = shape_of(grids[0]) if grids else {}
        viewer, layer = self._session.viewer, self._layer
        region: Region | None = {}
        centre = {letter: size // 2 for letter, size in shape.items()}
        shown = "YX"
        if layer is not None:
            region, centre = visible_region(viewer, layer), visible_centre(viewer, layer)
            on_screen = displayed_axes(viewer, layer)
            shown = on_screen[-2:] if len(on_screen) > 1 else shown
        if region is None:
            return None
        if shape:
            region = limit(region, shape, _MOST_VOXELS, centre)
        is_solid = layer is not None and viewer.dims.ndisplay == 3
        cut = [letter for letter in centre if letter not in shown]
        place = {letter: centre[letter] for letter in cut if not (is_solid and letter in "ZYX")}
        return Sight(values, over, region, place, shown)

    def _show_region(self, sight: Sight) -> None:
        """Say what is computed, and give the pictures its shape."""
        grid = next((one for one in (*sight.values.values(), sight.over) if one is not None), None)
        if grid is None or not grid.kind.is_grid:
            self.region_line.setText("Computed on what is on the screen.")
            return
        shape, region = shape_of(grid), sight.region
        spacing = dict(zip(spatial_axes(grid.axes), grid.spacing, strict=True))
        size = {letter: region[letter][1] - region[letter][0] for letter in shape}
        height, width = (size[letter] * spacing[letter] for letter in sight.shown)
        self.thumbnails.set_aspect(height / width)
        self.region_line.setText(_in_words(shape, region, self._variants))

    # Computing

    def _begin(self) -> None:
        if self._worker is not None:
            self._again = True
            return
        if self._job is None or not self.isVisible():
            return
        if self._engine is None:
            self._runner = WorkerRunner()
            self._engine = Engine(self._runner, _CACHE_BYTES)
        self._job.size = self.thumbnails.picture_size()
        self._worker = create_worker(
            self._job.run,
            self._engine,
            _start_thread=False,
            _connect={"yielded": self._on_trial, "finished": self._on_finished},
        )
        self._worker.start()

    def _cancel(self) -> None:
        """Stop what is being computed, and forget what was to be."""
        self._timer.stop()
        self._again = False
        self._key = None
        job, self._job = self._job, None
        if job is not None:
            job.cancelled.set()
        if self._worker is not None and self._engine is not None:
            self._engine.cancel()

    def _on_trial(self, given: tuple[_Job, Trial | Outcome]) -> None:
        job, trial = given
        if job is not self._job:
            return
        if isinstance(trial, Outcome):
            self._rest("")
            self.message.say(trial.sentence, "error", self._session.viewer.theme)
            return
        if not trial.is_done:
            self.thumbnails.begin(trial.index)
        elif trial.error:
            self.thumbnails.fail(trial.index, trial.error)
        else:
            self.thumbnails.fill(trial.index, trial.picture, trial.count, trial.seconds)

    def _on_finished(self) -> None:
        self._worker = None
        if self._again:
            self._again = False
            self._begin()

    def _on_chosen(self, index: int) -> None:
        if self._step is not None and not self.thumbnails.cards[index].is_present:
            self.taken.emit(self._step, self._variants[index])

    def _on_theme(self, _: Any = None) -> None:
        theme = self._session.viewer.theme
        self.variation.set_theme(theme)
        self.thumbnails.set_theme(theme)
        look = StepLook(theme)
        size = self.close_button.fontInfo().pointSizeF()
        self.region_line.setStyleSheet(
            f"color: {look.dim(look.background).name()}; font-size: {size}pt;"
        )
        # Two lines have room from the start, so that nothing moves when a word more is said.
        self.region_line.setMinimumHeight(2 * self.close_button.fontMetrics().lineSpacing())


def _events_of_view(viewer: Any) -> tuple[Any, ...]:
    """Return the events that tell that something else is on the screen."""
    camera, dims = camera_of(viewer).events, viewer.dims.events
    # napari before 0.9 does not tell the size.
    sizes = (viewer.canvas.events.size,) if hasattr(viewer, "scene") else ()
    return camera.center, camera.zoom, dims.current_step, dims.ndisplay, dims.order, *sizes


def _in_words(shape: dict[str, int], region: Region, variants: tuple[Variant, ...]) -> str:
    """Say what was computed, and whether the whole image may give something else."""
    in_space = [letter for letter in "XYZ" if letter in shape]
    lengths = [region[letter][1] - region[letter][0] for letter in in_space]
    size = f"{' × '.join(map(str, lengths))} px"
    loops = "".join(
        f", {PLACES.get(letter, letter)} {region[letter][0] + 1}"
        for letter in looped_axes("".join(shape))
    )
    if all(region[letter] == (0, shape[letter]) for letter in in_space):
        return f"Computed on the whole image, {size}{loops}."
    found = (catalogue.find(one.workflow.step(one.step).operation) for one in variants)
    if any(isinstance(one.declaration.locality, Scope) for one in found):
        loops += ". The whole image may give other results"
    return f"Computed on what is on the screen, {size}{loops}."
