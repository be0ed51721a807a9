/** Brings the widgets of a page to life when they come near, without a kernel; `docs/building/living.py` writes them. */
globalThis.minimaskLiving = (() => {
  const folder = new URL("living/", document.currentScript.src);
  /** How far below and above the window a widget begins to load. */
  const NEAR = "700px 0px";

  /** What scripts have said, by name, and who waits for it. */
  const said = new Map();
  const promised = new Map();

  /** Load a script that says what `name` is; once, whoever asks. */
  function told(/** @type {string} */ name) {
    if (!promised.has(name)) {
      promised.set(name, new Promise((done, failed) => {
        const script = document.createElement("script");
        script.src = new URL(`${name}.js`, folder).href;
        script.onload = () => (said.has(name) ? done(said.get(name)) : failed(new Error(`${name}.js says nothing`)));
        script.onerror = () => failed(new Error(`${name}.js cannot be loaded`));
        document.head.append(script);
      }));
    }
    return promised.get(name);
  }

  /** What a widget asks of its model, without a kernel behind it. */
  function modelOf(/** @type {Record<string, any>} */ traits) {
    const listeners = {};
    return {
      get: (name) => traits[name],
      set(name, value) {
        traits[name] = value;
        for (const listener of listeners[`change:${name}`] ?? []) listener();
      },
      on: (event, listener) => (listeners[event] ??= []).push(listener),
      off: (event, listener) => {
        listeners[event] = (listeners[event] ?? []).filter((other) => other !== listener);
      },
      save_changes() {},
      send() {},
    };
  }

  /** Put the widget where its still picture stands. The page's style sheets end at a shadow root. */
  async function bringToLife(/** @type {HTMLElement} */ place) {
    const { widget: name, state } = place.dataset;
    const [{ css, make }, traits] = await Promise.all([told(name), told(state)]);
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    const root = place.attachShadow({ mode: "open" });
    const [el, still] = [document.createElement("div"), document.createElement("slot")];
    root.adoptedStyleSheets = [sheet];
    root.append(still, el);
    await make().render({ model: modelOf(structuredClone(traits)), el });
    still.remove();
    place.dataset.alive = "";
  }

  const arrivals = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      arrivals.unobserve(target);
      bringToLife(/** @type {HTMLElement} */ (target)).catch((error) => {
        console.error(error);
        target.insertAdjacentHTML("beforeend", "<p class='living-failed'>This picture could not be brought to life.</p>");
      });
    }
  }, { rootMargin: NEAR });

  document.addEventListener("DOMContentLoaded", () => {
    for (const place of document.querySelectorAll(".living")) arrivals.observe(place);
  });

  return {
    /** Called by the script of a widget. */
    widget: (name, css, make) => said.set(name, { css, make }),
    /** Called by the script of a state. */
    state: (name, traits) => said.set(name, traits),
  };
})();
