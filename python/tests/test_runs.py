"""Folders of runs and studies, finished, live and damaged; written by the program where it is built."""

import json
import os
import subprocess

import numpy as np
import pytest

import sharedqn

PROGRAM = os.environ.get("SHAREDQN")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    if not PROGRAM:
        pytest.skip("SHAREDQN does not name the program")
    made = tmp_path_factory.mktemp("runs") / "short"
    small = ["--episodes", "60", "--min-replay-size", "500", "--final-episodes", "3", "--gradient-period", "500"]
    subprocess.run([PROGRAM, "train", *small, "--out", made], check=True, capture_output=True)
    return made


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    if not PROGRAM:
        pytest.skip("SHAREDQN does not name the program")
    place = tmp_path_factory.mktemp("study")
    (place / "s.yaml").write_text(
        "name: s\nseeds: 1-2\nsettings: {episodes: 12, evaluation_period: 5, evaluation_episodes: 2, final_episodes: 2}\n"
        "arms:\n  shared: {method: shared}\n  blind: {method: shared, conditioning: blind}\ncomparisons:\n  - [shared, blind]\n"
    )
    subprocess.run([PROGRAM, "study", place / "s.yaml", "--out", place / "s"], check=True, capture_output=True)
    return place / "s"


def test_a_finished_run(folder):
    run = sharedqn.read_run(folder)
    assert run.finished and run.tasks == ("standard", "windy", "heavy") and run.config["episodes"] == 60
    metrics = run.metrics
    assert metrics["episode"].tolist() == list(range(60)) and metrics["return"].dtype == np.float64
    assert set(metrics["task"]) == set(run.tasks) and metrics["terminated"].dtype == bool
    assert np.isnan(metrics["loss"][0]) and metrics["total_steps"][-1] == metrics["steps"].sum()
    assert run.evaluations["kind"].tolist() == ["periodic"] * 3 + ["final"] * 3
    final = run.evaluation_episodes["kind"] == "final"
    for task, mean in zip(run.evaluations["task"][3:], run.evaluations["mean"][3:], strict=True):
        mine = run.evaluation_episodes["return"][final & (run.evaluation_episodes["task"] == task)]
        assert len(mine) == 3 and np.isclose(mine.mean(), mean)
    rows = len(run.gradients["update"])
    assert rows >= 2 and run.gradients["norms"].shape == (rows, 3) and run.gradients["fc1.cosines"].shape == (rows, 3)
    assert len(run.timing["seconds"]) == 60 and run.summary["episodes"] == 60
    assert sharedqn.load(folder).tasks == run.tasks


def copied(folder, tmp_path, **changes):
    for file in folder.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(changes.get(file.stem, lambda text: text)(file.read_bytes()))
    return tmp_path


def test_a_live_run_has_a_torn_last_line(folder, tmp_path):
    torn = '{"task": "\u00e4'.encode()[:-1]  # in the middle of a character
    place = copied(folder, tmp_path, metrics=lambda text: text[:-30], timing=lambda text: text + torn, gradients=lambda text: text[:-1])
    for name in ("summary.json", "evaluations.jsonl"):
        (place / name).unlink()
    run = sharedqn.read_run(place)
    assert not run.finished and len(run.metrics["episode"]) == 59 and run.evaluations == {} and run.evaluation_episodes == {}


@pytest.mark.parametrize(
    ("name", "change", "word"),
    [
        ("metrics", lambda text: text.replace(b"episode", b"episodf", 1), "metrics.jsonl"),
        ("metrics", lambda text: b"{broken\n" + text, "metrics.jsonl:1"),
        ("metrics", lambda text: text + b"[1]\n", "metrics.jsonl:61"),
        ("metrics", lambda text: b"\xff\xfe\n" + text, "metrics.jsonl"),
        ("evaluations", lambda text: text.replace(b'"return": "', b'"return": "q', 1), "evaluations.jsonl"),
        ("evaluations", lambda text: text.replace(b'"tasks"', b'"tusks"', 1), "evaluations.jsonl"),
        ("config", lambda text: b"tasks: [", "config.yaml"),
        ("config", lambda text: b"seed: 1", "config.yaml"),
        ("summary", lambda text: text[:50], "summary.json"),
        ("summary", lambda text: b"{}", "summary.json: does not say how many episodes"),
        ("metrics", lambda text: text.replace(b'"return": -', b'"return": "x", "_": -', 1), "metrics.jsonl:1: return = 'x': must be a number"),
        ("metrics", lambda text: text.replace(b'"task": "windy"', b'"task": null', 1), "metrics.jsonl:2: task = None: must be a text"),
        ("metrics", lambda text: text.replace(b'"steps": ', b'"steps": 99999999999999999999', 1), "metrics.jsonl:1: steps"),
        ("metrics", lambda text: text.replace(b'"episode": 3, ', b"", 1), "metrics.jsonl:4: has no episode"),
        ("metrics", lambda text: b'{"a": ' + b"[" * 100_000 + b"\n" + text, "metrics.jsonl:1"),
        ("metrics", lambda text: b"\n".join(text.split(b"\n")[:7] + text.split(b"\n")[8:]), "metrics.jsonl:8: is episode 8: must be 7"),
        ("metrics", lambda text: b"\n".join(text.split(b"\n")[:10]) + b"\n", "metrics.jsonl: holds 10 episodes: the finished run had 60"),
        ("metrics", lambda text: b"", "metrics.jsonl: holds 0 episodes"),
        ("evaluations", lambda text: text.split(b"\n")[0] + b"\n", "evaluations.jsonl: holds no final evaluation"),
        ("evaluations", lambda text: text.replace(b'"return": "', b'"return": "0x1p99999", "_": "', 1), "evaluations.jsonl:1: return = '0x1p99999'"),
        ("evaluations", lambda text: text.replace(b'"mean"', b'"maan"', 1), "evaluations.jsonl:1: has no mean"),
        ("evaluations", lambda text: text.replace(b'"episodes": [', b'"episodes": 5, "_": [', 1), "evaluations.jsonl:1: has no seed"),
        ("gradients", lambda text: text.replace(b'"layers": {', b'"layers": 5, "_": {', 1), "gradients.jsonl:1: layers = 5"),
        ("gradients", lambda text: text.replace(b'"fc1": {', b'"fc1": 5, "_": {', 1), "gradients.jsonl:1: fc1 = 5"),
        ("gradients", lambda text: text.replace(b'"norms": [', b'"norms": [1.0, ', 1), "gradients.jsonl:2: norms: 3 values: line 1 has 4"),
        ("timing", lambda text: text.replace(b'"seconds": 0', b'"seconds": "0', 1), "timing.jsonl:1"),
        ("config", lambda text: text + b"x: 2024-13-45\n", "config.yaml: month"),
        ("config", lambda text: text + b"x: " + b"[" * 20_000, "config.yaml"),
        ("config", lambda text: text.replace(b"windy", b"heavy", 1), "config.yaml: tasks: standard, heavy, heavy"),
    ],
)
def test_a_damaged_file_is_named(folder, tmp_path, name, change, word):
    with pytest.raises(sharedqn.RunError, match=word):
        sharedqn.read_run(copied(folder, tmp_path, **{name: change}))


