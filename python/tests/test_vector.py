"""Many environments: step by step those of gymnasium.vector.SyncVectorEnv, and every mistake met with a message."""

import copy
import functools
import pickle
import threading

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers.vector import RecordEpisodeStatistics

import sharedqn

N = 9
ARRAYS = ("observations", "rewards", "terminations", "truncations")


def sync(options, mode, limit=1000):
    make = functools.partial(gymnasium.make, "LunarLander-v3", max_episode_steps=limit)
    return SyncVectorEnv([functools.partial(make, **each) for each in options], autoreset_mode=mode)


def draw_actions(rng, continuous, observations):
    actions = rng.integers(0, 4, N)
    brake = (rng.random(N) < 0.5) & (observations[:, 3] < -0.1 - 0.25 * observations[:, 1])
    actions[brake] = 2
    if not continuous:
        return actions
    sides = np.where(actions == 1, -1, np.where(actions == 3, 1, 0)) * rng.uniform(0.4, 1.2, N)
    return np.stack([np.where(actions == 2, rng.uniform(0, 1.3, N), -0.5), sides], axis=1).astype(np.float32)


def same_infos(mine, other):
    assert mine.keys() == other.keys()
    for key, value in other.items():
        if key == "final_obs":
            for a, b in zip(mine[key], value, strict=True):
                assert (a is None and b is None) or a.tobytes() == b.tobytes()
        elif isinstance(value, dict):
            assert mine[key] == value
        else:
            assert (mine[key] == value).all()


@pytest.mark.parametrize("mode", list(AutoresetMode))
@pytest.mark.parametrize("continuous", [False, True])
def test_every_step_is_that_of_gymnasiums_vector(mode, continuous):
    gravity = [-2.0 - i for i in range(N)]
    wind = [i % 3 == 1 for i in range(N)]
    options = [{"gravity": g, "enable_wind": w, "continuous": continuous} for g, w in zip(gravity, wind, strict=True)]
    theirs = sync(options, mode, limit=120)
    ours = sharedqn.LunarLanderVector(
        N, gravity=gravity, enable_wind=wind, continuous=continuous, max_episode_steps=120, autoreset_mode=mode
    )
    assert ours.metadata["autoreset_mode"] is mode
    for space in ("observation_space", "action_space", "single_observation_space", "single_action_space"):
        assert getattr(ours, space) == getattr(theirs, space)
    rng = np.random.default_rng(1)
    mine, other = ours.reset(seed=5), theirs.reset(seed=5)
    assert mine[0].tobytes() == other[0].tobytes()
    ends = np.zeros(2, int)
    observations = mine[0]
    for step in range(600):
        actions = draw_actions(rng, continuous, observations)
        mine, other = ours.step(actions), theirs.step(actions)
        for name, a, b in zip(ARRAYS, mine[:4], other[:4], strict=True):
            assert a.dtype == b.dtype and a.tobytes() == b.tobytes(), f"step {step}: {name}"
        same_infos(mine[4], other[4])
        observations = mine[0]
        ends += mine[2].sum(), mine[3].sum()
        done = mine[2] | mine[3]
        if mode is AutoresetMode.DISABLED and done.any():
            seeds = [int(rng.integers(1000)) if rng.random() < 0.5 else None for _ in range(N)]
            again = ours.reset(seed=seeds, options={"reset_mask": done})
            expected = theirs.reset(seed=seeds, options={"reset_mask": done.copy()})
            assert again[0].tobytes() == expected[0].tobytes()
            observations = again[0]
    assert (ends >= 5).all()
    for a, b in zip(ours.np_random, theirs.np_random, strict=True):
        assert a.bit_generator.state == b.bit_generator.state


def test_an_end_in_the_last_step_is_both():
    alone = sharedqn.LunarLander()
    alone.reset(seed=2)
    steps = 1
    while not alone.step(0)[2]:
        steps += 1
    ours = sharedqn.LunarLanderVector(1, max_episode_steps=steps)
    theirs = sync([{}], AutoresetMode.NEXT_STEP, limit=steps)
    ours.reset(seed=2), theirs.reset(seed=2)
    for _ in range(steps):
        mine, other = ours.step([0]), theirs.step(np.array([0]))
    assert mine[2][0] and mine[3][0] and other[2][0] and other[3][0]


