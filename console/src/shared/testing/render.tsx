import { render, type RenderResult } from "@testing-library/react";
import type { ReactNode } from "react";
import { Providers } from "../../app/Providers";

/** Draw something as it stands in the console: theme, languages, queries. */
export const draw = (what: ReactNode): RenderResult => render(<Providers>{what}</Providers>);
