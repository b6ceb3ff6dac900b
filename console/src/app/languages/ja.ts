import { gather } from "./gather";

export default gather(
  import.meta.glob<Record<string, unknown>>("../../*/locales/ja.json", { eager: true, import: "default" }),
);
