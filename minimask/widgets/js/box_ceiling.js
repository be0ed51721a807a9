/**
 * The box ceiling: how high can the IoU of a box with this silhouette be?
 *
 * `BoxCeiling` in Python describes the state that this view shows and changes: shape, angle, box, drawn, and what to
 * show. Everything else here follows from the state, but for a drawing under way.
 */
import { DRAWN, describe, measure, poseOf, startBox, three } from "./box_ceiling_measures.js";
import { ROOM, SHEET, drawCurve, drawDraft, drawStage, limitsOf, pathOf } from "./box_ceiling_picture.js";
import { trimmed } from "./decimals.js";
import { boundingBox, crossesItself, signedArea, simplify } from "./geometry.js";
import { LivingView, arrowPad, commonParts, keysHelp, switched, usePad } from "./living_view.js";
import { arrowOf, cursorOf, dragBox, element, glide, gripAt, inIdleTime, onDrag, openCanvas, write } from "./stage.js";

const QUESTION = "How high can the IoU of a box with this silhouette be?";
const DRAWING_HELP = "Draw the outline of a silhouette in one stroke, without crossing your own line. "
  + "Or click its corners, and the first one again. By keyboard: arrows move the pen, Space sets a corner, Enter closes the outline, Escape gives up.";
const MOVING_HELP = "Arrow keys move it, with Shift its right and bottom sides, with Alt in small steps.";
const KEYS = [
  ["arrows", "move the box"],
  ["Shift + arrows", "move its right and bottom sides"],
  ["Alt + ...", "the same in small steps"],
  ["R, Shift + R", "rotate the silhouette by 5° (with Alt: 1°)"],
  ["T, B", "take the tight box, the best box"],
  ["Escape", "start over"],
];

/** The smallest width and height of the reader's box, in pixels of the stage. */
const LEAST = 12;

/** A button that shows a silhouette, one of a group of which one is chosen. */
function thumbnail(name, polygon, group) {
  const [x1, y1, x2, y2] = boundingBox(polygon);
  const scale = 26 / Math.max(x2 - x1, y2 - y1);
  const path = pathOf(polygon, ([x, y]) => [18 + (x - (x1 + x2) / 2) * scale, 18 + (y - (y1 + y2) / 2) * scale]);
  const input = element("input", { type: "radio", name: group, value: name, "aria-label": name });
  const picture = element("svg", { viewBox: "0 0 36 36", "aria-hidden": "true" }, element("path", { d: path }));
  return element("label", { title: name }, input, picture);
}

/** All elements of the widget, by role. */
function build(shapes) {
  const group = `minimask-${Math.random().toString(36).slice(2)}`;
  const parts = {
    group,
    shapes: element("div", { class: "mm-shapes", role: "radiogroup", "aria-label": "Silhouette" },
      ...Object.entries(shapes).map(([name, polygon]) => thumbnail(name, polygon, group))),
    draw: element("button", { type: "button", class: "mm-pen", title: "Draw a silhouette of your own" }, "✎ draw"),
    stage: element("canvas", { class: "mm-stage", tabindex: "0", role: "application" }),
    curve: element("canvas", { class: "mm-curve", role: "img" }),
    angle: element("input", { type: "range", min: 0, max: 180, step: 1, "aria-label": "Angle of the silhouette" }),
    degrees: element("span"),
    intersection: element("span"), union: element("span"), iou: element("strong"),
    showTight: element("input", { type: "checkbox" }), showBest: element("input", { type: "checkbox" }),
    showSides: element("input", { type: "checkbox" }), pad: arrowPad("box"),
    takeTight: element("button", { type: "button" }, "Take tight box"),
    takeBest: element("button", { type: "button" }, "Take best box"),
    ...commonParts(),
  };
  const row = (kind, label) => {
    const [bar, number] = [element("i"), element("b")];
    Object.assign(parts, { [`${kind}Bar`]: bar, [`${kind}Number`]: number });
    return element("div", { class: `mm-row mm-${kind}` }, label, element("div", { class: "mm-bar" }, bar), number);
  };
  parts.root = element("section", { class: "minimask mm-box-ceiling", "aria-label": "The box ceiling" },
    element("p", { class: "mm-question" }, QUESTION),
    element("div", { class: "mm-chooser" }, parts.shapes, parts.draw),
    element("div", { class: "mm-columns" },
      element("div", { class: "mm-left" }, parts.stage,
        element("div", { class: "mm-buttons" }, parts.takeTight, parts.takeBest, parts.reset), parts.pad.root),
      parts.caption,
      element("div", { class: "mm-right" },
        element("p", { class: "mm-formula" }, element("span", {}, "IoU ="),
          element("span", { class: "mm-fraction" },
            element("span", {}, element("i", { class: "mm-both" }), parts.intersection, " px² in both"),
            element("span", {}, element("i", { class: "mm-either" }), parts.union, " px² in either")),
          "=", parts.iou),
        element("div", { class: "mm-rows" }, row("yours", element("span", {}, "your box")),
          row("tight", switched(parts.showTight, "tight box")), row("best", switched(parts.showBest, "best box"))),
        switched(parts.showSides, "how much of each side lies inside"),
        element("p", { class: "mm-heading" }, "The ceiling as it turns: ", parts.degrees),
        parts.curve, parts.angle)),
    parts.status, keysHelp(KEYS));
  return parts;
}

