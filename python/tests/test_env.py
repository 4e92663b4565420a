"""One environment: Gymnasium's bits, its checks, its seeding, and every mistake met with a message."""

import copy
import ctypes
import pickle

import gymnasium
import numpy as np
import pytest
import stable_baselines3.common.env_checker as sb3
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env

import sharedqn

IDS = sorted(name for name in gymnasium.registry if name.startswith("sharedqn/"))
WIND = {"enable_wind": True, "wind_power": 17.5, "turbulence_power": 1.2}


def draw_action(rng, continuous, observation):
    """Random, or now and then braking, so that legs touch the ground."""
    if rng.random() < 0.5 and observation[3] < -0.1 - 0.25 * observation[1]:
        return np.array([0.7, 0.0], np.float32) if continuous else 2
    return rng.uniform(-1.5, 1.5, 2).astype(np.float32) if continuous else int(rng.integers(4))


@pytest.mark.parametrize("continuous", [False, True])
@pytest.mark.parametrize("options", [{}, WIND, {"gravity": -3.7}], ids=["plain", "wind", "gravity"])
def test_every_step_is_gymnasiums(continuous, options):
    ours = sharedqn.LunarLander(continuous=continuous, **options)
    theirs = gymnasium.make("LunarLander-v3", continuous=continuous, **options)
    rng = np.random.default_rng(7)
    mine, other = ours.reset(seed=11)[0], theirs.reset(seed=11)[0]
    episodes = 0
    for step in range(4000):
        assert mine.tobytes() == other.tobytes(), f"step {step}"
        action = draw_action(rng, continuous, mine)
        mine, *ending = ours.step(action)
        other, *expected = theirs.step(action)
        assert ending == expected, f"step {step}"
        if ending[1] or ending[2]:
            episodes += 1
            mine, other = ours.reset()[0], theirs.reset()[0]
    assert episodes >= 5
    assert ours.np_random.bit_generator.state == theirs.unwrapped.np_random.bit_generator.state


def test_continuous_actions_of_wider_floats_keep_their_bits():
    ours, theirs = sharedqn.LunarLander(continuous=True), gymnasium.make("LunarLander-v3", continuous=True)
    ours.reset(seed=1), theirs.reset(seed=1)
    for action in (np.array([0.3, -0.77]), np.array([1, -1]), np.array([1 / 3, 0.5 + 1e-12])) * 10:
        assert ours.step(action)[0].tobytes() == theirs.step(action)[0].tobytes()
        assert ours.step(list(action))[1] == theirs.step(action)[1]


@pytest.mark.parametrize("seed", [0, 1, 2**32, 2**64 - 1, 2**64, 2**130 + 5, np.int64(9)])
def test_seeds_of_any_size_are_gymnasiums(seed):
    ours, theirs = sharedqn.LunarLander(), gymnasium.make("LunarLander-v3")
    assert ours.reset(seed=seed)[0].tobytes() == theirs.reset(seed=int(seed))[0].tobytes()
    assert ours.reset()[0].tobytes() == theirs.reset()[0].tobytes()
    assert ours.np_random_seed == theirs.unwrapped.np_random_seed


def test_np_random_is_the_generator_that_draws():
    ours, theirs = sharedqn.LunarLander(enable_wind=True), gymnasium.make("LunarLander-v3", enable_wind=True).unwrapped
    ours.reset(seed=4), theirs.reset(seed=4)
    for _ in range(5):
        assert ours.step(0)[0].tobytes() == theirs.step(0)[0].tobytes()
        assert ours.np_random.random() == theirs.np_random.random()
        assert ours.np_random.integers(100) == theirs.np_random.integers(100)
    assert ours.reset()[0].tobytes() == theirs.reset()[0].tobytes()
    ours.np_random = np.random.default_rng(8)
    theirs.np_random = np.random.default_rng(8)
    assert ours.reset()[0].tobytes() == theirs.reset()[0].tobytes()
    assert ours.np_random_seed == -1
    with pytest.raises(ValueError, match="PCG64"):
        ours.np_random = np.random.Generator(np.random.MT19937(1))


def test_without_a_seed_episodes_differ():
    first, second = sharedqn.LunarLander(), sharedqn.LunarLander()
    assert first.reset()[0].tobytes() != second.reset()[0].tobytes()
    assert first.np_random_seed != second.np_random_seed


@pytest.mark.parametrize("name", IDS)
def test_gymnasiums_check_finds_nothing(name):
    for mode in ("rgb_array", None):
        check_env(gymnasium.make(name, render_mode=mode).unwrapped)


@pytest.mark.parametrize("name", IDS)
def test_stable_baselines_check_finds_nothing(name):
    sb3.check_env(gymnasium.make(name, render_mode="rgb_array"), warn=True)
    sb3.check_env(sharedqn.LunarLander("rgb_array", task="windy"), warn=True)


