"""One LunarLander as a gymnasium.Env."""

from __future__ import annotations

import ctypes
import math
import operator
from typing import Any, SupportsIndex

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.utils import seeding

from . import _rendering
from ._native import (
    NUM_ACTIONS,
    OBSERVATION_SIZE,
    Handle,
    NativeError,
    NativeGenerator,
    NativeStep,
    as_array,
    check,
    library,
    shorten,
)
from .tasks import Task, adjust_task, as_flag, step_limit

Observation = npt.NDArray[np.float32]
_U64_MASK = 2**64 - 1


def make_observation_space() -> spaces.Box:
    """Gymnasium's: x, y, vx, vy, angle, angular velocity, left leg touches, right leg touches."""
    high = np.array([2.5, 2.5, 10.0, 10.0, 2 * math.pi, 10.0, 1.0, 1.0], dtype=np.float32)
    low = -high
    low[6:] = 0.0
    return spaces.Box(low, high)


def make_action_space(continuous: bool) -> spaces.Space[Any]:
    """Discrete(4), or Box(-1, 1, (2,), float32)."""
    return spaces.Box(-1.0, 1.0, (2,), dtype=np.float32) if continuous else spaces.Discrete(NUM_ACTIONS)


def check_seed(seed: Any) -> int:
    """A seed as Gymnasium takes it: a non-negative integer; numpy's are welcome too."""
    try:
        value = operator.index(seed)
    except TypeError:
        raise gymnasium.error.Error(f"Seed must be an integer, not {type(seed).__name__}") from None
    if value < 0:
        raise gymnasium.error.Error(f"Seed must be greater or equal to zero, actual value: {shorten(value)}")
    return value


def read_generator(env: Handle, generator: np.random.Generator) -> None:
    """Give numpy's generator the state of an environment's."""
    native = NativeGenerator()
    library.sdqn_env_generator(env, ctypes.byref(native))
    generator.bit_generator.state = {
        "bit_generator": "PCG64",
        "state": {
            "state": native.state_high << 64 | native.state_low,
            "inc": native.increment_high << 64 | native.increment_low,
        },
        "has_uint32": native.has_uint32,
        "uinteger": native.uinteger,
    }


