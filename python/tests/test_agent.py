"""Agents and aggregators, through files, runs, arrays and PyTorch, and every mistake met with a message."""

import copy
import json
import pickle

import numpy as np
import pytest
import safetensors.numpy
import torch

import sharedqn


@pytest.fixture
def agent(data):
    return sharedqn.load(data / "trained.safetensors")


def test_trained_weights_earn_what_they_earned_in_gymnasium(agent, data):
    records = json.loads((data / "trained.expected.json").read_text())["trained"]
    equal = total = 0
    for task in agent.tasks:
        for record in records[task][:4]:
            env = sharedqn.LunarLander(task=task)
            observation, earned, over = env.reset(seed=record["seed"])[0], 0.0, False
            while not over:
                observation, reward, terminated, truncated, _ = env.step(agent.act(observation, task))
                earned, over = earned + reward, terminated or truncated
            same = earned == float.fromhex(record["ret"])
            assert same or record["mingap"] < 1e-6, (task, record["seed"])
            equal, total = equal + same, total + 1
    assert equal >= total - 1


def test_q_values_are_pytorchs_within_rounding(agent, data):
    weights = {name: torch.from_numpy(value) for name, value in safetensors.numpy.load_file(data / "trained.safetensors").items()}
    observations = np.random.default_rng(1).normal(size=(300, 8)).astype(np.float32)
    tasks = np.arange(300) % 3
    x = torch.cat([torch.from_numpy(observations), weights["task_embedding.weight"][torch.from_numpy(tasks)]], dim=1)
    for layer in ("fc1", "fc2"):
        x = torch.relu(x @ weights[f"{layer}.weight"].T + weights[f"{layer}.bias"])
    expected = (x @ weights["fc3.weight"].T + weights["fc3.bias"]).numpy()
    found = agent.q_values(observations, tasks)
    assert found.dtype == np.float32 and np.abs(found - expected).max() < 1e-4 * np.abs(expected).max()
    actions = agent.act(observations, tasks)
    assert actions.dtype == np.int64 and (actions == found.argmax(axis=1)).all()
    for i in (0, 7, 299):
        assert agent.q_values(observations[i], int(tasks[i])).tobytes() == found[i].tobytes()
        assert agent.act(observations[i], agent.tasks[tasks[i]]) == actions[i]
    same = sharedqn.Agent(weights, ["a", "b", "c"])  # a state_dict
    assert same.tasks == ("a", "b", "c") and same.q_values(observations, tasks).tobytes() == found.tobytes()


def test_observations_of_any_layout_are_taken(agent):
    plain = np.random.default_rng(2).normal(size=(10, 8)).astype(np.float32)
    expected = agent.q_values(plain, "windy").tobytes()
    wide = np.zeros((20, 16), np.float32)
    wide[::2, ::2] = plain
    readonly = plain.copy()
    readonly.flags.writeable = False
    for form in (wide[::2, ::2], readonly, np.asfortranarray(plain), plain.astype(">f4"), plain.tolist(), plain.astype(np.float64)):
        assert agent.q_values(form, "windy").tobytes() == expected
    assert agent.q_values(np.zeros((0, 8)), "windy").shape == (0, 4)
    assert agent.act(np.zeros((0, 8)), []).shape == (0,)


