"""The command `tune`: fit a workflow to a folder of annotations."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args

from napari_delineate import batches, catalogue
from napari_delineate.files import read_workflow, write_table, write_workflow
from napari_delineate.interrupts import noticed_interrupts
from napari_delineate.terminal import write
from napari_delineate.tuning import (
    ALGORITHM,
    Annotation,
    Case,
    Goal,
    Trial,
    Tunable,
    Tuned,
    scored_value,
    split,
    tunable,
    tunables,
    tune,
)
from napari_delineate.tuning.folders import read_cases
from napari_delineate.wording import value_in_words
from napari_delineate.workflow import Workflow

__all__ = ["add_tune"]

_ENDING = ".json"


def add_tune(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command.

    Parameters
    ----------
    add : callable
        Adds a command: name, function, text and epilog to its parser.
    """
    parser = add(
        "tune",
        _tune,
        "Fit the parameters of a workflow to annotated images.",
        """\
        Images and annotations belong together by their names. The search begins with the
        workflow as it is; the best parameters go into a new workflow file, all that was
        tried and how (seed, bounds, scores of each image) into files beside it. Images kept
        aside are scored before and after, and never searched with.

        examples:
          napari-delineate tune nuclei.json images/ annotations/ --output tuned.json
          napari-delineate tune nuclei.json images/ annotations/ --held-out 2 \\
              --parameter gaussian.sigma=0.5:8 --algorithm threshold \\
              --metric metrics.panoptic_quality --trials 200 --seed 1 --output tuned.json
        """,
    )
    parser.add_argument("workflow", type=Path, help="a workflow file (.json)")
    parser.add_argument("images", type=Path, help="an image, or a folder of images")
    parser.add_argument("annotations", type=Path, help="its annotation, or a folder of the same")
    parser.add_argument(
        "--input",
        action="append",
        default=[],
        metavar="NAME=FILE|FOLDER",
        help="the file or folder for a further input; by default the file named in the workflow",
    )
    parser.add_argument(
        "--steps", nargs="+", metavar="STEP", help="steps whose settings change; by default all"
    )
    parser.add_argument(
        "--parameter",
        action="append",
        default=[],
        metavar="STEP.SETTING[=LOW:HIGH|=A,B]",
        help="a setting that changes, with bounds or choices; alone, only what is named changes",
    )
    parser.add_argument(
        "--algorithm",
        action="append",
        default=[],
        metavar="STEP",
        help="a step for which other algorithms of its category are tried",
    )
    parser.add_argument(
        "--metric",
        default="metrics.sparse_jaccard",
        metavar="ID[:SCORE]",
        help="the score that is to become as good as possible; default %(default)s",
    )
    parser.add_argument(
        "--annotation",
        choices=get_args(Annotation),
        default="dense",
        help="all objects are annotated, some are, or strokes were painted; default %(default)s",
    )
    parser.add_argument("--result", help="the value that is scored; by default the last labels")
    parser.add_argument(
        "--held-out", type=int, default=0, metavar="N", help="how many images are kept aside"
    )
    parser.add_argument("--trials", type=int, default=100, help="default %(default)s")
    parser.add_argument("--seconds", type=float, help="the time after which no trial begins")
    parser.add_argument("--seed", type=int, default=0, help="default %(default)s")
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        help="the workflow to write (.json); its history: .csv",
    )


def _tune(chosen: argparse.Namespace) -> int:
    from tqdm import tqdm

    if chosen.output.suffix.lower() != _ENDING:
        raise ValueError(f"{chosen.output} must end in {_ENDING}")
    workflow = read_workflow(chosen.workflow)
    result = chosen.result or scored_value(workflow)
    if result not in workflow.values:
        raise ValueError(f"the workflow gives no {result!r}")
    tuned = _tuned(workflow, chosen)
    metric, _, score = chosen.metric.partition(":")
    goal = Goal(metric, score, chosen.annotation)
    cases = _cases(workflow, chosen, workflow.values[result].axes)
    fitting, held_out = split(cases, chosen.held_out, seed=chosen.seed)
    batches.check_folder(chosen.output.absolute().parent)
    with tqdm(total=chosen.trials, unit="trial", disable=None) as bar, noticed_interrupts() as stop:
        best: list[Trial] = []

        def report(trial: Trial) -> None:
            if not trial.reason and (
                not best or goal.merit(trial.score) > goal.merit(best[0].score)
            ):
                best[:] = [trial]
                bar.set_description(f"best {trial.score:.4g}")
            bar.update()

        found = tune(
            workflow,
            fitting,
            tuned,
            goal,
            held_out=held_out,
            result=result,
            trials=chosen.trials,
            seconds=chosen.seconds,
            seed=chosen.seed,
            report=report,
            check=stop,
        )
    write_workflow(chosen.output, found.workflow)
    history = write_table(chosen.output.with_suffix(".csv"), found.table(), found.provenance())
    _say(found, tuned)
    write(f"wrote {chosen.output} and {history}")
    return 1 if found.is_cancelled else 0


