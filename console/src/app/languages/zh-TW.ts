import { gather } from "./gather";

export default gather(
  import.meta.glob<Record<string, unknown>>("../../*/locales/zh-TW.json", { eager: true, import: "default" }),
);
