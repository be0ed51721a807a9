/**
 * The box ceiling: how high can the IoU of a box with this silhouette be?
 *
 * `BoxCeiling` in Python describes the state that this view shows and changes: shape, angle, box, drawn, and what to show.
 */
import { DRAWN, describe, measure, poseOf, startBox, three } from "./box_ceiling_measures.js";
import { ROOM, SHEET, drawCurve, drawDraft, drawStage, limitsOf, pathOf } from "./box_ceiling_picture.js";
import { boundingBox, crossesItself, signedArea, simplify } from "./geometry.js";
import { announcer, arrowOf, cursorOf, dragBox, element, followTheme, glide, gripAt, inIdleTime, keepKeys } from "./stage.js";
import { onDrag, oncePerFrame, openCanvas, sharedState, write } from "./stage.js";

const QUESTION = "How high can the IoU of a box with this silhouette be?";
const DRAWING_HELP = "Draw the outline of a silhouette in one stroke, without crossing your own line. "
  + "By keyboard: arrows move the pen, Space sets a corner, Enter closes the outline, Escape gives up.";
const KEYS = [
  ["arrows", "move the box"],
  ["Shift + arrows", "move its right and bottom sides"],
  ["Alt + ...", "the same in small steps"],
  ["R, Shift + R", "rotate the silhouette by 5° (with Alt: 1°)"],
  ["T, B", "take the tight box, the best box"],
  ["Escape", "start over"],
];

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
    angle: element("input", { type: "range", min: "0", max: "180", step: "1", "aria-label": "Angle of the silhouette" }),
    degrees: element("span"),
    intersection: element("span"), union: element("span"), iou: element("strong"),
    showTight: element("input", { type: "checkbox" }), showBest: element("input", { type: "checkbox" }),
    showSides: element("input", { type: "checkbox" }),
    takeTight: element("button", { type: "button" }, "Take tight box"),
    takeBest: element("button", { type: "button" }, "Take best box"),
    reset: element("button", { type: "button" }, "Reset"),
    caption: element("p", { class: "mm-caption", "aria-hidden": "true" }),
    status: element("p", { class: "mm-unseen", role: "status", "aria-live": "polite" }),
  };
  const row = (kind, label) => {
    const [bar, number] = [element("i"), element("b")];
    Object.assign(parts, { [`${kind}Bar`]: bar, [`${kind}Number`]: number });
    return element("div", { class: `mm-row mm-${kind}` }, label, element("div", { class: "mm-bar" }, bar), number);
  };
  const switched = (input, text) => element("label", { class: "mm-switch" }, input, text);
  const keys = KEYS.flatMap(([key, effect]) => [element("dt", {}, key), element("dd", {}, effect)]);
  parts.root = element("section", { class: "minimask mm-box-ceiling", "aria-label": "The box ceiling" },
    element("p", { class: "mm-question" }, QUESTION),
    element("div", { class: "mm-chooser" }, parts.shapes, parts.draw),
    element("div", { class: "mm-columns" },
      element("div", { class: "mm-left" }, parts.stage,
        element("div", { class: "mm-buttons" }, parts.takeTight, parts.takeBest, parts.reset)),
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
        element("p", { class: "mm-heading" }, "The ceiling as the silhouette turns: ", parts.degrees),
        parts.curve, parts.angle)),
    parts.status,
    element("details", { class: "mm-keys" }, element("summary", {}, "Keys"), element("dl", {}, ...keys)));
  return parts;
}

/** What is wrong with a drawn outline, in words, or "" if nothing is. */
function objection(ring) {
  if (ring.length > 3 && crossesItself(ring)) {
    return "Your line crosses itself, so it is not clear what lies inside. Please try again: the two ends join by themselves.";
  }
  const small = ring.length < 3 || Math.abs(signedArea(ring)) < SHEET ** 2 / 100;
  return small ? "That outline holds next to nothing. Please try a larger one: press, trace it, and let go." : "";
}

