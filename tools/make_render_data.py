"""Frames of Gymnasium's own picture, for the test of ours that needs no Python: tests/data/frames/*.png and frames.jsonl.

A line names a picture and the way to its state: task, seed and actions (digits). One picture is drawn after each step, since
Gymnasium's particles age with each picture. From every episode come the first frames that show something still missing.

    make_render_data.py --out tests/data [--seed S]
"""

import argparse
import json
import pathlib

import numpy as np
from PIL import Image

import oracle_env
import oracle_policies

PER_KIND = 3  # frames of each kind of state
TASKS = ["standard", "windy", "heavy", "gymwind"]
POLICIES = ["expert", "noisy", "sticky", "dive", "random"]


def kinds_of(env, observation, action, step):
    """What a state shows."""
    x, y, _, _, angle, _, left, right = observation.tolist()
    near_flag = min(abs(x - flag) for flag in (-0.2, 0.2)) < 0.12 and y < 0.35
    shows = {
        "start": step == 1,
        "high": step > 20 and y > 0.8,
        "main engine": action == 2 and y > 0.5,
        "side engine": action in (1, 3),
        "tilted left": angle > 0.6,
        "tilted right": angle < -0.6,
        "upside down": abs(angle) > 2.2,
        "beside a flag": near_flag,
        "flames on the ground": action == 2 and y < 0.12,
        "one leg": left + right == 1,
        "both legs": left + right == 2,
        "hull on the ground": env.game_over,
        "at the edge": abs(x) > 0.93,
    }
    return [kind for kind, shown in shows.items() if shown]


def render(env):
    return np.ascontiguousarray(env.render())


def episodes(seed):
    rng = np.random.default_rng(seed)
    while True:
        for policy in POLICIES:
            for task in TASKS:
                yield task, policy, int(rng.integers(2**32)), rng


def frames_of(task, policy, seed, rng, counts):
    """Frames of an episode that are still missing, at most one of a kind."""
    env = oracle_env.make_env(task)
    env.render_mode = "rgb_array"
    observation, _ = env.reset(seed=seed)
    render(env)
    choose = oracle_policies.POLICIES[policy](rng)
    taken, digits, terminated = set(), "", False
    while not terminated and len(digits) < oracle_env.task_of(task)["time_limit_steps"]:
        action = choose(observation)
        observation, _, terminated, _, _ = env.step(action)
        digits += str(action)
        picture = render(env)
        fresh = [k for k in kinds_of(env, observation, action, len(digits)) if counts.get(k, 0) < PER_KIND and k not in taken]
        # Not the first frame of its kind in every episode: some way into it.
        if fresh and rng.random() < 0.3:
            taken.update(fresh)
            for kind in fresh:
                counts[kind] = counts.get(kind, 0) + 1
            yield {"task": task, "seed": seed, "actions": digits, "shows": fresh}, picture


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    folder = arguments.out / "frames"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    counts, lines, played = {}, [], 0
    for task, policy, seed, rng in episodes(arguments.seed):
        for line, picture in frames_of(task, policy, seed, rng, counts):
            name = f"{len(lines):02d}.png"
            Image.fromarray(picture).quantize(256, dither=Image.Dither.NONE).save(folder / name, optimize=True)
            if not np.array_equal(np.asarray(Image.open(folder / name).convert("RGB")), picture):  # too many colours for a palette
                Image.fromarray(picture).save(folder / name, optimize=True)
            lines.append(json.dumps({"file": f"frames/{name}", **line}))
        played += 1
        if played > 200 or (len(counts) == 13 and min(counts.values()) == PER_KIND):
            break
    (arguments.out / "frames.jsonl").write_text("\n".join(lines) + "\n")
    print(f"{len(lines)} frames of {played} episodes: {counts}")


if __name__ == "__main__":
    main()
