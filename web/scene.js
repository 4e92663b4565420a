// scene.js: draws the shapes of the engine's picture, 600 x 400, on a canvas of any size; and an arrow for the wind.

const WIDTH = 600, HEIGHT = 400;
const LARGEST_ARROW = 120; // pixels of the picture
const WIND = "#9fd3ff";

function drawShape(context, { kind, fill, outline, width, size, points }) {
  context.beginPath();
  if (kind === "circle") context.arc(points[0][0], points[0][1], size, 0, 2 * Math.PI);
  else points.forEach(([x, y]) => context.lineTo(x, y));
  if (kind === "polygon") context.closePath();
  context.fillStyle = fill; // one that is not seen has alpha 0
  if (kind !== "line") context.fill();
  if (width === 0) return;
  context.strokeStyle = outline;
  context.lineWidth = width;
  context.stroke();
}

function drawWind(context, force, power, letters) {
  const middle = WIDTH / 2, y = 22;
  const length = power > 0 ? (force / power) * LARGEST_ARROW : 0, tip = middle + length, side = Math.sign(length);
  context.strokeStyle = context.fillStyle = WIND;
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
  context.font = `${letters}px system-ui, "DejaVu Sans", sans-serif`;
  context.textAlign = "center";
  context.fillText(`wind ${force.toFixed(1).replace("-", "−")} N`, middle, y + 8 + letters);
}

/// @param shapes of the engine @param wind {force, power} in newtons, the last step's and the largest; null: there is none
export function drawScene(canvas, shapes, wind) {
  const context = canvas.getContext("2d"), ratio = window.devicePixelRatio || 1;
  const shown = Math.max(1, canvas.clientWidth), width = Math.round(shown * ratio), height = Math.round((width * HEIGHT) / WIDTH);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  context.setTransform(width / WIDTH, 0, 0, width / WIDTH, 0, 0);
  for (const shape of shapes) drawShape(context, shape);
  if (wind) drawWind(context, wind.force, wind.power, Math.max(13, (11 * WIDTH) / shown)); // 11 pixels at least, on a phone too
}
