"""Keep reviews on disk by the content of their labels, so that whoever makes it again has them.

A workflow that is opened again gives the same labels, bit for bit; so does recovery after a crash.
"""

from __future__ import annotations

import json
from pathlib import Path

from napari_delineate.files.saving import atomic_path
from napari_delineate.proofreading import Review

__all__ = ["keep_review", "read_review", "recall_review", "reviews_folder", "write_review"]

_MOST = 200
"""Reviews that are kept; the oldest go first."""
_LARGEST = 2**26
"""Bytes of a file that can be a review."""


def reviews_folder() -> Path:
    """Return the folder in which this user's reviews are kept; it may not exist yet."""
    from platformdirs import user_state_path

    return user_state_path("napari-delineate", appauthor=False) / "reviews"


def write_review(path: Path, review: Review) -> None:
    """Write a review as JSON.

    Parameters
    ----------
    path : Path
        The file.
    review : Review
        The review.

    Raises
    ------
    OSError
        If it can not be written; an old file then stays as it was.
    """
    with atomic_path(path) as draft:
        text = json.dumps(review.to_dict(), indent=1, ensure_ascii=False)
        draft.write_text(text, encoding="utf-8")


def read_review(path: Path) -> Review:
    """Read a review, which may come from anywhere.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Review
        The review.

    Raises
    ------
    OSError, ValueError
        If it can not be read, or is none; the message says why.
    """
    if path.stat().st_size > _LARGEST:
        raise ValueError("the file is too large to be a review")
    try:
        return Review.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except RecursionError:
        raise ValueError("the file is no review: it is nested too deeply") from None


def keep_review(fingerprint: str, review: Review) -> None:
    """Keep a review, and forget the oldest ones where there are many.

    Parameters
    ----------
    fingerprint : str
        That of the labels that the review is about, see `napari_delineate.values.fingerprint`.
    review : Review
        The review.

    Raises
    ------
    OSError
        If it can not be written.
    """
    path = _path(fingerprint)
    write_review(path, review)
    kept = sorted(path.parent.glob("*.json"), key=lambda one: one.stat().st_mtime, reverse=True)
    for old in kept[_MOST:]:
        old.unlink(missing_ok=True)


def recall_review(fingerprint: str) -> Review | None:
    """Return the review of labels with some content, None if none is kept.

    Parameters
    ----------
    fingerprint : str
        That of the labels.

    Returns
    -------
    Review or None
        The review.

    Raises
    ------
    OSError, ValueError
        If it can not be read.
    """
    path = _path(fingerprint)
    return read_review(path) if path.exists() else None


def _path(fingerprint: str) -> Path:
    return reviews_folder() / f"{fingerprint.rpartition(':')[2]}.json"
