/**
 * The X-ray: what does each stage of Mask R-CNN make of a picture?
 *
 * `XRay` in Python describes the state that this view shows and changes: picture, stage, RoI, map, thresholds.
 */
import { inflate } from "./blocks.js";
import { LivingView, choice, commonParts, keysHelp, press, shapeCanvas } from "./living_view.js";
import { arrowOf, element, openCanvas, write } from "./stage.js";
import { readPicture } from "./x_ray_bytes.js";
import { DETAIL, panels } from "./x_ray_detail.js";
import { STAGES, describe, lookAt, settle } from "./x_ray_measures.js";
import { DRAW } from "./x_ray_picture.js";

const QUESTION = "What does each stage of Mask R-CNN make of a picture?";
const KEYS = [
  ["← →", "on the picture: the RoI before, the RoI after"],
  ["↑ ↓", "on the picture: the stage before, the stage after"],
  ["Page Up, Page Down", "on the picture: another one"],
  ["a click on the picture", "chooses a RoI there; another click the next"],
  ["Escape", "start over"],
];
const HELP = "Arrow keys left and right choose another RoI, up and down another stage, Page Up and Page Down a picture.";

/** The sliders: at which stage, what they are called, their ends in hundredths. */
const SLIDERS = {
  objectness: ["proposals", "score at least", 0, 99],
  proposal_nms: ["proposals", "NMS at IoU over", 0, 100],
  mask_threshold: ["masks", "mask from", 1, 99],
  score: ["detections", "score above", 5, 99],
  detection_nms: ["detections", "NMS at IoU over", 0, 100],
};

/** What each stage's small picture depends on, beside the picture and the RoI. */
const FIRST = ["objectness", "proposal_nms"];
const NEEDS = {
  picture: [],
  features: ["level", "map"],
  objectness: ["level"],
  proposals: FIRST,
  levels: FIRST,
  rois: ["map"],
  classes: FIRST,
  boxes: FIRST,
  masks: ["mask_threshold", "paste"],
  detections: [...FIRST, "score", "detection_nms", "mask_threshold", "paste"],
};

/** The lines of every stage. */
const SIGNS = {
  picture: ["true box", "yours"],
  features: ["true box", "yours"],
  objectness: ["true box", "anchor", "yours"],
  proposals: ["true box", "proposal", "best", "lost", "yours"],
  levels: ["yours"],
  rois: ["RoIPool", "RoIAlign", "yours"],
  classes: ["background", "yours"],
  boxes: ["true box", "refined", "yours"],
  masks: ["true box", "refined", "mask", "yours"],
  detections: ["found", "false alarm", "missed", "yours"],
};
const YOURS = "chosen";

/** All elements of the widget, by role. */
function build(pictures) {
  const group = `minimask-${Math.random().toString(36).slice(2)}`;
  const { strides, shown, size } = pictures[0];
  const button = (text, label) => element("button", { type: "button", "aria-label": label }, text);
  const parts = {
    stage: element("canvas", { class: "mm-stage", tabindex: "0", role: "application" }),
    detail: element("canvas", { class: "mm-detail", role: "img" }),
    stages: Object.fromEntries(Object.keys(STAGES).map((name) => {
      const canvas = element("canvas", { "aria-hidden": "true" });
      shapeCanvas(canvas, size[1], size[0]);
      const input = element("input", { type: "radio", name: group, value: name, "aria-label": `stage: ${STAGES[name]}` });
      return [name, { canvas, input, root: element("label", {}, input, canvas, element("span", {}, STAGES[name])) }];
    })),
    picture: choice("picture", pictures.map((_, k) => [k, String(k + 1)])),
    level: choice("stride", strides.map((stride, k) => [k, String(stride)])),
    map: choice("channel", [[0, "length"], ...shown.map((channel, k) => [k + 1, String(channel)])]),
    paste: choice("paste", [["aligned", "aligned"], ["published", "as published"]]),
    before: button("‹", "RoI before"), after: button("›", "RoI after"), place: element("span"),
    signs: element("p", { class: "mm-note mm-signs" }),
    sliders: {}, values: {}, slides: {},
    ...commonParts(),
  };
  for (const [name, [, text, least, most]] of Object.entries(SLIDERS)) {
    parts.sliders[name] = element("input", { type: "range", min: least, max: most, step: 1, "aria-label": text });
    parts.values[name] = element("b");
    parts.slides[name] = element("div", { class: "mm-slide" },
      element("span", {}, `${text} `, parts.values[name]), parts.sliders[name]);
  }
  shapeCanvas(parts.stage, size[1], size[0]);
  parts.root = element("section", { class: "minimask mm-x-ray", "aria-label": "The X-ray" },
    element("p", { class: "mm-question" }, QUESTION),
    element("div", { class: "mm-strip", role: "radiogroup", "aria-label": "Stage of the machine" },
      ...Object.values(parts.stages).map(({ root }) => root)),
    element("div", { class: "mm-columns" },
      element("div", { class: "mm-left" }, parts.stage, parts.signs,
        element("div", { class: "mm-under" }, parts.picture,
          element("div", { class: "mm-steps" }, parts.before, parts.place, parts.after), parts.reset)),
      parts.caption,
      element("div", { class: "mm-right" }, parts.detail,
        element("div", { class: "mm-controls" }, parts.level, parts.map, ...Object.values(parts.slides), parts.paste))),
    parts.status, keysHelp(KEYS));
  return parts;
}

