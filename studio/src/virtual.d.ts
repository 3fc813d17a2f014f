/** Modules that are computed when the Studio is built, see build/content.ts. */
declare module 'virtual:models' {
  export const models: readonly import('./settings/describe.js').ModelDescription[];
  export const dataSets: readonly import('./settings/describe.js').DataDescription[];
}
declare module 'virtual:concepts' {
  export const families: readonly import('./map/outline.js').FamilyOutline[];
  export const details: Readonly<Record<string, () => Promise<{ default: import('./map/outline.js').ConceptDetails }>>>;
}
