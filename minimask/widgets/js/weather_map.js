/**
 * The weather map: how warm is it between the stations?
 *
 * `WeatherMap` in Python describes the state that this view shows and changes: the point, and how the map is colored.
 */
import { fixed, trimmed } from "./decimals.js";
import { LivingView, choice, commonParts, keysHelp, press, shapeCanvas } from "./living_view.js";
import { valueScale } from "./shades.js";
import { arrowOf, element, onDrag, openCanvas, write } from "./stage.js";
import { describe, read } from "./weather_map_measures.js";
import { BEYOND, LETTERS, RIM, drawMap, drawSquare, paintGround } from "./weather_map_picture.js";

const QUESTION = "How warm is it between the places where it was measured?";
const NOTE = "Every dot is the center of a cell: cell j stands at position j, as in RoIAlign as published.";
const HEADS = ["cell (y, x)", "weight: y × x", "°C", "product"];
const KEYS = [
  ["arrows", "move the point by 0.05 cells"],
  ["Shift + arrows", "by 0.01 cells"],
  ["Escape", "start over"],
];
const MOVING_HELP = "Arrow keys move the point by 0.05 cells, with Shift by 0.01.";

/** All elements of the widget, by role. */
function build(temperatures) {
  const values = temperatures.flat();
  const parts = {
    stage: element("canvas", { class: "mm-stage", tabindex: "0", role: "application" }),
    square: element("canvas", { class: "mm-square", role: "img" }),
    value: element("strong"), nearest: element("b"), fractions: element("span"),
    rows: LETTERS.map(() => ["th", "td", "td", "td"].map((tag) => element(tag, tag === "th" ? { scope: "row" } : {}))),
    total: element("td"),
    ground: choice("Color by", [["bilinear", "four neighbors"], ["nearest", "nearest"]]),
    ...commonParts(),
  };
  const legend = element("div", { class: "mm-legend" }, element("span", {}, fixed(Math.min(...values), 1)),
    element("i"), element("span", {}, `${fixed(Math.max(...values), 1)} °C`));
  const heads = HEADS.map((text) => element("th", { scope: "col" }, text));
  shapeCanvas(parts.stage, temperatures[0].length - 1 + 2 * BEYOND, temperatures.length - 1 + 2 * BEYOND);
  parts.root = element("section", { class: "minimask mm-weather-map", "aria-label": "The weather map" },
    element("p", { class: "mm-question" }, QUESTION),
    element("div", { class: "mm-columns" },
      element("div", { class: "mm-left" }, parts.stage,
        element("div", { class: "mm-under" }, parts.ground, legend, parts.reset),
        element("p", { class: "mm-note" }, NOTE)),
      parts.caption,
      element("div", { class: "mm-right" },
        element("p", { class: "mm-values" },
          element("span", { class: "mm-mixed" }, parts.value, "the four neighbors, weighed"),
          element("span", { class: "mm-rounded" }, parts.nearest, "the nearest (dashed)")),
        parts.square,
        element("table", { class: "mm-sum", "aria-label": "The four neighbors and their weights" },
          element("thead", {}, element("tr", {}, ...heads)),
          element("tbody", {}, ...parts.rows.map((cells) => element("tr", {}, ...cells))),
          element("tfoot", {}, element("tr", {},
            element("td", { colspan: 3 }, parts.fractions), parts.total))))),
    parts.status, keysHelp(KEYS));
  return parts;
}

/** The widget on a page. */
class WeatherMap extends LivingView {
  constructor(model, el) {
    super(model, el, build(model.get("temperatures")));
    this.temperatures = model.get("temperatures");
    this.start = model.get("start");
    const { parts, signal } = this;
    onDrag(parts.stage, {
      begin: (point, type) => this.dragPoint(point, type),
      tap: (point) => this.moveTo(this.toPlane(point)),
      hover: () => "grab",
    }, signal);
    onDrag(parts.square, { begin: (point) => this.dragInSquare(point), hover: () => "grab" }, signal);
    this.onKeys(parts.stage, (event) => this.moveByKey(event));
    this.on(parts.ground, "change", (event) => this.state.set({ ground: event.target.value }));
    this.on(parts.reset, "click", () => this.reset());
    this.watchSizes(parts.stage, parts.square);
    this.redraw();
  }

  // --- what the reader can do

  /** Move the point to hundredths of a cell, on the stage. */
  moveTo(/** @type {number[]} */ point) {
    const sizes = [this.temperatures[0].length, this.temperatures.length];
    const within = (v, k) => Math.min(Math.max(v, -BEYOND), sizes[k] - 1 + BEYOND);
    this.state.set({ point: point.map((v, k) => Math.round(100 * within(v, k)) / 100) });
  }

