import "i18next";

/** A word that no language file holds is a type error. English is the list of keys; a test keeps the others equal. */
declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "app";
    resources: {
      app: typeof import("./locales/en.json");
      shared: typeof import("../shared/locales/en.json");
      session: typeof import("../session/locales/en.json");
      setup: typeof import("../setup/locales/en.json");
      sources: typeof import("../sources/locales/en.json");
      settings: typeof import("../settings/locales/en.json");
      today: typeof import("../today/locales/en.json");
      events: typeof import("../events/locales/en.json");
      hooks: typeof import("../hooks/locales/en.json");
      imports: typeof import("../imports/locales/en.json");
      reasons: typeof import("../reasons/locales/en.json");
      said: typeof import("../said/locales/en.json");
      letters: typeof import("../letters/locales/en.json");
      alerts: typeof import("../alerts/locales/en.json");
      profiles: typeof import("../profiles/locales/en.json");
      catalog: typeof import("../catalog/locales/en.json");
      destinations: typeof import("../destinations/locales/en.json");
      log: typeof import("../log/locales/en.json");
      plans: typeof import("../plans/locales/en.json");
      recommend: typeof import("../recommend/locales/en.json");
    };
  }
}
