/**
 * The anchor sea: how many anchors lie over a picture, and does any of them fit this object?
 *
 * `AnchorSea` in Python describes the state that this view shows and changes: the recipe, the picture's size, the object,
 * the point, the levels that are drawn, and the thresholds. The recipes come from Python, too.
 */
import { SEA, centerOf, clamp, describe } from "./anchor_sea_measures.js";
import { layOut, nearestCells, settle, sidesInWords } from "./anchor_sea_measures.js";
import { dashOf, drawCloseUp, drawSea, levelColors, thinning, viewOf } from "./anchor_sea_picture.js";
import { fixed, trimmed } from "./decimals.js";
import { build } from "./anchor_sea_parts.js";
import { LivingView, press, shapeCanvas, usePad } from "./living_view.js";
import { arrowOf, cursorOf, dragBox, gripAt, onDrag, openCanvas, write } from "./stage.js";
import { grouped } from "./thousands.js";

const STEPS = { w: [0, -1], a: [-1, 0], s: [0, 1], d: [1, 0] };

/** The least width and height that a hand can give the object, in pixels of the picture. */
const LEAST_OBJECT = 1;

/** The widget on a page. */
class AnchorSea extends LivingView {
  constructor(model, el) {
    super(model, el, build(model.get("recipes"), model.get("sizes"), model.get("objects")));
    this.recipes = Object.fromEntries(model.get("recipes").map((recipe) => [recipe.name, recipe]));
    this.objects = model.get("objects");
    this.start = model.get("start");
    this.showPicture(model.get("picture"));
    const { parts, signal } = this;
    onDrag(parts.stage, {
      begin: (point, type) => this.take(point, type),
      tap: (point) => this.pointAt(this.placing().toPicture(point)),
      hover: (point) => cursorOf(this.gripAt(point)),
    }, signal);
    this.onKeys(parts.stage, (event) => this.act(event));
    usePad(this, parts.pad, (key) => this.act(key));
    this.on(parts.chart, "change", (event) => this.choose(event.target.value));
    this.on(parts.size, "change", (event) => this.resize(event.target.value.split(",").map(Number)));
    this.on(parts.object, "change", (event) => this.takeObject(this.objects.names.indexOf(event.target.value)));
    this.on(parts.toBest, "click", () => this.pointToBest());
    parts.levels.forEach(({ shown, dotted }, k) => {
      this.on(shown, "change", () => this.showLevel(k, shown.checked));
      this.on(dotted, "change", () => this.state.set({ dotted: k }));
    });
    for (const [entry, { input }] of [["foreground", parts.foreground], ["background", parts.background]]) {
      this.on(input, "input", () => this.setThreshold(entry, Number(input.value)));
    }
    this.on(parts.lowQuality, "change", () => this.state.set({ low_quality: parts.lowQuality.checked }));
    this.on(parts.reset, "click", () => this.reset());
    this.watchSizes(parts.stage, parts.closeUp);
    this.redraw();
  }

  /** Draw again once the picture is there; a widget without one has an empty text. */
  showPicture(url) {
    this.image = null;
    if (!url) return;
    const image = new Image();
    this.on(image, "load", () => {
      this.image = image;
      this.redraw();
    });
    image.src = url;
  }

  // --- what the reader can do

  choose(recipe) {
    const { levels } = this.recipes[recipe];
    const { dotted } = this.state.get();
    this.state.set({ recipe, shown: levels.map((_, k) => k), dotted: Math.min(dotted, levels.length - 1) });
  }

  /** Give the picture another size; the object and the point go with it. */
  resize(size) {
    const now = this.state.get();
    const moved = (numbers) => rescaled(numbers, now.size, size);
    this.state.set({ size, box: moved(now.box), point: moved(now.point) });
  }

  place(box) {
    this.state.set({ box: box.map((side) => Math.round(1000 * side) / 1000) });
  }

  pointAt(point) {
    const { size } = this.state.get();
    this.state.set({ point: point.map((v, k) => Math.round(1000 * clamp(v, 0, size[1 - k])) / 1000) });
  }

  pointToBest() {
    const { sea, settled: { best } } = this.settled();
    this.pointToCell(sea, best.level, best.row, best.column);
  }

  pointToCell(sea, level, row, column) {
    const [x, y] = centerOf(sea.levels[level], row, column);
    this.pointAt([x / sea.scale[1], y / sea.scale[0]]);
  }

  takeObject(k) {
    this.place(this.objectAt(k));
  }

  showLevel(k, shown) {
    const others = this.state.get().shown.filter((other) => other !== k);
    this.state.set({ shown: (shown ? [...others, k] : others).sort((p, q) => p - q) });
  }

  /** The thresholds may meet, but not pass each other. */
  setThreshold(entry, value) {
    const { foreground, background } = this.state.get();
    const allowed = entry === "foreground" ? clamp(value, background, 1) : clamp(value, 0.05, foreground);
    this.state.set({ [entry]: allowed });
  }

  reset() {
    this.state.set(this.start);
  }

  // --- how: by pointer, by key

  /** One of the objects to choose from, in pixels of the present picture. */
  objectAt(k) {
    return rescaled(this.objects.boxes[k], this.objects.size, this.state.get().size);
  }

