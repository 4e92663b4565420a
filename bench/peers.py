"""The same work done by PyTorch, JAX, Gymnasium, EnvPool and Box2D, on one core, in turn with `sharedqn bench`.

Every round measures everything once, so that what disturbs the machine disturbs all alike. Medians over the rounds are written as a
table (performance-table.md) and a plot (performance.svg).
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
os.environ["OMP_NUM_THREADS"] = "1"

BATCH, CAPACITY, GAMMA, LEARNING_RATE, TASKS = 64, 100_000, 0.99, 5e-4, 3
INTERRUPTION = 4e-4  # as in sharedqn bench: a call that took so much longer than the median call was interrupted
UPDATES_A_ROUND, SCAN_LENGTH, ENVIRONMENTS, MANY_ENVIRONMENTS = 200, 100, 64, 1024


def mean_of_calls(call, count):
    """Seconds of the processor's time of one call: what others take meanwhile is not counted against a peer."""
    began = time.process_time()
    for _ in range(count):
        call()
    return (time.process_time() - began) / count


def mean_of_times(times):
    """Mean of short calls, without those in which the system took the processor away."""
    longest = statistics.median(times) + INTERRUPTION
    return statistics.fmean(t for t in times if t <= longest)


class Replay:
    """A full ring of transitions of random episodes in numpy arrays, the tasks in turn."""

    def __init__(self, numpy, environment):
        self.numpy, self.random = numpy, numpy.random.default_rng(1)
        self.state = numpy.zeros((CAPACITY, 8), numpy.float32)
        self.next_state = numpy.zeros((CAPACITY, 8), numpy.float32)
        self.reward = numpy.zeros(CAPACITY, numpy.float32)
        self.action = numpy.zeros(CAPACITY, numpy.int64)
        self.task = numpy.zeros(CAPACITY, numpy.int64)
        self.terminated = numpy.zeros(CAPACITY, numpy.float32)
        self.next = 0
        state, task = environment.reset(seed=1)[0], 0
        for action in self.random.integers(0, 4, CAPACITY):
            after, reward, terminated, truncated, _ = environment.step(int(action))
            self.push(state, action, reward, after, terminated, task)
            state = after
            if terminated or truncated:
                state, task = environment.reset()[0], (task + 1) % TASKS

    def push(self, state, action, reward, after, terminated, task):
        i = self.next
        self.state[i], self.action[i], self.reward[i], self.next_state[i] = state, action, reward, after
        self.terminated[i], self.task[i] = terminated, task
        self.next = (i + 1) % CAPACITY

    def sample(self):
        rows = self.random.integers(0, CAPACITY, BATCH)
        return [a[rows] for a in (self.state, self.task, self.action, self.reward, self.next_state, self.terminated)]


class Torch:
    """Deep Q-learning as people write it: eager modules, torch.optim.Adam."""

    def __init__(self, replay, environment, fused):
        import torch

        torch.set_num_threads(1)
        torch.manual_seed(1)

        class Network(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.task_embedding = torch.nn.Embedding(TASKS, 8)
                self.fc1, self.fc2, self.fc3 = torch.nn.Linear(16, 256), torch.nn.Linear(256, 128), torch.nn.Linear(128, 4)

            def forward(self, state, task):
                x = torch.cat([state, self.task_embedding(task)], dim=1)
                return self.fc3(torch.relu(self.fc2(torch.relu(self.fc1(x)))))

        self.torch, self.replay, self.environment = torch, replay, environment
        self.network, self.target = Network(), Network()
        self.target.load_state_dict(self.network.state_dict())
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=LEARNING_RATE, **({"fused": True} if fused else {}))
        self.state, self.task = environment.reset(seed=2)[0], 0
        for _ in range(100):
            self.update()

    def update(self):
        torch = self.torch
        state, task, action, reward, after, terminated = (torch.from_numpy(a) for a in self.replay.sample())
        with torch.no_grad():
            y = reward + GAMMA * (1 - terminated) * self.target(after, task).max(dim=1).values
        q = self.network(state, task).gather(1, action.unsqueeze(1)).squeeze(1)
        loss = torch.nn.functional.mse_loss(q, y)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def train_step(self):
        torch = self.torch
        if self.replay.random.random() < 0.01:
            action = int(self.replay.random.integers(4))
        else:
            with torch.no_grad():
                q = self.network(torch.from_numpy(self.state).unsqueeze(0), torch.tensor([self.task]))
            action = int(q.argmax(dim=1).item())
        after, reward, terminated, truncated, _ = self.environment.step(action)
        self.replay.push(self.state, action, reward, after, terminated, self.task)
        self.state = after
        if terminated or truncated:
            self.state, self.task = self.environment.reset()[0], (self.task + 1) % TASKS
        return self.update()


