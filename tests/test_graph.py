"""The rows and lanes of a workflow: what a person sees must be what is wired."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_delineate.graph import Edge, count_lanes, lay_out
from napari_delineate.steps import Described
from napari_delineate.types import Kind
from napari_delineate.workflow import Step, Workflow, WorkflowInput
from tests.strategies import workflows

IMAGE = WorkflowInput(Kind.IMAGE, "YX", (1.0, 1.0))
LABELS = WorkflowInput(Kind.LABELS, "YX", (1.0, 1.0))


class AnyWorkflow(Workflow):
    """A workflow of steps that no operation limits: any number of inputs and outputs."""

    def _check(self):
        values = [*self.inputs, *(value for step in self.steps for value in step.outputs)]
        return dict.fromkeys(values, Described(Kind.IMAGE, "YX"))


@st.composite
def any_workflows(draw):
    inputs = {f"input_{number}": IMAGE for number in range(draw(st.integers(0, 3)))}
    values, steps = list(inputs), []
    for number in range(draw(st.integers(0, 12))):
        sources = draw(st.lists(st.sampled_from(values), max_size=3)) if values else []
        outputs = tuple(f"value_{number}_{place}" for place in range(draw(st.integers(1, 3))))
        steps.append(Step(f"step_{number}", "any", {"all": tuple(sources)}, outputs))
        values += outputs
    return AnyWorkflow(tuple(steps), inputs)


def every_workflow():
    """Workflows of the catalogue's operations, and others that are more tangled."""
    return st.one_of(workflows(most_steps=14).map(lambda drawn: drawn.workflow), any_workflows())


def made_in(rows):
    """Return the row that makes each value."""
    return {value: number for number, row in enumerate(rows) for value in row.values}


def last_used_in(rows):
    """Return the last row that uses each value that is used."""
    return {source: number for number, row in enumerate(rows) for source in row.sources}


def lanes_of(rows):
    return [row.lane for row in rows]


@given(every_workflow())
@settings(deadline=None, max_examples=100)
@pytest.mark.slow
def test_inputs_and_steps_are_rows_in_run_order(workflow):
    rows = lay_out(workflow)
    assert [row.name for row in rows if not row.is_input] == [step.name for step in workflow.steps]
    assert sorted(row.name for row in rows if row.is_input) == sorted(workflow.inputs)
    assert len({row.key for row in rows}) == len(rows)


@given(every_workflow())
@settings(deadline=None, max_examples=100)
@pytest.mark.slow
def test_an_input_stands_just_above_the_first_step_that_uses_it(workflow):
    rows = lay_out(workflow)
    for number, row in enumerate(rows):
        if not row.is_input:
            continue
        below = next((one for one in rows[number:] if not one.is_input), None)
        if any(row.name in step.sources for step in workflow.steps):
            assert row.name in below.sources
        else:
            assert all(one.is_input and not one.edges for one in rows[: number + 1])
    order = {name: place for place, name in enumerate(workflow.inputs)}
    for one, other in itertools.pairwise(rows):
        if one.is_input and other.is_input and one.name in last_used_in(rows):
            assert order[one.name] < order[other.name]


def test_an_input_of_the_last_step_passes_no_other():
    workflow = Workflow().add_input("coins", IMAGE).add_input("truth", LABELS)
    workflow = workflow.add("filters.gaussian", {"image": "coins"})
    workflow = workflow.add("segmentation.threshold", {"image": "blurred"})
    workflow = workflow.add("segmentation.label_connected_components", {"mask": "mask"})
    workflow = workflow.add("postprocessing.combine", {"labels": ("labels", "truth")})
    rows = lay_out(workflow)
    assert [(row.name, row.lane) for row in rows] == [
        ("coins", 0),
        ("gaussian", 0),
        ("threshold", 0),
        ("label_connected_components", 0),
        ("truth", 1),
        ("combine", 0),
    ]


@given(every_workflow())
@settings(deadline=None, max_examples=100)
@pytest.mark.slow
def test_a_line_leads_from_every_value_to_every_step_that_uses_it_and_nowhere_else(workflow):
    """Follow each value's lines downwards from its dot, as an eye would."""
    rows = lay_out(workflow)
    for value, start in made_in(rows).items():
        users = {step.name for step in workflow.steps if value in step.sources}
        reached, lanes = set(), {rows[start].lane} if users else set()
        for row in rows[start + 1 :]:
            edges = [edge for edge in row.edges if edge.value == value]
            assert {edge.start for edge in edges} == lanes, "a line begins or ends in the air"
            ends = {edge.end for edge in edges}
            if row.lane in ends:
                reached.add(row.name)
            lanes = ends - {row.lane}
        assert lanes == set()
        assert reached == users
    for number, row in enumerate(rows):
        assert all(made_in(rows)[edge.value] < number for edge in row.edges)


@given(every_workflow())
@settings(deadline=None, max_examples=100)
def test_different_values_never_share_a_lane(workflow):
    """Two lines touch only in the dot that both come from, or that both lead to."""
    rows = lay_out(workflow)
    made = made_in(rows)
    for above, below in itertools.pairwise(rows):
        for one, other in itertools.combinations(below.edges, 2):
            if one.value == other.value:
                continue
            if one.start == other.start:
                assert {one.value, other.value} <= set(above.values)
            if one.end == other.end:
                assert {one.value, other.value} <= set(below.sources)
                assert one.end == below.lane
        # What passes a dot without belonging to it stands in another lane.
        for edge in below.edges:
            if edge.end == below.lane:
                assert edge.value in below.sources
            if edge.start == above.lane:
                assert edge.value in above.values or (
                    edge.value in above.sources and made[edge.value] == rows.index(above)
                )