def test_what_is_not_known_is_nan_and_the_control_has_columns_of_its_own(folder, tmp_path):
    def change(text):
        lines = [json.loads(line) for line in text.splitlines()]
        lines[0]["cosines"][1] = lines[0]["layers"]["fc1"]["cosines"][2] = lines[0]["conflict"] = None
        lines[1].update(cut=0.25, kl=[1, 2, 3])
        return b"".join(json.dumps(line).encode() + b"\n" for line in lines)

    found = sharedqn.read_run(copied(folder, tmp_path, gradients=change)).gradients
    rows = len(found["update"])
    for name in ("cosines", "fc1.cosines", "conflict", "cut", "kl", "shuffled.norms", "shuffled.fc1.cosines", "shuffled.conflict"):
        assert found[name].dtype == np.float64 and len(found[name]) == rows, name
    assert np.isnan(found["cosines"][0]).tolist() == [False, True, False] and np.isnan(found["fc1.cosines"][0, 2])
    assert np.isnan(found["conflict"][0]) and found["kl"].shape == (rows, 3) and np.isnan(found["kl"][0]).all()
    assert np.isnan(found["cut"][0]) and found["cut"][1] == 0.25 and found["kl"][1].tolist() == [1, 2, 3]
    assert found["shuffled.fc1.norms"].shape == (rows, 3) and "shuffled" not in found


def test_a_wrong_folder_is_named(tmp_path, data):
    for wrong, word in ((tmp_path, "no config.yaml"), (tmp_path / "none", "no such folder"), (data / "rng.txt", "no folder")):
        with pytest.raises(sharedqn.RunError, match=word):
            sharedqn.read_run(wrong)
    with pytest.raises(sharedqn.RunError, match="no study"):
        sharedqn.read_study(tmp_path)


def test_a_study(study):
    found = sharedqn.read_study(study)
    assert [(run.arm, run.seed) for run in found.runs] == [("blind", 1), ("blind", 2), ("shared", 1), ("shared", 2)]
    run = found.runs[2]
    assert run.evaluations["means"].shape == (2, 3) and run.evaluations["episode"].tolist() == [5, 10]
    assert run.training["task"][:4].tolist() == ["standard", "windy", "heavy", "standard"] and len(run.training["return"]) == 12
    assert run.config["method"] == "shared" and len(found.scores["score"]) == 12
    folder = study / "runs" / "shared-seed1"
    if folder.is_dir():
        assert np.allclose(sharedqn.read_run(folder).metrics["return"], run.training["return"], atol=0.05)
    assert sharedqn.read_study(study / "results").runs[0].arm == "blind"


def test_a_damaged_result_is_named(study, tmp_path):
    source = next(iter(sorted((study / "results").glob("*.json"))))
    document = json.loads(source.read_text())
    tasks = list(document["final"])
    for change in (
        {"final": None},
        {"final": tasks},
        {"final": dict.fromkeys(tasks, 5)},
        {"final": {task: {"mean": "x"} for task in tasks}},
        {"settings": "seed: 1"},
        {"settings": "tasks: [a, b]"},
        {"settings": 5},
        {"seed": "x"},
        {"arm": None},
        {"training": {}},
        {"training": {**document["training"], "steps": document["training"]["steps"][1:]}},
        {"training": {**document["training"], "steps": [2**70] * 12}},
        {"training": {**document["training"], "task": "9" * 12}},
        {"evaluations": {"episode": [1], "means": [1, 2]}},
        {"evaluations": {**document["evaluations"], "updates": []}},
        {"gradients": 5},
    ):
        (tmp_path / "a-seed1.json").write_text(json.dumps({**document, **change}))
        with pytest.raises(sharedqn.RunError, match="a-seed1.json"):
            sharedqn.read_study(tmp_path)
    (tmp_path / "a-seed1.json").write_text(json.dumps(document))
    (tmp_path / "copy.json").write_text(json.dumps(document))
    with pytest.raises(sharedqn.RunError, match="copy.json: is of arm blind and seed 1, and so is a-seed1.json"):
        sharedqn.read_study(tmp_path)
