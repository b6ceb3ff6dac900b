import { Tooltip, UnstyledButton } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconKeyboard, IconSearch } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useShop } from "../session/session";
import { useFormat } from "../shared/format";
import { Mark } from "../shared/Mark";
import css from "./Rail.module.css";
import { RAIL } from "./rail";

export function Rail({ onSearch, onHelp }: { onSearch: () => void; onHelp: () => void }) {
  const { t } = useTranslation("app");
  const shop = useShop();
  const format = useFormat();
  const narrow = useMediaQuery("(max-width: 1080px)") ?? false;
  return (
    <nav className={css.rail} aria-label={t("rail.label")}>
      <Link to="/today" className={css.shop}>
        <Mark size={26} />
        <span className={css.name}>{shop?.shop_name || "Regulars"}</span>
      </Link>
      <UnstyledButton className={css.search} onClick={onSearch} aria-label={t("search.open")}>
        <IconSearch size={16} stroke={1.5} />
        <span className={css.word}>{t("search.open")}</span>
        <kbd className={css.key} aria-hidden>/</kbd>
      </UnstyledButton>
      {RAIL.map(({ group, entries }) => (
        <div key={group} className={css.group}>
          <p className={css.groupName} id={`rail-${group}`}>{t(`rail.${group}`)}</p>
          <ul className={css.list} aria-labelledby={`rail-${group}`}>
            {entries.map(({ noun, to, icon: Icon }) => (
              <li key={noun}>
                <Tooltip label={t(`rail.${noun}`)} position="right" disabled={!narrow}>
                  <Link to={to} className={css.entry} activeProps={{ "data-active": true, "aria-current": "page" }} aria-label={t(`rail.${noun}`)}>
                    <Icon size={18} stroke={1.5} />
                    <span className={css.word}>{t(`rail.${noun}`)}</span>
                  </Link>
                </Tooltip>
              </li>
            ))}
          </ul>
        </div>
      ))}
      <div className={css.foot}>
        <UnstyledButton className={css.entry} onClick={onHelp} aria-label={t("keys.help")}>
          <IconKeyboard size={18} stroke={1.5} />
          <span className={css.word}>{t("keys.help")}</span>
        </UnstyledButton>
        <p className={css.zone}>{t("zone", { zone: format.timeZone })}</p>
      </div>
    </nav>
  );
}
