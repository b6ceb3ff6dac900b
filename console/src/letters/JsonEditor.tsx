import { useMemo, useRef } from "react";
import type { LetterFault } from "../shared/api";
import { useFaultWords } from "./faults";
import css from "./JsonEditor.module.css";

interface JsonEditorProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  faults: readonly LetterFault[];
  readOnly?: boolean;
}

/** A text with numbered lines; those with a fault are marked, and its sentence leads to it. */
export function JsonEditor({ label, value, onChange, faults, readOnly = false }: JsonEditorProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLDivElement>(null);
  const lines = useMemo(() => value.split("\n").length, [value]);
  const words = useFaultWords();
  const faulty = useMemo(() => new Set(faults.map((fault) => fault.line)), [faults]);
  const goTo = (fault: LetterFault) => {
    const area = field.current;
    if (!area) return;
    const start = value.split("\n").slice(0, fault.line - 1).reduce((sum, line) => sum + line.length + 1, 0) + fault.column - 1;
    area.focus();
    area.setSelectionRange(start, Math.min(value.length, start + Math.max(1, fault.at.length + 2)));
    area.scrollTop = Math.max(0, (fault.line - 4) * 20);
  };
  return (
    <div className={css.editor}>
      <div className={css.frame} data-faulty={faults.length > 0 || undefined}>
        <div ref={gutter} className={css.gutter} aria-hidden>
          {Array.from({ length: lines }, (_, at) => (
            <span key={at} data-faulty={faulty.has(at + 1) || undefined}>{at + 1}</span>
          ))}
        </div>
        <textarea
          ref={field}
          className={css.text}
          aria-label={label}
          aria-invalid={faults.length > 0}
          value={value}
          readOnly={readOnly}
          wrap="off"
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          onChange={(event) => onChange(event.currentTarget.value)}
          onScroll={(event) => {
            if (gutter.current) gutter.current.scrollTop = event.currentTarget.scrollTop;
          }}
        />
      </div>
      {faults.length > 0 && (
        <ul className={css.faults} aria-live="polite">
          {faults.slice(0, 20).map((fault, at) => (
            <li key={at}>
              <button type="button" onClick={() => goTo(fault)}>
                <span className={css.line}>{fault.line}</span>
                {words.fault(fault)}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