class LunarLander(gymnasium.Env[Observation, Any]):
    """Gymnasium's LunarLander-v3 with the same bits, on the tasks of sharedqn.

    Observations, rewards, ends and the generator's draws are those of Gymnasium 1.4.0 with Box2D 2.3.10 for any seed and any
    actions. Made by `gymnasium.make("sharedqn/LunarLander-v3")`, the time limit is that of Gymnasium's TimeLimit wrapper; made
    directly, the environment truncates by itself.

    Observation: float32 [8]: x, y, vx, vy, angle, angular velocity, left and right leg on the ground (0 or 1).
    Action: an integer in [0, 4): nothing, left engine, main engine, right engine; or, with `continuous=True`, two finite numbers
    [main, side], clipped to [-1, 1].

    Not to be used by two threads at once.

    Args:
        render_mode: None, "human" (a window; without a screen it shows nothing and logs so) or "rgb_array" (frames uint8 [400, 600, 3])
        continuous: which kind of actions
        gravity: in [-100, 0); None: the task's
        enable_wind: Gymnasium's wind; None: the task's own wind
        wind_power: newtons, in [0, 1000]; None: the task's
        turbulence_power: newton metres, in [0, 1000]; None: the task's
        task: "standard", "windy", "heavy", "gymwind" or a sharedqn.Task
        max_episode_steps: steps after which an episode is truncated; None: the task's time limit; -1: none

    Raises:
        ValueError: an argument is out of range; the message names it
        TypeError: an argument is of the wrong kind; the message names it
        gymnasium.error.DependencyNotInstalled: this installation cannot draw
    """

    metadata: dict[str, Any] = {"render_modes": _rendering.RENDER_MODES, "render_fps": 50}

    def __init__(
        self,
        render_mode: str | None = None,
        continuous: bool = False,
        gravity: float | None = None,
        enable_wind: bool | None = None,
        wind_power: float | None = None,
        turbulence_power: float | None = None,
        *,
        task: str | Task = "standard",
        max_episode_steps: SupportsIndex | None = None,
    ) -> None:
        self.task = adjust_task(task, gravity, enable_wind, wind_power, turbulence_power)
        self.continuous = as_flag("continuous", continuous)
        self.observation_space: spaces.Space[Any] = make_observation_space()
        self.action_space = make_action_space(self.continuous)
        self._limit = step_limit(self.task, max_episode_steps)
        self._renderer = _rendering.make_renderer(render_mode)
        self.render_mode = render_mode

        self._error = NativeError()
        self._result = NativeStep()
        self._observation = np.zeros(OBSERVATION_SIZE, dtype=np.float32)
        self._action = np.zeros(2, dtype=np.float64)
        self._addresses = (
            self._observation.ctypes.data,
            self._action.ctypes.data,
            ctypes.addressof(self._result),
            ctypes.addressof(self._error),
        )
        self._begun = False
        self._steps = 0
        self._seeded = False
        self._generator: np.random.Generator | None = None  # numpy's view, once somebody has asked for it
        native, handle = self.task._native(), Handle()
        check(library.sdqn_env_create(ctypes.byref(native), 0, ctypes.byref(handle), self._addresses[3]), self._error)
        self._env: Handle | None = handle.own(library.sdqn_env_destroy)  # None: closed

    # ---- the random generator, which lives in C ----

    @property
    def _np_random(self) -> np.random.Generator | None:
        """The environment's generator as numpy has it, None before it is seeded. gymnasium.Env.np_random is built on it."""
        env = self._env
        if self._seeded and env is not None and self._generator is None:
            self._generator = np.random.Generator(np.random.PCG64(0))
            read_generator(env, self._generator)
        return self._generator

    @_np_random.setter
    def _np_random(self, generator: np.random.Generator | None) -> None:
        env = self._open()
        if not isinstance(generator, np.random.Generator) or not isinstance(generator.bit_generator, np.random.PCG64):
            raise ValueError("np_random: must be a numpy Generator over PCG64, as gymnasium.utils.seeding.np_random makes it")
        self._generator = generator
        self._seeded = True
        self._push_generator(env)

    def _push_generator(self, env: Handle) -> None:
        """What somebody has drawn from np_random is drawn."""
        assert self._generator is not None
        state: Any = self._generator.bit_generator.state
        words, native = state["state"], NativeGenerator()
        native.state_high, native.state_low = words["state"] >> 64, words["state"] & _U64_MASK
        native.increment_high, native.increment_low = words["inc"] >> 64, words["inc"] & _U64_MASK
        native.uinteger, native.has_uint32 = state["uinteger"], state["has_uint32"]
        check(library.sdqn_env_set_generator(env, ctypes.byref(native), self._addresses[3]), self._error)

    # ---- gymnasium.Env ----

    def _open(self) -> Handle:
        """The C environment, which stays for as long as the caller holds it, whatever others close meanwhile."""
        env = self._env
        if env is None:
            raise gymnasium.error.ClosedEnvironmentError("LunarLander: it has been closed")
        return env

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Observation, dict[str, Any]]:
        """Begin an episode.

        Args:
            seed: as in Gymnasium: seeds the generator, the same seed gives the same episode; None goes on with the generator,
                which the operating system seeds the first time
            options: not used

        Returns:
            observation, and an empty info

        Raises:
            gymnasium.error.Error: the seed is negative or no integer
            gymnasium.error.ClosedEnvironmentError: after close
        """
        env = self._open()
        address = self._addresses[0]
        if seed is None:
            if not self._seeded:
                self._np_random, self._np_random_seed = seeding.np_random()
                self._generator = None
            if self._generator is not None:
                self._push_generator(env)
            library.sdqn_env_reset(env, None, address)
        else:
            value = check_seed(seed)
            if value <= _U64_MASK:
                library.sdqn_env_reset(env, ctypes.byref(ctypes.c_uint64(value)), address)
                self._generator, self._seeded = None, True
            else:  # as many words as it takes: numpy seeds
                self._np_random = seeding.np_random(value)[0]
                library.sdqn_env_reset(env, None, address)
            self._np_random_seed = value
        if self._generator is not None:
            read_generator(env, self._generator)
        self._begun, self._steps = True, 0
        if self.render_mode == "human":
            self.render()
        return self._observation.copy(), {}

    def step(self, action: Any) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """One step of 1/50 s. After the end of an episode it goes on as Gymnasium's does, until reset.

        Returns:
            observation, reward, terminated, truncated, and an empty info. A landing at rest ends with reward +100, a crash or
            leaving the screen with -100.

        Raises:
            ValueError: the action is out of range, of the wrong shape or not finite
            TypeError: the action is of the wrong kind
            gymnasium.error.ResetNeeded: before the first reset
            gymnasium.error.ClosedEnvironmentError: after close
        """
        env = self._open()
        if not self._begun:
            raise gymnasium.error.ResetNeeded("LunarLander: reset it before the first step")
        observation, place, result, error = self._addresses
        number = 0
        if self.continuous:
            self._take_continuous(action)
        else:
            number = self._check_discrete(action)
        if self._generator is not None:
            self._push_generator(env)
        if self._renderer is not None:
            self._move_flames(env, number)
        if self.continuous:
            status = library.sdqn_env_step_continuous(env, place, observation, result, error)
        else:
            status = library.sdqn_env_step(env, number, observation, result, error)
        if status != 0:
            check(status, self._error)
        if self._generator is not None:
            read_generator(env, self._generator)
        self._steps += 1
        if self.render_mode == "human":
            self.render()
        # gymnasium.make has its own wrapper for the limit, and sets spec.
        truncated = self._steps >= self._limit and self.spec is None
        return self._observation.copy(), self._result.reward, self._result.terminated != 0, truncated, {}

    @staticmethod
    def _check_discrete(action: Any) -> int:
        try:
            number = operator.index(action)
        except TypeError:
            raise TypeError(f"action = {shorten(action)}: must be an integer in [0, {NUM_ACTIONS})") from None
        if not 0 <= number < NUM_ACTIONS:
            raise ValueError(f"action = {shorten(number)}: must be in [0, {NUM_ACTIONS})")
        return number

    def _take_continuous(self, action: Any) -> None:
        values = as_array("action", action)
        if values.shape != (2,):
            raise ValueError(f"action: shape {values.shape}: must be two numbers [main engine, side engines]")
        if values.dtype.kind not in "fiu":
            raise TypeError(f"action: type {values.dtype}: must be two real numbers")
        self._action[:] = values

    def _move_flames(self, env: Handle, number: int) -> None:
        assert self._renderer is not None
        if self.continuous:
            self._renderer.step_continuous(env, self._addresses[1])
        else:
            self._renderer.step(env, number)

    def render(self) -> npt.NDArray[np.uint8] | None:
        """Draw the present state: uint8 [400, 600, 3] in mode "rgb_array", in mode "human" the window (returns None).

        Raises:
            gymnasium.error.ResetNeeded: before the first reset
            gymnasium.error.ClosedEnvironmentError: after close
        """
        env = self._open()
        if self._renderer is None:
            gymnasium.logger.warn("render: give a render_mode when the environment is made, such as render_mode='rgb_array'")
            return None
        if not self._begun:
            raise gymnasium.error.ResetNeeded("LunarLander: reset it before rendering")
        return self._renderer.draw(env)

    def close(self) -> None:
        """Free the environment and its window. A second call does nothing; any other use afterwards is an error."""
        self._env = None
        if self._renderer is not None:
            self._renderer.close()

    @classmethod
    def _make(cls, render_mode: str | None, continuous: bool, task: Task, limit: float) -> LunarLander:
        return cls(render_mode, continuous, task=task, max_episode_steps=-1 if math.isinf(limit) else int(limit))

    def __reduce__(self) -> tuple[Any, ...]:
        """A pickle holds how the environment was made, as Gymnasium's does, and not its state nor its spec.

        So one of gymnasium.make, which the wrapper around it limits, must go without a limit of its own.
        """
        return self._make, (self.render_mode, self.continuous, self.task, self._limit if self.spec is None else math.inf)

    def __copy__(self) -> LunarLander:
        return self.__deepcopy__({})

    def __deepcopy__(self, memo: dict[int, Any]) -> LunarLander:
        """A second environment in the same state, which goes on by itself (a window is not copied)."""
        env = self._open()
        copy = self._make(None if self.render_mode == "human" else self.render_mode, self.continuous, self.task, self._limit)
        memo[id(self)] = copy
        if self._generator is not None:
            self._push_generator(env)
        handle = Handle()
        check(library.sdqn_env_copy(env, ctypes.byref(handle), self._addresses[3]), self._error)
        copy._env = handle.own(library.sdqn_env_destroy)
        copy._observation[:] = self._observation
        copy._begun, copy._steps = self._begun, self._steps
        copy._seeded, copy._np_random_seed, copy.spec = self._seeded, self._np_random_seed, self.spec
        return copy
