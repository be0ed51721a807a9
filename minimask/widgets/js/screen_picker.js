/**
 * The screen picker: what does a detector see on a screen, and would a click on it land?
 *
 * `ScreenPicker` in Python describes the state that this view shows and changes: page, view, score, element, clicks.
 */
import { LivingView, choice, commonParts, keysHelp, press, shapeCanvas } from "./living_view.js";
import { LivePage, elementOf, movedBy } from "./live_page.js";
import { inflate } from "./blocks.js";
import { readPages } from "./screen_pages.js";
import {
  VIEWS, cut, describe, described, listed, precisionOf, recallOf, settle, tally, looksOf, verdict,
} from "./screen_picker_measures.js";
import { drawScreen, elementAt, signOf, tintOf } from "./screen_picker_picture.js";
import { arrowOf, element, openCanvas, write } from "./stage.js";

const QUESTION = "What does a detector see on a screen, and would a click on it land?";
const KEYS = [
  ["← →", "on the picture: the element before, the element after, in the order of the outline"],
  ["↑ ↓", "on the picture: who says what is there; in the outline: the line before, the line after"],
  ["Page Up, Page Down", "on the picture: another page"],
  ["Escape", "start over"],
];
const HELP = "Arrow keys left and right choose an element, up and down who says, Page Up and Page Down a page.";
/** How long a click is looked at, in ms. */
const LOOK = 150;

/** All elements of the widget, by role. */
function build(pages, images, names) {
  const group = `minimask-${Math.random().toString(36).slice(2)}`;
  const [height, width] = pages[0].size;
  const themes = [...new Set(pages.map(({ theme }) => theme))].sort();
  const parts = {
    search: element("input", {
      type: "search", "aria-label": "Theme of the pages", placeholder: "theme: dark, unseen, …", list: `${group}-themes`, maxlength: 80,
    }),
    count: element("span", { class: "mm-count" }),
    thumbs: pages.map((page, k) => {
      const input = element("input", { type: "radio", name: group, value: k, "aria-label": `page ${k + 1}: ${looksOf(page)}` });
      return { input, root: element("label", { title: looksOf(page) }, input, element("img", { src: images[k], alt: "" })) };
    }),
    stage: element("canvas", { class: "mm-stage", tabindex: "0", role: "application" }),
    view: choice("said by", Object.entries(VIEWS)),
    score: element("input", { type: "range", min: 10, max: 99, step: 1, "aria-label": "score from" }),
    value: element("b"),
    rows: Object.fromEntries(["model", "rules"].map((view) => [view, [0, 1, 2, 3].map(() => element("td"))])),
    title: element("p", { class: "mm-title", id: `${group}-outline` }),
    outline: element("div", { class: "mm-outline", role: "group", "aria-labelledby": `${group}-outline` }),
    frame: element("iframe", { sandbox: "allow-scripts", title: "The page itself, live", width, height }),
    marks: element("div", { class: "mm-marks", "aria-hidden": "true" }),
    go: element("button", { type: "button" }, "Click what was found"),
    silent: element("p", { class: "mm-note", hidden: true }, "The live page does not answer here."),
    ...commonParts(),
  };
  parts.live = element("div", { class: "mm-live", style: `aspect-ratio: ${width} / ${height}` }, parts.frame, parts.marks);
  shapeCanvas(parts.stage, width, height);
  const header = ["precision here", "recall here", "precision, all pages", "recall, all pages"];
  parts.root = element("section", { class: "minimask mm-screens", "aria-label": "The screen picker" },
    element("p", { class: "mm-question" }, QUESTION),
    element("div", { class: "mm-find" }, parts.search,
      element("datalist", { id: `${group}-themes` }, ...themes.map((value) => element("option", { value }))), parts.count),
    element("div", { class: "mm-thumbs", role: "radiogroup", "aria-label": "Page" }, ...parts.thumbs.map(({ root }) => root)),
    element("div", { class: "mm-columns" },
      element("div", { class: "mm-left" }, parts.stage,
        element("p", { class: "mm-note mm-letters" }, ...names.map((name, k) =>
          element("span", {}, element("b", { style: `--tint: var(--mm-${tintOf(k + 1)})` }, signOf(name)), name)),
        element("span", {}, element("b", { "data-kind": "false" }, "!"), "false alarm"),
        element("span", {}, element("b", { "data-kind": "missed" }, "?"), "missed")),
        parts.view,
        element("div", { class: "mm-slide" }, element("span", {}, "score from ", parts.value), parts.score),
        element("table", { class: "mm-shares", "aria-label": "Precision and recall" },
          element("thead", {}, element("tr", {}, element("td"), ...header.map((text) => element("th", { scope: "col" }, text)))),
          element("tbody", {}, ...Object.entries(parts.rows).map(([view, cells]) =>
            element("tr", {}, element("th", { scope: "row" }, VIEWS[view]), ...cells))))),
      element("div", { class: "mm-beside" }, parts.title, parts.outline),
      parts.caption,
      parts.live,
      element("div", { class: "mm-clicks" },
        element("p", {}, "The page itself, from its HTML, in a closed frame without a network. Each ring of the picture, one "
          + "for every control, is clicked here, and the page answers what it was."),
        element("div", { class: "mm-buttons" }, parts.go, parts.reset), parts.silent)),
    parts.status, keysHelp(KEYS));
  return parts;
}

