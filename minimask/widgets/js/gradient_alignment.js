/**
 * The gradient alignment: do the tasks pull against each other?
 *
 * `GradientAlignment` in Python describes the state that this view shows and changes: arrows under the reader's hand, or
 * a cell of trainings; the method; the weights. While it follows a training, `studies` and `run` grow.
 */
import { fixed } from "./decimals.js";
import { FULLEST, PULLS, cosineColors, courseOf, drawCourse, drawMaps, drawPlane } from "./gradient_alignment_picture.js";
import { mapsOf, paintCells, planeOf } from "./gradient_alignment_picture.js";
import { ARROWS, METHODS, arrowsGram, cellGram, cosine, describeArrows } from "./gradient_alignment_measures.js";
import { describeRun, describeStudy, effect, inPlane, momentOf, pairAt, pairsOf, unpack } from "./gradient_alignment_measures.js";
import { LivingView, choice, commonParts, keysHelp, press } from "./living_view.js";
import { arrowOf, element, onDrag, openCanvas, write } from "./stage.js";
import { grouped } from "./thousands.js";

const QUESTION = "Do the tasks pull against each other?";
const SOURCES = { arrows: "drag arrows", recorded: "recorded trainings", live: "this training" };
const KEYS = [
  ["A, B, C", "on the arrows: take one"],
  ["arrows", "on the arrows: move its tip by 0.05, with Shift by 0.2, with Alt by 0.01; on the map: another place or moment"],
  ["Page Up, Page Down", "on the map: the other heads"],
  ["Escape", "start over"],
];
const ARROWS_HELP = "A, B and C take an arrow; arrow keys move its tip by 0.05, with Shift by 0.2, with Alt by 0.01.";
const MAPS_HELP = "Arrow keys choose a place and a moment, Page Up and Page Down the heads.";
/** The third arrow to begin with. */
const THIRD = [-0.3, -0.75];
/** How long a kernel may take to answer, in ms. */
const PATIENCE = 4000;
const TRAITS = ["studies", "run", "asked", "sources"];

const canvasOf = (name, role) => element("canvas", { class: name, role, tabindex: role === "application" ? "0" : null });

/** A line of the legend: a sign and what it means. */
const signs = (...entries) => element("p", { class: "mm-note mm-signs" },
  ...entries.map(([kind, text]) => element("span", {}, element("s", { "data-kind": kind }), text)));

/** All elements of the widget, by role. */
function build(sources) {
  const parts = {
    source: choice("show", sources.map((name) => [name, SOURCES[name]])),
    method: choice("step by", Object.keys(METHODS).map((name) => [name, name === "sum" ? "sum" : METHODS[name]])),
    tasks: choice("tasks", [[2, "2"], [3, "3"]]),
    batches: choice("cosine", [["same", "on the same batch"], ["across", "on different batches"]]),
    seed: element("div"), pairs: element("div", { class: "mm-pairs", role: "radiogroup", "aria-label": "pair of tasks" }),
    stage: canvasOf("mm-stage", "application"), plane: canvasOf("mm-stage mm-plane", "img"),
    maps: canvasOf("mm-stage mm-maps", "application"), course: canvasOf("mm-course", "img"),
    moment: element("input", { type: "range", min: 0, step: 1, "aria-label": "step of the training" }),
    step: element("b"), rows: element("div", { class: "mm-tasks" }), heading: element("p", { class: "mm-heading" }),
    cosines: element("p", { class: "mm-cosines" }), title: element("p", { class: "mm-heading" }), hatched: element("span"),
    courseSigns: element("div"), left: element("div", { class: "mm-left" }), right: element("div", { class: "mm-right" }),
    go: element("button", { type: "button", class: "mm-go" }), facts: element("span"),
    note: element("p", { class: "mm-note", role: "alert" }),
    ...commonParts(),
  };
  const ends = [`-${FULLEST}`, `${FULLEST}`].map((text) => element("span", {}, text));
  parts.legend = element("div", { class: "mm-legend" }, "against", ends[0], element("i"), ends[1], "together",
    element("s", { "data-kind": "hatched" }), parts.hatched);
  parts.scrub = element("label", { class: "mm-slide" }, element("span", {}, "after step ", parts.step), parts.moment);
  parts.live = element("div", { class: "mm-head" }, parts.go, parts.facts);
  parts.arrowSigns = signs(["pull", "where a task pulls, minus its gradient: drag it"],
    ["common", "steps by which no task loses"], ["step", "the chosen step; thin: other methods"]);
  parts.planeSigns = signs(["common", "neither of the two loses"], ["step", "the chosen step, seen in this plane"]);
  parts.bars = element("p", { class: "mm-note" }, "Thick: the chosen method; thin: the plain sum. To the end: as much as a step for "
    + "that task alone.");
  parts.ends = element("div", { class: "mm-ends" }, element("span", {}, "← loss rises"), element("span", {}, "loss falls →"));
  parts.root = element("section", { class: "minimask mm-gradient-alignment", "aria-label": "The gradient alignment" },
    element("p", { class: "mm-question" }, QUESTION),
    element("div", { class: "mm-switches" }, parts.source, parts.method, parts.reset),
    parts.live, parts.note,
    element("div", { class: "mm-columns" }, parts.left, parts.caption, parts.right),
    parts.status, keysHelp(KEYS));
  return parts;
}

