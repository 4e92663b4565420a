"""Episodes for the comparison with the oracle: kinds of policy and random tasks, all drawn from a given generator.

Most kinds seek the ground, and stay there without coming to rest: contacts are where two physics part first.
"""

import numpy as np
from gymnasium.envs.box2d import lunar_lander

import oracle_env


class Unwrapped:
    """All that Gymnasium's heuristic asks of its environment."""

    continuous = False

    @property
    def unwrapped(self):
        return self


def expert_action(observation):
    return int(lunar_lander.heuristic(Unwrapped(), observation))


def random_policy(rng):
    """A fresh uniform action every step."""
    return lambda _: int(rng.integers(4))


def idle_policy(rng):
    """A free fall: the fastest impacts."""
    return lambda _: 0


def sticky_policy(rng):
    """A uniform action held for a while: large angles, tumbling."""
    held = [0, 0]  # action, steps left

    def choose(_):
        if held[1] == 0:
            held[:] = int(rng.integers(4)), int(rng.integers(1, 60))
        held[1] -= 1
        return held[0]

    return choose


def expert_policy(rng):
    """Gymnasium's own heuristic."""
    return expert_action


def noisy_policy(rng):
    """The expert with a share of uniform actions."""
    noise = rng.uniform(0.02, 0.6)
    return lambda observation: int(rng.integers(4)) if rng.random() < noise else expert_action(observation)


def dive_policy(rng):
    """A free fall to some height, then the expert: hard landings, and crashes at all angles."""
    height = rng.uniform(0.05, 0.8)
    return lambda observation: expert_action(observation) if observation[1] < height else 0


def shifted_expert(rng, off_pad):
    """The expert aiming at the pad or, with probability `off_pad`, anywhere, below the ground: at slopes and corners too."""
    place = rng.uniform(-0.95, 0.95) if rng.random() < off_pad else 0.0
    depth = rng.uniform(0.0, 0.3)

    def choose(observation):
        shifted = observation.copy()
        shifted[0] -= place
        shifted[1] += depth
        return expert_action(shifted)

    return choose


def slope_policy(rng):
    """Landings off the pad."""
    return shifted_expert(rng, 1.0)


def grounded_policy(rng, actions, start, longest):
    """Lands somewhere; on the ground begins, with probability `start` a step, a burst of one of `actions`."""
    pilot = shifted_expert(rng, 0.4)
    burst = [0, 0]  # action, steps left

    def choose(observation):
        if burst[1] == 0 and (observation[6] or observation[7]) and rng.random() < start:
            burst[:] = int(rng.choice(actions)), int(rng.integers(1, longest + 1))
        if burst[1] > 0:
            burst[1] -= 1
            return burst[0]
        return pilot(observation)

    return choose


def hop_policy(rng):
    """Lands, takes off again by the main engine, lands, and so on."""
    return grounded_policy(rng, [2, 2, 2, 1, 3], rng.uniform(0.02, 0.3), int(rng.integers(4, 40)))


def shuffle_policy(rng):
    """Stays on the ground with the side engines at work: sliding, tilting, one leg lifting and touching again."""
    return grounded_policy(rng, [1, 3], rng.uniform(0.02, 0.5), int(rng.integers(2, 30)))


def settle_policy(rng):
    """Almost at rest, with a rare short push: the sleep timer starts over and over."""
    return grounded_policy(rng, [0, 1, 2, 3], rng.uniform(0.005, 0.04), 3)


POLICIES = {
    "random": random_policy,
    "idle": idle_policy,
    "sticky": sticky_policy,
    "expert": expert_policy,
    "noisy": noisy_policy,
    "dive": dive_policy,
    "slope": slope_policy,
    "hop": hop_policy,
    "shuffle": shuffle_policy,
    "settle": settle_policy,
}


def continuous(choose, rng, wide):
    """A policy of continuous actions about those of a discrete one: thrusts of all sizes, many near where an engine starts or beyond full
    power, sometimes both engines. float32, or wide: float64.
    """

    def choose_thrusts(observation):
        action = choose(observation)
        main = rng.uniform(0.0, 1.3) if action == 2 or rng.random() < 0.1 else rng.uniform(-1.3, 0.0)
        side = rng.uniform(0.45, 1.3) * (action - 2) if action in (1, 3) else rng.uniform(-0.55, 0.55)
        exact = rng.random()
        if exact < 0.05:  # the very points where something changes
            main, side = rng.choice([-1.0, 0.0, 1.0, 1e-30]), rng.choice([-1.0, -0.5, 0.0, 0.5, 1.0])
        return np.array([main, side], np.float64 if wide else np.float32)

    return choose_thrusts


def draw_number(rng, low, high, extreme):
    """Mostly uniform in [low, high]; sometimes 0, sometimes spread over the orders of magnitude up to `extreme`."""
    kind = rng.random()
    if kind < 0.05:
        return 0.0
    if kind < 0.2:
        return float(extreme * 10.0 ** rng.uniform(-4.0, 0.0))
    return float(rng.uniform(low, high))


def draw_task(rng):
    """A random task: every field of SdqnTask within its range."""
    task = {
        "gravity": -draw_number(rng, 1.0, 20.0, 100.0) or -10.0,
        "wind": str(rng.choice(["none", "uniform", "gymnasium"])),
        "wind_on_ground": int(rng.integers(2)),
        "initial_random": draw_number(rng, 0.0, 2000.0, 100000.0),
        "main_engine_power": draw_number(rng, 8.0, 25.0, 1000.0),
        "side_engine_power": draw_number(rng, 0.2, 2.0, 1000.0),
        "time_limit_steps": int(rng.integers(1, 1500)) if rng.random() < 0.3 else 1000,
    }
    if task["wind"] != "none":
        task["wind_power"] = draw_number(rng, 1.0, 40.0, 1000.0)
    if task["wind"] == "gymnasium":
        task["turbulence_power"] = draw_number(rng, 0.2, 4.0, 1000.0)
    if task["wind"] != "none" and not (task["wind_power"] or task.get("turbulence_power")):
        task["wind_power"] = 1.0  # a configuration refuses a wind without power
    return oracle_env.complete(task)
