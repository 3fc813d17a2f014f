/** Models that draw pixel by pixel: completing a half image, and what a pixel depends on. */
import type { JSX } from 'preact';
import type { FamilyProps } from './family.js';
import { Tabs } from './parts.js';
import { Completion } from './raster/completion.js';
import { PixelView } from './raster/pixel-view.js';

export default function Raster(props: FamilyProps): JSX.Element {
  return (
    <Tabs
      label="Views of the pixels"
      tabs={[
        { id: 'completion', title: 'Completion', body: () => <Completion {...props} /> },
        { id: 'pixel', title: 'What a pixel sees', body: () => <PixelView {...props} /> },
      ]}
    />
  );
}
