// The page's modules without a page: the physics in Node.js equals the recorded episodes, the network plays as the program does, links
// round-trip, and what is malformed is refused with a message.
// node test_engine.mjs FOLDER PROGRAM, from the repository's root

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import test from "node:test";
import assert from "node:assert/strict";

const [folder, program] = process.argv.slice(2);
// Node.js 18 takes a module for one only if it is called .mjs.
const modules = mkdtempSync(join(tmpdir(), "playground-"));
process.on("exit", () => rmSync(modules, { recursive: true }));
const load = (name) => {
  copyFileSync(join(folder, `${name}.js`), join(modules, `${name}.mjs`));
  return import(pathToFileURL(join(modules, `${name}.mjs`)));
};
const { PlaygroundError, WINDS, createEngine, readSafetensors } = await load("engine");
const { RANGES, decodeLink, defaultSettings, encodeLink, isChanged, taskOf } = await load("link");

const wasm = readFileSync(join(folder, "playground.wasm"));
const bytesOf = (path) => new Uint8Array(readFileSync(path)).buffer;
const NETWORK = join(folder, "network.safetensors");
const linesOf = (path) => readFileSync(path, "utf8").trim().split("\n").map((line) => JSON.parse(line));
const refused = (pattern) => (error) => error instanceof PlaygroundError && pattern.test(error.message);

test("every recorded episode has its SHA-256, the 20 of the page among them", async () => {
  const engine = await createEngine(wasm);
  const episodes = linesOf("tests/data/traces.jsonl"), shipped = linesOf(join(folder, "golden.jsonl"));
  assert.equal(shipped.length, 20);
  const known = new Set(episodes.map((episode) => episode.sha256));
  for (const episode of shipped) assert.ok(known.has(episode.sha256));
  for (const name of ["standard", "windy", "heavy", "gymwind"]) assert.ok(shipped.some((episode) => episode.task === name), name);
  for (const episode of episodes) assert.ok(engine.isGolden(episode), `${episode.task} seed ${episode.seed}: other bits`);
});

test("another action, seed or task gives another SHA-256", async () => {
  const engine = await createEngine(wasm);
  const [episode] = linesOf("tests/data/traces.jsonl");
  const last = episode.actions.at(-1) === "1" ? "2" : "1";
  assert.ok(!engine.isGolden({ ...episode, actions: episode.actions.slice(0, -1) + last }));
  assert.ok(!engine.isGolden({ ...episode, seed: episode.seed + 1 }));
  assert.ok(!engine.isGolden({ ...episode, task: "heavy" }));
});

/// The hexadecimal text of a double.
function fromHex(text) {
  const [, sign, whole, fraction, exponent] = /^(-?)0x([01])(?:\.([0-9a-f]+))?p([+-]\d+)$/.exec(text);
  const mantissa = parseInt(whole, 16) + (fraction ? parseInt(fraction.padEnd(13, "0"), 16) / 2 ** 52 : 0);
  return (sign ? -1 : 1) * mantissa * 2 ** Number(exponent);
}

