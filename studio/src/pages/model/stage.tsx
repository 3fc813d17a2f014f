/** The middle: the pictures of the model's family, or an invitation as long as there is no run. */

import { families } from 'virtual:concepts';
import { dataSets } from 'virtual:models';
import type { JSX } from 'preact';
import type { FamilyProps } from '../../family/family.js';
import { ConceptText } from '../../map/details.js';
import type { Session } from '../../run/session.js';
import { Icon } from '../../shell/icon.js';
import { lazy } from '../../shell/lazy.js';

const wait = <p class="empty">Loading…</p>;
const Autoencoders = lazy<FamilyProps>(() => import('../../family/autoencoder.js'), wait);
const Gans = lazy<FamilyProps>(() => import('../../family/gan.js'), wait);
const Diffusion = lazy<FamilyProps>(() => import('../../family/diffusion.js'), wait);
const Texts = lazy<FamilyProps>(() => import('../../family/text.js'), wait);
const Raster = lazy<FamilyProps>(() => import('../../family/raster.js'), wait);
const General = lazy<FamilyProps>(() => import('../../family/general.js'), wait);

function picturesOf({ family, data }: Session['model']): (props: FamilyProps) => JSX.Element | null {
  if (family === 'autoencoder') return Autoencoders;
  if (family === 'gan') return Gans;
  if (family === 'diffusion') return Diffusion;
  if (data.kinds.includes('text')) return Texts;
  return family === 'autoregressive' ? Raster : General;
}

export function Stage({ session }: { session: Session }): JSX.Element {
  const run = session.run.value;
  if (run === undefined) return <Invitation session={session} />;
  const Pictures = picturesOf(session.model);
  const data = dataSets.find((set) => set.id === run.info.data);
  return (
    <section class="panel stage" aria-label="Pictures">
      {run.state.value === 'preparing' ? (
        <p class="empty">The model is being prepared…</p>
      ) : (
        <Pictures key={run.info.id} model={session.model} run={run} data={data} />
      )}
    </section>
  );
}

function Invitation({ session }: { session: Session }): JSX.Element {
  const { id, family: fallback } = session.model;
  const family = families.find((f) => f.concepts.some((concept) => concept.id === id))?.id ?? fallback;
  return (
    <section class="panel stage invitation" aria-label="Pictures">
      <h2>What it is</h2>
      <ConceptText family={family} id={id} state="here" />
      <button
        type="button"
        class="button button-primary button-large"
        disabled={session.starting.value}
        onClick={() => void session.start()}
      >
        <Icon name="play" /> {session.starting.value ? 'Starting…' : 'Train it now'}
      </button>
      <p class="muted">
        Everything happens on this machine. Change the settings on the left as you like; the address of the page holds
        them.
      </p>
    </section>
  );
}
