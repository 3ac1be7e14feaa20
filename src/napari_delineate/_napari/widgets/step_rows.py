"""Say in words what each row of the list of steps shows; nothing here needs Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest

from napari_delineate import catalogue
from napari_delineate.captions import caption_of
from napari_delineate.graph import Edge, Row
from napari_delineate.wording import memory_in_words
from napari_delineate.workflow import Workflow

__all__ = ["Status", "StepRow", "StepState", "rows_of", "time_text"]

_WORDS = {
    "s": "second",
    "min": "minute",
    "h": "hour",
}


class Status(StrEnum):
    """Say how the result of a step stands to its settings."""

    FRESH = "fresh"
    RUNNING = "running"
    STALE = "stale"
    FAILED = "failed"
    BYPASSED = "bypassed"


@dataclass(frozen=True)
class StepState:
    """Describe what is known of a step, or an input, while a person works.

    Attributes
    ----------
    status : Status
        How its result stands to its settings.
    part : float
        Share of a running step that is done, 0 to 1; 0 where that is not known.
    message : str
        Why it failed, in one sentence.
    seconds : float or None
        The time that computing it took.
    nbytes : int or None
        The memory that its results hold.
    shown : bool
        Whether its layer is visible.
    layer_name : str or None
        What its layer is called now; None where no layer shows it, so that there is
        nothing to show or hide.
    """

    status: Status
    part: float = 0.0
    message: str = ""
    seconds: float | None = None
    nbytes: int | None = None
    shown: bool = True
    layer_name: str | None = None


@dataclass(frozen=True)
class StepRow:
    """Hold all that is shown of one input or step.

    Attributes
    ----------
    key : str
        What identifies it: the name of the step or the input.
    is_input : bool
        Whether it is an input.
    title : str
        Title of the operation; for an input, its name.
    names : tuple of str
        What its values are called, the first as its layer is.
    values : tuple of str
        The names of these values in the workflow.
    kind : str
        Kind and axes of an input; empty for a step.
    icon : str
        Name of its icon, or the id of the category that has it.
    lane : int
        Lane of its dot.
    edges : tuple of Edge
        The lines between the row above and this one.
    below : tuple of int
        The lanes in which lines go on to the row below.
    state : StepState
        What is known of it.
    """

    key: str
    is_input: bool
    title: str
    names: tuple[str, ...]
    values: tuple[str, ...]
    kind: str
    icon: str
    lane: int
    edges: tuple[Edge, ...]
    below: tuple[int, ...]
    state: StepState

    @property
    def message(self) -> str:
        """Why it failed; empty if it did not."""
        return self.state.message if self.state.status is Status.FAILED else ""

    @property
    def has_layer(self) -> bool:
        """Whether a layer shows it, which can be hidden."""
        return self.state.layer_name is not None

    @property
    def facts(self) -> tuple[str, ...]:
        """What stands behind the names in the second line, in short words."""
        state = self.state
        if state.status is Status.RUNNING:
            return (f"{100 * state.part:.0f} %",) if state.part > 0 else ("running",)
        if state.status is Status.STALE:
            return (self._waiting,)
        if state.status is not Status.FRESH:
            return (str(state.status),)
        known = [] if state.seconds is None else [time_text(state.seconds)]
        known += [] if state.nbytes is None else [memory_in_words(state.nbytes)]
        return tuple(known)

    @property
    def _waiting(self) -> str:
        return "changed" if self.is_input else "waiting"

    def spoken(self) -> str:
        """Return the row as a screen reader says it."""
        state = self.state
        said = [self.title]
        said.append(self.kind if self.is_input else f"gives {' and '.join(self.names)}")
        if state.status is Status.RUNNING and state.part > 0:
            said.append(f"running, {100 * state.part:.0f} percent")
        elif state.status is Status.STALE:
            said.append(self._waiting)
        elif state.status is not Status.FRESH or not self.is_input:
            said.append(str(state.status))
        if state.status is Status.FRESH:
            said += [] if state.seconds is None else [time_text(state.seconds, spoken=True)]
            said += [] if state.nbytes is None else [memory_in_words(state.nbytes, spoken=True)]
        if self.has_layer and not state.shown:
            said.append("layer hidden")
        return ", ".join(said) + (f": {self.message}" if self.message else "")


def rows_of(
    workflow: Workflow, layout: tuple[Row, ...], states: Mapping[str, StepState]
) -> list[StepRow]:
    """Return the rows that a list of steps shows.

    Parameters
    ----------
    workflow : Workflow
        The workflow.
    layout : tuple of Row
        Its layout, see `napari_delineate.graph.lay_out`.
    states : mapping of str to StepState
        What is known of steps and inputs, by name. Steps that are not in it wait.

    Returns
    -------
    list of StepRow
        One for each row of the layout.
    """
    found = []
    steps = {step.name: step for step in workflow.steps}
    for row, after in zip_longest(layout, layout[1:]):
        missing = StepState(Status.FRESH if row.is_input else Status.STALE)
        state = states.get(row.key, missing)
        names = (state.layer_name or row.values[0], *row.values[1:])
        if row.is_input:
            title, kind = names[0], caption_of(workflow, row).lines[0]
            icon = f"kind-{workflow.inputs[row.name].kind}"
        else:
            operation = catalogue.find(steps[row.name].operation)
            title, kind = operation.title, ""
            icon = operation.category.id
        below = () if after is None else tuple(sorted({edge.start for edge in after.edges}))
        found.append(
            StepRow(
                row.key,
                row.is_input,
                title,
                names,
                row.values,
                kind,
                icon,
                row.lane,
                row.edges,
                below,
                state,
            )
        )
    return found


def time_text(seconds: float, *, spoken: bool = False) -> str:
    """Return a time with its unit, as short as it is still useful.

    Parameters
    ----------
    seconds : float
        The time.
    spoken : bool
        Whether units are whole words.

    Returns
    -------
    str
        The text.

    Examples
    --------
    >>> time_text(0.1234), time_text(9.97), time_text(75), time_text(0.001)
    ('0.12 s', '10 s', '1 min 15 s', '< 0.01 s')
    >>> time_text(75, spoken=True)
    '1 minute 15 seconds'
    """
    if seconds < 0.01:
        return f"less than {_with_unit('0.01', 's')}" if spoken else "< 0.01 s"
    if seconds < 59.5:
        parts = [(f"{seconds:.2g}", "s")]
    else:
        minutes, rest = divmod(round(seconds), 60)
        parts = [(str(minutes), "min"), (str(rest), "s")]
        if minutes >= 60:
            parts = [(str(minutes // 60), "h"), (str(minutes % 60), "min")]
    return " ".join(_with_unit(*part) if spoken else " ".join(part) for part in parts)


def _with_unit(number: str, unit: str) -> str:
    """Return a number with its unit as a whole word."""
    return f"{number} {_WORDS[unit]}{'' if number == '1' else 's'}"
