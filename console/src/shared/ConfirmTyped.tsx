import { Button, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import css from "./ConfirmTyped.module.css";

export interface ConfirmTypedProps {
  /** What will happen, with the number of people or events it touches. */
  text: ReactNode;
  /** What has to be typed. */
  word: string;
  label: string;
  button: string;
  onConfirm: () => void;
  onCancel: () => void;
  busy?: boolean;
}

/** For what cannot be undone: what it does, to how many, and a word to be typed. */
export function ConfirmTyped({ text, word, label, button, onConfirm, onCancel, busy }: ConfirmTypedProps) {
  const { t } = useTranslation("shared");
  const [typed, setTyped] = useState("");
  return (
    <form
      className={css.box}
      onSubmit={(event) => {
        event.preventDefault();
        if (typed.trim() === word) onConfirm();
      }}
    >
      <p>{text}</p>
      <TextInput label={label} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} autoFocus autoComplete="off" />
      <div className={css.buttons}>
        <Button type="submit" color="red" disabled={typed.trim() !== word} loading={busy ?? false}>{button}</Button>
        <Button variant="default" onClick={onCancel}>{t("cancel")}</Button>
      </div>
    </form>
  );
}
