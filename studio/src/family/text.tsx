/** Models of text: what may come next, how sure the model is, and writing. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Answers } from '../../../src/inference/explore-queries.js';
import { cssColour, viridis } from '../pictures/colour.js';
import { Picture, type Surface } from '../pictures/picture.js';
import { useAnswers } from '../run/answers.js';
import { notifyError } from '../shell/notices.js';
import type { FamilyProps } from './family.js';
import { Answered, Slider, Tabs } from './parts.js';
import { Attention } from './text/attention.js';
import { Prompt } from './text/prompt.js';
import { reweigh, visible } from './text/tokens.js';

export default function Texts(props: FamilyProps): JSX.Element {
  const transformer = props.model.family === 'autoregressive' && 'heads' in props.run.info.settings;
  return (
    <Tabs
      label="Views of the language model"
      tabs={[
        { id: 'next', title: 'What comes next', body: () => <NextTokens {...props} /> },
        ...(transformer ? [{ id: 'attention', title: 'Attention', body: () => <Attention {...props} /> }] : []),
        { id: 'write', title: 'Write', body: () => <Writing {...props} /> },
      ]}
    />
  );
}

const asked = 40;
const bars = 16;
const firstPrompt = 'the ';

function NextTokens({ run }: FamilyProps): JSX.Element {
  const prompt = useSignal(firstPrompt);
  const temperature = useSignal(1);
  const answers = useAnswers(run, `next ${prompt.value}`, (explore) =>
    explore({ kind: 'nextTokens', prompt: prompt.peek(), count: asked }),
  );
  return (
    <>
      <Prompt label="Text" value={prompt} />
      <div class="row">
        <Slider label="Temperature" min={0.1} max={2} step={0.05} value={temperature} text={(v) => v.toFixed(2)} />
      </div>
      <Answered answers={answers}>
        {(answer, step) => (
          <>
            <Strip tokens={answer.prompt.map(({ text }) => ({ text }))} label="The text as the model reads it" />
            <Bars
              answer={answer}
              temperature={temperature.value}
              step={step}
              append={(text) => {
                prompt.value += text;
              }}
            />
          </>
        )}
      </Answered>
    </>
  );
}

interface BarsProps {
  readonly answer: Answers['nextTokens'];
  readonly temperature: number;
  readonly step: number;
  append(text: string): void;
}

const barHeight = 22;

function Bars({ answer, temperature, step, append }: BarsProps): JSX.Element {
  const { tokens, entropy } = useMemo(() => reweigh(answer, temperature), [answer, temperature]);
  const shown = tokens.slice(0, bars);
  const draw = useMemo(
    () =>
      ({ context, width, style }: Surface) => {
        const largest = Math.max(...shown.map(({ probability }) => probability), 1e-6);
        context.textBaseline = 'middle';
        for (const [i, { text, probability }] of shown.entries()) {
          const y = i * barHeight;
          context.fillStyle = cssColour(viridis, 0.25 + 0.55 * (probability / largest));
          context.fillRect(92, y + 3, (probability / largest) * (width - 160), barHeight - 6);
          context.fillStyle = style.ink;
          context.font = `13px ui-monospace, monospace`;
          context.textAlign = 'right';
          context.fillText(visible(text), 84, y + barHeight / 2);
          context.font = `12px ${style.font}`;
          context.textAlign = 'left';
          context.fillStyle = style.muted;
          context.fillText(
            `${(100 * probability).toFixed(1)} %`,
            98 + (probability / largest) * (width - 160),
            y + barHeight / 2,
          );
        }
      },
    [tokens],
  );
  return (
    <>
      <Picture
        name="What may come next"
        description={`The ${shown.length} most probable of ${answer.vocabulary} tokens at step ${step}, at temperature ${temperature.toFixed(2)}; entropy ${entropy.toFixed(2)} nats. Press a bar to append its token.`}
        height={() => shown.length * barHeight}
        maxWidth={560}
        draw={draw}
        onPoint={(_, y) => {
          const token = shown[Math.floor(y / barHeight)];
          if (token !== undefined) append(token.text);
        }}
        table={() => ({
          columns: ['token', 'probability'],
          rows: tokens.map(({ text, probability }) => [visible(text), probability]),
        })}
      />
      <fieldset class="row append">
        <legend class="muted">Append</legend>
        {shown.slice(0, 8).map(({ text }) => (
          <button key={text} type="button" class="chip token" onClick={() => append(text)}>
            {visible(text)}
          </button>
        ))}
      </fieldset>
    </>
  );
}

interface StripToken {
  readonly text: string;
  readonly probability?: number;
}

/** Tokens one after the other, tinted by how probable they were. */
function Strip({ tokens, label }: { tokens: readonly StripToken[]; label: string }): JSX.Element {
  return (
    <ul class="strip" aria-label={label}>
      {tokens.map(({ text, probability }, i) => (
        <li
          key={i}
          style={probability === undefined ? undefined : { '--part': probability }}
          title={probability === undefined ? undefined : `${(100 * probability).toFixed(1)} %`}
        >
          {visible(text)}
        </li>
      ))}
    </ul>
  );
}

function Writing({ run }: FamilyProps): JSX.Element {
  const prompt = useSignal(firstPrompt);
  const temperature = useSignal(0.8);
  const topK = useSignal(0);
  const topP = useSignal(1);
  const length = useSignal(120);
  const seed = useSignal(1);
  const written = useSignal<{ step: number; answer: Answers['continue'] } | undefined>(undefined);
  const busy = useSignal(false);
  const write = async (): Promise<void> => {
    busy.value = true;
    try {
      const step = run.step.peek();
      const answer = await run.host.explore(run.info.id, {
        kind: 'continue',
        prompt: prompt.peek(),
        maxNewTokens: length.peek(),
        temperature: temperature.peek(),
        ...(topK.peek() > 0 ? { topK: topK.peek() } : {}),
        ...(topP.peek() < 1 ? { topP: topP.peek() } : {}),
        seed: seed.peek(),
      });
      written.value = { step, answer };
    } catch (error) {
      notifyError('write', error);
    } finally {
      busy.value = false;
    }
  };
  return (
    <>
      <Prompt label="Begin with" value={prompt} />
      <div class="row">
        <Slider label="Temperature" min={0.1} max={2} step={0.05} value={temperature} text={(v) => v.toFixed(2)} />
        <Slider label="Top k" min={0} max={50} step={1} value={topK} text={(v) => (v === 0 ? 'all' : String(v))} />
        <Slider label="Top p" min={0.05} max={1} step={0.05} value={topP} text={(v) => v.toFixed(2)} />
        <Slider label="Tokens" min={10} max={400} step={10} value={length} />
        <Slider label="Seed" min={1} max={20} step={1} value={seed} />
      </div>
      <button type="button" class="button button-primary" disabled={busy.value} onClick={() => void write()}>
        {busy.value ? 'Writing…' : 'Write'}
      </button>
      {written.value !== undefined && (
        <>
          <Strip
            label="What it wrote"
            tokens={[
              { text: prompt.value },
              ...written.value.answer.tokens.map(({ text, logProb }) => ({ text, probability: Math.exp(logProb) })),
            ]}
          />
          <p class="picture-note">
            Written with the model of step {written.value.step}. The deeper the tint, the more probable the token was.
          </p>
        </>
      )}
    </>
  );
}
