import { useTranslation } from "react-i18next";
import { type State, TONES } from "./state";
import css from "./StateDot.module.css";

/** How a destination fares, in a word and a dot. */
export function StateDot({ state }: { state: State }) {
  const { t } = useTranslation("destinations");
  return <span className={css.state} data-tone={TONES[state]}>{t(`state.${state}`)}</span>;
}
