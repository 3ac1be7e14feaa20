"""Write what an evaluation gave: tables, plots and a report."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from napari_delineate.evaluate.folder import Evaluation
from napari_delineate.files import atomic_path, write_table

__all__ = ["check_output", "write_evaluation"]

_TABLES = ("images", "frames", "objects", "curve", "sizes", "summary", "problems")
_PLOTS = ("agreement", "curve", "scores", "sizes")


def check_output(folder: Path, inputs: Iterable[Path]) -> None:
    """Refuse a folder for results that is one of images.

    Parameters
    ----------
    folder : Path
        Where the results would go.
    inputs : iterable of Path
        The folders that are read.

    Raises
    ------
    ValueError
        If it is one of them: plots would pass for images in the next run.
    """
    for place in inputs:
        if folder.resolve() == place.resolve():
            raise ValueError(f"the results can not be written into {place}, which is read")


def write_evaluation(evaluation: Evaluation, folder: str | Path) -> Path:
    """Write tables, plots and a report; what an earlier evaluation wrote there is replaced.

    Parameters
    ----------
    evaluation : Evaluation
        What `evaluate_folder` gave.
    folder : path
        Where the files go: images.csv, objects.csv, curve.csv, sizes.csv, summary.csv and
        problems.csv; agreement.png, curve.png, scores.png and sizes.png; report.html; of
        movies frames.csv too. Of masks there are no objects, agreement, curve and sizes.

    Returns
    -------
    Path
        The report. The same evaluation always gives the same bytes.

    Raises
    ------
    OSError
        If a file can not be written; an old one then stays as it was.
    """
    import pandas as pd

    from napari_delineate.evaluate.plots import draw_plots
    from napari_delineate.evaluate.report import to_html

    folder = Path(folder)
    tables = {name: getattr(evaluation, name) for name in _TABLES if name != "problems"}
    left_out = [(one.image, one.reason) for one in evaluation.problems]
    tables["problems"] = pd.DataFrame(left_out, columns=["image", "reason"])
    for name, table in tables.items():
        if table is not None:
            write_table(folder / f"{name}.csv", table)
    plots = draw_plots(evaluation)
    for name, content in plots.items():
        with atomic_path(folder / f"{name}.png") as draft:
            draft.write_bytes(content)
    report = folder / "report.html"
    with atomic_path(report) as draft:
        draft.write_text(to_html(evaluation, plots), encoding="utf-8", newline="\n")
    # What an earlier evaluation had, such as objects where now pixels are compared.
    for name in _TABLES:
        if tables[name] is None:
            (folder / f"{name}.csv").unlink(missing_ok=True)
    for name in _PLOTS:
        if name not in plots:
            (folder / f"{name}.png").unlink(missing_ok=True)
    return report
