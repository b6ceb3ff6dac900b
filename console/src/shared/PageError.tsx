import { useQueryErrorResetBoundary } from "@tanstack/react-query";
import { type ErrorComponentProps, useRouter } from "@tanstack/react-router";
import { ErrorState } from "./ErrorState";

/** When a page itself stumbles: the rail stays, the page says why and can be asked again. */
export function PageError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const boundary = useQueryErrorResetBoundary();
  const again = () => {
    boundary.reset();
    reset();
    void router.invalidate();
  };
  return <ErrorState error={error} retry={again} />;
}