def test_each_environment_has_its_own_task():
    tasks = ["standard", "windy", sharedqn.Task(name="mine", gravity=-4.0), "gymwind"]
    envs = sharedqn.LunarLanderVector(4, task=tasks)
    assert [task.name for task in envs.tasks] == ["standard", "windy", "mine", "gymwind"]
    assert [task.time_limit_steps for task in envs.tasks] == [1000, 400, 1000, 1000]
    singles = [sharedqn.LunarLander(task=task) for task in tasks]
    seeds = [3, 1, 4, 1]
    first = envs.reset(seed=seeds)[0]
    for i, single in enumerate(singles):
        assert single.reset(seed=seeds[i])[0].tobytes() == first[i].tobytes()
    for k in range(50):
        found = envs.step(np.full(4, k % 4))
        for i, single in enumerate(singles):
            expected = single.step(k % 4)
            assert expected[0].tobytes() == found[0][i].tobytes() and expected[1] == found[1][i]
    assert envs.np_random_seed == (3, 1, 4, 1)


def test_copy_false_returns_the_same_arrays():
    plain, shared = (sharedqn.LunarLanderVector(3, copy=copy) for copy in (True, False))
    plain.reset(seed=1)
    kept = shared.reset(seed=1)[0]
    for _ in range(200):
        a, b = plain.step([2, 0, 1]), shared.step([2, 0, 1])
        assert b[0] is kept
        for one, other in zip(a[:4], b[:4], strict=True):
            assert one.tobytes() == other.tobytes() and not np.shares_memory(one, other)
        same_infos(a[4], b[4])


@pytest.mark.parametrize("continuous", [False, True])
def test_actions_of_any_layout_are_taken_and_left_alone(continuous):
    shape = (6, 2) if continuous else (6,)
    plain = (np.arange(np.prod(shape)) % 4).reshape(shape)
    wide = np.zeros((12, *shape[1:]), plain.dtype)
    wide[::2] = plain
    readonly = plain.copy()
    readonly.flags.writeable = False
    big_endian = plain.astype(">i8")
    forms = [plain.tolist(), wide[::2], readonly, big_endian, plain.astype(np.uint8), plain.astype(np.int16), plain.astype(np.uint64)]
    if continuous:
        forms += [np.asfortranarray(plain.astype(np.float64)), plain.astype(np.float16)]
    results = []
    for form in forms:
        before = np.array(form)
        envs = sharedqn.LunarLanderVector(6, continuous=continuous)
        envs.reset(seed=1)
        results.append(envs.step(form)[0].tobytes())
        assert (np.array(form) == before).all()
    assert len(set(results)) == 1


@pytest.mark.parametrize(
    ("continuous", "actions", "error", "word"),
    [
        (False, [0, 1], ValueError, "shape"),
        (False, [[0, 1, 2]], ValueError, "shape"),
        (False, 1, ValueError, "shape"),
        (False, [0, 1, 4], ValueError, "lane 2"),
        (False, [0, -1, 0], ValueError, "lane 1"),
        (False, np.array([0, 2**32, 0]), ValueError, "environment 1"),
        (False, np.array([0, 0, 2**63], np.uint64), ValueError, "environment 2"),
        (False, [0.0, 1.0, 2.0], TypeError, "float64"),
        (False, [True, False, True], TypeError, "bool"),
        (False, ["a", "b", "c"], TypeError, "actions"),
        (False, [[0], [1, 2], [3]], ValueError, "actions"),
        (True, [0, 1, 2], ValueError, "shape"),
        (True, np.zeros((2, 3)), ValueError, "shape"),
        (True, [[0, 0], [0, np.nan], [0, 0]], ValueError, "lane 1"),
        (True, [[0, 0], [0, 0], [-np.inf, 0]], ValueError, "lane 2"),
        (True, np.zeros((3, 2), complex), TypeError, "complex"),
    ],
)
def test_wrong_actions_are_refused_and_step_nothing(continuous, actions, error, word):
    envs, twin = (sharedqn.LunarLanderVector(3, continuous=continuous) for _ in range(2))
    envs.reset(seed=1), twin.reset(seed=1)
    with pytest.raises(error, match=word):
        envs.step(actions)
    right = np.zeros((3, 2)) if continuous else [1, 2, 3]
    assert envs.step(right)[0].tobytes() == twin.step(right)[0].tobytes()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"num_envs": 0}, "num_envs"),
        ({"num_envs": 2**21}, "num_envs"),
        ({"num_envs": 2.0}, "num_envs"),
        ({"num_envs": 3, "gravity": [-1.0, -2.0]}, "gravity: 2 values for 3"),
        ({"num_envs": 2, "task": ["standard"]}, "task: 1 values for 2"),
        ({"num_envs": 2, "task": ["standard", "moon"]}, "moon"),
        ({"num_envs": 2, "gravity": [-1.0, 2.0]}, "gravity = 2.0"),
        ({"max_episode_steps": -1}, "max_episode_steps"),
        ({"max_episode_steps": 10**7}, "max_episode_steps"),
        ({"render_mode": "human"}, "window"),
        ({"autoreset_mode": "Sometimes"}, "Sometimes"),
        ({"num_envs": True}, "num_envs"),
    ],
)
def test_wrong_arguments_are_named(arguments, word):
    with pytest.raises(ValueError, match=word):
        sharedqn.LunarLanderVector(**arguments)


