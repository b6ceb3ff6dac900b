/** Light or dark: what the visitor chose, else what the system says. */

import "@fontsource-variable/inter/wght.css";
import "./base.css";

const kept = localStorage.getItem("demo_theme");
const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
document.documentElement.dataset["theme"] = kept ?? system;
