import { useMediaQuery } from "@mantine/hooks";
import { Outlet, useNavigate } from "@tanstack/react-router";

import { useState } from "react";
import { useTranslation } from "react-i18next";
import { AlertBanner } from "../alerts/AlertBanner";
import { HeadSlot } from "../shared/head-slot";
import { useShop } from "../session/session";
import { useShortcuts } from "../shared/shortcuts";
import { BottomBar } from "./BottomBar";
import { Header } from "./Header";
import { Palette } from "./Palette";
import { ENTRIES } from "./rail";
import { Rail } from "./Rail";
import css from "./Shell.module.css";
import { ShortcutsHelp } from "./ShortcutsHelp";

/** The counter: rail on the left (or below, on a phone), one line above, the page. */
export function Shell() {
  const { t } = useTranslation("app");
  const shop = useShop();
  const navigate = useNavigate();
  const [searching, setSearching] = useState(false);
  const [helping, setHelping] = useState(false);
  const [place, setPlace] = useState<HTMLElement | null>(null);
  const roomy = useMediaQuery("(min-width: 721px)", undefined, { getInitialValueInEffect: false });
  useShortcuts([
    { keys: "mod+k", words: t("keys.search"), run: () => setSearching(true), whileTyping: true },
    { keys: "/", words: t("keys.search"), run: () => setSearching(true) },
    { keys: "?", words: t("keys.help"), run: () => setHelping(true) },
    ...ENTRIES.map((entry) => ({
      keys: `g ${entry.letter}`,
      words: t("keys.go", { page: t(`rail.${entry.noun}`) }),
      run: () => void navigate({ to: entry.to }),
    })),
  ]);
  return (
    <div className={css.shell}>
      <a className={css.skip} href="#page">{t("skip")}</a>
      <Rail onSearch={() => setSearching(true)} onHelp={() => setHelping(true)} />
      <div className={css.room}>
        <Header onSearch={() => setSearching(true)} slot={setPlace} />
        {shop?.simulated && <p className={css.simulated}>{t("simulated")}</p>}
        <AlertBanner />
        <main id="page" className={css.page} tabIndex={-1}>
          <HeadSlot value={roomy ? place : null}>
            <Outlet />
          </HeadSlot>
        </main>
      </div>
      <BottomBar onHelp={() => setHelping(true)} />
      <Palette opened={searching} onClose={() => setSearching(false)} />
      <ShortcutsHelp opened={helping} onClose={() => setHelping(false)} />
    </div>
  );
}
