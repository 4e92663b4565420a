"""Compare `sharedqn trace` and the Python package with Gymnasium's LunarLander, bit for bit, on fresh random episodes.

Episode i of a comparison is drawn from the pair (seed, i) alone: its task (built in, or random), its policy and its
environment's seed, and whether its actions are discrete or continuous. Gymnasium plays it, `sharedqn trace` repeats its actions (continuous
ones sharedqn.LunarLander), and every observation, every reward and the end are compared. Exit code 0: no bit differs; 1: one does, or the program failed; 2: wrong usage.
"""

import argparse
import collections
import multiprocessing
import os
import secrets
import subprocess
import sys
import time

import numpy as np
import sharedqn

import oracle_env
import oracle_policies

# Weight of each kind of policy: those that live on the ground count most.
POLICY_WEIGHTS = {
    "random": 1,
    "idle": 0.5,
    "sticky": 1,
    "expert": 2,
    "noisy": 2,
    "dive": 1,
    "slope": 1.5,
    "hop": 2,
    "shuffle": 1.5,
    "settle": 2,
}
CUSTOM_SHARE = 1 / 3  # of episodes with a random task
CONTINUOUS_SHARE = 1 / 3  # of episodes with continuous actions
MOST_REPORTED = 10  # differing episodes that get a line
ROUND = 250  # episodes between two looks at whether enough are done; a constant, so that a comparison repeats exactly
OBSERVATION_FIELDS = ("x", "y", "vx", "vy", "angle", "angular_velocity", "left_leg", "right_leg")
BYTES_PER_OBSERVATION, BYTES_PER_STEP = 32, 32 + 8

Plan = collections.namedtuple("Plan", "index task definition policy seed leftover stretch continuous wide rng")
Result = collections.namedtuple("Result", "task policy continuous steps ground_steps ending difference")


def draw_seed(rng):
    """An environment seed: small, of 32 bits or of 64, since each takes its own way through SeedSequence."""
    bits = int(rng.choice([8, 32, 64]))
    return int(rng.integers(2**bits, dtype=np.uint64, endpoint=False)) if bits < 64 else int(rng.bit_generator.random_raw())


def draw_plan(comparison_seed, index):
    rng = np.random.default_rng([comparison_seed, index])
    kinds = list(POLICY_WEIGHTS)
    weights = np.array(list(POLICY_WEIGHTS.values()))
    policy = str(rng.choice(kinds, p=weights / weights.sum()))
    custom = rng.random() < CUSTOM_SHARE
    definition = oracle_policies.draw_task(rng) if custom else None
    task = "custom" if custom else str(rng.choice(list(oracle_env.BUILTIN)))
    stretch = 2 if rng.random() < 0.1 else 1  # of the time limit, which does not cut a trace
    seed, leftover = draw_seed(rng), int(rng.integers(4))
    continuous, wide = rng.random() < CONTINUOUS_SHARE, rng.random() < 0.25
    return Plan(index, task, definition, policy, seed, leftover, stretch, continuous, wide, rng)


def command_of(plan, options, digits):
    """Write the files that the program reads, and return its arguments (without the format)."""
    stem = os.path.join(options.work, f"episode{plan.index}")
    with open(stem + ".actions", "w", encoding="ascii") as file:
        file.write(digits + "\n")
    command = [options.program, "trace", "--task", plan.task, "--seed", str(plan.seed), "--actions", "@" + stem + ".actions"]
    if plan.definition is not None:
        with open(stem + ".yaml", "w", encoding="ascii") as file:
            file.write(f"task_definitions:\n  {plan.task}:\n")
            file.writelines(f"    {field}: {value}\n" for field, value in plan.definition.items())
        command += ["--config", stem + ".yaml"]
    return command


def parse_raw(raw):
    """Observations, rewards and end of the bytes of `--format raw`, or None if they cannot be that."""
    steps, rest = divmod(len(raw) - 1 - BYTES_PER_OBSERVATION, BYTES_PER_STEP)
    if steps < 0 or rest:
        return None
    split = (steps + 1) * BYTES_PER_OBSERVATION
    observations = np.frombuffer(raw[:split], "<f4").reshape(-1, 8)
    return oracle_env.Episode(observations, np.frombuffer(raw[split:-1], "<f8"), raw[-1])


