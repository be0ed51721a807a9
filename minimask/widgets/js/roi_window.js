/**
 * The RoI window: what do RoIPool and RoIAlign make of the same box?
 *
 * `RoIWindow` in Python describes the state that this view shows and changes: the box, the switches, the chosen bin.
 */
import { counted, fixed, signed, trimmed } from "./decimals.js";
import { LivingView, arrowPad, choice, commonParts, keysHelp, press, shapeCanvas, switched, usePad } from "./living_view.js";
import { valueScale } from "./shades.js";
import { arrowOf, cursorOf, dragBox, element, gripAt, onDrag, openCanvas, write } from "./stage.js";
import { describe, settle, sweep } from "./roi_window_measures.js";
import { MARGIN, aroundBin, drawAlign, drawOutput, drawPool } from "./roi_window_picture.js";
import { drawSweep, paintCells, wholeMap } from "./roi_window_picture.js";

const QUESTION = "What do RoIPool and RoIAlign make of the same box?";
const KEYS = [
  ["arrows", "move the box by a tenth of a cell; on an output: choose a bin"],
  ["Shift + arrows", "move the box's right and bottom sides"],
  ["Alt + ...", "the same by a hundredth of a cell"],
  ["Escape", "start over"],
];
const MOVING_HELP = "Arrow keys move the box by a tenth of a cell, with Shift its right and bottom sides, "
  + "with Alt by a hundredth.";

/** What the switches can be set to here; Python allows more. */
const SIZES = [2, 3, 7];
const STRIDES = [4, 8, 16, 32];
const RATIOS = [[0, "adaptive"], [1, "1"], [2, "2"], [4, "4"]];

/** The state to begin with, but for the box, which is given in pixels of this stride. */
const FRESH = { stride: 16, output_size: 3, sampling_ratio: 2, aligned: true, bin: [0, 2] };

/** The smallest width and height that a hand can give the box, in cells. */
const LEAST_CELLS = 0.1;

/** One operator's half of the widget: its stage, its output, and its facts. */
function half(kind, name, gist) {
  const parts = {
    stage: element("canvas", { class: `mm-stage mm-${kind}-stage`, tabindex: "0", role: "application" }),
    output: element("canvas", { class: "mm-output", tabindex: "0", role: "application" }),
  };
  Object.assign(parts, { off: element("span"), value: element("b"), reads: element("span"), gradient: element("b") });
  parts.close = element("canvas", { class: "mm-close", role: "img" });
  const cell = (...children) => element("div", {}, ...children);
  parts.root = element("div", { class: `mm-half mm-${kind}` },
    element("p", { class: "mm-name" }, element("b", {}, name), ` ${gist}`), parts.stage,
    element("p", { class: "mm-fact" }, parts.off),
    element("div", { class: "mm-outcome" },
      cell(parts.output, element("p", { class: "mm-fact" }, parts.value, " ", parts.reads)),
      cell(parts.close, element("p", { class: "mm-fact" }, "Its gradient lands on ", parts.gradient))));
  return parts;
}

/** All elements of the widget, by role. */
function build(features, digits) {
  const values = features.flat();
  const numbered = (options) => options.map((value) => [value, String(value)]);
  const parts = {
    pool: half("pool", "RoIPool", "rounds to whole cells and keeps the largest"),
    align: half("align", "RoIAlign", "averages samples between the cells"),
    aligned: element("input", { type: "checkbox" }),
    size: choice("bins", numbered(SIZES)),
    ratio: choice("samples", RATIOS),
    stride: choice("stride", numbered(STRIDES)),
    sweep: element("canvas", { class: "mm-sweep", role: "img" }),
    heading: element("span"), pad: arrowPad("box"),
    ...commonParts(),
  };
  const legend = element("div", { class: "mm-legend" }, element("span", {}, fixed(Math.min(...values), digits)),
    element("i"), element("span", {}, fixed(Math.max(...values), digits)));
  for (const { stage } of [parts.pool, parts.align]) {
    shapeCanvas(stage, features[0].length + 2 * MARGIN, features.length + 2 * MARGIN);
  }
  parts.root = element("section", { class: "minimask mm-roi-window", "aria-label": "The RoI window" },
    element("p", { class: "mm-question" }, QUESTION),
    element("div", { class: "mm-switches" }, parts.size, parts.ratio, parts.stride,
      switched(parts.aligned, "aligned"), parts.reset),
    element("div", { class: "mm-halves" }, parts.pool.root, parts.align.root), parts.pad.root,
    parts.caption,
    element("div", { class: "mm-strip" },
      element("div", {}, element("p", { class: "mm-heading" }, parts.heading), legend), parts.sweep),
    parts.status, keysHelp(KEYS));
  return parts;
}

