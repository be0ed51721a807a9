/**
 * What all widgets share: elements, a sharp canvas, one redraw per frame, the theme, the state that Python sees, a box
 * under a pointer or the arrow keys, work in idle time, gliding, and words for screen readers.
 *
 * Every function that listens to something takes an `AbortSignal`; aborting it when the view goes ends everything.
 */

/**
 * A DOM (or SVG) element. Attributes with the value `false` or `null` are left out.
 * @param {string} tag  @param {Record<string, any>} [attributes]  @param {...(Node | string)} children
 * @returns {any}
 */
export function element(tag, attributes = {}, ...children) {
  const svg = tag === "svg" || tag === "path";
  const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

/** Write text, but only where it differs: the browser then has nothing to lay out anew. */
export function write(/** @type {Element} */ node, /** @type {string} */ text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * A function that asks for one call of `draw` before the next picture, however often it is called itself.
 * Each call is followed by the event `minimask:drawn` on the root, whose `detail.work` is the time it took in ms.
 * @param {HTMLElement} root  @param {() => void} draw  @param {AbortSignal} signal
 */
export function oncePerFrame(root, draw, signal) {
  let frame = 0;
  signal.addEventListener("abort", () => cancelAnimationFrame(frame));
  return () => {
    if (frame || signal.aborted) return;
    frame = requestAnimationFrame(() => {
      frame = 0;
      const start = performance.now();
      draw();
      root.dispatchEvent(new CustomEvent("minimask:drawn", { detail: { work: performance.now() - start } }));
    });
  };
}

/**
 * A canvas wiped clean, with as many pixels as the screen has for it; one unit is one CSS pixel.
 * @param {HTMLCanvasElement} canvas
 */
export function openCanvas(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const density = window.devicePixelRatio || 1;
  const [columns, rows] = [Math.round(width * density), Math.round(height * density)];
  if (canvas.width !== columns) canvas.width = columns;
  if (canvas.height !== rows) canvas.height = rows;
  const context = canvas.getContext("2d");
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

/** The names of the style sheet's colors. */
const COLORS = [
  "ink", "muted", "grid", "paper", "shape", "shape-edge", "tight", "best", "yours", "highlight",
  "cold-low", "cold-high", "warm-low", "warm-high",
];

/** Whether the reader has colors of their own, as the high contrast of Windows. */
const forced = () => window.matchMedia("(forced-colors: active)");

/** The theme of the page: JupyterLab, Sphinx and VS Code say which; elsewhere the reader's system decides. */
function themeOf(/** @type {MediaQueryList} */ darkSystem) {
  const { body, documentElement: page } = document;
  const said = [
    forced().matches && (darkSystem.matches ? "dark" : "light"), // the reader's own colors outweigh the page
    { true: "light", false: "dark" }[body.dataset.jpThemeLight],
    page.dataset.theme,
    ["light", "dark"].find((theme) => body.classList.contains(`vscode-${theme}`)),
    darkSystem.matches ? "dark" : "light",
  ];
  return said.find((theme) => theme === "light" || theme === "dark");
}

/**
 * Keep `root.dataset.theme` at "light" or "dark" as the page is, and hand out the style sheet's colors for it.
 * @param {HTMLElement} root  @param {() => void} changed  @param {AbortSignal} signal
 * @returns {() => Record<string, string>} the present palette: colors by name, and the font
 */
export function followTheme(root, changed, signal) {
  const darkSystem = window.matchMedia("(prefers-color-scheme: dark)");
  let palette = null;
  const turn = () => {
    root.dataset.theme = themeOf(darkSystem);
    palette = null;
    changed();
  };
  const observer = new MutationObserver(turn);
  for (const node of [document.body, document.documentElement]) {
    observer.observe(node, { attributeFilter: ["class", "data-theme", "data-jp-theme-light", "data-jp-theme-name"] });
  }
  signal.addEventListener("abort", () => observer.disconnect());
  for (const query of [darkSystem, forced()]) query.addEventListener("change", turn, { signal });
  turn();
  return () => {
    if (!palette) {
      const style = getComputedStyle(root);
      palette = Object.fromEntries(COLORS.map((name) => [name, style.getPropertyValue(`--mm-${name}`).trim()]));
      palette.font = style.fontFamily;
    }
    return palette;
  };
}

/**
 * The widget's state: one plain object, the trait `state` of the Python class. All views of a widget share it.
 * @param {any} model  @param {() => void} changed  called after every change, whoever made it
 * @param {AbortSignal} signal
 */
export function sharedState(model, changed, signal) {
  let timer = 0;
  const send = () => {
    timer = 0;
    model.save_changes();
  };
  model.on("change:state", changed);
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    model.off("change:state", changed);
  });
  return {
    get: () => model.get("state"),
    /** Change some entries: at once here, in Python after a moment: its answers to a flood of them would stutter. */
    set(entries) {
      model.set("state", { ...model.get("state"), ...entries });
      timer ||= setTimeout(send, 150);
    },
  };
}

/** @typedef {[number, number]} Point  @typedef {[number, number, number, number]} Box */

/**
 * Mouse, pen and touch on a canvas. `begin` gets the point where the pointer went down, in CSS pixels of the canvas.
 * It returns what to do with each further point, or null to leave the gesture to the page: a finger then scrolls it, or
 * only taps.
 * @param {HTMLCanvasElement} canvas
 * @param {{begin: (point: Point, type: string) => ((point: Point) => void) | null, end?: () => void,
 *   tap?: (point: Point) => void, hover?: (point: Point) => string}} actions   `hover` names the mouse cursor to show
 * @param {AbortSignal} signal
 */
export function onDrag(canvas, { begin, end = () => {}, tap = () => {}, hover = () => "" }, signal) {
  const drag = { /** @type {((point: Point) => void) | null} */ move: null, took: false };
  const pointOf = (event) => {
    const frame = canvas.getBoundingClientRect();
    return /** @type {Point} */ ([event.clientX - frame.left, event.clientY - frame.top]);
  };
  const listen = (name, action, options = {}) => canvas.addEventListener(name, action, { signal, ...options });
  const finish = () => {
    if (drag.move) {
      drag.move = null;
      end();
    }
  };
  listen("pointerdown", (event) => {
    if (event.button !== 0 || drag.move) return;
    drag.move = begin(pointOf(event), event.pointerType);
    drag.took = drag.move !== null;
    if (drag.move && event.isTrusted) canvas.setPointerCapture(event.pointerId);
  });
  listen("pointermove", (event) => {
    if (drag.move) drag.move(pointOf(event));
    else canvas.style.cursor = hover(pointOf(event));
  });
  listen("pointerup", finish);
  listen("pointercancel", finish);
  listen("click", (event) => event.pointerType === "touch" && !drag.took && tap(pointOf(event)));
  // The decision whether a finger scrolls falls here, after `pointerdown` has found what it touches.
  listen("touchstart", (event) => drag.move && event.preventDefault(), { passive: false });
  return { active: () => drag.move !== null };
}

/**
 * What of a box lies under a point: which of its four sides would move with it, or null outside.
 * @param {Box} box  @param {Point} point  @param {number} reach how near counts as touching a side
 * @returns {[number, number, number, number] | null} one 0 or 1 per side, in the order of the coordinates
 */
export function gripAt(box, [x, y], reach) {
  const along = (low, high, at) => {
    const near = Math.min(reach, Math.max(reach / 3, (high - low) / 4)); // leave room to take a small box in its middle
    if (at < low - reach || at > high + reach) return null;
    if (at < low + near) return [1, 0];
    return at > high - near ? [0, 1] : [0, 0];
  };
  const [across, down] = [along(box[0], box[2], x), along(box[1], box[3], y)];
  if (!across || !down) return null;
  const grip = [across[0], down[0], across[1], down[1]];
  return /** @type {Box} */ (grip.some(Boolean) ? grip : [1, 1, 1, 1]);
}

/** The mouse cursor that announces a grip. */
export function cursorOf(grip) {
  if (!grip) return "default";
  if (grip.every(Boolean)) return "move";
  const [left, top, right, bottom] = grip;
  if (!top && !bottom) return "ew-resize";
  if (!left && !right) return "ns-resize";
  return left === top ? "nwse-resize" : "nesw-resize";
}

/**
 * The box after its gripped sides have followed the pointer, kept within limits and no smaller than `least`.
 * @param {Box} box  @param {Box} grip  @param {Point} shift  @param {Box} limits  @param {number} least
 * @returns {Box}
 */
export function dragBox(box, grip, shift, limits, least) {
  const moved = /** @type {Box} */ ([...box]);
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  for (const axis of [0, 1]) {
    const [low, high] = [axis, axis + 2];
    const by = grip[low] && grip[high]
      ? clamp(shift[axis], limits[low] - box[low], limits[high] - box[high])
      : shift[axis];
    if (grip[low]) moved[low] = clamp(box[low] + by, limits[low], grip[high] ? Infinity : box[high] - least);
    if (grip[high]) moved[high] = clamp(box[high] + by, grip[low] ? -Infinity : box[low] + least, limits[high]);
  }
  return moved;
}

/**
 * Keep plain keys to the widget. A notebook would read them as its own commands: D twice, for one, deletes the cell.
 * Keys with Ctrl or Cmd go through, so that saving and running work as everywhere.
 */
export function keepKeys(/** @type {HTMLElement} */ root, /** @type {AbortSignal} */ signal) {
  root.addEventListener("keydown", (event) => event.ctrlKey || event.metaKey || event.stopPropagation(), { signal });
}

/** The unit step of an arrow key, or null for any other key. */
export function arrowOf(/** @type {KeyboardEvent} */ { key }) {
  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  return /** @type {Point | null} */ (arrows[key] ?? null);
}

/** Go from 0 to 1 in `duration` ms, gently; at once for readers who prefer reduced motion. Returns how to stop. */
export function glide(/** @type {(share: number) => void} */ step, duration = 350) {
  let [frame, start] = [0, 0];
  if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) {
    step(1);
    return () => {};
  }
  const advance = (now) => {
    start ||= now;
    const share = Math.min((now - start) / duration, 1);
    step(1 - (1 - share) ** 3);
    if (share < 1) frame = requestAnimationFrame(advance);
  };
  frame = requestAnimationFrame(advance);
  return () => cancelAnimationFrame(frame);
}

