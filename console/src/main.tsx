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