test("the network's greedy episodes have the program's returns, bit for bit", async () => {
  const engine = await createEngine(wasm), tasks = engine.builtinTasks(), each = 3, first = 1000000;
  engine.loadWeights(bytesOf(NETWORK));
  assert.equal(engine.networkTasks(), tasks.length);
  const work = mkdtempSync(join(tmpdir(), "playground-"));
  let report;
  try {
    const config = join(work, "tasks.yaml");
    writeFileSync(config, `tasks: [${tasks.map((task) => task.name).join(", ")}]\n`);
    const options = ["evaluate", "--weights", NETWORK, "--config", config, "--episodes", String(each), "--seed", String(first), "--json"];
    report = JSON.parse(execFileSync(program, options, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
  } finally {
    rmSync(work, { recursive: true });
  }
  for (const [index, task] of tasks.entries()) {
    engine.tell(index);
    for (const expected of report.tasks[task.name].episodes) {
      engine.begin(task, BigInt(expected.seed));
      let state = engine.state();
      for (; !state.ended; state = engine.state()) engine.step(state.greedy);
      assert.equal(state.steps, expected.steps, `${task.name} seed ${expected.seed}`);
      assert.equal(state.at_rest, expected.at_rest);
      assert.equal(state.episode_return, fromHex(expected.return), `${task.name} seed ${expected.seed}`);
    }
  }
});

test("steps before an episode, after its end and with other actions are refused", async () => {
  const engine = await createEngine(wasm), [task] = engine.builtinTasks();
  assert.throws(() => engine.step(0), refused(/no episode has begun/));
  engine.begin({ ...task, time_limit_steps: 1 }, 1n);
  for (const action of [-1, 4]) assert.throws(() => engine.step(action), refused(/action = -?\d: must be in \[0, 4\)/));
  engine.step(0);
  assert.ok(engine.state().truncated && !engine.state().terminated);
  assert.throws(() => engine.step(0), refused(/has ended/));
});

test("a task that the physics does not allow is refused, and the episode stays", async () => {
  const engine = await createEngine(wasm), [task] = engine.builtinTasks();
  engine.begin(task, 5n);
  const before = JSON.stringify(engine.state());
  for (const [field, value] of [["gravity", 0], ["gravity", NaN], ["wind_power", -1], ["wind_power", Infinity], ["wind", "storm"], ["time_limit_steps", 1e300]])
    assert.throws(() => engine.begin({ ...task, [field]: value }, 5n), refused(/task page: /), `${field} = ${value}`);
  assert.equal(JSON.stringify(engine.state()), before);
});

test("the wind that is shown is that of the step", async () => {
  const engine = await createEngine(wasm), tasks = engine.builtinTasks();
  const forces = (task) => {
    engine.begin(task, 3n);
    return Array.from({ length: 40 }, () => (engine.step(0), engine.state().wind_force));
  };
  assert.ok(forces(tasks[0]).every((force) => force === 0));
  const gusts = forces(tasks[1]);
  assert.ok(gusts.every((force) => Math.abs(force) <= 20) && Math.max(...gusts) > 10 && Math.min(...gusts) < -10);
  const waves = forces(tasks[3]);
  assert.ok(waves.every((force, i) => force !== 0 && Math.abs(force) <= 15 && (i === 0 || Math.abs(force - waves[i - 1]) < 2)));
});

test("the picture holds sky, hull, legs and flags, and flames while an engine fires", async () => {
  const engine = await createEngine(wasm), [task] = engine.builtinTasks();
  assert.deepEqual(engine.scene(), []);
  engine.begin(task, 1n);
  const count = (kind) => engine.scene().filter((shape) => shape.kind === kind).length;
  assert.equal(count("circle"), 0);
  const purple = engine.scene().filter((shape) => shape.fill === "#8066e6ff");
  assert.deepEqual(purple.map((shape) => shape.points.length), [6, 4, 4]);
  assert.ok(engine.scene().some((shape) => shape.fill === "#cccc00ff" && shape.points.length === 3));
  for (const shape of engine.scene()) assert.ok(shape.points.flat().every(Number.isFinite));
  engine.step(2);
  assert.ok(count("circle") > 0);
  for (let i = 0; i < 10; i++) engine.step(0);
  assert.equal(count("circle"), 0);
});

test("what the network is told changes its values, and one that is told nothing says so", async () => {
  const engine = await createEngine(wasm), [task] = engine.builtinTasks();
  engine.begin(task, 1n);
  assert.ok(engine.state().q.every(Number.isNaN) && engine.state().greedy === -1);
  engine.loadWeights(bytesOf(NETWORK));
  const values = [0, 1, 2, 3, 99].map((told) => (engine.tell(told), engine.state().q.join()));
  assert.equal(new Set(values.slice(0, 4)).size, 4);
  assert.equal(values[4], values[0]);
  engine.loadWeights(bytesOf("tests/data/trained.safetensors"));
  assert.equal(engine.networkTasks(), 3);
});

/// A safetensors file of a header and zeros.
function fileOf(header, bytes = 0) {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const all = new Uint8Array(8 + text.length + bytes);
  new DataView(all.buffer).setBigUint64(0, BigInt(text.length), true);
  all.set(text, 8);
  return all.buffer;
}

test("malformed weights are refused with a message and the network before goes on", async () => {
  const engine = await createEngine(wasm), whole = bytesOf(NETWORK);
  engine.begin(engine.builtinTasks()[0], 1n);
  engine.loadWeights(whole);
  const before = engine.state().q.join();
  const tensor = (shape, from, to, dtype = "F32") => ({ dtype, shape, data_offsets: [from, to] });
  const cases = [
    [new ArrayBuffer(3), /too short/],
    [fileOf("no JSON"), /not JSON/],
    [fileOf("[]"), /no object/],
    [fileOf({ a: 1 }), /type undefined/],
    [fileOf({ a: tensor([1], 0, 2, "F16") }, 2), /type F16/],
    [fileOf({ a: tensor([-1], 0, 4) }, 4), /no sound shape/],
    [fileOf({ a: tensor([1, 1, 1, 1, 1], 0, 4) }, 4), /no sound shape/],
    [fileOf({ a: tensor([2], 0, 4) }, 8), /shape and size differ/],
    [fileOf({ a: tensor([2], 4, 12) }, 8), /does not lie in the file/],
    [fileOf({ a: tensor([1], 2, 6) }, 8), /does not lie in the file/],
    [fileOf({ ["a".repeat(64)]: tensor([1], 0, 4) }, 4), /names shorter than 64/],
    [fileOf({ a: tensor([1], 0, 4) }, 4), /fc1\.weight: missing/],
    [fileOf({ "fc1.weight": tensor([4096, 8], 0, 131072), "fc2.weight": tensor([4, 4096], 0, 65536), "fc3.weight": tensor([4, 4], 0, 64) }, 131072), /512 units/],
    [fileOf({}, 0), /bytes of values: must be in/],
    [fileOf({}, (16 << 20) + 4), /bytes of values: must be in/],
  ];
  for (const [buffer, message] of cases) assert.throws(() => engine.loadWeights(buffer), refused(message), String(message));
  for (const size of [8, 100, 500, 5000, whole.byteLength - 4]) assert.throws(() => engine.loadWeights(whole.slice(0, size)), refused(/./), String(size));
  const infinite = new Uint8Array(whole.slice(0));
  infinite.set([0, 0, 0x80, 0x7f], infinite.length - 4);
  assert.throws(() => engine.loadWeights(infinite.buffer), refused(/not finite/));
  assert.equal(engine.state().q.join(), before);
  assert.ok(readSafetensors(whole).tensors.length > 0);
});

test("a header of any bytes is taken or refused, never more", async () => {
  const engine = await createEngine(wasm), whole = new Uint8Array(bytesOf(NETWORK));
  let state = 12345;
  const random = (n) => ((state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 8) % n;
  let count = 0;
  for (let round = 0; round < 400; round++) {
    const bytes = whole.slice();
    for (let i = 0; i < 3; i++) bytes[random(600)] = random(256);
    try {
      engine.loadWeights(bytes.buffer);
    } catch (error) {
      assert.ok(error instanceof PlaygroundError, String(error));
      count++;
    }
  }
  assert.ok(count > 300, `${count} of 400 were refused`);
});

test("links round-trip", async () => {
  const engine = await createEngine(wasm), tasks = engine.builtinTasks();
  const numbers = (field) => [...RANGES[field], RANGES[field][0] + Math.random() * (RANGES[field][1] - RANGES[field][0]), Math.min(RANGES[field][1], 0.1 + 0.2)]
    .filter((x) => x >= RANGES[field][0]);
  const any = (list) => list[Math.floor(Math.random() * list.length)], names = tasks.map((task) => task.name);
  for (let round = 0; round < 2000; round++) {
    const seed = any([0n, 1n, 2n ** 53n + 1n, 2n ** 64n - 1n, BigInt(Math.floor(Math.random() * 1e6))]);
    const settings = { task: any(names), seed, gravity: any(numbers("gravity")), wind: any(WINDS), wind_power: any(numbers("wind_power")),
      turbulence_power: any(numbers("turbulence_power")), told: any(names), pilot: any(["network", "you"]) };
    const link = encodeLink(settings, tasks), read = decodeLink(`#${link}`, tasks, WINDS);
    assert.deepEqual(read.problems, [], link);
    assert.deepEqual(read.settings, settings, link);
    assert.equal(encodeLink(read.settings, tasks), link);
    engine.begin(taskOf(settings, tasks), settings.seed);
  }
  const plain = defaultSettings(tasks, 1, 7n);
  assert.equal(encodeLink(plain, tasks), "task=windy&seed=7");
  assert.ok(!isChanged(plain, tasks) && isChanged({ ...plain, gravity: -4 }, tasks));
  assert.deepEqual(taskOf(plain, tasks), tasks[1]);
  const gusty = decodeLink("#task=heavy&wind=uniform", tasks, WINDS); // a wind has its usual power
  assert.equal(gusty.settings.wind_power, 20);
  assert.equal(encodeLink({ ...gusty.settings, wind_power: 0 }, tasks), "task=heavy&seed=1&wind=uniform&power=0");
  assert.deepEqual(decodeLink("", tasks, WINDS), { settings: defaultSettings(tasks), problems: [] });
});

test("of a malformed link the sound parts count, and each other part is named", async () => {
  const tasks = (await createEngine(wasm)).builtinTasks();
  const cases = [
    ["task=moon", /task = “moon”: must be standard, windy, heavy or gymwind/],
    ["seed=-1", /seed = “-1”: must be a whole number/],
    ["seed=18446744073709551616", /seed = /],
    ["seed=1e3", /seed = /],
    ["gravity=0", /gravity = “0”: must be a number from -20 to -0.5/],
    ["gravity=", /gravity = /],
    ["gravity=-1 0", /gravity = /],
    ["gravity=NaN", /gravity = /],
    ["gravity=-0x8", /gravity = /],
    ["power=41", /power = “41”: must be a number from 0 to 40/],
    ["turbulence=1e999", /turbulence = /],
    ["wind=storm", /wind = “storm”: must be none, uniform or gymnasium/],
    ["told=", /told = /],
    ["pilot=cat", /pilot = /],
    ["<script>=1", /“<script>” is not part of a link/],
    ["seed=1&seed=2", /seed stands twice/],
    ["%E0%A4%A=1", /is not part of a link/],
    [`seed=${"9".repeat(5000)}`, /seed = “9{40}…”/],
  ];
  for (const [link, message] of cases) {
    const { settings, problems } = decodeLink(`#${link}`, tasks, WINDS);
    assert.equal(problems.length, 1, link);
    assert.match(problems[0], message);
    assert.ok(decodeLink(encodeLink(settings, tasks), tasks, WINDS).problems.length === 0);
  }
  const mixed = decodeLink("#task=heavy&seed=x&gravity=-3.75", tasks, WINDS);
  assert.equal(mixed.settings.task, "heavy");
  assert.equal(mixed.settings.gravity, -3.75);
});
