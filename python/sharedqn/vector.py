"""Many LunarLanders stepped together as a gymnasium.vector.VectorEnv."""

from __future__ import annotations

import ctypes
import dataclasses
import operator
import threading
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, SupportsIndex

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from . import _rendering
from ._native import (
    ACTION_SIZE,
    MAX_LANES,
    NUM_ACTIONS,
    OBSERVATION_SIZE,
    Handle,
    NativeBatchStep,
    NativeError,
    NativeTask,
    as_array,
    check,
    library,
    parallel_library,
    shorten,
)
from .env import check_seed, make_action_space, make_observation_space, read_generator
from .tasks import Task, adjust_task, as_flag, step_limit

Observations = npt.NDArray[np.float32]
_MODES = {AutoresetMode.DISABLED: 0, AutoresetMode.NEXT_STEP: 1, AutoresetMode.SAME_STEP: 2}
_MAX_STEPS = 1_000_000


def _is_list(value: Any) -> bool:
    """Whether an argument has one value for each environment."""
    return value.ndim > 0 if isinstance(value, np.ndarray) else isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _spread(name: str, value: Any, num_envs: int) -> list[Any]:
    """One value for each environment."""
    if not _is_list(value):
        return [value] * num_envs
    if len(value) != num_envs:
        raise ValueError(f"{name}: {len(value)} values for {num_envs} environments")
    return list(value)


def _check_num_envs(num_envs: Any) -> int:
    try:
        number = 0 if isinstance(num_envs, bool) else operator.index(num_envs)
    except TypeError:
        number = 0
    if not 1 <= number <= MAX_LANES:
        raise ValueError(f"num_envs = {shorten(num_envs)}: must be an integer in [1, {MAX_LANES}]")
    return number


def _lane_task(
    task: str | Task,
    gravity: float | None,
    enable_wind: bool | None,
    wind_power: float | None,
    turbulence_power: float | None,
    max_episode_steps: SupportsIndex | None,
) -> Task:
    adjusted = adjust_task(task, gravity, enable_wind, wind_power, turbulence_power)
    limit = step_limit(adjusted, max_episode_steps)
    if limit > _MAX_STEPS:
        raise ValueError(f"max_episode_steps = {shorten(max_episode_steps)}: must be in [1, {_MAX_STEPS}] in a vector environment")
    return dataclasses.replace(adjusted, time_limit_steps=int(limit))


