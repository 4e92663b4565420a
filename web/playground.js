// playground.js: the page: buttons, sliders and keys on one side, the engine on the other.

import { ACTIONS, OBSERVATION, PlaygroundError, WINDS, createEngine } from "./engine.js";
import { LARGEST_SEED, RANGES, decodeLink, defaultSettings, encodeLink, isChanged, taskOf, withWind } from "./link.js";
import { Hands } from "./hands.js";
import { QBars } from "./qbars.js";
import { drawScene } from "./scene.js";
import { checkGolden, readGolden } from "./check.js";

const STEPS_A_SECOND = 50;
const LONGEST_FRAME = 0.1; // seconds of a frame that are made up for; after more the page was hidden
const LOGGED_EPISODES = 12;
const PAUSE_BEFORE_NEXT = 1500; // milliseconds
const MEANINGS = ["0 between the flags, ±1 the edges of the picture", "height over the pad, 1 is half the picture", "speed to the right, 1 is 5 m/s",
  "speed upwards, 1 is 7.5 m/s", "radians, to the left is positive", "to the left, 1 is 2.5 rad/s", "1: it touches the ground",
  "1: it touches the ground"];
const ABOUT = {
  standard: "As in Gymnasium: gravity −10, no wind, at most 1000 steps.",
  windy: "Random gusts of up to 20 N, also on the ground; at most 400 steps. It can land but never be at rest.",
  heavy: "Gravity −12.5, no wind, at most 800 steps.",
  gymwind: "Gymnasium's own wind, 15 N and 1.5 N m, only in the air; at most 1000 steps.",
};
const WIND_NAMES = { none: "no wind", uniform: "random gusts", gymnasium: "Gymnasium's waves" };

const $ = (id) => document.getElementById(id);

function showMessage(text, isInfo = false) {
  $("message").hidden = text === "";
  $("message").className = isInfo ? "info" : "";
  $("message").textContent = text;
  if (text !== "") $("message").scrollIntoView({ block: "nearest" });
}

function showError(error) {
  showMessage(error instanceof PlaygroundError ? error.message : `The page has made an error of its own: ${error?.message ?? error}`);
}

/// A number with a minus sign that can be seen, and none before zero.
const signed = (number, digits) => number.toFixed(digits).replace(/^-(?=[0.]*$)/, "").replace("-", "−");

async function download(name) {
  let response;
  try {
    response = await fetch(name);
  } catch {
    throw new PlaygroundError(`${name} could not be loaded: no answer from the server.`);
  }
  if (!response.ok) throw new PlaygroundError(`${name} could not be loaded: the server says ${response.status} ${response.statusText}.`);
  return response.arrayBuffer();
}

class Page {
  #engine;
  #tasks;
  #settings;
  #state;
  #bars = new QBars($("bars"), ACTIONS);
  #hands;
  #hasNetwork = false;
  #ownNetwork = ""; // the name of the file, if it is the user's
  #paused = matchMedia("(prefers-reduced-motion: reduce)").matches;
  #waiting = false; // for the first engine of a person
  #owed = 0; // steps of the time that has passed
  #lastFrame = 0;
  #lastAction = 0;
  #nextEpisode = 0; // timer

  constructor(engine, hasNetwork) {
    this.#engine = engine;
    this.#hasNetwork = hasNetwork;
    this.#tasks = engine.builtinTasks();
    this.#hands = new Hands([...document.querySelectorAll(".engine")], (event) => this.#flies() && !this.#isTaken(event), () => this.#fired());
    this.#makeControls();
    this.#listen();
    this.readLink();
    requestAnimationFrame((time) => this.#frame(time));
  }

  #flies() {
    return this.#settings.pilot === "you";
  }

