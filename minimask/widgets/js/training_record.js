/** What a training monitor says of a run: the same as `minimask/widgets/training_record.py`. */
import { fixed } from "./decimals.js";
import { grouped } from "./thousands.js";

const LOSSES = {
  loss_objectness: "objectness",
  loss_rpn_box_reg: "anchors",
  loss_classifier: "classes",
  loss_box_reg: "boxes",
  loss_mask: "masks",
};
export const PHASES = {
  ready: "ready to begin",
  running: "running",
  stopping: "about to stop",
  paused: "stopped",
  finished: "finished",
  failed: "failed",
};

export const lossName = (name) => LOSSES[name] ?? name;

/** Curves that traveled: for the total and each loss one number for each point. */
export function readCurves(/** @type {string} */ text, /** @type {string[]} */ names) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const [view, columns] = [new DataView(bytes.buffer), 1 + names.length];
  const points = Math.floor(bytes.length / (4 * columns));
  return Array.from({ length: columns }, (_, column) =>
    Float64Array.from({ length: points }, (__, k) => view.getFloat32(4 * (k * columns + column), true)));
}

/** The mean of each point with up to `half` points on either side. */
export function smooth(/** @type {Float64Array} */ curve, /** @type {number} */ half) {
  const sums = new Float64Array(curve.length + 1);
  curve.forEach((value, k) => (sums[k + 1] = sums[k] + value));
  return curve.map((_, k) => {
    const [first, last] = [Math.max(k - half, 0), Math.min(k + half + 1, curve.length)];
    return (sums[last] - sums[first]) / (last - first);
  });
}

/** The point that holds a step; that of the last step for -1. */
export function pointOf({ first, every }, points, step) {
  if (step < 0) return points - 1;
  return Math.min(Math.max(Math.floor((step - first) / every), 0), points - 1);
}

/** A time in words. */
export function duration(/** @type {number} */ seconds) {
  const whole = Math.floor(seconds + 0.5);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** What was measured last, up to the chosen point. */
export function lastLook({ looks, first, every }, point, { step }) {
  const at = first + point * every + every - 1;
  return (step < 0 ? looks : looks.filter(([when]) => when <= at)).at(-1);
}

/** A run in words: how far it is, the losses at the chosen step, what was measured, and how fast it is. */
export function describe(run, curves, state) {
  let words = `Step ${grouped(run.step)} of ${grouped(run.steps)}, ${PHASES[run.phase]}.`;
  if (run.error) words += ` ${run.error}.`;
  const points = curves[0].length;
  if (!points) return `${words} No losses yet.`;
  const k = pointOf(run, points, state.step);
  const half = state.smoothing;
  const count = (Math.min(k + half + 1, points) - Math.max(k - half, 0)) * run.every;
  const [total, ...parts] = curves.map((curve) => smooth(curve, half)[k]);
  const at = run.first + k * run.every;
  const said = parts.map((value, j) => `${lossName(run.names[j])} ${fixed(value, 3)}`).join(", ");
  words += ` At step ${grouped(at)}${count === 1 ? "" : `, mean of ${count} steps`}: loss ${fixed(total, 3)} (${said}).`;
  const known = lastLook(run, k, state);
  if (known) words += ` AP ${fixed(known[1], 3)} on held-out pictures after step ${grouped(known[0])}.`;
  if (["running", "stopping", "paused"].includes(run.phase)) {
    words += ` ${fixed(run.per_second, 1)} pictures per second`
      + `${run.left >= 0 ? `, about ${duration(run.left)} to go` : ""}.`;
  }
  return words;
}
