/**
 * The funnel: how does a haystack of anchors become a handful of proposals?
 *
 * `Funnel` in Python describes the state that this view shows and changes: picture, step, sliders, and the stage shown.
 */
import { trimmed } from "./decimals.js";
import { inflate, layAnchors, unpack } from "./funnel_bytes.js";
import { IOUS, STAGES, describe, flops, foundBy, lookAt, settle, share } from "./funnel_measures.js";
import { drawStageOf } from "./funnel_picture.js";
import { LivingView, choice, commonParts, keysHelp, press, shapeCanvas } from "./living_view.js";
import { arrowOf, element, openCanvas, write } from "./stage.js";
import { grouped } from "./thousands.js";

const QUESTION = "How does a haystack of anchors become a handful of proposals?";
const KEYS = [
  ["↑ ↓", "on the picture: the stage before, the stage after"],
  ["← →", "on the picture: earlier in training, later in training"],
  ["Page Up, Page Down", "on the picture: another one"],
  ["arrows on a slider", "a step; Home and End go to its ends"],
  ["Escape", "start over"],
];
const HELP = "Arrow keys up and down show another stage, left and right another moment of training, "
  + "Page Up and Page Down another picture.";

/** The numbers that the sliders of counts stop at: about as many between 100 and 1,000 as between 1 and 10. */
const NOTCHES = [1, 10, 100].flatMap((decade) =>
  [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9].map((v) => v * decade).filter(Number.isInteger)).concat(1000);

/** The sliders, by the entry of the state that they change. */
const SLIDERS = {
  pre_top_n: { stage: "top_k", text: "top-k per level", notches: NOTCHES },
  min_size: { stage: "large_enough", text: "least side", notches: Array.from({ length: 33 }, (_, k) => k) },
  nms_threshold: { stage: "nms", text: "NMS at IoU over", notches: Array.from({ length: 101 }, (_, k) => k / 100) },
  post_top_n: { stage: "top_n", text: "top-n of all", notches: NOTCHES.filter((n) => n <= 300) },
};

/** The lines on the picture, and the marks in the funnel. */
const LINES = [["true", "true"], ["best", "best"], ["rest", "others"], ["victim", "given up"], ["winner", "for it"]];
const MARKS = [["most", `IoU ≥ ${IOUS[1]}`], ["half", `IoU ≥ ${IOUS[0]}`], ["no", "lost"]];

/** What stands at a slider. */
function valueText(name, value) {
  if (name === "nms_threshold") return value.toFixed(2);
  return name === "min_size" ? `${trimmed(value, 1)} px` : grouped(value);
}

/** The notch of a slider that is nearest below a value. */
const notchOf = (notches, value) => Math.max(notches.findLastIndex((notch) => notch <= value + 1e-9), 0);

/** One stage of the funnel: a bar, the objects that it finds, and what masks for its boxes would cost. */
function stageRow(name, group, objects) {
  const row = {
    input: element("input", { type: "radio", name: group, value: name }),
    bar: element("i"), count: element("b"), cost: element("small"),
    marks: Array.from({ length: objects }, () => element("i")),
  };
  row.root = element("div", { class: "mm-layer" },
    element("label", {}, row.input, element("span", { class: "mm-layer-name" }, STAGES[name]),
      element("span", { class: "mm-bar" }, row.bar, row.count),
      element("span", { class: "mm-result" }, element("span", { class: "mm-marks" }, ...row.marks), row.cost)));
  return row;
}

