/**
 * The count explorer: which thresholds count right?
 *
 * `CountExplorer` in Python describes the state that this view shows and changes: picture, outlines, and thresholds.
 */
import { inflate } from "./blocks.js";
import { apart, describe, meanOf, percentsOf, readCounted, settle } from "./count_explorer_measures.js";
import { curveAxis, drawAreas, drawCurve, drawOutlines } from "./count_explorer_picture.js";
import { fixed, signed } from "./decimals.js";
import { LivingView, choice, commonParts, keysHelp, press, shapeCanvas, switched } from "./living_view.js";
import { arrowOf, element, onDrag, openCanvas, write } from "./stage.js";

const KEYS = [
  ["← →", "on the picture or the curve: scores from a percent less, a percent more"],
  ["↑ ↓", "on the picture: masks from a percent more, a percent less"],
  ["Page Up, Page Down", "on the picture: another one"],
  ["Shift", "with an arrow: five percent at once"],
  ["T", "on the picture: the true outlines"],
  ["Escape", "start over"],
];
const HELP = "Arrow keys left and right change the score, up and down the mask threshold, Page Up and Page Down the "
  + "picture; T shows the true outlines.";

/** The sliders: what they are called, their ends, and how many of their steps make one. */
const SLIDERS = {
  score: ["scores from", 5, 99, 100],
  mask_threshold: ["masks from", 1, 99, 100],
  smallest: ["smallest area", 0, 150, 1],
};
const SIGNS = [["found", "", "found"], ["false", "+", "false: one too many"], ["missed", "–", "missed"],
  ["merged", "2", "merged: around so many"], ["true", "", "true outline"]];
const COLUMNS = ["", "count", "error", "precision", "recall", "mean area"];

/** A row of the table of numbers. */
function numbersRow(name) {
  const cells = COLUMNS.slice(1).map(() => element("td"));
  return { cells, root: element("tr", {}, element("th", { scope: "row" }, name), ...cells) };
}

/** All elements of the widget, by role. */
function build(pictures, [, many], method) {
  const { size } = pictures[0];
  const parts = {
    stage: element("canvas", { class: "mm-stage", tabindex: "0", role: "application" }),
    curve: element("canvas", { class: "mm-curve", tabindex: "0", role: "slider", "aria-valuemin": 5, "aria-valuemax": 99,
      "aria-label": "scores from, on the curve of the count's error" }),
    areas: element("canvas", { class: "mm-areas", role: "img" }),
    picture: choice("picture", pictures.map((_, k) => [k, String(k + 1)])),
    outlines: choice("outlines", [["model", "Mask R-CNN"], ["baseline", method], ["none", "none"]]),
    truth: element("input", { type: "checkbox" }),
    rows: { truth: numbersRow("in truth"), model: numbersRow("Mask R-CNN"), baseline: numbersRow(method) },
    under: element("p", { class: "mm-note" }),
    sliders: {}, values: {},
    ...commonParts(),
  };
  const slides = Object.entries(SLIDERS).map(([name, [text, least, most]]) => {
    parts.sliders[name] = element("input", { type: "range", min: least, max: most, step: 1, "aria-label": text });
    parts.values[name] = element("b");
    return element("div", { class: "mm-slide" }, element("span", {}, `${text} `, parts.values[name]), parts.sliders[name]);
  });
  shapeCanvas(parts.stage, size[1], size[0]);
  const table = element("table", { class: "mm-numbers", "aria-label": "How many are counted" },
    element("thead", {}, element("tr", {}, ...COLUMNS.map((name) => (name
      ? element("th", { scope: "col" }, name) : element("td"))))),
    element("tbody", {}, ...Object.values(parts.rows).map(({ root }) => root)));
  parts.root = element("section", { class: "minimask mm-count-explorer", "aria-label": "The count explorer" },
    element("p", { class: "mm-question" }, `Which thresholds count ${many} right?`),
    element("div", { class: "mm-columns" },
      element("div", { class: "mm-left" }, parts.stage,
        element("p", { class: "mm-note mm-signs" }, ...SIGNS.map(([kind, mark, text]) =>
          element("span", {}, mark ? element("i", { "data-kind": kind }, mark) : element("s", { "data-kind": kind }), text))),
        element("div", { class: "mm-under" }, parts.picture, parts.outlines,
          switched(parts.truth, "true outlines"), parts.reset)),
      parts.caption,
      element("div", { class: "mm-right" }, table, element("div", { class: "mm-slides" }, ...slides), parts.under,
        parts.curve, element("p", { class: "mm-note" }, "Areas: bars are outlines, the line the true objects."),
        parts.areas)),
    parts.status, keysHelp(KEYS));
  return parts;
}

const within = (value, least, most) => Math.min(Math.max(value, least), most);

/** The widget on a page. */
class CountExplorer extends LivingView {
  /** @param {any} model  @param {HTMLElement} el  @param {any[]} pictures */
  constructor(model, el, pictures) {
    const [things, method] = [model.get("things"), model.get("method")];
    super(model, el, build(pictures, things, method));
    Object.assign(this, { pictures, things, method, start: model.get("start") });
    this.images = model.get("images").map((source) => {
      const image = new Image();
      this.on(image, "load", () => this.redraw());
      image.src = source;
      return image;
    });
    const { parts, state } = this;
    this.onKeys(parts.stage, (event) => this.walkByKey(event));
    this.onKeys(parts.curve, (event) => this.slideByKey(event));
    this.on(parts.picture, "change", (event) => state.set({ picture: Number(event.target.value) }));
    this.on(parts.outlines, "change", (event) => state.set({ outlines: event.target.value }));
    this.on(parts.truth, "change", () => state.set({ truth: parts.truth.checked }));
    for (const [name, [, , , unit]] of Object.entries(SLIDERS)) {
      this.on(parts.sliders[name], "input", (event) => state.set({ [name]: event.target.valueAsNumber / unit }));
    }
    const follow = ([x]) => state.set({ score: curveAxis(parts.curve.clientWidth).toPercent(x) / 100 });
    const begin = (point) => {
      follow(point);
      return follow;
    };
    onDrag(parts.curve, { begin, hover: () => "ew-resize" }, this.signal);
    this.on(parts.reset, "click", () => this.reset());
    this.watchSizes(parts.stage, parts.curve, parts.areas);
    this.redraw();
  }