@pytest.mark.parametrize(
    ("observations", "task", "error", "word"),
    [
        (np.zeros(8), None, ValueError, "3 tasks"),
        (np.zeros(8), "moon", ValueError, "0 standard, 1 windy, 2 heavy"),
        (np.zeros(8), 3, ValueError, "knows"),
        (np.zeros(8), -1, ValueError, "knows"),
        (np.zeros(8), True, ValueError, "knows"),
        (np.zeros((2, 8)), ["windy"], ValueError, "1 tasks for 2"),
        (np.zeros(7), "windy", ValueError, "shape"),
        (np.zeros((1, 1, 8)), "windy", ValueError, "shape"),
        (np.float32(1), "windy", ValueError, "shape"),
        (np.full(8, np.nan), "windy", ValueError, "finite"),
        (np.full(8, 1e300), "windy", ValueError, "finite"),
        (["a"] * 8, "windy", TypeError, "numbers"),
        ([[0] * 8, [0] * 7], "windy", ValueError, "observations"),
        (np.zeros((2, 8)), {"windy", "heavy"}, TypeError, "a sequence"),
        (np.zeros((2, 8)), b"windy", TypeError, "a sequence"),
        (np.zeros((2, 8)), 1.0, TypeError, "a sequence"),
    ],
)
def test_wrong_observations_and_tasks(agent, observations, task, error, word):
    for call in (agent.act, agent.q_values):
        with pytest.raises(error, match=word):
            call(observations, task)


def test_copies_and_pickles_play_alike_and_outlive_the_original(data):
    good = safetensors.numpy.load_file(data / "trained.safetensors")
    observations = np.random.default_rng(3).normal(size=(5, 8))
    agent = sharedqn.Agent(good, ["a", "b", "c"])
    expected = agent.q_values(observations, "b").tobytes()
    good["fc3.bias"][:] = 0  # the caller's array, as of a network that goes on training
    twins = [copy.copy(agent), copy.deepcopy(agent), pickle.loads(pickle.dumps(agent))]
    del agent
    for twin in twins:
        assert twin.tasks == ("a", "b", "c") and twin.q_values(observations, "b").tobytes() == expected


def test_an_agent_that_plays_every_task_alike(data):
    weights = {"fc1.weight": np.eye(1, 8), "fc1.bias": [0], "fc2.weight": [[1]], "fc2.bias": [0], "fc3.weight": np.ones((4, 1)), "fc3.bias": range(4)}
    agent = sharedqn.Agent(weights)
    assert agent.tasks == () and "any task" in repr(agent)
    assert agent.q_values([2, 0, 0, 0, 0, 0, 0, 0]).tolist() == [2, 3, 4, 5]
    assert agent.act(np.zeros(8), "whatever") == 3


def test_wrong_weights(tmp_path, data, agent):
    good = safetensors.numpy.load_file(data / "trained.safetensors")
    for name, value, word in (
        ("fc2.bias", np.zeros(5), "fc2.bias"),
        ("fc2.bias", np.full(128, np.inf), "fc2.bias"),
        ("more", np.zeros(3), "more"),
        ("fc2.bias", np.zeros(128, complex), "complex"),
        ("fc2.bias", np.zeros((1,) * 5), "dimensions"),
    ):
        with pytest.raises(sharedqn.WeightsError, match=word):
            sharedqn.Agent({**good, name: value})
    with pytest.raises(ValueError, match="3 tasks"):
        sharedqn.Agent(good, ["a", "b"])
    with pytest.raises(ValueError, match="task 1"):
        sharedqn.Agent(good, ["a", "", "c"])
    with pytest.raises(ValueError, match="at most 32"):
        sharedqn.Agent(good, [str(i) for i in range(40)])
    for wrong in ("abc", 5, [1, 2, 3], {"a", "b", "c"}):
        with pytest.raises(TypeError, match="tasks"):
            sharedqn.Agent(good, wrong)
    for wrong, word in ((["a", "b", "a"], "two have one name"), (["a\0b", "c", "d"], "no name")):
        with pytest.raises(ValueError, match=word):
            sharedqn.Agent(good, wrong)
    with pytest.raises(ValueError, match="no name"):
        sharedqn.Agent({**good, "more\0": np.zeros(3)})
    for wrong in (None, [1, 2]):
        with pytest.raises(TypeError, match="weights"):
            sharedqn.Agent(wrong)
    with pytest.raises(ValueError, match="tensors"):
        sharedqn.Agent({})
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes((data / "trained.safetensors").read_bytes()[:5000])
    with pytest.raises(sharedqn.WeightsError, match="broken.safetensors"):
        sharedqn.load(broken)
    header = b'{"fc1.weight":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}'
    broken.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    with pytest.raises(sharedqn.WeightsError, match="broken.safetensors: holds numbers of type BF16"):
        sharedqn.load(broken)
    broken.write_bytes(safetensors.numpy.save({name: value for name, value in good.items() if name != "fc2.bias"}))
    with pytest.raises(sharedqn.WeightsError, match="broken.safetensors: .*fc2.bias: missing"):
        sharedqn.load(broken)
    broken.write_bytes((2).to_bytes(8, "little") + b"{}")
    with pytest.raises(sharedqn.WeightsError, match="broken.safetensors: holds no weights"):
        sharedqn.load(broken)
    for which in ("best", "worst"):
        with pytest.raises(ValueError, match="which"):
            sharedqn.load(data / "trained.safetensors", which=which)
    with pytest.raises(FileNotFoundError):
        sharedqn.load(tmp_path / "none.safetensors")
    with pytest.raises(sharedqn.RunError, match="no config.yaml"):
        sharedqn.load(tmp_path)


