/* Draws figures: every element with data-figure, as it comes to stand on the page, in the page's
   own ink. Plotly's script is there already (in a report) or comes from this machine. */
(() => {
  "use strict";
  const root = document.documentElement;
  let coming;
  const library = () => {
    if (window.Plotly) return Promise.resolve();
    coming ||= new Promise((loaded, failed) => {
      const script = document.createElement("script");
      script.src = "/look/plotly.js";
      script.onload = loaded;
      script.onerror = () => {
        coming = undefined;
        script.remove();
        failed(new Error("plotly.js could not be loaded"));
      };
      document.head.append(script);
    });
    return coming;
  };

  const inked = (layout) => {
    const style = getComputedStyle(root);
    const of = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
    const line = of("--line", "#e2dccf");
    const axis = { gridcolor: line, linecolor: line, tickcolor: line };
    return {
      ...layout,
      font: { ...layout.font, color: of("--ink", "#1a2336"), family: of("--sans", "sans-serif") },
      xaxis: { ...layout.xaxis, ...axis },
      yaxis: { ...layout.yaxis, ...axis },
      hoverlabel: {
        bgcolor: of("--raised", "#ffffff"),
        bordercolor: of("--line-strong", "#cfc7b6"),
        font: { color: of("--ink", "#1a2336") },
      },
    };
  };

  const draw = (element) => {
    const { data, layout } = JSON.parse(element.dataset.figure);
    const config = { displaylogo: false, displayModeBar: false, responsive: true };
    return window.Plotly.react(element, data, inked(layout), config).then(() => {
      element.dataset.drawn = root.dataset.theme || "light";
    });
  };
  const drawAll = async () => {
    const theme = root.dataset.theme || "light";
    const wanted = () =>
      [...document.querySelectorAll("[data-figure]")].filter(
        (element) => element.dataset.drawn !== theme && element.offsetWidth,
      );
    if (!wanted().length) return;
    await library();
    for (const element of wanted()) await draw(element);
  };

  let soon;
  const later = () => {
    clearTimeout(soon);
    soon = setTimeout(() => drawAll().catch((error) => console.warn(error.message)), 40);
  };
  const watch = () => {
    const changes = { childList: true, subtree: true };
    new MutationObserver(later).observe(document.body, changes);
    new MutationObserver(later).observe(root, { attributeFilter: ["data-theme", "data-tab"] });
    addEventListener("resize", later);
    later();
  };
  if (document.body) watch();
  else addEventListener("DOMContentLoaded", watch);
})();
