import { IconAlertTriangle } from "@tabler/icons-react";
import { asProblem } from "./api";
import css from "./FormProblem.module.css";

/** What the shop did not accept, beside the form that said it. */
export function FormProblem({ error }: { error: unknown }) {
  if (!error) return null;
  const { detail, problems } = asProblem(error);
  const lines = problems.filter((each) => !detail.includes(each));
  return (
    <div role="alert" className={css.problem}>
      <IconAlertTriangle size={16} stroke={1.5} />
      <div>
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