def test_a_run_knows_its_tasks(tmp_path, data):
    (tmp_path / "config.yaml").write_text("method: shared\ntasks: [heavy, gymwind, windy]\n")
    with pytest.raises(sharedqn.RunError, match="final.safetensors"):
        sharedqn.load(tmp_path)
    for name in ("final", "best"):
        (tmp_path / f"{name}.safetensors").write_bytes((data / "trained.safetensors").read_bytes())
        assert sharedqn.load(tmp_path, which=name).tasks == ("heavy", "gymwind", "windy")
    with pytest.raises(ValueError, match="which"):
        sharedqn.load(tmp_path, which="worst")
    with pytest.raises(ValueError, match="knows its own"):
        sharedqn.load(tmp_path, tasks=["a", "b", "c"])


def test_aggregation():
    rows = np.array([[3.0, 0.0, 1.0], [-1.0, 2.0, 1.0]])
    assert sharedqn.aggregate("mean", rows).tolist() == [1.0, 1.0, 1.0]
    assert sharedqn.aggregate("sum", rows[:, ::-1]).tolist() == [2.0, 2.0, 2.0]
    # PCGrad of two conflicting rows, each without its part against the other, whatever the order.
    g = rows - np.array([rows[0] @ rows[1] / (rows[1] @ rows[1]) * rows[1], rows[1] @ rows[0] / (rows[0] @ rows[0]) * rows[0]])
    assert np.allclose(sharedqn.aggregate("pcgrad", rows, seed=7), g.mean(axis=0), rtol=1e-6)
    for name in sharedqn.AGGREGATORS:
        found = sharedqn.aggregate(name, np.random.default_rng(1).normal(size=(3, 50)), 5)
        assert found.dtype == np.float32 and found.shape == (50,) and np.isfinite(found).all()


@pytest.mark.parametrize(
    ("arguments", "error", "word"),
    [
        (("median", [[1.0]]), ValueError, "pcgrad"),
        (("mean", [1.0, 2.0]), ValueError, "shape"),
        (("mean", np.ones((17, 2))), ValueError, "16 tasks"),
        (("mean", np.ones((2, 0))), ValueError, "shape"),
        (("mean", [[np.nan]]), ValueError, "NaN"),
        (("mean", [[1e300]]), ValueError, "infinity"),
        (("mean", [["a"]]), TypeError, "numbers"),
        (("mean", [[1.0]], -1), ValueError, "seed"),
        (("sum", [[3e38], [3e38]]), FloatingPointError, "range"),
    ],
)
def test_wrong_gradients(arguments, error, word):
    with pytest.raises(error, match=word):
        sharedqn.aggregate(*arguments)