/** The widget on a page. */
class GradientAlignment extends LivingView {
  constructor(model, el) {
    super(model, el, build(model.get("sources")));
    this.model = model;
    this.held = 0;
    for (const trait of TRAITS) model.on(`change:${trait}`, this.redraw);
    this.signal.addEventListener("abort", () => {
      clearTimeout(this.timer);
      for (const trait of TRAITS) model.off(`change:${trait}`, this.redraw);
    });
    const { parts, state } = this;
    const choose = (row, name, as = (v) => v) => this.on(row, "change", (event) => state.set({ [name]: as(event.target.value) }));
    choose(parts.source, "source");
    choose(parts.method, "method");
    choose(parts.batches, "batches");
    choose(parts.seed, "seed", Number);
    choose(parts.pairs, "pair", (text) => text.split(",").map(Number));
    choose(parts.moment, "moment", Number);
    this.on(parts.moment, "input", () => state.set({ moment: parts.moment.valueAsNumber }));
    this.on(parts.tasks, "change", (event) => this.count(Number(event.target.value)));
    this.on(parts.rows, "input", (event) => this.weigh(Number(event.target.dataset.task), event.target.valueAsNumber));
    this.on(parts.reset, "click", () => this.reset());
    this.on(parts.go, "click", () => this.ask());
    onDrag(parts.stage, {
      begin: (point, type) => this.take(point, type),
      tap: (point) => this.take(point, "tap"),
      hover: (point) => (this.at(point, 24) < 0 ? "" : "grab"),
    }, this.signal);
    onDrag(parts.maps, { begin: (point, type) => this.pickCell(point, type), hover: () => "pointer" }, this.signal);
    onDrag(parts.course, { begin: (point, type) => this.pickMoment(point, type), hover: () => "pointer" }, this.signal);
    this.onKeys(parts.stage, (event) => this.moveByKey(event));
    this.onKeys(parts.maps, (event) => this.walkByKey(event));
    this.watchSizes(parts.stage, parts.plane, parts.maps, parts.course);
    this.redraw();
  }

  // --- what the reader can do

  reset() {
    this.held = 0;
    this.state.set(this.model.get("fresh"));
  }

  /** Show so many arrows. */
  count(tasks) {
    const { arrows, arrow_weights: weights } = this.state.get();
    this.held = Math.min(this.held, tasks - 1);
    this.state.set({ arrows: [...arrows, THIRD].slice(0, tasks), arrow_weights: [...weights, 1].slice(0, tasks) });
  }

  weigh(task, weight) {
    const now = this.state.get();
    const name = now.source === "arrows" ? "arrow_weights" : "weights";
    this.state.set({ [name]: now[name].with(task, weight) });
  }

  /** Lay the tip of the held arrow here, by hundredths. */
  lay(x, y) {
    const plain = (v) => Math.round(100 * Math.min(Math.max(v, -1), 1)) / 100;
    this.state.set({ arrows: this.state.get().arrows.with(this.held, [plain(x), plain(y)]) });
  }

  /** The arrow whose tip is nearest to a point and within reach, or -1. */
  at([x, y], reach) {
    const { at } = planeOf(this.parts.stage.clientWidth);
    const far = this.state.get().arrows.map((arrow) => Math.hypot(at(arrow)[0] - x, at(arrow)[1] - y));
    const nearest = far.indexOf(Math.min(...far));
    return far[nearest] <= reach ? nearest : -1;
  }

