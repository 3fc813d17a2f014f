/**
 * The model contract: what a model says of itself, so that training, the command line, the Studio, the documentation
 * and the tests need to know nothing else of it. One model is one file in `src/models` with one default export.
 */
import type { z } from 'zod';
import type { Variable } from '../core/leaves.js';
import type { Shape } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import type { DataKind } from '../data/data-set.js';
import type { Tokenizer } from '../data/tokenizers/index.js';
import type { Module } from '../nn/module.js';
import type { AtStep, Optimizer } from '../optim/optimizer.js';
import type { Schedule } from '../optim/schedules.js';
import type { Rng } from '../random/rng.js';
import type { Capabilities } from './capabilities.js';
import type { Fitting } from './fitting.js';
import type { TrainingSettings } from './training-settings.js';

/** What a model needs to know of its data. */
export interface DataSpec {
  readonly kind: DataKind;
  /** Of one item: [C, H, W] for images with values in 0…1, [D] for points, [context + 1] for windows of text. */
  readonly shape: Shape;
  /** Names of the classes, where the items are labelled. */
  readonly labels?: readonly string[];
  /** Of text: what its tokens mean. */
  readonly tokenizer?: Tokenizer;
}

/** A batch as a traced function sees it. */
export interface TensorBatch {
  /** [B, ...shape]; int32 where the items are text. */
  readonly x: Tensor;
  /** int32 [B], where the data set has labels. */
  readonly labels?: Tensor;
  /** Text in streams: a scalar, 1 where each row continues the same row of the batch before, else 0. */
  readonly continues?: Tensor;
}

/** What a loss may use besides the batch. */
export interface LossContext {
  readonly rng: Rng;
  /** true while training: dropout is on and batch norm uses the batch. */
  readonly train: boolean;
  /**
   * A number that changes in the course of training: `at(step)`, counted from 1 in updates of this phase, computed on the
   * host in float64. Outside of training it is `at(Infinity)`, what it ends with.
   */
  readonly atStep: AtStep;
}

export interface Loss {
  /** The scalar that the phase descends. */
  readonly loss: Tensor;
  /** Other scalars worth logging. */
  readonly metrics?: Readonly<Record<string, Tensor>>;
}

/** One game or goal of training: a loss, the parameters it moves, how, and how often. A GAN has two. */
export interface Phase {
  readonly name: string;
  readonly parameters: readonly Variable[];
  readonly optimizer: Optimizer;
  /** The rate at each step, from 1. */
  readonly learningRate: Schedule;
  /** Gradients of a larger global norm are scaled down to it. */
  readonly clipNorm?: number;
  /** Batches that this phase takes in one step of training; default 1. */
  readonly repeats?: number;
  loss(batch: TensorBatch, context: LossContext): Loss;
}

/** A model made for some data. */
export interface ModelInstance {
  /** Holds every parameter and buffer; their paths in it are their names. */
  readonly module: Module;
  readonly phases: readonly Phase[];
  readonly capabilities: Capabilities;
  /** Of models that are fitted instead of trained by gradients: then there are no phases. */
  readonly fitting?: Fitting;
}

export interface CreateContext {
  readonly data: DataSpec;
  /** Source of initial values. */
  readonly rng: Rng;
  /** Steps of the whole training, for schedules. */
  readonly totalSteps: number;
}

/** Where a model comes from. */
export interface Paper {
  readonly title: string;
  readonly authors: string;
  readonly year: number;
  readonly arxiv?: string;
}

export interface ModelDefinition<S extends z.ZodRawShape> {
  /** File name, command-line name. */
  readonly id: string;
  readonly title: string;
  readonly family:
    | 'autoencoder'
    | 'gan'
    | 'flow'
    | 'diffusion'
    | 'autoregressive'
    | 'energy'
    | 'discriminative'
    | 'hybrid';
  /** One or two sentences for lists. */
  readonly summary: string;
  readonly paper: Paper;
  readonly data: {
    readonly kinds: readonly DataKind[];
    /** Id of the data set that is used when none is named. */
    readonly default: string;
    readonly labels?: 'required' | 'optional';
    /** Whether batches of text continue each other row by row, for models that carry a state through them. */
    readonly streams?: boolean;
  };
  /** Flat settings, each with a default and a description: `z.number().default(20).describe('…')`. */
  readonly config: S;
  /** Changes to the defaults for data of a kind. */
  readonly defaultsFor?: Partial<Record<DataKind, Partial<Settings<S>>>>;
  /** Named changes to the defaults. `tiny` is for tests: it trains within seconds. */
  readonly presets: { readonly tiny: Partial<Settings<S>>; readonly [name: string]: Partial<Settings<S>> };
  create(config: Settings<S>, context: CreateContext): ModelInstance;
}

/** The resolved settings of a model: its own and those of training. */
export type Settings<S extends z.ZodRawShape = z.ZodRawShape> = z.output<z.ZodObject<S>> & TrainingSettings;

/** A model whose settings' types have been forgotten, as lists hold it. */
export interface ModelRecord
  extends Omit<ModelDefinition<z.ZodRawShape>, 'config' | 'defaultsFor' | 'presets' | 'create'> {
  /** Schema of all settings; unknown keys are refused. */
  readonly config: z.ZodObject;
  readonly defaultsFor?: Partial<Record<DataKind, Readonly<Record<string, unknown>>>>;
  readonly presets: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  create(config: Record<string, unknown>, context: CreateContext): ModelInstance;
}
