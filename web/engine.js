// engine.js: the physics and the network in WebAssembly, for JavaScript. Knows no page: runs in a browser and in Node.js.
// What each exported function of the module does is said in playground.h.

export const ACTIONS = ["nothing", "left engine", "main engine", "right engine"];
export const OBSERVATION = ["x", "y", "vx", "vy", "angle", "angular velocity", "right leg", "left leg"]; // the right one comes first
export const WINDS = ["none", "uniform", "gymnasium"];

const LARGEST_HEADER = 1 << 20;
const MAX_RANK = 4;

// Fields of SdqnPlayTask and SdqnPlayState in their order, with how many doubles each has.
const TASK = ["gravity", "wind", "wind_power", "turbulence_power", "wind_on_ground", "initial_random", "main_engine_power",
  "side_engine_power", "time_limit_steps"];
const STATE = [["observation", 8], ["q", 4], ["greedy", 1], ["reward", 1], ["episode_return", 1], ["steps", 1], ["terminated", 1],
  ["truncated", 1], ["at_rest", 1], ["wind_force", 1]];
const STATE_DOUBLES = STATE.reduce((sum, [, count]) => sum + count, 0);
// SdqnPlayScene: how many shapes, then for each of them these six numbers and its points.
const MAX_POINTS = 16, SHAPE_DOUBLES = 6 + 2 * MAX_POINTS;
export const SHAPE_KINDS = ["polygon", "line", "circle"];

/// Something that a person can understand and act on.
export class PlaygroundError extends Error {}

/// What the C library wants of its surroundings: standard error, for a failed assert alone.
function systemCalls(memory) {
  return {
    fd_write: (file, vectors, count, written) => {
      const view = new DataView(memory().buffer);
      let bytes = 0;
      for (let i = 0; i < count; i++) {
        const start = view.getUint32(vectors + 8 * i, true), size = view.getUint32(vectors + 8 * i + 4, true);
        console.error(new TextDecoder().decode(new Uint8Array(memory().buffer, start, size)));
        bytes += size;
      }
      view.setUint32(written, bytes, true);
      return 0;
    },
    fd_close: () => 0,
    fd_seek: () => 0,
    proc_exit: () => {
      throw new PlaygroundError("The physics has stopped because of an error of its own; please reload the page.");
    },
  };
}

/// Make an engine of the bytes of playground.wasm.
export async function createEngine(bytes) {
  let exports = null;
  const memory = () => exports.memory;
  const surroundings = { wasi_snapshot_preview1: systemCalls(memory), env: { emscripten_notify_memory_growth: () => {} } };
  try {
    ({ exports } = (await WebAssembly.instantiate(bytes, surroundings)).instance);
  } catch (error) {
    throw new PlaygroundError(`playground.wasm is nothing that this browser can run: ${error.message}`);
  }
  exports._initialize?.();
  return new Engine(exports);
}

/// The header of a safetensors file: tensors [{name, shape, offset}] and where their values begin.
export function readSafetensors(buffer) {
  const refuse = (why) => new PlaygroundError(`This is no safetensors file of float32 values: ${why}.`);
  if (buffer.byteLength < 8) throw refuse("it is too short");
  const size = new DataView(buffer).getBigUint64(0, true);
  if (size > BigInt(Math.min(LARGEST_HEADER, buffer.byteLength - 8))) throw refuse("its header is longer than the file, or 1 MiB");
  let header;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(buffer, 8, Number(size))));
  } catch {
    throw refuse("its header is not JSON");
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) throw refuse("its header is no object");
  const tensors = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const shape = entry?.shape, offsets = entry?.data_offsets;
    const isSize = (x) => Number.isInteger(x) && x >= 0 && x < 2 ** 32;
    if (entry?.dtype !== "F32") throw refuse(`tensor ${name} is of type ${entry?.dtype}`);
    if (!Array.isArray(shape) || shape.length > MAX_RANK || !shape.every(isSize)) throw refuse(`tensor ${name} has no sound shape`);
    if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) throw refuse(`tensor ${name} has no sound offsets`);
    if (offsets[1] - offsets[0] !== 4 * shape.reduce((a, b) => a * b, 1)) throw refuse(`tensor ${name}: shape and size differ`);
    tensors.push({ name, shape, offset: offsets[0] });
  }
  return { tensors, values: new Uint8Array(buffer, 8 + Number(size)) };
}

class Engine {
  constructor(exports) {
    this.c = exports;
    if (this.c.sdqn_play_state_size() !== 8 * STATE_DOUBLES || (this.c.sdqn_play_scene_size() - 8) % (8 * SHAPE_DOUBLES) !== 0)
      throw new PlaygroundError("playground.wasm and engine.js are of different versions; please reload the page without its cache.");
  }

