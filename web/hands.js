// hands.js: which engine a person fires, by keys or by touch. The engine pressed last counts.

const KEYS = { ArrowLeft: 1, ArrowUp: 2, ArrowRight: 3, a: 1, w: 2, d: 3 };

export class Hands {
  #held = []; // what is pressed, the latest last: [{source, action}]
  #buttons;
  #pressed;

  /// @param buttons with data-action @param active whether keys count now @param pressed called when an engine is pressed
  constructor(buttons, active, pressed) {
    this.#buttons = buttons;
    this.#pressed = pressed;
    document.addEventListener("keydown", (event) => {
      const action = KEYS[event.key];
      if (!action || !active(event)) return;
      event.preventDefault(); // or the page scrolls
      if (!event.repeat) this.#press(event.key, action);
    });
    document.addEventListener("keyup", (event) => this.#release(event.key));
    window.addEventListener("blur", () => this.clear());
    for (const button of buttons) this.#listen(button);
  }

  #listen(button) {
    const action = Number(button.dataset.action);
    button.addEventListener("pointerdown", (event) => {
      button.setPointerCapture(event.pointerId);
      this.#press(`pointer ${event.pointerId}`, action);
    });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"])
      button.addEventListener(end, (event) => this.#release(`pointer ${event.pointerId}`));
    button.addEventListener("contextmenu", (event) => event.preventDefault()); // a long touch is none
    button.addEventListener("keydown", (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      event.stopPropagation(); // space would pause
      if (!event.repeat) this.#press(event.key, action);
    });
  }

  #press(source, action) {
    this.#release(source);
    this.#held.push({ source, action });
    this.#mark();
    this.#pressed();
  }

  #release(source) {
    this.#held = this.#held.filter((held) => held.source !== source);
    this.#mark();
  }

  #mark() {
    for (const button of this.#buttons) button.classList.toggle("held", Number(button.dataset.action) === this.action());
  }

  clear() {
    this.#held = [];
    this.#mark();
  }

  /// 0 while nothing is pressed.
  action() {
    return this.#held.at(-1)?.action ?? 0;
  }
}
