import { ActionIcon } from "@mantine/core";
import { IconArrowLeft, IconX } from "@tabler/icons-react";
import { type ReactNode, useEffect, useId, useRef } from "react";
import { createPortal } from "react-dom";
import { useTranslation } from "react-i18next";
import css from "./Drawer.module.css";

export interface DrawerProps {
  title: ReactNode;
  subtitle?: ReactNode;
  onClose: () => void;
  tools?: ReactNode;
  width?: number;
  children: ReactNode;
}

/** The details of one thing, beside the list it came from; on a phone, a page of its own. Escape closes it, and the
 * focus goes back to where it was. Whether it is open belongs into the address. */
export function Drawer({ title, subtitle, onClose, tools, width = 520, children }: DrawerProps) {
  const { t } = useTranslation("shared");
  const heading = useId();
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    panel.current?.focus({ preventScroll: true });
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  useEffect(() => {
    const close = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented) onClose();
    };
    document.addEventListener("keydown", close);
    return () => document.removeEventListener("keydown", close);
  }, [onClose]);

  return createPortal(
    <aside ref={panel} className={css.drawer} role="dialog" aria-labelledby={heading} tabIndex={-1} style={{ ["--width" as string]: `${width}px` }}>
      <header className={css.head}>
        <ActionIcon className={css.back} aria-label={t("back")} onClick={onClose}>
          <IconArrowLeft size={18} stroke={1.5} />
        </ActionIcon>
        <div className={css.words}>
          <h2 id={heading} className={css.title}>{title}</h2>
          {subtitle && <div className={css.subtitle}>{subtitle}</div>}
        </div>
        {tools}
        <ActionIcon className={css.close} aria-label={t("close")} onClick={onClose}>
          <IconX size={18} stroke={1.5} />
        </ActionIcon>
      </header>
      <div className={css.body}>{children}</div>
    </aside>,
    document.body,
  );
}