  /** Which of the objects lies on the stage; -1 if the reader has moved it. */
  objectIndex() {
    const { box } = this.state.get();
    return this.objects.names.findIndex((_, k) => this.objectAt(k).every((side, n) => Math.abs(side - box[n]) < 0.02));
  }

  /** From the canvas to pixels of the picture, and back. */
  placing() {
    const { sea } = this.settled();
    const view = viewOf(sea);
    const unit = this.parts.stage.clientWidth / view.width;
    const scale = [sea.scale[1], sea.scale[0]];
    return {
      unit: scale.map((share) => share * unit),
      toPicture: (place) => place.map((v, k) => (v / unit - view.margin) / scale[k]),
      toCanvas: (numbers) => numbers.map((v, k) => (v * scale[k % 2] + view.margin) * unit),
    };
  }

  gripAt(place, reach = 12) {
    return gripAt(this.placing().toCanvas(this.state.get().box), place, reach);
  }

  /** A mouse beside the object takes the point there; a finger beside both scrolls the page, or taps. */
  take(from, pointerType) {
    const touch = pointerType === "touch";
    const { box, point } = this.state.get();
    const { unit, toPicture, toCanvas } = this.placing();
    const apart = toCanvas(point).map((v, k) => v - from[k]);
    const grip = this.gripAt(from, touch ? 22 : 12);
    const onPoint = Math.hypot(...apart) < (touch ? 24 : 12);
    if (grip && !(onPoint && grip.every(Boolean))) {
      return (to) => this.moveSides(box, grip, to.map((v, k) => (v - from[k]) / unit[k]));
    }
    if (!onPoint && touch) return null;
    if (!onPoint) this.pointAt(toPicture(from));
    return (to) => this.pointAt(toPicture(to.map((v, k) => v + (onPoint ? apart[k] : 0))));
  }

  /** The smallest step: a pixel, and less on a small picture. */
  get quantum() {
    return Math.max(...this.state.get().size) < 512 ? 0.25 : 1;
  }

  /** Move the gripped sides within the picture. */
  moveSides(box, grip, shift) {
    const { quantum } = this;
    const { size: [height, width] } = this.state.get();
    const by = shift.map((v) => quantum * Math.round(v / quantum));
    this.place(dragBox(box, grip, by, [0, 0, width, height], LEAST_OBJECT));
  }

  /** Returns whether the key meant something. */
  act(event) {
    const { box, dotted } = this.state.get();
    const arrow = arrowOf(event);
    const key = event.key.toLowerCase();
    if (arrow) {
      const step = this.quantum * (event.altKey ? 1 : 8);
      this.moveSides(box, event.shiftKey ? [0, 0, 1, 1] : [1, 1, 1, 1], [arrow[0] * step, arrow[1] * step]);
    } else if (key in STEPS) {
      const { sea, cells } = this.settled();
      const [row, column] = cells[dotted];
      const { rows, columns } = sea.levels[dotted];
      const [right, down] = STEPS[key];
      this.pointToCell(sea, dotted, clamp(row + down, 0, rows - 1), clamp(column + right, 0, columns - 1));
    } else if (key === "n" || key === "p") {
      const [now, number] = [this.objectIndex(), this.objects.names.length];
      this.takeObject(key === "n" ? (now + 1) % number : (Math.max(now, 0) + number - 1) % number);
    } else if (key === "b") this.pointToBest();
    else return false;
    return true;
  }

  // --- one picture

  /** All numbers of the present state, computed once. */
  settled() {
    const state = this.state.get();
    if (this.known?.state !== state) {
      const sea = layOut(this.recipes[state.recipe], state.size);
      this.known = { state, sea, settled: settle(sea, state), cells: nearestCells(sea, state.point) };
    }
    return this.known;
  }

  draw() {
    const { parts } = this;
    const { state, sea, settled, cells } = this.settled();
    const view = viewOf(sea);
    shapeCanvas(parts.stage, view.width, view.height);
    if (!parts.stage.clientWidth) return; // not on the page yet, or hidden: the next resize draws
    const palette = this.palette();
    const scene = { sea, state, settled, cells, image: this.image };
    drawSea(openCanvas(parts.stage), palette, scene);
    drawCloseUp(openCanvas(parts.closeUp), palette, scene);
    const caption = describe(sea, state, settled);
    write(parts.caption, caption);
    this.say(caption);
    this.writeCounts(palette, state, sea);
    this.writeLevels(palette, state, sea, settled);
    this.writeFit(state, sea, settled);
    const [object, point] = [state.box, state.point].map((numbers) => numbers.map((v) => trimmed(v, 1)).join(", "));
    parts.stage.setAttribute("aria-label",
      `A picture with an object at ${object}, and the anchors around a point at ${point}. `
        + "Arrow keys move the object, with Shift its right and bottom sides.");
  }

