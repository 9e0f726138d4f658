// The desk's keys and ticks. Every act is a plain form; this file only presses buttons
// that are on the page, so whatever it can do can be done without it.

const queue = document.querySelector("[data-queue]");
if (queue) desk(queue);

function desk(queue) {
  const items = [...queue.querySelectorAll("[data-item]")];
  const boxes = items.map((item) => item.querySelector('input[name="item"]'));
  const all = document.querySelector("[data-tick-all]");
  const count = document.querySelector("[data-ticked]");
  const atKey = `desk at ${location.pathname}`;
  let at = -1;
  let last = -1;

  // ---- Ticks ----

  // The box that ticks the page needs script, so it is hidden until script is here.
  document.querySelectorAll("[data-with-script]").forEach((element) => (element.hidden = false));

  const recount = () => {
    const n = boxes.filter((box) => box?.checked).length;
    if (count) count.textContent = `${n} of ${boxes.length} ticked`;
    if (all) {
      all.checked = n > 0 && n === boxes.length;
      all.indeterminate = n > 0 && n < boxes.length;
    }
  };

  all?.addEventListener("change", () => {
    boxes.forEach((box) => (box.checked = all.checked));
    recount();
  });

  queue.addEventListener("click", (event) => {
    const n = boxes.indexOf(event.target);
    if (n < 0) return;
    // Shift ticks (or clears) the run between the last box touched and this one.
    if (event.shiftKey && last >= 0) {
      for (let i = Math.min(n, last); i <= Math.max(n, last); i++) boxes[i].checked = boxes[n].checked;
    }
    last = n;
    move(n, { scroll: false });
    recount();
  });

  queue.addEventListener("change", recount);
  // Back from the cache brings ticks back; count what is really ticked.
  addEventListener("pageshow", recount);

  // ---- Keys ----

  function move(to, { scroll = true } = {}) {
    if (!items.length) return;
    items[at]?.removeAttribute("data-cursor");
    at = Math.max(0, Math.min(items.length - 1, to));
    const item = items[at];
    item.setAttribute("data-cursor", "");
    if (scroll) {
      item.focus({ preventScroll: true });
      item.scrollIntoView({ block: "nearest" });
    }
  }

  const press = (selector) => items[at]?.querySelector(selector)?.click();
  const removing = () => items[at]?.querySelector("[data-remove][open]");

  const keys = {
    j: () => move(at + 1),
    k: () => move(at - 1),
    x: () => {
      if (at < 0) return;
      boxes[at].checked = !boxes[at].checked;
      last = at;
      recount();
    },
    s: () => act("spam"),
    h: () => act("ham"),
    // Without a reason nobody learns anything: r opens the reasons, 1 to 9 choose and send.
    r: () => {
      const remove = items[at]?.querySelector("[data-remove]");
      if (!remove) return act("restore");
      if (boxes.some((box) => box?.checked)) return document.querySelector("[data-bulk-reason]")?.focus();
      remove.open = !remove.open;
      if (remove.open) remove.querySelector("button").focus();
    },
    u: () => document.querySelector("[data-undo]")?.click(),
    o: () => press("[data-open]"),
    "?": () => {
      const help = document.querySelector("[data-keys]");
      if (help) help.open = !help.open;
    },
  };

  // With ticks, a verdict is for all that are ticked; without, for the row under the cursor.
  function act(verdict) {
    const ticked = boxes.some((box) => box?.checked);
    if (ticked) document.querySelector(`[data-bulk="${verdict}"]`)?.click();
    else press(`[data-verdict="${verdict}"]`);
  }

  function reason(n) {
    const open = removing();
    const choice = open?.querySelectorAll('input[name="reason"]')[n - 1];
    if (!choice) return;
    choice.checked = true;
    open.querySelector("[data-verdict=remove]").click();
  }

  // Ticks and select boxes are not typing, but letters in a select choose its options.
  const typing = (element) => element.isContentEditable || element.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=submit], [type=button])");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat && event.key !== "j" && event.key !== "k") return;
    if (typing(event.target)) return;
    if (event.key >= "1" && event.key <= "9") return reason(Number(event.key));
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });

  // Focus that arrives by Tab or click takes the cursor along.
  queue.addEventListener("focusin", (event) => {
    const n = items.indexOf(event.target.closest("[data-item]"));
    if (n >= 0 && n !== at) move(n, { scroll: false });
  });

  // After a verdict the page comes anew without the row; stay at the same place in the list.
  document.addEventListener("submit", () => {
    try {
      sessionStorage.setItem(atKey, at);
    } catch {
      // No storage, no memory; j starts at the top.
    }
  });
  try {
    const kept = Number(sessionStorage.getItem(atKey) ?? -1);
    sessionStorage.removeItem(atKey);
    if (kept >= 0) move(kept);
  } catch {
    // As above.
  }

  recount();
}