/** The widget on a page. */
class ScreenPicker extends LivingView {
  /** @param {any} model  @param {HTMLElement} el  @param {any[]} pages */
  constructor(model, el, pages) {
    const names = model.get("names");
    super(model, el, build(pages, model.get("images"), names));
    const classes = { names, clickable: model.get("clickable") };
    Object.assign(this, { pages, names, classes, start: model.get("start"), buttons: new Map(), run: 0, loaded: -1, timer: 0 });
    const { parts, state } = this;
    this.images = parts.thumbs.map(({ root }) => root.querySelector("img"));
    for (const image of this.images) this.on(image, "load", () => this.redraw());
    this.live = new LivePage(parts.frame, this.signal);
    this.signal.addEventListener("abort", () => clearTimeout(this.timer));
    this.onKeys(parts.stage, (event) => this.walkByKey(event));
    this.onKeys(parts.outline, (event) => this.walkOutline(event));
    this.on(parts.stage, "pointermove", (event) => this.pick(event));
    this.on(parts.stage, "pointerdown", (event) => this.pick(event));
    this.on(parts.search, "input", (event) => state.set({ search: event.target.value }));
    for (const { input } of parts.thumbs) this.on(input, "change", () => this.show(Number(input.value)));
    this.on(parts.view, "change", (event) => this.change({ view: event.target.value, element: -1 }));
    this.on(parts.score, "input", (event) => this.change({ score: event.target.valueAsNumber / 100 }));
    this.on(parts.go, "click", () => (this.running ? this.run++ : this.clickAll()));
    this.on(parts.reset, "click", () => this.reset());
    // Whatever has the focus within the frame, the frame shows it: of that page no style sheet says how.
    this.on(window, "blur", () => parts.frame.toggleAttribute("data-focused", document.activeElement === parts.frame));
    this.on(window, "focus", () => parts.frame.removeAttribute("data-focused"));
    this.watchSizes(parts.stage, parts.live);
    this.redraw();
  }

  // --- what the reader can do

  reset() {
    this.state.set(this.start);
    this.loaded = -1;
  }

  /** Change what is found: what was clicked before is no longer it. */
  change(entries) {
    this.state.set({ clicked: [], ...entries });
  }

  show(/** @type {number} */ page) {
    this.change({ page, element: -1, moved: [] });
  }

  /** Choose what is under the pointer; nothing there changes nothing. */
  pick(/** @type {PointerEvent} */ { offsetX, offsetY }) {
    const settled = settle(this.pages, this.classes, this.state.get());
    const unit = this.parts.stage.clientWidth / settled.page.size[1];
    const under = elementAt(settled, offsetX / unit, offsetY / unit);
    if (under >= 0 && under !== this.state.get().element) this.state.set({ element: under });
  }

