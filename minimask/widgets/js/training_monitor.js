/**
 * The training monitor: how does the training go?
 *
 * `TrainingMonitor` in Python trains, and tells in `run`, `curves` and `pictures` how it goes; here the reader looks at
 * any step, and asks it to stop or to go on.
 */
import { fixed } from "./decimals.js";
import { LivingView, commonParts, keysHelp, switched } from "./living_view.js";
import { arrowOf, element, openCanvas, write } from "./stage.js";
import { grouped } from "./thousands.js";
import { strokeTwice } from "./strokes.js";
import { describe, duration, lastLook, lossName, pointOf, readCurves, smooth } from "./training_record.js";

const QUESTION = "How does the training go?";
const KEYS = [
  ["← →", "on the curves: the step before, the step after; with Shift ten"],
  ["Home, End", "on the curves: the first step, the last"],
  ["Escape", "the last step again"],
];
const HELP = "Arrow keys left and right look at another step, Home and End at the first and the last.";
const FRESH = { step: -1, smoothing: 5, log: true };
/** Color and dashes of each loss; the total is solid ink. */
const STYLES = [["shape-edge", [9, 4]], ["highlight", [2, 3]], ["tight", [12, 3, 3, 3]], ["best", [6, 3]], ["yours", [4, 2]]];
const ROOM = { left: 52, right: 136, top: 12, bottom: 8 };
/** How long a kernel may take to answer, in ms. */
const PATIENCE = 4000;

function build() {
  const parts = {
    stage: element("canvas", { class: "mm-stage", tabindex: "0", role: "application" }),
    reached: element("canvas", { class: "mm-reached", role: "img" }),
    bar: element("i"), facts: element("b"), pace: element("span"),
    go: element("button", { type: "button", class: "mm-go" }),
    log: element("input", { type: "checkbox" }),
    smoothing: element("input", { type: "range", min: 0, max: 50, step: 1, "aria-label": "smoothing" }),
    half: element("b"),
    note: element("p", { class: "mm-note", role: "alert" }),
    sheet: element("img", { alt: "" }), under: element("figcaption"),
    ...commonParts(),
  };
  write(parts.reset, "Last step");
  parts.figure = element("figure", { class: "mm-sheet" }, parts.sheet, parts.under);
  parts.root = element("section", { class: "minimask mm-training", "aria-label": "The training monitor" },
    element("p", { class: "mm-question" }, QUESTION),
    element("div", { class: "mm-head" }, parts.go, element("div", { class: "mm-progress" }, parts.bar), parts.facts, parts.pace),
    parts.note, parts.stage, parts.reached,
    element("div", { class: "mm-under" }, switched(parts.log, "logarithmic"),
      element("label", { class: "mm-soft" }, "smoothing ", parts.half, parts.smoothing), parts.reset),
    parts.caption, parts.figure, parts.status, keysHelp(KEYS));
  return parts;
}

/** The numbers that lines are drawn at, few and round. */
function marksOf(low, high, log) {
  if (log) {
    return [-4, -3, -2, -1, 0, 1, 2, 3].flatMap((k) => [1, 2, 5].map((v) => v * 10 ** k)).filter((v) => v >= low && v <= high);
  }
  const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 50, 100].find((v) => high / v <= 5) ?? high;
  return Array.from({ length: 1 + Math.floor(high / step) }, (_, k) => k * step);
}

class TrainingMonitor extends LivingView {
  constructor(model, el) {
    super(model, el, build());
    this.model = model;
    for (const trait of ["run", "curves", "pictures", "asked"]) model.on(`change:${trait}`, this.redraw);
    this.signal.addEventListener("abort", () => {
      clearTimeout(this.timer);
      for (const trait of ["run", "curves", "pictures", "asked"]) model.off(`change:${trait}`, this.redraw);
    });
    const { parts, state } = this;
    this.onKeys(parts.stage, (event) => this.walkByKey(event));
    for (const canvas of [parts.stage, parts.reached]) {
      this.on(canvas, "pointermove", ({ offsetX }) => this.point(offsetX, canvas.clientWidth));
      this.on(canvas, "pointerleave", () => state.set({ step: -1 }));
    }
    this.on(parts.log, "change", () => state.set({ log: parts.log.checked }));
    this.on(parts.smoothing, "input", () => state.set({ smoothing: parts.smoothing.valueAsNumber }));
    this.on(parts.reset, "click", () => this.reset());
    this.on(parts.go, "click", () => this.ask());
    this.watchSizes(parts.stage, parts.reached);
    this.redraw();
  }