/** The widget on a page. */
class RoIWindow extends LivingView {
  constructor(model, el) {
    super(model, el, build(model.get("features"), Math.max(model.get("digits") - 1, 0)));
    this.features = model.get("features");
    this.digits = model.get("digits");
    this.start = model.get("start");
    const { parts } = this;
    for (const { stage, output } of [parts.pool, parts.align]) {
      onDrag(stage, {
        begin: (point, type) => this.dragSides(stage, point, type),
        hover: (point) => cursorOf(this.gripAt(stage, point)),
      }, this.signal);
      this.onKeys(stage, (event) => this.moveByKey(event));
      onDrag(output, { begin: (point) => this.pickBin(output, point), hover: () => "pointer" }, this.signal);
      this.onKeys(output, (event) => this.binByKey(event));
    }
    usePad(this, parts.pad, (key) => this.moveByKey(key));
    const number = (event) => Number(event.target.value);
    this.on(parts.size, "change", (event) => this.resize(number(event)));
    this.on(parts.ratio, "change", (event) => this.state.set({ sampling_ratio: number(event) }));
    this.on(parts.stride, "change", (event) => this.rescale(number(event)));
    this.on(parts.aligned, "change", () => this.state.set({ aligned: parts.aligned.checked }));
    this.on(parts.reset, "click", () => this.reset());
    this.watchSizes(...parts.root.querySelectorAll("canvas"));
    this.redraw();
  }

  // --- what the reader can do

  /** Lay the box at these cells. */
  place(/** @type {number[]} */ cells) {
    const { stride } = this.state.get();
    const plain = (/** @type {number} */ v) => Math.round(1e6 * v) / 1e6; // sums of hundredths, without their noise
    this.state.set({ box: cells.map((side) => plain(plain(side) * stride)) });
  }

  /** The same place on the map with another number of pixels in a cell. */
  rescale(/** @type {number} */ stride) {
    const { box, stride: before } = this.state.get();
    this.state.set({ stride, box: box.map((side) => (side / before) * stride) });
  }

  resize(/** @type {number} */ bins) {
    this.state.set({ output_size: bins, bin: this.state.get().bin.map((k) => Math.min(k, bins - 1)) });
  }

  chooseBin(/** @type {number[]} */ bin) {
    const { output_size: bins } = this.state.get();
    this.state.set({ bin: bin.map((k) => Math.min(Math.max(k, 0), bins - 1)) });
  }

  reset() {
    this.state.set({ ...FRESH, box: this.start });
  }

  // --- how: by pointer, by key

  /** Pixels of a stage for one cell. */
  unitOf(/** @type {HTMLElement} */ stage) {
    return stage.clientWidth / (this.features[0].length + 2 * MARGIN);
  }

  gripAt(stage, /** @type {Point} */ point, reach = 12) {
    const { box, stride } = this.state.get();
    const [x1, y1, x2, y2] = box.map((side) => (side / stride + MARGIN) * this.unitOf(stage));
    return gripAt([x1, y1, x2, y2], point, reach);
  }

  dragSides(stage, /** @type {Point} */ from, /** @type {string} */ pointerType) {
    const { box, stride } = this.state.get();
    const cells = box.map((side) => side / stride);
    const grip = this.gripAt(stage, from, pointerType === "touch" ? 22 : 12);
    const unit = this.unitOf(stage);
    return grip && ((to) => this.moveSides(cells, grip, [(to[0] - from[0]) / unit, (to[1] - from[1]) / unit]));
  }

  /** Move the gripped sides by hundredths of a cell, as far as the stage goes. */
  moveSides(cells, grip, shift) {
    const [right, bottom] = [this.features[0].length + MARGIN, this.features.length + MARGIN];
    const by = shift.map((/** @type {number} */ v) => Math.round(100 * v) / 100);
    this.place(dragBox(cells, grip, by, [-MARGIN, -MARGIN, right, bottom], LEAST_CELLS));
  }

  /** Returns whether the key meant something. */
  moveByKey(/** @type {KeyboardEvent} */ event) {
    const { box, stride } = this.state.get();
    const arrow = arrowOf(event);
    if (arrow) {
      const step = event.altKey ? 0.01 : 0.1;
      const grip = event.shiftKey ? [0, 0, 1, 1] : [1, 1, 1, 1];
      this.moveSides(box.map((side) => side / stride), grip, [arrow[0] * step, arrow[1] * step]);
    } else return false;
    return true;
  }

  pickBin(output, /** @type {Point} */ from) {
    const follow = (/** @type {Point} */ [x, y]) => {
      const unit = output.clientWidth / this.state.get().output_size;
      this.chooseBin([Math.floor(y / unit), Math.floor(x / unit)]);
    };
    follow(from);
    return follow;
  }

