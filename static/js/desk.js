// The desk's keys, ticks and quick verdicts. Every act is a plain form or link; this file only
// presses what is on the page, so whatever it can do can be done without it.
//
// A verdict is sent in the background while the cursor goes on to the next item. When nothing is
// on its way any more, the page takes over what the server answered to the last one.

const desk = () => document.querySelector("[data-desk]");
const items = () => [...document.querySelectorAll("[data-item]")];
const box = (item) => item.querySelector('input[name="item"]');
const boxes = () => items().map(box);
const isSent = (item) => item.hasAttribute("data-sent");

let at = -1; // the item under the cursor
let last = -1; // the box last ticked

// ---- Saying it ----

function say(words) {
  const status = document.querySelector("[data-say]");
  if (status) status.textContent = words;
}

// ---- Ticks ----

function recount() {
  const ticks = boxes();
  const n = ticks.filter((tick) => tick?.checked).length;
  const count = document.querySelector("[data-ticked]");
  const all = document.querySelector("[data-tick-all]");
  if (count) count.textContent = n ? `${n} of ${ticks.length} ticked` : "Tick all";
  if (all) {
    all.checked = n > 0 && n === ticks.length;
    all.indeterminate = n > 0 && n < ticks.length;
  }
}

function tickPage(checked) {
  for (const tick of boxes()) tick.checked = checked;
  recount();
}

// Ticks (or clears) the run from the last box touched to this one.
function tickRun(to) {
  const ticks = boxes();
  const from = last < 0 ? to : last;
  for (let i = Math.min(from, to); i <= Math.max(from, to); i++) ticks[i].checked = ticks[to].checked;
  last = to;
  recount();
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-tick-all]")) tickPage(event.target.checked);
  else if (event.target.matches('[data-item] input[name="item"]')) recount();
});

document.addEventListener("click", (event) => {
  const n = boxes().indexOf(event.target);
  if (n < 0) return;
  if (event.shiftKey) tickRun(n);
  last = n;
  move(n, { focus: false });
  recount();
});

// Back from the cache brings ticks back; count what is really ticked.
addEventListener("pageshow", recount);

// ---- The cursor ----

function move(to, { focus = true } = {}) {
  const all = items();
  if (!all.length) {
    at = -1;
    return;
  }
  for (const item of all) item.removeAttribute("data-cursor");
  at = Math.max(0, Math.min(all.length - 1, to));
  const item = all[at];
  item.setAttribute("data-cursor", "");
  if (focus) {
    item.focus({ preventScroll: true });
    item.scrollIntoView({ block: "nearest" });
  }
}

// The next item that is not on its way, in one direction, or where the cursor is.
function step(by) {
  const all = items();
  for (let to = at + by; to >= 0 && to < all.length; to += by) {
    if (!isSent(all[to])) return move(to);
  }
  if (at < 0) move(0);
}

const current = () => items()[at];
const press = (selector) => current()?.querySelector(selector)?.click();

// Focus that arrives by Tab or click takes the cursor along.
document.addEventListener("focusin", (event) => {
  const item = event.target.closest?.("[data-item]");
  if (!item) return;
  const n = items().indexOf(item);
  if (n >= 0 && n !== at) move(n, { focus: false });
});

// ---- Sending in the background ----

let way = Promise.resolve(); // one after the other: each answer knows of those before it
let waiting = 0;
let left = false;
let kept = []; // banners of answers that were not shown, and say that something stayed as it was

const isVerdict = (form, button) =>
  !button?.hasAttribute("formaction") && /^\/moderation\/(verdicts|batches\/\d+\/undo)$/.test(new URL(form.action).pathname);