class Jax:
    """The whole update under jit; by calls with batches from numpy, and many updates in one scan with the ring on the device."""

    def __init__(self, replay):
        import jax
        import jax.numpy as jnp

        self.jax, self.replay = jax, replay
        keys = jax.random.split(jax.random.key(1), 4)
        sizes = [(16, 256), (256, 128), (128, 4)]
        weights = [(jax.random.normal(k, s) * (2 / s[0]) ** 0.5, jnp.zeros(s[1])) for k, s in zip(keys, sizes)]
        parameters = {"embedding": 0.1 * jax.random.normal(keys[3], (TASKS, 8)), "layers": weights}
        zeros = jax.tree.map(jnp.zeros_like, parameters)

        def forward(p, state, task):
            x = jnp.concatenate([state, p["embedding"][task]], axis=1)
            for weight, bias in p["layers"][:-1]:
                x = jax.nn.relu(x @ weight + bias)
            return x @ p["layers"][-1][0] + p["layers"][-1][1]

        def loss_of(p, target, batch):
            state, task, action, reward, after, terminated = batch
            y = reward + GAMMA * (1 - terminated) * forward(target, after, task).max(axis=1)
            q = jnp.take_along_axis(forward(p, state, task), action[:, None], axis=1)[:, 0]
            return jnp.mean((q - jax.lax.stop_gradient(y)) ** 2)

        def update(carry, target, batch):
            p, m, v, step = carry
            loss, g = jax.value_and_grad(loss_of)(p, target, batch)
            step = step + 1
            m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
            v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
            rate, root = LEARNING_RATE / (1 - 0.9**step), 1 / jnp.sqrt(1 - 0.999**step)
            p = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) * root + 1e-8), p, m, v)
            return (p, m, v, step), loss

        def scan(carry, target, ring, key):
            def one(carry, rows):
                return update(carry, target, tuple(a[rows] for a in ring))

            # All rows at once: 10 % faster here than drawing them inside. Gathering all batches before the scan gains nothing more.
            rows = jax.random.randint(key, (SCAN_LENGTH, BATCH), 0, CAPACITY)
            carry, losses = jax.lax.scan(one, carry, rows)
            return carry, losses[-1]

        self.target = jax.tree.map(jnp.copy, parameters)
        self.carry = (parameters, zeros, jax.tree.map(jnp.copy, zeros), jnp.float32(0))
        arrays = (replay.state, replay.task, replay.action, replay.reward, replay.next_state, replay.terminated)
        self.ring = tuple(jnp.asarray(a) for a in arrays)
        self.one, self.many, self.key = jax.jit(update, donate_argnums=0), jax.jit(scan, donate_argnums=0), keys[0]
        for _ in range(20):
            self.call()
        self.scan()

    def call(self):
        self.carry, loss = self.one(self.carry, self.target, self.replay.sample())
        loss.block_until_ready()

    def scan(self):
        self.key, key = self.jax.random.split(self.key)
        self.carry, loss = self.many(self.carry, self.target, self.ring, key)
        loss.block_until_ready()