  // --- what the reader can do

  reset() {
    this.state.set(FRESH);
  }

  /** Ask the kernel to stop, or to go on; if it does not answer, say so. */
  ask() {
    const { model } = this;
    const asked = model.get("asked") === "go" ? "stop" : "go";
    model.set("asked", asked);
    model.save_changes();
    clearTimeout(this.timer);
    this.waiting = model.get("run").phase;
    this.timer = setTimeout(() => {
      const silent = this.waiting && this.waiting === model.get("run").phase;
      write(this.parts.note, silent ? "The kernel does not answer: it is busy with another cell, or not running." : "");
    }, PATIENCE);
  }

  /** Look at the step under the pointer. */
  point(x, width) {
    const { first, steps, step } = this.model.get("run");
    const share = (x - ROOM.left) / (width - ROOM.left - ROOM.right);
    const at = Math.round(first - 1 + share * (Math.max(steps, 1) - first + 1));
    this.state.set({ step: Math.min(Math.max(at, first), Math.max(step, first)) });
  }

  /** Returns whether the key meant something. */
  walkByKey(/** @type {KeyboardEvent} */ event) {
    const { first, every, step: last } = this.model.get("run");
    const { step } = this.state.get();
    const arrow = arrowOf(event);
    const now = step < 0 ? last : step;
    if (arrow?.[0]) {
      const to = now + arrow[0] * every * (event.shiftKey ? 10 : 1);
      this.state.set({ step: Math.min(Math.max(to, first), Math.max(last, first)) });
    } else if (event.key === "Home") this.state.set({ step: first });
    else if (event.key === "End") this.state.set({ step: -1 });
    else return false;
    return true;
  }

  // --- one picture

  draw() {
    const { parts, model } = this;
    if (!parts.stage.clientWidth) return; // not on the page yet, or hidden: the next resize draws
    const [run, text, now] = [model.get("run"), model.get("curves"), this.state.get()];
    if (this.known !== text) {
      this.known = text;
      this.curves = readCurves(text, run.names);
    }
    const { curves } = this;
    const scene = { run, curves, now, palette: this.palette(), soft: curves.map((curve) => smooth(curve, now.smoothing)) };
    this.drawLosses(openCanvas(parts.stage), scene);
    this.drawReached(openCanvas(parts.reached), scene);
    const caption = describe(run, curves, now);
    write(parts.caption, caption);
    this.say(now.step < 0 && run.phase === "running" ? "The training is running." : caption);
    this.writeHead(run, now);
    this.writeSheet(scene);
  }

  axisX({ first, steps }, width) {
    const span = Math.max(Math.max(steps, 1) - first + 1, 1);
    return (step) => ROOM.left + ((step - first + 1) / span) * (width - ROOM.left - ROOM.right);
  }

  /** The chosen step as an upright line, and where on the axis it is. */
  cursor({ context, height }, { run, curves, now, palette }, toX) {
    const k = pointOf(run, curves[0].length, now.step);
    const x = toX(run.first + run.every * (k + 0.5) - 0.5);
    context.beginPath();
    context.moveTo(x, 0);
    context.lineTo(x, height);
    Object.assign(context, { strokeStyle: palette.muted, lineWidth: 1 });
    context.stroke();
    return { k, x };
  }