/** The widget on a page. */
class XRay extends LivingView {
  /** @param {any} model  @param {HTMLElement} el  @param {any[]} pictures */
  constructor(model, el, pictures) {
    super(model, el, build(pictures));
    Object.assign(this, { pictures, start: model.get("start"), rois: model.get("rois") });
    this.images = model.get("images").map((source) => {
      const image = new Image();
      this.on(image, "load", () => this.redraw());
      image.src = source;
      return image;
    });
    const { parts, state } = this;
    const number = (event) => Number(event.target.value);
    this.onKeys(parts.stage, (event) => this.walkByKey(event));
    this.on(parts.stage, "click", (event) => this.pick(event));
    this.on(parts.detail, "click", (event) => this.pickPanel(event));
    for (const { input } of Object.values(parts.stages)) {
      this.on(input, "change", () => state.set({ stage: input.value }));
    }
    this.on(parts.picture, "change", (event) => this.show(number(event)));
    this.on(parts.level, "change", (event) => state.set({ level: number(event) }));
    this.on(parts.map, "change", (event) => state.set({ map: number(event) }));
    this.on(parts.paste, "change", (event) => state.set({ paste: event.target.value }));
    for (const name of Object.keys(SLIDERS)) {
      this.on(parts.sliders[name], "input", (event) => state.set({ [name]: event.target.valueAsNumber / 100 }));
    }
    this.on(parts.before, "click", () => this.step(-1));
    this.on(parts.after, "click", () => this.step(1));
    this.on(parts.reset, "click", () => this.reset());
    this.watchSizes(parts.stage, parts.detail);
    this.redraw();
  }

  // --- what the reader can do

  reset() {
    this.state.set(this.start);
  }

  /** Show a picture, and its surest detection. */
  show(/** @type {number} */ picture) {
    this.state.set({ picture, roi: this.rois[picture] });
  }

  /** Choose the RoI before or after; behind the last comes the first. */
  step(by) {
    const now = this.state.get();
    const { proposals: all } = settle(this.pictures[now.picture], now);
    if (!all.length) return;
    const at = all.indexOf(now.roi);
    this.state.set({ roi: all[at < 0 ? 0 : (at + by + all.length) % all.length] });
  }

  /** Choose the surest RoI under the pointer, in the end the surest detection; or the next if that is chosen already. */
  pick(/** @type {MouseEvent} */ event) {
    const now = this.state.get();
    const picture = this.pictures[now.picture];
    const { candidates, answers } = picture;
    const { proposals, detections } = settle(picture, now);
    const { likeliest, oddsOf } = lookAt(picture);
    const unit = this.parts.stage.clientWidth / picture.size[1];
    const [x, y] = [event.offsetX / unit, event.offsetY / unit];
    const isUnder = ([x1, y1, x2, y2]) => x >= x1 && x <= x2 && y >= y1 && y <= y2;
    const found = now.stage === "detections" ? detections.filter((k) => isUnder(answers.boxes[k])) : [];
    const under = found.length ? [...new Set(found.map((k) => answers.rois[k]))]
      : proposals.filter((k) => isUnder(candidates[k])).sort((a, b) => oddsOf[likeliest[b]] - oddsOf[likeliest[a]]);
    if (under.length) this.state.set({ roi: under[(under.indexOf(now.roi) + 1) % under.length] });
  }

