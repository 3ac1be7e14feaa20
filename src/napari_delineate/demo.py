"""Do the main job once, from a picture to labels, numbers, a surface and a notebook."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from napari_delineate.engine import Engine, Progress, Results
from napari_delineate.export import run_notebook, write_notebook
from napari_delineate.files import write_result, write_value, write_workflow
from napari_delineate.pictures import show_labels
from napari_delineate.samples import SAMPLES, Sample
from napari_delineate.types import Length, voxels
from napari_delineate.workflow import Workflow, WorkflowInput

__all__ = ["Made", "main_job", "make_demo"]


@dataclass(frozen=True)
class Made:
    """Say what was made of one sample.

    Attributes
    ----------
    sample : Sample
        The sample image.
    objects : int
        Number of objects found and measured.
    files : dict of str to Path
        What each file is, and where it is.
    """

    sample: Sample
    objects: int
    files: dict[str, Path]


@dataclass(frozen=True)
class _Sizes:
    """The lengths that suit one sample."""

    noise: Length
    background: Length
    spots: Length
    outline: Length


_SIZES = {
    "coins": _Sizes(voxels(2), voxels(35), voxels(10), voxels(2)),
    "nuclei": _Sizes(0.3, 6.0, 1.2, 0.5),
}


def main_job(name: str, image: WorkflowInput) -> Workflow:
    """Return the workflow that the demonstration runs.

    Parameters
    ----------
    name : str
        Name of the image, "coins" or "nuclei".
    image : WorkflowInput
        The image.

    Returns
    -------
    Workflow
        Denoise, flatten the background, label, drop objects at the border, measure, and
        make a smooth surface.
    """
    sizes = _SIZES[name]
    workflow = Workflow().add_input(name, image)
    for operation, inputs, settings in (
        ("filters.median", {"image": name}, {"radius": sizes.noise}),
        ("filters.white_tophat", {"image": "denoised"}, {"radius": sizes.background}),
        (
            "segmentation.voronoi_otsu_labeling",
            {"image": "foreground"},
            {"spot_sigma": sizes.spots, "outline_sigma": sizes.outline},
        ),
        ("postprocessing.clear_border", {"labels": "labels"}, {}),
        ("measurements.measure", {"labels": "inner_labels", "image": name}, {}),
        ("surfaces.labels_to_surface", {"labels": "inner_labels"}, {}),
        ("surfaces.smooth", {"surface": "surface"}, {}),
    ):
        workflow = workflow.add(operation, inputs, settings)
    return workflow


def make_demo(
    folder: Path,
    progress: Callable[[Sample, Progress], None] | None = None,
    *,
    execute: bool = True,
) -> list[Made]:
    """Do the main job on the sample images and write everything into one folder.

    Parameters
    ----------
    folder : Path
        Where the files go.
    progress : callable, optional
        Is called before each step.
    execute : bool
        Whether the notebooks are run.

    Returns
    -------
    list of Made
        What was made of each sample.
    """
    made = []
    for sample in SAMPLES:
        if sample.name not in _SIZES:
            continue
        image = sample.load()
        source = write_value(folder / f"{sample.name}.ome.tif", image, sample.title)
        described = WorkflowInput.of(image, str(source.absolute()))
        workflow = main_job(sample.name, described)

        def report(state: Progress, sample: Sample = sample) -> None:
            if progress is not None:
                progress(sample, state)

        results = Engine().run(workflow, {sample.name: image}, progress=report)
        files = _write(folder, sample, workflow, results, execute=execute)
        made.append(Made(sample, len(results["table"].data), files))
    return made


def _write(
    folder: Path, sample: Sample, workflow: Workflow, results: Results, *, execute: bool
) -> dict[str, Path]:
    name = sample.name
    path = folder / f"{name}_outlines.png"
    show_labels(results["inner_labels"].data, over=results[name].data).savefig(path, dpi=150)
    write_workflow(folder / f"{name}.json", workflow)
    described = json.dumps(workflow.to_dict())

    def write(output: str, title: str) -> Path:
        return write_result(folder, f"{name}_{title}", results[output], described)

    files = {
        "image": folder / f"{name}.ome.tif",
        "labels": write("inner_labels", "labels"),
        "outlines": path,
        "surface": write("smoothed_surface", "surface"),
        "table": write("table", "table"),
        "workflow": folder / f"{name}.json",
        "notebook": folder / f"{name}.ipynb",
    }
    write_notebook(files["notebook"], workflow)
    if execute:
        run_notebook(files["notebook"])
    return files
