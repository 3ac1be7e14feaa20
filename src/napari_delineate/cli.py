"""The command line: list and describe operations, run and export workflows."""

from __future__ import annotations

import argparse
import errno
import importlib.util
import io
import os
import subprocess
import sys
import textwrap
import warnings
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from napari_delineate import batches, catalogue
from napari_delineate.catalogue import PACKAGES
from napari_delineate.engine import Engine, Progress, StepError
from napari_delineate.evaluate import command as evaluating
from napari_delineate.files import MESHES, FileError, read_workflow
from napari_delineate.finding import search
from napari_delineate.interrupts import noticed_interrupts
from napari_delineate.signatures import REQUIRED
from napari_delineate.terminal import FAILED, OK, WRONG, say, warn, write
from napari_delineate.tune_command import add_tune
from napari_delineate.types import Range
from napari_delineate.workflow import Workflow

__all__ = ["main"]

_FULL = (errno.ENOSPC, errno.EDQUOT)
"""What it is called when no more can be written, whatever the file."""


class UsageError(ValueError):
    """Say what is wrong with a call."""


class _Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see: {self.prog} --help)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows the name of the program; by default what this process was given.

    Returns
    -------
    int
        0 if all is done, 1 if something failed or was interrupted, 2 if the call or a file
        is wrong.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # the caller has closed it, as in `list >&-`
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name of a file must not fail where the terminal lacks one of its letters.
        sys.stdout.reconfigure(errors="backslashreplace")
    with _short_warnings():
        try:
            chosen = _parser().parse_args(arguments)
            code = int(chosen.command(chosen))
            sys.stdout.flush()
            return code
        except (UsageError, FileError) as error:
            return say(error, WRONG)
        except BrokenPipeError:
            # What reads the output, such as `head`, has seen enough.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return FAILED
        except (OSError, ValueError, TypeError, KeyError) as error:
            return say(error, WRONG)
        except RuntimeError as error:
            return say(error, FAILED if isinstance(error, StepError) else WRONG)
        except KeyboardInterrupt:
            return say("interrupted; what was written before is complete", FAILED)
        except MemoryError as error:
            return say(_text(error), FAILED)
        except Exception as error:
            return say(f"unexpected {type(error).__name__}: {error}", FAILED)


@contextmanager
def _short_warnings() -> Iterator[None]:
    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        warn(message)

    with warnings.catch_warnings():
        # Only warnings that are meant for people who use the program.
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show
        yield


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="napari-delineate",
        description="From pixels to objects, meshes and numbers: run workflows without napari.",
        epilog=textwrap.dedent(
            """\
            examples:
              napari-delineate list otsu
              napari-delineate describe segmentation.voronoi_otsu_labeling
              napari-delineate run nuclei.json --input nuclei=plate1/ --output results/
              napari-delineate tune nuclei.json images/ annotations/ --output tuned.json
              napari-delineate evaluate nuclei.json plate1/ annotations/ --output quality/
              napari-delineate export nuclei.json --notebook nuclei.ipynb
              napari-delineate demo --output demo/

            exit codes: 0 done, 1 something failed or was interrupted, 2 wrong call or file
            """
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, function: Any, text: str, epilog: str = "") -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name,
            help=text,
            description=text,
            epilog=textwrap.dedent(epilog),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.set_defaults(command=function)
        return sub

    listing = add("list", _list, "List the operations.")
    listing.add_argument("text", nargs="*", help="words that the operations must contain")

    describing = add("describe", _describe, "Describe an operation: inputs, parameters, source.")
    describing.add_argument("operation", help='its id, for instance "segmentation.threshold"')

    running = add(
        "run",
        _run,
        "Run a workflow on images and write its results.",
        """\
        Every result is written but intermediate images: labels, masks and images as
        OME-TIFF, surfaces as meshes, tables and scores as CSV. Of a folder all images are
        processed, each into a folder of its own; tables are also joined into one. An image
        that can not be processed is reported and skipped.

        examples:
          napari-delineate run coins.json --output results/
          napari-delineate run nuclei.json --input nuclei=plate1/ --output results/
          napari-delineate run cell.json --input cell.vtp --mesh-format stl --output out/
          napari-delineate run movie.json --input movie=a.tif --axes movie=TYX --output out/
        """,
    )
    running.add_argument("workflow", type=Path, help="a workflow file (.json)")
    running.add_argument(
        "--input",
        action="append",
        default=[],
        metavar="NAME=FILE|FOLDER",
        help="the file or folder for an input; by default the file named in the workflow",
    )
    running.add_argument(
        "--axes",
        action="append",
        default=[],
        metavar="NAME=AXES",
        help="the axes of the files of an input, for instance TYX; by default the workflow's",
    )
    running.add_argument(
        "--spacing",
        action="append",
        default=[],
        metavar="NAME=Z,Y,X",
        help="the voxel size of an input whose files do not state it; by default the workflow's",
    )
    running.add_argument("--device", help='"cpu", "opencl" or part of the name of a device')
    running.add_argument(
        "--mesh-format",
        choices=[ending[1:] for ending in MESHES],
        default="ply",
        help="the format of surfaces, by default ply",
    )
    running.add_argument(
        "--each-object",
        action="store_true",
        help="write each object of a surface to a file of its own too",
    )
    running.add_argument("--output", type=Path, required=True, help="the folder for results")

    add_tune(add)

    evaluating.add_arguments(
        add("evaluate", evaluating.run, evaluating.SUMMARY, evaluating.DETAILS)
    )

    exporting = add("export", _export, "Export a workflow as a notebook or a script.")
    exporting.add_argument("workflow", type=Path, help="a workflow file (.json)")
    exporting.add_argument("--notebook", type=Path, help="the notebook to write (.ipynb)")
    exporting.add_argument("--script", type=Path, help="the script to write (.py)")
    exporting.add_argument("--run", action="store_true", help="run the notebook too")

    demo = add("demo", _demo, "Do the main job on two sample images and show what was made.")
    demo.add_argument("--output", type=Path, default=Path("demo"), help="the folder for results")
    demo.add_argument(
        "--no-window", action="store_true", help="do not open napari, even if there is a screen"
    )
    return parser