def test_ids_have_their_tasks_and_limits():
    assert len(IDS) == 5
    for name, task in (("Windy", "windy"), ("Heavy", "heavy"), ("Gymwind", "gymwind"), ("", "standard")):
        env = gymnasium.make(f"sharedqn/LunarLander{name}-v3")
        assert env.unwrapped.task == sharedqn.TASKS[task]
        assert isinstance(env.spec, EnvSpec) and env.spec.max_episode_steps == sharedqn.TASKS[task].time_limit_steps
        assert gymnasium.make(env.spec).unwrapped.task == env.unwrapped.task
    assert gymnasium.make("sharedqn/LunarLanderContinuous-v3").unwrapped.continuous
    gymnasium.make("sharedqn:sharedqn/LunarLander-v3")  # imports the package by itself


@pytest.mark.parametrize(("limit", "most"), [(7, 7), (None, 400), (-1, 450)])
def test_time_limits(limit, most):
    hover = {"task": sharedqn.Task(name="float", gravity=-1e-9, initial_random=0.0, time_limit_steps=400)}
    for env in (
        sharedqn.LunarLander(**hover, max_episode_steps=limit),
        gymnasium.make("sharedqn/LunarLander-v3", max_episode_steps=limit or 400, **hover),
    ):
        env.reset(seed=1)
        steps = 0
        while steps < 450:
            steps += 1
            if env.step(0)[3]:
                break
        assert steps == most


def test_tasks_are_adjusted_as_gymnasiums_arguments_say():
    assert sharedqn.LunarLander(enable_wind=True).task == sharedqn.Task(
        name="standard", wind="gymnasium", wind_power=15.0, turbulence_power=1.5, wind_on_ground=False
    )
    assert sharedqn.LunarLander(wind_power=3).task == sharedqn.TASKS["standard"]  # no wind blows
    assert sharedqn.LunarLander(task="windy", wind_power=3).task.wind_power == 3.0
    assert sharedqn.LunarLander(task="windy", enable_wind=False).task.wind == "none"
    assert sharedqn.LunarLander(task="gymwind", turbulence_power=0.5).task.turbulence_power == 0.5


def test_a_deep_copy_is_a_snapshot_and_a_pickle_a_new_environment():
    env = sharedqn.LunarLander(task="gymwind", continuous=True)
    env.reset(seed=3)
    env.step([0.4, 0.6])
    twin = copy.deepcopy(env)
    for _ in range(30):
        mine, other = env.step([0.4, 0.6]), twin.step([0.4, 0.6])
        assert mine[0].tobytes() == other[0].tobytes() and mine[1:] == other[1:]
    assert env.np_random.random() == twin.np_random.random()
    again = pickle.loads(pickle.dumps(env))
    assert again.task == env.task and again.continuous
    with pytest.raises(gymnasium.error.ResetNeeded):
        again.step([0.0, 0.0])
    twin = copy.copy(env)
    assert env.step([0.4, 0.6])[0].tobytes() == twin.step([0.4, 0.6])[0].tobytes()


def test_a_pickle_of_gymnasium_make_keeps_the_wrappers_limit():
    hover = sharedqn.Task(name="float", gravity=-1e-9, initial_random=0.0, time_limit_steps=100)
    env = gymnasium.make("sharedqn/LunarLander-v3", task=hover, max_episode_steps=150)
    for each in (env, copy.deepcopy(env), pickle.loads(pickle.dumps(env))):
        each.reset(seed=1)
        assert [each.step(0)[3] for _ in range(150)] == [False] * 149 + [True]


def test_closing_in_the_middle_of_a_call_frees_nothing_it_works_on():
    class Closing:
        def __index__(self):
            env.close()
            return 0

    env, twin = sharedqn.LunarLander(), sharedqn.LunarLander()
    env.reset(seed=1), twin.reset(seed=1)
    assert env.step(Closing())[0].tobytes() == twin.step(0)[0].tobytes()
    with pytest.raises(gymnasium.error.ClosedEnvironmentError):
        env.step(0)
    env = sharedqn.LunarLander("rgb_array")
    env.reset(seed=1)
    with pytest.raises(gymnasium.error.ClosedEnvironmentError):
        env.step(Closing())


def test_pictures():
    env = sharedqn.LunarLander("rgb_array", gravity=-0.1)
    first = env.reset(seed=1) and env.render()
    assert first.shape == (400, 600, 3) and first.dtype == np.uint8
    for _ in range(20):
        env.step(2)
    later = env.render()
    assert (first != later).any() and (later == 255).any()
    bare = sharedqn.LunarLander(gravity=-0.1)
    bare.reset(seed=1)
    env.reset(seed=1)
    for action in (2, 1, 0, 3) * 20:  # flames change no bit
        assert env.step(action)[0].tobytes() == bare.step(action)[0].tobytes()
    with pytest.warns(UserWarning, match="render_mode"):
        assert bare.render() is None