def environment_peers(gymnasium, numpy):
    """Seconds of an environment step with random actions, resets included, by name."""
    random = numpy.random.default_rng(3)
    single = gymnasium.make("LunarLander-v3")
    single.reset(seed=3)

    def step_single():
        _, _, terminated, truncated, _ = single.step(int(random.integers(4)))
        if terminated or truncated:
            single.reset()

    vector = gymnasium.vector.SyncVectorEnv([lambda: gymnasium.make("LunarLander-v3")] * ENVIRONMENTS)
    vector.reset(seed=3)

    def step_vector():
        vector.step(random.integers(0, 4, ENVIRONMENTS))

    # What Box2D itself takes, through Python's binding, in the episodes of `single`.
    world = single.unwrapped.world
    world_times = []
    world_step = type(world).__dict__["Step"]  # itself, not what a look-up binds
    step_of = type(world).Step

    def timed_step(self, *arguments):
        began = time.perf_counter()
        step_of(self, *arguments)
        world_times.append(time.perf_counter() - began)

    def measure_world():
        world_times.clear()
        type(world).Step = timed_step
        for _ in range(2000):
            step_single()
        type(world).Step = world_step
        return mean_of_times(world_times)

    peers = {
        "gymnasium": lambda: mean_of_calls(step_single, 2000),
        "gymnasium_vector": lambda: mean_of_calls(step_vector, 100) / ENVIRONMENTS,
        "box2d": measure_world,
    }
    try:
        import envpool

        def pool_peer(size, steps):
            pool = envpool.make("LunarLander-v3", env_type="gymnasium", num_envs=size, batch_size=size, num_threads=1, seed=3)
            pool.reset()
            return lambda: mean_of_calls(lambda: pool.step(random.integers(0, 4, size)), steps) / size

        peers["envpool"], peers["envpool_many"] = pool_peer(ENVIRONMENTS, 300), pool_peer(MANY_ENVIRONMENTS, 20)
    except Exception as error:  # not for every Python and machine
        print(f"envpool cannot be used here: {error}", file=sys.stderr)
    return peers


def run_ours(program, isa, seconds):
    command = [program, "bench", "--json", "--seconds", str(seconds), "--isa", isa]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def available_levels(program):
    """The best level, and AVX2 if that is another."""
    best = run_ours(program, "auto", 1)["isa"]
    return [best, "avx2"] if best == "avx512" else [best]


def measure(arguments):
    """Lists of seconds by peer, and lists of documents of `sharedqn bench` by level."""
    import gymnasium
    import numpy

    environment = gymnasium.make("LunarLander-v3")
    replay = Replay(numpy, environment)
    plain, fused, jitted = Torch(replay, environment, False), Torch(replay, environment, True), Jax(replay)
    work = {
        "torch_step": lambda: mean_of_calls(plain.train_step, UPDATES_A_ROUND),
        "torch_fused_step": lambda: mean_of_calls(fused.train_step, UPDATES_A_ROUND),
        "torch_update": lambda: mean_of_calls(plain.update, UPDATES_A_ROUND),
        "torch_fused_update": lambda: mean_of_calls(fused.update, UPDATES_A_ROUND),
        "jax_call": lambda: mean_of_calls(jitted.call, UPDATES_A_ROUND),
        "jax_scan": lambda: mean_of_calls(jitted.scan, 4) / SCAN_LENGTH,
        **environment_peers(gymnasium, numpy),
    }
    peers = {name: [] for name in work}
    ours = {level: [] for level in available_levels(arguments.program)}
    for i in range(arguments.rounds):
        for level, documents in ours.items():
            documents.append(run_ours(arguments.program, level, arguments.seconds))
        for name, call in work.items():
            peers[name].append(call())
        print(f"round {i + 1} of {arguments.rounds}", file=sys.stderr)
    return peers, ours