  drawLosses(canvas, scene) {
    const { context, width, height } = canvas;
    const { run, curves, now, palette, soft } = scene;
    context.font = `13px ${palette.font}`;
    Object.assign(context, { textBaseline: "middle", fillStyle: palette.muted });
    if (!curves[0].length) {
      context.textAlign = "center";
      context.fillText("no losses yet", width / 2, height / 2);
      return;
    }
    const values = [...soft.map((curve) => Math.min(...curve)), ...soft.map((curve) => Math.max(...curve))];
    const [low, high] = [now.log ? Math.max(Math.min(...values) / 1.2, 1e-4) : 0, 1.05 * Math.max(...values, 1e-3)];
    const scale = now.log ? (v) => Math.log(Math.max(v, low) / low) / Math.log(high / low) : (v) => v / high;
    const toX = this.axisX(run, width);
    const toY = (v) => ROOM.top + (1 - scale(v)) * (height - ROOM.top - ROOM.bottom);
    context.beginPath();
    context.textAlign = "right";
    for (const mark of marksOf(low, high, now.log)) {
      context.moveTo(ROOM.left, toY(mark));
      context.lineTo(width - ROOM.right, toY(mark));
      context.fillText(String(Number(mark.toPrecision(3))), ROOM.left - 7, toY(mark));
    }
    Object.assign(context, { strokeStyle: palette.grid, lineWidth: 1 });
    context.stroke();
    const { k: chosen, x: at } = this.cursor(canvas, scene, toX);
    const path = (curve) => {
      context.beginPath();
      curve.forEach((value, k) => context.lineTo(toX(run.first + run.every * (k + 0.5) - 0.5), toY(value)));
    };
    path(curves[0]);
    Object.assign(context, { strokeStyle: palette.ink, lineWidth: 1, globalAlpha: 0.25, lineJoin: "round" });
    context.stroke();
    context.globalAlpha = 1;
    const ends = soft.map((curve, k) => {
      const [color, dash] = k ? STYLES[(k - 1) % STYLES.length] : ["ink", []];
      path(curve);
      const rim = color === "highlight" ? palette.ink : palette.paper; // amber is faint on white
      strokeTwice(context, rim, palette[color], k ? 2.2 : 3, dash);
      return { text: k ? lossName(run.names[k - 1]) : "all", value: curve[chosen], color: palette[color] };
    });
    for (const { value, color } of ends) {
      context.beginPath();
      context.arc(at, toY(value), 5, 0, 2 * Math.PI);
      Object.assign(context, { fillStyle: color, strokeStyle: palette.paper, lineWidth: 2 });
      context.fill();
      context.stroke();
    }
    this.label(context, ends, width - ROOM.right + 10, toY, height, palette);
  }

  /** Names and numbers at the right, as near to their curves as there is room. */
  label(context, ends, x, toY, height, palette) {
    ends.sort((a, b) => b.value - a.value);
    const places = ends.map(({ value }) => Math.max(toY(value), 10));
    places.forEach((y, k) => (places[k] = k ? Math.max(y, places[k - 1] + 19) : y));
    for (let k = places.length - 1, most = height - 9; k >= 0; k--, most = places[k + 1] - 19) {
      places[k] = Math.min(places[k], most);
    }
    ends.forEach(({ text, value, color }, k) => {
      context.fillStyle = color;
      context.fillRect(x, places[k] - 6, 5, 12);
      Object.assign(context, { textAlign: "left", fillStyle: palette.ink });
      context.font = `13px ${palette.font}`;
      context.fillText(text, x + 10, places[k]);
      Object.assign(context, { textAlign: "right" });
      context.font = `600 13px ${palette.font}`;
      context.fillText(fixed(value, 2), x + ROOM.right - 12, places[k]);
    });
  }

