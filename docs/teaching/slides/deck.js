"use strict";
(() => {
  const root = document.documentElement, main = document.querySelector("main"), dialog = document.querySelector("dialog");
  const slides = [...document.querySelectorAll(".slide")], find = (name) => document.querySelector(name);
  const later = (slide) => [...slide.querySelectorAll(".later")];
  const partner = window.opener && location.hash.startsWith("#speaker") ? window.opener : null;
  let now = 0, shown = 0, other = partner, begun = Date.now();

  function fit() {  // one slide, as large as the window has room
    root.classList.toggle("deck", window.innerWidth > 700);
    for (const part of document.querySelectorAll(".formula, pre")) {  // what scrolls can be reached by keyboard
      const scrolls = part.scrollWidth > part.clientWidth || part.scrollHeight > part.clientHeight;
      if (scrolls) part.tabIndex = 0; else part.removeAttribute("tabindex");
    }
    const room = root.classList.contains("with-notes") ? 0.66 : 1;
    const scale = Math.min(window.innerWidth * room / 1280, window.innerHeight / 720);
    const left = (window.innerWidth * room - 1280 * scale) / 2, top = (window.innerHeight - 720 * scale) / 2;
    main.style.transform = root.classList.contains("deck") ? `translate(${left}px, ${top}px) scale(${scale})` : "";
  }

  function show(number, steps, tell = true) {
    const moved = slides[number] !== slides[now] || !slides[now].classList.contains("now");
    now = Math.max(0, Math.min(number, slides.length - 1));
    const slide = slides[now], hidden = later(slide);
    shown = Math.max(0, Math.min(steps, hidden.length));
    for (const one of slides) one.classList.toggle("now", one === slide);
    hidden.forEach((part, k) => part.classList.toggle("shown", k < shown));
    find(".foot").textContent = `${now + 1} / ${slides.length}`;
    find(".bar i").style.width = `${100 * (now + 1) / slides.length}%`;
    find(".speaker .said").innerHTML = slide.querySelector(".notes").innerHTML;
    const next = slides[now + 1]?.querySelector("h1, h2").textContent;
    find(".speaker .next").textContent = shown < hidden.length ? "Next: the answer" : next ? `Next: ${next}` : "";
    if (!partner) history.replaceState(null, "", `#${now + 1}`);
    if (moved && root.classList.contains("deck") && !dialog.open) slide.querySelector("h1, h2").focus({ preventScroll: true });
    const answer = slide.querySelector(".options .right") ?? hidden[shown - 1];
    find(".live").textContent = shown ? answer.textContent : "";
    if (tell) other?.postMessage({ now, shown }, "*");
  }
  const forth = () => shown < later(slides[now]).length ? show(now, shown + 1) : now + 1 < slides.length && show(now + 1, 0);
  const back = () => shown > 0 ? show(now, shown - 1) : now > 0 && show(now - 1, Infinity);
  const toggleNotes = () => { root.classList.toggle("with-notes"); fit(); };
  const doings = {
    ArrowRight: forth, ArrowDown: forth, PageDown: forth, " ": forth, Enter: forth, ArrowLeft: back, ArrowUp: back,
    PageUp: back, Home: () => show(0, 0), End: () => show(slides.length - 1, 0), n: toggleNotes,
    c: () => dialog.showModal(), "?": () => dialog.showModal(), p: () => window.print(),
    f: () => document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen(),
    s: () => { other = window.open(location.href.split("#")[0] + "#speaker", "_blank", "width=1200,height=700"); },
  };
  document.addEventListener("keydown", (event) => {
    const control = event.target.closest("a, button, dialog");
    const doing = doings[event.key.length > 1 ? event.key : event.key.toLowerCase()];
    if (!doing || control || event.ctrlKey || event.metaKey || event.altKey || !root.classList.contains("deck")) return;
    event.preventDefault();
    doing();
  });
  dialog.addEventListener("click", (event) => event.target.closest("a") && dialog.close());
  dialog.addEventListener("close", () => slides[now].querySelector("h1, h2").focus({ preventScroll: true }));

  let touch = null;
  document.addEventListener("touchstart", (event) => { touch = event.touches.length === 1 ? event.touches[0] : null; }, { passive: true });
  document.addEventListener("touchend", (event) => {
    const moved = touch ? event.changedTouches[0].clientX - touch.clientX : 0;
    if (root.classList.contains("deck") && !dialog.open && Math.abs(moved) > 50) (moved < 0 ? forth : back)();
  });
  main.addEventListener("click", (event) => {
    if (root.classList.contains("deck") && !event.target.closest("a") && getSelection().isCollapsed) forth();
  });

  window.addEventListener("message", ({ source, data }) => {  // only the window of this deck's own speaker, or speaker's deck
    if (!source || (source !== other && source !== window.opener)) return;
    if (data === "here") show(now, shown);
    else if (Number.isInteger(data?.now)) show(data.now, data.shown, false);
  });
  window.addEventListener("resize", fit);
  window.addEventListener("hashchange", () => { const k = parseInt(location.hash.slice(1), 10); if (k) show(k - 1, 0); });
  setInterval(() => {
    const minutes = Math.floor((Date.now() - begun) / 60000);
    find(".clock").textContent = `${new Date().toLocaleTimeString([], { timeStyle: "short" })} · ${minutes} min since the start`;
  }, 1000);
  if (partner) root.classList.add("with-notes");
  fit();
  show((parseInt(location.hash.slice(1), 10) || 1) - 1, 0, false);
  partner?.postMessage("here", "*");
})();