  /// Whether a key belongs to the browser, or to the control that has the focus: texts take all keys, sliders and the like arrows and space.
  #isTaken(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("select, input[type=text]")) return true;
    return (event.key === " " || event.key.startsWith("Arrow")) && Boolean(event.target.closest?.("input"));
  }

  /// A person has fired an engine.
  #fired() {
    if (!this.#waiting) return;
    this.#waiting = this.#paused = false;
    this.#showSettings();
  }

  // ---- controls ----

  #makeControls() {
    for (const task of this.#tasks) {
      const label = document.createElement("label"), radio = document.createElement("input");
      Object.assign(radio, { type: "radio", name: "task", value: task.name });
      label.append(radio, task.name);
      $("tasks").append(label);
      $("told").add(new Option(task.name, task.name));
    }
    for (const [field, [low, high]] of Object.entries(RANGES)) Object.assign($(field), { min: low, max: high });
    OBSERVATION.forEach((name, i) => {
      const row = $("observations").insertRow();
      row.insertCell().textContent = name;
      row.insertCell().className = "num";
      row.insertCell().textContent = MEANINGS[i];
    });
  }

  #listen() {
    const change = (changes) => this.#begin({ ...this.#settings, ...changes });
    $("tasks").addEventListener("change", (event) => {
      const usual = defaultSettings(this.#tasks, this.#tasks.findIndex((task) => task.name === event.target.value));
      change({ ...usual, seed: this.#settings.seed, pilot: this.#settings.pilot });
    });
    for (const field of Object.keys(RANGES)) $(field).addEventListener("input", () => change({ [field]: Number($(field).value) }));
    $("wind").addEventListener("change", () => change(withWind(this.#settings, $("wind").value, this.#tasks)));
    $("reset").addEventListener("click", () => {
      const usual = defaultSettings(this.#tasks, this.#tasks.findIndex((task) => task.name === this.#settings.task));
      change({ ...usual, seed: this.#settings.seed, pilot: this.#settings.pilot, told: this.#settings.told });
    });
    $("told").addEventListener("change", () => {
      this.#settings.told = $("told").value;
      this.#tell();
      this.#showSettings();
      this.#showState();
    });
    $("seed").addEventListener("change", () => this.#takeSeed($("seed").value.trim()));
    $("pause").addEventListener("click", () => this.#pause(!this.#paused));
    $("single").addEventListener("click", () => this.#singleStep());
    $("restart").addEventListener("click", () => change({}));
    $("next").addEventListener("click", () => this.#next());
    $("pilot").addEventListener("click", () => this.#changePilot());
    $("copy").addEventListener("click", () => this.#copyLink());
    $("check").addEventListener("click", () => this.#check());
    $("own").addEventListener("change", () => this.#takeNetwork());
    window.addEventListener("hashchange", () => this.readLink());
    window.addEventListener("resize", () => this.#draw());
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  #key(event) {
    if (this.#isTaken(event) || event.repeat) return;
    const keys = { ".": () => this.#singleStep(), r: () => this.#begin(this.#settings), n: () => this.#next(), f: () => this.#changePilot() };
    if (event.key === " " && !event.target.closest?.("button, a")) keys[" "] = () => this.#pause(!this.#paused);
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  #takeSeed(text) {
    const good = /^\d{1,20}$/.test(text) && BigInt(text) <= LARGEST_SEED;
    $("seed").setAttribute("aria-invalid", String(!good));
    if (good) this.#begin({ ...this.#settings, seed: BigInt(text) });
    else showMessage(`Seed “${text}”: must be a whole number from 0 to ${LARGEST_SEED}.`);
  }

  #changePilot() {
    if (!this.#hasNetwork && this.#flies()) {
      showMessage("There is no network to let fly: its file could not be loaded.");
      return;
    }
    this.#begin({ ...this.#settings, pilot: this.#flies() ? "network" : "you" });
    if (this.#flies()) $("canvas").focus({ preventScroll: true });
  }

  async #copyLink() {
    $("link").select();
    try {
      await navigator.clipboard.writeText($("link").value);
      $("copy").textContent = "Copied";
      setTimeout(() => ($("copy").textContent = "Copy link"), 1500);
    } catch {
      $("copy").textContent = "Press Ctrl-C"; // it is selected
    }
  }

  async #check() {
    $("check").disabled = true;
    try {
      const episodes = readGolden(new TextDecoder().decode(await download("golden.jsonl")));
      await checkGolden(this.#engine, episodes, { text: $("checked"), table: $("checks"), body: $("checked-rows") });
    } catch (error) {
      showError(error);
    } finally {
      $("check").disabled = false;
    }
  }

  async #takeNetwork() {
    const file = $("own").files[0];
    if (!file) return;
    try {
      if (file.size > 64 << 20) throw new PlaygroundError(`${file.name} is larger than 64 MiB.`);
      this.#engine.loadWeights(await file.arrayBuffer());
    } catch (error) {
      showMessage(`${file.name}: ${error.message} The network before it goes on flying.`);
      return;
    }
    this.#hasNetwork = true;
    this.#ownNetwork = file.name;
    this.#begin({ ...this.#settings, pilot: "network" });
  }

  // ---- an episode ----

  readLink() {
    const { settings, problems } = decodeLink(location.hash, this.#tasks, WINDS);
    if (!this.#hasNetwork) settings.pilot = "you";
    this.#begin(settings);
    if (problems.length > 0) showMessage(["Not everything in this link could be read; the rest counts:", ...problems].join("\n"));
  }

  #begin(settings) {
    clearTimeout(this.#nextEpisode);
    if ($("message").className !== "info") showMessage("");
    this.#settings = { ...settings };
    this.#engine.begin(taskOf(settings, this.#tasks), settings.seed);
    this.#tell();
    this.#hands.clear();
    this.#waiting = this.#flies();
    this.#lastAction = this.#owed = 0;
    this.#bars.clear();
    $("banner").hidden = true;
    $("result").textContent = "";
    this.#showSettings();
    this.#showState();
  }

  #tell() {
    this.#engine.tell(this.#tasks.findIndex((task) => task.name === this.#settings.told));
    if (this.#state) this.#state = this.#engine.state();
  }

  #next() {
    this.#begin({ ...this.#settings, seed: this.#settings.seed < LARGEST_SEED ? this.#settings.seed + 1n : 0n });
  }

  #pause(paused) {
    this.#paused = paused && !this.#state.ended;
    if (this.#state.ended) this.#begin(this.#settings);
    this.#showSettings();
  }

  #singleStep() {
    this.#paused = true;
    this.#waiting = false;
    if (!this.#state.ended) this.#step();
    this.#showSettings();
    this.#showState();
  }

  #step() {
    this.#lastAction = this.#flies() ? this.#hands.action() : this.#state.greedy;
    this.#engine.step(this.#lastAction);
    this.#state = this.#engine.state();
    if (this.#state.ended) this.#end();
  }

  #frame(time) {
    const seconds = Math.min((time - this.#lastFrame) / 1000, LONGEST_FRAME);
    this.#lastFrame = time;
    try {
      if (!this.#paused && !this.#waiting && !this.#state.ended) {
        this.#owed += seconds * STEPS_A_SECOND * Number($("speed").value);
        for (; this.#owed >= 1 && !this.#state.ended; this.#owed--) this.#step();
        this.#showState();
      }
    } catch (error) {
      showError(error); // and no further frame: the engine cannot go on
      return;
    }
    requestAnimationFrame((next) => this.#frame(next));
  }

  #howItEnded() {
    if (this.#state.at_rest) return "at rest";
    if (this.#state.truncated) return "time limit";
    return Math.abs(this.#state.observation[0]) >= 1 ? "left the picture" : "crashed";
  }

  #end() {
    const end = this.#howItEnded(), total = signed(this.#state.episode_return, 1);
    const bonus = { "at rest": " (+100)", crashed: " (−100)", "left the picture": " (−100)" }[end] ?? "";
    $("banner").textContent = `${end[0].toUpperCase()}${end.slice(1)}${bonus}: return ${total} in ${this.#state.steps} steps`;
    $("banner").hidden = false;
    $("result").textContent = $("banner").textContent;
    this.#log(end, total);
    this.#showSettings();
    if ($("goon").checked) this.#nextEpisode = setTimeout(() => this.#next(), PAUSE_BEFORE_NEXT);
  }

  #log(end, total) {
    const row = $("logged").insertRow(0), link = document.createElement("a");
    link.href = `#${encodeLink(this.#settings, this.#tasks)}`;
    link.textContent = String(this.#settings.seed);
    link.addEventListener("click", (event) => {
      event.preventDefault(); // of the address that the page has already, a click would do nothing
      history.pushState(null, "", link.href);
      this.readLink();
    });
    row.insertCell().textContent = this.#settings.task + (isChanged(this.#settings, this.#tasks) ? ", changed" : "");
    row.insertCell().append(link);
    row.insertCell().textContent = this.#flies() ? "you" : this.#ownNetwork || "network";
    row.insertCell().textContent = total;
    row.insertCell().textContent = String(this.#state.steps);
    row.insertCell().textContent = end;
    for (const i of [1, 3, 4]) row.cells[i].className = "num";
    while ($("logged").rows.length > LOGGED_EPISODES) $("logged").deleteRow(-1);
    $("log").hidden = false;
    $("no-episodes").hidden = true;
  }

  // ---- what is shown ----

  #draw() {
    const wind = this.#settings.wind === "none" ? null : { force: this.#state.wind_force, power: this.#settings.wind_power };
    drawScene($("canvas"), this.#engine.scene(), wind);
  }

  #showState() {
    const state = (this.#state = this.#engine.state());
    this.#draw();
    this.#bars.show(state.q, state.greedy);
    $("return").textContent = signed(state.episode_return, 1);
    $("reward").textContent = signed(state.reward, 2);
    $("step").textContent = String(state.steps);
    $("action").textContent = ACTIONS[this.#lastAction];
    state.observation.forEach((value, i) => {
      $("observations").rows[i].cells[1].textContent = i < 6 ? signed(value, 4) : String(value);
    });
    if (this.#waiting && !state.ended) {
      $("banner").textContent = "Fire an engine to begin";
      $("banner").hidden = false;
    } else if (!state.ended) {
      $("banner").hidden = true;
    }
  }

  /// What stands beside the Q-values: what the network was trained on, where that differs from what it flies.
  #trainedNote() {
    const settings = this.#settings, builtin = this.#tasks.find((task) => task.name === settings.task);
    if (!this.#hasNetwork) return "There is no network: its file could not be loaded. You can fly yourself.";
    if (this.#ownNetwork)
      return `These are the values of ${this.#ownNetwork}. The page cannot know what it was trained on` +
        (this.#engine.networkTasks() > 0 ? "; tasks are told by their place: standard is the first." : "; it is told no task.");
    const differences = [];
    if (settings.gravity !== builtin.gravity) differences.push(`gravity ${builtin.gravity}, not ${settings.gravity}`);
    if (settings.wind !== builtin.wind) differences.push(`${WIND_NAMES[builtin.wind]}, not ${WIND_NAMES[settings.wind]}`);
    else if (settings.wind_power !== builtin.wind_power) differences.push(`a wind of ${builtin.wind_power} N, not ${settings.wind_power} N`);
    if (settings.wind === builtin.wind && settings.turbulence_power !== builtin.turbulence_power)
      differences.push(`a turbulence of ${builtin.turbulence_power} N m, not ${settings.turbulence_power} N m`);
    const lines = [];
    if (differences.length > 0)
      lines.push(`For ${settings.task} the network was trained with ${differences.join("; ").replaceAll("-", "−")}: here its values are guesses.`);
    if (settings.told !== settings.task) lines.push(`It is told that it flies ${settings.told}, but it flies ${settings.task}.`);
    return lines.join(" ") || "Trained on this task, just as it is here.";
  }

  #showSettings() {
    const settings = this.#settings;
    for (const radio of $("tasks").querySelectorAll("input")) radio.checked = radio.value === settings.task;
    $("about-task").textContent = ABOUT[settings.task] ?? "";
    for (const field of Object.keys(RANGES)) {
      $(field).value = settings[field];
      $(`${field}-shown`).textContent = String(settings[field]).replace("-", "−");
    }
    $("wind").value = settings.wind;
    for (const [field, on] of [["wind_power", settings.wind !== "none"], ["turbulence_power", settings.wind === "gymnasium"]]) {
      $(field).disabled = !on;
      $(field).parentElement.classList.toggle("off", !on);
    }
    const told = this.#engine.networkTasks();
    [...$("told").options].forEach((option, i) => (option.disabled = i >= told));
    $("told").value = settings.told;
    $("told").disabled = told === 0;
    $("seed").value = String(settings.seed);
    $("seed").setAttribute("aria-invalid", "false");
    $("pause").textContent = this.#state?.ended ? "Play again" : this.#paused ? "Play" : "Pause";
    $("pilot").classList.toggle("primary", this.#flies());
    $("pilot").textContent = this.#flies() ? "Let the network fly" : "Fly yourself";
    $("touch").hidden = !this.#flies();
    $("trained").textContent = this.#trainedNote();
    const hash = `#${encodeLink(settings, this.#tasks)}`;
    if (location.hash !== hash) history.replaceState(null, "", hash);
    $("link").value = location.href;
  }
}

async function main() {
  window.addEventListener("error", (event) => showError(event.error ?? event.message));
  window.addEventListener("unhandledrejection", (event) => showError(event.reason));
  const live = [...document.querySelectorAll(".live")];
  for (const part of live) part.inert = true;
  try {
    if (typeof WebAssembly !== "object")
      throw new PlaygroundError("This browser has no WebAssembly, or it is switched off. The physics runs in it, so nothing can fly here.");
    const engine = await createEngine(await download("playground.wasm"));
    let missing = "";
    try {
      engine.loadWeights(await download("network.safetensors"));
    } catch (error) {
      missing = `${error.message} Without the network you can still fly yourself, or load a network of your own below.`;
    }
    showMessage("");
    for (const part of live) part.inert = false;
    new Page(engine, missing === "");
    if (missing) showMessage(missing, true);
  } catch (error) {
    showError(error);
  }
}

main();
