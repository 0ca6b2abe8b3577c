/* The server-rendered pages: theme and language, both kept by this browser. */
(() => {
  "use strict";
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const setTheme = (name) => {
    root.dataset.theme = name;
    root.style.colorScheme = name;
  };
  setTheme(localStorage.getItem("pincite-theme") || (dark.matches ? "dark" : "light"));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.id === "theme") {
      setTheme(root.dataset.theme === "dark" ? "light" : "dark");
      localStorage.setItem("pincite-theme", root.dataset.theme);
    }
    if (button?.dataset.language) {
      const kept = `pincite_language=${button.dataset.language}`;
      document.cookie = `${kept}; path=/; max-age=31536000; samesite=strict`;
      location.reload();
    }
  });
})();
