// check.js: plays recorded episodes of Gymnasium again, and shows whether every bit is the same.

import { PlaygroundError } from "./engine.js";

/// @param text of golden.jsonl
export function readGolden(text) {
  try {
    return text.trim().split("\n").map((line) => JSON.parse(line));
  } catch {
    throw new PlaygroundError("golden.jsonl does not hold recorded episodes.");
  }
}

function addRow(body, episode, equal) {
  const row = body.insertRow();
  const cell = (text, className) => {
    const made = row.insertCell();
    made.textContent = text;
    made.className = className;
  };
  cell(episode.task, "");
  cell(String(episode.seed), "num");
  cell(String(episode.steps), "num");
  cell(`${episode.sha256.slice(0, 12)}…`, "digest");
  cell(equal ? "✓ equal" : "✗ differ", equal ? "good" : "bad");
}

/// @param show {text, table, body}: where the verdict and its rows go
export async function checkGolden(engine, episodes, show) {
  show.body.replaceChildren();
  show.table.hidden = false;
  let equal = 0, steps = 0;
  for (const [i, episode] of episodes.entries()) {
    const same = engine.isGolden(episode);
    equal += same ? 1 : 0;
    steps += episode.steps;
    addRow(show.body, episode, same);
    show.text.className = "";
    show.text.textContent = `${i + 1} of ${episodes.length} played, ${equal} equal`;
    await new Promise((resume) => setTimeout(resume)); // so that it is seen
  }
  const good = equal === episodes.length;
  show.text.className = good ? "good" : "bad";
  show.text.textContent = good
    ? `✓ All ${equal} episodes, ${steps.toLocaleString("en")} steps: every bit equals Gymnasium's.`
    : `✗ ${episodes.length - equal} of ${episodes.length} episodes differ from Gymnasium's. Please report your browser and processor.`;
  return good;
}