def _tuned(workflow: Workflow, chosen: argparse.Namespace) -> tuple[Tunable, ...]:
    """Read which parameters change; what is named wins over what is one of many."""
    named = [_parameter(workflow, text) for text in chosen.parameter]
    named += [tunable(workflow, step, ALGORITHM) for step in chosen.algorithm]
    found: tuple[Tunable, ...] = ()
    if chosen.steps or not chosen.parameter:
        found = tunables(workflow, chosen.steps)
    return tuple({one.name: one for one in (*found, *named)}.values())


def _parameter(workflow: Workflow, text: str) -> Tunable:
    name, equals, values = text.partition("=")
    step, dot, setting = name.partition(".")
    if not dot or (equals and not values):
        raise ValueError(f"--parameter {text}: write STEP.SETTING, =LOW:HIGH or =A,B behind it")
    if not values:
        return tunable(workflow, step, setting)
    if ":" in values:
        try:
            low, high = (float(part) for part in values.split(":"))
        except ValueError:
            raise ValueError(f"--parameter {text}: write the bounds as LOW:HIGH") from None
        return tunable(workflow, step, setting, low=low, high=high)
    words: dict[str, Any] = {"true": True, "false": False}
    return tunable(
        workflow, step, setting, choices=[words.get(one.lower(), one) for one in values.split(",")]
    )


def _cases(workflow: Workflow, chosen: argparse.Namespace, axes: str) -> list[Case]:
    """Read images and annotations; one that can not be read is reported and skipped."""

    def skipped(name: str, reason: str) -> None:
        warnings.warn(f"{name} is skipped: {reason}", stacklevel=1)

    return read_cases(workflow, _places(workflow, chosen), chosen.annotations, axes, skipped)


def _places(workflow: Workflow, chosen: argparse.Namespace) -> dict[str, Path]:
    """Return where inputs are: the images belong to the first input that is not named."""
    named = {}
    for text in chosen.input:
        name, equals, place = text.partition("=")
        if name not in workflow.inputs or not (equals and place):
            names = ", ".join(workflow.inputs) or "none"
            raise ValueError(f"--input {text}: write NAME=FILE with an input of: {names}")
        named[name] = Path(place)
    first = next((name for name in workflow.inputs if name not in named), None)
    if first is None:
        raise ValueError("every input is named, so that the images belong to none")
    return {first: chosen.images, **named}


def _say(found: Tuned, tuned: Sequence[Tunable]) -> None:
    """Print the best parameters and what they gave."""
    better = found.goal.scoring.better
    write(f"{found.goal.title} ({better} is better), seed {found.seed}")
    write(
        f"  {len(found.fitted)} fitted: {found.before:.4g} before, {found.after:.4g} now "
        f"(trial {found.best.number} of {len(found.trials)})"
    )
    if found.held_out:
        merits = [found.goal.merit(one) for one in (found.held_out_before, found.held_out_after)]
        worse = "; worse, so that it fits the other images only" if merits[1] < merits[0] else ""
        write(
            f"  {len(found.held_out)} held out: {found.held_out_before:.4g} before, "
            f"{found.held_out_after:.4g} now{worse}"
        )
    for one in tuned:
        if one.name in found.best.parameters:
            hint = ", at its bound" if one.is_at_bound(found.best.parameters[one.name]) else ""
            write(f"  {one.name} = {_in_words(found.workflow, one)}{hint}")
    if found.is_cancelled:
        write("interrupted; this is the best of what was tried")


def _in_words(workflow: Workflow, one: Tunable) -> str:
    step = workflow.step(one.step)
    if one.setting == ALGORITHM:
        return step.operation
    settings = {entry.name: entry for entry in catalogue.find(step.operation).settings}
    return value_in_words(workflow, one.step, settings[one.setting], step.parameters[one.setting])
