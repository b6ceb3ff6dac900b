import type { ReactNode } from "react";
import css from "./EmptyState.module.css";

export interface EmptyStateProps {
  icon?: ReactNode;
  title: string;
  /** What this place will show, once there is something. */
  text?: ReactNode;
  /** The one button that makes it so. */
  action?: ReactNode;
  /** Small inside a section, roomy alone on a page. */
  size?: "small" | "page";
}

/** Empty is a beginning: what will stand here, and the one step towards it. */
export function EmptyState({ icon, title, text, action, size = "page" }: EmptyStateProps) {
  return (
    <div className={css.empty} data-size={size}>
      {icon && <div className={css.icon} aria-hidden>{icon}</div>}
      <p className={css.title}>{title}</p>
      {text && <p className={css.text}>{text}</p>}
      {action && <div className={css.action}>{action}</div>}
    </div>
  );
}