TRAINING = [  # peer, its title, our key; ours is compared with remembered targets and with all of them computed, as the peers do
    ("torch_step", "training step, PyTorch eager", "train_step_us"),
    ("torch_fused_step", "training step, PyTorch with fused Adam", "train_step_us"),
    ("torch_update", "sample and update, PyTorch eager", "update_us"),
    ("torch_fused_update", "sample and update, PyTorch with fused Adam", "update_us"),
    ("jax_call", "sample and update, JAX jit, one call each", "update_us"),
    ("jax_scan", "sample and update, JAX jit, in one scan", "update_us"),
]
ROWS = [
    row
    for peer, title, key in TRAINING
    for row in ((peer, title, key, "us"), (peer, title + ", all targets computed", key.replace("_us", "_all_targets_us"), "us"))
] + [
    ("gymnasium", "environment, Gymnasium", "env_steps_per_s", "steps/s"),
    ("box2d", "environment, Box2D's world.Step alone (with the call from Python)", "env_steps_per_s", "steps/s"),
    ("gymnasium_vector", "64 environments, Gymnasium SyncVectorEnv", "batch_64_env_steps_per_s", "steps/s"),
    ("envpool", "64 environments, EnvPool, 1 thread", "batch_64_env_steps_per_s", "steps/s"),
    ("gymnasium", "1,024 environments, Gymnasium, one alone", "batch_env_steps_per_s", "steps/s"),
    ("envpool_many", "1,024 environments, EnvPool, 1 thread", "batch_env_steps_per_s", "steps/s"),
]


def median_of(documents, key):
    if key == "train_step_all_targets_us":
        return statistics.median(d["train_step_us"] - d["update_us"] + d["update_all_targets_us"] for d in documents)
    return statistics.median(d[key] for d in documents)


def compare(peers, ours):
    """Rows of (title, unit, peer's figure, {level: (our figure, ratio)})."""
    rows = []
    for peer, title, key, unit in ROWS:
        seconds = statistics.median(peers[peer]) if peer in peers else None
        theirs = None if seconds is None else seconds * 1e6 if unit == "us" else 1 / seconds
        cells = {}
        for level, documents in ours.items():
            mine = median_of(documents, key)
            cells[level] = (mine, None if theirs is None else theirs / mine if unit == "us" else mine / theirs)
        rows.append((title, unit, theirs, cells))
    return rows


def table_text(rows, peers, ours, arguments, load):
    import gymnasium
    import jax
    import torch

    level, *_ = ours
    first = ours[level][0]
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip() or "unknown"
    heads = "".join(f" | sharedqn {l} | ratio {l}" for l in ours)
    text = [
        "# Speed beside others",
        "",
        f"Written by `make bench-peers` at commit {commit}: {first['cpu']}, core {arguments.core} alone, {arguments.rounds} rounds in turn,",
        f"medians; processor time of the peers; load average {load[0]:.1f} before and {load[1]:.1f} after, ours included. Compiler {first['compiler']}; Python",
        f"{platform.python_version()}, PyTorch {torch.__version__}, JAX {jax.__version__}, Gymnasium {gymnasium.__version__}. A ratio above 1"
        " means that sharedqn is faster.",
        "",
        f"| work | peer{heads} |",
        "|---|---|" + "---|---|" * len(ours),
    ]
    for title, unit, theirs, cells in rows:
        line = f"| {title} | " + ("cannot be used here" if theirs is None else f"{theirs:,.0f} {unit}")
        for l in ours:
            mine, ratio = cells[l]
            line += f" | {mine:,.0f} {unit} | " + ("" if ratio is None else f"{ratio:.1f}")
        text.append(line + " |")
    text += ["", "| sharedqn's products | " + " | ".join(ours) + " |", "|---|" + "---|" * len(ours)]
    for title, key in (("GFLOP/s inside the update", "update_gflops"), ("FMA peak of the level, GFLOP/s", "level_fma_peak_gflops")):
        text.append(f"| {title} | " + " | ".join(f"{median_of(d, key):.0f}" for d in ours.values()) + " |")
    shares = [statistics.median(r["update_dense_gflops"] / r["fma_peak_gflops"] for r in d) for d in ours.values()]
    text.append("| share at which dense products would take as long | " + " | ".join(f"{100 * s:.0f} %" for s in shares) + " |")
    shares = [statistics.median(r["update_gflops"] / r["fma_peak_gflops"] for r in d) for d in ours.values()]
    text.append("| share of the machine's FMA peak | " + " | ".join(f"{100 * s:.0f} %" for s in shares) + " |")
    spread = ", ".join(f"{name} {min(t) * 1e6:,.1f} to {max(t) * 1e6:,.1f}" for name, t in peers.items())
    mine = "; ".join(
        f"{l}: update {min(d['update_us'] for d in docs):,.0f} to {max(d['update_us'] for d in docs):,.0f},"
        f" training step {min(d['train_step_us'] for d in docs):,.0f} to {max(d['train_step_us'] for d in docs):,.0f}"
        for l, docs in ours.items()
    )
    text += ["", f"Least and greatest of the rounds, microseconds a step or update: {spread}; {mine}.", "", "![Ratios](performance.svg)", ""]
    return "\n".join(text)


