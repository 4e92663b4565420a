// link.js: the part of the page's address behind the #, which says all that makes an episode: task, seed and what the sliders change.
// Numbers are written so that they read back as the same numbers. Nothing in an address is trusted. No part of it is needed.

export const LARGEST_SEED = 2n ** 64n - 1n;

// What the sliders allow; the physics allows more.
export const RANGES = { gravity: [-20, -0.5], wind_power: [0, 40], turbulence_power: [0, 5] };
const KEYS = { gravity: "gravity", wind_power: "power", turbulence_power: "turbulence" };

/// Settings of an episode: a built-in task by its place, and what differs. `told`: the task that the network is told, by name.
export function defaultSettings(tasks, index = 0, seed = 1n) {
  const { name, gravity, wind, wind_power, turbulence_power } = tasks[index];
  return { task: name, seed, gravity, wind, wind_power, turbulence_power, told: name, pilot: "network" };
}

/// The settings with another wind, at the power that a built-in task has with it.
export function withWind(settings, wind, tasks) {
  const own = tasks.find((task) => task.name === settings.task);
  const { wind_power, turbulence_power } = own.wind === wind ? own : tasks.find((task) => task.wind === wind);
  return { ...settings, wind, wind_power, turbulence_power };
}

/// @return text without the #
export function encodeLink(settings, tasks) {
  const index = tasks.findIndex((task) => task.name === settings.task);
  const plain = defaultSettings(tasks, index), usual = withWind(plain, settings.wind, tasks);
  const parts = [`task=${settings.task}`, `seed=${settings.seed}`];
  if (settings.gravity !== usual.gravity) parts.push(`gravity=${settings.gravity}`);
  if (settings.wind !== plain.wind) parts.push(`wind=${settings.wind}`);
  for (const field of ["wind_power", "turbulence_power"])
    if (settings[field] !== usual[field]) parts.push(`${KEYS[field]}=${settings[field]}`);
  if (settings.told !== usual.told) parts.push(`told=${settings.told}`);
  if (settings.pilot !== usual.pilot) parts.push(`pilot=${settings.pilot}`);
  return parts.join("&");
}

/// @param hash with or without the # @param winds the kinds there are
/// @return {settings, problems}: what is malformed is left out, and each problem is a line that says what was found and what is allowed
export function decodeLink(hash, tasks, winds) {
  const names = tasks.map((task) => task.name), problems = [], values = new Map();
  const shown = (text) => (text.length > 40 ? `${text.slice(0, 40)}…` : text);
  const known = ["task", "seed", "wind", "told", "pilot", ...Object.values(KEYS)];
  for (const [key, value] of new URLSearchParams(hash.replace(/^#/, ""))) {
    if (!known.includes(key)) problems.push(`“${shown(key)}” is not part of a link: it knows ${known.join(", ")}`);
    else if (values.has(key)) problems.push(`${key} stands twice; the first one counts`);
    else values.set(key, value);
  }
  const choice = (key, allowed, usual) => {
    const value = values.get(key);
    if (value === undefined || allowed.includes(value)) return value ?? usual;
    problems.push(`${key} = “${shown(value)}”: must be ${allowed.slice(0, -1).join(", ")} or ${allowed.at(-1)}`);
    return usual;
  };
  const task = choice("task", names, names[0]);
  const plain = defaultSettings(tasks, names.indexOf(task));
  const settings = withWind(plain, choice("wind", winds, plain.wind), tasks);
  const seed = values.get("seed");
  if (seed !== undefined) {
    if (/^\d{1,20}$/.test(seed) && BigInt(seed) <= LARGEST_SEED) settings.seed = BigInt(seed);
    else problems.push(`seed = “${shown(seed)}”: must be a whole number from 0 to ${LARGEST_SEED}`);
  }
  for (const [field, key] of Object.entries(KEYS)) {
    const text = values.get(key), [low, high] = RANGES[field];
    if (text === undefined) continue;
    const number = /^-?\d+(\.\d+)?(e-?\d+)?$/.test(text) ? Number(text) : NaN;
    if (number >= low && number <= high) settings[field] = number + 0; // no -0, which would be written as 0
    else problems.push(`${key} = “${shown(text)}”: must be a number from ${low} to ${high}`);
  }
  settings.told = choice("told", names, settings.told);
  settings.pilot = choice("pilot", ["network", "you"], settings.pilot);
  return { settings, problems };
}

/// The task that the physics flies: the built-in one with the changes. Where its wind blows on the ground follows from the kind of wind.
export function taskOf(settings, tasks) {
  const builtin = tasks.find((task) => task.name === settings.task);
  const kind = tasks.find((task) => task.wind === settings.wind) ?? builtin;
  const { gravity, wind, wind_power, turbulence_power } = settings;
  const wind_on_ground = wind === builtin.wind ? builtin.wind_on_ground : kind.wind_on_ground;
  return { ...builtin, gravity, wind, wind_power, turbulence_power, wind_on_ground };
}

/// Whether the sliders have been moved away from the built-in task.
export function isChanged(settings, tasks) {
  const usual = defaultSettings(tasks, tasks.findIndex((task) => task.name === settings.task));
  return ["gravity", "wind", "wind_power", "turbulence_power"].some((field) => settings[field] !== usual[field]);
}
