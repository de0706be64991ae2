// Light, dark, or as the system has it. A classic script in the head: it runs before the first paint.
"use strict";
{
  const KEY = "theme";
  const read = () => {
    try {
      return localStorage.getItem(KEY) || "system";
    } catch {
      return "system"; // storage is off: the system's choice
    }
  };
  const show = (choice) => {
    if (choice === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
  };
  show(read());
  window.theme = {
    read,
    choose(choice) {
      try {
        localStorage.setItem(KEY, choice);
      } catch {
        // Not kept then, but shown.
      }
      show(choice);
    },
  };
}