def read_table(path):
    """Rows of (title, {level: ratio}) of a table that table_text made, those without a ratio left out."""
    with open(path, encoding="utf-8") as file:
        lines = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in file if line.startswith("|")]
    head = next(cells for cells in lines if cells[0] == "work")
    ratios = {name.removeprefix("ratio "): i for i, name in enumerate(head) if name.startswith("ratio ")}
    rows = [(cells[0], {level: cells[i] for level, i in ratios.items()}) for cells in lines if len(cells) == len(head)]
    return [(title, {l: float(r) for l, r in cells.items()}) for title, cells in rows[2:] if all(cells.values())]


def plot(rows, path):
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "sharedqn"
    from matplotlib import pyplot, ticker

    rows = rows[::-1]
    levels = list(rows[0][1])
    height = 0.8 / len(levels)
    figure, axes = pyplot.subplots(figsize=(9, (0.2 + 0.12 * len(levels)) * len(rows) + 1), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.1)
    axes.set_xscale("log")
    for i, level in enumerate(levels):
        # A bar begins at 1, as fast as the peer: from nowhere else has its length a meaning on this scale.
        centres, ratios = [y + 0.4 - (i + 0.5) * height for y in range(len(rows))], [cells[level] for _, cells in rows]
        bars = axes.barh(centres, [r - 1 for r in ratios], height, left=1, label=level)
        axes.bar_label(bars, [f"{r:.1f}" for r in ratios], padding=2, fontsize=7)
    axes.set_yticks(range(len(rows)), [title for title, _ in rows], fontsize=8)
    axes.margins(x=0.1, y=0.02)  # room for the labels
    axes.axvline(1, color="black", linewidth=0.8)
    axes.xaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(ticker.StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_locator(ticker.NullLocator())
    axes.set_xlabel("times as fast as the peer (logarithmic)")
    if len(levels) > 1:
        axes.legend()
    figure.savefig(path, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default="build/sharedqn")
    parser.add_argument("--out", default="docs", help="folder of performance-table.md and performance.svg")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of one measurement of ours")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)))
    parser.add_argument("--json", help="also write every figure of the run here")
    parser.add_argument("--redraw", action="store_true", help="measure nothing, draw the plot of the table in --out again")
    arguments = parser.parse_args()
    table, picture = (os.path.join(arguments.out, name) for name in ("performance-table.md", "performance.svg"))
    if arguments.redraw:
        plot(read_table(table), picture)
        return
    os.sched_setaffinity(0, {arguments.core})
    before = os.getloadavg()[0]
    peers, ours = measure(arguments)
    rows = compare(peers, ours)
    text = table_text(rows, peers, ours, arguments, (before, os.getloadavg()[0]))
    with open(table, "w", encoding="utf-8") as file:
        file.write(text)
    plot(read_table(table), picture)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"peers": peers, "ours": ours}, file)
    print(text)


if __name__ == "__main__":
    main()
