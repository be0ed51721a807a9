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

/** What the buttons of a pad stand for: keys, and how they are written and read. */
const ARROW_KEYS = [["ArrowLeft", "←", "left"], ["ArrowUp", "↑", "up"], ["ArrowDown", "↓", "down"], ["ArrowRight", "→", "right"]];

/**
 * Foldable buttons that do what the arrow keys do: for hands that can press a button, but cannot drag.
 * @param {string} what  what they move
 */
export function arrowPad(what) {
  const buttons = ARROW_KEYS.map(([value, sign, way]) =>
    element("button", { type: "button", value, "aria-label": `${what} ${way}` }, sign));
  const sides = element("input", { type: "checkbox" });
  const steps = choice("steps", [[5, "large"], [1, "medium"], [0, "small"]]);
  press(steps, 5);
  const root = element("details", { class: "mm-pad" }, element("summary", {}, "Move by buttons"),
    element("div", { role: "group", "aria-label": `Move ${what}` }, ...buttons, steps,
      switched(sides, "only the right and bottom sides")));
  return { root, sides, steps };
}

/** Hand the buttons of a pad to the `action` of the arrow keys; a large step is five of theirs. */
export function usePad(/** @type {LivingView} */ view, { root, sides, steps }, /** @type {(key: any) => boolean} */ action) {
  view.on(root, "click", ({ target }) => {
    const button = target.closest("button");
    if (!button) return;
    const step = Number(steps.querySelector(":checked").value);
    const key = { key: button.value, code: "", shiftKey: sides.checked, altKey: !step };
    for (let k = 0; k < (step || 1); k++) action(key);
  });
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

/** A widget on a page. A subclass has `draw()`, called before the next picture after every change, and `reset()`. */
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
    this.on(parts.root, "keydown", (event) => event.key === "Escape" && !event.defaultPrevented && this.reset());
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