/** What is wrong with a drawn outline, in words, or "" if nothing is. */
function objection(ring) {
  if (ring.length > 3 && crossesItself(ring)) {
    return "Your line crosses itself, so it is not clear what lies inside. "
      + "Please try again: the two ends join by themselves.";
  }
  const small = ring.length < 3 || Math.abs(signedArea(ring)) < SHEET ** 2 / 100;
  return small ? "That outline holds next to nothing. Please try a larger one: press, trace it, and let go." : "";
}

/** A silhouette and what is known about it: its poses are kept, and the curve is worked out when there is time. */
class Silhouette {
  constructor(/** @type {string} */ key, polygon) {
    this.key = key;
    this.polygon = polygon;
    this.limits = limitsOf(polygon);
    this.poses = new Map();
    this.ceilings = new Map(); // IoU of the tight and the best box by angle, as far as known
  }

  /** The silhouette turned to an angle. */
  at(/** @type {number} */ angle) {
    if (!this.poses.has(angle)) this.poses.set(angle, poseOf(this.polygon, angle));
    return this.poses.get(angle);
  }

  /** Work out the curve, angle by angle: first roughly, then closely. */
  *trace() {
    for (const step of [15, 5, 1]) {
      for (let angle = 0; angle <= 90; angle += step) {
        if (this.ceilings.has(angle)) continue;
        const { tight, best } = this.at(angle);
        this.ceilings.set(angle, { tight: tight.iou, best: best.iou });
        yield;
      }
    }
  }
}

/** The widget on a page. */
class BoxCeiling extends LivingView {
  constructor(model, el) {
    super(model, el, build(model.get("shapes")));
    this.shapes = model.get("shapes");
    /** @type {{points: Point[], pen: Point} | null} a drawing under way */
    this.draft = null;
    this.notice = ""; // what to say instead of the caption
    this.stopGliding = () => {};
    this.stopTracing = () => {};
    this.listen();
    this.redraw();
  }

  /** The silhouette that the state names. */
  get silhouette() {
    const { shape, drawn } = this.state.get();
    const key = shape === DRAWN ? JSON.stringify(drawn) : shape;
    if (key !== this.shown?.key) {
      this.shown = new Silhouette(key, shape === DRAWN ? [drawn] : this.shapes[shape]);
      this.stopTracing();
      const busy = () => this.dragging.some((drag) => drag.active());
      this.stopTracing = inIdleTime(this.shown.trace(), busy, this.redraw, this.signal);
    }
    return this.shown;
  }

  // --- what the reader can do

  /** Change the state; a drawing under way is given up. */
  act(entries) {
    this.stopGliding();
    this.draft = null;
    this.notice = "";
    this.state.set(entries);
  }

  choose(shape, drawn = this.state.get().drawn) {
    const polygon = shape === DRAWN ? [drawn] : this.shapes[shape];
    this.act({ shape, drawn, angle: 0, box: startBox(polygon) });
  }

  take(/** @type {"tight" | "best"} */ kind) {
    const { box: from, angle } = this.state.get();
    const to = this.silhouette.at(angle)[kind].box;
    this.act({});
    this.stopGliding = glide((share) => {
      this.state.set({ box: share === 1 ? [...to] : from.map((side, k) => side + share * (to[k] - side)) });
    });
  }

  turnTo(/** @type {number} */ degrees) {
    this.act({ angle: Math.min(Math.max(Math.round(degrees), 0), 180) });
  }

  reset() {
    const box = startBox(this.silhouette.polygon);
    this.act({ angle: 0, box, show_tight: true, show_best: false, show_sides: true });
  }

  startDrawing() {
    this.draft = { points: [], pen: [SHEET / 2, SHEET / 2] };
    this.notice = DRAWING_HELP;
    this.redraw();
    this.parts.stage.focus({ preventScroll: true });
  }

