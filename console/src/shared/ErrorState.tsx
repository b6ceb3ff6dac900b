import { Button } from "@mantine/core";
import { IconAlertTriangle, IconPlugConnectedX, IconRefresh } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { asProblem } from "./api";
import { EmptyState } from "./EmptyState";
import { problemTitle } from "./problem-title";
import { sentencesOf } from "./saying";

/** A sentence, and the way out. */
export function ErrorState({ error, retry, size = "page" }: { error: unknown; retry?: () => void; size?: "small" | "page" }) {
  const { t } = useTranslation("shared");
  const problem = asProblem(error);
  const away = problem.isUnreachable;
  const title = away ? t("error.unreachable") : problem.status === 403 ? t("error.forbidden") : problem.status === 404 ? t("error.missing") : problemTitle(problem) || t("error.title");
  return (
    <div role="alert">
      <EmptyState
        size={size}
        icon={away ? <IconPlugConnectedX size={22} stroke={1.5} /> : <IconAlertTriangle size={22} stroke={1.5} />}
        title={title}
        text={away ? t("error.unreachable_text") : sentencesOf(problem).join(" ")}
        action={
          retry && (
            <Button variant="default" leftSection={<IconRefresh size={16} stroke={1.5} />} onClick={retry}>
              {t("error.again")}
            </Button>
          )
        }
      />
    </div>
  );
}
