// qbars.js: the Q-values of the four actions as bars about a common zero.

const signed = (number) => number.toFixed(1).replace("-", "−");

function element(parent, className) {
  const made = document.createElement("span");
  made.className = className;
  parent.append(made);
  return made;
}

export class QBars {
  #rows;
  #low = 0;
  #high = 0;

  /// @param names of the actions
  constructor(parent, names) {
    this.#rows = names.map((name) => {
      const bar = document.createElement("div");
      bar.className = "bar";
      element(bar, "name").textContent = name;
      const track = element(bar, "track");
      track.setAttribute("aria-hidden", "true");
      element(track, "fill");
      element(track, "zero");
      const number = element(bar, "number"), behind = element(bar, "behind");
      parent.append(bar);
      return { bar, number, behind };
    });
  }

  /// Forget the range; within an episode it only grows, so that bars can be compared from step to step.
  clear() {
    this.#low = this.#high = 0;
  }

  /// @param q numbers; not numbers: there is no network @param greedy the action of the largest
  show(q, greedy) {
    const known = q.every(Number.isFinite);
    if (known) {
      this.#low = Math.min(this.#low, ...q);
      this.#high = Math.max(this.#high, ...q);
    }
    const range = this.#high - this.#low || 1, percent = (value) => (100 * (value - this.#low)) / range;
    this.#rows.forEach(({ bar, number, behind }, action) => {
      const value = known ? q[action] : 0;
      bar.classList.toggle("best", action === greedy);
      bar.style.setProperty("--zero", `${percent(0)}%`);
      bar.style.setProperty("--from", `${percent(Math.min(0, value))}%`);
      bar.style.setProperty("--width", `${percent(Math.abs(value) + this.#low)}%`);
      number.textContent = known ? signed(value) : "none";
      behind.textContent = !known ? "" : action === greedy ? "best" : signed(value - q[greedy]);
    });
  }
}
