/** The picture shows every value and segment once, inside its frame, named. */
import assert from 'node:assert/strict';
import { createSolver } from '../../compiler/memory/index.ts';
import { planSvg } from '../../compiler/report/plan-svg.ts';
import { resnet50 } from '../memory/networks.ts';

describe('planSvg', () => {
  const problem = resnet50();
  const [plan] = createSolver(problem).storedPlans();
  const svg = planSvg(problem, plan!, { title: 'a < b & "c"', values: new Map([[1, 'image']]) });

  it('is one closed document without references', () => {
    assert.match(svg, /^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    assert.ok(svg.endsWith('</svg>\n'));
    assert.ok(!/href|<script|url\(/.test(svg));
    assert.ok(svg.includes('a &lt; b &amp; &quot;c&quot;'));
    assert.ok(!svg.includes('NaN') && !svg.includes('undefined'));
  });

  it('has a named rectangle for everything, inside the frame', () => {
    const blocks = [
      ...svg.matchAll(/<rect class="(\w+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"\/>/g),
    ];
    const count = (kind: string): number => blocks.filter((match) => match[1] === kind).length;
    assert.equal(count('activation'), problem.values.filter(({ kind }) => kind === 'activation').length);
    assert.equal(count('scratch'), problem.values.filter(({ kind }) => kind === 'scratch').length);
    assert.equal(count('streamed') + count('resident'), problem.segments.length);
    assert.ok(count('ahead') > 0);
    for (const [, , x, y, width, height] of blocks) {
      assert.ok(Number(x) + Number(width) <= 1200 && Number(y) + Number(height) <= 680);
    }
    assert.ok(svg.includes('<title>image\n'));
    // A segment that is read ahead is two rectangles under one name.
    const groups = [...svg.matchAll(/<g class="block"><title>[^<]+<\/title>(<rect [^>]+\/>)+<\/g>/g)];
    assert.equal(groups.length, problem.values.length + problem.segments.length);
    assert.equal(groups.length, blocks.length - count('ahead'));
  });

  it('draws the same plan the same way', () => {
    assert.equal(planSvg(problem, plan!), planSvg(problem, plan!));
  });
});