def _list(chosen: argparse.Namespace) -> int:
    found = search(" ".join(chosen.text))
    if not found:
        raise UsageError(f"no operation contains {' '.join(chosen.text)!r}; list shows all")
    for package, title in PACKAGES.items():
        inside = [operation for operation in found if operation.package == package]
        if inside:
            write(title)
        for operation in inside:
            write(f"  {operation.id:<45} {operation.summary}")
    return OK


def _describe(chosen: argparse.Namespace) -> int:
    operation = catalogue.find(chosen.operation)
    doc = operation.documentation
    write(f"{operation.id} ({operation.title})\n")
    write(textwrap.fill(doc.summary, 88))
    write("\ninputs")
    for entry in operation.inputs:
        extra = " (optional)" if entry.optional else " (one or more)" if entry.variable else ""
        _print_entry(f"{entry.name}: {entry.kind}{extra}", doc.parameters.get(entry.name, ""))
    if operation.settings:
        write("\nparameters")
    for setting in operation.settings:
        default = "required" if setting.default is REQUIRED else f"default {setting.default!r}"
        if setting.choices:
            allowed = f"one of {', '.join(setting.choices)}"
        else:
            allowed = setting.describe_type()
            allowed += f", {setting.range}" if setting.range != Range() else ""
        _print_entry(f"{setting.name}: {allowed}; {default}", doc.parameters.get(setting.name, ""))
    write("\noutputs")
    for output, (_, text) in zip(operation.outputs, doc.outputs, strict=True):
        _print_entry(f"{output.name}: {output.kind}", text)
    if operation.declaration.opencl:
        write("\nruns on OpenCL devices too")
    write("\nsources")
    for reference in doc.references:
        write(textwrap.indent(textwrap.fill(reference, 86), "  "))
    return OK


def _print_entry(head: str, text: str) -> None:
    write(textwrap.fill(head, 86, initial_indent="  ", subsequent_indent="      "))
    if text:
        write(textwrap.indent(textwrap.fill(text, 82), "      "))


def _run(chosen: argparse.Namespace) -> int:
    workflow = read_workflow(chosen.workflow)
    if not workflow.steps:
        raise UsageError(f"{chosen.workflow} has no steps, so there is nothing to run")
    places = {name: Path(text) for name, text in _pairs(chosen.input, workflow, "--input").items()}
    axes = _pairs(chosen.axes, workflow, "--axes")
    spacing = {
        name: _numbers(text) for name, text in _pairs(chosen.spacing, workflow, "--spacing").items()
    }
    inputs = {
        name: replace(
            described,
            axes=axes.get(name, described.axes),
            spacing=spacing.get(name, described.spacing),
            # Another image, or other axes: not the content that the workflow was made with.
            version=None if name in places or name in axes else described.version,
        )
        for name, described in workflow.inputs.items()
    }
    workflow = replace(workflow, inputs=inputs, device=chosen.device or workflow.device)
    jobs = batches.find_jobs(workflow, places)
    meshes = batches.Meshes(f".{chosen.mesh_format}", chosen.each_object)
    batches.check_results(workflow, jobs, chosen.output, meshes)
    batches.check_folder(chosen.output)
    done = _process(workflow, jobs, chosen.output, spacing, meshes)
    write(f"{done} of {len(jobs)} done, results in {chosen.output}")
    return OK if done == len(jobs) else FAILED


