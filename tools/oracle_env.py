"""The oracle: Gymnasium's own LunarLander-v3 run as one of our tasks.

Nothing of the physics or of the rules is written here. A task only adds what it does before Gymnasium's step, sets the
constants of Gymnasium's module (in memory) and sets the world's gravity. The tasks are data with the fields of SdqnTask
(include/sharedqn.h).
"""

import hashlib
import math

import numpy as np
from gymnasium.envs.box2d import lunar_lander

DEFAULTS = {
    "gravity": -10.0,
    "wind": "none",
    "wind_power": 0.0,
    "turbulence_power": 0.0,
    "wind_on_ground": 1,
    "initial_random": 1000.0,
    "main_engine_power": 13.0,
    "side_engine_power": 0.6,
    "time_limit_steps": 1000,
}

BUILTIN = {
    "standard": {},
    "windy": {"wind": "uniform", "wind_power": 20.0, "time_limit_steps": 400},
    "heavy": {"gravity": -12.5, "time_limit_steps": 800},
    "gymwind": {
        "wind": "gymnasium",
        "wind_power": 15.0,
        "turbulence_power": 1.5,
        "wind_on_ground": 0,
    },
}


class OracleLander(lunar_lander.LunarLander):
    """Gymnasium's LunarLander under the rules of a task."""

    def __init__(self, task, continuous=False):
        # Gymnasium refuses some gravities here and warns of strong wind: both are set after it, gravity before each step.
        super().__init__(continuous=continuous, enable_wind=task["wind"] == "gymnasium")
        self.wind_power = task["wind_power"]
        self.turbulence_power = task["turbulence_power"]
        self.task = task

    def _set_constants(self):
        lunar_lander.INITIAL_RANDOM = self.task["initial_random"]
        lunar_lander.MAIN_ENGINE_POWER = self.task["main_engine_power"]
        lunar_lander.SIDE_ENGINE_POWER = self.task["side_engine_power"]

    def reset(self, *, seed=None, options=None):
        self._set_constants()
        return super().reset(seed=seed, options=options)

    def step(self, action):
        """Gymnasium's step; reset calls it too, for its internal step with action 0."""
        self._set_constants()
        task = self.task
        self.world.gravity = (0, task["gravity"])
        on_ground = self.legs[0].ground_contact or self.legs[1].ground_contact
        if task["wind"] == "uniform" and (task["wind_on_ground"] or not on_ground):
            force = self.np_random.uniform(-task["wind_power"], task["wind_power"])
            self.lander.ApplyForceToCenter((force, 0.0), True)
        elif task["wind"] == "gymnasium" and task["wind_on_ground"] and on_ground:
            self._blow_on_ground()
        return super().step(action)

    def _blow_on_ground(self):
        """Gymnasium's wind in the one case where its own step leaves it out: a leg touches the ground."""
        force = gust(self.wind_idx) * self.wind_power
        self.lander.ApplyForceToCenter((force, 0.0), True)
        self.lander.ApplyTorque(gust(self.torque_idx) * self.turbulence_power, True)
        self.wind_idx += 1
        self.torque_idx += 1


def gust(index):
    """Gymnasium's wind (or turbulence) at an index, as a share of its power."""
    return math.tanh(math.sin(0.02 * index) + math.sin(math.pi * 0.01 * index))


def complete(fields):
    """A task from some of its fields: the rest are SdqnTask's defaults. An unknown field is an error."""
    unknown = set(fields) - set(DEFAULTS)
    if unknown:
        raise ValueError(f"unknown task fields: {', '.join(sorted(unknown))}")
    return {**DEFAULTS, **fields}


def task_of(task):
    """A built-in task by name, or a task from its fields."""
    return complete(BUILTIN[task] if isinstance(task, str) else task)


def make_env(task, continuous=False):
    """An environment for a built-in task's name or a dictionary of fields."""
    return OracleLander(task_of(task), continuous)


class Episode:
    """One episode as the oracle lives it: what was done and all that came of it."""

    def __init__(self, observations, rewards, terminated):
        self.observations = np.array(observations, dtype="<f4")  # [steps + 1, 8]
        self.rewards = np.array(rewards, dtype="<f8")  # [steps]
        self.terminated = bool(terminated)

    def raw(self):
        """The bytes of `sharedqn trace --format raw`, whose SHA-256 the golden traces carry."""
        return self.observations.tobytes() + self.rewards.tobytes() + bytes([self.terminated])

    def summary(self):
        """The fields of a golden trace that follow from the episode."""
        total = 0.0
        for reward in self.rewards.tolist():  # left to right, as the definition of `ret` says
            total += reward
        return {
            "steps": len(self.rewards),
            "terminated": self.terminated,
            "ret": total.hex(),
            "last": [value.hex() for value in self.observations[-1].astype("f8").tolist()],
            "sha256": hashlib.sha256(self.raw()).hexdigest(),
        }


def play_on(env, seed, choose, max_steps):
    """Reset (without a seed the generator goes on), then at most max_steps steps with actions choose(observation).

    Returns the episode and its actions.
    """
    observation, _ = env.reset(seed=seed)
    observations, rewards, actions, terminated = [observation], [], [], False
    while not terminated and len(rewards) < max_steps:
        action = choose(observation)
        observation, reward, terminated, _, _ = env.step(action)
        observations.append(observation)
        rewards.append(float(reward))
        actions.append(action)
    return Episode(observations, rewards, terminated), actions


def play(task, seed, choose, max_steps, continuous=False):
    """One episode of a new environment, as play_on."""
    return play_on(make_env(task, continuous), seed, choose, max_steps)


def write_actions(actions):
    """Discrete actions as digits; continuous ones, arrays [2] of one type, as the hex of their bytes, little-endian."""
    if not actions or isinstance(actions[0], int):
        return "".join(map(str, actions))
    kind = "<f4" if actions[0].dtype == np.float32 else "<f8"
    return np.array(actions, kind).tobytes().hex()


def read_actions(text, steps, continuous):
    """The actions that write_actions has written. How long an action is says which type of float it is made of."""
    if not continuous:
        return [int(digit) for digit in text]
    kind = "<f4" if len(text) == 16 * steps else "<f8"
    return list(np.frombuffer(bytes.fromhex(text), kind).reshape(steps, 2))


def replay_on(env, seed, actions):
    """The episode of given actions; stops after a terminated step."""
    rest = iter(actions)
    return play_on(env, seed, lambda _: next(rest), len(actions))[0]


def replay(task, seed, digits):
    """The episode of given discrete actions in a new environment."""
    return replay_on(make_env(task), seed, read_actions(digits, len(digits), False))