  drawReached(canvas, scene) {
    const { context, width, height } = canvas;
    const { run, now, palette } = scene;
    const toX = this.axisX(run, width);
    const most = run.looks.length ? Math.max(...run.looks.map(([, ap]) => ap), 0.2) : 1;
    const high = [0.25, 0.5, 1].find((v) => v >= most) ?? 1;
    const bottom = height - 24;
    const toY = (v) => 8 + (1 - v / high) * (bottom - 8);
    context.font = `13px ${palette.font}`;
    Object.assign(context, { textBaseline: "middle", textAlign: "right", fillStyle: palette.muted });
    context.beginPath();
    for (const mark of [0, high / 2, high]) {
      context.moveTo(ROOM.left, toY(mark));
      context.lineTo(width - ROOM.right, toY(mark));
      context.fillText(String(mark), ROOM.left - 7, toY(mark));
    }
    Object.assign(context, { strokeStyle: palette.grid, lineWidth: 1 });
    context.stroke();
    Object.assign(context, { fillStyle: palette.muted });
    const [from, to] = [run.first, Math.max(run.steps, 1)];
    context.textAlign = "left";
    context.fillText(`step ${grouped(from)}`, ROOM.left, height - 9);
    context.textAlign = "right";
    context.fillText(grouped(to), width - ROOM.right, height - 9);
    const known = scene.curves[0].length ? lastLook(run, this.cursor(canvas, scene, toX).k, now) : undefined;
    context.beginPath();
    for (const [step, ap] of run.looks) context.lineTo(toX(step), toY(ap));
    strokeTwice(context, palette.paper, palette.best, 2.5);
    for (const [step, ap] of run.looks) {
      context.beginPath();
      context.arc(toX(step), toY(ap), known?.[0] === step ? 6 : 3.5, 0, 2 * Math.PI);
      Object.assign(context, { fillStyle: palette.best, strokeStyle: palette.paper, lineWidth: 2 });
      context.fill();
      context.stroke();
    }
    Object.assign(context, { textAlign: "left", fillStyle: palette.ink });
    context.fillText("AP, held out", width - ROOM.right + 10, 16);
    context.font = `600 20px ${palette.font}`;
    if (known) context.fillText(fixed(known[1], 3), width - ROOM.right + 10, 40);
    this.parts.reached.setAttribute("aria-label", known
      ? `AP on held-out pictures: ${fixed(known[1], 3)} after step ${known[0]}; ${run.looks.length} measurements`
      : "AP on held-out pictures: not measured yet");
  }

  writeHead(run, now) {
    const { parts } = this;
    const { phase } = run;
    const live = ["running", "stopping", "paused"].includes(phase);
    parts.root.dataset.phase = phase;
    parts.go.hidden = !live;
    write(parts.go, this.model.get("asked") === "go" ? "Stop" : "Go on");
    if (this.waiting && this.waiting !== phase) {
      this.waiting = null;
      write(parts.note, "");
    }
    if (phase === "failed") write(parts.note, `The training ended early. ${run.error}`);
    parts.bar.style.width = `${(100 * run.step) / Math.max(run.steps, 1)}%`;
    write(parts.facts, `${grouped(run.step)} of ${grouped(run.steps)} steps`);
    const said = { ready: "ready", stopping: "stopping …", paused: "stopped", finished: "finished", failed: "failed" };
    const left = run.left >= 0 ? `, ${duration(run.left)} to go` : "";
    write(parts.pace, said[phase] ?? `${fixed(run.per_second, 1)} pictures/s${left}`);
    parts.log.checked = now.log;
    parts.smoothing.valueAsNumber = now.smoothing;
    parts.smoothing.setAttribute("aria-valuetext", `${now.smoothing} points on either side`);
    write(parts.half, `±${now.smoothing}`);
    const at = now.step < 0 ? "the last step" : `step ${now.step}`;
    parts.stage.setAttribute("aria-label", `Curves of the losses, at ${at}. ${HELP}`);
  }

  writeSheet({ run, curves, now }) {
    const { parts, model } = this;
    const pictures = model.get("pictures");
    const k = pointOf(run, curves[0].length, now.step);
    const at = now.step < 0 ? Infinity : run.first + k * run.every + run.every - 1;
    const shown = pictures.filter(({ step }) => step <= at).at(-1) ?? pictures[0];
    parts.figure.hidden = !shown;
    if (!shown) return;
    if (parts.sheet.src !== shown.image) parts.sheet.src = shown.image;
    const text = `Predictions after step ${grouped(shown.step)}`;
    parts.sheet.alt = text;
    write(parts.under, text);
  }
}

export default {
  render({ model, el }) {
    return new TrainingMonitor(model, el).close;
  },
};
