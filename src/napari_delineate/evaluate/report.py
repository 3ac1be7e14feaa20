"""Make the report of an evaluation: one HTML page that needs nothing else.

Every name and text is escaped; a policy in the page forbids scripts and whatever is not in
it. The page is well-formed XML too, so that tests and other programs can read it.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from napari_delineate import catalogue
from napari_delineate.environment import versions
from napari_delineate.evaluate.folder import Evaluation
from napari_delineate.evaluate.overview import COLOURS
from napari_delineate.evaluate.scores import Column, titles_of
from napari_delineate.evaluate.statistics import RESAMPLES, SEED, short_number
from napari_delineate.steps import names_in
from napari_delineate.wording import value_in_words

__all__ = ["MOST_PICTURES", "to_html"]

MOST_PICTURES = 200
"""How many images are drawn: more pictures than that make a page that no browser opens."""

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1c2733; margin: 0 auto; padding: 1.5em;
  max-width: 1150px; }
h1 { font-size: 1.6em; margin: 0 0 .2em; } h2 { font-size: 1.2em; margin: 2em 0 .5em; }
p { max-width: 48em; } .quiet { color: #5b6875; } .wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3em .7em; border-bottom: 1px solid #d9e0e6; text-align: left;
  vertical-align: top; }
th { font-weight: 600; border-bottom-color: #8796a5; vertical-align: bottom; }
td.number, th.number { text-align: right; } td.number { white-space: nowrap; }
.name { overflow-wrap: anywhere; min-width: 9em; max-width: 20em; }
.plots { display: flex; flex-wrap: wrap; gap: 1em; align-items: flex-start; }
.plots figure, figure { margin: 0; } .plots img { max-width: 100%; max-height: 284px; }
figcaption { font-size: .9em; color: #5b6875; max-width: 356px; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(15em, 1fr)); margin: 0;
  gap: 0 1.6em; }
dl div { display: flex; justify-content: space-between; gap: .6em; padding: .1em 0;
  border-bottom: 1px solid #eef1f4; }
dd { margin: 0; } dt { color: #5b6875; } td.scores { width: 100%; }
img.overview { width: 300px; height: auto; background: #000; cursor: zoom-in; }
img.overview:focus { width: 640px; max-width: 90vw; cursor: zoom-out; }
.key { max-width: none; } .key span { display: inline-block; margin-right: 1.2em; }
.key i { display: inline-block; width: .9em; height: .9em; margin-right: .35em;
  vertical-align: -.08em; border: 1px solid #0006; }
code { font: .93em ui-monospace, monospace; overflow-wrap: anywhere; }
@media print { h2 { break-after: avoid; } tr, figure { break-inside: avoid; } }
"""
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"

_ANNOTATIONS = {
    "dense": "All objects are annotated.",
    "sparse": "Some objects are annotated, each completely; an object found is a mistake only "
    "if most of it lies in annotated ones.",
    "scribbles": "Pixels are annotated: 0 is unknown, 1 background, everything else foreground.",
}
_PIXELS_ARE_ANNOTATED = "The foreground is annotated."
_MEANINGS = {
    "matched": "found, as annotated (true positive)",
    "spurious": "found, but not annotated (false positive)",
    "missed": "annotated, but not found (false negative)",
    "split": "split: annotated object in which several found ones lie",
    "merged": "merged: found object that holds several annotated ones",
}
_CAPTIONS = {
    "scores": "The first score of each image, its mean, and the 95 % interval of the mean.",
    "curve": "What is found at stricter and stricter overlaps; a thin line per image.",
    "sizes": "How many of the annotated objects are found, in groups by their size.",
    "agreement": "How much larger than annotated each found object is (Bland-Altman): the mean "
    "difference, and the dashed limits between which 95 % lie.",
}