  /// A text of the module.
  #text(pointer) {
    const bytes = new Uint8Array(this.c.memory.buffer);
    return new TextDecoder().decode(bytes.subarray(pointer, bytes.indexOf(0, pointer)));
  }

  /// Hand a text over; one that is too long is refused here.
  #setText(text, size = 65536) {
    const bytes = new TextEncoder().encode(text);
    if (bytes.length >= size) throw new PlaygroundError(`A text of ${bytes.length} bytes is too long.`);
    const room = new Uint8Array(this.c.memory.buffer, this.c.sdqn_play_text(), bytes.length + 1);
    room.set(bytes);
    room[bytes.length] = 0;
  }

  #message() {
    return this.#text(this.c.sdqn_play_message());
  }

  #check(status) {
    if (status !== 0) throw new PlaygroundError(this.#message());
  }

  #taskRoom() {
    return new Float64Array(this.c.memory.buffer, this.c.sdqn_play_task(), TASK.length);
  }

  #setTask(task) {
    const room = this.#taskRoom();
    TASK.forEach((field, i) => (room[i] = field === "wind" ? WINDS.indexOf(task.wind) : Number(task[field])));
  }

  /// The built-in tasks: [{name, gravity, wind: "none" | ..., wind_power, ...}].
  builtinTasks() {
    const tasks = [];
    for (let pointer; (pointer = this.c.sdqn_play_builtin(tasks.length)) !== 0;) {
      const room = this.#taskRoom();
      const task = Object.fromEntries(TASK.map((field, i) => [field, room[i]]));
      tasks.push({ ...task, name: this.#text(pointer), wind: WINDS[task.wind] });
    }
    return tasks;
  }

  /// Begin an episode. @param seed a BigInt in [0, 2^64)
  begin(task, seed) {
    this.#setTask(task);
    this.#check(this.c.sdqn_play_begin(Number(seed & 0xffffffffn), Number(seed >> 32n)));
  }

  step(action) {
    this.#check(this.c.sdqn_play_step(action));
  }

  /// What sdqn_play_state gives, by name; fields of one number as a number, flags as booleans.
  state() {
    const all = new Float64Array(this.c.memory.buffer, this.c.sdqn_play_state(), STATE_DOUBLES);
    const state = {};
    let at = 0;
    for (const [name, count] of STATE) {
      state[name] = count === 1 ? all[at] : Array.from(all.subarray(at, at + count));
      at += count;
    }
    for (const flag of ["terminated", "truncated", "at_rest"]) state[flag] = state[flag] === 1;
    state.ended = state.terminated || state.truncated;
    return state;
  }

  /// The picture, 600 x 400, as shapes from the back to the front: [{kind, fill: "#rrggbbaa", outline, width, size, points: [[x, y], ...]}].
  scene() {
    const all = new Float64Array(this.c.memory.buffer, this.c.sdqn_play_scene(), this.c.sdqn_play_scene_size() / 8);
    const color = (packed) => `#${packed.toString(16).padStart(8, "0")}`;
    return Array.from({ length: all[0] }, (_, i) => {
      const [kind, count, fill, outline, width, size, ...points] = all.subarray(1 + i * SHAPE_DOUBLES, 1 + (i + 1) * SHAPE_DOUBLES);
      return { kind: SHAPE_KINDS[kind], fill: color(fill), outline: color(outline), width, size,
        points: Array.from({ length: count }, (__, p) => [points[2 * p], points[2 * p + 1]]) };
    });
  }

  /// Make the network of a safetensors file the one that plays. @param buffer an ArrayBuffer
  loadWeights(buffer) {
    const { tensors, values } = readSafetensors(buffer);
    const room = this.c.sdqn_play_weights_room(values.length);
    if (room === 0) throw new PlaygroundError(this.#message());
    new Uint8Array(this.c.memory.buffer, room, values.length).set(values);
    for (const { name, shape, offset } of tensors) {
      this.#setText(name);
      this.#check(this.c.sdqn_play_weights_tensor(shape.length, shape[0] ?? 0, shape[1] ?? 0, shape[2] ?? 0, shape[3] ?? 0, offset));
    }
    this.#check(this.c.sdqn_play_weights_load());
  }

  /// How many tasks the network tells apart; 0: it is told none.
  networkTasks() {
    return this.c.sdqn_play_network_tasks();
  }

  tell(task) {
    this.c.sdqn_play_tell(task);
  }

  /// SHA-256 of an episode. @param actions digits @param seed a BigInt
  trace(task, seed, actions) {
    this.#setTask(task);
    this.#setText(actions);
    const pointer = this.c.sdqn_play_trace(Number(seed & 0xffffffffn), Number(seed >> 32n));
    if (pointer === 0) throw new PlaygroundError(this.#message());
    return this.#text(pointer);
  }

  /// Play a recorded episode of Gymnasium again. @param episode a line of tests/data/traces.jsonl, parsed @return whether the bits are equal
  isGolden(episode) {
    const task = episode.definition ?? this.builtinTasks().find((builtin) => builtin.name === episode.task);
    if (!task) throw new PlaygroundError(`The recorded episode is of an unknown task, ${episode.task}.`);
    return this.trace(task, BigInt(episode.seed), episode.actions) === episode.sha256;
  }
}
