/**
 * The strength of an attack: how little does it take to fool the machine?
 *
 * `AttackStrength` in Python describes the state that this view shows and changes: picture, attack, and strength.
 */
import { describe, factorOf, pixelsOf, readAttacked, settle } from "./attack_strength_measures.js";
import { drawCurves, drawFound, stepAxis } from "./attack_strength_picture.js";
import { inflate } from "./blocks.js";
import { LivingView, choice, commonParts, keysHelp, press, shapeCanvas, switched } from "./living_view.js";
import { arrowOf, element, onDrag, openCanvas, write } from "./stage.js";

const QUESTION = "How little does it take to fool the machine?";
const KEYS = [
  ["← →", "on the picture or the curves: a weaker attack, a stronger one"],
  ["↑ ↓", "on the picture: the attack before, the attack after"],
  ["Page Up, Page Down", "on the picture: another one"],
  ["F", "on the picture: what is found, or the bare picture"],
  ["Escape", "start over"],
];
const HELP = "Arrow keys left and right change the strength, up and down the attack, Page Up and Page Down the picture; "
  + "F shows or hides what is found.";
const SIGNS = [["right", "found"], ["wrong", "false alarm"], ["target", "attacked object"]];

/** All elements of the widget, by role. */
function build(pictures) {
  const { size, attacks, strengths } = pictures[0];
  const last = strengths.length - 1;
  const parts = {
    stage: element("canvas", { class: "mm-stage", tabindex: "0", role: "application" }),
    before: element("canvas", { role: "img" }),
    change: element("canvas", { role: "img" }),
    curve: element("canvas", { class: "mm-curve", tabindex: "0", role: "slider", "aria-valuemin": 0, "aria-valuemax": last,
      "aria-label": "strength, on the curves of the scores" }),
    picture: choice("picture", pictures.map((_, k) => [k, String(k + 1)])),
    attack: choice("attack", attacks.map((name, k) => [k, name])),
    found: element("input", { type: "checkbox" }),
    slider: element("input", { type: "range", min: 0, max: last, step: 1, "aria-label": "strength" }),
    value: element("b"),
    ...commonParts(),
  };
  shapeCanvas(parts.stage, size[1], size[0]);
  const figure = (canvas, text) => element("figure", { class: "mm-figure" }, canvas, element("figcaption", {}, text));
  const larger = `the change, ${factorOf(pictures[0])} times as large`;
  parts.root = element("section", { class: "minimask mm-attack", "aria-label": "The strength of an attack" },
    element("p", { class: "mm-question" }, QUESTION),
    element("div", { class: "mm-columns" },
      element("div", { class: "mm-left" }, parts.stage,
        element("p", { class: "mm-note mm-signs" }, ...SIGNS.map(([kind, text]) =>
          element("span", {}, element("s", { "data-kind": kind }), text))),
        element("div", { class: "mm-slide" }, element("span", {}, "strength ", parts.value), parts.slider),
        element("div", { class: "mm-under" }, parts.attack, parts.picture,
          switched(parts.found, "what is found"), parts.reset)),
      parts.caption,
      element("div", { class: "mm-right" },
        element("div", { class: "mm-pair" }, figure(parts.before, "before the attack"), figure(parts.change, larger)),
        element("p", { class: "mm-note" }, "Score of the attacked object; dashed, how well its mask fits."),
        parts.curve)),
    parts.status, keysHelp(KEYS));
  return parts;
}

const within = (value, most) => Math.min(Math.max(value, 0), most);

/** The pixels of an image. */
function pixels(/** @type {HTMLImageElement} */ image) {
  const pen = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext("2d");
  pen.drawImage(image, 0, 0);
  return pen.getImageData(0, 0, image.naturalWidth, image.naturalHeight).data;
}

/** A canvas with these pixels. */
function painted(data, [height, width]) {
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d").putImageData(new ImageData(data, width, height), 0, 0);
  return canvas;
}

/** The widget on a page. */
class AttackStrength extends LivingView {
  /** @param {any} model  @param {HTMLElement} el  @param {any[]} pictures  @param {Uint8ClampedArray[]} bases */
  constructor(model, el, pictures, bases) {
    super(model, el, build(pictures));
    Object.assign(this, { pictures, bases, start: model.get("start"), known: new Map() });
    const { parts, state } = this;
    this.steps = pictures[0].strengths.length;
    this.onKeys(parts.stage, (event) => this.walkByKey(event));
    this.onKeys(parts.curve, (event) => this.slideByKey(event));
    this.on(parts.picture, "change", (event) => state.set({ picture: Number(event.target.value) }));
    this.on(parts.attack, "change", (event) => state.set({ attack: Number(event.target.value) }));
    this.on(parts.found, "change", () => state.set({ found: parts.found.checked }));
    this.on(parts.slider, "input", () => state.set({ step: parts.slider.valueAsNumber }));
    const follow = ([x]) => state.set({ step: stepAxis(parts.curve.clientWidth, this.steps).toStep(x) });
    const begin = (point) => {
      follow(point);
      return follow;
    };
    onDrag(parts.curve, { begin, hover: () => "ew-resize" }, this.signal);
    this.on(parts.reset, "click", () => this.reset());
    this.watchSizes(parts.stage, parts.before, parts.change, parts.curve);
    this.redraw();
  }

