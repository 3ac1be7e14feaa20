"""Reviews are kept by the content of their labels, the newest ones."""

from __future__ import annotations

import json
import os

import pytest

from napari_delineate import review_store
from napari_delineate.proofreading import begin
from napari_delineate.review_store import keep_review, read_review, recall_review, write_review


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setattr(review_store, "reviews_folder", lambda: tmp_path / "reviews")
    return tmp_path / "reviews"


def test_what_is_kept_is_recalled():
    review = begin([3, 1]).judged(1, "fixed", who="Ada", comment="ä")
    assert recall_review("sha256:0123") is None
    keep_review("sha256:0123", review)
    assert recall_review("sha256:0123") == review
    assert recall_review("sha256:4567") is None


def test_the_oldest_are_forgotten(folder, monkeypatch):
    monkeypatch.setattr(review_store, "_MOST", 3)
    for number in range(5):
        keep_review(f"sha256:{number}", begin([1]))
        os.utime(folder / f"{number}.json", (number, number))
    keep_review("sha256:9", begin([1]))
    assert sorted(one.stem for one in folder.iterdir()) == ["3", "4", "9"]


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, json.dumps({"format": 9}), "NaN"])
def test_what_is_no_review_is_said(tmp_path, text):
    path = tmp_path / "review.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"\w"):
        read_review(path)


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    path = tmp_path / "review.json"
    write_review(path, begin(range(1, 9)))
    monkeypatch.setattr(review_store, "_LARGEST", 10)
    with pytest.raises(ValueError, match="too large"):
        read_review(path)