  /** Take an arrow at its tip; a mouse or a tap anywhere else brings the nearest tip. */
  take(point, type) {
    const found = this.at(point, type === "touch" ? 30 : Infinity);
    if (found < 0) return null;
    this.held = found;
    const { at, from } = planeOf(this.parts.stage.clientWidth);
    const tip = at(this.state.get().arrows[found]);
    const off = this.at(point, 24) < 0 ? [0, 0] : [tip[0] - point[0], tip[1] - point[1]];
    const follow = ([x, y]) => this.lay(...from([x + off[0], y + off[1]]));
    follow(point);
    this.redraw();
    return follow;
  }

  /** Returns whether the key meant something. */
  moveByKey(event) {
    const { arrows } = this.state.get();
    const task = ARROWS.slice(0, arrows.length).indexOf(event.key.toUpperCase());
    const way = arrowOf(event);
    if (task >= 0) {
      this.held = task;
      this.redraw();
    } else if (way) {
      const step = event.altKey ? 0.01 : event.shiftKey ? 0.2 : 0.05;
      const [x, y] = arrows[this.held];
      this.lay(x + step * way[0], y - step * way[1]);
    } else return false;
    return true;
  }

  /** Choose a place and a moment of a study, as near to these as there is one. */
  choose(study, place, moment) {
    const { at, moments } = this.studies[study];
    const rows = at.map((_, k) => k).filter((k) => at[k] >= 0);
    const nearest = rows.reduce((best, k) => (Math.abs(k - place) < Math.abs(best - place) ? k : best), rows[0]);
    this.state.set({ study, place: nearest, moment: Math.min(Math.max(moment, 0), moments.length - 1) });
  }

  pickCell(from, type) {
    const { clientWidth: width } = this.parts.maps;
    const { top, pitch, maps } = mapsOf(width, this.studies, this.rows);
    const follow = ([x, y]) => {
      const study = maps.length > 1 && x > maps[1].left - 6 ? 1 : 0;
      this.choose(study, Math.floor((y - top) / pitch), Math.floor((x - maps[study].left) / maps[study].unit));
    };
    follow(from);
    return type === "touch" ? null : follow;
  }

  pickMoment(from, type) {
    const { study, place } = this.state.get();
    const count = this.studies[study].moments.length;
    const { left, unit } = courseOf(this.parts.course.clientWidth, count);
    const follow = ([x]) => this.choose(study, place, Math.floor((x - left) / unit));
    follow(from);
    return type === "touch" ? null : follow;
  }

  /** Returns whether the key meant something. */
  walkByKey(event) {
    const now = this.state.get();
    const moment = momentOf(this.studies[now.study], now);
    const way = arrowOf(event);
    const page = { PageUp: -1, PageDown: 1 }[event.key];
    if (way?.[0]) this.choose(now.study, now.place, moment + way[0]);
    else if (way) this.walk(now, moment, way[1]);
    else if (page) this.choose(Math.min(Math.max(now.study + page, 0), this.studies.length - 1), now.place, moment);
    else if (event.key === "Home") this.choose(now.study, now.place, 0);
    else if (event.key === "End") this.choose(now.study, now.place, Infinity);
    else return false;
    return true;
  }

  /** Go to the next place of the study, up or down. */
  walk({ study, place }, moment, way) {
    const { at } = this.studies[study];
    let next = place + way;
    while (next >= 0 && next < at.length && at[next] < 0) next += way;
    if (next >= 0 && next < at.length) this.choose(study, next, moment);
  }

  /** Ask the kernel to stop, or to go on; if it does not answer, say so. */
  ask() {
    const { model } = this;
    model.set("asked", model.get("asked") === "go" ? "stop" : "go");
    model.save_changes();
    clearTimeout(this.timer);
    const before = model.get("run").phase;
    this.timer = setTimeout(() => {
      const silent = before === model.get("run").phase;
      write(this.parts.note, silent ? "The kernel does not answer: it is busy with another cell, or not running." : "");
    }, PATIENCE);
  }

  // --- one picture

  /** Read the trainings, if they are others than before. */
  read() {
    const packed = this.model.get("studies");
    if (packed === this.packed) return;
    this.packed = packed;
    this.studies = packed.map(unpack);
    this.rows = this.model.get("rows");
    this.cells = null;
  }

