// What the page gains where scripts run: it follows what moves. All else works without.
"use strict";

const QUIET = 2500; // Nothing jumps under a finger: so long after the last touch a page stays.
const SOON = 250;
const EASE = 4; // In a storm all look: so many times as long as the last answer took, the next one waits.
const GIVEN_UP = 20000; // A network that is gone without a word holds no page up for longer.
const LOST = 10000; // A stream that has had its time is there again before that.
const OLD = "Not live: what is shown may be old. It is tried again.";
let touched = -QUIET;
let timer = 0;
let asking = false;
let missed = Infinity; // In how long to look again at what has moved while the page was on its way.
let wait = 1000;
let source = null;
let lost = 0;
const was = new Map(); // What each part was made of, as it came.

for (const kind of ["pointerdown", "keydown", "wheel", "touchmove"]) {
  addEventListener(kind, () => { touched = performance.now(); }, { passive: true });
}

function age(from) {
  const seconds = Math.trunc(Math.abs(Date.now() - from) / 1000);
  const ahead = from > Date.now();
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60]]) {
    if (seconds >= size) {
      const said = `${Math.trunc(seconds / size)} ${unit}`;
      return ahead ? `in ${said}` : `${said} ago`;
    }
  }
  return ahead ? "in a moment" : "just now";
}

function tellAges() {
  for (const one of document.querySelectorAll("time[data-age]")) {
    const said = age(Date.parse(one.dateTime));
    if (one.textContent !== said) one.textContent = said;
    one.title = `${new Date(one.dateTime).toLocaleString()} here; ${one.dateTime}`;
  }
}

function say(text) {
  const line = document.getElementById("line");
  if (line.textContent !== text) line.textContent = text;
}

function said(root) {
  return [...root.querySelectorAll("[data-say]")]
    .map((one) => one.textContent.replace(/\s+/g, " ").trim())
    .filter(Boolean)
    .join(" ");
}

// What somebody has chosen in a part, and how far they have scrolled in it.
function chosen(part) {
  return [...part.querySelectorAll("select, .wide")].map((one) => [one.id, one.value, one.scrollLeft]);
}

function choose(found) {
  for (const [id, value, far] of found) {
    const one = document.getElementById(id);
    if (one === null) continue;
    if (value !== undefined) one.value = value;
    one.scrollLeft = far;
  }
}

// Takes over each part that has changed; the focus stays where it was, what is typed stays typed.
function take(fresh) {
  const before = said(document);
  const focused = document.activeElement?.id;
  for (const part of document.querySelectorAll("[data-part]")) {
    const other = fresh.getElementById(part.id);
    if (other === null || other.innerHTML === was.get(part.id)) continue;
    was.set(part.id, other.innerHTML);
    const had = chosen(part);
    part.replaceChildren(...other.cloneNode(true).childNodes);
    choose(had);
  }
  document.title = fresh.title;
  document.body.dataset.since = fresh.body.dataset.since ?? document.body.dataset.since;
  if (focused && document.activeElement?.id !== focused) {
    (document.getElementById(focused) ?? document.getElementById("main")).focus({ preventScroll: true });
  }
  tellAges();
  const after = said(document);
  if (after !== before) say(after);
}

async function refresh() {
  timer = 0;
  const began = performance.now();
  const rest = touched + QUIET - began;
  if (rest > 0) return soon(rest);
  asking = true;
  try {
    const signal = AbortSignal.timeout?.(GIVEN_UP);
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin", signal });
    if (answer.redirected) return location.reload(); // The session has ended.
    if (!answer.ok) throw new Error(answer.statusText);
    if (source?.readyState === EventSource.OPEN) calm();
    take(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    say(OLD);
    soon(5000);
  }
  asking = false;
  if (missed < Infinity) soon(Math.max(missed, EASE * (performance.now() - began)));
  missed = Infinity;
}

function soon(after) {
  if (asking) missed = Math.min(missed, after);
  else if (timer === 0) timer = setTimeout(refresh, after);
}

// What is shown is what is so, or nobody looks.
function calm() {
  clearTimeout(lost);
  lost = 0;
  if (document.getElementById("line").textContent === OLD) say("");
}

function follow() {
  source?.close();
  const { live, since, of } = document.body.dataset;
  source = new EventSource(`${live}?since=${since}`);
  source.onopen = () => { wait = 1000; calm(); };
  source.addEventListener("moved", (event) => {
    if (!of || JSON.parse(event.data).some((one) => of.split(" ").includes(one))) soon(SOON);
  });
  source.addEventListener("reset", () => soon(SOON));
  source.onerror = () => {
    lost ||= setTimeout(say, LOST, OLD);
    if (source.readyState !== EventSource.CLOSED) return; // It comes again by itself.
    say(OLD);
    soon(SOON); // The session may have ended, or there are too many: the page itself says which.
    setTimeout(seen, wait);
    wait = Math.min(wait * 2, 30000);
  };
}

document.addEventListener("submit", (event) => {
  // A moment later: a button that is disabled at once would not be sent.
  const buttons = event.target.querySelectorAll("button");
  setTimeout(() => buttons.forEach((one) => { one.disabled = true; }), 0);
});
addEventListener("pageshow", () => {
  for (const one of document.querySelectorAll("button:disabled")) one.disabled = false;
});

for (const part of document.querySelectorAll("[data-part]")) was.set(part.id, part.innerHTML);
tellAges();
setInterval(tellAges, 15000);
// Browsers allow a site six connections: a page that nobody sees lets its own go.
function seen() {
  if (!document.hidden) return follow();
  source?.close();
  calm();
}

if (document.body.dataset.live) {
  seen();
  document.addEventListener("visibilitychange", seen);
  // An answer that does not come is told after a minute, though nothing moves.
  setInterval(() => { if (document.querySelector(".note.waiting")) soon(SOON); }, 5000);
  // And a hand-off comes, though nobody tells of it.
  const isOfShifts = document.body.dataset.of?.includes("schedules");
  if (isOfShifts) setInterval(() => { if (!document.hidden) soon(SOON); }, 60000);
}