  /** The chart of all recipes: worked out anew only when the picture's size, the recipe or the theme changes. */
  writeCounts(palette, { recipe, size }, { total }) {
    const { parts } = this;
    const key = `${recipe} ${size}`;
    if (this.charted?.key === key && this.charted.palette === palette) return;
    this.charted = { key, palette };
    write(parts.total, grouped(total));
    write(parts.share, `anchors: ${fixed(total / SEA, 2)} × ${grouped(SEA)}`);
    write(parts.words, this.recipes[recipe].words.replaceAll("`", ""));
    press(parts.size, size);
    const seas = parts.recipes.map(({ name }) => layOut(this.recipes[name], size));
    const most = Math.max(SEA, ...seas.map((sea) => sea.total));
    parts.chart.style.setProperty("--sea", String(SEA / most));
    parts.recipes.forEach(({ name, input, bar, count }, k) => {
      input.checked = name === recipe;
      const { levels, total: number } = seas[k];
      input.setAttribute("aria-label", `${name}: ${grouped(number)} anchors`);
      write(count, grouped(number));
      bar.style.setProperty("--share", String(number / most));
      bar.style.backgroundImage = stacked(levels, number, levelColors(palette, levels.length));
    });
  }

  writeLevels(palette, state, sea, settled) {
    const colors = levelColors(palette, sea.levels.length);
    const rows = this.parts.levels.slice(0, sea.levels.length);
    if (this.parts.table.childElementCount !== rows.length) {
      this.parts.table.replaceChildren(...rows.map(({ root }) => root));
    }
    rows.forEach((row, k) => {
      const level = sea.levels[k];
      row.root.style.setProperty("--level", colors[k]);
      row.line.setAttribute("stroke-dasharray", dashOf(k, sea.levels.length).join(" "));
      row.shown.checked = state.shown.includes(k);
      row.dotted.checked = state.dotted === k;
      row.dotted.setAttribute("aria-label", `dots: ${level.name}`);
      write(row.name, level.name);
      write(row.stride, level.down === level.right ? String(level.down) : `${level.right}, ${level.down}`);
      const [least, largest] = [Math.min(...level.sizes), Math.max(...level.sizes)].map((size) => trimmed(size, 0));
      write(row.size, least === largest ? least : `${least}–${largest}`);
      write(row.count, grouped(level.count));
      const { iou } = settled.byLevel[k];
      row.bar.style.setProperty("--share", String(iou));
      write(row.iou, fixed(iou, 3));
      row.iou.style.fontWeight = k === settled.best.level ? "700" : "400";
    });
    const dotted = sea.levels[state.dotted];
    const every = thinning(dotted, this.parts.stage.clientWidth / viewOf(sea).width);
    const where = dotted.offset ? "in the middle of its cell" : "at the corner of its cell";
    write(this.parts.thinned, every === 1
      ? `Dots: all ${dotted.columns} × ${dotted.rows} centers of ${dotted.name}, each ${where}.`
      : `Dots: one in ${every} × ${every} of the ${dotted.columns} × ${dotted.rows} centers of ${dotted.name}.`);
  }

  writeFit(state, sea, { object, best, positive, ignored, negative }) {
    const { parts } = this;
    const [x1, y1, x2, y2] = state.box.map((side) => trimmed(side, 1));
    const resized = sea.scale.some((share) => share !== 1) ? `, resized to ${sidesInWords(object)}` : "";
    write(parts.place, `x ${x1} to ${x2}, y ${y1} to ${y2}: ${sidesInWords(state.box)}${resized}`);
    const fit = ["none", "near", "fits"][Number(best.iou >= state.background) + Number(best.iou >= state.foreground)];
    parts.root.dataset.fit = fit;
    parts.root.style.setProperty("--foreground", String(state.foreground));
    write(parts.iou, fixed(best.iou, 3));
    const shape = `${sea.levels[best.level].name}, ${trimmed(best.size, 0)} px, ratio ${trimmed(best.ratio, 2)}`;
    const said = { none: "No anchor even comes near", near: "No anchor fits", fits: "It fits" }[fit];
    parts.closeUp.setAttribute("aria-label", `The object and its best anchor from near by: IoU ${fixed(best.iou, 3)}`);
    write(parts.verdict, `${said}: the best is on ${shape}`);
    for (const [name, number] of Object.entries({ positive, ignored, negative })) write(parts[name].number, grouped(number));
    for (const name of ["foreground", "background"]) {
      parts[name].input.value = String(state[name]);
      write(parts[name].value, fixed(state[name], 2));
    }
    parts.lowQuality.checked = state.low_quality;
    press(parts.object, this.objects.names[this.objectIndex()]);
  }
}

/** Coordinates x, y, ... of a picture in pixels of the same in another size, `[height, width]`. */
function rescaled(numbers, before, after) {
  return numbers.map((v, k) => Math.round((1000 * v * after[1 - (k % 2)]) / before[1 - (k % 2)]) / 1000);
}

/** Colors side by side, each as wide as its level's share of all anchors. */
function stacked(levels, total, colors) {
  const stops = levels.map(({ first, count }, k) => (
    `${colors[k]} ${(100 * first) / total}% ${(100 * (first + count)) / total}%`));
  return `linear-gradient(to right, ${stops.join(", ")})`;
}

export default {
  render({ model, el }) {
    return new AnchorSea(model, el).close;
  },
};