def to_html(evaluation: Evaluation, plots: Mapping[str, bytes]) -> str:
    """Return the report.

    Parameters
    ----------
    evaluation : Evaluation
        What `evaluate_folder` gave.
    plots : mapping of str to bytes
        PNG images by their names.

    Returns
    -------
    str
        An HTML page. It names no time and no machine, so that the same evaluation always
        gives the same page.
    """
    number = len(evaluation.images)
    figures = "".join(
        f"<figure>{_image(plots[name], text)}<figcaption>{escape(text)}</figcaption></figure>"
        for name, text in _CAPTIONS.items()
        if name in plots
    )
    body = [
        f"<h1>Evaluation of <code>{escape(evaluation.result)}</code></h1>",
        f'<p class="quiet">{_count(number, "image")} compared with '
        f"<code>{escape(evaluation.places['annotations'])}</code></p>",
        _problems(evaluation),
        "<h2>Summary</h2>",
        _summary(evaluation),
        f'<div class="plots">{figures}</div>',
        "<h2>Images, the worst first</h2>",
        _images(evaluation),
        "<h2>What was run</h2>",
        _workflow(evaluation),
        "<h2>Versions</h2>",
        _table(
            ["package", "version"], [[_text(one) for one in pair] for pair in versions().items()]
        ),
    ]
    head = (
        '<meta charset="utf-8"/><title>Evaluation</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"/>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
        f"<style>{_STYLE}</style>"
    )
    lines = "\n".join(part for part in body if part)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{lines}\n</body></html>\n'
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _text(value: object, name: str = "td", kind: str = "") -> str:
    attribute = f' class="{kind}"' if kind else ""
    return f"<{name}{attribute}>{escape(str(value))}</{name}>"


def _number(value: Any, column: Column | None = None) -> str:
    """Return a cell with a number."""
    return _text(_in_digits(value, column), kind="number")


def _in_digits(value: Any, column: Column | None = None) -> str:
    """Write a number: a share with three decimals, else with four digits."""
    value = float(value)
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if column is not None and column.scoring.range.maximum <= 1:
        return f"{value:.3f}"
    return short_number(value)


def _table(titles: Iterable[str], rows: Iterable[Sequence[str]], *, first_number: int = 99) -> str:
    """Return a table; cells are HTML already."""
    heads = [
        _text(title, "th", "number" if place >= first_number else "")
        for place, title in enumerate(titles)
    ]
    lines = "".join(f"<tr>{''.join(row)}</tr>\n" for row in rows)
    return (
        f'<div class="wide"><table><thead><tr>{"".join(heads)}</tr></thead>\n'
        f"<tbody>\n{lines}</tbody></table></div>"
    )


def _image(content: bytes, text: str, kind: str = "") -> str:
    coded = base64.b64encode(content).decode("ascii")
    attributes = f' class="{kind}" tabindex="0"' if kind else ""
    return f'<img src="data:image/png;base64,{coded}" alt="{escape(text)}"{attributes}/>'


def _problems(evaluation: Evaluation) -> str:
    parts = []
    for title, found in (("Left out", evaluation.problems), ("Warnings", evaluation.warnings)):
        if found:
            rows = [[_text(one.image, kind="name"), _text(one.reason)] for one in found]
            parts.append(f"<h2>{title}</h2>{_table(['image', 'why'], rows)}")
    return "\n".join(parts)


def _summary(evaluation: Evaluation) -> str:
    rows, titles = [], titles_of(evaluation.columns)
    for column, row in zip(evaluation.columns, evaluation.summary.to_dict("records"), strict=True):
        title = _with_unit(titles[column.name], row["unit"])
        cells = [f'<td title="{escape(column.name)}">{escape(title)}</td>']
        cells += [_text(row["better"] or "–"), _number(row["images"])]
        cells += [
            _number(row[name], column)
            for name in ("mean", "mean_low", "mean_high", "median", "median_low", "median_high")
        ]
        rows.append(cells)
    heads = ("score", "better", "images", "mean", "from", "to", "median", "from", "to")
    text = (
        f"From and to are the ends of 95 % confidence intervals: percentile bootstrap over "
        f"images, {RESAMPLES} draws, seed {SEED}. Of few images they are too narrow."
    )
    return f'{_table(heads, rows, first_number=2)}<p class="quiet">{escape(text)}</p>'


