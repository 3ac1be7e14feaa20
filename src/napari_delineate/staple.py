"""Estimate what is there, and how reliable each annotator is, from their votes alone.

Expectation maximisation (Warfield, Zou and Wells 2004) over combinations of votes, of which there
are few, in place of pixels.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate.annotators import Ballots

__all__ = ["BinaryEstimate", "ClassEstimate", "estimate_classes", "estimate_foreground"]

_FIRST_GUESS = 0.99999
"""How reliable annotators are before anything is known, as in the paper."""
_SMALLEST_STEP = 1e-8
"""The change of reliability at which the estimate has settled."""
_MOST_ROUNDS = 10_000


class BinaryEstimate(NamedTuple):
    """Hold the probability of foreground of each combination of votes, and the reliability.

    Attributes
    ----------
    probability : (P,) ndarray of float64
        From 0 to 1.
    sensitivity, specificity : (K,) ndarray of float64
        The share of foreground that an annotator marks, and of background that is left out; NaN
        where there is none.
    """

    probability: NDArray[np.float64]
    sensitivity: NDArray[np.float64]
    specificity: NDArray[np.float64]


def estimate_foreground(ballots: Ballots, prior: float | None) -> BinaryEstimate:
    """Estimate foreground from the votes of several annotators.

    Parameters
    ----------
    ballots : Ballots
        Votes of 0 and others.
    prior : float or None
        The share of foreground, from 0 to 1; that of the votes if None.

    Returns
    -------
    BinaryEstimate
        What is likely.
    """
    marked = ballots.classes[ballots.votes] > 0
    pixels = ballots.pixels.astype(np.float64)
    if prior is None:
        prior = float(pixels @ marked.mean(axis=1) / pixels.sum())
    reliable = np.full((2, marked.shape[1]), _FIRST_GUESS)
    probability = np.full(len(pixels), prior)
    for _ in range(_MOST_ROUNDS):
        before = reliable
        inside = prior * np.where(marked, reliable[0], 1 - reliable[0]).prod(axis=1)
        outside = (1 - prior) * np.where(marked, 1 - reliable[1], reliable[1]).prod(axis=1)
        total = inside + outside
        probability = np.divide(inside, total, out=np.full(len(total), prior), where=total > 0)
        weights = np.stack([pixels * probability, pixels * (1 - probability)])
        hits = np.stack([weights[0] @ marked, weights[1] @ ~marked])
        sums = weights.sum(axis=1, keepdims=True)
        # A class that does not occur says nothing about how well it is recognised.
        reliable = np.divide(hits, sums, out=before.copy(), where=sums > 0)
        if np.abs(reliable - before).max() < _SMALLEST_STEP:
            break
    sensitivity, specificity = np.where(sums > 0, reliable, np.nan)
    return BinaryEstimate(probability, sensitivity, specificity)


class ClassEstimate(NamedTuple):
    """Hold the probabilities of classes of each combination of votes, and the reliability.

    Attributes
    ----------
    probability : (P, C) ndarray of float64
        From 0 to 1; of each combination the sum is 1.
    confusion : (K, C, C) ndarray of float64
        How often an annotator says a class (second axis) where another one is (last axis); NaN
        for a class that is nowhere.
    """

    probability: NDArray[np.float64]
    confusion: NDArray[np.float64]


def estimate_classes(ballots: Ballots) -> ClassEstimate:
    """Estimate classes from the votes of several annotators.

    Parameters
    ----------
    ballots : Ballots
        Votes for classes.

    Returns
    -------
    ClassEstimate
        What is likely.
    """
    votes, classes = ballots.votes, np.arange(len(ballots.classes))
    pixels = ballots.pixels.astype(np.float64)
    said = [votes[:, [annotator]] == classes for annotator in range(votes.shape[1])]
    counts = np.sum(said, axis=0)
    prior = pixels @ counts / (pixels.sum() * votes.shape[1])
    # The first guess is the majority; where there is none, nothing is known.
    first = counts.argmax(axis=1)
    leads = (counts == counts.max(axis=1, keepdims=True)).sum(axis=1) == 1
    probability = ((first[:, None] == classes) & leads[:, None]).astype(np.float64)
    confusion = _confusion(said, pixels, probability)
    for _ in range(_MOST_ROUNDS):
        before = confusion
        likely = np.broadcast_to(prior, probability.shape).copy()
        for annotator, matrix in enumerate(confusion):
            likely *= matrix[votes[:, annotator]]
        total = likely.sum(axis=1, keepdims=True)
        shares = counts / votes.shape[1]
        probability = np.divide(likely, total, out=shares, where=total > 0)
        confusion = _confusion(said, pixels, probability)
        if np.abs(confusion - before).max() < _SMALLEST_STEP:
            break
    nowhere = pixels @ probability == 0
    return ClassEstimate(probability, np.where(nowhere, np.nan, confusion))


def _confusion(
    said: list[NDArray[np.bool_]], pixels: NDArray[Any], probability: NDArray[Any]
) -> NDArray[np.float64]:
    """Return how often each annotator says a class where a class is likely to be."""
    weights = pixels[:, None] * probability
    sums = weights.sum(axis=0)
    found = np.stack([one.T @ weights for one in said])
    return np.asarray(np.divide(found, sums, out=np.zeros_like(found), where=sums > 0))
