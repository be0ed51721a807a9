/** What the views of all widgets have in common: how they begin, redraw and end, and the controls they share. */
import { announcer, element, followTheme, keepKeys, oncePerFrame, sharedState } from "./stage.js";

/** A checkbox in its label. */
export function switched(/** @type {HTMLInputElement} */ input, /** @type {string} */ text) {
  return element("label", { class: "mm-switch" }, input, text);
}

/**
 * A row of buttons of which one is pressed: radio buttons with a name.
 * @param {string} name  @param {[any, string][]} options values and what stands on the buttons
 */
export function choice(name, options) {
  const group = `minimask-${Math.random().toString(36).slice(2)}`;
  const button = ([value, text]) => element("label", {},
    element("input", { type: "radio", name: group, value, "aria-label": `${name}: ${text}` }), text);
  return element("div", { class: "mm-choice", role: "radiogroup", "aria-label": name },
    element("span", {}, name), ...options.map(button));
}

/** Show which of a row of buttons is pressed. */
export function press(/** @type {Element} */ row, /** @type {any} */ value) {
  for (const input of row.querySelectorAll("input")) input.checked = input.value === String(value);
}

/**
 * Give a canvas the proportions of a map of so many columns and rows, and let none be taller than a screen.
 * @param {HTMLElement} canvas  @param {number} columns  @param {number} rows
 */
export function shapeCanvas(canvas, columns, rows) {
  Object.assign(canvas.style, { aspectRatio: `${columns} / ${rows}`, maxWidth: `${(28 * columns) / rows}rem` });
}

/** The foldable list of keys, `[key, effect]`. */
export function keysHelp(/** @type {string[][]} */ keys) {
  const rows = keys.flatMap(([key, effect]) => [element("dt", {}, key), element("dd", {}, effect)]);
  return element("details", { class: "mm-keys" }, element("summary", {}, "Keys"), element("dl", {}, ...rows));
}

/** The parts that every widget has: the caption, the same for screen readers, and the way back. */
export function commonParts() {
  return {
    reset: element("button", { type: "button" }, "Reset"),
    caption: element("p", { class: "mm-caption", "aria-hidden": "true" }),
    status: element("p", { class: "mm-unseen", role: "status", "aria-live": "polite" }),
  };
}

/** A widget on a page. A subclass has `draw()`, called before the next picture after every change. */
export class LivingView {
  /** @param {any} model  @param {HTMLElement} el  @param {Record<string, any>} parts with `root` and `status` */
  constructor(model, el, parts) {
    const controller = new AbortController();
    this.signal = controller.signal;
    this.close = () => controller.abort();
    this.parts = parts;
    el.append(parts.root);
    this.redraw = oncePerFrame(parts.root, () => this.draw(), this.signal);
    this.state = sharedState(model, this.redraw, this.signal);
    this.palette = followTheme(parts.root, this.redraw, this.signal);
    this.say = announcer(parts.status, this.signal);
    keepKeys(parts.root, this.signal);
  }

  /** Listen until the view goes. */
  on(/** @type {EventTarget} */ node, /** @type {string} */ name, /** @type {(event: any) => void} */ action) {
    node.addEventListener(name, action, { signal: this.signal });
  }

  /** Hand the keys of a canvas to `action`, which returns whether the key meant something. */
  onKeys(/** @type {Element} */ canvas, /** @type {(event: KeyboardEvent) => boolean} */ action) {
    this.on(canvas, "keydown", (event) => {
      if (event.ctrlKey || event.metaKey) return;
      if (action(event)) event.preventDefault();
    });
  }

  /** Redraw whenever one of these canvases gets another size. */
  watchSizes(/** @type {Element[]} */ ...canvases) {
    const resizes = new ResizeObserver(this.redraw);
    for (const canvas of canvases) resizes.observe(canvas);
    this.signal.addEventListener("abort", () => resizes.disconnect());
  }
}
