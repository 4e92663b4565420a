"""LunarLander tasks: the built-in ones, and tasks of one's own."""

from __future__ import annotations

import ctypes
import dataclasses
import math
import operator
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, SupportsIndex

import numpy as np

from ._native import NativeError, NativeTask, check, library, shorten

WindKind = Literal["none", "uniform", "gymnasium"]
_WINDS: tuple[WindKind, ...] = ("none", "uniform", "gymnasium")
_NUMBERS = ("gravity", "wind_power", "turbulence_power", "initial_random", "main_engine_power", "side_engine_power")


def as_number(name: str, value: Any) -> float:
    """A real number; numpy's are welcome, text is none."""
    try:
        if isinstance(value, (str, bytes)):
            raise TypeError
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"{name} = {shorten(value)}: must be a real number") from None


def as_flag(name: str, value: Any) -> bool:
    """True or False; "no" would be true to Python."""
    if isinstance(value, (bool, np.bool_)) or (isinstance(value, (int, np.integer)) and value in (0, 1)):
        return bool(value)
    raise TypeError(f"{name} = {shorten(value)}: must be True or False")


@dataclasses.dataclass(frozen=True)
class Task:
    """A LunarLander task. The defaults are Gymnasium's LunarLander-v3.

    Attributes:
        name: 1 to 31 of a-z, 0-9, _ and -
        gravity: of the world, in [-100, 0)
        wind: "none"; "uniform": a horizontal force U(-wind_power, wind_power) before every step; "gymnasium": Gymnasium's
            enable_wind
        wind_power: newtons, in [0, 1000]
        turbulence_power: newton metres, in [0, 1000], of wind "gymnasium" only
        wind_on_ground: whether the wind blows also while a leg touches the ground (Gymnasium's own does not)
        initial_random: the force that begins an episode is drawn from U(-r, r) on each axis, newtons, in [0, 100000]
        main_engine_power: in [0, 1000]
        side_engine_power: in [0, 1000]
        time_limit_steps: steps after which an episode is truncated, in [1, 1000000]

    Raises:
        ValueError: a field is out of range; the message names it
        TypeError: a field is of the wrong kind; the message names it
    """

    name: str = "custom"
    gravity: float = -10.0
    wind: WindKind = "none"
    wind_power: float = 0.0
    turbulence_power: float = 0.0
    wind_on_ground: bool = True
    initial_random: float = 1000.0
    main_engine_power: float = 13.0
    side_engine_power: float = 0.6
    time_limit_steps: int = 1000

    def __post_init__(self) -> None:
        self._native()

    def _native(self) -> NativeTask:
        """The same for C, checked there."""
        if not isinstance(self.name, str):
            raise TypeError(f"task name = {shorten(self.name)}: must be a string")
        if not re.fullmatch("[a-z0-9_-]{1,31}", self.name):
            raise ValueError(f"task name = {shorten(self.name)}: must be 1 to 31 of a-z, 0-9, _ and -")
        where = f"task {self.name}: "
        if self.wind not in _WINDS:
            raise ValueError(f"{where}wind = {shorten(self.wind)}: must be one of {', '.join(_WINDS)}")
        try:
            limit = operator.index(self.time_limit_steps)
        except TypeError:
            raise TypeError(f"{where}time_limit_steps = {shorten(self.time_limit_steps)}: must be an integer") from None
        if not -(2**31) <= limit < 2**31:
            raise ValueError(f"{where}time_limit_steps = {shorten(limit)}: must be in [1, 1000000]")
        native = NativeTask(
            name=self.name.encode(),
            wind=_WINDS.index(self.wind),
            wind_on_ground=as_flag(f"{where}wind_on_ground", self.wind_on_ground),
            time_limit_steps=limit,
            **{field: as_number(where + field, getattr(self, field)) for field in _NUMBERS},
        )
        error = NativeError()
        check(library.sdqn_task_check(ctypes.byref(native), ctypes.byref(error)), error)
        return native


def _builtin(name: str) -> Task:
    native = library.sdqn_task_find(name.encode()).contents
    fields: dict[str, Any] = {field.name: getattr(native, field.name) for field in dataclasses.fields(Task)}
    fields["name"], fields["wind"], fields["wind_on_ground"] = name, _WINDS[native.wind], bool(native.wind_on_ground)
    return Task(**fields)


TASKS: Mapping[str, Task] = MappingProxyType({name: _builtin(name) for name in ("standard", "windy", "heavy", "gymwind")})
"""The built-in tasks by name: standard, windy, heavy, gymwind."""


def find_task(task: str | Task) -> Task:
    """A built-in task by name; a Task is returned as it is.

    Raises:
        ValueError: there is no such task; the message names those there are
        TypeError: neither a name nor a Task
    """
    if isinstance(task, Task):
        return task
    if not isinstance(task, str):
        raise TypeError(f"task: must be a name or a sharedqn.Task, not {type(task).__name__}")
    if task not in TASKS:
        raise ValueError(f"task {shorten(task)}: must be one of {', '.join(TASKS)}, or a sharedqn.Task")
    return TASKS[task]


def adjust_task(
    task: str | Task,
    gravity: float | None = None,
    enable_wind: bool | None = None,
    wind_power: float | None = None,
    turbulence_power: float | None = None,
) -> Task:
    """A task with Gymnasium's arguments laid over it; None leaves the task's own value.

    `enable_wind=True` is Gymnasium's wind with its defaults (15, 1.5) unless the task has it already; False is none.
    As in Gymnasium, the powers of a wind that does not blow are not looked at.
    """
    found = find_task(task)
    changes: dict[str, Any] = {}
    if gravity is not None:
        changes["gravity"] = as_number("gravity", gravity)
    wind = found.wind if enable_wind is None else "gymnasium" if as_flag("enable_wind", enable_wind) else "none"
    if wind != found.wind:
        changes["wind"] = wind
        changes["wind_power"], changes["turbulence_power"] = (15.0, 1.5) if wind == "gymnasium" else (0.0, 0.0)
        changes["wind_on_ground"] = wind != "gymnasium"
    if wind != "none" and wind_power is not None:
        changes["wind_power"] = as_number("wind_power", wind_power)
    if wind == "gymnasium" and turbulence_power is not None:
        changes["turbulence_power"] = as_number("turbulence_power", turbulence_power)
    return dataclasses.replace(found, **changes) if changes else found


def step_limit(task: Task, max_episode_steps: SupportsIndex | None) -> float:
    """Steps after which an episode is truncated: the task's own (None), no limit (-1), or a number."""
    if max_episode_steps is None:
        return task.time_limit_steps
    try:
        limit = 0 if isinstance(max_episode_steps, bool) else operator.index(max_episode_steps)
    except TypeError:
        limit = 0
    if limit == -1:
        return math.inf
    if limit < 1:
        raise ValueError(
            f"max_episode_steps = {shorten(max_episode_steps)}: must be None (the task's own), -1 (no limit) or an integer of at least 1"
        )
    return limit
