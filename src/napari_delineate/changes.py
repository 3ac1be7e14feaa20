"""Say in a few words what changed from one workflow to the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import PurePath
from typing import Any

from napari_delineate import catalogue
from napari_delineate.annotation.meaning import Annotation
from napari_delineate.proofreading_report import title_of_decisions
from napari_delineate.steps import Step, WorkflowInput, names_in, renamed, wire
from napari_delineate.types import Kind
from napari_delineate.wording import spaced, unit_symbol, value_in_words
from napari_delineate.workflow import Workflow

__all__ = ["describe_change"]

_PAINTED = (Kind.LABELS, Kind.MASK)
_DRAWN = (Kind.POINTS, Kind.SHAPES)


def describe_change(
    before: Workflow, after: Workflow, title_of_edit: Callable[[str], str] = lambda _: ""
) -> str:
    """Say what changed from one workflow to another.

    Parameters
    ----------
    before, after : Workflow
        The workflows; any two.
    title_of_edit : callable, optional
        Returns what was done by hand to get a version of an input, empty where nobody knows.

    Returns
    -------
    str
        A short title: the most important change, and how many there are besides. What
        follows from a change, such as the new wiring behind an inserted step, does not
        count.

    Examples
    --------
    >>> from napari_delineate import voxels
    >>> image = WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0))
    >>> first = Workflow().add_input("coins", image).add("filters.gaussian", {"image": "coins"})
    >>> describe_change(Workflow(), first)
    'Add Gaussian'
    >>> describe_change(first, first.change("gaussian", parameters={"sigma": voxels(3)}))
    'Sigma of Gaussian: 2 px → 3 px'
    """
    if before == after:
        return "No change"
    # A workflow may one day differ in what this module does not know.
    compared = _Comparison(before, after, title_of_edit)
    # What is decided about an object may entail an edit of it, which says what is decided.
    first, *more = compared.titles() or compared.decisions() or ["Change the workflow"]
    return f"{first} and {len(more)} more" if more else first


class _Comparison:
    """Compare two workflows; steps are known by their names."""

    def __init__(
        self, before: Workflow, after: Workflow, title_of_edit: Callable[[str], str]
    ) -> None:
        self.before, self.after = before, after
        self.title_of_edit = title_of_edit
        old = {step.name: _plain(step) for step in before.steps}
        new = {step.name: _plain(step) for step in after.steps}
        self.renamed = _renamed(before, after)
        self.added = [step for name, step in new.items() if name not in old]
        self.removed = [step for name, step in old.items() if name not in new]
        common = [(old[name], step) for name, step in new.items() if name in old]
        self.replaced = [(a, b) for a, b in common if a.operation != b.operation]
        self.kept = [
            (replace(a, inputs=renamed(a.inputs, self.renamed)), b)
            for a, b in common
            if a.operation == b.operation
        ]
        self.moved = _moved([a.name for a in before.steps if a.name in new], [*new])
        self.rewired = [(a, b) for a, b in self.kept if a.inputs != b.inputs]
        self.fitted = [
            new.name for old, new in common if new.fit is not None and new.fit != old.fit
        ]
        self.new_inputs = [
            name
            for name in after.inputs
            if name not in before.inputs and name not in self.renamed.values()
        ]

    def titles(self) -> list[str]:
        """Return a title for every change, the most important first."""
        if self._is_another():
            return ["Open a workflow"]
        return [
            *(self._title_of_added(step) for step in self.added),
            *(f"Remove {_title(step)}" for step in self.removed),
            *self._fits(),
            *(
                f"Replace {_title(old)} by {_title(new)}"
                for old, new in self.replaced
                if new.name not in self.fitted
            ),
            *(f"Rename {old} to {new}" for old, new in self.renamed.items()),
            *self._moves(),
            *(
                f"Bypass {_title(new)}" if new.bypassed else f"Use {_title(new)} again"
                for old, new in self.kept
                if old.bypassed != new.bypassed
            ),
            *self._rewirings(),
            *self._settings(),
            *self._loops(),
            *self._inputs(),
            *([f"Device: {self.after.device}"] if self.before.device != self.after.device else []),
        ]

    def decisions(self) -> list[str]:
        """Return a title for every review that changed."""
        old = {self.renamed.get(name, name): one for name, one in self.before.reviews.items()}
        new = self.after.reviews
        return [
            title_of_decisions(name, old.get(name), new.get(name))
            for name in dict.fromkeys((*new, *old))
            if old.get(name) != new.get(name)
        ]

    def _is_another(self) -> bool:
        """Tell whether nothing of the workflow before is left."""
        if not self.after.steps:
            return False
        if not (self.before.steps or self.before.inputs):
            return len(self.after.steps) > 1
        origins = {(name, one.kind, one.source) for name, one in self.before.inputs.items()}
        has_input = any(
            (name, one.kind, one.source) in origins for name, one in self.after.inputs.items()
        )
        has_step = any(step in self.before.steps for step in self.after.steps)
        return not (has_input or has_step or self.renamed)

    def _title_of_added(self, step: Step) -> str:
        painted = any(
            source in self.new_inputs and self.after.inputs[source].kind is Kind.CORRECTIONS
            for source in step.sources
        )
        if not painted:
            return f"Add {_title(step)}"
        return self._title_of_version(step.sources[1]) or f"Paint on {step.sources[0]}"

    def _title_of_version(self, name: str) -> str:
        return self.title_of_edit(str(self.after.inputs[name].version))

    def _moves(self) -> list[str]:
        if len(self.moved) > 1:
            return ["Reorder the steps"]
        return [f"Move {_title(self.after.step(name))}" for name in self.moved]

    def _rewirings(self) -> list[str]:
        """Say which steps use other values, but for what an added or removed step entails."""
        entailed = {
            name
            for step in (*self.added, *self.removed, *(self.after.step(one) for one in self.moved))
            for name in step.outputs
        }
        users: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
        for old, new in self.rewired:
            if new.name in self.moved:
                continue
            for name in new.inputs:
                was, now = names_in(old.inputs[name]), names_in(new.inputs[name])
                if was == now or (set(was) ^ set(now)) & entailed:
                    continue
                used = ", ".join(now) or f"no {spaced(name)}"
                users.setdefault((was, now), []).append(f"Use {used} for {_title(new)}")
        titles = []
        for (was, now), several in users.items():
            if len(several) > 1 and was and now:
                titles.append(f"Use {', '.join(now)} instead of {', '.join(was)}")
            else:
                titles += several
        return titles

    def _fits(self) -> list[str]:
        """Say which steps a search has changed, whatever it changed in them."""
        titles = [_title(self.after.step(name)) for name in self.fitted]
        return [f"Fit {', '.join(titles)} to annotations"] if titles else []

    def _settings(self) -> list[str]:
        titles = []
        for old, new in self.kept:
            if new.name in self.fitted:
                continue
            for setting in catalogue.find(new.operation).settings:
                was, now = old.parameters[setting.name], new.parameters[setting.name]
                if was != now:
                    say = partial(value_in_words, self.after, new.name, setting)
                    texts = _texts(say, was, now)
                    name = spaced(setting.name)
                    titles.append(
                        f"{name[0].upper()}{name[1:]} of {_title(new)}: {' → '.join(texts)}"
                    )
        return titles

    def _loops(self) -> list[str]:
        # Other inputs entail other loops.
        rewired = {new.name for _, new in self.rewired}
        return [
            f"Loop {_title(new)} over {', '.join(new.over) or 'no axis'}"
            for old, new in self.kept
            if old.over != new.over and new.name not in rewired
        ]

    def _inputs(self) -> list[str]:
        """Say what happened to inputs, but for what comes and goes with the steps."""
        rewirings = [*self.replaced, *self.rewired]
        come = _used(*self.added, *(new for _, new in rewirings))
        gone = _used(*self.removed, *(old for old, _ in rewirings))
        titles = [
            f"Add input {name}"
            if self.after.inputs[name].annotation is None
            else f"Annotate {name}"
            for name in self.new_inputs
            if name not in come and name not in self.after.reviews
        ]
        for name, old in self.before.inputs.items():
            new = self.after.inputs.get(self.renamed.get(name, name))
            if new is None:
                is_known = name in gone or name in self.before.reviews
                titles += [] if is_known else [f"Remove input {name}"]
            elif new != old:
                titles += self._changes_of_input(self.renamed.get(name, name), old, new)
        return titles

    def _changes_of_input(self, name: str, old: WorkflowInput, new: WorkflowInput) -> list[str]:
        titles = []
        if old.kind != new.kind:
            titles.append(f"Kind of {name}: {old.kind} → {new.kind}")
        elif old.version != new.version and old.source != new.source:
            titles.append(f"Change {name}")
        elif old.version != new.version:
            titles.append(self._title_of_edit(name, new.kind))
        elif old.source != new.source:
            titles.append(f"File of {name}: {_file(old.source)} → {_file(new.source)}")
        if old.annotation != new.annotation:
            titles.append(_title_of_meaning(name, old.annotation, new.annotation))
        if old.axes != new.axes:
            titles.append(f"Axes of {name}: {old.axes} → {new.axes}")
        if (old.spacing, old.units) != (new.spacing, new.units):
            texts = " → ".join(_texts(_spacing_text, old, new))
            titles.append(f"Voxel size of {name}: {texts}")
        return titles

    def _title_of_edit(self, name: str, kind: Kind) -> str:
        title = self._title_of_version(name)
        if title:
            return title
        if kind is Kind.CORRECTIONS:
            # Corrections are painted on what their step corrects.
            users = (step.sources[0] for step in self.after.steps if name in step.sources[1:])
            return f"Paint on {next(users, name)}"
        if kind in _PAINTED:
            return f"Paint on {name}"
        return f"Draw in {name}" if kind in _DRAWN else f"Change {name}"


def _title_of_meaning(name: str, old: Annotation | None, new: Annotation | None) -> str:
    """Say what changed in what labels mean."""
    if old is None or new is None:
        return f"Annotate {name}" if old is None else f"Annotate {name} no longer"
    if old.classes != new.classes:
        return f"Change the classes of {name}"
    for known, now, verb in ((old.locked, new.locked, "Lock"), (new.locked, old.locked, "Unlock")):
        if set(now) - set(known):
            return f"{verb} objects of {name}"
    if old.class_of != new.class_of:
        return f"Give objects of {name} a class"
    return f"Change what {name} means"


def _renamed(before: Workflow, after: Workflow) -> dict[str, str]:
    """Return the new names of values that have other names, by their old ones."""
    found = {}
    fresh = [name for name in after.inputs if name not in before.inputs]
    for name, value in before.inputs.items():
        if name not in after.inputs:
            same = next((one for one in fresh if after.inputs[one] == value), None)
            if same is not None:
                fresh.remove(same)
                found[name] = same
    new = {step.name: step for step in after.steps}
    for step in before.steps:
        other = new.get(step.name)
        if other is not None and other.operation == step.operation:
            pairs = zip(step.outputs, other.outputs, strict=True)
            found.update((old, name) for old, name in pairs if old != name)
    return found


def _plain(step: Step) -> Step:
    """Return a step as `Workflow.add` makes it: with tuples, and no numbers of NumPy."""
    operation = catalogue.find(step.operation)
    return replace(
        step,
        inputs=wire(operation, step.inputs),
        parameters=operation.check_settings(dict(step.parameters)),
    )


def _moved(old: list[str], new: list[str]) -> list[str]:
    """Return the names that stand elsewhere: one if one did move, else all that are moved."""
    known = set(old)
    now = [name for name in new if name in known]
    apart = [place for place, pair in enumerate(zip(old, now, strict=True)) if pair[0] != pair[1]]
    if not apart:
        return []
    first, last = apart[0], apart[-1]
    # If one step moved, it is the first or the last that stands elsewhere.
    for name in (now[first], now[last]):
        if [one for one in old if one != name] == [one for one in now if one != name]:
            return [name]
    return [now[place] for place in apart]


def _used(*steps: Step) -> set[str]:
    return {name for step in steps for name in step.sources}


def _title(step: Step) -> str:
    return catalogue.find(step.operation).title


def _file(source: str | None) -> str:
    return "none" if source is None else PurePath(source).name or source


def _spacing_text(source: WorkflowInput, digits: int) -> str:
    sizes = " × ".join(f"{size:.{digits}g}" for size in source.spacing)
    return f"{sizes} {unit_symbol(source.units, source.spacing)}"


def _texts(text: Callable[[Any, int], str], was: Any, now: Any) -> tuple[str, str]:
    """Return texts of two values, with as many digits as make them differ."""
    for digits in (4, 9):
        texts = text(was, digits), text(now, digits)
        if texts[0] != texts[1]:
            return texts
    return text(was, 17), text(now, 17)