  // --- what the reader can do

  reset() {
    this.state.set(this.start);
  }

  /** Returns whether the key meant something. */
  walkByKey(/** @type {KeyboardEvent} */ event) {
    const { picture, attack, step, found } = this.state.get();
    const arrow = arrowOf(event);
    const page = { PageUp: -1, PageDown: 1 }[event.key];
    const { attacks } = this.pictures[0];
    if (arrow) this.state.set({ step: within(step + arrow[0], this.steps - 1), attack: within(attack + arrow[1], attacks.length - 1) });
    else if (page) this.state.set({ picture: within(picture + page, this.pictures.length - 1) });
    else if (event.key.toLowerCase() === "f") this.state.set({ found: !found });
    else return false;
    return true;
  }

  /** Returns whether the key meant something. */
  slideByKey(/** @type {KeyboardEvent} */ event) {
    const arrow = arrowOf(event);
    const end = { Home: -this.steps, End: this.steps }[event.key];
    if (!arrow && !end) return false;
    this.state.set({ step: within(this.state.get().step + (end ?? arrow[0] - arrow[1]), this.steps - 1) });
    return true;
  }

  // --- one picture

  /** What follows from a state, and what the model sees and the change as canvases; worked out once. */
  look(/** @type {any} */ now) {
    const key = `${now.picture} ${now.attack} ${now.step}`;
    if (!this.known.has(key)) {
      const picture = this.pictures[now.picture];
      const { seen, change } = pixelsOf(picture, this.bases[now.picture], now.attack, now.step);
      const settled = settle(this.pictures, now);
      this.known.set(key, { settled, seen: painted(seen, picture.size), change: painted(change, picture.size) });
    }
    return this.known.get(key);
  }

  draw() {
    const { parts, pictures } = this;
    if (!parts.stage.clientWidth) return; // not on the page yet, or hidden: the next resize draws
    const now = this.state.get();
    const picture = pictures[now.picture];
    const { settled, seen, change } = this.look(now);
    const palette = this.palette();
    const sheet = (canvas, image, small) => {
      shapeCanvas(canvas, picture.size[1], picture.size[0]);
      const opened = openCanvas(canvas);
      return { ...opened, palette, picture, image, small, found: now.found, left: 0, top: 0, unit: opened.width / picture.size[1] };
    };
    drawFound(sheet(parts.stage, seen, false), settled);
    const shown = [now.picture, now.found, palette.paper, parts.before.clientWidth].join();
    if (parts.before.dataset.shown !== shown) {
      parts.before.dataset.shown = shown;
      const start = this.look({ ...now, attack: 0, step: 0 });
      drawFound(sheet(parts.before, start.seen, true), start.settled);
    }
    drawFound({ ...sheet(parts.change, change, true), found: false }, settled);
    drawCurves(openCanvas(parts.curve), palette, picture, now);
    const caption = describe(pictures, now, settled);
    write(parts.caption, caption);
    this.say(caption);
    this.writeControls(now, picture, settled);
  }

  writeControls(now, picture, { strength, now: { score, iou, fate }, shown }) {
    const { parts } = this;
    press(parts.picture, now.picture);
    press(parts.attack, now.attack);
    parts.found.checked = now.found;
    const text = `${strength}/255`;
    parts.slider.valueAsNumber = now.step;
    parts.slider.setAttribute("aria-valuetext", text);
    write(parts.value, text);
    parts.curve.setAttribute("aria-valuenow", now.step);
    parts.curve.setAttribute("aria-valuetext", `${text}: score ${score.toFixed(2)}, mask IoU ${iou.toFixed(2)}`);
    parts.stage.setAttribute("aria-label", `Picture ${now.picture + 1} under ${picture.attacks[now.attack]}, strength ${text}: `
      + `${shown.length} found, the attacked object is ${fate}. ${HELP}`);
    parts.before.setAttribute("aria-label", "The picture before the attack, with what is found in it.");
    parts.change.setAttribute("aria-label", `The change, magnified: gray where nothing changes. Strength ${text}.`);
  }
}

/** An image, once it can be drawn. */
async function loaded(/** @type {string} */ source) {
  const image = new Image();
  image.src = source;
  await image.decode();
  return image;
}

export default {
  async render({ model, el }) {
    const pictures = await Promise.all(model.get("attacked").map(async (text) => readAttacked(await inflate(text))));
    const bases = (await Promise.all(model.get("images").map(loaded))).map(pixels);
    return new AttackStrength(model, el, pictures, bases).close;
  },
};