class LunarLanderVector(VectorEnv[Observations, npt.NDArray[Any], npt.NDArray[Any]]):
    """N LunarLanders stepped together, each with the bits it has alone.

    Every argument from `continuous` on the way to `max_episode_steps` that says "each" takes one value for all environments or a
    list with one for each. Steps are those of gymnasium.vector.SyncVectorEnv over N environments with their time limits, in each
    autoreset mode.

    Observations: float32 [N, 8]. Actions: integers [N], each in [0, 4), or with `continuous=True` finite numbers [N, 2].

    The calls release Python's lock; one environment is not to be used by two threads at once (an error, not a crash).

    Args:
        num_envs: N, in [1, 1048576]
        render_mode: None or "rgb_array": `render` gives a tuple of N frames
        continuous: which kind of actions, of all
        gravity, enable_wind, wind_power, turbulence_power: each as in LunarLander
        task: each a built-in task's name or a sharedqn.Task
        max_episode_steps: each as in LunarLander, but at most 1000000
        autoreset_mode: what happens when an episode has ended: gymnasium.vector.AutoresetMode or its value ("NextStep", "SameStep",
            "Disabled")
        copy: False: `reset` and `step` return the same arrays each time, which the next call overwrites

    Raises:
        ValueError: an argument is out of range, or a list has the wrong length; the message names it
        TypeError: an argument is of the wrong kind; the message names it
    """

    metadata: dict[str, Any] = {
        "render_modes": [mode for mode in _rendering.RENDER_MODES if mode != "human"],
        "render_fps": 50,
    }

    def __init__(
        self,
        num_envs: SupportsIndex = 1,
        render_mode: str | None = None,
        continuous: bool = False,
        gravity: float | Sequence[float | None] | None = None,
        enable_wind: bool | Sequence[bool | None] | None = None,
        wind_power: float | Sequence[float | None] | None = None,
        turbulence_power: float | Sequence[float | None] | None = None,
        *,
        task: str | Task | Sequence[str | Task] = "standard",
        max_episode_steps: SupportsIndex | Sequence[SupportsIndex | None] | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        copy: bool = True,
    ) -> None:
        n = _check_num_envs(num_envs)
        if render_mode == "human":
            raise ValueError("render_mode: a vector environment has no window; use 'rgb_array'")
        self.num_envs = n
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        self.metadata = {**type(self).metadata, "autoreset_mode": self.autoreset_mode}
        self.copy = as_flag("copy", copy)
        self.continuous = as_flag("continuous", continuous)
        self.single_observation_space = make_observation_space()
        self.single_action_space = make_action_space(self.continuous)
        self.observation_space = batch_space(self.single_observation_space, n)
        self.action_space = batch_space(self.single_action_space, n)
        self._renderer = _rendering.make_renderer(render_mode)
        self.render_mode = render_mode

        given: dict[str, Any] = {
            "task": task,
            "gravity": gravity,
            "enable_wind": enable_wind,
            "wind_power": wind_power,
            "turbulence_power": turbulence_power,
            "max_episode_steps": max_episode_steps,
        }
        columns = [_spread(name, value, n) for name, value in given.items()]
        self.tasks: tuple[Task, ...] = tuple(_lane_task(*row) for row in zip(*columns, strict=True))
        """What each environment plays, with its time limit."""
        self._limits = np.array([task.time_limit_steps for task in self.tasks], dtype=np.int32)
        self._make_buffers()
        self._make_batch()

    def _make_buffers(self) -> None:
        n = self.num_envs
        self._observations = np.zeros((n, OBSERVATION_SIZE), dtype=np.float32)
        self._final_observations = np.zeros((n, OBSERVATION_SIZE), dtype=np.float32)
        self._rewards = np.zeros(n, dtype=np.float64)
        self._terminations = np.zeros(n, dtype=np.bool_)
        self._truncations = np.zeros(n, dtype=np.bool_)
        self._steps = np.zeros(n, dtype=np.int32)
        self._actions: npt.NDArray[Any] = (
            np.zeros((n, ACTION_SIZE), dtype=np.float64) if self.continuous else np.zeros(n, dtype=np.int32)
        )
        self._out = NativeBatchStep(
            observation=self._observations.ctypes.data,
            reward=self._rewards.ctypes.data,
            terminated=self._terminations.ctypes.data,
            truncated=self._truncations.ctypes.data,
            final_observation=self._final_observations.ctypes.data,
            steps=self._steps.ctypes.data,
        )
        self._error = NativeError()
        self._addresses = (self._actions.ctypes.data, ctypes.addressof(self._out), ctypes.addressof(self._error))
        self._step_batch = (
            parallel_library.sdqn_lander_batch_step_continuous if self.continuous else parallel_library.sdqn_lander_batch_step
        )

    def _make_batch(self) -> None:
        tasks = (NativeTask * self.num_envs)(*(task._native() for task in self.tasks))
        seeds = np.random.SeedSequence().generate_state(self.num_envs, np.uint64)  # until reset is given some
        handle = Handle()
        check(
            library.sdqn_lander_batch_create_seeded(
                ctypes.addressof(tasks),
                seeds.ctypes.data,
                self.num_envs,
                _MODES[self.autoreset_mode],
                ctypes.byref(handle),
                self._addresses[2],
            ),
            self._error,
        )
        self._batch: Handle | None = handle.own(library.sdqn_lander_batch_destroy)  # None: closed
        self._lock = threading.Lock()
        self._begun = np.zeros(self.num_envs, dtype=np.bool_)
        self._all_begun = False
        self._ended = np.zeros(self.num_envs, dtype=np.bool_)  # only kept in mode Disabled
        self._seeds = [-1] * self.num_envs

    # ---- gymnasium.vector.VectorEnv ----

    def _enter(self) -> None:
        """One caller at a time, and none after close."""
        if not self._lock.acquire(blocking=False):
            raise RuntimeError("LunarLanderVector: another thread is using it")
        if self._batch is None:
            self._lock.release()
            raise gymnasium.error.ClosedEnvironmentError("LunarLanderVector: it has been closed")

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Observations, dict[str, Any]]:
        """Begin episodes.

        Args:
            seed: s: environment i is seeded with s + i; a list of N seeds, None for those that go on with their generators; None:
                all go on. Seeds are in [0, 2^64).
            options: {"reset_mask": bool array [N]}: only these begin anew

        Returns:
            observations [N, 8] (of environments not chosen: their last ones), and an empty info

        Raises:
            gymnasium.error.Error: a seed is negative or no integer
            ValueError: wrong number of seeds, a seed of more than 64 bits, or a mask of the wrong shape
            TypeError: a mask that is no bool array
            gymnasium.error.ClosedEnvironmentError: after close
        """
        chosen = self._check_mask(options)
        seeds = self._check_seeds(seed)
        self._enter()
        try:
            known = np.array([value is not None for value in seeds], dtype=np.bool_)
            self._reset_some(chosen & known, np.array([value or 0 for value in seeds], dtype=np.uint64))
            self._reset_some(chosen & ~known, None)
            for i in np.flatnonzero(chosen & known):
                self._seeds[i] = seeds[i]  # type: ignore[assignment]
            self._begun |= chosen
            self._all_begun = bool(self._begun.all())
            self._ended &= ~chosen
            return self._observations.copy() if self.copy else self._observations, {}
        finally:
            self._lock.release()

    def _reset_some(self, chosen: npt.NDArray[np.bool_], seeds: npt.NDArray[np.uint64] | None) -> None:
        if not chosen.any():
            return
        address = None if seeds is None else seeds.ctypes.data
        parallel_library.sdqn_lander_batch_reset(self._batch, chosen.ctypes.data, address, self._observations.ctypes.data)

    def _check_mask(self, options: dict[str, Any] | None) -> npt.NDArray[np.bool_]:
        if options is not None and not isinstance(options, Mapping):
            raise TypeError(f"options = {shorten(options)}: must be a dict")
        if options is None or "reset_mask" not in options:
            return np.ones(self.num_envs, dtype=np.bool_)
        mask = options["reset_mask"]
        if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_:
            raise TypeError("options['reset_mask']: must be a numpy array of bool")
        if mask.shape != (self.num_envs,):
            raise ValueError(f"options['reset_mask']: shape {mask.shape}: must be ({self.num_envs},)")
        if not mask.any():
            raise ValueError("options['reset_mask']: chooses no environment")
        return np.ascontiguousarray(mask)

    def _check_seeds(self, seed: int | Sequence[int | None] | None) -> list[int | None]:
        n = self.num_envs
        seeds: list[int | None]
        if seed is None:
            return [None] * n
        if isinstance(seed, Sequence) and not isinstance(seed, (str, bytes)) or isinstance(seed, np.ndarray) and seed.ndim > 0:
            if len(seed) != n:
                raise ValueError(f"seed: {len(seed)} seeds for {n} environments")
            seeds = [None if value is None else check_seed(value) for value in seed]
        else:
            first = check_seed(seed)
            seeds = [first + i for i in range(n)]
        if any(value is not None and value >= 2**64 for value in seeds):
            raise ValueError("seed: must be below 2^64")
        return seeds

    def step(
        self, actions: npt.ArrayLike
    ) -> tuple[Observations, npt.NDArray[np.float64], npt.NDArray[np.bool_], npt.NDArray[np.bool_], dict[str, Any]]:
        """One step of every environment.

        Args:
            actions: integers [N], or [N, 2] numbers if continuous; any memory layout; left as they are. An action for an environment
                whose step is a reset (mode NextStep) is not looked at but must be valid.

        Returns:
            observations float32 [N, 8], rewards float64 [N], terminations and truncations bool [N], infos. Infos are empty but in
            mode SameStep, where `final_obs` (object [N], an array or None) and `_final_obs` (bool [N]) tell the last
            observations of episodes that ended in this step.

        Raises:
            ValueError: actions of the wrong shape, out of range or not finite (nothing is stepped)
            TypeError: actions of the wrong kind
            gymnasium.error.ResetNeeded: before the first reset, or in mode Disabled for an episode that has ended
            gymnasium.error.ClosedEnvironmentError: after close
        """
        self._enter()
        try:
            if not self._all_begun:
                lane = int(np.argmin(self._begun))
                raise gymnasium.error.ResetNeeded(f"LunarLanderVector: environment {lane} has not been reset")
            self._take_actions(actions)
            disabled = self.autoreset_mode is AutoresetMode.DISABLED
            if disabled and np.count_nonzero(self._ended):
                lane = int(np.argmax(self._ended))
                raise gymnasium.error.ResetNeeded(
                    f"LunarLanderVector: the episode of environment {lane} has ended: reset it with options={{'reset_mask': ...}}"
                )
            status = self._step_batch(self._batch, *self._addresses)
            if status != 0:
                check(status, self._error)
            ended = np.count_nonzero(self._terminations) + np.count_nonzero(self._truncations)
            infos = self._take_ends() if ended else {}
            if disabled:
                np.logical_or(self._terminations, self._truncations, out=self._ended)
            if not self.copy:
                return self._observations, self._rewards, self._terminations, self._truncations, infos
            return (
                self._observations.copy(),
                self._rewards.copy(),
                self._terminations.copy(),
                self._truncations.copy(),
                infos,
            )
        finally:
            self._lock.release()

    def _take_actions(self, actions: npt.ArrayLike) -> None:
        """Check actions and copy them to where C reads them."""
        values = as_array("actions", actions)
        own = self._actions
        if values.shape != own.shape:
            raise ValueError(f"actions: shape {values.shape}: must be {own.shape}")
        kinds = "fiu" if self.continuous else "iu"
        if values.dtype.kind not in kinds:
            what = "real numbers" if self.continuous else f"integers in [0, {NUM_ACTIONS})"
            raise TypeError(f"actions: type {values.dtype}: must be {what}")
        np.copyto(own, values, casting="unsafe")
        # Wider integers may have lost what makes them wrong; what is left in range is compared with what was given.
        if not self.continuous and values.dtype.itemsize >= 4 and values.dtype != np.int32 and not np.array_equal(own, values):
            lane = int(np.argmax(own != values))
            raise ValueError(f"actions: of environment {lane} = {values[lane]}: must be in [0, {NUM_ACTIONS})")

    def _take_ends(self) -> dict[str, Any]:
        """What Gymnasium says besides when episodes have ended."""
        # An end in the very step of the time limit is both, as Gymnasium's TimeLimit has it.
        self._truncations |= self._terminations & (self._steps >= self._limits)
        if self.autoreset_mode is not AutoresetMode.SAME_STEP:
            return {}
        ended = self._terminations | self._truncations
        final: npt.NDArray[Any] = np.full(self.num_envs, None, dtype=object)
        for i in np.flatnonzero(ended):
            final[i] = self._final_observations[i].copy()
        return {"final_obs": final, "_final_obs": ended, "final_info": {}, "_final_info": ended.copy()}

    def render(self) -> tuple[npt.NDArray[np.uint8], ...] | None:
        """Frames uint8 [400, 600, 3] of all environments. None, with a warning, without a render_mode."""
        if self._renderer is None:
            gymnasium.logger.warn("render: give render_mode='rgb_array' when the environment is made")
            return None
        self._enter()
        try:
            if not self._all_begun:
                raise gymnasium.error.ResetNeeded("LunarLanderVector: reset it before rendering")
            frames: list[Any] = []
            for lane in range(self.num_envs):
                env = self._copy_lane(lane)
                frames.append(self._renderer.draw(env))
            return tuple(frames)
        finally:
            self._lock.release()

    def _copy_lane(self, lane: int) -> Handle:
        """A C environment in the state of one lane."""
        handle = Handle()
        check(library.sdqn_lander_batch_copy_out(self._batch, lane, ctypes.byref(handle), self._addresses[2]), self._error)
        return handle.own(library.sdqn_env_destroy)

    @property
    def np_random_seed(self) -> tuple[int, ...]:  # type: ignore[override]
        """The seeds given last, -1 where none was."""
        return tuple(self._seeds)

    @property  # type: ignore[misc]
    def np_random(self) -> tuple[np.random.Generator, ...]:  # type: ignore[override]
        """Copies of the environments' generators, as they stand. Drawing from them changes nothing here."""
        self._enter()
        try:
            generators = []
            for lane in range(self.num_envs):
                generators.append(np.random.Generator(np.random.PCG64(0)))
                read_generator(self._copy_lane(lane), generators[-1])
            return tuple(generators)
        finally:
            self._lock.release()

    def close_extras(self, **kwargs: Any) -> None:
        """Free the environments."""
        if hasattr(self, "_lock"):  # it has come so far
            self._enter()
            self._batch = None
            if self._renderer is not None:
                self._renderer.close()
            self._lock.release()

    # ---- copies ----

    @classmethod
    def _make(cls, num_envs: int, options: dict[str, Any]) -> LunarLanderVector:
        return cls(num_envs, **options)

    def __reduce__(self) -> tuple[Any, ...]:
        """A pickle holds how the environments were made, and neither their state nor a spec."""
        names = ("render_mode", "continuous", "autoreset_mode", "copy")
        return self._make, (self.num_envs, {"task": self.tasks, **{name: getattr(self, name) for name in names}})

    def __copy__(self) -> NoReturn:
        raise TypeError("LunarLanderVector: cannot be copied; a pickle makes others like it")

    def __deepcopy__(self, memo: dict[int, Any]) -> NoReturn:
        self.__copy__()