/** All elements of the widget, by role. */
function build(pictures, size) {
  const group = `minimask-${Math.random().toString(36).slice(2)}`;
  const steps = [...new Set(pictures.flatMap((picture) => picture.steps))].sort((a, b) => a - b);
  const objects = Math.max(...pictures.map(({ boxes }) => boxes.length));
  const parts = {
    stage: element("canvas", { class: "mm-stage", tabindex: "0", role: "application" }),
    picture: choice("picture", pictures.map((_, k) => [k, String(k + 1)])),
    step: choice("steps of training", steps.map((step) => [step, grouped(step)])),
    rows: Object.fromEntries(Object.keys(STAGES).map((name) => [name, stageRow(name, group, objects)])),
    sliders: {}, values: {},
    ...commonParts(),
  };
  for (const [name, { stage, text, notches }] of Object.entries(SLIDERS)) {
    parts.sliders[name] = element("input",
      { type: "range", min: 0, max: notches.length - 1, step: 1, "aria-label": text });
    parts.values[name] = element("b");
    parts.rows[stage].root.append(element("div", { class: "mm-slide" },
      element("span", {}, `${text} `, parts.values[name]), parts.sliders[name]));
  }
  shapeCanvas(parts.stage, size[1], size[0]);
  const head = element("div", { class: "mm-layer-head", "aria-hidden": "true" },
    ...["stage", "boxes (log)", "objects · cost of masks"].map((text) => element("span", {}, text)));
  parts.root = element("section", { class: "minimask mm-funnel", "aria-label": "The funnel" },
    element("p", { class: "mm-question" }, QUESTION),
    element("div", { class: "mm-columns" },
      element("div", { class: "mm-left" }, parts.stage,
        element("p", { class: "mm-note mm-signs" }, ...LINES.map(([kind, text]) =>
          element("span", {}, element("s", { "data-kind": kind }), text))),
        element("div", { class: "mm-under" }, parts.picture, parts.step, parts.reset)),
      parts.caption,
      element("div", { class: "mm-right" },
        element("div", { class: "mm-layers", role: "radiogroup", "aria-label": "Stage of the funnel" },
          head, ...Object.values(parts.rows).map(({ root }) => root)),
        element("p", { class: "mm-note mm-signs" },
          ...MARKS.map(([found, text]) => element("span", {}, element("i", { "data-found": found }), text))))),
    parts.status, keysHelp(KEYS));
  return parts;
}

/** The widget on a page. */
class Funnel extends LivingView {
  /** @param {any} model  @param {HTMLElement} el  @param {Uint8Array} bytes what the network said */
  constructor(model, el, bytes) {
    const [pictures, sea] = [model.get("pictures"), model.get("sea")];
    super(model, el, build(pictures, sea.size));
    Object.assign(this, { pictures, sea, start: model.get("start"), looks: new Map() });
    this.anchors = layAnchors(sea.levels);
    const said = unpack(bytes, this.anchors.length / 4);
    this.said = pictures.map(({ steps }) => new Map(steps.map((step) => [step, said.shift()])));
    this.images = pictures.map(({ image }) => {
      const node = new Image();
      this.on(node, "load", () => this.redraw());
      node.src = image;
      return node;
    });
    const { parts } = this;
    this.onKeys(parts.stage, (event) => this.walkByKey(event));
    this.on(parts.picture, "change", (event) => this.show(Number(event.target.value)));
    this.on(parts.step, "change", (event) => this.state.set({ step: Number(event.target.value) }));
    for (const { input } of Object.values(parts.rows)) {
      this.on(input, "change", () => this.state.set({ stage: input.value }));
    }
    for (const [name, { notches }] of Object.entries(SLIDERS)) {
      this.on(parts.sliders[name], "input", (event) => this.state.set({ [name]: notches[event.target.valueAsNumber] }));
    }
    this.on(parts.reset, "click", () => this.reset());
    this.watchSizes(parts.stage);
    this.redraw();
  }

  // --- what the reader can do

  reset() {
    this.state.set(this.start);
  }

  /** Show a picture at the present step, or at the last one before that at which something is known of it. */
  show(/** @type {number} */ picture) {
    const { step } = this.state.get();
    const { steps } = this.pictures[picture];
    this.state.set({ picture, step: steps.findLast((known) => known <= step) ?? steps[0] });
  }

