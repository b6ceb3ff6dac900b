import { useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { IconFileImport, IconLanguage, IconLogout, IconMailOff, IconMoon, IconPackage, IconPlug, IconSun, IconUser, IconUserPlus, IconWebhook } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { signOut, useMay } from "../session/session";
import type { SearchResult } from "../shared/api";
import { tellProblem } from "../shared/toast";
import { chooseLanguage, LANGUAGE_NAMES, LANGUAGES } from "./i18n";
import type { Entry } from "./palette-entries";
import { ENTRIES } from "./rail";

const ICON = { size: 18, stroke: 1.5 } as const;

/** Pages and actions. */
export function useEntries(): Entry[] {
  const { t, i18n } = useTranslation("app");
  const navigate = useNavigate();
  const [marketer, admin] = [useMay("marketer"), useMay("admin")];
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme("light") === "dark";
  return useMemo(() => {
    const english = i18n.getFixedT("en", "app");
    const pages: Entry[] = ENTRIES.map(({ noun, to, icon: Icon, letter }) => ({
      key: `page-${noun}`, group: "pages", words: t(`rail.${noun}`), also: english(`rail.${noun}`), keys: `G ${letter.toUpperCase()}`,
      icon: <Icon {...ICON} />, run: () => void navigate({ to }),
    }));
    const rooms = [["rejected", "/events/rejected"], ["letters", "/events/letters"], ["alerts", "/events/alerts"]] as const;
    const inside: Entry[] = rooms.map(([tab, to]) => ({ key: `page-${tab}`, group: "pages", words: i18n.getFixedT(i18n.language, "events")(`tab.${tab}`), also: i18n.getFixedT("en", "events")(`tab.${tab}`), icon: <IconMailOff {...ICON} />, run: () => void navigate({ to }) }));
    const actions: (Entry | false)[] = [
      marketer && { key: "source", group: "actions", words: t("search.new_source"), also: english("search.new_source"), icon: <IconPlug {...ICON} />, run: () => void navigate({ to: "/sources" }) },
      marketer && { key: "history", group: "actions", words: t("search.import_history"), also: english("search.import_history"), icon: <IconFileImport {...ICON} />, run: () => void navigate({ to: "/imports", search: {} }) },
      { key: "hooks", group: "actions", words: t("search.hooks"), also: `${english("search.hooks")} hooks`, icon: <IconWebhook {...ICON} />, run: () => void navigate({ to: "/hooks", search: {} }) },
      admin && { key: "person", group: "actions", words: t("search.invite"), also: english("search.invite"), icon: <IconUserPlus {...ICON} />, run: () => void navigate({ to: "/settings", search: { tab: "people" } }) },
      { key: "theme", group: "actions", words: dark ? t("search.light") : t("search.dark"), also: "dark light theme", icon: dark ? <IconSun {...ICON} /> : <IconMoon {...ICON} />, run: () => setColorScheme(dark ? "light" : "dark") },
      ...LANGUAGES.filter((each) => each !== i18n.language).map((each): Entry => ({
        key: `speak-${each}`, group: "actions", words: t("search.speak", { language: LANGUAGE_NAMES[each] }), also: `language ${each}`, icon: <IconLanguage {...ICON} />, run: () => void chooseLanguage(each),
      })),
      { key: "leave", group: "actions", words: t("search.leave"), also: english("search.leave"), icon: <IconLogout {...ICON} />, run: () => void signOut().then(() => navigate({ to: "/login" }), tellProblem) },
    ];
    return [...pages, ...inside, ...actions.filter((each): each is Entry => each !== false)];
  }, [t, i18n, navigate, marketer, admin, dark, setColorScheme]);
}

/** Customers and items that the shop found. */
export function useFound(result: SearchResult | undefined): Entry[] {
  const navigate = useNavigate();
  return useMemo(() => {
    const customers = (result?.customers ?? []).map((each): Entry => ({
      key: `customer-${each.customer_id}`, group: "customers", words: each.name, hint: each.identifiers.map(({ value }) => value).slice(0, 2).join(" · "),
      icon: <IconUser {...ICON} />, run: () => void navigate({ to: "/profiles/$customerId", params: { customerId: each.customer_id } }),
    }));
    const items = (result?.items ?? []).map((each): Entry => ({
      key: `item-${each.item_id}`, group: "items", words: each.title, hint: each.item_id,
      icon: <IconPackage {...ICON} />, run: () => void navigate({ to: "/catalog", search: { item: each.item_id } }),
    }));
    return [...customers, ...items];
  }, [result, navigate]);
}
