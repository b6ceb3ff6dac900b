import { Alert, Button, Stack } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { CopyText } from "../shared";

/** A signing secret, shown this once. */
export function SecretOnce({ secret, onDone }: { secret: string; onDone: () => void }) {
  const { t } = useTranslation("destinations");
  return (
    <Alert color="teal" variant="light" title={t("secret.title")} icon={<IconKey size={18} stroke={1.5} />}>
      <Stack gap={12} align="flex-start">
        <p>{t("secret.text")}</p>
        <CopyText text={secret} />
        <Button variant="default" onClick={onDone}>{t("secret.done")}</Button>
      </Stack>
    </Alert>
  );
}