  /** Choose the element before or after in the order of the outline; behind the last comes the first. */
  step(by) {
    const { order, chosen } = settle(this.pages, this.classes, this.state.get());
    if (!order.length) return;
    const at = order.indexOf(chosen);
    const next = at < 0 ? (by > 0 ? 0 : order.length - 1) : (at + by + order.length) % order.length;
    this.state.set({ element: order[next] });
  }

  /** Returns whether the key meant something. */
  walkByKey(/** @type {KeyboardEvent} */ event) {
    const { page, view, search } = this.state.get();
    const within = (k, count) => Math.min(Math.max(k, 0), count - 1);
    const arrow = arrowOf(event);
    const turn = { PageUp: -1, PageDown: 1 }[event.key];
    const views = Object.keys(VIEWS);
    if (arrow?.[0]) this.step(arrow[0]);
    else if (arrow) this.change({ view: views[within(views.indexOf(view) + arrow[1], views.length)], element: -1 });
    else if (turn) {
      const all = listed(this.pages, search);
      const next = turn > 0 ? all.find((k) => k > page) : all.findLast((k) => k < page);
      if (next !== undefined) this.show(next);
    } else return false;
    return true;
  }

  walkOutline(/** @type {KeyboardEvent} */ event) {
    const arrow = arrowOf(event);
    if (!arrow) return false;
    this.step(arrow[0] || arrow[1]);
    this.buttons.get(this.state.get().element)?.focus();
    return true;
  }

  /** Click all that is shown on the live page, one by one; a change of what is shown ends it. */
  async clickAll() {
    const run = ++this.run;
    const now = this.state.get();
    const { page, elements, aims } = settle(this.pages, this.classes, now);
    const goesOn = () => run === this.run && !this.signal.aborted
      && ["page", "view", "score"].every((entry) => this.state.get()[entry] === now[entry]);
    this.setRunning(true);
    this.state.set({ clicked: [] });
    let answered = await this.load(now.page);
    for (const k of aims) {
      if (!answered || !goesOn()) break;
      const node = await this.live.click(elements.points[k]);
      answered = node !== null;
      if (!answered || !goesOn()) break;
      this.state.set({ clicked: [...this.state.get().clicked, elementOf(page, node, elements.points[k])] });
      if (!matchMedia("(prefers-reduced-motion: reduce)").matches) await new Promise((done) => setTimeout(done, LOOK));
    }
    this.setRunning(false);
  }

  setRunning(/** @type {boolean} */ running) {
    this.running = running;
    this.parts.live.setAttribute("aria-busy", String(running));
    this.redraw();
  }

  /** Show the live page afresh, and compare its layout to the recorded one; returns whether it answers. */
  async load(/** @type {number} */ number) {
    clearTimeout(this.timer);
    this.loaded = number;
    const rects = await this.live.show(this.pages[number].html);
    if (this.signal.aborted || this.state.get().page !== number || this.loaded !== number) return false;
    this.parts.silent.hidden = rects !== null;
    if (!rects) return false;
    const [count, most] = movedBy(this.pages[number], rects);
    const moved = count ? [count, most] : [];
    if (String(this.state.get().moved) !== String(moved)) this.state.set({ moved });
    return true;
  }

  // --- one picture

  draw() {
    const { parts, pages, names } = this;
    if (!parts.stage.clientWidth) return; // not on the page yet, or hidden: the next resize draws
    const now = this.state.get();
    const settled = settle(pages, this.classes, now);
    drawScreen(openCanvas(parts.stage), this.palette(), { image: this.images[now.page], names, state: now, settled });
    const caption = describe(pages, names, now, settled);
    write(parts.caption, caption);
    this.say(caption);
    this.writeControls(now, settled);
    this.writeOutline(now, settled);
    this.writeLive(now, settled);
  }

