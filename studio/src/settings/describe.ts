/** Models and data sets as the Studio knows them: their records without what they compute. */
import type { ModelRecord } from 'genera';

interface FieldBase {
  readonly key: string;
  readonly help: string;
  readonly default: unknown;
}

/** One setting, as its schema describes it. */
export type Field =
  | (FieldBase & {
      readonly type: 'number';
      readonly whole: boolean;
      readonly min?: number | undefined;
      readonly max?: number | undefined;
      /** Bounds that are not reached. */
      readonly above?: number | undefined;
      readonly below?: number | undefined;
    })
  | (FieldBase & { readonly type: 'choice'; readonly choices: readonly string[] })
  | (FieldBase & { readonly type: 'flag' })
  | (FieldBase & { readonly type: 'numbers' })
  | (FieldBase & { readonly type: 'text' });

export interface ModelDescription
  extends Pick<ModelRecord, 'id' | 'title' | 'family' | 'summary' | 'paper' | 'data' | 'presets'> {
  readonly defaultsFor: NonNullable<ModelRecord['defaultsFor']>;
  readonly fields: readonly Field[];
}

export interface DataDescription {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly kind: 'image' | 'points' | 'text';
  readonly shape: readonly number[];
  /** Names of the classes; none where items have no labels. */
  readonly labels: readonly string[];
  /** Whether it must be downloaded. */
  readonly download: boolean;
}