/**
 * Work through a generator, one item after another, while the browser has nothing better to do.
 * @param {Iterator<any>} work  @param {() => boolean} busy  while true, nothing is done
 * @param {() => void} progress  called after each bout of work  @param {AbortSignal} signal
 * @returns {() => void} how to stop
 */
export function inIdleTime(work, busy, progress, signal) {
  // Where there are no idle callbacks (Safari): short slices with pauses between them.
  const ask = window.requestIdleCallback
    ?? ((slice) => {
      const until = performance.now() + 40;
      const timeRemaining = () => Math.max(0, until - performance.now());
      return setTimeout(() => slice({ timeRemaining, didTimeout: false }), 32);
    });
  let stopped = false;
  const slice = (deadline) => {
    if (stopped || signal.aborted) return;
    let done = false;
    let some = false;
    while (!done && !busy() && deadline.timeRemaining() > 4) {
      done = work.next().done;
      some = true;
    }
    if (some) progress();
    if (!done) ask(slice);
  };
  ask(slice);
  return () => {
    stopped = true;
  };
}

/** Say things to screen readers: the last of a series, once it has been quiet for a moment. */
export function announcer(/** @type {Element} */ region, /** @type {AbortSignal} */ signal) {
  let [timer, last] = [0, ""];
  signal.addEventListener("abort", () => clearTimeout(timer));
  return (/** @type {string} */ text) => {
    if (text === last) return;
    last = text;
    clearTimeout(timer);
    timer = setTimeout(() => write(region, text), 700);
  };
}