  writeControls(now, settled) {
    const { parts, pages } = this;
    const all = new Set(listed(pages, now.search));
    parts.thumbs.forEach(({ input, root }, k) => {
      root.hidden = !all.has(k);
      input.checked = k === now.page;
    });
    write(parts.count, `${all.size} of ${pages.length} pages`);
    if (parts.search.value !== now.search) parts.search.value = now.search;
    press(parts.view, now.view);
    parts.score.valueAsNumber = Math.round(100 * now.score);
    parts.score.setAttribute("aria-valuetext", now.score.toFixed(2));
    write(parts.value, now.score.toFixed(2));
    for (const [view, cells] of Object.entries(parts.rows)) {
      [[settled.page], pages].forEach((some, k) => {
        const counts = tally(some, view, now.score);
        write(cells[2 * k], precisionOf(counts));
        write(cells[2 * k + 1], recallOf(counts));
      });
    }
    const { chosen, order } = settled;
    const which = chosen < 0 ? "no element chosen" : `element ${order.indexOf(chosen) + 1} of ${order.length}`;
    parts.stage.setAttribute("aria-label", `Page ${now.page + 1} as seen by ${VIEWS[now.view]}, ${which}. ${HELP}`);
  }

  /** The outline as a nested list, built anew only where it differs. */
  writeOutline(now, settled) {
    const { parts, names } = this;
    const { elements, outline, order, chosen, page } = settled;
    const built = JSON.stringify([now.page, now.view, outline]);
    if (parts.outline.dataset.built !== built) {
      parts.outline.dataset.built = built;
      this.buttons.clear();
      const line = (k) => {
        const label = elements.labels[k];
        const isFalse = elements.verdicts[k] === 0;
        const more = now.view === "truth" ? page.names[k] && `“${page.names[k]}”` : cut(elements.scores[k] / 1000);
        const button = element("button", {
          type: "button", class: "mm-node", "aria-label": `${described(names, settled, k)}; ${verdict(names, settled, now.view, k)}`,
        }, element("b", { style: `--tint: var(--mm-${tintOf(label)})`, "data-kind": isFalse && "false" },
          signOf(names[label - 1]) + (isFalse ? "!" : "")), element("span", {}, described(names, settled, k)), element("i", {}, more));
        button.addEventListener("focus", () => this.state.get().element !== k && this.state.set({ element: k }));
        button.addEventListener("pointerenter", () => this.state.get().element !== k && this.state.set({ element: k }));
        this.buttons.set(k, button);
        return button;
      };
      const list = (nodes) => element("ol", {}, ...nodes.map(({ element: k, parts: below }) =>
        element("li", {}, line(k), ...(below.length ? [list(below)] : []))));
      parts.outline.replaceChildren(list(outline));
      write(parts.title, `The outline of ${VIEWS[now.view]}`);
    }
    for (const [k, button] of this.buttons) {
      button.setAttribute("aria-current", String(k === chosen));
      button.tabIndex = k === (chosen < 0 ? order[0] : chosen) ? 0 : -1;
    }
  }

  /** The live page in the size of its room, and what the clicks hit. */
  writeLive(now, settled) {
    const { parts } = this;
    const { aims, elements, hits, page } = settled;
    const unit = parts.live.clientWidth / page.size[1];
    parts.frame.style.transform = `scale(${unit})`;
    write(parts.go, this.running ? "Stop" : `Click what ${now.view === "truth" ? "is there" : "was found"}`);
    parts.go.disabled = !aims.length;
    const shown = JSON.stringify([now.page, now.view, now.score, hits]);
    if (parts.marks.dataset.shown !== shown) {
      parts.marks.dataset.shown = shown;
      parts.marks.replaceChildren(...hits.map((hit, k) => {
        const [x, y] = elements.points[aims[k]];
        const place = `left: ${(100 * x) / page.size[1]}%; top: ${(100 * y) / page.size[0]}%`;
        return element("i", { "data-hit": String(hit), style: place }, hit ? "✓" : "✗");
      }));
    }
    if (this.loaded === now.page || this.running) return;
    this.loaded = now.page;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(now.page), 200); // who leafs through the pages waits for none
  }
}

export default {
  async render({ model, el }) {
    const pages = readPages(await inflate(model.get("said")));
    return new ScreenPicker(model, el, pages).close;
  },
};
