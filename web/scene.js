// scene.js: draws the lander as Gymnasium does, 600 x 400: sky, ground, flags, hull, legs, flames; and an arrow for the wind.
// Flames are decoration: they have their own random numbers and the physics knows nothing of them.

const WIDTH = 600, HEIGHT = 400, SCALE = 30; // pixels a metre
const PAD = [8, 12]; // metres: where the flags stand
const LEG_DOWN = 18 / SCALE; // what Gymnasium's y leaves out
const LAND = "#ffffff", SKY = "#000000", FILL = "rgb(128, 102, 230)", EDGE = "rgb(77, 77, 128)", FLAG = "rgb(204, 204, 0)";
const FADE = 0.15; // of a flame's life, a step
const LARGEST_ARROW = 120; // pixels

// Where the engines blow, in the hull's frame: a place and a direction, metres, by action.
const NOZZLES = { 1: { at: [12 / SCALE, 14 / SCALE], to: [1, 0], speed: 5 }, 2: { at: [0, -10 / SCALE], to: [0, -1], speed: 9 },
  3: { at: [-12 / SCALE, 14 / SCALE], to: [-1, 0], speed: 5 } };

export class Scene {
  #context;
  #flames = [];

  /// @param still no flames that move: people may ask for less motion
  constructor(canvas, still) {
    this.canvas = canvas;
    this.still = still;
    this.#context = canvas.getContext("2d");
  }

  clear() {
    this.#flames = [];
  }

  /// A step has been made: flames age, and an engine blows new ones.
  step(state, action) {
    for (const flame of this.#flames) {
      flame.x += flame.vx / 50;
      flame.y += flame.vy / 50;
      flame.life -= FADE;
    }
    this.#flames = this.still ? [] : this.#flames.filter((flame) => flame.life > 0);
    const nozzle = NOZZLES[action];
    if (!nozzle || state.ended) return;
    const sine = Math.sin(state.angle), cosine = Math.cos(state.angle);
    const turn = ([x, y]) => [cosine * x - sine * y, sine * x + cosine * y];
    const [x, y] = turn(nozzle.at), [dx, dy] = turn(nozzle.to);
    const hullX = 10 + 10 * state.observation[0];
    const hullY = state.observation[1] * (HEIGHT / SCALE / 2) + state.helipad_y + LEG_DOWN;
    if (this.still) {
      for (const away of [0.1, 0.25, 0.4]) this.#flames.push({ x: hullX + x + away * dx, y: hullY + y + away * dy, vx: 0, vy: 0, life: 1 - away });
      return;
    }
    const spread = () => Math.random() - 0.5;
    for (let i = 0; i < 2; i++) {
      const speed = nozzle.speed * (1 + spread());
      this.#flames.push({ x: hullX + x + 0.1 * spread(), y: hullY + y + 0.1 * spread(), vx: state.velocity[0] + speed * dx + 2 * spread(),
        vy: state.velocity[1] + speed * dy + 2 * spread(), life: 1 });
    }
  }

  #polygon(points, fill, edge) {
    const context = this.#context;
    context.beginPath();
    points.forEach(([x, y], i) => (i === 0 ? context.moveTo(x * SCALE, HEIGHT - y * SCALE) : context.lineTo(x * SCALE, HEIGHT - y * SCALE)));
    context.closePath();
    context.fillStyle = fill;
    context.fill();
    if (!edge) return;
    context.strokeStyle = edge;
    context.lineWidth = 1;
    context.stroke();
  }

  #drawFlames() {
    for (const { x, y, life } of this.#flames) {
      const red = Math.round(255 * Math.min(1, Math.max(0.2, 0.15 + life))), other = Math.round(255 * Math.max(0.2, 0.5 * life));
      this.#context.fillStyle = `rgb(${red}, ${other}, ${other})`;
      this.#context.beginPath();
      this.#context.arc(x * SCALE, HEIGHT - y * SCALE, 2.5, 0, 2 * Math.PI);
      this.#context.fill();
    }
  }

  #drawFlags(helipadY) {
    const context = this.#context, foot = HEIGHT - helipadY * SCALE;
    for (const metres of PAD) {
      const x = metres * SCALE;
      context.strokeStyle = LAND;
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(x, foot);
      context.lineTo(x, foot - 50);
      context.stroke();
      context.fillStyle = FLAG;
      context.beginPath();
      context.moveTo(x, foot - 50);
      context.lineTo(x, foot - 40);
      context.lineTo(x + 25, foot - 45);
      context.fill();
    }
  }

  #drawWind(force, power) {
    const context = this.#context, middle = WIDTH / 2, y = 22;
    const length = power > 0 ? (force / power) * LARGEST_ARROW : 0, tip = middle + length, side = Math.sign(length);
    context.strokeStyle = context.fillStyle = "#9fd3ff";
    context.lineWidth = 3;
    context.beginPath();
    context.moveTo(middle, y);
    context.lineTo(tip - 6 * side, y);
    context.stroke();
    if (Math.abs(length) > 8) {
      context.beginPath();
      context.moveTo(tip, y);
      context.lineTo(tip - 10 * side, y - 6);
      context.lineTo(tip - 10 * side, y + 6);
      context.fill();
    }
    const size = Math.max(13, (11 * WIDTH) / Math.max(1, this.canvas.clientWidth)); // 11 pixels at least, on a phone too
    context.font = `${size}px system-ui, 'DejaVu Sans', sans-serif`;
    context.textAlign = "center";
    context.fillText(`wind ${force.toFixed(1).replace("-", "−")} N`, middle, y + 8 + size);
  }

  /// @param windPower the largest force of the wind, N; undefined: there is no wind
  draw(state, windPower) {
    const context = this.#context, ratio = window.devicePixelRatio || 1;
    const width = Math.max(1, Math.round(this.canvas.clientWidth * ratio)), height = Math.round((width * HEIGHT) / WIDTH);
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    context.setTransform(width / WIDTH, 0, 0, width / WIDTH, 0, 0);
    context.fillStyle = SKY;
    context.fillRect(0, 0, WIDTH, HEIGHT);
    this.#polygon([[0, 0], ...state.terrain, [WIDTH / SCALE, 0]], LAND);
    this.#drawFlames();
    for (const outline of state.outlines) this.#polygon(outline, FILL, EDGE);
    this.#drawFlags(state.helipad_y);
    if (windPower !== undefined) this.#drawWind(state.wind_force, windPower);
  }
}
