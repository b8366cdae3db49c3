// What the weeks of a schedule gain where scripts run: dragging fills in the override's form, by whole
// days. The page that answers says what would change; nothing is sent before that is confirmed.
"use strict";

{
  const FAR = 4; // Pixels; less is a click.
  const form = document.getElementById("override-form");
  const field = (name) => form.elements.namedItem(name);
  const came = { replaces: field("replaces").value, how: field("how").value, must: field("person").required };
  let drag = null;

  // Times are what the clock shows: a day more is the same time of the next day, whatever the clocks do.
  function later(time, days) {
    const at = new Date(`${time}Z`);
    at.setUTCDate(at.getUTCDate() + days);
    return at.toISOString().slice(0, 16);
  }

  function dayAt(event) {
    return document.elementsFromPoint(event.clientX, event.clientY).find((one) => one.matches("rect.day"));
  }

  function span(day) {
    const [first, last] = [drag.day, day].sort((one, other) => (one.date < other.date ? -1 : 1));
    if (!drag.bar) return { from: first.from, until: last.until };
    const days = Math.round((Date.parse(day.date) - Date.parse(drag.day.date)) / 86400000);
    const { from, until } = drag.bar;
    return {
      from: drag.end === "ends" ? from : later(from, days),
      until: drag.end === "begins" ? until : later(until, days),
    };
  }

  function pick(wanted) {
    for (const one of document.querySelectorAll("rect.day")) {
      const { from, until } = one.dataset;
      one.classList.toggle("picked", wanted !== null && from < wanted.until && until > wanted.from);
    }
    say(wanted ? `${wanted.from} until ${wanted.until}; Escape lets go.`.replaceAll("T", " ") : "");
  }

  function letGo() {
    drag = null;
    pick(null);
  }

  // What a bar that was dragged has put into the form: whoever comes back to it asks for something else.
  function forget() {
    field("replaces").value = came.replaces;
    field("how").value = came.how;
    field("person").required = came.must;
  }

  function drop({ bar, wanted }) {
    forget();
    field("from").value = wanted.from;
    field("until").value = wanted.until;
    document.getElementById("override-details").open = true;
    if (!bar) {
      field("person").focus();
      return;
    }
    field("replaces").value = bar.override;
    field("how").value = "same";
    field("person").value = "";
    field("person").required = false;
    field("reason").value = bar.reason;
    form.requestSubmit(document.getElementById("check"));
  }

  addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0 || !event.target.closest("svg.strip")) return;
    const bar = event.target.closest("[data-override]");
    const day = dayAt(event);
    if (!day || (!bar && event.pointerType === "touch")) return; // A finger beside the bars scrolls.
    drag = {
      bar: bar && { ...bar.dataset },
      end: event.target.dataset.end,
      day: { ...day.dataset },
      x: event.clientX,
      y: event.clientY,
      wanted: null,
    };
    // It holds the bar itself otherwise, and the days below would not hear of it.
    if (event.target.hasPointerCapture?.(event.pointerId)) event.target.releasePointerCapture(event.pointerId);
  });

  addEventListener("pointermove", (event) => {
    if (!drag || !event.isPrimary) return;
    if (!drag.wanted && Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < FAR) return;
    const day = dayAt(event);
    if (!day) return;
    const wanted = span(day.dataset);
    if (wanted.from >= wanted.until) return;
    drag.wanted = wanted;
    pick(wanted);
  });

  addEventListener("pointerup", () => {
    if (!drag) return;
    const done = drag;
    letGo();
    const { bar, wanted } = done;
    if (wanted && (wanted.from !== bar?.from || wanted.until !== bar?.until)) drop(done);
  });

  addEventListener("pageshow", (event) => { if (event.persisted) forget(); });
  addEventListener("pointercancel", () => { if (drag) letGo(); });
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (drag) letGo();
    else if (document.activeElement?.closest("#confirm")) document.getElementById("cancel").click();
  });

  document.getElementById("main").classList.add("can-drag");
  document.getElementById("drag-help")?.removeAttribute("hidden");
}
