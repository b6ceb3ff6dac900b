import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./app/fonts";
import "./app/base.css";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { loadWideFonts } from "./app/fonts";
import { startLanguage } from "./app/i18n";
import { Providers } from "./app/Providers";
import { router } from "./app/routes";

// A shop that was upgraded while this tab stood open has other files now: load the page anew, once.
window.addEventListener("vite:preloadError", (event) => {
  const last = Number(sessionStorage.getItem("regulars-renewed") ?? 0);
  if (Date.now() - last < 10_000) return;
  event.preventDefault();
  sessionStorage.setItem("regulars-renewed", String(Date.now()));
  window.location.reload();
});

const place = document.getElementById("root");
if (!place) throw new Error("The page has no element #root to stand in.");

await startLanguage();
createRoot(place).render(
  <StrictMode>
    <Providers>
      <RouterProvider router={router} />
    </Providers>
  </StrictMode>,
);
void loadWideFonts();
