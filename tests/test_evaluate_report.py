"""What an evaluation writes: tables, plots, and a page that needs nothing else."""

from __future__ import annotations

import base64
import io
import re
from xml.etree import ElementTree

import imageio.v3 as imageio
import numpy as np
import pandas as pd
import pytest

from napari_delineate import agreement_classes
from napari_delineate.agreement_classes import AgreementClass
from napari_delineate.comparison_plots import agreement_of_sizes, show_sizes
from napari_delineate.evaluate import evaluate_folder, plots, report, write_evaluation
from napari_delineate.evaluate.overview import COLOURS, draw_overview
from napari_delineate.evaluate.pairs import printable
from napari_delineate.evaluate.writing import check_output
from napari_delineate.metrics import match_objects
from tests.evaluations import (
    EMPTY,
    PERFECT,
    SIDE,
    SLIDE,
    movies,
    squares,
    steps,
    write_folders,
)

HOSTILE = "<img src=x onerror=alert(1)>&\"'$x$ µ"


def evaluate(folder, workflow=None, **settings):
    workflow = steps() if workflow is None else workflow
    return evaluate_folder(workflow, folder / "images", folder / "annotations", **settings)


def page(path) -> ElementTree.Element:
    """The page, read as XML, which refuses whatever is not well-formed."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>\n")
    return ElementTree.fromstring(text)


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_written(tmp_path):
    write_folders(tmp_path, {"a": SLIDE, "b": PERFECT, "c": (squares(0), None)})
    evaluation = evaluate(tmp_path)
    report = write_evaluation(evaluation, tmp_path / "out")
    assert report == tmp_path / "out/report.html"
    assert names(tmp_path / "out") == [
        "agreement.png",
        "curve.csv",
        "curve.png",
        "images.csv",
        "objects.csv",
        "problems.csv",
        "report.html",
        "scores.png",
        "sizes.csv",
        "sizes.png",
        "summary.csv",
    ]
    images = pd.read_csv(tmp_path / "out/images.csv")
    assert images.set_index("image").loc["a", "detection_scores.recall"] == 0.6
    assert pd.read_csv(tmp_path / "out/problems.csv")["image"].tolist() == ["c"]
    objects = pd.read_csv(tmp_path / "out/objects.csv")
    assert "reference_size [pixel²]" in objects


def test_the_page_shows_how_sizes_agree(tmp_path, monkeypatch):
    # 8 × 10 pixels are annotated where 8 × 8 are found, in both images.
    wide = squares(0, 4)
    wide[:, 10:12] = wide[:, 9:10]
    write_folders(tmp_path, {"a": (squares(0), wide * (wide == 1)), "b": (squares(0, 8), wide)})
    drawn = []

    def show(matches, unit):
        drawn.append((matches, unit))
        return show_sizes(matches, unit)

    monkeypatch.setattr(plots, "show_sizes", show)
    found = page(write_evaluation(evaluate(tmp_path), tmp_path / "out"))
    [(matches, unit)] = drawn
    [(name, table)] = matches.items()
    assert (name, unit) == ("labels", "pixels")
    assert agreement_of_sizes(table) == (-16, -16, -16)
    captions = [one.text or "" for one in found.iter("figcaption")]
    assert any("Bland-Altman" in one for one in captions)
    assert imageio.imread(tmp_path / "out/agreement.png").std() > 0


@pytest.mark.slow
def test_the_same_evaluation_gives_the_same_bytes(tmp_path):
    write_folders(tmp_path, {"a": SLIDE, "b": PERFECT})
    for name in ("first", "second"):
        write_evaluation(evaluate(tmp_path), tmp_path / name)
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()


def test_what_an_earlier_evaluation_wrote_does_not_stay(tmp_path):
    write_folders(tmp_path, {"a": SLIDE})
    write_evaluation(evaluate(tmp_path), tmp_path / "out")
    (tmp_path / "out/notes.txt").write_text("mine")
    write_evaluation(evaluate(tmp_path, steps(mask=True)), tmp_path / "out")
    assert names(tmp_path / "out") == [
        "images.csv",
        "notes.txt",
        "problems.csv",
        "report.html",
        "scores.png",
        "summary.csv",
    ]


def test_the_page_is_well_formed_and_has_everything(tmp_path):
    write_folders(tmp_path, {"a": PERFECT, "b": SLIDE, "c": (squares(0), None)})
    found = page(write_evaluation(evaluate(tmp_path), tmp_path / "out"))
    text = " ".join(" ".join(found.itertext()).split())
    for part in (
        "segmentation.threshold",
        "method = otsu",
        "napari-delineate",
        "numpy",
        "there is no annotation of this name",
        "95 % confidence intervals: percentile bootstrap over images, 9999 draws, seed 0",
    ):
        assert part in text
    alternatives = [image.get("alt") for image in found.iter("img")]
    assert alternatives[-2:] == ["outlines in b", "outlines in a"]  # the worst first
    assert len(alternatives) == 6
    assert sum("Bland-Altman" in one for one in alternatives) == 1
    for image in found.iter("img"):
        kind, content = image.get("src").split(",")
        assert kind == "data:image/png;base64"
        assert imageio.imread(base64.b64decode(content)).ndim == 3


def test_names_of_files_are_shown_and_do_nothing(tmp_path):
    folder = tmp_path / "<script>alert(1)<script>"
    folder.mkdir()
    name = HOSTILE.replace("/", "")
    write_folders(folder, {name: SLIDE, f"{name}2": (None, squares(0))})
    report = write_evaluation(evaluate(folder), tmp_path / "out")
    found = page(report)
    tags = {element.tag for element in found.iter()}
    assert not tags & {"script", "iframe", "object", "link", "a", "form"}
    assert all(not key.startswith("on") for element in found.iter() for key in element.attrib)
    cells = ["".join(cell.itertext()) for cell in found.iter("td")]
    assert name in cells
    assert f"{name}2" in cells
    assert "<script" not in report.read_text(encoding="utf-8")


def test_a_page_forbids_scripts_and_loads_nothing(tmp_path):
    write_folders(tmp_path, {"a": PERFECT})
    report = write_evaluation(evaluate(tmp_path), tmp_path / "out")
    found = page(report)
    policies = [one.get("content") for one in found.iter("meta") if one.get("http-equiv")]
    assert policies == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]
    assert not re.search(r"(?:src|href)=\"(?!data:)", report.read_text(encoding="utf-8"))


def test_names_that_no_file_can_hold_are_escaped():
    assert printable("a\x01b\udcffc\n") == "a\\x01b\\udcffc\\n"


def test_results_do_not_lie_among_the_images(tmp_path):
    for place in (tmp_path / "images", tmp_path / "annotations"):
        with pytest.raises(ValueError, match=r"can not be written into .*, which is read"):
            check_output(place, (tmp_path / "images", tmp_path / "annotations"))
    check_output(tmp_path / "out", (tmp_path / "images", tmp_path / "annotations"))


# Pictures


def drawn(reference, labels, annotation="dense", image=None):
    image = (labels > 0) * np.uint8(200) if image is None else image
    objects = match_objects(
        reference, labels, annotation="dense" if annotation == "scribbles" else annotation
    )
    compared = None if annotation == "scribbles" else objects
    return imageio.imread(io.BytesIO(draw_overview(image, reference, labels, compared, annotation)))


def colours_in(picture, box) -> set[str]:
    """The outlines in a part of the picture of a 48 × 48 image."""
    factor = len(picture) // SIDE
    part = picture[tuple(slice(begin * factor, end * factor) for begin, end in box)]
    pixels = set(map(tuple, part.reshape(-1, 3).tolist()))
    return {name for name, colour in COLOURS.items() if colour in pixels}


def test_outlines_say_what_is_right_and_wrong():
    picture = drawn(SLIDE[1], SLIDE[0])
    assert colours_in(picture, [(0, 12), (0, 48)]) == {"matched"}
    assert colours_in(picture, [(12, 24), (0, 24)]) == {"missed"}
    assert colours_in(picture, [(24, 36), (24, 36)]) == {"spurious"}


@pytest.mark.slow
def test_splits_and_mergers_have_colours_of_their_own():
    whole = np.zeros((SIDE, SIDE), np.int32)
    whole[4:20, 4:40] = 1
    parts = whole.copy()
    parts[4:20, 22:40] = 2
    thirds = whole.copy()
    thirds[4:20, 16:28], thirds[4:20, 28:40] = 2, 3
    assert "split" in colours_in(drawn(whole, thirds), [(0, 48), (0, 48)])
    assert colours_in(drawn(thirds, whole), [(0, 48), (0, 48)]) == {"merged"}
    assert colours_in(drawn(whole, whole), [(0, 48), (0, 48)]) == {"matched"}


def test_scribbles_tint_only_what_was_painted():
    scribbles = np.zeros((SIDE, SIDE), np.int32)
    scribbles[:6, :12], scribbles[6:12, :12] = 1, 2
    picture = drawn(scribbles, squares(0).astype(np.int32), "scribbles")
    assert (picture[24 * 13 :] == 0).all()
    assert picture.any()


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((SIDE, SIDE), np.float64),
        np.full((SIDE, SIDE), np.nan),
        np.zeros((SIDE, SIDE, 3), np.uint8),
        np.zeros((5, 5), np.uint16),
    ],
)
@pytest.mark.slow
def test_any_image_can_lie_below(image):
    picture = drawn(PERFECT[1], PERFECT[0], image=image)
    assert colours_in(picture, [(0, 48), (0, 48)]) == {"matched"}


def test_of_a_stack_the_slice_with_most_is_drawn():
    reference = np.stack([EMPTY, PERFECT[0], EMPTY]).astype(np.int32)
    assert colours_in(drawn(reference, reference), [(0, 48), (0, 48)]) == {"matched"}


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 700), (2000, 3)])
def test_pictures_have_a_size_to_look_at(shape):
    labels = np.ones(shape, np.int32)
    picture = drawn(labels, labels)
    assert max(picture.shape) <= 640
    assert min(picture.shape[:2]) >= 1


def test_outlines_have_the_colours_of_a_viewer():
    for status, one in (
        ("matched", 1),
        ("spurious", 2),
        ("missed", 3),
        ("split", 4),
        ("merged", 5),
    ):
        red, green, blue = COLOURS[status]
        assert f"#{red:02x}{green:02x}{blue:02x}" == agreement_classes.COLOURS[AgreementClass(one)]


def test_all_scores_of_an_image_stand_beside_it(tmp_path):
    write_folders(tmp_path, {"a": SLIDE})
    evaluation = evaluate(tmp_path, metrics=["detection_scores.recall", "dice"])
    found = page(write_evaluation(evaluation, tmp_path / "out"))
    terms = ["".join(one.itertext()) for one in found.iter("dt")]
    assert terms == ["Recall", "Dice"]
    assert next(one.text for one in found.iter("dd")) == "0.600"


def test_of_many_images_the_worst_are_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "MOST_PICTURES", 1)
    write_folders(tmp_path, {"a": PERFECT, "b": SLIDE})
    found = page(write_evaluation(evaluate(tmp_path), tmp_path / "out"))
    drawn = [one.get("alt") for one in found.iter("img") if one.get("class") == "overview"]
    assert drawn == ["outlines in b"]
    text = " ".join(" ".join(found.itertext()).split())
    assert "The 1 worst images are drawn." in text
    assert len(list(found.iter("dl"))) == 2


def test_of_a_movie_the_worst_image_is_drawn_and_its_scores_are_means(tmp_path):
    evaluation = evaluate(tmp_path, movies(tmp_path, "a"))
    found = page(write_evaluation(evaluation, tmp_path / "out"))
    assert "Scores of a movie are means of its images" in " ".join(found.itertext())
    picture = imageio.imread(evaluation.pictures["a"])
    assert (picture == COLOURS["missed"]).all(axis=-1).any()  # the slide, not what is perfect
    table = pd.read_csv(tmp_path / "out/frames.csv")
    assert table["T"].tolist() == [0, 1]
