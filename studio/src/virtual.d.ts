declare module 'virtual:models' {
  import type { DataDescription, ModelDescription } from './settings/describe.js';
  export const models: readonly ModelDescription[];
  export const dataSets: readonly DataDescription[];
}
declare module 'virtual:concepts' {
  import type { ConceptDetails, FamilyOutline } from './map/outline.js';
  export const families: readonly FamilyOutline[];
  export const details: Readonly<Record<string, () => Promise<{ default: ConceptDetails }>>>;
}