  /** How the chosen pair gets on in all cells of all studies; kept until something of it changes. */
  allCells(now) {
    const key = [now.pair, now.batches, now.seed].join();
    if (!this.cells || this.cells.key !== key) {
      const of = (study) => study.at.map((at) => (at < 0 ? null : study.moments.map((_, m) => pairAt(study, now, at, m))));
      this.cells = { key, all: this.studies.map(of) };
    }
    return this.cells.all;
  }

  draw() {
    const { parts } = this;
    this.read();
    const now = this.state.get();
    const kind = now.source === "arrows" ? "arrows" : this.studies.length ? "study" : "empty";
    this.arrange(kind);
    const canvas = { arrows: parts.stage, study: parts.maps }[kind];
    if (canvas && !canvas.clientWidth) return;
    const words = { arrows: () => this.drawArrows(now), study: () => this.drawStudy(now), empty: () => "No gradients yet." };
    const caption = now.source === "arrows" ? words.arrows() : describeRun(this.model.get("run")) + words[kind]();
    write(parts.caption, caption);
    const { phase } = this.model.get("run");
    this.say(now.source !== "arrows" && phase === "running" && now.moment < 0 ? "The training is running." : caption);
    press(parts.source, now.source);
    press(parts.method, now.method);
    this.writeLive(now);
  }

  /** Put the parts on the page that a source needs. */
  arrange(kind) {
    const { parts } = this;
    if (this.kind === kind) return;
    this.kind = kind;
    parts.root.dataset.kind = kind;
    const tasks = [parts.heading, parts.ends, parts.rows, parts.bars];
    const [left, right] = {
      arrows: [[parts.stage, parts.arrowSigns], [parts.tasks, parts.cosines, ...tasks]],
      study: [[parts.batches, parts.seed, parts.title, parts.maps, parts.scrub, parts.legend, parts.course, parts.courseSigns],
        [parts.pairs, parts.plane, parts.planeSigns, ...tasks]],
      empty: [[], []],
    }[kind];
    parts.left.replaceChildren(...left);
    parts.right.replaceChildren(...right);
  }

  /** The steps of all methods, each of the same length, as weights of the pulls. */
  steps(gram, weights) {
    return Object.keys(METHODS).map((method) => ({ method, ...effect(gram, weights, method) })).filter(({ length }) => length);
  }

  drawArrows(now) {
    const { parts } = this;
    const { arrows, arrow_weights: weights, method } = now;
    const [gram, names] = [arrowsGram(arrows), ARROWS.slice(0, arrows.length)];
    const steps = this.steps(gram, weights).map(({ method: name, weights: found, length }) => ({
      method: name, tip: [0, 1].map((axis) => found.reduce((sum, v, k) => sum + v * arrows[k][axis], 0) / length),
    }));
    drawPlane(openCanvas(parts.stage), this.palette(), { pulls: arrows, names, weights, steps, method, held: this.held });
    press(parts.tasks, arrows.length);
    const tips = names.map((name, k) => `${name} at ${fixed(arrows[k][0], 2)}, ${fixed(arrows[k][1], 2)}`).join("; ");
    parts.stage.setAttribute("aria-label", `Pulls of tasks on two weights: ${tips}. ${ARROWS_HELP}`);
    this.writeCosines(pairsOf(names).map(([i, j]) => [`${names[i]} and ${names[j]}`, cosine(gram, i, j)]));
    this.writeTasks(names, gram, weights, now, (k) => PULLS[k]);
    return describeArrows(now);
  }

  /** Cosines of the arrows; those of tasks that pull against each other stand out. */
  writeCosines(pairs) {
    const { cosines } = this.parts;
    if (cosines.childElementCount !== pairs.length) {
      cosines.replaceChildren(...pairs.map(() => element("span", {}, element("b"), element("span"))));
    }
    pairs.forEach(([name, value], k) => {
      const [number, text] = cosines.children[k].children;
      write(number, Number.isNaN(value) ? "–" : fixed(value, 2));
      write(text, `cosine of ${name}`);
      cosines.children[k].toggleAttribute("data-against", value < 0);
    });
  }