  /** Returns whether the key meant something. */
  binByKey(/** @type {KeyboardEvent} */ event) {
    const { bin: [row, column] } = this.state.get();
    const arrow = arrowOf(event);
    if (!arrow) return false;
    this.chooseBin([row + arrow[1], column + arrow[0]]);
    return true;
  }

  // --- one picture

  /** The ground and the colors of the present theme. */
  painted() {
    const palette = this.palette();
    if (this.ground?.palette !== palette) {
      const values = this.features.flat();
      const limits = [Math.min(...values), Math.max(...values)];
      const [low, high] = [palette["cold-low"], palette["cold-high"]];
      const scale = valueScale(...limits, low, high);
      this.ground = { palette, scale, limits, canvas: paintCells(this.features, scale) };
    }
    return this.ground;
  }

  draw() {
    const { parts, features, digits } = this;
    if (!parts.sweep.clientWidth) return; // not on the page yet, or hidden: the next resize draws
    const now = this.state.get();
    const settled = settle(features, now);
    const palette = this.palette();
    const { scale, canvas, limits } = this.painted();
    const few = Math.max(digits - 1, 0);
    const scene = { features, ground: canvas, state: now, settled };
    const [whole, close] = [wholeMap(features), aroundBin(settled, now.bin)];
    for (const [half, drawMap] of [[parts.pool, drawPool], [parts.align, drawAlign]]) {
      drawMap(openCanvas(half.stage), palette, scene, whole);
      drawMap(openCanvas(half.close), palette, scene, close);
    }
    drawOutput(openCanvas(parts.pool.output), palette, settled.pool, now.bin, scale, few, palette.tight);
    drawOutput(openCanvas(parts.align.output), palette, settled.align, now.bin, scale, few, palette.best);
    const curves = sweep(features, now);
    const reach = [Math.min(0, limits[0]), Math.max(0, limits[1]) + 1e-9];
    drawSweep(openCanvas(parts.sweep), palette, curves, reach, now, few);
    this.writeFacts(now, settled);
    const caption = describe(settled, now, digits);
    write(parts.caption, caption);
    this.say(caption);
    this.writeControls(now, settled);
  }

  writeFacts(now, { x, y, pool, align, poolFootprint, alignFootprint, shifts }) {
    const { parts, digits } = this;
    const [p, q] = now.bin;
    const sizes = [y.edges[p], x.edges[q]].map(([low, high]) => high - low);
    write(parts.pool.value, fixed(pool[p][q], digits));
    write(parts.align.value, fixed(align[p][q], digits));
    write(parts.pool.reads, poolFootprint.length ? `largest of ${sizes[0]} × ${sizes[1]} cells` : "no cell there");
    write(parts.align.reads, `mean of ${y.samples} × ${x.samples} samples`);
    for (const [kind, cells] of [["pool", poolFootprint], ["align", alignFootprint]]) {
      write(parts[kind].gradient, counted(cells.length, "cell"));
      const weights = cells.map(({ row, column, weight }) => `row ${row}, column ${column}: ${fixed(weight, 2)}`);
      parts[kind].close.setAttribute("aria-label",
        `Where the gradient of bin (${p}, ${q}) lands. ${weights.join("; ")}`);
    }
    const [left, top, right, bottom] = shifts.map((shift) => signed(shift, 2));
    write(parts.pool.off, `Off by: left ${left}, top ${top}, right ${right}, bottom ${bottom} px`);
    const half = trimmed(now.stride / 2, 2);
    write(parts.align.off, now.aligned ? "Off by: nothing" : `Off by: half a cell, ${half} px, right and down`);
  }

  writeControls(now, { pool, align }) {
    const { parts, digits } = this;
    const [p, q] = now.bin;
    press(parts.size, now.output_size);
    press(parts.ratio, now.sampling_ratio);
    press(parts.stride, now.stride);
    parts.aligned.checked = now.aligned;
    write(parts.heading, `Bin (${p}, ${q}) as the box moves`);
    const box = now.box.map((side) => trimmed(side, 2)).join(", ");
    for (const [kind, name, output] of [["pool", "RoIPool", pool], ["align", "RoIAlign", align]]) {
      parts[kind].stage.setAttribute("aria-label", `${name} on the feature map, box ${box} px. ${MOVING_HELP}`);
      const value = fixed(output[p][q], digits);
      parts[kind].output.setAttribute("aria-label",
        `Output of ${name}, bin in row ${p}, column ${q}: ${value}. Arrow keys choose another bin.`);
    }
    parts.sweep.setAttribute("aria-label", "The bin's output while the box moves sideways by up to a cell: "
      + "RoIPool is a staircase, RoIAlign glides.");
  }
}

/** @typedef {[number, number]} Point */

export default {
  render({ model, el }) {
    return new RoIWindow(model, el).close;
  },
};
