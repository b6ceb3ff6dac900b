import { Menu, UnstyledButton } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import css from "./BottomBar.module.css";
import { BAR, ENTRIES } from "./rail";

/** The rail of a phone. */
export function BottomBar({ onHelp }: { onHelp: () => void }) {
  const { t } = useTranslation("app");
  const navigate = useNavigate();
  const [bar, rest] = [ENTRIES.filter((each) => BAR.includes(each.noun)), ENTRIES.filter((each) => !BAR.includes(each.noun))];
  return (
    <nav className={css.bar} aria-label={t("rail.label")}>
      {bar.map(({ noun, to, icon: Icon }) => (
        <Link key={noun} to={to} className={css.entry} activeProps={{ "data-active": true, "aria-current": "page" }}>
          <Icon size={22} stroke={1.5} />
          <span>{t(`rail.short.${noun}` as "rail.short.today")}</span>
        </Link>
      ))}
      <Menu position="top-end" width={220}>
        <Menu.Target>
          <UnstyledButton className={css.entry}>
            <IconDots size={22} stroke={1.5} />
            <span>{t("rail.more")}</span>
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          {rest.map(({ noun, to, icon: Icon }) => (
            <Menu.Item key={noun} h={44} leftSection={<Icon size={18} stroke={1.5} />} onClick={() => void navigate({ to })}>
              {t(`rail.${noun}`)}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item h={44} onClick={onHelp}>{t("keys.help")}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </nav>
  );
}
