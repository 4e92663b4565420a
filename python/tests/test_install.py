"""The wheel installs and works where there is no compiler and no make; an sdist has all that a build needs."""

import os
import pathlib
import subprocess
import sys
import tarfile
import zipfile

import pytest

WHEEL = os.environ.get("SHAREDQN_WHEEL")
PLAY = """
import hashlib, json, pathlib, sys
import numpy as np
import gymnasium, sharedqn
assert pathlib.Path(sharedqn.__file__).is_relative_to(sys.prefix), sharedqn.__file__
lines = [json.loads(line) for line in open(sys.argv[1])]
played = 0
for line in lines:
    if "definition" in line or line["seed"] >= 2**63 or played >= 12:
        continue
    env = gymnasium.make({"standard": "sharedqn/LunarLander-v3"}.get(line["task"], f"sharedqn/LunarLander{line['task'].title()}-v3")).unwrapped
    found = [env.reset(seed=line["seed"])[0]]
    rewards, terminated = [], False
    for digit in line["actions"]:
        observation, reward, terminated, _, _ = env.step(int(digit))
        found.append(observation)
        rewards.append(reward)
    raw = np.array(found, "<f4").tobytes() + np.array(rewards, "<f8").tobytes() + bytes([terminated])
    assert hashlib.sha256(raw).hexdigest() == line["sha256"], line["seed"]
    played += 1
envs = sharedqn.LunarLanderVector(8, task="windy")
envs.reset(seed=1)
envs.step(np.zeros(8, int))
agent = sharedqn.load(sys.argv[2])
print(played, agent.act(envs.reset(seed=2)[0], "windy").shape)
"""

pytestmark = pytest.mark.skipif(not WHEEL, reason="SHAREDQN_WHEEL names no wheel: make python-test does")


def test_the_wheel_is_for_any_python_of_this_machine():
    path = pathlib.Path(WHEEL)
    assert path.name.split("-")[2:4] == ["py3", "none"] and path.name.split("-")[4].startswith("linux_")
    names = zipfile.ZipFile(path).namelist()
    assert {"sharedqn/libsharedqn.so", "sharedqn/sharedqn-draw.so", "sharedqn/sharedqn-window.so", "sharedqn/py.typed", "sharedqn/env.py"} <= set(names)
    assert not any(name.endswith((".c", ".h", ".o")) or "tests" in name for name in names)


def test_it_works_without_a_compiler(tmp_path, data):
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    bare = {"PATH": str(venv / "bin"), "HOME": str(tmp_path)}
    pip = [venv / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"]
    subprocess.run([*pip, WHEEL], check=True, env={**bare, **{k: v for k, v in os.environ.items() if k.startswith(("PIP_", "SSL_"))}})
    command = [venv / "bin" / "python", "-W", "error", "-c", PLAY, data / "traces.jsonl", data / "trained.safetensors"]
    run = subprocess.run(command, env=bare, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == ["12", "(8,)"]


def test_an_sdist_builds_a_wheel(tmp_path):
    package = pathlib.Path(__file__).resolve().parents[1]
    build = [sys.executable, "-c", "import setuptools.build_meta as m, sys; print(m.build_sdist(sys.argv[1]))", tmp_path]
    name = subprocess.run(build, cwd=package, check=True, capture_output=True, text=True).stdout.split()[-1]
    with tarfile.open(tmp_path / name) as archive:
        assert not any("tests" in member or member.endswith(".o") for member in archive.getnames())
        archive.extractall(tmp_path, filter="data")
    source = tmp_path / name.removesuffix(".tar.gz")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", tmp_path / "wheels", source]
    run = subprocess.run(pip, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    (wheel,) = (tmp_path / "wheels").iterdir()
    assert zipfile.ZipFile(wheel).getinfo("sharedqn/libsharedqn.so").file_size > 100_000