  /** Choose the map or the level under the pointer. */
  pickPanel(/** @type {MouseEvent} */ { offsetX, offsetY }) {
    const { stage, picture } = this.state.get();
    const { clientWidth: width, clientHeight: height } = this.parts.detail;
    const { maps, strides } = this.pictures[picture];
    const places = { features: [maps[0].length, 4], objectness: [strides.length + 1, 2] }[stage];
    const at = places ? panels({ width, height }, ...places).findIndex(({ x, y, side }) =>
      offsetX >= x && offsetX <= x + side && offsetY >= y - 20 && offsetY <= y + side) : -1;
    if (at >= 0 && stage === "features") this.state.set({ map: at });
    else if (at >= 0 && at < strides.length) this.state.set({ level: at });
  }

  /** Returns whether the key meant something. */
  walkByKey(/** @type {KeyboardEvent} */ event) {
    const { picture, stage } = this.state.get();
    const names = Object.keys(STAGES);
    const arrow = arrowOf(event);
    const page = { PageUp: -1, PageDown: 1 }[event.key];
    const within = (k, count) => Math.min(Math.max(k, 0), count - 1);
    if (arrow?.[0]) this.step(arrow[0]);
    else if (arrow) this.state.set({ stage: names[within(names.indexOf(stage) + arrow[1], names.length)] });
    else if (page) this.show(within(picture + page, this.pictures.length));
    else return false;
    return true;
  }

  // --- one picture

  draw() {
    const { parts } = this;
    if (!parts.stage.clientWidth) return; // not on the page yet, or hidden: the next resize draws
    const now = this.state.get();
    const picture = this.pictures[now.picture];
    const settled = settle(picture, now);
    const scene = {
      picture, settled, state: now, palette: this.palette(), image: this.images[now.picture], left: 0, top: 0, small: false,
    };
    const on = (canvas, small) => {
      const opened = openCanvas(canvas);
      return { ...scene, ...opened, small, unit: opened.width / picture.size[1] };
    };
    DRAW[now.stage](on(parts.stage, false));
    DETAIL[now.stage](on(parts.detail, false));
    for (const [name, { canvas, input }] of Object.entries(parts.stages)) {
      input.checked = name === now.stage;
      const shown = [scene.image.complete, scene.palette.paper, canvas.clientWidth, now.picture, now.roi,
        ...NEEDS[name].map((entry) => now[entry])].join();
      if (canvas.dataset.shown === shown) continue;
      canvas.dataset.shown = shown;
      DRAW[name](on(canvas, true));
    }
    const caption = describe(picture, now, settled);
    write(parts.caption, caption);
    this.say(caption);
    this.writeControls(now, settled);
  }

  writeControls(now, settled) {
    const { parts } = this;
    const shown = (node, stages) => (node.hidden = !stages.includes(now.stage));
    shown(parts.level, ["features", "objectness"]);
    shown(parts.map, ["features", "rois"]);
    shown(parts.paste, ["masks", "detections"]);
    for (const name of ["picture", "level", "map", "paste"]) press(parts[name], now[name]);
    for (const [name, [stage]] of Object.entries(SLIDERS)) {
      shown(parts.slides[name], [stage]);
      parts.sliders[name].valueAsNumber = Math.round(100 * now[name]);
      parts.sliders[name].setAttribute("aria-valuetext", now[name].toFixed(2));
      write(parts.values[name], now[name].toFixed(2));
    }
    const count = settled.proposals.length;
    write(parts.place, settled.rank < 0 ? `RoI – of ${count}` : `RoI ${settled.rank + 1} of ${count}`);
    if (parts.signs.dataset.stage !== now.stage) {
      parts.signs.dataset.stage = now.stage;
      parts.signs.replaceChildren(...SIGNS[now.stage].map((kind) =>
        element("span", {}, element("s", { "data-kind": kind }), kind === "yours" ? YOURS : kind)));
    }
    parts.stage.setAttribute("aria-label", `Picture ${now.picture + 1}, stage ${STAGES[now.stage]}, `
      + `${parts.place.textContent}. ${HELP}`);
    parts.detail.setAttribute("aria-label", `Beside the picture: ${STAGES[now.stage]} in detail.`);
  }
}

export default {
  async render({ model, el }) {
    const pictures = await Promise.all(model.get("seen").map(async (text) => readPicture(await inflate(text))));
    return new XRay(model, el, pictures).close;
  },
};