function render({ model, el }) {
  const controller = new AbortController();
  const { signal } = controller;
  const shapes = model.get("shapes");
  const parts = build(shapes);
  el.append(parts.root);

  const redraw = oncePerFrame(parts.root, draw, signal);
  const state = sharedState(model, redraw, signal);
  const paletteNow = followTheme(parts.root, redraw, signal);
  keepKeys(parts.root, signal);
  const say = announcer(parts.status, signal);
  const resizes = new ResizeObserver(redraw);
  resizes.observe(parts.stage);
  resizes.observe(parts.curve);
  signal.addEventListener("abort", () => resizes.disconnect());

  /** @type {{points: [number, number][], pen: [number, number]} | null} a drawing under way */
  let draft = null;
  let notice = ""; // what to say instead of the caption
  let stopGliding = () => {};

  // --- the silhouette: its poses are kept, and the curve is worked out when there is time
  let silhouette = { polygon: null, limits: [0, 0, SHEET, SHEET], poses: new Map(), ceilings: new Map(), stop() {} };
  function current() {
    const { shape, drawn } = state.get();
    const polygon = shape === DRAWN ? [drawn] : shapes[shape];
    if (polygon[0] !== silhouette.polygon?.[0]) {
      silhouette.stop();
      silhouette = { polygon, limits: limitsOf(polygon), poses: new Map(), ceilings: new Map(), stop() {} };
      silhouette.stop = inIdleTime(tracing(silhouette), () => dragging.some((drag) => drag.active()), signal);
    }
    return silhouette;
  }
  function pose(angle, { polygon, poses } = current()) {
    if (!poses.has(angle)) poses.set(angle, poseOf(polygon, angle));
    return poses.get(angle);
  }
  function* tracing(of) {
    for (const step of [15, 5, 1]) {
      for (let angle = 0; angle <= 90; angle += step) {
        if (of.ceilings.has(angle)) continue;
        const { tight, best } = pose(angle, of);
        of.ceilings.set(angle, { tight: tight.iou, best: best.iou });
        redraw();
        yield;
      }
    }
  }

  // --- what the reader can do
  function act(entries) {
    stopGliding();
    notice = "";
    state.set(entries);
  }
  function take(kind) {
    stopGliding();
    notice = "";
    const { box: from, angle } = state.get();
    const to = pose(angle)[kind].box;
    stopGliding = glide((share) => {
      state.set({ box: share === 1 ? [...to] : from.map((side, k) => side + share * (to[k] - side)) });
    });
  }
  function choose(shape, entries = {}) {
    draft = null;
    const polygon = shape === DRAWN ? [entries.drawn ?? state.get().drawn] : shapes[shape];
    act({ ...entries, shape, angle: 0, box: startBox(polygon) });
  }
  function reset() {
    act({ angle: 0, box: startBox(current().polygon), show_tight: true, show_best: false, show_sides: true });
  }
  function turnTo(degrees) {
    act({ angle: Math.min(Math.max(Math.round(degrees), 0), 180) });
  }
  function startDrawing() {
    draft = { points: [], pen: [SHEET / 2, SHEET / 2] };
    notice = DRAWING_HELP;
    redraw();
  }
  function finishDrawing() {
    const { points, pen } = draft;
    let ring = points;
    for (let tolerance = SHEET / 250; points.length && (ring === points || ring.length > 120); tolerance *= 1.5) {
      ring = simplify([...points, points[0]], tolerance).slice(0, -1);
    }
    notice = objection(ring);
    if (notice) draft = { points: [], pen };
    else choose(DRAWN, { drawn: ring.map((point) => point.map((v) => Math.round(100 * v) / 100)) });
    redraw();
  }

  // --- pointer
  const perPixel = () => (current().limits[2] - current().limits[0]) / parts.stage.clientWidth;
  const onScreen = (box) => {
    const { limits } = current();
    return box.map((side, k) => (side - limits[k % 2]) / perPixel());
  };
  const onSheet = (point) => point.map((v) => Math.min(Math.max((v * SHEET) / parts.stage.clientWidth, 0), SHEET));
  function beginDrawing(point) {
    draft = { points: [onSheet(point)], pen: onSheet(point) };
    return (next) => {
      draft.points.push(onSheet(next));
      draft.pen = onSheet(next);
      redraw();
    };
  }
  const dragging = [
    onDrag(parts.stage, {
      begin(point, type) {
        stopGliding();
        if (draft) return beginDrawing(point);
        const { box } = state.get();
        const grip = gripAt(onScreen(box), point, type === "touch" ? 22 : 12);
        const { limits } = current();
        return grip && ((next) => {
          const shift = next.map((v, axis) => (v - point[axis]) * perPixel());
          act({ box: dragBox(box, grip, shift, limits, 12 * perPixel()) });
        });
      },
      end: () => draft && finishDrawing(),
      hover: (point) => (draft ? "crosshair" : cursorOf(gripAt(onScreen(state.get().box), point, 12))),
    }, signal),
    onDrag(parts.curve, {
      begin([x]) {
        const toAngle = (at) => turnTo((180 * (at - ROOM.left)) / (parts.curve.clientWidth - ROOM.left - ROOM.right));
        toAngle(x);
        return ([next]) => toAngle(next);
      },
      hover: () => "ew-resize",
    }, signal),
  ];

  // --- keys
  function drawByKey(event, arrow) {
    const { points, pen } = draft;
    const step = event.altKey ? 1 : 5;
    if (arrow) draft.pen = pen.map((v, axis) => Math.min(Math.max(v + step * arrow[axis], 0), SHEET));
    else if (event.key === " ") points.push([...pen]);
    else if (event.key === "Backspace") points.pop();
    else if (event.key === "Enter") finishDrawing();
    else if (event.key === "Escape") [draft, notice] = [null, ""];
    else return false;
    redraw();
    return true;
  }
  function boxByKey(event, arrow) {
    const { box, angle } = state.get();
    const { limits } = current();
    if (arrow) {
      const step = ((limits[2] - limits[0]) / 100) * (event.altKey ? 0.1 : 1);
      const grip = event.shiftKey ? [0, 0, 1, 1] : [1, 1, 1, 1];
      act({ box: dragBox(box, grip, arrow.map((v) => v * step), limits, 12 * perPixel()) });
    } else if (event.code === "KeyR") turnTo(angle + (event.shiftKey ? -1 : 1) * (event.altKey ? 1 : 5));
    else if (event.key === "t") take("tight");
    else if (event.key === "b") take("best");
    else if (event.key === "Escape") reset();
    else return false;
    return true;
  }
  const listen = (node, name, action) => node.addEventListener(name, action, { signal });
  listen(parts.stage, "keydown", (event) => {
    if (event.ctrlKey || event.metaKey) return;
    if ((draft ? drawByKey : boxByKey)(event, arrowOf(event))) {
      event.preventDefault();
    }
  });
  listen(parts.shapes, "change", (event) => choose(event.target.value));
  listen(parts.draw, "click", () => {
    startDrawing();
    parts.stage.focus({ preventScroll: true });
  });
  listen(parts.takeTight, "click", () => take("tight"));
  listen(parts.takeBest, "click", () => take("best"));
  listen(parts.reset, "click", reset);
  listen(parts.showTight, "change", () => act({ show_tight: parts.showTight.checked }));
  listen(parts.showBest, "change", () => act({ show_best: parts.showBest.checked }));
  listen(parts.showSides, "change", () => act({ show_sides: parts.showSides.checked }));
  listen(parts.angle, "input", () => turnTo(parts.angle.valueAsNumber));

  // --- one picture
  function draw() {
    if (!parts.stage.clientWidth) return; // not on the page yet, or hidden: the next resize draws
    const palette = paletteNow();
    const now = state.get();
    const { limits, ceilings } = current();
    const at = pose(now.angle);
    const numbers = measure(at, now.box);
    const stage = openCanvas(parts.stage);
    if (draft) drawDraft(stage, palette, draft);
    else drawStage(stage, palette, now, at, limits);
    const heights = { yours: numbers.iou, tight: at.tight.iou, best: at.best.iou };
    drawCurve(openCanvas(parts.curve), palette, ceilings, now.angle, heights);
    for (const [kind, iou] of Object.entries(heights)) {
      write(parts[`${kind}Number`], three(iou));
      parts[`${kind}Bar`].style.setProperty("--share", iou.toFixed(4));
    }
    const area = (value) => value.toLocaleString("en-US", { maximumFractionDigits: 0 });
    write(parts.intersection, area(numbers.intersection));
    write(parts.union, area(numbers.union));
    write(parts.iou, three(numbers.iou));
    write(parts.degrees, `${now.angle}°`);
    writeControls(now, at);
    const caption = notice || describe(now.shape, at, now.box);
    write(parts.caption, caption);
    parts.caption.toggleAttribute("data-best", !draft && three(numbers.iou) === three(at.best.iou));
    say(caption);
  }
  function writeControls(now, at) {
    if (now.drawn && parts.drawnFrom !== now.drawn) {
      parts.shapes.querySelector(`[value="${DRAWN}"]`)?.parentNode.remove();
      parts.shapes.append(thumbnail(DRAWN, [now.drawn], parts.group));
      parts.drawnFrom = now.drawn;
    }
    for (const input of parts.shapes.querySelectorAll("input")) input.checked = !draft && input.value === now.shape;
    parts.draw.setAttribute("aria-pressed", String(draft !== null));
    parts.root.toggleAttribute("data-drawing", draft !== null);
    parts.angle.valueAsNumber = now.angle;
    parts.showTight.checked = now.show_tight;
    parts.showBest.checked = now.show_best;
    parts.showSides.checked = now.show_sides;
    const ceiling = `tight box ${three(at.tight.iou)}, best box ${three(at.best.iou)}`;
    parts.angle.setAttribute("aria-valuetext", `${now.angle} degrees: ${ceiling}`);
    parts.curve.setAttribute("aria-label", `IoU of the tight and the best box at all angles; at ${now.angle} degrees: ${ceiling}`);
    parts.stage.setAttribute("aria-label", draft ? DRAWING_HELP
      : `Your box on ${now.shape}. Arrow keys move it, with Shift its right and bottom sides, with Alt in small steps.`);
  }

  redraw();
  return () => controller.abort();
}

export default { render };
