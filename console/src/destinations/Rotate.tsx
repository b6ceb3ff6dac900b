import { Button, NumberInput, Stack } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Drawer, FormProblem } from "../shared";
import { type Destination, type DestinationMade, post } from "../shared/api";
import { ALL } from "./queries";
import { SecretOnce } from "./SecretOnce";

const USUAL_H = 24;

/** A new signing secret; for a while the old one signs beside it. */
export function Rotate({ destination, onClose }: { destination: Destination; onClose: () => void }) {
  const { t } = useTranslation("destinations");
  const client = useQueryClient();
  const [hours, setHours] = useState(USUAL_H);
  const rotate = useMutation({
    mutationFn: () => post<DestinationMade>(`/v1/destinations/${destination.destination_id}/secret`, { overlap_h: hours }),
    onSuccess: () => void client.invalidateQueries(ALL),
  });
  return (
    <Drawer title={t("one.rotate")} subtitle={destination.name} onClose={onClose}>
      {rotate.data?.signing_secret ? (
        <SecretOnce secret={rotate.data.signing_secret} onDone={onClose} />
      ) : (
        <Stack gap={16} align="flex-start">
          <p>{t("secret.rotate_text")}</p>
          <NumberInput label={t("secret.overlap")} min={0} max={720} value={hours} onChange={(next) => setHours(Number(next) || 0)} />
          <FormProblem error={rotate.error} />
          <Button loading={rotate.isPending} onClick={() => rotate.mutate()}>{t("secret.make")}</Button>
        </Stack>
      )}
    </Drawer>
  );
}