  finishDrawing() {
    const { points, pen } = this.draft;
    let ring = points;
    for (let tolerance = SHEET / 250; points.length && (ring === points || ring.length > 120); tolerance *= 1.5) {
      ring = simplify([...points, points[0]], tolerance).slice(0, -1);
    }
    this.notice = objection(ring);
    if (this.notice) this.draft = { points: [], pen };
    else this.choose(DRAWN, ring.map((point) => point.map((v) => Math.round(100 * v) / 100)));
    this.redraw();
  }

  // --- how: by pointer, by key, by the controls

  listen() {
    const { parts, signal } = this;
    const on = (node, name, action) => this.on(node, name, action);
    this.dragging = [
      onDrag(parts.stage, {
        begin: (point, type) => (this.draft ? this.dragPen(point) : this.dragBox(point, type)),
        end: () => this.draft && this.liftPen(),
        hover: (point) => (this.draft ? "crosshair" : cursorOf(this.gripAt(point))),
      }, signal),
      onDrag(parts.curve, { begin: (point) => this.dragAngle(point), hover: () => "ew-resize" }, signal),
    ];
    this.onKeys(parts.stage, (event) => (this.draft ? this.drawByKey(event) : this.moveByKey(event)));
    usePad(this, parts.pad, (key) => this.moveByKey(key));
    on(parts.shapes, "change", (event) => this.choose(event.target.value));
    on(parts.draw, "click", () => this.startDrawing());
    on(parts.takeTight, "click", () => this.take("tight"));
    on(parts.takeBest, "click", () => this.take("best"));
    on(parts.reset, "click", () => this.reset());
    on(parts.showTight, "change", () => this.act({ show_tight: parts.showTight.checked }));
    on(parts.showBest, "change", () => this.act({ show_best: parts.showBest.checked }));
    on(parts.showSides, "change", () => this.act({ show_sides: parts.showSides.checked }));
    on(parts.angle, "input", () => this.turnTo(parts.angle.valueAsNumber));
    this.watchSizes(parts.stage, parts.curve);
  }

  /** How much of the plane one pixel of the stage shows. */
  get scale() {
    const [left, , right] = this.silhouette.limits;
    return (right - left) / this.parts.stage.clientWidth;
  }

  gripAt(/** @type {Point} */ point, reach = 12) {
    const { scale, silhouette: { limits: [left, top] } } = this;
    const [x1, y1, x2, y2] = this.state.get().box.map((side, k) => (side - (k % 2 ? top : left)) / scale);
    return gripAt([x1, y1, x2, y2], point, reach);
  }

  dragBox(/** @type {Point} */ from, /** @type {string} */ pointerType) {
    this.stopGliding();
    const { box } = this.state.get();
    const grip = this.gripAt(from, pointerType === "touch" ? 22 : 12);
    return grip && ((to) => this.moveBox(box, grip, [to[0] - from[0], to[1] - from[1]]));
  }

  /** Move the gripped sides of a box by a shift in pixels of the stage. */
  moveBox(box, grip, [dx, dy]) {
    const { scale } = this;
    this.act({ box: dragBox(box, grip, [dx * scale, dy * scale], this.silhouette.limits, LEAST * scale) });
  }

  dragPen(/** @type {Point} */ from) {
    const toSheet = (v) => Math.min(Math.max((v * SHEET) / this.parts.stage.clientWidth, 0), SHEET);
    const follow = (/** @type {Point} */ [x, y]) => {
      this.draft.pen = [toSheet(x), toSheet(y)];
      this.draft.points.push(this.draft.pen);
      this.redraw();
    };
    this.draft.corners = this.draft.points;
    this.draft.points = [];
    follow(from);
    return follow;
  }

  /** The end of a stroke closes the outline. What is no stroke but a click sets a corner, or closes it at the first. */
  liftPen() {
    const { corners, points, pen } = this.draft;
    const apart = (point) => Math.hypot(point[0] - pen[0], point[1] - pen[1]);
    if (Math.max(...points.map(apart)) > SHEET / 50) this.finishDrawing();
    else {
      const closed = corners.length > 2 && apart(corners[0]) < SHEET / 25;
      this.draft.points = closed ? corners : [...corners, pen];
      if (closed) this.finishDrawing();
    }
    this.redraw();
  }

  dragAngle(/** @type {Point} */ from) {
    const follow = (/** @type {Point} */ [x]) => {
      this.turnTo((180 * (x - ROOM.left)) / (this.parts.curve.clientWidth - ROOM.left - ROOM.right));
    };
    follow(from);
    return follow;
  }