def _process(
    workflow: Workflow,
    jobs: Sequence[batches.Job],
    folder: Path,
    sized: Collection[str],
    meshes: batches.Meshes,
) -> int:
    """Run a workflow for all jobs; return for how many it was done."""
    from tqdm import tqdm

    engine, tables, done = Engine(cache_bytes=0), batches.JoinedTables(folder), 0
    total = len(jobs) * len(workflow.steps)
    with tqdm(total=total, unit="step", disable=None) as bar, noticed_interrupts() as check:
        try:
            for number, job in enumerate(jobs):
                check()

                def report(state: Progress, job: batches.Job = job, number: int = number) -> None:
                    check()
                    bar.set_description(f"{job.name} {state.title}".strip())
                    bar.n = number * len(workflow.steps) + state.done + round(state.part, 2)
                    bar.refresh()

                try:
                    values = batches.load(workflow, job, sized)
                    results = engine.run(workflow, values, progress=report)
                    check()
                    batches.write(folder / job.name, workflow, results, meshes)
                except (StepError, OSError, ValueError, RuntimeError, MemoryError) as error:
                    if len(jobs) == 1:
                        raise
                    bar.clear()
                    say(f"{job.name} is skipped: {_text(error)}", FAILED)
                    if isinstance(error, OSError) and error.errno in _FULL:
                        say("the disk is full, so the images after it are not processed", FAILED)
                        break
                    continue
                done += 1
                for step, about in results.reports.items():
                    for text in about.warnings:
                        warnings.warn(f"{job.name or step}: {text}", stacklevel=1)
                if len(jobs) > 1:
                    tables.add(job.name, results)
            else:
                bar.n = total
        finally:
            tables.write()  # of what was done, whatever stopped the rest
    return done


def _text(error: BaseException) -> str:
    return f"the memory is not enough {error}" if isinstance(error, MemoryError) else str(error)


def _pairs(texts: Sequence[str], workflow: Workflow, option: str) -> dict[str, str]:
    """Read NAME=VALUE; a lone value belongs to the only input."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals and len(workflow.inputs) == 1:
            name, value = next(iter(workflow.inputs)), text
        if name not in workflow.inputs or not value:
            names = ", ".join(workflow.inputs) or "none"
            raise UsageError(f"{option} {text}: write NAME=VALUE with an input of: {names}")
        found[name] = value
    return found


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(
            f"--spacing {text}: write one number per axis, for instance 1,0.3,0.3"
        ) from None


def _export(chosen: argparse.Namespace) -> int:
    from napari_delineate.export import run_notebook, write_notebook, write_script

    if chosen.notebook is None and chosen.script is None:
        raise UsageError("say what to write: --notebook FILE or --script FILE")
    if chosen.run and chosen.notebook is None:
        raise UsageError("--run runs a notebook; say which to write with --notebook FILE")
    for path, ending in ((chosen.notebook, ".ipynb"), (chosen.script, ".py")):
        if path is not None and path.suffix.lower() != ending:
            raise UsageError(f"{path} must end in {ending}")
    workflow = read_workflow(chosen.workflow)
    if chosen.notebook is not None:
        write_notebook(chosen.notebook, workflow)
        if chosen.run:
            run_notebook(chosen.notebook)
        write(f"wrote {chosen.notebook}")
    if chosen.script is not None:
        write_script(chosen.script, workflow)
        write(f"wrote {chosen.script}")
    return OK


def _demo(chosen: argparse.Namespace) -> int:
    from napari_delineate.demo import make_demo
    from napari_delineate.samples import Sample

    batches.check_folder(chosen.output)
    has_notebook = importlib.util.find_spec("nbclient") is not None

    def report(sample: Sample, state: Progress) -> None:
        write(f"  {sample.name}: {state.done + 1}/{state.total} {state.title}")

    made = make_demo(chosen.output, report, execute=has_notebook)
    for one in made:
        write(f"\n{one.sample.title}: {one.objects} objects")
        for what, path in one.files.items():
            write(f"  {what:<9} {path}")
    if not has_notebook:
        write('\nTo run the notebooks too: pip install "napari-delineate[notebook]"')
    if chosen.no_window or not _has_screen() or importlib.util.find_spec("napari") is None:
        return OK
    write("\nOpening napari with the first workflow…")
    command = [sys.executable, "-m", "napari", str(made[0].files["workflow"])]
    return subprocess.call(command)  # noqa: S603


def _has_screen() -> bool:
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
