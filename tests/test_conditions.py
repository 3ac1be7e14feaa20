"""Conditions on tables mean what pandas means by them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_delineate.conditions import rows_meeting

TABLE = pd.DataFrame(
    {
        "label": [1, 2, 3, 2**53 + 1],
        "area": [5.0, np.nan, 70.5, -3.0],
        "Centroid-0": [1e-3, 2.0, 3.0, 4.0],
        "class": ["a", "b", "a", "c d"],
        "note": ["x, y", None, "this and that", "it's"],
        "is_round": [True, False, True, False],
    }
)
TABLE.attrs["units"] = {"area": "micrometer²"}


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("area > 5", "area > 5"),
        ("area>=5", "area >= 5"),
        ("area <= 5 and label != 1", "area <= 5 and label != 1"),
        ("AREA < 6, label ≥ 1", "area < 6 and label >= 1"),
        ("centroid-0 = 1e-3", "`Centroid-0` == 0.001"),
        ("area > -4 & area < +6", "area > -4 and area < 6"),
        ("class = c d", "`class` == 'c d'"),
        ("class != 'a'; label == 2", "`class` != 'a' and label == 2"),
        ("note = 'x, y'", "note == 'x, y'"),
        ('note = "this and that" and area > 5', "note == 'this and that' and area > 5"),
        ("note != x", "note != 'x' and note.notna()"),
        ("note = it's", 'note == "it\'s"'),
        ("is_round = true", "is_round"),
        ("is_round != TRUE", "not is_round"),
        ("area [micrometer²] > 5", "area > 5"),
        (f"label = {2**53 + 1}", f"label == {2**53 + 1}"),
    ],
)
def test_conditions_are_those_of_pandas(text, query):
    found = TABLE["label"][rows_meeting(TABLE, text)]
    assert found.tolist() == TABLE.query(query)["label"].tolist()


def test_no_condition_is_met_by_all_and_missing_values_meet_none():
    assert rows_meeting(TABLE, "  ").all()
    assert not rows_meeting(TABLE, "area != 0")[1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("area", "no condition"),
        ("area > ", "no condition"),
        ("> 5", "no condition"),
        ("size > 5", "no column 'size'"),
        ("centroid > 5", "there is Centroid-0"),
        ("area > 5 and", "no number"),
        ("area > __import__('os')", "no number"),
        ("class > a", "holds texts"),
        ("area > nan", "no number"),
        ("is_round = perhaps", "no number"),
    ],
)
def test_what_can_not_be_read_says_why(text, reason):
    with pytest.raises(ValueError, match=reason):
        rows_meeting(TABLE, text)
