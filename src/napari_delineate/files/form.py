"""The form of a workflow file, checked by pydantic before anything else looks at it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["WorkflowForm"]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class _InVoxels(_Form):
    voxels: float


class _InputForm(_Form):
    kind: str
    axes: str = Field(max_length=10)
    spacing: list[float] = Field(max_length=3)
    units: str = Field(max_length=80)
    source: str | None = Field(min_length=1)
    version: str | None = Field(max_length=80)


class _StepForm(_Form):
    name: str
    operation: str
    version: int = Field(ge=1, le=1_000_000)
    inputs: dict[str, str | list[str] | None]
    outputs: list[str]
    parameters: dict[str, _InVoxels | bool | int | float | str | None]
    over: str = Field(max_length=10)
    bypassed: bool = False


class WorkflowForm(_Form):
    """Say what a workflow file holds."""

    program: str
    format: int
    device: str
    inputs: dict[str, _InputForm]
    steps: list[_StepForm] = Field(max_length=10_000)