def _key(evaluation: Evaluation) -> str:
    pixels = evaluation.objects is None
    parts = []
    for status, text in _MEANINGS.items():
        if pixels and status in ("split", "merged"):
            continue
        red, green, blue = COLOURS[status]
        colour = f"#{red:02x}{green:02x}{blue:02x}"
        parts.append(f'<span><i style="background:{colour}"></i>{escape(text)}</span>')
    if evaluation.annotation != "dense":
        parts.append('<span><i style="background:#969696"></i>found, nothing is annotated</span>')
    return f'<p class="key">{" ".join(parts)}</p>'


def _images(evaluation: Evaluation) -> str:
    table = evaluation.images.set_index("image")
    units, titles = evaluation.images.attrs["units"], titles_of(evaluation.columns)
    rows = []
    for place, name in enumerate(evaluation.worst_first()):
        picture = ""
        if place < MOST_PICTURES:
            picture = _image(evaluation.pictures[name], f"outlines in {name}", "overview")
        scores = "".join(
            f'<div title="{escape(column.name)}">'
            f"<dt>{escape(_with_unit(titles[column.name], units[column.name]))}</dt>"
            f"<dd>{_in_digits(table.loc[name, column.name], column)}</dd></div>"
            for column in evaluation.columns
        )
        cells = [f"<td>{picture}</td>", _text(name, kind="name")]
        rows.append([*cells, f'<td class="scores"><dl>{scores}</dl></td>'])
    text = "A click on a picture enlarges it. Of a stack, the slice with most objects is drawn."
    if evaluation.frames is not None:
        text += " Scores of a movie are means of its images; the worst of these is drawn."
    if len(rows) > MOST_PICTURES:
        text += f" The {MOST_PICTURES} worst images are drawn."
    heads = ["outlines", "image", "scores"]
    return f'{_key(evaluation)}<p class="quiet">{text}</p>{_table(heads, rows)}'


def _with_unit(title: str, unit: str) -> str:
    return f"{title} [{unit}]" if unit else title


def _workflow(evaluation: Evaluation) -> str:
    workflow = evaluation.workflow
    rows = []
    for number, step in enumerate(workflow.steps, 1):
        operation = catalogue.find(step.operation)
        used = [name for value in step.inputs.values() for name in names_in(value)]
        settings = [
            f"{setting.name} = "
            f"{value_in_words(workflow, step.name, setting, step.parameters[setting.name])}"
            for setting in operation.settings
        ]
        rows.append(
            [
                _text(number, kind="number"),
                _text(f"{operation.title}{' (bypassed)' * step.bypassed}"),
                f"<td><code>{escape(step.operation)}</code></td>",
                _text(", ".join(used)),
                _text(", ".join(settings)),
                _text(", ".join(step.outputs)),
            ]
        )
    titles = ["", "step", "operation", "of", "settings", "gives"]
    places = "; ".join(
        f"{escape(name)}: <code>{escape(place)}</code>" for name, place in evaluation.places.items()
    )
    about = _ANNOTATIONS[evaluation.annotation]
    if evaluation.objects is None and evaluation.annotation == "dense":
        about = _PIXELS_ARE_ANNOTATED
    overlap = (
        ""
        if evaluation.objects is None
        else f" Objects are partners from an intersection over union of {evaluation.overlap:g}."
    )
    return (
        f"<p>{places}</p>{_table(titles, rows)}"
        f"<p>Compared is <code>{escape(evaluation.result)}</code>. {escape(about + overlap)}</p>"
    )
