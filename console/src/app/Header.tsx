import { ActionIcon, Avatar, Menu, UnstyledButton, useMantineColorScheme } from "@mantine/core";
import { IconCheck, IconDeviceDesktop, IconLanguage, IconLogout, IconMoon, IconSearch, IconSun, IconUser } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { AlertsIndicator } from "../alerts/AlertsIndicator";
import { signOut, useSession, useShop } from "../session/session";
import { Mark } from "../shared/Mark";
import { tellProblem } from "../shared/toast";
import css from "./Header.module.css";
import { chooseLanguage, LANGUAGE_NAMES, LANGUAGES } from "./i18n";
import { JobsIndicator } from "./JobsIndicator";

export function Header({ onSearch, slot }: { onSearch: () => void; slot: (place: HTMLElement | null) => void }) {
  const { t } = useTranslation("app");
  const shop = useShop();
  return (
    <header className={css.header}>
      <span className={css.shop}>
        <Mark size={24} />
        <span className={css.name}>{shop?.shop_name || "Regulars"}</span>
      </span>
      <div className={css.slot} ref={slot} />
      <ActionIcon className={css.search} size={36} aria-label={t("search.open")} onClick={onSearch}>
        <IconSearch size={20} stroke={1.5} />
      </ActionIcon>
      <AlertsIndicator />
      <JobsIndicator />
      <span className={css.switches}>
        <ThemeSwitch />
        <LanguageSwitch />
      </span>
      <PersonMenu />
    </header>
  );
}

const THEME_ICONS = { light: IconSun, dark: IconMoon, auto: IconDeviceDesktop } as const;

export function ThemeSwitch() {
  const { t } = useTranslation("app");
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Now = THEME_ICONS[colorScheme];
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon aria-label={t("theme.label")}>
          <Now size={18} stroke={1.5} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {(["light", "dark", "auto"] as const).map((each) => {
          const Icon = THEME_ICONS[each];
          return (
            <Menu.Item key={each} leftSection={<Icon size={16} stroke={1.5} />} rightSection={each === colorScheme && <IconCheck size={14} stroke={1.5} />} onClick={() => setColorScheme(each)}>
              {t(`theme.${each}`)}
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}

export function LanguageSwitch() {
  const { t, i18n } = useTranslation("app");
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon aria-label={t("language.label")}>
          <IconLanguage size={18} stroke={1.5} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {LANGUAGES.map((each) => (
          <Menu.Item key={each} lang={each} rightSection={each === i18n.language && <IconCheck size={14} stroke={1.5} />} onClick={() => void chooseLanguage(each)}>
            {LANGUAGE_NAMES[each]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function PersonMenu() {
  const { t } = useTranslation("app");
  const person = useSession();
  const navigate = useNavigate();
  if (!person) return null;
  const leave = () =>
    signOut().then(
      () => navigate({ to: "/login" }),
      (error: unknown) => tellProblem(error),
    );
  return (
    <Menu width={240}>
      <Menu.Target>
        <UnstyledButton className={css.person}>
          <Avatar size={28} radius="xl" name={person.name} color="gray" variant="light" aria-hidden />
          <span className="visually-hidden">{t("person.label", { name: person.name })}</span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <div className={css.who}>
          <p className={css.whoName}>{person.name}</p>
          <p className={css.whoMail}>{person.email}</p>
          <p className={css.whoMail}>{t(`role.${person.role}`)}</p>
        </div>
        <Menu.Divider />
        <Menu.Item leftSection={<IconUser size={16} stroke={1.5} />} onClick={() => void navigate({ to: "/settings", search: { tab: "me" } })}>
          {t("person.me")}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} stroke={1.5} />} onClick={() => void leave()}>
          {t("person.leave")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
