// Small kindnesses on top of pages that work without them. Everything hangs on a
// data- attribute or a plain element and may be deleted without loss.

// Unsent words survive a closed tab's cousin: Back, an expired session, a stray click.
// sessionStorage, not localStorage: on a shared machine a draft dies with the tab.
const draftKey = (form) => `draft ${new URL(form.action, location).pathname} ${form.elements.parent?.value ?? ""}`;

for (const form of document.querySelectorAll("form[data-draft]")) {
  const text = form.querySelector("textarea");
  if (!text) continue;
  const key = draftKey(form);
  try {
    // The server's text wins: a refused comment comes back typed in, newer than ours.
    const kept = sessionStorage.getItem(key);
    if (kept && text.value.trim() === "") text.value = kept;
    text.addEventListener("input", () => {
      if (text.value.trim()) sessionStorage.setItem(key, text.value);
      else sessionStorage.removeItem(key);
    });
    // Sending is not proof of arrival, so the draft is kept until the next page says
    // so: the server marks the page after a 303 with data-sent on the flash.
    form.addEventListener("submit", () => sessionStorage.setItem("draft sent", key));
  } catch {
    // Storage may be forbidden; then there are simply no drafts.
  }
}

try {
  const sent = sessionStorage.getItem("draft sent");
  if (sent && document.querySelector("[data-sent]")) {
    sessionStorage.removeItem(sent);
    for (const text of document.querySelectorAll("form[data-draft] textarea")) {
      if (draftKey(text.form) === sent && text.defaultValue === "") text.value = "";
    }
  }
  sessionStorage.removeItem("draft sent");
} catch {
  // As above.
}

// A reaction saves the page load: the answer is the bar alone. Whatever else comes back is no bar, and
// then the form is sent as it would be without this. In the capture phase, before the next listener.
document.addEventListener("submit", async (event) => {
  const form = event.target.closest?.("form[data-part]");
  const button = event.submitter;
  if (!form || !button?.name) return;
  event.preventDefault();
  if (form.dataset.sending) return;
  form.dataset.sending = "yes";
  try {
    const fields = new URLSearchParams(new FormData(form));
    fields.append(button.name, button.value);
    fields.append("part", "1");
    const answer = await fetch(form.action, { method: "POST", body: fields, credentials: "same-origin", redirect: "error" });
    const part = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(form.id);
    if (!answer.ok || !part) throw new Error("no bar");
    const sign = button.value;
    form.replaceWith(part);
    [...part.querySelectorAll("button")].find((one) => one.value === sign)?.focus();
    (part.contains(document.activeElement) ? null : part.querySelector("summary"))?.focus();
  } catch {
    delete form.dataset.sending;
    const plain = document.createElement("input");
    plain.type = "hidden";
    [plain.name, plain.value] = [button.name, button.value];
    form.append(plain);
    form.submit();
  }
}, true);

// A double click sends once. aria-disabled, not disabled: a disabled button would drop
// its own name and value from the form. The server guards too; this spares it the work.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sending) return event.preventDefault();
  form.dataset.sending = "yes";
  event.submitter?.setAttribute("aria-disabled", "true");
});
// Back from the cache: the form may be sent again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sending]")) {
    delete form.dataset.sending;
    form.querySelectorAll("button[aria-disabled]").forEach((button) => button.removeAttribute("aria-disabled"));
  }
});

// A textarea grows with its text. scrollHeight is read after one write, so long drafts
// cost one reflow a key; field-sizing does it without us where browsers have it.
if (!CSS.supports("field-sizing", "content")) {
  const grow = (text) => {
    text.style.height = "auto";
    text.style.height = `${Math.min(text.scrollHeight + 2, innerHeight * 0.8)}px`;
  };
  document.addEventListener("input", (event) => event.target.matches?.("textarea") && grow(event.target));
}

// What is left, said only when it begins to matter, and politely to screen readers.
for (const output of document.querySelectorAll("[data-count-for]")) {
  const field = document.getElementById(output.dataset.countFor);
  if (!field) continue;
  const most = Number(output.dataset.most);
  const show = () => {
    // Characters as people count them, as the server does, not UTF-16 units.
    const left = most - [...field.value.replace(/\r\n/g, "\n")].length;
    output.toggleAttribute("data-over", left < 0);
    output.textContent = left < 0 ? `${-left} too many` : left < most / 5 ? `${left} left` : "";
  };
  field.addEventListener("input", show);
  show();
}

// The account menu closes on Escape and on a click elsewhere, as menus do.
const menus = document.querySelectorAll("details.menu");
document.addEventListener("click", (event) => menus.forEach((menu) => menu.contains(event.target) || menu.removeAttribute("open")));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus) {
    if (!menu.open) continue;
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// After a refused form, readers of the screen and of braille start at what went wrong.
document.querySelector(".error-summary")?.focus();

// What goes on elsewhere (a training, a batch of thousands) is looked at again every two seconds.
// Only its figures change, so that focus, scroll and a screen reader stay where they are; when it
// is over, the page comes whole.
let looking = false;
async function look() {
  const part = document.querySelector("[data-progress]");
  if (!part || looking) return;
  looking = true;
  try {
    const answer = await fetch(part.dataset.progress, { credentials: "same-origin" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = page.querySelector("[data-progress]");
    if (!now) return location.replace(part.dataset.progress);
    part.querySelector("[role=status]").textContent = now.querySelector("[role=status]").textContent;
    part.querySelector("progress").value = now.querySelector("progress").value;
  } catch {
    // The server restarts, or the line is down: the next look tells.
  } finally {
    looking = false;
  }
}
// On the desk it may come later, with the answer to an undo.
if (document.querySelector("[data-progress], [data-desk]")) setInterval(look, 2000);
