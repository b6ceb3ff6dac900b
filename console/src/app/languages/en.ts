import { gather } from "./gather";

export default gather(
  import.meta.glob<Record<string, unknown>>("../../*/locales/en.json", { eager: true, import: "default" }),
);
