// Runs before the first paint, so that a dark room never flashes white. A file of its own: no inline script is allowed.
(function () {
  var wish = localStorage.getItem("regulars-theme") || "auto";
  var dark = wish === "dark" || (wish === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
  document.documentElement.style.background = dark ? "#161513" : "#FAF8F5";
})();