def test_a_window_that_is_closed_by_hand(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    env = sharedqn.LunarLander("human")
    env.reset(seed=1)
    env.step(2)
    assert env.render() is None
    quit_event = (ctypes.c_uint32 * 14)(0x100)
    ctypes.CDLL("libSDL2-2.0.so.0").SDL_PushEvent(quit_event)
    with pytest.raises(gymnasium.error.ClosedEnvironmentError, match="window was closed"):
        env.step(0)
    env.close()


def test_without_a_screen_a_line_is_logged_and_all_else_goes_on(monkeypatch, caplog):
    for name in ("SDL_VIDEODRIVER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    env = sharedqn.LunarLander("human")
    env.reset(seed=1)
    env.step(2)
    assert len(caplog.records) == 1 and "no window can be opened" in caplog.text
    env.close()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"gravity": 1.0}, "gravity = 1.0"),
        ({"gravity": float("nan")}, "gravity"),
        ({"enable_wind": True, "wind_power": -1}, "wind_power"),
        ({"task": "moon"}, "standard, windy"),
        ({"render_mode": "ascii"}, "render_mode"),
        ({"max_episode_steps": 0}, "max_episode_steps"),
        ({"max_episode_steps": 1.5}, "max_episode_steps"),
    ],
)
def test_wrong_arguments_are_named(arguments, word):
    with pytest.raises(ValueError, match=word):
        sharedqn.LunarLander(**arguments)


@pytest.mark.parametrize(
    "arguments", [{"gravity": "-5"}, {"gravity": [-1.0]}, {"enable_wind": "no"}, {"enable_wind": True, "wind_power": 1j}, {"continuous": "no"}]
)
def test_arguments_of_the_wrong_kind_are_named(arguments):
    with pytest.raises(TypeError, match=f"{list(arguments)[-1]} = "):
        sharedqn.LunarLander(**arguments)


def test_numbers_of_numpy_are_welcome():
    env = sharedqn.LunarLander(gravity=np.float32(-3), enable_wind=np.bool_(True), max_episode_steps=np.int64(3), continuous=np.bool_(True))
    assert env.task.gravity == -3.0 and env.task.wind == "gymnasium" and env.continuous
    env.reset(seed=1)
    assert [env.step(np.zeros(2))[3] for _ in range(3)] == [False, False, True]


@pytest.mark.parametrize(
    "fields",
    [{"name": "A B"}, {"name": "a" * 40}, {"wind": "storm"}, {"time_limit_steps": 0}, {"time_limit_steps": 2**40}, {"gravity": -101}, {"name": "a\0b"}],
)
def test_wrong_tasks_are_refused(fields):
    with pytest.raises(ValueError):
        sharedqn.Task(**fields)
    with pytest.raises(TypeError):
        sharedqn.LunarLander(task=3)


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", 5), ("gravity", "x"), ("gravity", None), ("wind_power", "1"), ("wind_on_ground", "no"), ("time_limit_steps", 1.5)],
)
def test_fields_of_the_wrong_kind_are_named(field, value):
    with pytest.raises(TypeError, match=f"{field} = "):
        sharedqn.Task(**{field: value})


@pytest.mark.parametrize(
    ("continuous", "action", "error"),
    [
        (False, 4, ValueError),
        (False, -1, ValueError),
        (False, 2**70, ValueError),
        (False, 1.0, TypeError),
        (False, np.array([1, 2]), TypeError),
        (False, None, TypeError),
        pytest.param(False, 10**5000, ValueError, id="huge"),
        (False, np.zeros((9, 9)), TypeError),
        (True, 1, ValueError),
        (True, [0.0, 0.0, 0.0], ValueError),
        (True, [0.0, float("nan")], ValueError),
        (True, [float("inf"), 0.0], ValueError),
        (True, ["a", "b"], TypeError),
        (True, [1j, 0], TypeError),
        (True, [None, 0], TypeError),
        (True, [[0.0], [0.0, 1.0]], ValueError),
    ],
)
def test_wrong_actions_are_refused_and_change_nothing(continuous, action, error):
    env, twin = (sharedqn.LunarLander(continuous=continuous) for _ in range(2))
    env.reset(seed=1), twin.reset(seed=1)
    with pytest.raises(error, match="^[^\n]*action[^\n]*$"):  # one line
        env.step(action)
    right = [0.5, 0.9] if continuous else np.int64(2)
    assert env.step(right)[0].tobytes() == twin.step(right)[0].tobytes()


def test_wrong_order_of_calls():
    env = sharedqn.LunarLander("rgb_array")
    for call in (lambda: env.step(0), env.render):
        with pytest.raises(gymnasium.error.ResetNeeded):
            call()
    for seed in (-1, 1.5, "one"):
        with pytest.raises(gymnasium.error.Error, match="[Ss]eed"):
            env.reset(seed=seed)
    env.reset()
    env.close()
    env.close()
    for call in (lambda: env.step(0), env.reset, env.render, lambda: env.reset(seed=1), lambda: copy.deepcopy(env)):
        with pytest.raises(gymnasium.error.ClosedEnvironmentError):
            call()
