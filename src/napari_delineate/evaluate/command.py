"""The command `napari-delineate evaluate`."""

from __future__ import annotations

import argparse
import math
import os
from pathlib import Path

from napari_delineate import batches
from napari_delineate.evaluate.folder import Evaluation, evaluate_folder
from napari_delineate.evaluate.processes import JobError
from napari_delineate.evaluate.statistics import short_number
from napari_delineate.evaluate.writing import check_output, write_evaluation
from napari_delineate.files import read_workflow
from napari_delineate.interrupts import noticed_interrupts
from napari_delineate.terminal import FAILED, OK, say, warn, write
from napari_delineate.workflow import Workflow

__all__ = ["DETAILS", "SUMMARY", "add_arguments", "run"]

SUMMARY = "Run a workflow on a folder of images and score the results against annotations."
DETAILS = """\
    An image and an annotation belong together if their files have the same name, without
    the ending and without words such as img, mask or labels at an end. What has no partner,
    and an image that can not be processed, is reported and skipped. Tables, plots and a
    report (report.html) are written into --output. After Ctrl+C they are of the images that
    are finished.

    examples:
      napari-delineate evaluate nuclei.json images/ annotations/ --output quality/
      napari-delineate evaluate nuclei.json images/ some/ --annotation sparse
      napari-delineate evaluate nuclei.json images/ annotations/ --result nuclei \\
          --metrics panoptic_quality detection_scores.recall
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes.

    Parameters
    ----------
    parser : ArgumentParser
        The parser of the command.
    """
    parser.add_argument("workflow", type=Path, help="a workflow file (.json)")
    parser.add_argument("images", type=Path, help="the folder of images")
    parser.add_argument("annotations", type=Path, help="the folder of annotations")
    parser.add_argument("--output", type=Path, help="the folder for tables and the report")
    parser.add_argument(
        "--metrics",
        nargs="+",
        metavar="NAME",
        help="scores, for instance average_precision or detection_scores.recall; by default "
        "those that suit the result and the annotation",
    )
    parser.add_argument(
        "--annotation",
        choices=("dense", "sparse", "scribbles"),
        default="dense",
        help="whether all objects are annotated (default), some, or pixels (0 unknown, "
        "1 background, 2 foreground)",
    )
    parser.add_argument("--result", metavar="NAME", help="the labels or mask that is compared")
    parser.add_argument(
        "--input",
        action="append",
        default=[],
        metavar="NAME=FILE|FOLDER",
        help="the file or folder of an input that does not take the images",
    )
    parser.add_argument(
        "--overlap",
        type=float,
        default=0.5,
        help="least intersection over union of an object that is found; by default 0.5",
    )
    parser.add_argument(
        "--workers", type=int, help="how many processes share the work; by default one per core"
    )


def run(chosen: argparse.Namespace) -> int:
    """Run the command.

    Parameters
    ----------
    chosen : Namespace
        What the parser read.

    Returns
    -------
    int
        The exit code.
    """
    workflow = read_workflow(chosen.workflow)
    if chosen.output is not None:
        others = [Path(place) for place in _inputs(chosen.input).values()]
        check_output(chosen.output, (chosen.images, chosen.annotations, *others))
        batches.check_folder(chosen.output)
    try:
        evaluation = _evaluate(workflow, chosen)
    except JobError as error:
        return say(error, FAILED)
    if evaluation.unfinished:
        number = len(evaluation.unfinished)
        say(
            f"interrupted; {number} image{'s' * (number != 1)} not finished, what follows is of "
            f"the other{'s' * (len(evaluation.images) != 1)}",
            FAILED,
        )
    for one in evaluation.problems:
        if one.image in evaluation.unfinished:
            continue
        say(f"{one.image} is skipped: {one.reason}", FAILED)
    for one in evaluation.warnings:
        warn(f"{one.image}: {one.reason}")
    _write_summary(evaluation)
    if chosen.output is not None:
        write_evaluation(evaluation, chosen.output)
        write(f"\ntables and report.html in {chosen.output}")
    return FAILED if evaluation.problems else OK


def _evaluate(workflow: Workflow, chosen: argparse.Namespace) -> Evaluation:
    """Evaluate with a bar that shows how far it is."""
    from tqdm import tqdm

    workers = os.cpu_count() or 1 if chosen.workers is None else chosen.workers
    with tqdm(unit="image", disable=None) as bar, noticed_interrupts() as check:

        def report(done: int, total: int, name: str) -> None:
            bar.total, bar.n = total, done
            bar.set_description(name)

        def cancelled() -> bool:
            check()
            return False

        return evaluate_folder(
            workflow,
            chosen.images,
            chosen.annotations,
            metrics=chosen.metrics,
            annotation=chosen.annotation,
            result=chosen.result,
            inputs=_inputs(chosen.input),
            overlap=chosen.overlap,
            workers=None if workers == 1 else workers,
            progress=report,
            cancelled=cancelled,
        )


def _inputs(texts: list[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        name, _, place = text.partition("=")
        if not name or not place:
            raise ValueError(f"--input {text}: write NAME=FILE or NAME=FOLDER")
        found[name] = place
    return found


def _write_summary(evaluation: Evaluation) -> None:
    """Print mean and median of each score, with 95 % confidence intervals."""
    number = len(evaluation.images)
    rows = evaluation.summary.to_dict("records")
    titles = [f"{row['score']} [{row['unit']}]" if row["unit"] else row["score"] for row in rows]
    width = max(map(len, titles))
    write(f"{number} image{'s' * (number != 1)}, 95 % confidence intervals in brackets")
    write(f"{'':<{width}}  {'mean':<26} median")
    for title, row in zip(titles, rows, strict=True):
        texts = []
        for name in ("mean", "median"):
            low, high = row[f"{name}_low"], row[f"{name}_high"]
            ends = f" [{short_number(low)}, {short_number(high)}]"
            texts.append(short_number(row[name]) + ends * (not math.isnan(low)))
        write(f"{title:<{width}}  {texts[0]:<26} {texts[1]}")