def show(value):
    """A float as hex and as its bits (two NaNs may differ in bits alone)."""
    return f"{float(value).hex()} (bits {value.tobytes()[::-1].hex()})"


def first_difference(expected, found):
    """'step S field F: expected E, found G' for the earliest bit that differs, or None."""
    steps = min(len(expected.rewards), len(found.rewards))
    bits = [episode.observations[: steps + 1].view("<u4") for episode in (expected, found)]
    observation_wrong = bits[0] != bits[1]
    reward_wrong = np.zeros(steps + 1, bool)  # the reward of step s belongs to row s; row 0 is the reset
    reward_wrong[1:] = expected.rewards[:steps].view("<u8") != found.rewards[:steps].view("<u8")
    wrong_steps = np.flatnonzero(observation_wrong.any(axis=1) | reward_wrong)
    if wrong_steps.size:
        step = int(wrong_steps[0])
        if observation_wrong[step].any():
            field = int(np.flatnonzero(observation_wrong[step])[0])
            name = OBSERVATION_FIELDS[field]
            pair = expected.observations[step, field], found.observations[step, field]
        else:
            name = "reward"
            pair = expected.rewards[step - 1], found.rewards[step - 1]
        return f"step {step} field {name}: expected {show(pair[0])}, found {show(pair[1])}"
    if len(expected.rewards) != len(found.rewards):
        return f"step {steps} field steps: expected {len(expected.rewards)} steps, found {len(found.rewards)}"
    if expected.terminated != found.terminated:
        return f"step {steps} field terminated: expected {int(expected.terminated)}, found {int(found.terminated)}"
    return None


def ending_of(episode):
    if not episode.terminated:
        return "cut"
    return "at rest" if episode.rewards[-1] == 100.0 else "crashed or left"


def compare(job):
    """Play, trace and compare one episode."""
    index, options = job
    plan = draw_plan(options.seed, index)
    task = oracle_env.task_of(plan.task if plan.definition is None else plan.definition)
    choose = oracle_policies.POLICIES[plan.policy](plan.rng)
    if plan.continuous:
        choose = oracle_policies.continuous(choose, plan.rng, plan.wide)
    expected, actions = oracle_env.play(task, plan.seed, choose, plan.stretch * task["time_limit_steps"], plan.continuous)
    difference = (compare_package if plan.continuous else compare_program)(plan, options, expected, actions)
    if difference is not None:
        difference = (
            f"task {plan.task} seed {plan.seed} policy {plan.policy} {difference}; repeat: "
            f"{sys.executable} {sys.argv[0]} --program {options.program} --work {options.work} --seed {options.seed} --only {index}"
        )
    ground_steps = int(expected.observations[1:, 6:8].any(axis=1).sum())
    return Result(plan.task, plan.policy, plan.continuous, len(actions), ground_steps, ending_of(expected), difference)