@given(every_workflow())
@settings(deadline=None, max_examples=100)
def test_lines_are_straight_but_where_they_leave_or_reach_a_dot(workflow):
    rows = lay_out(workflow)
    for above, below in itertools.pairwise(rows):
        for edge in below.edges:
            leaves, arrives = edge.value in above.values, edge.value in below.sources
            assert edge.start == edge.end or leaves or arrives


@given(every_workflow())
@settings(deadline=None, max_examples=100)
@pytest.mark.slow
def test_a_lane_is_held_only_as_long_as_its_value_is_used(workflow):
    """As many lanes as there are values in use, and a dot, in the fullest place."""
    rows = lay_out(workflow)
    made, last = made_in(rows), last_used_in(rows)
    for number, row in enumerate(rows):
        drawn_here = {edge.value for edge in row.edges}
        assert drawn_here == {v for v, end in last.items() if made[v] < number <= end}
    in_gaps = [
        sum(made[value] <= number < end for value, end in last.items())
        for number in range(len(rows))
    ]
    at_dots = [
        1 + sum(made[value] < number < end for value, end in last.items())
        for number in range(len(rows))
    ]
    assert count_lanes(rows) <= max(in_gaps + at_dots, default=0)


@given(every_workflow())
@settings(deadline=None, max_examples=100)
def test_a_chain_stays_in_one_lane(workflow):
    rows = lay_out(workflow)
    lane = {row.name: row.lane for row in rows if not row.is_input}
    for value in workflow.values:
        users = [step for step in workflow.steps if value in step.sources]
        if len(users) != 1 or set(users[0].sources) != {value}:
            continue
        maker = workflow.maker(value)
        if maker is None:
            start = next(row.lane for row in rows if row.is_input and row.name == value)
        elif len(set(maker.outputs) - set(workflow.results())) > 1:
            continue  # its other values need lanes too
        else:
            start = lane[maker.name]
        assert lane[users[0].name] == start


def test_an_empty_workflow_has_no_rows():
    assert lay_out(Workflow()) == ()
    assert count_lanes(()) == 0


def test_unused_values_hold_no_lane():
    workflow = Workflow().add_input("coins", IMAGE).add_input("other", IMAGE)
    for _ in range(3):
        workflow = workflow.add("filters.gaussian", {"image": "coins"})
    rows = lay_out(workflow)
    # "other" is never used and stands above all: "coins" begins in its place.
    assert [row.name for row in rows[:2]] == ["other", "coins"]
    assert lanes_of(rows) == [0, 0, 1, 1, 0]
    assert count_lanes(rows) == 2


def test_a_branch_and_a_merge():
    workflow = Workflow().add_input("coins", IMAGE)
    workflow = workflow.add("filters.gaussian", {"image": "coins"})
    workflow = workflow.add("segmentation.local_maxima", {"image": "blurred"})
    workflow = workflow.add(
        "segmentation.seeded_watershed", {"image": "blurred", "seeds": "labels"}
    )
    workflow = workflow.add("measurements.measure", {"labels": "labels_2", "image": "coins"})
    rows = lay_out(workflow)
    assert lanes_of(rows) == [0, 1, 2, 1, 0]
    assert [row.edges for row in rows] == [
        (),
        (Edge("coins", 0, 0), Edge("coins", 0, 1)),
        (Edge("blurred", 1, 1), Edge("blurred", 1, 2), Edge("coins", 0, 0)),
        (Edge("blurred", 1, 1), Edge("coins", 0, 0), Edge("labels", 2, 1)),
        (Edge("coins", 0, 0), Edge("labels_2", 1, 0)),
    ]


def test_several_outputs_leave_one_dot_in_lanes_of_their_own():
    steps = (
        Step("split", "any", {"image": "coins"}, ("low", "unused", "high")),
        Step("use", "any", {"image": "low"}, ("used",)),
        Step("join", "any", {"images": ("used", "high")}, ("joined",)),
    )
    rows = lay_out(AnyWorkflow(steps, {"coins": IMAGE}))
    assert lanes_of(rows) == [0, 0, 0, 0]
    assert rows[2].edges == (Edge("high", 0, 1), Edge("low", 0, 0))
    assert rows[3].edges == (Edge("high", 1, 0), Edge("used", 0, 0))


def test_a_value_that_is_used_twice_by_one_step_has_one_line():
    workflow = Workflow().add_input("nuclei", LABELS)
    workflow = workflow.add("postprocessing.combine", {"labels": ("nuclei", "nuclei")})
    assert lay_out(workflow)[1].edges == (Edge("nuclei", 0, 0),)
    assert lay_out(workflow)[1].sources == ("nuclei",)


def test_an_input_with_the_name_of_a_step_has_another_key():
    workflow = Workflow().add_input("threshold", IMAGE)
    # As in files of before `add` gave them different names.
    workflow = workflow.add("segmentation.threshold", {"image": "threshold"}, name="threshold")
    assert [(row.key, row.name) for row in lay_out(workflow)] == [
        ("threshold (input)", "threshold"),
        ("threshold", "threshold"),
    ]


@pytest.mark.parametrize("number", [1, 5, 40])
def test_a_long_chain_needs_one_lane(number):
    workflow = Workflow().add_input("coins", IMAGE)
    value = "coins"
    for _ in range(number):
        workflow = workflow.add("filters.gaussian", {"image": value})
        (value,) = workflow.steps[-1].outputs
    assert count_lanes(lay_out(workflow)) == 1