  /** A key while the box is in hand. Returns whether it meant something. */
  moveByKey(/** @type {KeyboardEvent} */ event) {
    const { box, angle } = this.state.get();
    const arrow = arrowOf(event);
    if (arrow) {
      const step = (this.parts.stage.clientWidth / 100) * (event.altKey ? 0.1 : 1);
      this.moveBox(box, event.shiftKey ? [0, 0, 1, 1] : [1, 1, 1, 1], [arrow[0] * step, arrow[1] * step]);
    } else if (event.code === "KeyR") this.turnTo(angle + (event.shiftKey ? -1 : 1) * (event.altKey ? 1 : 5));
    else if (event.key === "t") this.take("tight");
    else if (event.key === "b") this.take("best");
    else return false;
    return true;
  }

  /** A key while the pen is in hand. Returns whether it meant something. */
  drawByKey(/** @type {KeyboardEvent} */ event) {
    const { points, pen } = this.draft;
    const arrow = arrowOf(event);
    const moved = (axis) => Math.min(Math.max(pen[axis] + arrow[axis] * (event.altKey ? 1 : 5), 0), SHEET);
    if (arrow) this.draft.pen = [moved(0), moved(1)];
    else if (event.key === " ") points.push(pen);
    else if (event.key === "Backspace") points.pop();
    else if (event.key === "Enter") this.finishDrawing();
    else if (event.key === "Escape") this.act({});
    else return false;
    this.redraw();
    return true;
  }

  // --- one picture

  draw() {
    const { parts, silhouette } = this;
    if (!parts.stage.clientWidth) return; // not on the page yet, or hidden: the next resize draws
    const now = this.state.get();
    const pose = silhouette.at(now.angle);
    const palette = this.palette();
    const { iou, intersection, union } = measure(pose, now.box);
    const ious = { yours: iou, tight: pose.tight.iou, best: pose.best.iou };
    const [stage, curve] = [openCanvas(parts.stage), openCanvas(parts.curve)];
    if (this.draft) drawDraft(stage, palette, this.draft);
    else drawStage(stage, palette, now, pose, silhouette.limits);
    drawCurve(curve, palette, silhouette.ceilings, now.angle, ious);

    for (const [kind, value] of Object.entries(ious)) {
      write(parts[`${kind}Number`], three(value));
      parts[`${kind}Bar`].style.setProperty("--share", value.toFixed(4));
    }
    const area = (value) => value.toLocaleString("en-US", { maximumFractionDigits: 0 });
    write(parts.intersection, area(intersection));
    write(parts.union, area(union));
    write(parts.iou, three(iou));
    const caption = this.notice || describe(now.shape, pose, now.box);
    write(parts.caption, caption);
    parts.caption.toggleAttribute("data-best", !this.draft && three(iou) === three(ious.best));
    this.say(caption);
    this.writeControls(now, `tight box ${three(ious.tight)}, best box ${three(ious.best)}`);
  }

  writeControls(now, ceilings) {
    const { parts } = this;
    if (now.drawn && parts.drawnFrom !== now.drawn) {
      parts.drawnThumbnail?.remove();
      parts.drawnThumbnail = thumbnail(DRAWN, [now.drawn], parts.group);
      parts.shapes.append(parts.drawnThumbnail);
      parts.drawnFrom = now.drawn;
    }
    const drawing = this.draft !== null;
    const [x1, y1, x2, y2] = now.box.map((side) => trimmed(side, 1));
    const where = `x ${x1} to ${x2}, y ${y1} to ${y2}`;
    parts.root.toggleAttribute("data-drawing", drawing);
    parts.draw.setAttribute("aria-pressed", String(drawing));
    for (const input of parts.shapes.querySelectorAll("input")) input.checked = !drawing && input.value === now.shape;
    parts.showTight.checked = now.show_tight;
    parts.showBest.checked = now.show_best;
    parts.showSides.checked = now.show_sides;
    parts.angle.valueAsNumber = now.angle;
    write(parts.degrees, `${now.angle}°`);
    parts.angle.setAttribute("aria-valuetext", `${now.angle} degrees: ${ceilings}`);
    parts.curve.setAttribute("aria-label", `IoU of both boxes at all angles; at ${now.angle} degrees: ${ceilings}`);
    parts.stage.setAttribute("aria-label", drawing ? DRAWING_HELP : `Your box on ${now.shape}, ${where}. ${MOVING_HELP}`);
  }
}

/** @typedef {import("./geometry.js").Point} Point */

export default {
  render({ model, el }) {
    return new BoxCeiling(model, el).close;
  },
};
