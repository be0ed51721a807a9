/** A page that runs in a closed frame, and answers clicks. */

/** What may be in the frame: no network, no script but the one that answers, nothing sent anywhere. */
const closed = (nonce) => `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'nonce-${nonce}'; `
  + "form-action 'none'; base-uri 'none'";
/** These have no business on a page that is to be looked at. */
const BANNED = "script, base, link, meta, iframe, frame, object, embed, template";

/**
 * Runs within the frame: says where every node of the page lies, and which one a click reaches. Clicks do here all that
 * they do on the page, but lead nowhere else.
 */
function answerClicks(token) {
  const nodes = [...document.querySelectorAll("[data-role]")];
  const tell = (message) => window.parent.postMessage({ token, ...message }, "*");
  let answer = null;
  window.addEventListener("click", (event) => {
    answer ??= nodes.indexOf(event.target.closest("[data-role]"));
    if (event.target.closest("a, area")) event.preventDefault();
  }, true);
  window.addEventListener("submit", (event) => event.preventDefault(), true);
  window.addEventListener("message", ({ source, data }) => {
    if (source !== window.parent || data?.token !== token) return;
    const [clientX, clientY] = data.point;
    answer = null;
    const init = { bubbles: true, cancelable: true, composed: true, view: window, clientX, clientY };
    document.elementFromPoint(clientX, clientY)?.dispatchEvent(new MouseEvent("click", init));
    tell({ number: data.number, answer: answer ?? -1 });
  });
  const rectsOf = (node) => (node.dataset.role === "text" ? [...node.getClientRects()] : [node.getBoundingClientRect()]);
  const say = () => tell({ rects: nodes.map((node) => rectsOf(node).map((r) => [r.left, r.top, r.right, r.bottom])) });
  if (document.readyState === "complete") say();
  else window.addEventListener("load", say);
}

const random = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (v) => v.toString(36)).join("");

/** A page as it may run in the frame. */
export function closedPage(/** @type {string} */ html, /** @type {string} */ token) {
  const page = new DOMParser().parseFromString(html, "text/html"); // nothing runs or loads in there
  for (const node of page.querySelectorAll(BANNED)) node.remove();
  for (const node of page.querySelectorAll("[href]")) node.setAttribute("href", "#");
  const nonce = random();
  const meta = page.createElement("meta");
  meta.httpEquiv = "Content-Security-Policy";
  meta.content = closed(nonce);
  const script = page.createElement("script");
  script.setAttribute("nonce", nonce);
  script.textContent = `(${answerClicks})(${JSON.stringify(token)})`;
  page.head.prepend(meta);
  page.body.append(script);
  return `<!doctype html>${page.documentElement.outerHTML}`;
}

/** How long the page may take for an answer, in ms. */
const PATIENCE = 3000;

/** The frame, and what is asked of it: one thing at a time; what is asked later ends what waits. */
export class LivePage {
  /**
   * @param {HTMLIFrameElement} frame  with `sandbox="allow-scripts"`, so that its page is nobody's neighbor
   * @param {AbortSignal} signal
   */
  constructor(frame, signal) {
    Object.assign(this, { frame, token: "", asked: 0, waiting: null });
    window.addEventListener("message", ({ source, data }) => {
      if (source !== frame.contentWindow || data?.token !== this.token) return;
      if (data.rects) this.waiting?.(data.rects);
      else if (data.number === this.asked) this.waiting?.(data.answer);
    }, { signal });
  }

  /** Show a page afresh. Returns the rectangles of every node with `data-role`, null where the page says nothing. */
  show(/** @type {string} */ html) {
    this.token = random();
    this.frame.srcdoc = closedPage(html, this.token);
    return this.answered();
  }

  /** Click a point: which node with `data-role` answers, -1 for none of them, null where the page says nothing. */
  click(/** @type {number[]} */ point) {
    this.asked += 1;
    this.frame.contentWindow.postMessage({ token: this.token, number: this.asked, point }, "*");
    return this.answered();
  }

  answered() {
    this.waiting?.(null);
    return new Promise((done) => {
      const timer = setTimeout(() => this.waiting?.(null), PATIENCE);
      this.waiting = (answer) => {
        clearTimeout(timer);
        this.waiting = null;
        done(answer);
      };
    });
  }
}

/** How far the sides of two boxes differ at most. */
const apart = (a, b) => Math.max(...a.map((side, k) => Math.abs(side - b[k])));

/** How many true elements lie elsewhere than recorded, by more than half a pixel, and by how much at most. */
export function movedBy({ nodes, whole }, /** @type {number[][][]} */ rects) {
  const shifts = whole.map((box, k) => Math.min(...(rects[nodes[k]] ?? []).map((rect) => apart(box, rect)), 1e4));
  const moved = shifts.filter((shift) => shift > 0.5);
  return moved.length ? [moved.length, Math.max(...moved)] : [0, 0];
}

/** The true element of a node: of a text with several lines the nearest; -1 if the page's truth has none of it. */
export function elementOf({ nodes, whole }, /** @type {number} */ node, /** @type {number[]} */ [, y]) {
  const lines = nodes.flatMap((other, k) => (other === node && node >= 0 ? [k] : []));
  const far = (k) => Math.abs((whole[k][1] + whole[k][3]) / 2 - y);
  return lines.sort((a, b) => far(a) - far(b))[0] ?? -1;
}