  drawStudy(now) {
    const { parts, studies, rows } = this;
    const study = studies[now.study];
    const place = study.at[now.place];
    const [moment, cells, palette] = [momentOf(study, now), this.allCells(now), this.palette()];
    const { clientWidth: width } = parts.maps;
    if (this.painted?.palette !== palette) this.painted = { palette, colors: cosineColors(palette) };
    const { colors } = this.painted;
    if (this.painted.cells !== cells || this.painted.width !== width) {
      Object.assign(this.painted, { cells, width, ground: paintCells(width, palette, { studies, rows, cells, colors }) });
    }
    const same = now.batches === "same";
    const high = `${mapsOf(width, studies, rows).height}px`;
    if (parts.maps.style.height !== high) parts.maps.style.height = high;
    drawMaps(openCanvas(parts.maps), palette, { studies, rows, state: now, moment, ground: this.painted.ground });
    const other = cells[1 - now.study]?.[now.place] ?? [];
    drawCourse(openCanvas(parts.course), palette, { study, course: cells[now.study][now.place], other, moment, same });
    const gram = cellGram(study, now, place, moment);
    const weights = now.weights.length === study.tasks.length ? now.weights : study.tasks.map(() => 1);
    this.drawPair(study, gram, weights, now);
    this.writeStudy(study, gram, now, moment, colors);
    this.writeTasks(study.tasks, gram, weights, now, (k) => PULLS[now.pair.indexOf(k)] ?? "muted");
    return describeStudy(study, place, { ...now, weights });
  }

  /** The two chosen tasks in the plane that they span. */
  drawPair(study, gram, weights, { pair, method }) {
    const steps = this.steps(gram, weights);
    const { pulls, projected } = inPlane(gram, pair, steps.map((step) => step.weights));
    const longest = Math.max(...pulls.map((pull) => Math.hypot(...pull))) || 1;
    const unit = (v, scale) => v.map((x) => x / scale);
    drawPlane(openCanvas(this.parts.plane), this.palette(), {
      pulls: pulls.map((pull) => unit(pull, longest)), names: pair.map((k) => study.tasks[k]),
      weights: pair.map((k) => weights[k]), method, held: null,
      steps: steps.map((step, k) => ({ method: step.method, tip: unit(projected[k], step.length) })),
    });
    const [one, other] = pair.map((k) => study.tasks[k]);
    this.parts.plane.setAttribute("aria-label", `The pulls of ${one} and ${other} in the plane that they span, `
      + `with cosine ${fixed(cosine(gram, ...pair), 2)}.`);
  }

  writeStudy(study, gram, now, moment, colors) {
    const { parts } = this;
    const same = now.batches === "same";
    const [one, other] = now.pair.map((k) => study.tasks[k]);
    write(parts.title, `Cosine of ${one} and ${other}, place by place`);
    write(parts.hatched, `within the ${same ? "noise floor or the " : ""}spread over seeds; blank: nothing to compare`);
    parts.moment.max = study.moments.length - 1;
    parts.moment.valueAsNumber = moment;
    parts.moment.setAttribute("aria-valuetext", `step ${study.moments[moment]}`);
    write(parts.step, grouped(study.moments[moment]));
    press(parts.batches, now.batches);
    this.offer(parts.seed, "seed", study.seeds.length > 1 ? [[-1, "mean"], ...study.seeds.map((v, k) => [k, String(v)])] : []);
    press(parts.seed, now.seed);
    this.writePairs(study.tasks, gram, now, colors);
    parts.maps.setAttribute("aria-label", `Cosine of ${one} and ${other} at ${this.rows[now.place]}, ${study.name}, `
      + `after step ${study.moments[moment]}. ${MAPS_HELP}`);
    parts.course.setAttribute("aria-label", `Cosine of ${one} and ${other} through the training at ${this.rows[now.place]}`);
    const rival = this.studies[1 - now.study];
    const entries = [["mean", study.name], ...(study.seeds.length > 1 ? [["seeds", "all seeds"]] : []),
      ...(rival ? [["other", rival.name]] : []), ...(same ? [["floor", "noise floor"]] : [])];
    const key = entries.flat().join();
    if (parts.courseSigns.dataset.shown !== key) {
      parts.courseSigns.dataset.shown = key;
      parts.courseSigns.replaceChildren(signs(...entries));
    }
  }