  // --- what the reader can do

  reset() {
    this.state.set(this.start);
  }

  /** Move a threshold by so many percent. */
  nudge(name, by) {
    const [, least, most] = SLIDERS[name];
    this.state.set({ [name]: within(Math.round(100 * this.state.get()[name]) + by, least, most) / 100 });
  }

  /** Returns whether the key meant something. */
  walkByKey(/** @type {KeyboardEvent} */ event) {
    const { picture, truth } = this.state.get();
    const arrow = arrowOf(event);
    const page = { PageUp: -1, PageDown: 1 }[event.key];
    if (arrow) this.nudge(arrow[0] ? "score" : "mask_threshold", (arrow[0] - arrow[1]) * (event.shiftKey ? 5 : 1));
    else if (page) this.state.set({ picture: within(picture + page, 0, this.pictures.length - 1) });
    else if (event.key.toLowerCase() === "t") this.state.set({ truth: !truth });
    else return false;
    return true;
  }

  /** Returns whether the key meant something. */
  slideByKey(/** @type {KeyboardEvent} */ event) {
    const arrow = arrowOf(event);
    const end = { Home: -100, End: 100 }[event.key];
    if (!arrow && !end) return false;
    this.nudge("score", end ?? (arrow[0] - arrow[1]) * (event.shiftKey ? 5 : 1));
    return true;
  }

  // --- one picture

  draw() {
    const { parts, pictures } = this;
    if (!parts.stage.clientWidth) return; // not on the page yet, or hidden: the next resize draws
    const now = this.state.get();
    const picture = pictures[now.picture];
    const settled = settle(pictures, now);
    shapeCanvas(parts.stage, picture.size[1], picture.size[0]);
    const opened = openCanvas(parts.stage);
    const palette = this.palette();
    drawOutlines({ ...opened, palette, picture, settled, state: now, image: this.images[now.picture],
      left: 0, top: 0, small: false, unit: opened.width / picture.size[1] });
    drawCurve(openCanvas(parts.curve), palette, { settled, state: now, method: this.method });
    drawAreas(openCanvas(parts.areas), palette, { settled, state: now, picture, pictures });
    const caption = describe(pictures, now, settled, this.things, this.method);
    write(parts.caption, caption);
    this.say(caption);
    this.writeNumbers(picture, settled);
    this.writeControls(now, settled);
  }

  writeNumbers({ trueAreas }, { model, baseline }) {
    const truth = trueAreas.length;
    const share = (value) => `${fixed(100 * value, 0)}%`;
    const off = (count) => `${signed((100 * (count - truth)) / truth, 1)}%`;
    const { rows } = this.parts;
    const fill = ({ cells }, texts) => cells.forEach((cell, k) => write(cell, texts[k] ?? ""));
    fill(rows.truth, [String(truth), "", "", "", `${fixed(meanOf(trueAreas), 0)} px`]);
    for (const [row, judged] of [[rows.model, model], [rows.baseline, baseline]]) {
      const { count, precision, recall, areas } = judged;
      fill(row, [String(count), off(count), share(precision), share(recall), `${fixed(meanOf(areas), 0)} px`]);
    }
  }

  writeControls(now, { model, off, baselineOff }) {
    const { parts, pictures } = this;
    const { trueAreas: { length: truth } } = pictures[now.picture];
    press(parts.picture, now.picture);
    press(parts.outlines, now.outlines);
    parts.truth.checked = now.truth;
    for (const [name, [, , , unit]] of Object.entries(SLIDERS)) {
      const value = Math.round(unit * now[name]);
      const text = unit === 1 ? `${value} px` : `${value}%`;
      parts.sliders[name].valueAsNumber = value;
      parts.sliders[name].setAttribute("aria-valuetext", text);
      write(parts.values[name], text);
    }
    write(parts.under, `Error over ${pictures.length} pictures: ${fixed(off[0], 1)}% on the mean, `
      + `${this.method} ${fixed(baselineOff[0], 1)}%.`);
    const [score, mask] = percentsOf(now);
    parts.curve.setAttribute("aria-valuenow", score);
    parts.curve.setAttribute("aria-valuetext", `${score}%: the count is off by ${fixed(off[0], 1)}% on the mean`);
    parts.stage.setAttribute("aria-label", `Picture ${now.picture + 1}, scores from ${score}%, masks from ${mask}%: `
      + `${model.count} counted, ${truth} in truth, ${apart(model.count, truth)}. ${HELP}`);
    parts.areas.setAttribute("aria-label", "Histogram of the areas: bars for outlines, a line for the true objects.");
  }
}

export default {
  async render({ model, el }) {
    const texts = model.get("counted");
    const pictures = await Promise.all(texts.map(async (text) => readCounted(await inflate(text))));
    return new CountExplorer(model, el, pictures).close;
  },
};
