// What scripts make nicer: keyboard shortcuts, and selects that submit at once.
"use strict";

let isAfterG = false;

function isTyping(element) {
  return element.closest("input, select, textarea, [contenteditable]") !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const wasAfterG = isAfterG;
  isAfterG = event.key === "g" && !wasAfterG;
  if (wasAfterG) {
    const link = document.querySelector(`a[data-key="${CSS.escape(event.key)}"]`);
    if (link) link.click();
  } else if (event.key === "/") {
    const search = document.getElementById("search");
    if (search) {
      event.preventDefault();
      search.focus();
    }
  } else if (event.key === "?") {
    const help = document.getElementById("keyboard-help");
    if (help) {
      help.open = !help.open;
      help.querySelector("summary").focus();
    }
  }
});

for (const select of document.querySelectorAll("select[data-submit]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
  const button = select.form.querySelector("button");
  if (button) button.hidden = true;
}

// A double click submits once. Disabled later, because the button that was pressed is
// sent with the form only while it is enabled.
for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", () => {
    setTimeout(() => {
      for (const button of form.querySelectorAll("button")) button.disabled = true;
    });
  });
}
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button[disabled]")) button.disabled = false;
});