  /** Fill a place with a row of buttons, if the options are others than before. */
  offer(node, name, options) {
    const key = options.join();
    if (node.dataset.shown === key) return;
    node.dataset.shown = key;
    node.replaceChildren(...(options.length ? [choice(name, options)] : []));
  }

  /** The cosines of all pairs in a triangle; the pressed one is the chosen pair. */
  writePairs(tasks, gram, { pair }, colors) {
    const { pairs } = this.parts;
    if (pairs.dataset.shown !== tasks.join()) {
      pairs.dataset.shown = tasks.join();
      const group = `minimask-${Math.random().toString(36).slice(2)}`;
      pairs.style.gridTemplateColumns = `max-content repeat(${tasks.length - 1}, minmax(0, 1fr))`;
      const label = (i, j) => element("label", {}, element("input", { type: "radio", name: group, value: `${i},${j}` }), element("span"));
      const line = (j) => [element("span", {}, tasks[j]), ...tasks.slice(0, -1).map((_, i) => (i < j ? label(i, j) : element("span")))];
      pairs.replaceChildren(...tasks.slice(1).flatMap((_, k) => line(k + 1)),
        element("span"), ...tasks.slice(0, -1).map((name) => element("span", { class: "mm-under" }, name)));
    }
    for (const input of pairs.querySelectorAll("input")) {
      const [i, j] = input.value.split(",").map(Number);
      const value = cosine(gram, i, j);
      const text = Number.isNaN(value) ? "–" : fixed(value, 2);
      input.checked = input.value === pair.join();
      input.setAttribute("aria-label", `${tasks[i]} and ${tasks[j]}: cosine ${text}`);
      write(input.nextSibling, text);
      input.parentNode.style.setProperty("--mm-cosine", Number.isNaN(value) ? "transparent" : colors(value));
    }
  }

  /** For each task its weight, and what a step does to its loss: the chosen method's bar, and thin the sum's. */
  writeTasks(names, gram, weights, { method }, colorOf) {
    const { parts } = this;
    if (parts.rows.dataset.shown !== names.join()) {
      parts.rows.dataset.shown = names.join();
      parts.rows.replaceChildren(...names.map((name, task) => element("div", { class: "mm-task" },
        element("span", {}, element("i"), name),
        element("input", { type: "range", min: 0, max: 3, step: 0.05, "data-task": task, "aria-label": `weight of ${name}` }),
        element("b"), element("div", { class: "mm-bar" }, element("i"), element("i")), element("span"))));
    }
    const [found, plain] = [effect(gram, weights, method), effect(gram, weights, "sum")];
    write(parts.heading, found.length ? `What a small step by ${METHODS[method]} does to each loss`
      : `${METHODS[method][0].toUpperCase()}${METHODS[method].slice(1)} stands still`);
    names.forEach((name, k) => {
      const [who, slider, weight, bar, says] = parts.rows.children[k].children;
      who.firstChild.style.background = `var(--mm-${colorOf(k)})`;
      slider.valueAsNumber = weights[k];
      write(weight, `× ${fixed(weights[k], 2)}`);
      [found, plain].forEach(({ share }, n) => {
        const style = bar.children[n].style;
        style.left = `${50 + 50 * Math.min(share[k], 0)}%`;
        style.width = `${50 * Math.abs(share[k])}%`;
        bar.children[n].toggleAttribute("data-loses", share[k] < 0);
      });
      bar.children[1].hidden = method === "sum";
      const percent = fixed(100 * Math.abs(found.share[k]), 0);
      const loses = found.share[k] < 0 && percent !== "0";
      write(says, percent === "0" ? "stays" : `${loses ? "rises" : "falls"} ${percent} %`);
      parts.rows.children[k].toggleAttribute("data-loses", loses);
    });
  }

  writeLive(now) {
    const { parts, model } = this;
    const { phase, step, steps, error } = model.get("run");
    parts.live.hidden = !phase || phase === "ready" || now.source !== "live";
    parts.go.hidden = !["running", "stopping", "paused"].includes(phase);
    write(parts.go, model.get("asked") === "go" ? "Stop" : "Go on");
    write(parts.facts, phase ? `${grouped(step)} of ${grouped(steps)} steps` : "");
    if (this.phase !== phase) write(parts.note, phase === "failed" ? `The training ended early. ${error}` : "");
    this.phase = phase;
  }
}

export default {
  render({ model, el }) {
    return new GradientAlignment(model, el).close;
  },
};