def test_sequences_and_numbers_of_numpy_are_welcome():
    envs = sharedqn.LunarLanderVector(np.int64(3), max_episode_steps=np.array([5, 6, 7]), gravity=range(-3, 0), wind_power=np.array(2.0))
    assert [(task.time_limit_steps, task.gravity) for task in envs.tasks] == [(5, -3.0), (6, -2.0), (7, -1.0)]
    expected = envs.reset(seed=[4, 5, 6])[0].tobytes()
    for seeds in (range(4, 7), (4, 5, 6), np.arange(4, 7), 4, np.uint8(4)):
        assert envs.reset(seed=seeds)[0].tobytes() == expected


def test_a_pickle_makes_others_like_them_and_there_are_no_copies():
    envs = sharedqn.LunarLanderVector(2, "rgb_array", True, task=["windy", "heavy"], max_episode_steps=7, autoreset_mode="SameStep", copy=False)
    again = pickle.loads(pickle.dumps(envs))
    assert again.tasks == envs.tasks and again.continuous and again.autoreset_mode is AutoresetMode.SAME_STEP and not again.copy
    assert again.render_mode == "rgb_array" and again.reset(seed=1)[0].tobytes() == envs.reset(seed=1)[0].tobytes()
    for call in (copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be copied"):
            call(envs)


def test_wrong_seeds_and_masks():
    envs = sharedqn.LunarLanderVector(3)
    with pytest.raises(ValueError, match="2 seeds for 3"):
        envs.reset(seed=[1, 2])
    with pytest.raises(ValueError, match="2\\^64"):
        envs.reset(seed=2**64 - 1)
    for seed in (-1, [1, 2, "x"], 1.5):
        with pytest.raises(gymnasium.error.Error):
            envs.reset(seed=seed)
    for mask, error in (([True] * 3, TypeError), (np.ones(3), TypeError), (np.ones(2, bool), ValueError), (np.zeros(3, bool), ValueError)):
        with pytest.raises(error, match="reset_mask"):
            envs.reset(options={"reset_mask": mask})
    with pytest.raises(TypeError, match="options = 5"):
        envs.reset(options=5)


def test_wrong_order_of_calls():
    envs = sharedqn.LunarLanderVector(2, render_mode="rgb_array", autoreset_mode="Disabled", max_episode_steps=3)
    with pytest.raises(gymnasium.error.ResetNeeded, match="environment 0"):
        envs.step([0, 0])
    envs.reset(options={"reset_mask": np.array([True, False])})
    with pytest.raises(gymnasium.error.ResetNeeded, match="environment 1"):
        envs.step([0, 0])
    envs.reset(options={"reset_mask": np.array([False, True])})
    for _ in range(3):
        envs.step([0, 0])
    with pytest.raises(gymnasium.error.ResetNeeded, match="has ended"):
        envs.step([0, 0])
    frames = envs.render()
    assert len(frames) == 2 and frames[0].shape == (400, 600, 3)
    envs.close()
    envs.close()
    for call in (lambda: envs.step([0, 0]), envs.reset, envs.render, lambda: envs.np_random):
        with pytest.raises(gymnasium.error.ClosedEnvironmentError):
            call()


def test_make_vec_and_gymnasiums_wrappers():
    envs = gymnasium.make_vec("sharedqn/LunarLanderWindy-v3", num_envs=5, gravity=-9.0)
    assert isinstance(envs, sharedqn.LunarLanderVector)
    assert all(task.wind == "uniform" and task.gravity == -9.0 and task.time_limit_steps == 400 for task in envs.tasks)
    assert envs.spec.id == "sharedqn/LunarLanderWindy-v3"
    recorded = RecordEpisodeStatistics(envs)
    recorded.reset(seed=1)
    lengths = []
    for _ in range(300):
        infos = recorded.step(recorded.action_space.sample())[4]
        if "episode" in infos:
            lengths += infos["episode"]["l"][infos["_episode"]].tolist()
    assert lengths and max(lengths) <= 400
    made = gymnasium.make_vec("sharedqn/LunarLander-v3", num_envs=2, vectorization_mode="sync")
    assert isinstance(made, SyncVectorEnv)


def test_two_threads_cannot_use_one_environment():
    envs = sharedqn.LunarLanderVector(2048)
    envs.reset(seed=1)
    refused, actions = [], np.zeros(2048, np.int32)

    def run():
        for _ in range(40):
            try:
                envs.step(actions)
            except RuntimeError as error:
                refused.append(str(error))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused and all("another thread" in text for text in refused)
    envs.step(actions)