def compare_program(plan, options, expected, actions):
    """`sharedqn trace` with discrete actions. The first difference, or None."""
    # Digits after a terminated step must change nothing.
    leftover = "2" * (plan.leftover if expected.terminated else 0)
    command = command_of(plan, options, oracle_env.write_actions(actions) + leftover)
    run = subprocess.run(command + ["--format", "raw"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    found = parse_raw(run.stdout) if run.returncode == 0 else None
    if found is None:
        talk = run.stderr.decode(errors="replace").strip().splitlines()
        return f"step 0 field program: exit code {run.returncode}, {len(run.stdout)} bytes; {talk[-1] if talk else 'no message'}"
    difference = first_difference(expected, found)
    if difference is not None:
        return f"{difference}; by: {' '.join(command)}"
    for path in command:
        if path.lstrip("@").startswith(os.path.join(options.work, "episode")):
            os.remove(path.lstrip("@"))
    return None


def compare_package(plan, options, expected, actions):
    """sharedqn.LunarLander with continuous actions. The first difference, or None."""
    task = plan.task if plan.definition is None else sharedqn.Task(name=plan.task, **plan.definition)
    env = sharedqn.LunarLander(continuous=True, task=task)
    observations, rewards, terminated = [env.reset(seed=plan.seed)[0]], [], False
    for action in actions:
        observation, reward, terminated, _, _ = env.step(action)
        observations.append(observation)
        rewards.append(reward)
        if terminated:
            break
    return first_difference(expected, oracle_env.Episode(observations, rewards, terminated))


def print_table(results):
    tasks = list(oracle_env.BUILTIN) + ["custom"]
    cells = collections.defaultdict(lambda: [0, 0])
    for result in results:
        for key in ((result.policy, result.task), (result.policy, "all"), ("all", result.task), ("all", "all")):
            cells[key][0] += 1
            cells[key][1] += result.steps
    print("episodes / steps".ljust(10) + "".join(f"{task:>16}" for task in tasks + ["all"]))
    for policy in list(POLICY_WEIGHTS) + ["all"]:
        row = [cells[policy, task] for task in tasks + ["all"]]
        print(f"{policy:<16}" + "".join(f"{f'{count} / {steps}':>16}" for count, steps in row))


def report(results):
    """Print table and verdict. Returns the exit code."""
    print_table(results)
    steps = sum(result.steps for result in results)
    endings = collections.Counter(result.ending for result in results)
    continuous = [result.steps for result in results if result.continuous]
    print(f"of these with continuous actions: {len(continuous)} / {sum(continuous)}")
    print(
        f"{sum(result.ground_steps for result in results)} steps with a leg on the ground; episodes: "
        + ", ".join(f"{endings[ending]} {ending}" for ending in ("at rest", "crashed or left", "cut"))
    )
    differing = sum(result.difference is not None for result in results)
    if differing:
        print(f"{differing} of {len(results)} episodes differ")
        return 1
    print(f"0 bits differ in {steps} steps of {len(results)} episodes")
    return 0


def compare_all(options):
    """Rounds of episodes until there are enough of them and of steps."""
    results, steps, reported, began = [], 0, 0, time.monotonic()
    with multiprocessing.Pool(options.jobs) as pool:
        while len(results) < options.episodes or steps < options.steps:
            jobs = [(len(results) + i, options) for i in range(ROUND)]
            for result in pool.imap(compare, jobs, chunksize=5):
                results.append(result)
                steps += result.steps
                if result.difference is not None:
                    reported += 1
                    if reported <= MOST_REPORTED:
                        print("differs: " + result.difference, flush=True)
            print(f"{len(results)} episodes, {steps} steps, {time.monotonic() - began:.0f} s", file=sys.stderr)
            if reported > MOST_REPORTED:
                break
    return results


def parse_arguments():
    parser = argparse.ArgumentParser(description="Compare `sharedqn trace` and the Python package with Gymnasium's LunarLander bit for bit.")
    parser.add_argument("--program", default="build/sharedqn", help="the program compared (default build/sharedqn)")
    parser.add_argument("--work", default="build/oracle", help="folder for actions and task files (default build/oracle)")
    parser.add_argument("--seed", type=int, help="repeat the comparison of this seed (default: drawn at random)")
    parser.add_argument("--episodes", type=int, default=2000, help="at least this many (default 2000)")
    parser.add_argument("--steps", type=int, default=500000, help="at least this many (default 500000)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes (default: one a core)")
    parser.add_argument("--only", type=int, metavar="INDEX", help="one episode alone, of the comparison given by --seed")
    options = parser.parse_args()
    if options.only is not None and options.seed is None:
        parser.error("--only needs --seed")
    if not os.access(options.program, os.X_OK):
        parser.error(f"no program at {options.program}: run make first")
    if options.seed is None:
        options.seed = secrets.randbits(32)
    return options


def main():
    options = parse_arguments()
    os.makedirs(options.work, exist_ok=True)
    print(f"comparison seed {options.seed}", flush=True)
    if options.only is None:
        return report(compare_all(options))
    result = compare((options.only, options))
    if result.difference is not None:
        print("differs: " + result.difference)
    return report([result])


if __name__ == "__main__":
    sys.exit(main())
