/** Strokes that the widgets' pictures share. */

/** A line that stays visible on any ground: first a wide one in the color of the paper. */
export function strokeTwice(context, paper, color, width, dash = []) {
  context.setLineDash(dash);
  context.globalAlpha = 0.8;
  Object.assign(context, { strokeStyle: paper, lineWidth: width + 3 });
  context.stroke();
  context.globalAlpha = 1;
  Object.assign(context, { strokeStyle: color, lineWidth: width });
  context.stroke();
  context.setLineDash([]);
}

/** A word on a small plate as near to (x, y) as a canvas of this size allows; `way` adds an arrow: dx, dy. */
export function plate(context, palette, text, x, y, size, color, way = null, height = size) {
  context.font = `600 13px ${palette.font}`;
  const half = context.measureText(text).width / 2 + (way ? 15 : 7);
  const [cx, cy] = [Math.min(Math.max(x, half + 2), size - half - 2), Math.min(Math.max(y, 13), height - 13)];
  context.beginPath();
  context.roundRect(cx - half, cy - 11, 2 * half, 22, 11);
  Object.assign(context, { fillStyle: palette.paper, strokeStyle: color, lineWidth: 1.5 });
  context.fill();
  context.stroke();
  Object.assign(context, { fillStyle: palette.ink, textAlign: "center", textBaseline: "middle" });
  context.fillText(text, way ? cx - 8 : cx, cy + 0.5);
  if (!way) return;
  const [ax, ay] = [cx + half - 14, cy];
  const [dx, dy] = way;
  context.beginPath();
  context.moveTo(ax + 5.5 * dx, ay + 5.5 * dy);
  context.lineTo(ax - 4 * dx - 5 * dy, ay - 4 * dy + 5 * dx);
  context.lineTo(ax - 4 * dx + 5 * dy, ay - 4 * dy - 5 * dx);
  context.fill();
}

/** Round handles at the corners and, where there is room, in the middles of a box's sides. */
export function drawHandles(context, palette, [x, y, width, height]) {
  const places = [0, 0.5, 1].flatMap((i) => [0, 0.5, 1].map((j) => [i, j])).filter(([i, j]) => i !== 0.5 || j !== 0.5);
  Object.assign(context, { fillStyle: palette.paper, strokeStyle: palette.ink, lineWidth: 1.5 });
  for (const [i, j] of places) {
    if ((i === 0.5 && width < 56) || (j === 0.5 && height < 56)) continue;
    context.beginPath();
    context.arc(x + i * width, y + j * height, 5, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
  }
}

/** Text with a rim in the color of the paper, legible on any ground. */
export function rimmedText(context, palette, text, x, y) {
  Object.assign(context, { strokeStyle: palette.paper, lineWidth: 3.5, lineJoin: "round", fillStyle: palette.ink });
  context.globalAlpha = 0.85;
  context.strokeText(text, x, y);
  context.globalAlpha = 1;
  context.fillText(text, x, y);
}