  reset() {
    this.state.set({ point: this.start, ground: "bilinear" });
  }

  // --- how: by pointer, by key

  /** Pixels of the stage for one cell. */
  get unit() {
    return this.parts.stage.clientWidth / (this.temperatures[0].length - 1 + 2 * BEYOND);
  }

  /** From pixels of the stage to the map. */
  toPlane = (/** @type {number[]} */ place) => place.map((v) => v / this.unit - BEYOND);

  /** A mouse takes the point wherever it is pressed; a finger beside the point scrolls the page, or taps. */
  dragPoint(/** @type {number[]} */ from, /** @type {string} */ pointerType) {
    const { toPlane } = this;
    const { point } = this.state.get();
    const apart = toPlane(from).map((v, k) => point[k] - v);
    const near = Math.hypot(...apart) * this.unit < 30;
    if (!near && pointerType === "touch") return null;
    if (!near) this.moveTo(toPlane(from));
    return (to) => this.moveTo(toPlane(to).map((v, k) => v + (near ? apart[k] : 0)));
  }

  dragInSquare(/** @type {number[]} */ from) {
    const { square } = this.parts;
    const side = Math.min(square.clientWidth, square.clientHeight) - 2 * RIM;
    const { point } = this.state.get();
    return (to) => this.moveTo(point.map((v, k) => v + (to[k] - from[k]) / side));
  }

  /** Returns whether the key meant something. */
  moveByKey(/** @type {KeyboardEvent} */ event) {
    const arrow = arrowOf(event);
    if (arrow) {
      const step = event.shiftKey ? 0.01 : 0.05;
      this.moveTo(this.state.get().point.map((v, k) => v + arrow[k] * step));
    } else return false;
    return true;
  }

  // --- one picture

  /** The ground and the colors of the present theme. */
  painted(/** @type {string} */ ground) {
    const palette = this.palette();
    if (this.ground?.palette !== palette || this.ground.kind !== ground) {
      const values = this.temperatures.flat();
      const [low, high] = [palette["warm-low"], palette["warm-high"]];
      const scale = valueScale(Math.min(...values), Math.max(...values), low, high);
      this.ground = { palette, kind: ground, scale, canvas: paintGround(this.temperatures, ground, scale) };
    }
    return this.ground;
  }

  draw() {
    const { parts, temperatures } = this;
    if (!parts.stage.clientWidth) return; // not on the page yet, or hidden: the next resize draws
    const { point, ground } = this.state.get();
    const reading = read(temperatures, point);
    const { scale, canvas } = this.painted(ground);
    const [stage, square] = [openCanvas(parts.stage), openCanvas(parts.square)];
    drawMap(stage, this.palette(), temperatures, point, reading, canvas);
    drawSquare(square, this.palette(), reading, scale);

    write(parts.value, `${fixed(reading.value, 2)} °C`);
    write(parts.nearest, `${fixed(reading.nearestValue, 1)} °C`);
    reading.neighbors.forEach(({ row, column, value, weight, weightX, weightY }, k) => {
      const texts = [
        `${LETTERS[k]} (${row}, ${column})`,
        `${fixed(weightY, 2)} × ${fixed(weightX, 2)} = ${fixed(weight, 4)}`,
        fixed(value, 1),
        fixed(weight * value, 3),
      ];
      parts.rows[k].forEach((cell, column) => write(cell, texts[column]));
      parts.rows[k][0].parentElement.toggleAttribute("data-unread", weight === 0);
    });
    write(parts.fractions, `fx = ${fixed(reading.fractionX, 2)}, fy = ${fixed(reading.fractionY, 2)}`);
    write(parts.total, fixed(reading.value, 3));
    const caption = describe(temperatures, point);
    write(parts.caption, caption);
    this.say(caption);
    press(parts.ground, ground);
    parts.stage.setAttribute("aria-label",
      `A point at x = ${fixed(point[0], 2)}, y = ${fixed(point[1], 2)}. ${MOVING_HELP}`);
    const weights = reading.neighbors.map(({ weight }, k) => `${LETTERS[k]} ${trimmed(weight, 4)}`).join(", ");
    parts.square.setAttribute("aria-label", `The square between the four neighbors, cut by the point: ${weights}`);
  }
}

export default {
  render({ model, el }) {
    return new WeatherMap(model, el).close;
  },
};
