import { IconAlertTriangle } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { asProblem } from "./api";
import { problemTitle } from "./problem-title";
import { sentencesOf } from "./saying";
import css from "./FormProblem.module.css";

/** What the shop did not accept, beside the form that said it. */
export function FormProblem({ error }: { error: unknown }) {
  if (!error) return null;
  useTranslation("shared"); // drawn again when the language changes
  const problem = asProblem(error);
  const title = problemTitle(problem);
  const [detail, ...lines] = sentencesOf(problem);
  return (
    <div role="alert" className={css.problem}>
      <IconAlertTriangle size={16} stroke={1.5} />
      <div>
        {title && <p><strong>{title}</strong></p>}
        <p>{detail}</p>
        {lines.length > 0 && (
          <ul>
            {lines.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
