/** The `genera` command, assembled of its commands. */
import { Command, CommanderError } from 'commander';
import { versions } from '../node/index.js';
import { addArithmetic } from './arithmetic.js';
import { addDenoise } from './denoise.js';
import { addDoctor } from './doctor.js';
import { addEdit, addInpaint } from './edit.js';
import { addEval } from './eval.js';
import { addExport } from './export.js';
import { report, usageErrorOf } from './failures.js';
import { addImport } from './import.js';
import { addInterpolate } from './interpolate.js';
import type { Context, Io } from './io.js';
import { addLatent } from './latent.js';
import { addList } from './list.js';
import { addManifold } from './manifold.js';
import { addReconstruct } from './reconstruct.js';
import { addSample } from './sample.js';
import { addClassify, addFillMask, addScore } from './score.js';
import { addServe } from './serve.js';
import { addStudio } from './studio.js';
import { addTrain } from './train.js';
import { addTraverse } from './traverse.js';

const afterHelp = `
Results go to stdout, progress and errors to stderr. With --json stdout holds one JSON object, and nothing at all when
the command fails.

Exit status: 0 done, 1 failed, 2 wrong usage; 130 stopped by Ctrl-C, 143 by SIGTERM (training is stored first).

Environment: GENERA_DATA a directory with data sets; GENERA_DEBUG=1 shows where an error comes from.`;

/** In the order of the help. */
const commands = [
  addList,
  addTrain,
  addSample,
  addScore,
  addFillMask,
  addClassify,
  addEval,
  addReconstruct,
  addInterpolate,
  addTraverse,
  addManifold,
  addArithmetic,
  addLatent,
  addDenoise,
  addEdit,
  addInpaint,
  addExport,
  addImport,
  addStudio,
  addServe,
  addDoctor,
];

function assemble(context: Context): Command {
  const { io } = context;
  const program = new Command('genera')
    .description('Trains, samples, evaluates and ships generative models.')
    .version(versions.genera)
    .helpCommand(false)
    .showSuggestionAfterError(false)
    .exitOverride()
    .configureOutput({ writeOut: (text) => void io.stdout.write(text), writeErr: () => undefined })
    .addHelpText('after', afterHelp);
  for (const add of commands) {
    add(program, context);
  }
  return program;
}

/**
 * Runs a command.
 * @param argv what follows the program's name
 * @returns the exit status
 */
export async function main(argv: readonly string[], io: Io = process): Promise<number> {
  const context: Context = { io, status: 0 };
  const program = assemble(context);
  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync([...argv], { from: 'user' });
    return context.status;
  } catch (error) {
    if (!(error instanceof CommanderError)) return report(error, io);
    const usage = usageErrorOf(error, program, argv);
    return usage === undefined ? 0 : report(usage, io);
  }
}
