"""The form of a workflow file, checked by pydantic before anything else looks at it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from napari_delineate.proofreading import Review

__all__ = ["WorkflowForm"]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class _InVoxels(_Form):
    voxels: float


class _ClassForm(_Form):
    number: int = Field(ge=1)
    name: str = Field(min_length=1, max_length=200)
    color: str = Field(pattern="^#[0-9a-fA-F]{6}$")


class _AnnotationForm(_Form):
    semantic: bool
    sparse: bool
    classes: list[_ClassForm]
    class_of: list[list[int]]
    locked: list[int]
    seen: list[int]

    @field_validator("class_of")
    @classmethod
    def _check_pairs(cls, pairs: list[list[int]]) -> list[list[int]]:
        if any(len(pair) != 2 for pair in pairs):
            raise ValueError("class_of must hold pairs: the number of an object and of its class")
        return pairs


class _InputForm(_Form):
    kind: str
    axes: str = Field(max_length=10)
    spacing: list[float] = Field(max_length=3)
    units: str = Field(max_length=80)
    source: str | None = Field(min_length=1)
    version: str | None = Field(max_length=80)
    annotation: _AnnotationForm | None = None


_Literal = _InVoxels | bool | int | float | str | None
_Names = Annotated[list[Annotated[str, Field(max_length=1000)]], Field(max_length=10_000)]


class _FoundForm(_Form):
    value: _Literal
    low: _Literal
    high: _Literal
    choices: list[_Literal] = Field(max_length=1000)


class _FitForm(_Form):
    metric: str = Field(max_length=200)
    score: str = Field(max_length=200)
    annotation: Literal["dense", "sparse", "scribbles"]
    seed: int = Field(ge=0)
    trials: int = Field(ge=1)
    best: int = Field(ge=0)
    before: float | None
    after: float
    fitted: _Names
    held_out: _Names
    held_out_before: float | None
    held_out_after: float | None
    settings: dict[str, _Literal]
    found: dict[str, _FoundForm]


class _StepForm(_Form):
    name: str
    operation: str
    version: int = Field(ge=1, le=1_000_000)
    inputs: dict[str, str | list[str] | None]
    outputs: list[str]
    parameters: dict[str, _Literal]
    over: str = Field(max_length=10)
    bypassed: bool = False
    fit: _FitForm | None = None


class WorkflowForm(_Form):
    """Say what a workflow file holds."""

    program: str
    format: int
    device: str
    inputs: dict[str, _InputForm]
    steps: list[_StepForm] = Field(max_length=10_000)
    reviews: dict[str, Any] = Field(default_factory=dict, max_length=10_000)

    @field_validator("reviews")
    @classmethod
    def _check_reviews(cls, reviews: dict[str, Any]) -> dict[str, Any]:
        for name, review in reviews.items():
            try:
                Review.from_dict(review)
            except ValueError as error:
                raise ValueError(f"the review of {name[:40]!r} can not be read: {error}") from error
        return reviews

    @model_validator(mode="after")
    def _check_reviewed(self) -> WorkflowForm:
        known = {*self.inputs, *(name for step in self.steps for name in step.outputs)}
        unknown = next((name for name in self.reviews if name not in known), None)
        if unknown is not None:
            raise ValueError(f"there is a review of {unknown[:40]!r}, which no step gives")
        return self