  /** Returns whether the key meant something. */
  walkByKey(/** @type {KeyboardEvent} */ event) {
    const { picture, step, stage } = this.state.get();
    const { steps } = this.pictures[picture];
    const names = Object.keys(STAGES);
    const beside = (all, one, by) => all[Math.min(Math.max(all.indexOf(one) + by, 0), all.length - 1)];
    const arrow = arrowOf(event);
    const page = { PageUp: -1, PageDown: 1 }[event.key];
    if (arrow) this.state.set({ step: beside(steps, step, arrow[0]), stage: beside(names, stage, arrow[1]) });
    else if (page) this.show(beside([...this.pictures.keys()], picture, page));
    else return false;
    return true;
  }

  // --- one picture

  /** What the sliders do not change, worked out once for each picture and step. */
  look() {
    const { picture, step } = this.state.get();
    const key = `${picture} ${step}`;
    if (!this.looks.has(key)) {
      const { size, levels } = this.sea;
      const truth = { size, ...this.pictures[picture] };
      this.looks.set(key, lookAt(levels, this.anchors, this.said[picture].get(step), truth));
    }
    return this.looks.get(key);
  }

  draw() {
    const { parts } = this;
    if (!parts.stage.clientWidth) return; // not on the page yet, or hidden: the next resize draws
    const now = this.state.get();
    const look = this.look();
    const settled = settle(look, now);
    const scene = { image: this.images[now.picture], size: this.sea.size, look, settled, state: now };
    drawStageOf(openCanvas(parts.stage), this.palette(), scene);
    const caption = describe(look, now, settled);
    write(parts.caption, caption);
    this.say(caption);
    this.writeRows(look, settled, now);
    this.writeControls(now, settled);
  }

  writeRows({ names }, { stages }, now) {
    const all = stages.anchors.rows.length;
    for (const [name, row] of Object.entries(this.parts.rows)) {
      const { rows: { length: count }, reach: { best } } = stages[name];
      row.bar.style.width = `${(100 * Math.log(1 + count)) / Math.log(1 + all)}%`;
      write(row.count, grouped(count));
      write(row.cost, `${flops(count)} · ${share(count, all)}`);
      row.marks.forEach((mark, object) => {
        mark.hidden = object >= names.length;
        const found = best[object] >= IOUS[1] ? "most" : best[object] >= IOUS[0] ? "half" : "no";
        if (mark.dataset.found !== found) mark.dataset.found = found;
        write(mark, String(object + 1));
      });
      row.input.checked = name === now.stage;
      const [half, most] = IOUS.map((threshold) => foundBy(stages[name], threshold));
      row.input.setAttribute("aria-label", `${STAGES[name]}: ${grouped(count)} boxes; of ${names.length} objects `
        + `${half} found at IoU 0.5, ${most} at 0.7; masks for all: ${flops(count)}`);
    }
  }

  writeControls(now, { stages }) {
    const { parts } = this;
    press(parts.picture, now.picture);
    press(parts.step, now.step);
    for (const input of parts.step.querySelectorAll("input")) {
      input.disabled = !this.pictures[now.picture].steps.includes(Number(input.value));
    }
    for (const [name, { notches }] of Object.entries(SLIDERS)) {
      const text = valueText(name, now[name]);
      parts.sliders[name].valueAsNumber = notchOf(notches, now[name]);
      parts.sliders[name].setAttribute("aria-valuetext", text);
      write(parts.values[name], text);
    }
    const count = grouped(stages[now.stage].rows.length);
    const which = `Picture ${now.picture + 1} after ${grouped(now.step)} steps of training`;
    parts.stage.setAttribute("aria-label", `${which}, ${count} boxes: ${STAGES[now.stage]}. ${HELP}`);
  }
}

export default {
  async render({ model, el }) {
    return new Funnel(model, el, await inflate(model.get("said"))).close;
  },
};
