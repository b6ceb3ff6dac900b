/** The shapes of `/v1` under the names the console uses for them. All come from `schema.ts`, which `npm run api` writes
 * from our own OpenAPI; none is written by hand. */
import type { components } from "./schema";

type Schemas = components["schemas"];

/** An answer carries every field: what has a default may be left out of a request only. */
type Full<T> = T extends readonly (infer Each)[] ? Full<Each>[] : T extends object ? { [Key in keyof T]-?: Full<T[Key]> } : T;
type Answer<Name extends keyof Schemas> = Full<Schemas[Name]>;

/** One page of a list, and where the next begins. */
export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

/** A sentence of the shop's by its code and values. */
export type Saying = Answer<"Saying">;
export type Setup = Answer<"Setup">;
export type Shop = Answer<"ShopShown">;
export type Person = Answer<"Person">;
export type Role = Person["role"];
export type AuditEntry = Answer<"AuditEntry">;
export type SecretKey = Answer<"SecretKey">;
export type NewSecretKey = Answer<"NewSecretKey">;

export type Source = Answer<"Source">;
export type SourceKind = Source["kind"];
export type LiveEvent = Answer<"LiveEvent">;
export type Outcome = LiveEvent["outcome"];
export type ShownEvent = Answer<"ShownEvent">;
export type EventDetail = Answer<"EventInFull">;
export type Today = Answer<"Today">;

export type Plan = Answer<"Plan">;
export type PlanSummary = Answer<"PlanSummary">;
export type PlanBody = Answer<"PlanBody">;
export type PlanRule = PlanBody["events"][number];
export type PlanMode = PlanBody["mode"];
export type PersonalField = PlanBody["personal"][number];
export type PlanChangeLine = Plan["changes"][number];
export type PlanVersion = Plan["versions"][number];
export type PlanFile = Answer<"PlanFile">;
export type ReadyPlan = Answer<"ReadyPlan">;
export type Inferred = Answer<"Inferred">;
export type PlanTrial = Answer<"Trial">;
export type Violations = Answer<"Violations">;
export type ProblemLine = Answer<"ProblemLine">;
export type ViolationSample = Answer<"ViolationSample">;

export type Identifier = Answer<"ShownIdentifier">;
export type ProfileSummary = Answer<"ProfileSummary">;
export type Tag = Answer<"TopAffinity">;
export type Profile = Answer<"Profile">;
export type Trait = Answer<"Trait">;
export type Affinity = Answer<"Affinity">;
export type SeenDevice = Answer<"SeenDevice">;
export type TimelineEntry = Answer<"TimelineEntry">;
export type IdentityGraph = Answer<"CustomerIdentity">;

export type Item = Answer<"Item">;
export type AttributeValue = Item["attributes"][string];
export type CatalogSummary = Answer<"Summary">;
export type ImportReport = Answer<"ImportReport">;

export type HistoryImport = Answer<"HistoryImport">;
export type HistoryReport = Answer<"HistoryReport">;
export type HistoryLook = Answer<"Look">;
export type HistoryColumn = Answer<"Column">;
export type HistoryPreview = Answer<"HistoryPreview">;
export type RowMapping = Answer<"RowMapping">;
export type MappingPart = Answer<"Part">;
export type NamedMapping = Answer<"NamedMapping">;
export type MappingPreset = Answer<"Preset">;
export type SampleRow = Answer<"SampleRow">;
export type PreviewedEvent = Answer<"PreviewEvent">;

export type Hook = Answer<"Hook">;
export type NewHook = Answer<"NewHook">;
export type HookPreset = Answer<"HookPreset">;
export type HookMapping = Answer<"HookMapping">;
export type HookRule = HookMapping["rules"][number];
export type HookPreview = Answer<"HookPreview">;
export type HookDelivery = Answer<"ShownDelivery">;
export type HookScheme = Answer<"Scheme">;

export type SlotFilters = Answer<"Filters">;
export type Slot = Answer<"Slot">;
export type Policy = Slot["policy"];
export type Reason = Answer<"Reason">;
export type SlateItem = Answer<"SlateItem">;
export type Slate = Answer<"Slate">;
export type Comparison = Answer<"Comparison">;
export type Model = Answer<"ModelShown">;
export type Performance = Answer<"PolicyPerformance">;

export type LogOverview = Answer<"LogOverview">;
export type Replay = Answer<"Replay">;
export type Rebuild = Answer<"Rebuild">;
export type Backup = Answer<"Backup">;
export type BackupOverview = Answer<"BackupOverview">;
export type JobRun = Answer<"JobRunStatus">;
export type JobState = JobRun["state"];
export type SearchResult = Answer<"Found">;

export type Destination = Answer<"DestinationShown">;
export type DestinationKind = Answer<"KindShown">;
export type DestinationMade = Answer<"DestinationMade">;
export type DestinationFigures = Answer<"Figures">;
export type Delivery = Answer<"DeliveryShown">;
export type DeadLetter = Answer<"DeadLetterShown">;
export type HourOfDestination = Answer<"HourShown">;
export type SyncRun = Answer<"SyncShown">;
export type Trial = Answer<"TrialShown">;
export type AudienceRule = Answer<"AudienceRule">;
export type AudiencePreview = Answer<"AudiencePreview">;

export type Reasons = Answer<"Reasons">;
export type ReasonCount = Answer<"ReasonCount">;
export type Letter = Answer<"Letter">;
export type LetterDetail = Answer<"LetterInFull">;
export type LetterGroup = Answer<"LetterGroup">;
export type LetterPreview = Answer<"LetterPreview">;
export type LettersPreview = Answer<"PreviewOfMany">;
export type LetterFault = Answer<"Fault">;
export type LetterChange = Answer<"LetterChange">;
export type FirstVersion = Answer<"FirstVersion">;
export type Alert = Answer<"Alert">;
export type AlertRule = Answer<"AlertRule">;
export type AlertWords = Answer<"Rule">;