document.addEventListener(
  "submit",
  (event) => {
    if (left) return;
    const form = event.target;
    const here = form.elements.back?.value?.split(/[?#]/)[0];
    // Only what comes back to this very page; all that match leads elsewhere.
    if (form.method !== "post" || !isVerdict(form, event.submitter) || here !== location.pathname || form.elements.all) return;
    event.preventDefault();
    event.stopPropagation();
    send(form, event.submitter);
  },
  true,
);

function send(form, button) {
  const fields = new URLSearchParams(new FormData(form, button));
  const words = new Set(fields.getAll("item"));
  const sent = items().filter((item) => words.has(box(item).value));
  for (const item of sent) {
    item.setAttribute("data-sent", "");
    box(item).checked = false;
  }
  recount();
  // The eye goes on at once.
  if (current() && isSent(current())) {
    step(1);
    if (isSent(current())) step(-1);
  }
  waiting++;
  way = way
    .then(() => post(form, button, fields, sent))
    .catch(() => failed(sent))
    .finally(() => waiting--);
}

// No answer: the way there or the way back broke, and only the server knows which. Said once more on
// every page that is taken over, until it was seen without anything on its way.
function failed(sent) {
  for (const item of sent) item.removeAttribute("data-sent");
  const words = "No answer came, so what you sent may hold or not. A reload shows what holds.";
  const flash = document.createElement("div");
  flash.className = "flash flash-bad";
  flash.append(Object.assign(document.createElement("p"), { textContent: words }));
  const reload = { className: "button button-small", href: location.pathname + location.search, textContent: "Reload" };
  flash.append(Object.assign(document.createElement("a"), reload));
  say(words);
  if (waiting > 1) kept.push(flash);
  else document.querySelector(".desk-main")?.prepend(flash);
}

async function post(form, button, fields) {
  // A page of its own has come, and this one is left.
  if (left) return;
  const answer = await fetch(form.action, { method: "POST", body: fields, credentials: "same-origin" });
  const to = new URL(answer.url);
  if (!answer.ok || to.pathname !== location.pathname) {
    // A refusal, a page of progress, a log-in: it has a page of its own, which a plain form gets.
    left = true;
    if (answer.redirected) return location.assign(to);
    // What was refused changed nothing, and is sent once more to be told so on a page of its own. If
    // its form is gone from the page meanwhile, the page shows what holds.
    return form.isConnected ? form.requestSubmit(button) : location.reload();
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const banner = page.querySelector(".desk-main > .flash");
  if (waiting > 1) {
    if (banner?.matches(".flash-wait")) kept.push(banner);
    return;
  }
  takeOver(page, to, banner);
}

// What the server made of the page: the rest of it stays, with scroll, ticks and cursor.
function takeOver(page, to, banner) {
  const ticked = new Set(boxes().filter((tick) => tick.checked).map((tick) => tick.value));
  // What the cursor stands on, or else the next that is still there.
  const order = boxes().map((tick) => tick.value);
  const words = [...order.slice(Math.max(at, 0)), ...order.slice(0, Math.max(at, 0)).reverse()];
  const tell = () => {
    const said = banner?.querySelector(".flash-said p")?.textContent ?? "";
    const rest = items().filter((item) => !item.hidden).length;
    say(`${said} ${rest ? `${rest} on this page.` : "Nothing is left on this page."}`);
  };
  // Who types into a filter meanwhile keeps what they typed; the page catches up with the next verdict.
  if (typing(document.activeElement)) {
    for (const item of items()) item.hidden = isSent(item) || item.hidden;
    return tell();
  }
  for (const part of ["[data-desk]", ".desk-head"]) {
    const [old, fresh] = [document.querySelector(part), page.querySelector(part)];
    if (old && fresh) old.replaceWith(document.adoptNode(fresh));
  }
  if (kept.length) document.querySelector(".desk-main").prepend(...kept.map((one) => document.adoptNode(one)));
  kept = [];
  history.replaceState(null, "", to);
  for (const tick of boxes()) tick.checked = ticked.has(tick.value);
  last = -1;
  unhide();
  recount();
  const there = boxes().map((tick) => tick.value);
  const next = words.find((word) => there.includes(word));
  if (items().length) move(next === undefined ? 0 : there.indexOf(next));
  else document.querySelector(".desk-main h2, .desk-head h1")?.setAttribute("tabindex", "-1");
  if (!items().length) document.querySelector(".desk-main h2, .desk-head h1")?.focus();
  tell();
}

// A closed tab would lose what is on its way.
addEventListener("beforeunload", (event) => {
  if (waiting && !left) event.preventDefault();
});

// ---- Keys ----

const ticked = () => boxes().some((tick) => tick?.checked);

// With ticks, a verdict is for all that are ticked; without, for the item under the cursor.
function decide(verdict) {
  if (!items().length || ticked()) return document.querySelector(`[data-bulk="${verdict}"]`)?.click();
  if (current() && !isSent(current())) press(`[data-verdict="${verdict}"]`);
}

// Without a reason nobody learns anything: the key opens the reasons, a digit chooses and sends.
function remove() {
  if (!items().length) {
    const restore = document.querySelector('[data-bulk="restore"]');
    return restore ? restore.click() : document.querySelector("[data-bulk-reason]")?.focus();
  }
  const reasons = current()?.querySelector("[data-remove]");
  if (ticked() && document.querySelector("[data-bulk-reason]")) return document.querySelector("[data-bulk-reason]").focus();
  if (!reasons) return decide("restore");
  reasons.open = !reasons.open;
  if (reasons.open) reasons.querySelector("button").focus();
}

function reasonOrQueue(digit) {
  const open = current()?.querySelector("[data-remove][open]");
  const choice = open?.querySelectorAll('input[name="reason"]')[digit - 1];
  if (choice) {
    choice.checked = true;
    open.querySelector("[data-verdict=remove]").click();
  } else if (!open) {
    document.querySelector(`[data-desk] [data-key="${digit}"]`)?.click();
  }
}

const acts = {
  next: () => step(1),
  previous: () => step(-1),
  tick: (event) => {
    if (at < 0) return;
    const tick = box(current());
    if (event.shiftKey) {
      tick.checked = true;
      tickRun(at);
    } else {
      tick.checked = !tick.checked;
      last = at;
      recount();
    }
    const n = boxes().filter((one) => one.checked).length;
    say(`${tick.checked ? "Ticked" : "Not ticked"}, ${n} in all.`);
  },
  page: () => {
    tickPage(!boxes().every((tick) => tick.checked));
    say(document.querySelector("[data-ticked]")?.textContent ?? "");
  },
  spam: () => decide("spam"),
  ham: () => decide("ham"),
  remove,
  // After what is still on its way, so that it takes back the last act and not the one before.
  undo: () => (way = way.finally(() => setTimeout(() => document.querySelector("[data-undo]")?.click()))),
  open: () => press("[data-open]"),
  show: () => {
    const fold = current()?.querySelector("[data-fold]");
    if (fold) fold.open = !fold.open;
    press("[data-reveal]");
  },
  all: () => document.querySelector("[data-all]")?.click(),
  more: () => document.querySelector("[data-more]")?.click(),
};

// Ticks and buttons are not typing, but letters in a select choose its options.
const typing = (element) =>
  element.isContentEditable || element.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=submit], [type=button])");

document.addEventListener("keydown", (event) => {
  if (!desk() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (event.key === "?") {
    const help = document.querySelector("[data-help]");
    if (help) {
      help.open = !help.open;
      if (help.open) help.querySelector("summary").focus();
    }
    return event.preventDefault();
  }
  if (event.key >= "1" && event.key <= "9") return reasonOrQueue(Number(event.key));
  const act = JSON.parse(desk().dataset.keys)[event.key.toLowerCase()];
  // A key held down walks, and does nothing else twice.
  if (!act || (event.repeat && act !== "next" && act !== "previous")) return;
  event.preventDefault();
  acts[act](event);
});

// ---- A page that came whole ----

function unhide() {
  // The box that ticks the page needs script, so it is hidden until script is here.
  for (const element of document.querySelectorAll("[data-with-script]")) element.hidden = false;
}

unhide();
recount();
// Alone on its page, it is what a key means.
if (items().length === 1) move(0, { focus: false });
